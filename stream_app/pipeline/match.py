"""Known content: a text that equals an entry of a bank after normalization and case folding."""

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path

import msgspec

from models.text.normalize import normalize
from stream_app.errors import ConfigError
from stream_app.pipeline.types import BankMatch


class BankEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a bank file. ``text`` is what is matched; ``source`` and ``added`` say where it came from."""

    entry_id: str
    text: str
    label: str
    verdict: str
    source: str
    added: str


Bank = Mapping[bytes, BankMatch]
"""Matches by bank key."""


def content_key(text: str) -> bytes:
    """128-bit digest of a normalized text: equal texts have equal scores, hits and spans."""
    return blake2b(text.encode(), digest_size=16).digest()


def bank_key(text: str) -> bytes:
    """The same, blind to case."""
    return content_key(text.casefold())


def load_banks(folder: Path) -> dict[bytes, BankMatch]:
    """Read every ``*.jsonl`` of a folder; an absent folder is an empty bank. Raises ConfigError with the line."""
    bank: dict[bytes, BankMatch] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for entry in _entries(path):
            match = BankMatch(bank=path.stem, entry_id=entry.entry_id, label=entry.label, verdict=entry.verdict)
            bank[bank_key(normalize(entry.text).text)] = match
    return bank


def _entries(path: Path) -> Iterable[BankEntry]:
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = msgspec.convert(json.loads(line), BankEntry)
        except (ValueError, msgspec.ValidationError) as error:
            raise ConfigError(path, f"line {number}", str(error)) from error
        if entry.verdict not in ("limit", "remove", "review"):
            raise ConfigError(path, f"line {number}", f"verdict {entry.verdict!r} is not limit, remove or review")
        yield entry
