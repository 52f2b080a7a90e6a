import time
from collections.abc import Callable

import msgspec
import pytest

from human_review.appeals.appeals import submit
from human_review.database.tables import answers, appeals, golden, items, outbox, seats, tasks
from human_review.desk.answer import Answer
from human_review.desk.decide import decide
from human_review.desk.intake import add_task, erase, supersede
from human_review.desk.take import look, take
from human_review.desk.traces import checkpoint
from human_review.errors import AlreadyDecided, NotFound
from human_review.permissions import Actor
from human_review.service import Service
from human_review.testing import Postgres, make_review_task
from human_review.testing_desk import ALLOW, NO_GOLDEN, PLAIN, REMOVE, TWO_ANSWERS, rows_of, waiting
from human_review.testing_quality import configured, make_actor, make_golden, open_tasks
from stream_app.contracts.decision import Decision
from stream_app.contracts.ids import text_digest
from stream_app.contracts.review import Appeal, ReviewTask

LOG = "pg_wal"  # of PostgreSQL, which keeps its segments for as long as it was told to
CANARY = "zwitscherndekanarie"


@pytest.fixture
def plain(new_service: Callable[..., Service]) -> Service:
    return new_service(config=PLAIN)


def hold(service: Service, actor: Actor) -> tuple[str, int]:
    card = take(service, actor)
    assert card is not None
    return card.seat_id, card.token


def decided_anew(task: ReviewTask, **over: object) -> Decision:
    origin = msgspec.structs.replace(task.origin, offset=task.origin.offset + 10)
    return msgspec.structs.replace(task.decision, **({"decision_id": "newer", "origin": origin} | over))


def close_for(service: Service, decision: Decision) -> int:
    with service.database.write() as connection:
        return supersede(connection, service, decision)


def erase_item(service: Service, item_id: str) -> None:
    with service.database.write() as connection:
        erase(connection, service, item_id)
    assert checkpoint(service)


def reported(task: ReviewTask) -> ReviewTask:
    """The task of a report whose decision is not known."""
    unknown = msgspec.structs.replace(task.decision, decision_id="")
    return msgspec.structs.replace(task, why="report", decision=unknown)


def test_a_newer_decision_closes_the_open_tasks_of_its_item(plain: Service) -> None:
    task = make_review_task(1)
    open_tasks(plain, task, make_review_task(2))
    ann = make_actor(plain, "ann")
    held = hold(plain, ann)
    mine = rows_of(plain, seats, seat_id=held[0])[0].task_id
    assert close_for(plain, decided_anew(task)) + close_for(plain, decided_anew(make_review_task(2))) == 2
    assert {(row.state, row.closed_why) for row in rows_of(plain, tasks)} == {("closed", "superseded")}
    assert {row.state for row in rows_of(plain, seats)} == {"closed"}
    with pytest.raises(AlreadyDecided, match="superseded"):
        decide(plain, ann, *held, ALLOW)
    assert take(plain, ann) is None
    assert mine in {row.task_id for row in rows_of(plain, tasks)}


@pytest.mark.parametrize(
    "over",
    [
        {"decision_id": None},
        {"ruling_id": "r", "decided_by": "reviewer"},
        {"ruling_id": "r", "decided_by": "appeal"},
        {"for_the_record": True},
    ],
)
def test_the_same_decision_a_ruling_and_one_for_the_record_close_nothing(
    plain: Service, over: dict[str, object]
) -> None:
    task = make_review_task(1)
    open_tasks(plain, task)
    if "decision_id" in over:
        over = {"decision_id": task.decision.decision_id}
    assert close_for(plain, decided_anew(task, **over)) == 0
    assert rows_of(plain, tasks)[0].state == "open"


def test_an_older_decision_that_arrives_late_changes_nothing(plain: Service) -> None:
    task = make_review_task(8)
    open_tasks(plain, task)
    close_for(plain, task.decision)
    origin = msgspec.structs.replace(task.origin, offset=1)
    assert close_for(plain, decided_anew(task, origin=origin)) == 0
    assert rows_of(plain, items)[0].decision_id == task.decision.decision_id


