"""What each finding about a text asks for, before they are weighed against each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from models.classifier import Hit
from models.text.normalized import NormalizedText
from stream_app.contracts.decision import Pending, Reason, Verdict
from stream_app.pipeline.bands import Bands
from stream_app.pipeline.label_policy import Fail, LabelPolicy, OnHit
from stream_app.pipeline.policy import SuspiciousText
from stream_app.pipeline.types import Assessment, BankMatch

# A hostile text can hit a lexicon thousands of times; a reader needs a few of the places.
_MAX_SPANS = 16
_MAX_NAMES = 16

_STRICTNESS: dict[Verdict, int] = {"allow": 0, "review": 1, "limit": 2, "remove": 3}

_FAILS: dict[Fail, str] = {
    "hold": "held until a person decides",
    "review": "a person decides",
    "allow-and-recheck": "to be checked again",
}


@dataclass(frozen=True, slots=True)
class Vote:
    """One finding. ``saving`` is the expected cost that its verdict saves against allowing the item."""

    verdict: Verdict
    label: str | None
    reason: Reason
    pending: Pending = "visible"
    saving: float = 0.0
    severity: int = 0
    miss: float = 0.0

    @property
    def weight(self) -> tuple[int, float, int, float]:
        """The greatest decides: the strictest verdict, then the greatest saving, then the worse if it is missed."""
        return _STRICTNESS[self.verdict], self.saving, self.severity, self.miss


def score_vote(label: LabelPolicy, score: float, *, trusted: bool) -> Vote | None:
    """What a score with evidence asks for; None below ``review_from``.

    ``trusted`` is false where a better level should have scored the text and could not: then the score can
    still call a person, but not act.
    """
    band = label.band
    if score < band.review_from:
        return None
    if score < band.act_from:
        detail = f"{label.label} {score:g} >= review_from {band.review_from:g}"
    else:
        detail = f"{label.label} {score:g} >= act_from {band.act_from:g}"
    reason = Reason(kind="score", detail=detail, label=label.label)
    allowing = label.costs.of_allow(score)
    if score >= band.act_from and trusted:
        saving = allowing - label.costs.of_act(score)
        return Vote(label.action.verdict, label.label, reason, saving=saving, miss=label.costs.miss)
    saving = allowing - label.costs.review
    return Vote("review", label.label, reason, label.pending, saving, miss=label.costs.miss)


def unproven_votes(reviewed: Iterable[LabelPolicy], reasons: tuple[Reason, ...]) -> list[Vote]:
    """Labels without evidence that the policy gives to a person. The guess counts for nothing."""
    return [
        Vote("review", label.label, reasons[0], label.pending, miss=label.costs.miss) for label in reviewed
    ]  # the first reason is theirs


def fail_votes(bands: Bands, why: str, voted: frozenset[str]) -> tuple[list[Vote], list[Reason]]:
    """What the policy does about the labels that nothing spoke for because a level is missing.

    These votes have no label and no weight: nobody knows what the text is about, so an outage must not fill the
    queue of the gravest label, and whatever was found decides before them.
    """
    votes: list[Vote] = []
    reasons: list[Reason] = []
    for choice in _FAILS:
        labels = [label for label in bands.labels if label.fail == choice and label.label not in voted]
        if labels:
            reason = Reason(kind="degraded", detail=f"{why}; {_FAILS[choice]}: {_names(labels)}")
            reasons.append(reason)
            if choice != "allow-and-recheck":
                held = choice == "hold" or any(label.pending == "held" for label in labels)
                votes.append(Vote("review", None, reason, "held" if held else "visible"))
    return votes, reasons


def rule_votes(bands: Bands, hits: Iterable[Hit], text: NormalizedText) -> list[Vote]:
    """Hits of rules and lexicons, those of one name together. They call a person and never act by themselves."""
    grouped: dict[tuple[str, str], list[Hit]] = {}
    for hit in hits:
        grouped.setdefault((hit.label, hit.name), []).append(hit)
    votes = [_rule_vote(bands, same, text) for same in grouped.values() if same[0].label in bands.by_label]
    return sorted((vote for vote in votes if vote), key=lambda vote: vote.weight, reverse=True)[:_MAX_NAMES]


def match_vote(match: BankMatch, labels: Mapping[str, LabelPolicy]) -> Vote:
    """An entry of a bank was judged by people; its verdict stands. A verdict that nobody knows means review."""
    verdict: Verdict = match.verdict if match.verdict in _STRICTNESS else "review"
    label = labels.get(match.label)
    reason = Reason(
        kind="match",
        detail=f"equals {match.entry_id} of bank {match.bank}: {match.label}, {match.verdict}",
        label=match.label,
    )
    return Vote(verdict, match.label, reason, label.pending if label else "visible")


def flag_vote(suspicious: SuspiciousText, flags: Iterable[str]) -> Vote | None:
    """A text that was changed or cut so much that its score says little."""
    found = sorted(suspicious.flags.intersection(flags))
    if not found or suspicious.then == "none":
        return None
    reason = Reason(kind="rule", detail=f"text-flags: {', '.join(found)}")
    return Vote("review", None, reason, _pending(suspicious.then))


def broken_scores(assessment: Assessment) -> list[str]:
    """Labels whose score is no probability; whoever made it is broken, so it counts as not scored."""
    return [label for label, score in assessment.scores.items() if not 0.0 <= score <= 1.0]


def _rule_vote(bands: Bands, hits: list[Hit], text: NormalizedText) -> Vote | None:
    label = bands.by_label[hits[0].label]
    severity = min(max(max(hit.severity for hit in hits), 1), len(label.on_hit))
    choice = label.on_hit[severity - 1]
    if choice == "none":
        return None
    spans = tuple(_original_span(hit, text) for hit in hits[:_MAX_SPANS])
    detail = f"{label.label} rule {hits[0].name}, severity {severity}"
    reason = Reason(kind="rule", detail=detail, label=label.label, spans=spans)
    return Vote("review", label.label, reason, _pending(choice), severity=severity, miss=label.costs.miss)


def _original_span(hit: Hit, text: NormalizedText) -> tuple[int, int]:
    last = len(text.text)
    return text.original_span(min(max(hit.start, 0), last), min(max(hit.end, 0), last))


def _pending(choice: OnHit) -> Pending:
    return "held" if choice == "review-held" else "visible"


def _names(labels: Iterable[LabelPolicy]) -> str:
    return ", ".join(label.label for label in labels)
