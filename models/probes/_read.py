"""Reading the tables beside this file: tab-separated, UTF-8, comments start with ``#``, then a header row."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

Half = Literal["train", "probe"]

FOLDER = Path(__file__).resolve().parent
COLUMNS = {
    "frames": ("lang", "half", "frame"),
    "fillers": ("lang", "half", "kind", "filler"),
    "groups": ("lang", "half", "group", "plural"),
    "group_frames": ("lang", "half", "kind", "frame"),
    "contrast": ("lang", "half", "toxicity", "threat", "text"),
}
KINDS = {"fillers": ("insult", "neutral"), "group_frames": ("neutral", "positive", "counter", "hate")}
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?")
_MAY_BE_EMPTY = "threat"


class ProbeError(ValueError):
    """A table that cannot be used; the message names file, line and what would have worked."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table. ``where`` is ``file:line``; ``content`` is the last column."""

    where: str
    lang: str
    half: Half
    cells: dict[str, str]
    content: str


def rows(table: str, folder: Path = FOLDER) -> list[Row]:
    """All rows of ``<table>_*.tsv``, by file name, then line. Raises ProbeError; no such file: no rows."""
    found = [row for file in sorted(folder.glob(f"{table}_*.tsv")) for row in _rows(table, file)]
    _refuse_repeats(table, found)
    return found


def _rows(table: str, file: Path) -> Iterator[Row]:
    columns = COLUMNS[table]
    lines = enumerate(file.read_text(encoding="utf-8").split("\n"), start=1)
    kept = [(number, line.split("\t")) for number, line in lines if line.strip() and not line.startswith("#")]
    if not kept or tuple(kept[0][1]) != columns:
        raise ProbeError(f"{file}: the first row must name the columns {', '.join(columns)}, separated by tabs")
    for number, values in kept[1:]:
        where = f"{file}:{number}"
        if len(values) != len(columns):
            raise ProbeError(f"{where}: needs {len(columns)} columns ({', '.join(columns)}), has {len(values)}")
        yield _row(table, dict(zip(columns, values, strict=True)), where)


def _row(table: str, cells: dict[str, str], where: str) -> Row:
    for column, value in cells.items():
        if value != value.strip() or not (value or column == _MAY_BE_EMPTY):
            raise ProbeError(f"{where}: {column} must be filled and have no spaces around it, not {value!r}")
    if not _LANGUAGE.fullmatch(cells["lang"]):
        raise ProbeError(f"{where}: a language looks like en or hi-Latn, not {cells['lang']!r}")
    if cells["half"] not in ("train", "probe"):
        raise ProbeError(f"{where}: half must be train or probe, not {cells['half']!r}")
    if table in KINDS and cells["kind"] not in KINDS[table]:
        raise ProbeError(f"{where}: kind must be one of {', '.join(KINDS[table])}, not {cells['kind']!r}")
    if table == "contrast":
        _check_labels(cells, where)
    content = cells[COLUMNS[table][-1]]
    _check_braces(content, table.endswith("frames"), where)
    return Row(where, cells["lang"], cast("Half", cells["half"]), cells, content)


def _check_labels(cells: dict[str, str], where: str) -> None:
    if cells["toxicity"] not in ("0", "1"):
        raise ProbeError(f"{where}: toxicity must be 0 or 1, not {cells['toxicity']!r}")
    if cells["threat"] not in ("0", "1", ""):
        raise ProbeError(f"{where}: threat must be 0, 1 or empty (unknown), not {cells['threat']!r}")


def _check_braces(content: str, is_frame: bool, where: str) -> None:
    if is_frame and content.count("{}") != 1:
        raise ProbeError(f"{where}: a frame needs {{}} exactly once, where the words go: {content!r}")
    rest = content.replace("{}", "") if is_frame else content
    if "{" in rest or "}" in rest:
        raise ProbeError(f"{where}: no braces but the {{}} of a frame: {content!r}")


def _refuse_repeats(table: str, found: list[Row]) -> None:
    first: dict[tuple[str, str], Row] = {}
    groups: dict[str, Row] = {}
    for row in found:
        earlier = first.setdefault((row.lang, row.content.casefold()), row)
        if earlier is not row:
            both = "in both halves, keep it in one" if earlier.half != row.half else "a duplicate, delete it"
            raise ProbeError(f"{row.where}: {row.content!r} is {both} (also at {earlier.where})")
        if table != "groups":
            continue
        other = groups.setdefault(row.cells["group"], row)
        if other.half != row.half:
            raise ProbeError(f"{row.where}: group {row.cells['group']} must be in one half ({other.where} differs)")
