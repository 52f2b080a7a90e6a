from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.contracts.feedback import TrainingExample
from stream_app.pipeline.batch import Batch, limited, people_of


def example(number: int, weight: float, *people: str) -> TrainingExample:
    return TrainingExample(
        example_id=f"example-{number}", item_id=f"item-{number}", text="a text", language="en",
        labels={"toxicity": 1}, source="review", weight=weight, policy_version="1",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        lineage=(f"decision:{number}", f"label:{number}", *(f"reviewer:{person}" for person in people)),
    )  # fmt: skip


def shares(before: Sequence[TrainingExample], batch: Batch) -> dict[str, float]:
    """What each person's parts are of the whole, which must be the sum of all parts."""
    of: defaultdict[str, float] = defaultdict(float)
    unnamed = 0.0
    for each in before:
        people = people_of(each)
        unnamed += 0.0 if people else each.weight
        for person in people:
            of[person] += each.weight / len(people) * batch.limited.get(person, 1.0)
    whole = sum(each.weight for each in batch.examples)
    assert whole == pytest.approx(unnamed + sum(of.values()))
    return {person: weight / whole for person, weight in of.items()}


def crowd(count: int) -> list[TrainingExample]:
    return [example(number, 1.0, f"person-{number}") for number in range(count)]


def test_who_gave_most_labels_has_the_share_and_no_more_and_others_keep_theirs() -> None:
    busy = [example(1000 + number, 2.0, "busy") for number in range(500)]
    batch = limited([*crowd(200), *busy], 0.02)
    assert list(batch.limited) == ["busy"]
    assert (batch.share, batch.people) == (0.02, 201)
    assert shares([*crowd(200), *busy], batch)["busy"] == pytest.approx(0.02)
    assert batch.examples[:200] == tuple(crowd(200))
    assert [each.weight for each in batch.examples[200:]] == pytest.approx([200 / 49 / 500] * 500)


def test_a_batch_that_nobody_rules_is_left_as_it_is() -> None:
    batch = limited(crowd(200))
    assert batch.examples == tuple(crowd(200))
    assert batch.limited == {}


def test_a_label_of_several_counts_in_equal_parts_and_is_held_back_for_the_part_of_who_has_too_much() -> None:
    busy = [example(1000 + number, 2.0, "busy") for number in range(50)]
    joint = example(2000, 3.0, "busy", "person-1", "person-2")
    before = [*crowd(200), *busy, joint]
    batch = limited(before, 0.02)
    assert shares(before, batch)["busy"] == pytest.approx(0.02)
    assert 2.0 < batch.examples[-1].weight < 3.0


@pytest.mark.parametrize(("people", "share"), [(1, 1.0), (2, 1.0), (4, 0.5), (50, 0.04), (100, 0.02), (1000, 0.02)])
def test_of_few_people_each_may_have_twice_an_equal_share(people: int, share: float) -> None:
    assert limited(crowd(people), 0.02).share == pytest.approx(share)


def test_what_has_nobodys_name_on_it_counts_and_is_left_alone() -> None:
    known = [example(number, 1.0) for number in range(980)]
    before = [*known, *crowd(200), example(5000, 100.0, "busy")]
    batch = limited(before, 0.02)
    assert batch.examples[:980] == tuple(known)
    assert shares(before, batch)["busy"] == pytest.approx(0.02)


def test_nothing_makes_an_empty_batch_and_no_weight_is_no_share() -> None:
    assert limited([]) == Batch((), 0.02, 0, {})
    assert limited([example(1, 0.0, "a")]).examples == (example(1, 0.0, "a"),)


WEIGHTS = st.floats(0.0, 1e4).map(lambda weight: 0.0 if weight < 1e-3 else weight)
NAMES = st.lists(st.sampled_from("abcdefgh"), max_size=3, unique=True)


@given(st.lists(st.tuples(WEIGHTS, NAMES), max_size=60), st.floats(0.01, 1.0))
def test_nobody_ever_has_more_and_no_weight_ever_grows(made: Sequence[tuple[float, list[str]]], share: float) -> None:
    before = [example(number, weight, *people) for number, (weight, people) in enumerate(made)]
    batch = limited(before, share)
    assert [each.example_id for each in batch.examples] == [each.example_id for each in before]
    assert all(0 <= after.weight <= each.weight for each, after in zip(before, batch.examples, strict=True))
    if any(each.weight for each in before):
        found = shares(before, batch)
        assert all(part <= batch.share + 1e-9 for part in found.values())
        assert all(found[person] == pytest.approx(batch.share) for person in batch.limited)
        untouched = [
            (each, after) for each, after in zip(before, batch.examples, strict=True)
            if set(people_of(each)).isdisjoint(batch.limited)
        ]  # fmt: skip
        assert all(each == after for each, after in untouched)
