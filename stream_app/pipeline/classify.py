"""Climb the cascade: the lexicon always, then the cheapest level first; leave when a level is sure."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.language import detect, version
from models.lexicon import Lexicon
from stream_app.errors import Unavailable
from stream_app.pipeline.level import Level, Row
from stream_app.pipeline.types import NO_TEXT, Assessment

LEXICON = "lexicon"

UNKNOWN = "und"


@dataclass(frozen=True, slots=True)
class Step:
    """A level with its exit band: where every score is outside ``unsure_from``..``unsure_to``, climbing ends.

    A level leaves a text for the next one as well where it has no evidence for any label in its language.
    """

    level: Level
    unsure_from: float
    unsure_to: float

    def is_unsure(self, row: Row | None) -> bool:
        """Whether the next level must look at the text."""
        if row is None or not row.evidence:
            return True
        return any(self.unsure_from < row.scores[label] < self.unsure_to for label in row.evidence)


@dataclass(frozen=True, slots=True)
class Cascade:
    """The lexicon and the levels in the order in which they are asked."""

    lexicon: Lexicon
    steps: tuple[Step, ...]

    @property
    def artifacts(self) -> dict[str, str]:
        """Versions of all that can change an assessment."""
        versions = {step.level.name: step.level.classifier.version for step in self.steps}
        return {"language": version(), "lexicon": self.lexicon.version, **versions}


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
        rows, why = _asked(step.level, [texts[i] for i in open_], [languages[i] for i in open_])
        for i, row in zip(open_, rows, strict=True):
            if row is None:
                trouble[i] = why
            else:
                best[i] = (step.level.name, row)
                trouble[i] = ""  # what a lower level could not do does not matter any more
        open_ = [i for i, row in zip(open_, rows, strict=True) if step.is_unsure(row)]
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