def test_a_task_that_comes_after_the_decision_that_superseded_it_is_not_opened(plain: Service) -> None:
    task = make_review_task(1)
    close_for(plain, decided_anew(task))
    open_tasks(plain, task)
    assert rows_of(plain, tasks) == []


def test_appeals_and_golden_tasks_outlive_a_newer_decision(plain: Service) -> None:
    task = make_review_task(1)
    with plain.database.write() as connection:
        for kind in ("appeal", "golden"):
            add_task(connection, plain, msgspec.structs.replace(task, task_id=kind), kind=kind)
    assert close_for(plain, decided_anew(task)) == 0


def test_a_deleted_item_is_closed_for_everybody(plain: Service) -> None:
    task = make_review_task(1)
    open_tasks(plain, task)
    ann = make_actor(plain, "ann")
    held = hold(plain, ann)
    erase_item(plain, "item-1")
    assert [(row.state, row.closed_why, row.sealed) for row in rows_of(plain, tasks)] == [("closed", "deleted", None)]
    with pytest.raises(AlreadyDecided, match="deleted"):
        decide(plain, ann, *held, ALLOW)
    open_tasks(plain, msgspec.structs.replace(task, task_id="later"))
    assert len(rows_of(plain, tasks)) == 1


def test_an_item_that_was_deleted_before_its_task_came_is_never_shown(plain: Service) -> None:
    erase_item(plain, "item-1")
    open_tasks(plain, make_review_task(1))
    assert rows_of(plain, tasks) == []


