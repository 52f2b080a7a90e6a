"""What follows from what a person said, and what does not."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from human_review.testing import make_review_task
from stream_app.contracts.codec import decode, encode, schema_of
from stream_app.contracts.feedback import TrainingExample, example_id_of
from stream_app.contracts.ids import text_digest
from stream_app.contracts.review import AppealDecision, Erasure, ReviewDecision, ReviewTask, Ruling, Withdrawn
from stream_app.contracts.topics import RETRAINING, RULINGS
from stream_app.errors import BadMessage
from stream_app.pipeline.feedback import MAX_WEIGHT, Label, follow, read_label
from stream_app.pipeline.policy_file import load_policy
from stream_app.pipeline.rulings import apply_ruling

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SCORES = {"toxicity": 0.6, "hate": 0.9, "spam": 0.01}


def a_task(**over: Any) -> ReviewTask:
    task = make_review_task(**over)
    return msgspec.structs.replace(task, decision=msgspec.structs.replace(task.decision, scores=SCORES))


def a_label(verdict: str = "remove", labels: tuple[str, ...] = ("toxicity",), **over: Any) -> ReviewDecision:
    task = over.pop("task", None) or a_task(why=over.pop("why", "unsure"))
    fields: dict[str, Any] = {
        "label_id": "label-1", "final": True, "task": task, "item_id": task.item.item_id, "reviewer_id": "p-1",
        "verdict": verdict, "labels": labels, "decided_at": NOW, "policy_version": "1.1.0",
        "note": "a note that stays here",
    }  # fmt: skip
    return ReviewDecision(**(fields | over))


def an_appeal(outcome: str = "overturned", **over: Any) -> AppealDecision:
    task = over.pop("task", a_task(why="appeal"))
    fields: dict[str, Any] = {
        "appeal_id": "appeal-1", "decision_id": "decision-1", "item": a_task().item, "origin": a_task().origin,
        "outcome": outcome, "reviewer_id": "p-2", "decided_at": NOW, "task": task, "policy_version": "1.1.0",
    }  # fmt: skip
    return AppealDecision(**(fields | over))


def ruling_of(label: Label) -> Ruling | None:
    found = [decode(sent.value, Ruling) for sent in follow(label, 4) if sent.topic is RULINGS]
    assert len(found) <= 1
    return found[0] if found else None


def example_of(label: Label) -> TrainingExample | None:
    found = [sent for sent in follow(label, 4) if sent.topic is RETRAINING]
    assert len(found) == 1
    assert found[0].key == example_id_of("item-1")
    return decode(found[0].value, TrainingExample) if found[0].value is not None else None


def test_a_removal_becomes_a_ruling_on_the_decision_in_the_partition_of_its_content() -> None:
    label = a_label()
    [sent] = [sent for sent in follow(label, 4) if sent.topic is RULINGS]
    ruling = decode(sent.value, Ruling)
    assert (sent.partition, sent.key, sent.schema) == (label.task.origin.partition, "item-1", "Ruling.v1")
    assert (ruling.verdict, ruling.labels, ruling.decided_by) == ("remove", ("toxicity",), "reviewer")
    assert (ruling.supersedes, ruling.origin) == (label.task.decision.decision_id, label.task.origin)
    assert follow(label, 4) == follow(label, 4)
    assert ruling_of(a_label(label_id="label-2")).ruling_id != ruling.ruling_id  # type: ignore[union-attr] # there is one


def test_an_audit_that_finds_what_was_decided_needs_no_ruling() -> None:
    assert ruling_of(a_label("allow", (), why="sampled")) is None
    assert ruling_of(a_label("remove", why="sampled")) is not None
    # Whoever was asked gives an answer that stands, also where it is the verdict that was there.
    assert ruling_of(a_label("allow", (), why="report")) is not None


def test_an_audit_that_names_another_ground_or_replaces_a_label_needs_one() -> None:
    task = a_task(why="sampled")
    removed = msgspec.structs.replace(
        task, decision=msgspec.structs.replace(task.decision, verdict="remove", label="toxicity")
    )
    assert ruling_of(a_label("remove", ("toxicity", "hate"), task=removed)) is None
    assert ruling_of(a_label("remove", ("spam",), task=removed)) is not None
    assert ruling_of(a_label("remove", ("toxicity",), task=removed, replaces="label-0")) is not None


def test_one_voice_of_several_leads_to_nothing() -> None:
    assert follow(a_label(final=False), 4) == []


def a_withdrawal(label: ReviewDecision, **over: Any) -> ReviewDecision:
    """What the review service sends where a label that was sent is taken back."""
    said = Withdrawn(final=label.final, verdict=label.verdict, labels=label.labels, replaces=label.replaces)
    fields: dict[str, Any] = {
        "label_id": f"withdrawal of {label.label_id}", "final": False, "replaces": label.label_id, "withdrawn": said,
        "verdict": "review", "labels": (), "weight": 0.0, "note": "",
    }  # fmt: skip
    return msgspec.structs.replace(label, **(fields | over))


def test_a_label_that_is_taken_back_leaves_the_item_waiting_and_teaches_nothing() -> None:
    label = a_label("remove", ("hate",))
    back = a_withdrawal(label)
    ruling = ruling_of(back)
    assert ruling is not None
    assert (ruling.verdict, ruling.labels, ruling.decided_by) == ("review", ("toxicity",), "reviewer")
    assert (ruling.supersedes, ruling.origin) == (label.task.decision.decision_id, label.task.origin)
    assert ruling.why == "label label-1 was taken back"
    assert example_of(back) is None
    assert follow(back, 4) == follow(decode(encode(back), ReviewDecision), 4)


def test_the_item_of_a_withdrawn_label_waits_as_its_policy_says_until_the_next_answer_rules() -> None:
    label, policy = a_label("remove", ("hate",)), load_policy(None)
    worker = label.task.decision
    effective, seen = worker, []
    for number, each in enumerate(
        (label, a_withdrawal(label), a_label("allow", (), label_id="b", replaces="label-1"))
    ):
        ruling = ruling_of(each)
        assert ruling is not None
        effective = apply_ruling(ruling, effective, policy, now=NOW, latency_ms=number)
        seen.append((effective.verdict, effective.pending, effective.for_the_record))
    waits = policy.labels["toxicity"].pending
    assert seen == [("remove", "visible", False), ("review", waits, False), ("allow", "visible", False)]


def test_an_appeal_that_was_decided_since_outlives_a_label_that_is_taken_back() -> None:
    label, policy = a_label("remove", ("hate",)), load_policy(None)
    effective = label.task.decision
    appeal = an_appeal(verdict="allow", decision_id=effective.decision_id)
    for each in (label, appeal, a_withdrawal(label)):
        ruling = ruling_of(each)
        assert ruling is not None
        last = apply_ruling(ruling, effective, policy, now=NOW, latency_ms=0.0)
        effective = effective if last.for_the_record else last
    assert (effective.verdict, effective.decided_by) == ("allow", "appeal")


def test_one_voice_of_several_that_is_taken_back_leads_to_nothing() -> None:
    assert follow(a_withdrawal(a_label(final=False)), 4) == []


def test_an_audit_that_had_changed_nothing_and_is_taken_back_changes_nothing() -> None:
    confirmed = a_withdrawal(a_label("allow", (), why="sampled"))
    assert ruling_of(confirmed) is None
    assert example_of(confirmed) is None
    assert ruling_of(a_withdrawal(a_label("remove", why="sampled"))) is not None
    assert ruling_of(a_withdrawal(a_label("allow", (), why="sampled", replaces="label-0"))) is not None


def test_restricting_says_that_the_named_labels_hold_and_nothing_of_others() -> None:
    example = example_of(a_label("remove", ("hate", "threat")))
    assert example is not None
    assert example.labels == {"toxicity": None, "hate": 1, "spam": None, "threat": 1}


def test_allowing_says_of_every_scored_label_that_it_does_not_hold() -> None:
    example = example_of(a_label("allow", ()))
    assert example is not None
    assert example.labels == {"toxicity": 0, "hate": 0, "spam": 0}
    named = example_of(a_label("allow", ("toxicity",)))
    assert named is not None
    assert named.labels == {"toxicity": None, "hate": 0, "spam": 0}


def test_an_example_says_where_it_comes_from_and_holds_no_note() -> None:
    label = a_label(answers=("label-7", "label-8"), replaces="label-0")
    example = example_of(label)
    assert example is not None
    assert (example.item_id, example.text, example.language) == ("item-1", label.task.item.text, "en")
    assert (example.source, example.policy_version) == ("review", "1.1.0")
    assert example.artifacts == label.task.decision.artifacts
    assert example.lineage == (
        f"decision:{label.task.decision.decision_id}", f"task:{label.task.task_id}", "label:label-1", "label:label-7",
        "label:label-8", "reviewer:p-1", "replaces:label-0",
    )  # fmt: skip
    assert all(b"a note" not in (sent.value or b"") for sent in follow(label, 4))


def test_the_example_of_a_panel_names_each_person_in_place_of_the_panel() -> None:
    example = example_of(a_label(reviewer_id="panel", answers=("label-7", "label-8"), reviewers=("p-1", "p-2")))
    assert example is not None
    assert [each for each in example.lineage if each.startswith("reviewer:")] == ["reviewer:p-1", "reviewer:p-2"]


@pytest.mark.parametrize(
    ("weight", "probability", "expected"), [(0.8, 1.0, 0.8), (0.8, 0.05, 16.0), (0.9, 0.002, MAX_WEIGHT), (0, 0.1, 0)]
)
def test_the_weight_is_trust_divided_by_the_probability_and_cut(
    weight: float, probability: float, expected: float
) -> None:
    example = example_of(a_label(weight=weight, sampling_probability=probability))
    assert example is not None
    assert example.weight == pytest.approx(expected)
    assert example.sampling_probability == probability


def test_the_example_of_an_item_has_one_id_whoever_labels_it_and_however_often() -> None:
    assert example_of(a_label()) is not None
    assert example_of(a_label("allow", (), label_id="label-2", replaces="label-1")) is not None
    assert example_of(an_appeal()) is not None


def test_a_label_that_teaches_nothing_erases_what_an_earlier_one_taught() -> None:
    assert example_of(a_label("remove", ())) is None


def test_an_appeal_that_is_overturned_becomes_a_ruling_of_its_own_standing() -> None:
    appeal = an_appeal(verdict="allow")
    ruling = ruling_of(appeal)
    assert ruling is not None
    assert (ruling.decided_by, ruling.verdict, ruling.supersedes) == ("appeal", "allow", "decision-1")
    example = example_of(appeal)
    assert example is not None
    assert (example.source, example.labels["toxicity"]) == ("appeal", 0)


def test_an_appeal_that_is_upheld_teaches_and_changes_nothing() -> None:
    appeal = an_appeal("upheld", verdict="remove", labels=("toxicity",))
    assert ruling_of(appeal) is None
    example = example_of(appeal)
    assert example is not None
    assert example.labels["toxicity"] == 1


def test_an_appeal_without_its_task_leads_to_a_ruling_alone() -> None:
    assert [sent.topic for sent in follow(an_appeal(task=None), 4)] == [RULINGS]


def test_an_erasure_erases_the_example_of_its_item() -> None:
    [sent] = follow(Erasure(item_id="item-1", erased_at=NOW), 4)
    assert (sent.topic, sent.key, sent.value) == (RETRAINING, example_id_of("item-1"), None)


@pytest.mark.parametrize(
    "label",
    [
        a_label("review", ()),
        a_label(item_id="item-2"),
        a_label(decided_at=datetime(2026, 1, 2)),  # noqa: DTZ001 - a time without an offset is what is refused
        a_label(weight=-1.0),
        a_label(sampling_probability=0.0),
        a_label(task=a_task(item_id="item-1", number=3)),
        a_withdrawal(a_label(), verdict="allow"),
        a_withdrawal(a_label(), final=True),
        a_withdrawal(a_label(), replaces=None),
        a_withdrawal(a_label(), item_id="item-2"),
    ],
)
def test_a_label_that_contradicts_itself_is_refused(label: ReviewDecision) -> None:
    partitions = 3 if label.task.origin.partition == 3 else 4
    with pytest.raises(BadMessage) as caught:
        follow(label, partitions)
    assert caught.value.reason == "schema"


def test_a_label_is_known_by_its_header() -> None:
    for message in (a_label(), an_appeal(), Erasure(item_id="item-1", erased_at=NOW)):
        headers = [("traceparent", b"00"), ("weir-schema", schema_of(type(message)).encode())]
        assert read_label(encode(message), headers) == message
    for headers in ([], [("weir-schema", b"Decision.v1")]):
        with pytest.raises(BadMessage) as caught:
            read_label(encode(a_label()), headers)
        assert caught.value.reason == "version"
    with pytest.raises(BadMessage):
        read_label(None, [("weir-schema", b"ReviewDecision.v1")])


def test_a_ruling_that_can_name_no_decision_names_the_text() -> None:
    task = a_task(why="report")
    unknown = msgspec.structs.replace(task, decision=msgspec.structs.replace(task.decision, decision_id=""))
    ruling = ruling_of(a_label(task=unknown))
    assert ruling is not None
    assert (ruling.supersedes, ruling.text_digest) == (None, text_digest(task.item.text))
    known = ruling_of(a_label(task=task))
    assert known is not None
    assert known.text_digest is None


def test_an_appeal_that_is_called_like_a_label_makes_a_ruling_of_its_own() -> None:
    rulings = [ruling_of(a_label(label_id="same")), ruling_of(an_appeal(appeal_id="same"))]
    assert len({ruling.ruling_id for ruling in rulings if ruling is not None}) == 2
