from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest

from human_review.database.tables import items, seats, tasks
from human_review.desk.intake import add_task
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_desk import NO_GOLDEN, ONE_ANSWER, PLAIN, TWO_ANSWERS, rows_of
from human_review.testing_quality import configured
from stream_app.contracts.codec import decode, encode
from stream_app.contracts.review import ReviewTask


@pytest.fixture
def plain(new_service: Callable[..., Service]) -> Service:
    return new_service(config=PLAIN)


def add(service: Service, task: ReviewTask, kind: str = "review") -> bool:
    with service.database.write() as connection:
        return add_task(connection, service, task, kind=kind)


def test_a_task_is_taken_in_once(plain: Service) -> None:
    assert add(plain, make_review_task(1))
    assert not add(plain, make_review_task(1, priority=0.9))
    [task] = rows_of(plain, tasks)
    [seat] = rows_of(plain, seats)
    assert (task.state, task.kind, task.wanted, seat.state, seat.token) == ("open", "review", 1, "open", 0)
    assert (seat.task_id, seat.queue, seat.language, seat.rank_ms) == (
        task.task_id, task.queue, task.language, task.rank_ms,
    )  # fmt: skip


def test_what_a_task_says_is_kept_sealed_and_whole(plain: Service) -> None:
    task = make_review_task(1, text="a canary sings")
    add(plain, task)
    [row] = rows_of(plain, tasks)
    assert b"canary" not in row.sealed
    with plain.database.read() as connection:
        assert decode(plain.sealer.open(connection, "item-1", row.sealed), ReviewTask) == task


def test_harm_and_age_rank_a_task(plain: Service) -> None:
    calm, grave = make_review_task(1, label="spam"), make_review_task(2, label="threat", queue="general")
    late = make_review_task(3, label="spam", due=timedelta(days=-1))
    for task in (calm, grave, late):
        add(plain, task)
    rows = {row.task_id: row for row in rows_of(plain, tasks)}
    ranked = sorted((calm, grave, late), key=lambda task: rows[task.task_id].rank_ms)
    assert ranked == [late, grave, calm]
    assert rows[grave.task_id].priority == pytest.approx(0.9 * 0.5)
    assert rows[grave.task_id].severity == 0.9


def test_a_grave_label_is_routed_to_the_urgent_queue(plain: Service) -> None:
    add(plain, make_review_task(1, label="self_harm"))
    assert {row.queue for row in rows_of(plain, tasks) + rows_of(plain, seats)} == {"urgent"}


def test_a_share_of_tasks_wants_two_people_and_hides_scores_from_both(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(TWO_ANSWERS, NO_GOLDEN))
    add(service, make_review_task(1))
    [task] = rows_of(service, tasks)
    assert (task.wanted, task.paired, task.blind) == (2, True, True)
    assert {seat.number for seat in rows_of(service, seats)} == {1, 2}


def test_the_draw_for_a_second_answer_is_by_the_label_and_the_same_again(new_service: Callable[..., Service]) -> None:
    half = ("second_share: 0.05\n  labels: {self_harm: 0.2, threat: 0.2}", "second_share: 0.0\n  labels: {spam: 0.5}")
    service = new_service(config=configured(half, NO_GOLDEN))
    for number in range(60):
        add(service, make_review_task(number, label="spam"))
        add(service, make_review_task(100 + number, label="toxicity"))
    wanted = [row.wanted for row in rows_of(service, tasks, label="spam")]
    assert 10 < wanted.count(2) < 50
    assert {row.wanted for row in rows_of(service, tasks, label="toxicity")} == {1}
    again = {row.task_id: service.chance("second answer", row.task_id) < 0.5 for row in rows_of(service, tasks)}
    assert all((row.wanted == 2) == again[row.task_id] for row in rows_of(service, tasks, label="spam"))
    assert all(row.paired == again[row.task_id] for row in rows_of(service, tasks, label="spam"))


def test_sampled_tasks_are_blind_and_keep_their_probability(plain: Service) -> None:
    add(plain, make_review_task(1, why="sampled", sampling_probability=0.01))
    [task] = rows_of(plain, tasks)
    assert (task.blind, task.sampling_probability, task.wanted) == (True, 0.01, 1)


@pytest.mark.parametrize("kind", ["appeal", "golden"])
def test_appeals_want_one_answer_and_belong_to_no_group(new_service: Callable[..., Service], kind: str) -> None:
    service = new_service(config=configured(TWO_ANSWERS, NO_GOLDEN))
    add(service, make_review_task(1), kind=kind)
    [task] = rows_of(service, tasks)
    assert (task.wanted, task.paired, task.group_key, task.kind) == (1, False, None, kind)
    assert [seat.kind for seat in rows_of(service, seats)] == [kind]


def test_the_campaign_groups_before_the_variant_before_the_text(plain: Service) -> None:
    def grouped(number: int, text: str, **of_decision: str) -> str | None:
        task = make_review_task(number, text=text)
        decision = msgspec.structs.replace(task.decision, **of_decision)
        add(plain, msgspec.structs.replace(task, decision=decision))
        [row] = rows_of(plain, tasks, task_id=task.task_id)
        key: str | None = row.group_key
        return key

    same = "buy my fine donkeys"
    assert grouped(1, same) == grouped(2, same) != grouped(3, "buy my other donkeys")
    assert grouped(4, same, variant_of="v1") == grouped(5, "something else", variant_of="v1") != grouped(6, same)
    assert grouped(7, same, variant_of="v1", campaign_id="c1") == grouped(8, "and more", campaign_id="c1")
    assert grouped(9, "v1", variant_of="v1") != grouped(10, "v1", campaign_id="v1")


@pytest.mark.parametrize("text", ["", "short text", " " * 40])
def test_texts_that_are_equal_by_chance_make_no_group(plain: Service, text: str) -> None:
    add(plain, make_review_task(1, text=text))
    assert rows_of(plain, tasks)[0].group_key is None


def test_a_group_key_is_keyed_by_the_service(plain: Service, new_service: Callable[..., Service]) -> None:
    other = new_service(config=configured(ONE_ANSWER))
    for service in (plain, other):
        add(service, make_review_task(1))
    assert rows_of(plain, tasks)[0].group_key != rows_of(other, tasks)[0].group_key


def test_words_that_the_database_cannot_hold_are_cut(plain: Service) -> None:
    task = make_review_task(1)
    item = msgspec.structs.replace(task.item, surface="s\x00" * 200)
    decision = msgspec.structs.replace(task.decision, language="l" * 99, policy_version="p\x00" * 99)
    assert add(plain, msgspec.structs.replace(task, item=item, decision=decision, queue="q\x00" * 99))
    [row] = rows_of(plain, tasks)
    assert (row.surface, row.language, row.queue) == ("s" * 64, "l" * 35, "q" * 99)


def test_a_task_of_a_text_that_was_edited_since_is_not_opened(plain: Service) -> None:
    old, new = make_review_task(4, item_id="a"), make_review_task(8, item_id="a", text="you are a horse")
    with plain.database.write() as connection:
        add_task(connection, plain, new)
        connection.execute(items.update().values(origin=encode(new.origin).decode()))
    assert not add(plain, old)
    assert add(plain, old, kind="appeal")
