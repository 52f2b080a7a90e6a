"""Climb the cascade: the lexicon always, then the cheapest level first; leave when a level is sure."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from models.exits import Exits
from models.language import detect, version
from models.lexicon import Lexicon
from stream_app.contracts.metrics import LEVEL_ITEMS, LEVEL_SECONDS, LEVEL_UP
from stream_app.errors import Unavailable
from stream_app.pipeline.level import Level, Row
from stream_app.pipeline.types import NO_TEXT, Assessment
from stream_app.telemetry import Telemetry

LEXICON = "lexicon"

UNKNOWN = "und"


@dataclass(frozen=True, slots=True)
class Step:
    """A level with what makes it unsure: one band for all labels and languages, or exits with a band for each.

    Climbing ends where the score of every label with evidence is below its band or above it. A text for which the
    level has no evidence at all is left for the next one as well, and so is one in a language without exits.
    """

    level: Level
    unsure_from: float = 0.0
    unsure_to: float = 1.0
    exits: Exits | None = None

    def is_unsure(self, row: Row | None, language: str) -> bool:
        """Whether the next level must look at the text."""
        if row is None or not row.evidence:
            return True
        scores = row.scores
        if self.exits is None:
            return any(self.unsure_from <= scores[label] <= self.unsure_to for label in row.evidence)
        bands = self.exits.bands(language)
        if bands is None:
            return True
        for label in row.evidence:
            band = bands.get(label)
            if band is None or band[0] <= scores[label] <= band[1]:
                return True
        return False


@dataclass(frozen=True, slots=True)
class Cascade:
    """The lexicon and the levels in the order in which they are asked. ``telemetry`` is told what each costs."""

    lexicon: Lexicon
    steps: tuple[Step, ...]
    telemetry: Telemetry | None = None

    @property
    def artifacts(self) -> dict[str, str]:
        """Versions of all that can change an assessment."""
        versions = {step.level.name: step.level.classifier.version for step in self.steps}
        exits = {f"exits of {step.level.name}": step.exits.version for step in self.steps if step.exits}
        return {"language": version(), "lexicon": self.lexicon.version, **versions, **exits}


def classify(texts: Sequence[str], cascade: Cascade) -> list[Assessment]:
    """Assess normalized texts, in order. Never raises for a level's trouble: it is said in ``degraded``."""
    with_words = [i for i, text in enumerate(texts) if text and not text.isspace()]
    assessed = dict(zip(with_words, _climb([texts[i] for i in with_words], cascade), strict=True))
    nothing = Assessment({}, frozenset(), (), NO_TEXT, UNKNOWN, cascade.artifacts)
    return [assessed.get(i, nothing) for i in range(len(texts))]


def _climb(texts: Sequence[str], cascade: Cascade) -> list[Assessment]:
    languages = [found.tag for found in detect(texts)]
    hits = cascade.lexicon.hits(texts, languages)
    best: list[tuple[str, Row] | None] = [None] * len(texts)
    trouble = [""] * len(texts)
    open_ = list(range(len(texts)))  # positions that no level is sure of yet
    for step in cascade.steps:
        if not open_:
            break
        started = time.perf_counter()
        rows, why = _asked(step.level, [texts[i] for i in open_], [languages[i] for i in open_])
        _tell_cost(cascade.telemetry, step.level, time.perf_counter() - started)
        for i, row in zip(open_, rows, strict=True):
            if row is None:
                trouble[i] = why
            else:
                best[i] = (step.level.name, row)
                trouble[i] = ""  # what a lower level could not do does not matter any more
        open_ = [i for i, row in zip(open_, rows, strict=True) if step.is_unsure(row, languages[i])]
    _tell_shares(cascade.telemetry, best)
    artifacts = cascade.artifacts
    return [
        Assessment(
            scores=found[1].scores if found else {},
            evidence=found[1].evidence if found else frozenset(),
            hits=hits[i],
            level=found[0] if found else LEXICON,
            language=languages[i],
            artifacts=artifacts,
            degraded=trouble[i],
        )
        for i, found in enumerate(best)
    ]


def _asked(level: Level, texts: list[str], languages: list[str]) -> tuple[list[Row | None], str]:
    """The rows of a level, and why some are missing."""
    try:
        return level.score(texts, languages), f"{level.name} could not score this text"
    except Unavailable as error:
        return [None] * len(texts), str(error)


def _tell_cost(telemetry: Telemetry | None, level: Level, seconds: float) -> None:
    if telemetry is not None:
        telemetry.observe(LEVEL_SECONDS, seconds, level.name)
        telemetry.set(LEVEL_UP, 0 if level.breaker.is_open else 1, level.name)


def _tell_shares(telemetry: Telemetry | None, best: list[tuple[str, Row] | None]) -> None:
    if telemetry is not None:
        for name, count in Counter(found[0] if found else LEXICON for found in best).items():
            telemetry.count(LEVEL_ITEMS, name, by=count)
