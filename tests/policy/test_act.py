"""From one effective decision to the next: what the platform must do, and whom it must ask."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from models.classifier import Hit
from models.text.normalized import NormalizedText
from stream_app.contracts.content import ContentItem
from stream_app.contracts.decision import Decision, Reason
from stream_app.contracts.ids import digest
from stream_app.contracts.origin import Origin
from stream_app.pipeline.act import act, review_task
from stream_app.pipeline.policy import Policy
from stream_app.pipeline.types import BankMatch

Build = Callable[..., Any]

ITEM = ContentItem(item_id="i1", text="hello there")
TEXT = NormalizedText("hello there")

STATES: dict[str, dict[str, Any]] = {
    "none": {},
    "allow": {"verdict": "allow"},
    "asked": {"verdict": "review", "label": "insult"},
    "held": {"verdict": "review", "label": "attack", "pending": "held"},
    "limit": {"verdict": "limit", "label": "insult"},
    "label": {"verdict": "limit", "label": "distress"},
    "remove": {"verdict": "remove", "label": "attack"},
}
# Each row: what was before; each column: what is now.
NOW_IS = ("allow", "asked", "held", "limit", "label", "remove")
TABLE = {
    "none": ("", "", "hold", "limit", "label", "remove"),
    "allow": ("", "", "hold", "limit", "label", "remove"),
    "asked": ("", "", "hold", "limit", "label", "remove"),
    "held": ("release", "release", "", "release limit", "release label", "remove"),
    "limit": ("restore", "restore", "hold", "", "restore label", "remove"),
    "label": ("restore", "restore", "hold", "restore limit", "", "remove"),
    "remove": ("restore", "restore", "hold", "restore limit", "restore label", ""),
}
EXPECTED = [
    (before, now, kinds.split()) for before, row in TABLE.items() for now, kinds in zip(NOW_IS, row, strict=True)
]


def state(decided: Build, name: str, **changes: Any) -> Decision | None:
    fields = dict(STATES[name])
    return decided(fields.pop("verdict"), **fields, **changes) if fields else None


@pytest.mark.parametrize(("before", "after", "kinds"), EXPECTED)
def test_every_transition(
    small: Policy, decided: Build, now: datetime, before: str, after: str, kinds: list[str]
) -> None:
    previous, decision = state(decided, before, decision_id="d1"), state(decided, after, decision_id="d2")
    assert decision is not None
    actions = act(decision, ITEM, previous, small, now=now)
    assert [action.kind for action in actions] == kinds
    for action in actions:
        assert action.action_id == digest("d2", action.kind)
        assert (action.decision_id, action.item_id) == ("d2", "i1")
        assert (action.statement is not None) == (action.kind in {"remove", "limit", "label"})


@pytest.mark.parametrize("name", NOW_IS)
def test_an_edit_of_a_restricted_item_is_restricted_again(
    small: Policy, decided: Build, now: datetime, name: str
) -> None:
    previous = state(decided, name, decision_id="d1", text_digest="old")
    decision = state(decided, name, decision_id="d2", text_digest="new")
    assert decision is not None
    kinds = [action.kind for action in act(decision, ITEM, previous, small, now=now)]
    assert kinds == ({"held": ["hold"], "allow": [], "asked": []}.get(name, [name]))


def test_a_decision_for_the_record_and_a_repeat_do_nothing(small: Policy, decided: Build, now: datetime) -> None:
    decision = decided("remove", label="attack")
    assert act(decided("remove", label="attack", for_the_record=True), ITEM, None, small, now=now) == ()
    assert act(decision, ITEM, decision, small, now=now) == ()


def test_a_ruling_beyond_the_label_s_own_action_is_named_after_its_verdict(
    small: Policy, decided: Build, now: datetime
) -> None:
    decision = decided("remove", label="insult", decided_by="reviewer", ruling_id="r")
    (action,) = act(decision, ITEM, None, small, now=now)
    assert (action.kind, action.expires_at) == ("remove", None)


def test_a_limit_ends_when_the_policy_says(small: Policy, decided: Build, now: datetime) -> None:
    (action,) = act(decided("limit", label="insult"), ITEM, None, small, now=now)
    assert action.expires_at == now + timedelta(hours=24)


class TestStatement:
    def test_the_machine_s_own_says_so_and_tells_no_score(self, small: Policy, decided: Build, now: datetime) -> None:
        (action,) = act(decided("remove", label="attack"), ITEM, None, small, now=now)
        statement = action.statement
        assert statement is not None
        assert (statement.restriction, statement.ground, statement.redress) == ("Not shown.", "Rule 2.", "Appeal.")
        assert statement.facts == "A check found attacks."
        assert (statement.automated_detection, statement.automated_decision) == (True, True)
        assert "0.5" not in repr(statement)

    @pytest.mark.parametrize(("previous", "found_by_machine"), [("review", True), ("remove", True), ("allow", False)])
    def test_a_person_s_says_who_found_it(
        self, small: Policy, decided: Build, now: datetime, previous: str, found_by_machine: bool
    ) -> None:
        decision = decided("limit", label="insult", decided_by="reviewer", ruling_id="r", decision_id="d2")
        action = act(decision, ITEM, decided(previous), small, now=now)[-1]
        assert action.statement is not None
        assert action.statement.facts == "A person found insults."
        assert not action.statement.automated_decision
        assert action.statement.automated_detection is found_by_machine

    def test_a_ruling_without_a_label_has_a_ground(self, small: Policy, decided: Build, now: datetime) -> None:
        decision = decided("remove", decided_by="appeal", ruling_id="r", scores={}, decision_id="d2")
        (action,) = act(decision, ITEM, None, small, now=now)
        assert action.statement is not None
        assert action.statement.ground == "The rules."
        assert action.statement.facts == "A second person found something against the rules."
        assert not action.statement.automated_detection

    def test_known_content_says_so(self, small: Policy, assess: Build, settle: Build, now: datetime) -> None:
        decision = settle(small, assess(match=BankMatch("b", "e", "attack", "remove")))
        (action,) = act(decision, ITEM, None, small, now=now)
        assert action.statement is not None
        assert action.statement.facts == "Known to be attacks."


class TestReviewTask:
    @pytest.fixture
    def ask(self, small: Policy, origin: Origin, now: datetime) -> Build:
        def run(
            decision: Decision, *, policy: Policy = small, item: ContentItem = ITEM, text: NormalizedText = TEXT
        ) -> Any:
            return review_task(decision, item, text, origin, policy, now=now)

        return run

    def test_an_unsure_decision_becomes_a_task(
        self, small: Policy, assess: Build, settle: Build, ask: Build, origin: Origin, now: datetime
    ) -> None:
        decision = settle(small, assess(insult=0.5))
        task = ask(decision, text=NormalizedText("y" * 5000))
        assert task.task_id == digest("task", decision.decision_id)
        assert (task.decision, task.item, task.origin) == (decision, ITEM, origin)
        assert (task.why, task.queue, task.sampling_probability) == ("unsure", "general", 1.0)
        assert task.priority == 0.6  # the base 0.2, and half of what is left to 1
        assert task.due_at == now + timedelta(minutes=60)
        assert len(task.folded_text) == 4000

    @pytest.mark.parametrize("scores", [{}, {"attack": 0.99}, {"insult": 0.99}])
    def test_what_was_decided_needs_nobody(
        self, small: Policy, assess: Build, settle: Build, ask: Build, scores: dict[str, float]
    ) -> None:
        assert ask(settle(small, assess(**scores))) is None

    def test_nothing_for_the_record_needs_anybody(
        self, small: Policy, assess: Build, settle: Build, ask: Build
    ) -> None:
        assert ask(settle(small, assess(insult=0.5), for_the_record=True)) is None

    def test_the_reason_why_is_named(self, small: Policy, assess: Build, settle: Build, ask: Build) -> None:
        outage = ask(settle(small, assess(scores={}, degraded="down")))
        assert (outage.why, outage.queue) == ("degraded", "general")
        assert ask(settle(small, assess(match=BankMatch("b", "e", "insult", "review")))).why == "variant"

    def test_an_audit_is_a_task_that_says_with_which_probability_it_was_drawn(
        self, policy_with: Build, assess: Build, settle: Build, ask: Build, now: datetime
    ) -> None:
        policy = policy_with(lambda content: content["sampling"].update(allow=0.9999, act=1))
        task = ask(settle(policy, assess()), policy=policy)
        assert (task.why, task.queue, task.priority) == ("sampled", "audit", 0.05)
        assert (task.decision.verdict, task.sampling_probability) == ("allow", 0.9999)
        assert task.due_at == now + timedelta(minutes=600)

    @pytest.mark.parametrize(
        ("region", "language", "queue"),
        [("br", "pt-BR", "lusophone"), ("PT", "pt", "general"), ("BR", "en", "general")],
    )
    def test_the_first_route_that_matches_names_the_queue(
        self, small: Policy, assess: Build, settle: Build, ask: Build, region: str, language: str, queue: str
    ) -> None:
        item = ContentItem(item_id="i1", text="hello there", region=region)
        decision = settle(small, assess(insult=0.5, language=language), item=item)
        assert ask(decision, item=item).queue == queue

    def test_a_task_without_a_label_has_a_queue_too(
        self, small: Policy, assess: Build, settle: Build, ask: Build, now: datetime
    ) -> None:
        task = ask(settle(small, assess(), flags=("cut",)))
        assert (task.queue, task.priority, task.due_at) == ("general", 0.4, now + timedelta(minutes=120))

    @pytest.mark.parametrize("scores", [{}, {"insult": 0.5}, {"attack": 0.99}, {"distress": 0.995}])
    def test_distress_reaches_the_people_for_it_whatever_else_decides(
        self, small: Policy, assess: Build, settle: Build, ask: Build, scores: dict[str, float]
    ) -> None:
        hits = () if "distress" in scores else (Hit("distress", "w1", 1, 0, 5),)
        decision = settle(small, assess(hits=hits, **scores))
        task = ask(decision)
        assert (task.queue, task.why, task.decision.verdict) == ("care", "unsure", decision.verdict)
        assert task.priority >= 0.9

    def test_a_ruling_on_distress_does_not_ask_again(self, decided: Build, ask: Build) -> None:
        reasons = (Reason(kind="rule", detail="ruling: distress"),)
        assert ask(decided("allow", label="distress", ruling_id="r", reasons=reasons)) is None


def test_in_the_shipped_policy_self_harm_goes_to_care_and_is_never_removed(shipped: Policy) -> None:
    label = shipped.labels["self_harm"]
    assert (label.action.verdict, label.action.kind) == ("limit", "label")
    assert label.always_reviewed
    assert set(label.on_hit) == {"review"}
