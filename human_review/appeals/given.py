"""What the platform sends along with appeals and reports, held to what the worker holds `content` to."""

from datetime import UTC, datetime, timedelta

import msgspec

from human_review.errors import Invalid
from stream_app.contracts.content import ContentItem, sane_time

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_CLOCKS_DIFFER = timedelta(days=1)


def mended(item: ContentItem) -> ContentItem:
    """The item without a time that says nothing; it is no reason not to take the rest.

    Many programs write a time that they do not know as the first or the last that they can.
    """
    if item.created_at is None:
        return item
    return msgspec.structs.replace(item, created_at=sane_time(item.created_at))


def must_be_past(name: str, moment: datetime) -> None:
    """Raise Invalid for a time without a zone, and for one in which nobody can have decided or appealed."""
    if moment.tzinfo is None or not _EARLIEST < moment < datetime.now(UTC) + _CLOCKS_DIFFER:
        raise Invalid(f"{name} must be a time in the past with its zone, such as 2026-01-31T12:00:00Z")
