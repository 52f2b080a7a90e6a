"""Decides lines and says of each decision which words its scores rest on."""

import logging

import msgspec

from models.classifiers.occlusion import occlude
from models.contribution import Contribution
from models.text.normalize import normalize
from models.text.normalized import NormalizedText
from stream_app.contracts import codec
from stream_app.contracts.content import ContentItem
from stream_app.contracts.decision import Decision
from stream_app.contracts.ids import text_digest
from stream_app.lines import Answer, Decider, Line
from stream_app.pipeline.intake import Limits, read_content
from stream_app.pipeline.moderate import Moderator
from stream_app.telemetry import facts

log = logging.getLogger(__name__)


class Word(msgspec.Struct, frozen=True):
    """A word, or neighboring words of a long text; ``start`` and ``end`` count code points of the original text.

    ``text`` is what stands there, with what cannot be seen written as escapes. ``weight`` is what it adds to
    the logit of the calibrated score: ``logit(p) - logit(p without it)``.
    """

    start: int
    end: int
    text: str
    weight: float


class LabelExplanation(msgspec.Struct, frozen=True):
    """The words of one label's score, those that speak most for it first."""

    label: str
    score: float
    words: list[Word]


class ExplainingDecider(Decider):
    """A decider whose decisions have one more field, ``explanation``: a list of LabelExplanation.

    It holds each label whose score is at or above ``review_from``, as the level that decided sees it. Empty where
    no such label, no trained level, or another text (an older version) decided.
    """

    def __init__(self, moderator: Moderator, *, as_text: bool) -> None:
        super().__init__(moderator, as_text=as_text)
        self._classifiers = {step.level.name: step.level.classifier for step in moderator.cascade.steps}

    def decide(self, lines: list[Line]) -> list[Answer]:
        """One answer a line, in order."""
        answers = super().decide(lines)
        return [self._explained(line, answer) for line, answer in zip(lines, answers, strict=True)]

    def _explained(self, line: Line, answer: Answer) -> Answer:
        if answer.decision is None:
            return answer
        decision = codec.decode(answer.decision, Decision)
        try:
            found = self._explanation(line, decision)
        except Exception as error:  # noqa: BLE001 - a classifier may raise anything; the decision stands without
            log.warning("a decision cannot be explained", extra=facts(level=decision.level, error=repr(error)[:200]))
            found = []
        fields = msgspec.json.decode(answer.decision, type=dict[str, msgspec.Raw])
        fields["explanation"] = msgspec.Raw(msgspec.json.encode(found))
        return Answer(answer.number, msgspec.json.encode(fields))

    def _explanation(self, line: Line, decision: Decision) -> list[LabelExplanation]:
        classifier = self._classifiers.get(decision.level)
        high = [label for label, band in decision.thresholds.items() if decision.scores.get(label, 0.0) >= band[0]]
        original = self._text(line)
        if classifier is None or not high or text_digest(original) != decision.text_digest:
            return []
        text = normalize(original)
        weights = occlude(classifier, text.text, decision.language)
        return [
            LabelExplanation(label, decision.scores[label], _words(weights[label], text, original))
            for label in high
            if label in weights
        ]

    def _text(self, line: Line) -> str:
        value = self._message(line).value or b""
        content = read_content(value, None, limits=Limits(value_bytes=len(value))).content
        return content.text if isinstance(content, ContentItem) else ""


def _words(contributions: list[Contribution], text: NormalizedText, original: str) -> list[Word]:
    words = []
    for each in sorted(contributions, key=lambda each: each.weight, reverse=True):
        start, end = text.original_span(each.start, each.end)
        words.append(Word(start, end, _printable(original[start:end]), round(each.weight, 3)))
    return words


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else f"\\u{{{ord(char):x}}}" for char in text)
