"""The statement of reasons that an author gets with a restriction."""

from stream_app.contracts.decision import Decision, StatementOfReasons
from stream_app.pipeline.policy import Policy


def statement_of(decision: Decision, kind: str, previous: Decision | None, policy: Policy) -> StatementOfReasons:
    """Fill the policy's texts in. No score and no threshold is told: they would teach how to pass."""
    texts = policy.statement
    label = policy.labels.get(decision.label) if decision.label else None
    facts = texts.facts["match" if _is_match(decision) else decision.decided_by]
    return StatementOfReasons(
        restriction=texts.restrictions[kind],
        ground=label.ground if label else texts.default_ground,
        facts=facts.replace("{title}", label.title if label else texts.default_title),
        automated_detection=was_found_by_machine(decision, previous),
        automated_decision=decision.decided_by == "worker",
        redress=texts.redress,
    )


def was_found_by_machine(decision: Decision, previous: Decision | None) -> bool:
    """Whether the worker restricted it, sent it to a person, or scored it as worth a look.

    Otherwise a person found what the machine had let pass: a report, or an audit.
    """
    if decision.decided_by == "worker":
        return True
    if previous is not None and previous.decided_by == "worker":
        return previous.verdict != "allow"
    return any(decision.scores.get(label, 0.0) >= review for label, (review, _) in decision.thresholds.items())


def _is_match(decision: Decision) -> bool:
    return decision.decided_by == "worker" and bool(decision.reasons) and decision.reasons[0].kind == "match"
