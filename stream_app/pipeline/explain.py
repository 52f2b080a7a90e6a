"""A decision in plain words, from what it says itself; no policy file is needed."""

from dataclasses import dataclass
from typing import Literal

from stream_app.contracts.decision import Decision, Verdict
from stream_app.pipeline.costs import Costs

Choice = Literal["allow", "review", "act"]

_MEANING: dict[Verdict, str] = {
    "allow": "allowed",
    "limit": "limited",
    "remove": "removed",
    "review": "sent to a person",
}
_MEANWHILE = {"visible": "it stays visible meanwhile", "held": "nobody sees it meanwhile"}


@dataclass(frozen=True, slots=True)
class Weighing:
    """One label's score against its thresholds; expected costs are None where the decision holds no costs."""

    label: str
    score: float
    review_from: float
    act_from: float
    cost_of_allow: float | None
    cost_of_review: float | None
    cost_of_act: float | None
    asks_for: Choice


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one decision came out as it did."""

    decision_id: str
    summary: str
    reasons: tuple[str, ...]
    weighings: tuple[Weighing, ...]


def explain(decision: Decision) -> Explanation:
    """Compare every score with its thresholds again and say what decided."""
    return Explanation(
        decision_id=decision.decision_id,
        summary=_summary(decision),
        reasons=tuple(f"{reason.kind}: {reason.detail}" for reason in decision.reasons),
        weighings=tuple(_weighing(decision, label) for label in decision.scores if label in decision.thresholds),
    )


def _summary(decision: Decision) -> str:
    sentences = [f"Item {decision.item_id} was {_MEANING[decision.verdict]}{_because(decision)}."]
    if decision.verdict == "review":
        sentences.append(f"Until then {_MEANWHILE[decision.pending]}.")
    if decision.degraded:
        sentences.append("A part of the path was down, so the machine could not act on a score.")
    if decision.decided_by != "worker":
        sentences.append("A person decided it; the scores are those of the decision before.")
    if decision.for_the_record:
        sentences.append("It is kept for the record and has no effect.")
    sentences.append(f"Level {decision.level}, language {decision.language}, policy {decision.policy_version}.")
    return " ".join(sentences)


def _because(decision: Decision) -> str:
    label = f" as {decision.label}" if decision.label else ""
    return f"{label} because of {decision.reasons[0].detail!r}" if decision.reasons else label


def _weighing(decision: Decision, label: str) -> Weighing:
    score = decision.scores[label]
    review_from, act_from = decision.thresholds[label]
    costs = Costs(*decision.costs[label]) if label in decision.costs else None
    return Weighing(
        label=label,
        score=score,
        review_from=review_from,
        act_from=act_from,
        cost_of_allow=round(costs.of_allow(score), 4) if costs else None,
        cost_of_review=costs.review if costs else None,
        cost_of_act=round(costs.of_act(score), 4) if costs else None,
        asks_for=_choice(score, review_from, act_from),
    )


def _choice(score: float, review_from: float, act_from: float) -> Choice:
    if score >= act_from:
        return "act"
    return "review" if score >= review_from else "allow"
