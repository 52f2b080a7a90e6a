"""What tests of label quality are made with: people without passwords, answers without taking turns, golden items."""

import json

from sqlalchemy import Connection, insert, select, update

from human_review.database.engine import now_ms
from human_review.database.tables import answers, golden, seats, tasks, users
from human_review.desk.intake import add_task
from human_review.people.users import USER_COLUMNS, acting
from human_review.permissions import Actor, Role
from human_review.quality.golden import propose
from human_review.service import Service
from human_review.testing import make_review_task
from stream_app.config_files import shipped
from stream_app.contracts.ids import digest
from stream_app.contracts.review import ReviewTask


def make_actor(
    service: Service, name: str, role: Role = "reviewer", *, queues: tuple[str, ...] = ("*",),
    languages: tuple[str, ...] = ("*",),
) -> Actor:  # fmt: skip
    """Somebody with these rights, who cannot sign in."""
    with service.database.write() as connection:
        connection.execute(
            insert(users).values(
                user_id=f"id-{name}", name=name, role=role, pseudonym=f"p-{name}", queues=json.dumps(queues),
                languages=json.dumps(languages), created_ms=now_ms(connection),
            )
        )  # fmt: skip
        row = connection.execute(select(*USER_COLUMNS).where(users.c.name == name)).one()
    return acting(row, service.config)


def configured(*changes: tuple[str, str]) -> str:
    """The shipped review file with some of its text changed; each piece must be there."""
    text = shipped("review.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        if old not in text:
            raise ValueError(f"review.yaml does not hold {old!r}")
        text = text.replace(old, new)
    return text


def open_tasks(service: Service, *made: ReviewTask) -> None:
    """Take tasks in as the stream does."""
    with service.database.write() as connection:
        for task in made:
            add_task(connection, service, task)


def answer_directly(
    connection: Connection, task_id: str, user_id: str, verdict: str, labels: tuple[str, ...] = (),
    *, batch_id: str | None = None,
) -> None:  # fmt: skip
    """An answer as `desk.decide` writes it, from the lowest open seat, without settling the task."""
    seat = connection.execute(
        select(seats).where(seats.c.task_id == task_id, seats.c.state == "open").order_by(seats.c.number).limit(1)
    ).one()
    connection.execute(update(seats).where(seats.c.seat_id == seat.seat_id).values(state="answered", holder=user_id))
    connection.execute(
        insert(answers).values(
            label_id=digest("label", seat.seat_id, 1), task_id=task_id, seat_id=seat.seat_id, token=1,
            user_id=user_id, verdict=verdict, labels=json.dumps(labels),
            decided_ms=now_ms(connection), state="standing",
            saw_scores=True, batch_id=batch_id,
        )
    )  # fmt: skip


def close_directly(connection: Connection, task_id: str, verdict: str, *, why: str = "decided") -> None:
    """The task as it is once it is decided, or closed for another reason."""
    connection.execute(
        update(tasks).where(tasks.c.task_id == task_id)
        .values(state="closed", closed_why=why, closed_ms=now_ms(connection) - 60_000, verdict=verdict)
    )  # fmt: skip
    connection.execute(
        update(seats).where(seats.c.task_id == task_id, seats.c.state == "open").values(state="closed")
    )


def make_golden(service: Service, first: int, count: int, *, verdict: str = "remove", **over: object) -> list[str]:
    """Active golden items, each made of a task that was decided; ``over`` goes to `make_review_task`."""
    labels = () if verdict == "allow" else ("toxicity",)
    made = []
    for number in range(first, first + count):
        task = make_review_task(number, text=f"golden text {number}", **over)  # type: ignore[arg-type] # passed through
        open_tasks(service, task)
        with service.database.write() as connection:
            close_directly(connection, task.task_id, verdict)
            golden_id = propose(connection, service, task.task_id, verdict, labels, "lead")
            if golden_id is None:
                raise ValueError("that task gave a golden item already")
            connection.execute(update(golden).where(golden.c.golden_id == golden_id).values(state="active"))
            made.append(golden_id)
    return made