def test_whoever_looks_at_this_moment_is_told(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann = make_actor(plain, "ann")
    held = hold(plain, ann)
    with plain.database.write() as connection:
        connection.execute(items.update().values(erased_ms=1, wrapped_key=None))
    with pytest.raises(NotFound):
        look(plain, ann, *held)


def fill(service: Service) -> bytes:
    """An item with the canary in everything that can hold content; its sealed key."""
    task = make_review_task(1, text=f"{CANARY} in the text")
    item = msgspec.structs.replace(task.item, author_id=f"author {CANARY}")
    task = msgspec.structs.replace(task, item=item)
    open_tasks(service, task)
    ann = make_actor(service, "ann")
    decide(service, ann, *hold(service, ann), Answer(verdict="remove", labels=("spam",), note=f"note {CANARY}"))
    decision = msgspec.structs.replace(task.decision, verdict="remove", decision_id="restricts")
    appeal = Appeal(appeal_id="a", decision_id="restricts", item=item, origin=task.origin, decision=decision,
                    statement=f"but {CANARY}!", appealed_at=decision.decided_at)  # fmt: skip
    with service.database.write() as connection:
        submit(connection, service, appeal)
    return bytes(rows_of(service, items)[0].wrapped_key)


def files_of(service: Service, request: pytest.FixtureRequest, *, but: str = "") -> bytes:
    """Every byte of the database's files, but for those in a folder of that name."""
    if service.database.is_sqlite:
        folder, names = service.settings.data_dir, "review/review.db*"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        with service.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("CHECKPOINT")
        folder, names = server.folder, "data/**/*"
    wanted = (path for path in sorted(folder.glob(names)) if path.is_file() and but not in path.parts)
    return b"".join(path.read_bytes() for path in wanted)


def test_no_content_is_in_any_byte_of_the_database(plain: Service, request: pytest.FixtureRequest) -> None:
    key = fill(plain)
    kept = files_of(plain, request)
    assert CANARY.encode() not in kept
    assert b"item-1" in kept
    assert key in kept
    erase_item(plain, "item-1")
    assert CANARY.encode() not in files_of(plain, request)
    kept = files_of(plain, request, but=LOG)
    assert b"item-1" in kept
    assert key not in kept


def test_no_sample_of_a_key_is_kept_for_the_planner(plain: Service, request: pytest.FixtureRequest) -> None:
    if plain.database.is_sqlite:
        return  # it keeps none of columns without an index
    keys = [fill(plain)]
    open_tasks(plain, *(make_review_task(number) for number in range(2, 200)))
    with plain.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE items")
    keys += [bytes(row.wrapped_key) for row in rows_of(plain, items)]
    for number in range(1, 200):
        with plain.database.write() as connection:
            erase(connection, plain, f"item-{number}")
    assert checkpoint(plain)
    kept = files_of(plain, request, but=LOG)
    assert [key for key in keys if key in kept] == []


def test_erasing_blanks_all_that_was_sealed(plain: Service) -> None:
    make_golden(plain, 1, 1)
    fill_key = rows_of(plain, items)[0].wrapped_key
    assert fill_key is not None
    fill(plain)
    erase_item(plain, "item-1")
    item = rows_of(plain, items)[0]
    assert (item.wrapped_key, item.erased_ms is not None) == (None, True)
    assert [row.sealed_note for row in rows_of(plain, answers)] == [None]
    assert {(row.sealed, row.group_key) for row in rows_of(plain, tasks)} == {(None, None)}
    assert {(row.sealed_statement, row.sealed_reply) for row in rows_of(plain, appeals)} == {(None, None)}
    assert {(row.sealed, row.state) for row in rows_of(plain, golden)} == {(None, "retired")}
    assert {row.value for row in rows_of(plain, outbox, item_id="item-1")} == {None}


def test_other_items_keep_what_they_have(plain: Service) -> None:
    open_tasks(plain, make_review_task(1), make_review_task(2))
    erase_item(plain, "item-1")
    assert [row.state for row in rows_of(plain, tasks, item_id="item-2")] == ["open"]
    card = take(plain, make_actor(plain, "ann"))
    assert card is not None
    assert card.text == "you are a donkey"


def test_a_label_that_was_not_sent_goes_with_its_item(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(TWO_ANSWERS, NO_GOLDEN))
    open_tasks(service, make_review_task(1))
    for name in ("ann", "bob"):
        actor = make_actor(service, name)
        decide(service, actor, *hold(service, actor), REMOVE)
    assert len(waiting(service)) == 3
    with service.database.write() as connection:
        assert erase(connection, service, "item-1").messages == 3
    assert waiting(service) == []


def test_a_report_s_task_is_closed_by_a_decision_on_another_text_alone(plain: Service) -> None:
    task = reported(make_review_task(1))
    open_tasks(plain, task)
    assert close_for(plain, decided_anew(task)) == 0
    assert close_for(plain, decided_anew(task, text_digest="")) == 0  # a decision that does not say on which text
    assert close_for(plain, decided_anew(task, text_digest=text_digest("an edited text"))) == 1
    assert rows_of(plain, tasks)[0].closed_why == "superseded"


def test_what_tells_texts_apart_is_no_name_that_can_be_found_by_trying_and_goes_with_the_item(plain: Service) -> None:
    task = reported(make_review_task(1))
    open_tasks(plain, task)
    assert rows_of(plain, tasks)[0].text_digest not in {None, text_digest(task.item.text)}
    erase_item(plain, "item-1")
    assert rows_of(plain, tasks)[0].text_digest is None


def test_an_allowed_item_of_which_nothing_is_known_leaves_no_row(plain: Service) -> None:
    task = make_review_task(1)
    assert close_for(plain, decided_anew(task, verdict="allow")) == 0
    assert rows_of(plain, items) == []
    assert close_for(plain, decided_anew(task, verdict="allow", sampling_probability=0.002)) == 0  # its task follows
    assert [row.verdict for row in rows_of(plain, items)] == ["allow"]


def test_an_allowed_item_that_was_known_is_noted_as_allowed(plain: Service) -> None:
    close_for(plain, decided_anew(make_review_task(1), verdict="remove"))
    origin = msgspec.structs.replace(make_review_task(1).origin, offset=99)
    close_for(plain, decided_anew(make_review_task(1), verdict="allow", origin=origin))
    assert [row.verdict for row in rows_of(plain, items)] == ["allow"]


def test_a_checkpoint_does_not_wait_for_readers_and_holds_nobody_up(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    with plain.database.read() as reader:
        reader.execute(items.select()).all()
        open_tasks(plain, make_review_task(2))
        began = time.monotonic()
        assert not checkpoint(plain)
        assert time.monotonic() - began < 5  # SQLite's own patience is 20 s
    assert checkpoint(plain)
