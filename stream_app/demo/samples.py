"""What the demo sends: the sample items in a scripted order, then the same texts again under new ids."""

import base64
import itertools
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from stream_app.errors import ConfigError

FOLDER = Path(__file__).resolve().parent.parent / "samples"
ITEMS = "items.jsonl"
SCRIPT = "script.jsonl"


@dataclass(frozen=True, slots=True)
class Message:
    """One message for ``content``. ``text`` is what a person sees of it; ``trace`` comes back with every answer."""

    key: bytes
    value: bytes
    text: str
    trace: str


def scripted(folder: Path = FOLDER) -> list[Message]:
    """All sample items with edits, a repeat, a deletion and unreadable bytes spread among them, each in its place."""
    items = _rows(folder / ITEMS)
    events = [event.get("value", event) for event in _rows(folder / SCRIPT)]
    return [_message(row) for row in _spread(items, events)]


def endless(folder: Path = FOLDER) -> Iterator[Message]:
    """The sample texts for ever, under ids that were never sent before."""
    items = _rows(folder / ITEMS)
    for turn in itertools.count(1):
        for row in items:
            yield _message({**row, "item_id": f"{row['item_id']}-again-{turn}"})


def of_file(file: Path) -> list[Message]:
    """The items of a file of ContentItem JSON lines, in order; a line that is not JSON is sent as it is."""
    try:
        lines = [line for line in file.read_bytes().splitlines() if line.strip()]
    except OSError as error:
        raise ConfigError(file, "FILE", f"cannot be read: {error.strerror}") from error
    return [_of_line(number, line) for number, line in enumerate(lines, start=1)]


def _of_line(number: int, line: bytes) -> Message:
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        row = None
    if isinstance(row, dict) and isinstance(row.get("item_id"), str):
        return _message(row)
    return Message(f"line-{number}".encode(), line, line[:200].decode(errors="replace"), _trace())


def _spread(items: list[dict[str, Any]], events: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """The items in order, the events evenly among them; one on an item comes after that item and keeps its order."""
    every = max(1, len(items) // (len(events) + 1))
    waiting = list(events)
    sent: set[str] = set()
    for number, row in enumerate(items, start=1):
        yield row
        sent.add(row["item_id"])
        if number % every == 0 and waiting and waiting[0].get("item_id", row["item_id"]) in sent:
            yield waiting.pop(0)
    yield from waiting


def _message(row: dict[str, Any]) -> Message:
    trace = _trace()
    if "raw_base64" in row:
        value = base64.b64decode(row["raw_base64"])
        return Message(f"raw-{trace[3:11]}".encode(), value, value[:200].decode(errors="replace"), trace)
    text = "(deleted by its author)" if row.get("deleted") is True else str(row.get("text", ""))
    return Message(row["item_id"].encode(), msgspec.json.encode(row), text, trace)


def _trace() -> str:
    """A W3C ``traceparent``; the worker passes it on, so that every answer names the message that it answers."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def _rows(file: Path) -> list[dict[str, Any]]:
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise ConfigError(file, "(file)", f"cannot be read: {error.strerror}; it comes with weir") from error
    try:
        return [msgspec.json.decode(line, type=dict[str, Any]) for line in lines if line.strip()]
    except msgspec.DecodeError as error:
        raise ConfigError(file, "(file)", f"is not JSON lines: {error}") from error
