"""What a person answers, and whether it can be an answer."""

from dataclasses import dataclass
from math import isfinite
from typing import Any

import msgspec
from sqlalchemy import Row

from human_review.errors import Invalid
from human_review.permissions import Actor
from human_review.review_file import ReviewConfig
from stream_app.contracts.decision import Verdict

MAX_NOTE_CHARS = 4000
_VERDICTS = ("allow", "limit", "remove")
_MOST_SECONDS = 3600.0


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """``verdict`` is allow, limit or remove; ``seconds`` is the time spent, of which at most an hour is kept."""

    verdict: Verdict
    labels: tuple[str, ...] = ()
    note: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Hand:
    """Who answers what, when and with what; task and seat are rows that the transaction has locked."""

    actor: Actor
    task: Row[Any]
    seat: Row[Any]
    answer: Answer
    label_id: str
    now: int
    batch_id: str | None = None


def tidied(answer: Answer, config: ReviewConfig) -> Answer:
    """The answer, tidied. Raises Invalid for one that cannot stand."""
    if answer.verdict not in _VERDICTS:
        raise Invalid(f"the verdict must be one of {', '.join(_VERDICTS)}; skip or escalate what you cannot decide")
    if unknown := sorted(set(answer.labels) - config.labels.keys()):
        raise Invalid(f"there is no label {unknown[0][:64]!r}; there are {', '.join(config.labels)}")
    if answer.verdict == "allow" and answer.labels:
        raise Invalid("allow takes no label; limit or remove what breaks a rule")
    if answer.verdict != "allow" and not answer.labels:
        raise Invalid(f"{answer.verdict} needs at least one label, so that the author can be told why")
    if len(answer.note) > MAX_NOTE_CHARS:
        raise Invalid(f"a note has at most {MAX_NOTE_CHARS} characters")
    return Answer(
        verdict=answer.verdict,
        labels=tuple(sorted(set(answer.labels))),
        note=answer.note.encode("utf-8", "replace").decode(),
        seconds=min(_MOST_SECONDS, max(0.0, answer.seconds)) if isfinite(answer.seconds) else 0.0,
    )
