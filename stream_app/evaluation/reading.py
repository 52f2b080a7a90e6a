"""The rows of an evaluation: read as the stream sees them, complained about, and made ready to be judged."""

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import msgspec.structs
import numpy as np

from models.training.data import TRAINING_SPLITS, Reader, Row
from models.training.recipe import truth_of
from stream_app.errors import ConfigError
from stream_app.evaluation.tables import plain

ALL = "all"  # splits, and rows without one
_NAMED = 20  # splits, in a message


@dataclass(frozen=True, slots=True)
class Read:
    """``chosen`` are the rows of the split asked for, ``train`` those of the train split if they were asked for."""

    chosen: list[Row]
    train: list[Row]
    bad: int
    digest: str


def read(paths: list[Path], option: str, split: str, *, with_train: bool = False) -> Read:
    """Read files and folders to evaluate; bad rows go to standard error. Raises ConfigError where no row is found."""
    return _read(Reader(_all_files(paths, option), splits=None), paths, option, split, with_train=with_train)


def read_to_learn(paths: list[Path], option: str) -> Read:
    """The rows of the train split, read as training reads them: a row of a test split is bad."""
    return _read(Reader(_all_files(paths, option)), paths, option, TRAINING_SPLITS[0], with_train=False)


def _read(reader: Reader, paths: list[Path], option: str, split: str, *, with_train: bool) -> Read:
    chosen, train = [], []
    splits: Counter[str | None] = Counter()
    for row in reader.rows():
        splits[row.split] += 1
        if split in (ALL, row.split):
            chosen.append(row)
        if with_train and row.split == "train":
            train.append(row)
    manifest = reader.manifest()
    for bad in manifest.first_bad_rows:
        sys.stderr.write(f"{plain(bad.file, 200)}:{bad.line}: {plain(bad.reason, 300)}\n")
    if manifest.bad_rows > len(manifest.first_bad_rows):
        sys.stderr.write(f"{manifest.bad_rows} bad rows in all\n")
    if not chosen:
        raise ConfigError(option, ", ".join(map(str, paths)), _nothing(split, splits, manifest.bad_rows))
    return Read(chosen, train, manifest.bad_rows, manifest.digest)


def kept(rows: list[Row], left_out: frozenset[str]) -> list[Row]:
    """Rows of other sources. Raises ConfigError for a source that there is not, or where none is left."""
    sources = {row.source for row in rows}
    if left_out - sources or left_out == sources:
        known = ", ".join(sorted(plain(source) for source in sources))
        raise ConfigError("--without", ", ".join(sorted(left_out)), f"must leave some of these sources: {known}")
    return [row for row in rows if row.source not in left_out]


def drawn(rows: list[Row], most: int | None, seed: int) -> list[Row]:
    """At most so many rows, drawn by the seed, in order."""
    if most is None or most >= len(rows):
        return rows
    return [rows[at] for at in sorted(np.random.default_rng(seed).permutation(len(rows))[:most].tolist())]


def prepared(row: Row) -> Row:
    """Labels that mean something else in their source are unknown, as in training."""
    known = {label: truth_of(row, label) for label in row.labels}
    labels = {label: None if value < 0 else row.labels[label] for label, value in known.items()}
    return msgspec.structs.replace(row, labels=labels)


def _nothing(split: str, splits: Counter[str | None], bad: int) -> str:
    wanted = "" if split == ALL else f" of the split {plain(split)}"
    return f"holds no row{wanted} that can be used ({bad} bad rows){_others(splits)}"


def _others(splits: Counter[str | None]) -> str:
    if not splits:
        return ""
    named = ", ".join([*sorted(plain(split) for split in splits if split is not None)[:_NAMED], "or all"])
    without = f" ({splits[None]} rows name none)" if splits[None] else ""
    return f"; --split takes these of this data: {named}{without}"


def _all_files(paths: list[Path], option: str) -> tuple[Path, ...]:
    return tuple(file for path in paths for file in _files(path, option))


def _files(path: Path, option: str) -> list[Path]:
    files = sorted([*path.glob("*.jsonl"), *path.glob("*.jsonl.gz")]) if path.is_dir() else [path]
    if not files:
        raise ConfigError(option, str(path), "holds no *.jsonl or *.jsonl.gz; docs/data.md says what a row is")
    for file in files:
        try:
            file.open("rb").close()
        except OSError as error:
            raise ConfigError(
                option, str(file), f"cannot be read: {error.strerror}; give a file or folder"
            ) from error
    return files
