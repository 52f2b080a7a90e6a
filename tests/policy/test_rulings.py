"""Verdicts from outside, turned into the worker's decisions."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from stream_app.contracts.decision import Decision
from stream_app.contracts.ids import digest
from stream_app.contracts.review import Ruling
from stream_app.pipeline.policy import Policy
from stream_app.pipeline.rulings import apply_ruling

Build = Callable[..., Any]


@pytest.fixture
def rule(small: Policy, now: datetime) -> Build:
    def run(ruling: Ruling, effective: Decision | None) -> Decision:
        return apply_ruling(ruling, effective, small, now=now + timedelta(hours=1), latency_ms=7.0)

    return run


def test_a_ruling_supersedes_and_carries_what_is_known_of_the_text(
    small: Policy, rule: Build, rule_on: Build, decided: Build, now: datetime
) -> None:
    worker = decided("review", item_version=4, language="pt", pending="held", degraded=True)
    decision = rule(rule_on(supersedes=worker.decision_id), worker)
    assert (decision.verdict, decision.label, decision.level) == ("remove", "attack", "ruling")
    assert (decision.supersedes, decision.ruling_id, decision.decided_by) == ("d-review", "r1", "reviewer")
    assert (decision.scores, decision.thresholds, decision.costs) == (worker.scores, worker.thresholds, worker.costs)
    assert (decision.text_digest, decision.based_on, decision.item_version) == ("t1", "d-review", 4)
    assert (decision.language, decision.artifacts) == ("pt", worker.artifacts)
    assert (decision.pending, decision.degraded, decision.for_the_record) == ("visible", False, False)
    assert (decision.decided_at, decision.latency_ms) == (now + timedelta(hours=1), 7.0)
    assert [(reason.kind, reason.detail) for reason in decision.reasons] == [("rule", "ruling: seen")]
    pairs = [("linear", "1")]
    assert decision.decision_id == digest("i1", "t1", small.version, pairs, "d-review", "r1")


@pytest.mark.parametrize("supersedes", [None, "d-review"])
def test_a_ruling_on_the_effective_decision_or_on_none_applies(
    rule: Build, rule_on: Build, decided: Build, supersedes: str | None
) -> None:
    assert not rule(rule_on(supersedes=supersedes), decided("review")).for_the_record


def test_a_repeat_changes_nothing(rule: Build, rule_on: Build, decided: Build) -> None:
    first = rule(rule_on(supersedes="d-review"), decided("review"))
    assert rule(rule_on(supersedes="d-review"), first) is first


def test_a_second_ruling_on_the_same_text_applies_and_stays_based_on_the_worker(
    rule: Build, rule_on: Build, decided: Build
) -> None:
    first = rule(rule_on(supersedes="d-review"), decided("review"))
    second = rule(rule_on(ruling_id="r2", verdict="allow", supersedes="d-review"), first)
    assert (second.verdict, second.for_the_record) == ("allow", False)
    assert (second.supersedes, second.based_on) == (first.decision_id, "d-review")


def test_an_appeal_after_a_ruling_applies_whichever_of_the_two_it_names(
    rule: Build, rule_on: Build, decided: Build
) -> None:
    first = rule(rule_on(supersedes="d-review"), decided("review"))
    for supersedes in (first.decision_id, "d-review"):
        appeal = rule_on(ruling_id="r2", verdict="allow", decided_by="appeal", supersedes=supersedes)
        decision = rule(appeal, first)
        assert (decision.verdict, decision.decided_by, decision.for_the_record) == ("allow", "appeal", False)


def test_an_appeal_against_a_ruling_that_was_ruled_on_again_still_applies(
    rule: Build, rule_on: Build, decided: Build
) -> None:
    first = rule(rule_on(supersedes="d-review"), decided("review"))
    second = rule(rule_on(ruling_id="r2", verdict="limit", supersedes=first.decision_id), first)
    appeal = rule_on(ruling_id="r3", verdict="allow", decided_by="appeal", supersedes=first.decision_id)
    assert not rule(appeal, second).for_the_record


@pytest.mark.parametrize(
    ("effective_by", "ruled_by", "applies"),
    [
        ("appeal", "reviewer", False),
        ("appeal", "worker", False),
        ("reviewer", "worker", False),
        ("reviewer", "reviewer", True),
        ("reviewer", "appeal", True),
        ("appeal", "appeal", True),
    ],
)
def test_a_late_look_at_the_worker_s_decision_does_not_undo_a_higher_instance(
    rule: Build, rule_on: Build, decided: Build, effective_by: str, ruled_by: str, applies: bool
) -> None:
    standing = rule(rule_on(decided_by=effective_by, verdict="allow", supersedes="d-remove"), decided("remove"))
    late = rule(rule_on(ruling_id="r2", decided_by=ruled_by, supersedes="d-remove"), standing)
    assert late.for_the_record is not applies
    seen = rule(rule_on(ruling_id="r3", decided_by=ruled_by, supersedes=standing.decision_id), standing)
    assert not seen.for_the_record


def test_a_ruling_on_a_text_that_was_edited_since_is_kept_for_the_record(
    rule: Build, rule_on: Build, decided: Build
) -> None:
    edited = decided("allow", decision_id="d9", based_on="d9", supersedes="d-review", text_digest="t2")
    decision = rule(rule_on(supersedes="d-review"), edited)
    assert decision.for_the_record
    assert (decision.supersedes, decision.text_digest, decision.scores) == ("d-review", "", {})
    assert decision.based_on == decision.decision_id
    assert (decision.verdict, decision.label, decision.ruling_id) == ("remove", "attack", "r1")


def test_a_ruling_applies_where_the_decision_is_not_known_any_more(rule: Build, rule_on: Build) -> None:
    decision = rule(rule_on(supersedes="d-gone"), None)
    assert not decision.for_the_record
    assert (decision.text_digest, decision.based_on) == ("", decision.decision_id)
    assert (decision.supersedes, decision.language) == ("d-gone", "und")
    second = rule(rule_on(ruling_id="r2", verdict="allow", supersedes="d-gone"), decision)
    assert not second.for_the_record


def test_without_labels_the_effective_label_stays(rule: Build, rule_on: Build, decided: Build) -> None:
    assert rule(rule_on(labels=()), decided("review", label="insult")).label == "insult"
    assert rule(rule_on(labels=()), None).label is None


@pytest.mark.parametrize(
    ("before", "pending", "label", "expected"),
    [
        ("review", "held", "insult", "held"),
        ("review", "visible", "attack", "visible"),
        ("allow", "visible", "attack", "held"),
        ("allow", "visible", "unheard-of", "visible"),
    ],
)
def test_asking_again_keeps_an_item_as_it_waits(
    rule: Build, rule_on: Build, decided: Build, before: str, pending: str, label: str, expected: str
) -> None:
    ruling = rule_on(verdict="review", labels=(label,))
    assert rule(ruling, decided(before, pending=pending)).pending == expected


def test_the_same_ruling_gives_the_same_decision(rule: Build, rule_on: Build, decided: Build) -> None:
    assert rule(rule_on(), decided("review")) == rule(rule_on(), decided("review"))


@pytest.mark.parametrize(("looked_at", "applies"), [("t1", True), ("t2", False), (None, True)])
def test_a_ruling_that_names_no_decision_applies_to_the_text_that_was_looked_at(
    rule: Build, rule_on: Build, decided: Build, looked_at: str | None, applies: bool
) -> None:
    decision = rule(rule_on(supersedes=None, text_digest=looked_at), decided("review", text_digest="t1"))
    assert decision.for_the_record is not applies


def test_a_ruling_says_which_text_it_is_on_where_no_decision_is_known(rule: Build, rule_on: Build) -> None:
    first = rule(rule_on(supersedes=None, text_digest="t1"), None)
    assert first.text_digest == "t1"
    second = rule(rule_on(ruling_id="r2", verdict="allow", supersedes=None, text_digest="t1"), first)
    assert (second.verdict, second.for_the_record) == ("allow", False)
