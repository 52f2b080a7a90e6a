"""A label that was sent is taken back: a message says so at once, and nothing holds until somebody answers again.

The message names the label in ``replaces`` and carries no verdict of its own. Its id follows from the label's, so
that a label is withdrawn once. The next answer replaces the label itself: whoever counts final labels that no other
replaces finds none meanwhile, and one afterwards.
"""

import json
from typing import Any

from sqlalchemy import Connection, Row, exists, select

from human_review import outbox
from human_review.database.engine import now_ms
from human_review.database.tables import tasks, users
from human_review.desk.cards import open_task
from human_review.desk.emit import PANEL, withdraw_final
from human_review.errors import Conflict
from human_review.service import Service
from human_review.times import at
from human_review.webhooks.events import LABEL_WITHDRAWN, announce
from stream_app.contracts.ids import digest
from stream_app.contracts.review import ReviewDecision, Withdrawn
from stream_app.contracts.topics import REVIEW_LABELS


def withdraw_voice(connection: Connection, service: Service, task: Row[Any], answer: Row[Any]) -> None:
    """Say that one answer of several holds no longer."""
    said = Withdrawn(
        final=False, verdict=answer.verdict, labels=tuple(json.loads(answer.labels)), replaces=answer.replaces
    )  # fmt: skip
    _send(connection, service, task, answer.label_id, _pseudonym(connection, answer), said)


def withdraw_verdict(connection: Connection, service: Service, task: Row[Any], answer: Row[Any]) -> None:
    """Say that a task's final label, which counts on an answer, holds no longer.

    Raises Conflict where the item was decided again since: that verdict stands, and its example with it.
    """
    if _is_decided_again(connection, task):
        raise Conflict("the item was decided again since, by an appeal or on a newer text; that verdict stands")
    own = task.final_label_id == answer.label_id
    said = Withdrawn(
        final=True, verdict=task.verdict, labels=tuple(json.loads(task.verdict_labels)), replaces=task.last_label_id
    )  # fmt: skip
    _send(connection, service, task, task.final_label_id, _pseudonym(connection, answer) if own else PANEL, said)
    withdraw_final(connection, task)
    announce(
        connection, service, LABEL_WITHDRAWN, label_id=task.final_label_id, task_id=task.task_id, item_id=task.item_id
    )  # fmt: skip


def _send(
    connection: Connection, service: Service, task: Row[Any], label_id: str, reviewer: str, said: Withdrawn
) -> None:
    about = open_task(connection, service, task)
    message = ReviewDecision(
        label_id=digest("withdrawal", label_id), final=False, replaces=label_id, withdrawn=said, task=about,
        item_id=task.item_id, reviewer_id=reviewer, verdict="review", weight=0.0,
        sampling_probability=task.sampling_probability, decided_at=at(now_ms(connection)),
        policy_version=about.decision.policy_version,
    )  # fmt: skip
    outbox.put_new(
        connection, service, message_id=message.label_id, topic=REVIEW_LABELS, key=task.item_id, message=message,
        item_id=task.item_id,
    )  # fmt: skip


def _is_decided_again(connection: Connection, task: Row[Any]) -> bool:
    later = exists().where(
        tasks.c.item_id == task.item_id, tasks.c.task_id != task.task_id, tasks.c.kind.in_(("review", "appeal")),
        tasks.c.closed_why == "decided", tasks.c.closed_ms > task.closed_ms,
    )  # fmt: skip
    return bool(connection.execute(select(later)).scalar())


def _pseudonym(connection: Connection, answer: Row[Any]) -> str:
    return str(connection.execute(select(users.c.pseudonym).where(users.c.user_id == answer.user_id)).scalar_one())
