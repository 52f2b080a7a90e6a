"""``weir review export-dsa``: the statements of reasons of a span of days, on standard output."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from human_review.appeals.exporting import export
from human_review.service import open_service
from stream_app.settings import Settings

_DAYS = ["%Y-%m-%d"]


def export_dsa(
    begin: Annotated[datetime, typer.Argument(help="First day, such as 2026-01-01 (UTC).", formats=_DAYS)],
    end: Annotated[datetime, typer.Argument(help="The first day that does not belong to it.", formats=_DAYS)],
) -> None:
    """Write what the transparency database of the European Union is to get, as JSON lines.

    Each line but the last is the body of one call with at most 100 statements; the last says what was refused.
    """
    service = open_service(Settings())
    try:
        for line in export(service, None, begin.replace(tzinfo=UTC), end.replace(tzinfo=UTC)):
            sys.stdout.buffer.write(line)
    finally:
        service.database.close()
