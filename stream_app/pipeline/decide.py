"""What the path found out, weighed by the policy, becomes a Decision."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from models.contribution import Explainer
from models.text.normalized import NormalizedText
from stream_app.contracts.content import ContentItem
from stream_app.contracts.decision import Decision, Pending, Reason, Verdict
from stream_app.contracts.ids import digest
from stream_app.contracts.origin import Origin
from stream_app.pipeline.bands import Bands, Unproven
from stream_app.pipeline.costs import SCORE_DIGITS
from stream_app.pipeline.evidence_spans import with_spans
from stream_app.pipeline.policy import Policy
from stream_app.pipeline.sampling import allow_share, drawn, is_automatic, sampled_reason
from stream_app.pipeline.types import NO_TEXT, Assessment
from stream_app.pipeline.votes import (
    Vote,
    broken_scores,
    fail_votes,
    flag_vote,
    match_vote,
    rule_votes,
    score_vote,
    unproven_votes,
)

Value = TypeVar("Value")


_ALL_PROVEN = Unproven((), (), ())
_BELOW = Reason(kind="score", detail="below review_from on every label that has evidence")
_NO_TEXT = Reason(kind="rule", detail="no-text: nothing is left to read")
_CACHED = Reason(kind="cache", detail="the same text was scored before by the same artifacts")


@dataclass(frozen=True, slots=True)
class _Weighed:
    """The outcome before audit sampling. ``unproven`` are labels that only rules spoke for."""

    verdict: Verdict
    label: str | None
    reasons: tuple[Reason, ...]
    pending: Pending = "visible"
    unproven: tuple[str, ...] = ()


def decide(
    item: ContentItem,
    text: NormalizedText,
    assessment: Assessment,
    policy: Policy,
    *,
    supersedes: str | None,
    text_digest: str,
    flags: tuple[str, ...],
    for_the_record: bool,
    now: datetime,
    latency_ms: float,
    origin: Origin | None = None,
    explainer: Explainer | None = None,
) -> Decision:
    """Decide one item. The same arguments always give the same decision.

    The first of these that says something wins: an entry of a bank, a score that acts, a person's look asked
    for by a score, a rule, missing evidence or a missing level, allow. Among findings that ask for the same
    verdict the label decides that saves the most expected cost against allowing; between ``limit`` and
    ``remove`` the stricter wins. Scores are rounded before they are compared, so that whoever reads the decision
    can repeat it. ``flags`` are those of the way in; those of ``text`` are looked at as well. ``explainer``
    finds the words that the deciding label's score rests on, if the item is not allowed.
    """
    bands = policy.bands_for(assessment.language, item.region, item.surface, item.tier)
    broken = broken_scores(assessment)
    scores = {name: round(score, SCORE_DIGITS) for name, score in assessment.scores.items() if name not in broken}
    all_flags = (*flags, *text.flags)
    if assessment.level == NO_TEXT and assessment.match is None:
        weighed = _without_text(policy, all_flags)
    else:
        weighed = _weigh(bands, scores, text, assessment, policy, all_flags, broken)
    reasons = weighed.reasons
    if explainer is not None and weighed.verdict != "allow":
        reasons = with_spans(reasons, weighed.label, text, explainer)
    if assessment.cached:
        reasons = (*reasons, _CACHED)
    sampled = None
    if is_automatic(weighed.verdict) and not for_the_record and assessment.level != NO_TEXT:
        share = _share(weighed, scores, bands, policy)
        if drawn(policy.sampling, item.item_id, text_digest, share):
            sampled = share
            reasons = (*reasons, sampled_reason(share))
    decision_id = decision_id_of(item.item_id, text_digest, policy.version, assessment.artifacts, supersedes, None)
    scored_all = scores.keys() == bands.thresholds.keys()
    return Decision(
        decision_id=decision_id,
        item_id=item.item_id,
        verdict=weighed.verdict,
        label=weighed.label,
        scores=scores,
        thresholds=bands.thresholds if scored_all else _only(bands.thresholds, scores),
        costs=bands.costs if scored_all else _only(bands.costs, scores),
        reasons=reasons,
        level=assessment.level,
        artifacts=assessment.artifacts,
        policy_version=policy.version,
        language=assessment.language,
        variant_of=assessment.match.entry_id if assessment.match else None,
        degraded=bool(assessment.degraded or broken),
        pending=weighed.pending,
        supersedes=supersedes,
        decided_at=now,
        latency_ms=latency_ms,
        text_digest=text_digest,
        based_on=decision_id,
        item_version=item.version,
        for_the_record=for_the_record,
        sampling_probability=sampled,
        origin=origin,
    )


def decision_id_of(
    item_id: str,
    text_digest: str,
    policy_version: str,
    artifacts: dict[str, str],
    supersedes: str | None,
    ruling_id: str | None,
) -> str:
    """A decision is named by its causes."""
    return digest(item_id, text_digest, policy_version, sorted(artifacts.items()), supersedes, ruling_id)


def _weigh(
    bands: Bands,
    scores: dict[str, float],
    text: NormalizedText,
    assessment: Assessment,
    policy: Policy,
    flags: tuple[str, ...],
    broken: list[str],
) -> _Weighed:
    degraded = assessment.degraded
    if broken:
        degraded = "; ".join(filter(None, (degraded, f"no usable score for {', '.join(broken)}")))
    votes, missing = _score_votes(bands, scores, assessment.evidence, trusted=not degraded)
    notes: list[Reason] = []
    unproven = _ALL_PROVEN
    if degraded:
        failed, notes = fail_votes(bands, degraded, frozenset(vote.label for vote in votes if vote.label))
        votes += failed
    elif missing:
        unproven = bands.unproven(missing)
        notes = list(unproven.reasons)
        votes += unproven_votes(unproven.reviewed, unproven.reasons)
    if assessment.hits:
        votes += rule_votes(bands, assessment.hits, text)
    if flags:
        votes += filter(None, (flag_vote(policy.suspicious, flags),))
    if assessment.match:
        return _decided(match_vote(assessment.match, bands.by_label), votes, notes, unproven)
    if votes:
        return _decided(max(votes, key=lambda vote: vote.weight), votes, notes, unproven)
    below = (_BELOW,) if len(missing) < len(bands.labels) and not degraded else ()
    return _Weighed("allow", None, (*below, *notes), unproven=unproven.sampled)


def _score_votes(
    bands: Bands, scores: dict[str, float], evidence: frozenset[str], *, trusted: bool
) -> tuple[list[Vote], tuple[str, ...]]:
    """Votes of the scores that have evidence, and the labels that have none."""
    votes: list[Vote] = []
    missing: list[str] = []
    for label in bands.labels:
        name = label.label
        if name not in evidence or name not in scores:
            missing.append(name)
        elif vote := score_vote(label, scores[name], trusted=trusted):
            votes.append(vote)
    return votes, tuple(missing)


def _decided(vote: Vote, votes: list[Vote], notes: list[Reason], unproven: Unproven) -> _Weighed:
    """The deciding vote's reason comes first. One vote for held holds the item, whichever label decides."""
    held = vote.verdict == "review" and any(other.pending == "held" for other in (vote, *votes))
    heaviest_first = sorted(votes, key=lambda other: other.weight, reverse=True)
    reasons = _distinct((vote.reason, *(other.reason for other in heaviest_first), *notes))
    label = vote.label if vote.verdict != "allow" else None
    return _Weighed(vote.verdict, label, reasons, "held" if held else "visible", unproven.sampled)


def _without_text(policy: Policy, flags: tuple[str, ...]) -> _Weighed:
    vote = flag_vote(policy.suspicious, flags)
    if vote:
        return _Weighed("review", None, (vote.reason, _NO_TEXT), vote.pending)
    return _Weighed(policy.no_text, None, (_NO_TEXT,))


def _share(weighed: _Weighed, scores: dict[str, float], bands: Bands, policy: Policy) -> float:
    if weighed.verdict == "allow":
        return allow_share(policy.sampling, scores, bands.thresholds, weighed.unproven)
    return policy.sampling.act.of(weighed.label)


def _distinct(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(reasons))


def _only(table: dict[str, Value], scores: dict[str, float]) -> dict[str, Value]:
    return {label: value for label, value in table.items() if label in scores}
