"""Text without labels: sentences, translations and dictionaries from a folder, with held-out words kept away.

The folder holds ``mono/<lang>.txt[.gz]`` (a sentence a line), ``parallel/*.tsv[.gz]`` (id, lang, text under a header;
rows of one id are translations) and ``dict/<from>-<to>.tsv[.gz]`` (word, translation, further columns ignored).
Texts come as the stream sees them. Whatever is missing is left out, and so are lines with too few columns or bytes
that are not UTF-8; docs/data.md names public sources.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from models.errors import DataError
from models.text.normalize import seen

Refuse = Callable[[str], bool]
"""Whether a text must be kept away from training."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text in a language."""

    lang: str
    text: str


@dataclass(frozen=True, slots=True)
class Pair:
    """An English text and the same in another language."""

    english: str
    lang: str
    text: str


def sentences(folder: Path, refuse: Refuse) -> Iterator[Sentence]:
    """Every sentence of ``mono``."""
    for path in sorted((folder / "mono").glob("*.txt*")):
        lang = path.name.split(".")[0]
        yield from (Sentence(lang, text) for line in _lines(path) if (text := seen(line)) and not refuse(text))


def translations(folder: Path, refuse: Refuse) -> Iterator[Pair]:
    """Pairs of English and another language of ``parallel``; texts of an id without English are left out."""
    for path in sorted((folder / "parallel").glob("*.tsv*")):
        english: dict[str, str] = {}
        others: list[tuple[str, str, str]] = []
        for key, lang, text in _columns(path, 3, header=True):
            if refuse(text):
                continue
            if lang == "en":
                english[key] = text
            else:
                others.append((key, lang, text))
        yield from (Pair(english[key], lang, text) for key, lang, text in others if key in english)


def dictionary(folder: Path, refuse: Refuse) -> Iterator[Pair]:
    """Single words and short phrases with their English, of every dictionary from or to English."""
    for path in sorted((folder / "dict").glob("*.tsv*")):
        source, _, target = path.name.split(".")[0].partition("-")
        for word, translation in _columns(path, 2):
            if refuse(word) or refuse(translation):
                continue
            if source == "en":
                yield Pair(word, target, translation)
            elif target == "en":
                yield Pair(translation, source, word)


def _columns(path: Path, count: int, *, header: bool = False) -> Iterator[list[str]]:
    lines = _lines(path)
    if header:
        next(lines, None)
    for line in lines:
        fields = [seen(field) for field in line.split("\t")[:count]]
        if len(fields) == count and all(fields):
            yield fields


def _lines(path: Path) -> Iterator[str]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        try:
            yield from (text for line in file if (text := _text(line)) is not None)
        except (EOFError, OSError, zlib.error) as error:
            raise DataError(f"{path} cannot be read to its end ({error}); fetch it again, or remove it") from error


def _text(line: bytes) -> str | None:
    try:
        return line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        return None
