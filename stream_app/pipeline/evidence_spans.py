"""Where in the original text the words stand that a score rests on."""

import logging
from collections.abc import Iterable, Sequence

import msgspec

from models.contribution import Contribution, Explainer
from models.text.normalized import NormalizedText
from stream_app.contracts.decision import Reason
from stream_app.pipeline.classify import Cascade
from stream_app.telemetry import facts

log = logging.getLogger(__name__)

MOST_SPANS = 8
COVERED = 0.8
"""The part of all that speaks for a label which its spans stand for, where so many spans can."""

Span = tuple[int, int]


def first_explainer(cascade: Cascade) -> Explainer | None:
    """The first level that knows the exact share of each word; None where no level does."""
    classifiers = (step.level.classifier for step in cascade.steps)
    return next((each for each in classifiers if isinstance(each, Explainer)), None)


def with_spans(
    reasons: tuple[Reason, ...], label: str | None, text: NormalizedText, explainer: Explainer
) -> tuple[Reason, ...]:
    """The reasons, those of the label's score with its spans. Trouble is logged: no item is lost over it."""
    if label not in explainer.labels or not any(_is_score(reason, label) for reason in reasons):
        return reasons
    try:
        spans = evidence_spans(explainer.explain(text.text, label), text)
    except Exception as error:  # noqa: BLE001 - an explanation is never worth an item
        log.warning("a score cannot be explained", extra=facts(label=label, error=repr(error)[:200]))
        return reasons
    return tuple(
        msgspec.structs.replace(reason, spans=spans) if _is_score(reason, label) else reason for reason in reasons
    )


def evidence_spans(contributions: Sequence[Contribution], text: NormalizedText) -> tuple[Span, ...]:
    """At most 8 spans [start, end) of the original text, in order and apart.

    They hold the words that speak most for the label, down from the greatest, until four fifths of all
    positive weight are covered. Neighboring words become one span. ``contributions`` are in the order of the
    text.
    """
    chosen = sorted(_strongest([each.weight if each.weight > 0.0 else 0.0 for each in contributions]))
    spans: list[Span] = []
    previous = -2
    for at in chosen:
        word = contributions[at]
        start = spans.pop()[0] if at == previous + 1 else word.start
        spans.append((start, word.end))
        previous = at
    return _apart(text.original_span(*span) for span in spans)


def _strongest(weights: list[float]) -> set[int]:
    """Positions of the greatest weights that together leave no more than ``MOST_SPANS`` runs of neighbors."""
    chosen: set[int] = set()
    wanted = COVERED * sum(weights)
    runs = 0
    for at in sorted(range(len(weights)), key=weights.__getitem__, reverse=True):
        if wanted <= 0.0 or weights[at] <= 0.0:
            break
        more = 1 - (at - 1 in chosen) - (at + 1 in chosen)
        if runs + more <= MOST_SPANS:
            chosen.add(at)
            runs += more
            wanted -= weights[at]
    return chosen


def _apart(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in order, those that meet or overlap joined: two words may come from one original character."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        elif end > start:
            joined.append((start, end))
    return tuple(joined)


def _is_score(reason: Reason, label: str | None) -> bool:
    return reason.kind == "score" and reason.label == label
