"""Reads training rows from JSON lines and says exactly what was read and what was refused."""

import gzip
import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec
import msgspec.structs

from models.errors import DataError
from models.probes.probes import held_out, insult_probes, mentions_held_out
from models.text.normalize import seen

# Labels are the data's to name; this is what a name looks like in policies, metrics and messages.
_LABEL = re.compile(r"[a-z][a-z0-9_]{0,62}")
_LISTED = 100
TRAINING_SPLITS = ("train", "validation")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One text with what its source says about it. A label that is absent or None is unknown and is masked."""

    text: str
    lang: str  # BCP 47 tag
    labels: dict[str, Literal[0, 1] | None]
    source: str
    split: str | None = None  # training reads train and validation only
    weak: Literal[0, 1] = 0  # 1: nobody annotated this text for this purpose

    def __post_init__(self) -> None:
        """Refuse what would train silently wrong."""
        if not self.text.strip():
            raise ValueError("text is empty")
        for label in self.labels:
            if not _LABEL.fullmatch(label):
                raise ValueError("a label must have 1 to 63 lower-case letters, digits or _, and begin with a letter")


class BadRow(msgspec.Struct, frozen=True, kw_only=True):
    """Where a refused row stands and why; never its text."""

    file: str
    line: int
    reason: str


class FileDigest(msgspec.Struct, frozen=True, kw_only=True):
    """One data file as it was read."""

    file: str
    sha256: str
    rows: int
    bad_rows: int


class DataManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What was read: ``digest`` covers names and contents of all files."""

    digest: str
    files: tuple[FileDigest, ...]
    bad_rows: int
    first_bad_rows: tuple[BadRow, ...]


@dataclass(slots=True)
class Reader:
    """Streams the rows of ``files``; ``manifest()`` is complete once ``rows()`` is exhausted.

    Rows of other splits than ``splits`` are bad; None takes every split, and rows without one: for evaluation only.
    """

    files: tuple[Path, ...]
    splits: tuple[str, ...] | None = TRAINING_SPLITS
    _digests: list[FileDigest] = field(default_factory=list)
    _bad: list[BadRow] = field(default_factory=list)
    _bad_count: int = 0

    @classmethod
    def of(cls, data_dir: Path) -> "Reader":
        """All ``*.jsonl`` and ``*.jsonl.gz`` of a folder, by name. Raises DataError where there is none."""
        files = sorted([*data_dir.glob("*.jsonl"), *data_dir.glob("*.jsonl.gz")], key=lambda path: path.name)
        if not files:
            raise DataError(f"no *.jsonl or *.jsonl.gz in {data_dir}; docs/data.md says how to build the data set")
        return cls(tuple(files))

    def rows(self) -> Iterator[Row]:
        """Every good row, file by file, its text as the stream sees it; bad rows are counted, the first listed."""
        self._digests.clear()
        self._bad.clear()
        self._bad_count = 0
        for path in self.files:
            yield from self._file(path)

    def manifest(self) -> DataManifest:
        """What ``rows()`` read last."""
        digest = hashlib.sha256()
        for entry in self._digests:
            digest.update(msgspec.json.encode([entry.file, entry.sha256]))
        return DataManifest(
            digest=digest.hexdigest(),
            files=tuple(self._digests),
            bad_rows=self._bad_count,
            first_bad_rows=tuple(self._bad),
        )

    def _file(self, path: Path) -> Iterator[Row]:
        decoder = msgspec.json.Decoder(Row)
        good, bad_before = 0, self._bad_count
        for number, line in enumerate(self._lines(path), start=1):
            if not line.strip():
                continue
            try:
                row = _as_seen(self._of_a_split(decoder.decode(line)))
            except (msgspec.DecodeError, ValueError, DataError) as error:
                self._refuse(path, number, str(error))
                continue
            good += 1
            yield row
        bad = self._bad_count - bad_before
        self._digests.append(FileDigest(file=path.name, sha256=file_digest(path), rows=good, bad_rows=bad))

    def _of_a_split(self, row: Row) -> Row:
        if self.splits is None or row.split in self.splits:
            return row
        named = "absent" if row.split is None else f"{row.split[:40]!r}"
        raise DataError(
            f"split must be {' or '.join(self.splits)}, not {named}; `weir evaluate --split` reads others"
        )

    def _lines(self, path: Path) -> Iterable[bytes]:
        with path.open("rb") as raw:
            stream = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
            try:
                yield from _buffered(stream)
            except (EOFError, gzip.BadGzipFile, OSError) as error:
                self._refuse(path, 0, f"the rest of the file cannot be read: {error}")

    def _refuse(self, path: Path, line: int, reason: str) -> None:
        self._bad_count += 1
        if len(self._bad) < _LISTED:
            self._bad.append(BadRow(file=path.name, line=line, reason=reason))


def _as_seen(row: Row) -> Row:
    """With the analysis copy of its text. Raises ValueError where nothing of it is seen."""
    text = seen(row.text)
    return row if text == row.text else msgspec.structs.replace(row, text=text)


def without_held_out(rows: Iterable[Row]) -> tuple[list[Row], int]:
    """All but the training rows that hold a held-out probe word, and how many those were."""
    kept, refused = [], 0
    for row in rows:
        if row.split == "train" and mentions_held_out(row.text):
            refused += 1
        else:
            kept.append(row)
    return kept, refused


def held_out_digest() -> str:
    """Of all probe words of all languages: an artifact says which words it was never shown."""
    languages = sorted({probe.lang for probe in insult_probes("probe")})
    words = "\n".join(word for lang in languages for word in held_out(lang))
    return hashlib.sha256(words.encode()).hexdigest()


def _buffered(stream: "gzip.GzipFile | BinaryIO") -> Iterable[bytes]:
    return io.BufferedReader(stream) if isinstance(stream, gzip.GzipFile) else stream


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes as stored."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
