import json
from collections.abc import Callable

import pytest

from human_review.database.tables import answers, audit, exposures, outbox, seats, tasks
from human_review.desk.answer import MAX_NOTE_CHARS, Answer
from human_review.desk.decide import decide
from human_review.desk.take import take
from human_review.errors import AlreadyDecided, Conflict, Forbidden, Invalid, LeaseLost
from human_review.outbox import put
from human_review.permissions import Actor
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_desk import ALLOW, NO_GOLDEN, PLAIN, REMOVE, TWO_ANSWERS, rows_of, waiting, with_less
from human_review.testing_quality import configured, make_actor, open_tasks
from stream_app.contracts.content import Deletion
from stream_app.contracts.ids import digest
from stream_app.contracts.topics import REVIEW_LABELS


@pytest.fixture
def plain(new_service: Callable[..., Service]) -> Service:
    return new_service(config=PLAIN)


def hold(service: Service, actor: Actor) -> tuple[str, int]:
    card = take(service, actor)
    assert card is not None
    return card.seat_id, card.token


def test_all_that_an_answer_causes_is_written_at_once(plain: Service) -> None:
    task = make_review_task(1, sampling_probability=0.5)
    open_tasks(plain, task)
    ann = make_actor(plain, "ann")
    given = decide(plain, ann, *hold(plain, ann), Answer(verdict="remove", labels=("toxicity",), note="canary"))
    [label] = waiting(plain)
    [answer] = rows_of(plain, answers)
    [message] = rows_of(plain, outbox)
    [row] = rows_of(plain, tasks)
    assert (label.label_id, label.final, label.reviewer_id, label.task) == (given.label_id, True, "p-ann", task)
    assert (label.verdict, label.labels, label.note) == ("remove", ("toxicity",), "canary")
    assert (label.sampling_probability, label.policy_version, label.answers) == (0.5, "1.1.0", ())
    assert 0.0 < label.weight <= 1.0
    assert label.weight == answer.weight
    assert (message.topic, message.key, message.not_before_ms) == ("review-labels", "item-1", given.undo_until_ms)
    assert given.undo_until_ms == answer.decided_ms + 10_000
    assert (row.state, row.closed_why, row.verdict, row.final_label_id) == (
        "closed", "decided", "remove", given.label_id,
    )  # fmt: skip
    assert [seat.state for seat in rows_of(plain, seats)] == ["answered"]
    assert [(row.shown, row.seconds) for row in rows_of(plain, exposures)] == [(1, 0.0), (0, 0.0)]
    facts = json.loads(rows_of(plain, audit, act="decide")[0].facts)
    assert (facts["label"], facts["verdict"]) == (given.label_id, "remove")
    assert b"canary" not in answer.sealed_note + message.value


def test_a_double_submit_is_one_answer(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann = make_actor(plain, "ann")
    held = hold(plain, ann)
    first = decide(plain, ann, *held, REMOVE)
    assert decide(plain, ann, *held, REMOVE) == first
    with pytest.raises(AlreadyDecided, match="undo"):
        decide(plain, ann, *held, ALLOW)
    assert len(waiting(plain)) == len(rows_of(plain, answers)) == 1


def test_nobody_answers_with_somebody_elses_lease(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann, bob = make_actor(plain, "ann"), make_actor(plain, "bob")
    seat, token = hold(plain, ann)
    for actor, wrong in ((bob, token), (ann, token + 1), (ann, token - 1)):
        with pytest.raises(LeaseLost):
            decide(plain, actor, seat, wrong, ALLOW)
    with pytest.raises(LeaseLost):
        decide(plain, ann, "no such seat", token, ALLOW)
    assert rows_of(plain, answers) == rows_of(plain, outbox) == []


def test_rights_that_were_taken_away_count_at_once(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann = make_actor(plain, "ann")
    held = hold(plain, ann)
    for less in with_less(ann):
        with pytest.raises(Forbidden):
            decide(plain, less, *held, ALLOW)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(verdict="review"), Answer(verdict="remove"), Answer(verdict="limit", labels=("unheard-of",)),
        Answer(verdict="allow", labels=("spam",)), Answer(verdict="allow", note="x" * (MAX_NOTE_CHARS + 1)),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(service: Service, answer: Answer) -> None:
    with pytest.raises(Invalid):
        decide(service, Actor("id", "p", "reviewer"), "seat", 1, answer)


def test_an_odd_answer_is_tidied(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann = make_actor(plain, "ann")
    odd = Answer(verdict="limit", labels=("toxicity", "hate", "hate"), note="a\ud800b", seconds=float("nan"))
    decide(plain, ann, *hold(plain, ann), odd)
    [label] = waiting(plain)
    assert (label.labels, label.note, label.seconds_spent) == (("hate", "toxicity"), "a?b", 0.0)


def test_two_people_are_summed_up_by_a_panel(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(TWO_ANSWERS, NO_GOLDEN))
    open_tasks(service, make_review_task(1))
    ann, bob = make_actor(service, "ann"), make_actor(service, "bob")
    first = decide(service, ann, *hold(service, ann), REMOVE)
    assert not first.final
    assert rows_of(service, tasks)[0].state == "open"
    second = decide(service, bob, *hold(service, bob), REMOVE)
    assert second.final
    one, two, panel = waiting(service)
    assert [one.final, two.final, panel.final] == [False, False, True]
    assert (panel.reviewer_id, panel.verdict, panel.labels) == ("panel", "remove", ("toxicity",))
    assert dict(zip(panel.answers, panel.reviewers, strict=True)) == {
        first.label_id: "p-ann", second.label_id: "p-bob",
    }  # fmt: skip
    assert one.reviewers == two.reviewers == ()
    assert 0.95 <= panel.weight <= 1.0
    assert rows_of(service, tasks)[0].final_label_id == panel.label_id


def test_people_who_disagree_are_joined_by_a_third(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(TWO_ANSWERS, NO_GOLDEN))
    open_tasks(service, make_review_task(1))
    people = [make_actor(service, name) for name in ("ann", "bob", "eve")]
    given = [
        decide(service, person, *hold(service, person), answer)
        for person, answer in zip(people, (REMOVE, ALLOW, REMOVE), strict=True)
    ]
    assert [each.final for each in given] == [False, False, True]
    panel = waiting(service)[-1]
    assert (panel.verdict, set(panel.answers)) == ("remove", {each.label_id for each in given})
    assert len(rows_of(service, seats)) == 3


def test_a_task_that_was_closed_meanwhile_takes_no_answer(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann = make_actor(plain, "ann")
    held = hold(plain, ann)
    with plain.database.write() as connection:
        connection.execute(tasks.update().values(state="closed", closed_why="superseded"))
    with pytest.raises(Conflict, match="superseded"):
        decide(plain, ann, *held, ALLOW)


def test_an_answer_whose_label_cannot_be_put_into_the_outbox_does_not_count(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann = make_actor(plain, "ann")
    seat, token = hold(plain, ann)
    with plain.database.write() as connection:
        put(connection, plain, message_id=digest("label", seat, token), topic=REVIEW_LABELS, key="k", item_id=None,
            message=Deletion(item_id="another"))  # fmt: skip
    with pytest.raises(RuntimeError, match="outbox"):
        decide(plain, ann, seat, token, ALLOW)
    assert rows_of(plain, answers) == []
