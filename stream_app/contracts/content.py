"""What producers post."""

from datetime import UTC, datetime

import msgspec

MAX_TEXT_CHARS = 100_000
MAX_ID_CHARS = 256
YEARS = range(1990, 2100)  # in which content can have been made


class ContentItem(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of content. Unknown fields are ignored; only ``item_id`` and ``text`` are required.

    ``language`` and ``region`` are hints and are not trusted. ``version`` rises with each edit; where it is
    absent, the order in the topic counts.
    """

    item_id: str
    text: str
    author_id: str | None = None
    surface: str = "post"
    language: str | None = None
    region: str | None = None
    created_at: datetime | None = None
    parent_id: str | None = None
    thread_id: str | None = None
    tier: str | None = None
    metadata: dict[str, str] = {}
    version: int | None = None


class Deletion(msgspec.Struct, frozen=True, kw_only=True):
    """The author deleted the item: its open tasks close and its text is erased."""

    item_id: str


def sane_time(moment: datetime) -> datetime | None:
    """A stated time in UTC, which is assumed where no offset is given; None outside `YEARS`."""
    if moment.year not in YEARS:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
