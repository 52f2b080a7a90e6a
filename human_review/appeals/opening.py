"""An appeal becomes a task, as soon as the decision that it is about is known."""

import unicodedata
from datetime import timedelta

from sqlalchemy import Connection, select, update

from human_review.appeals import acted_on
from human_review.database.engine import now_ms
from human_review.database.tables import appeals
from human_review.desk.intake import add_task
from human_review.desk.routing import APPEALS
from human_review.errors import Invalid
from human_review.service import Service
from human_review.times import at
from stream_app.contracts.codec import decode
from stream_app.contracts.content import ContentItem
from stream_app.contracts.decision import Decision
from stream_app.contracts.ids import digest
from stream_app.contracts.review import Appeal, Context, ReviewTask

_MAX_FOLDED_CHARS = 4000


def task_id_of(appeal_id: str) -> str:
    """The task that an appeal makes, or will make."""
    return digest("task", "appeal", appeal_id)


def open_task(connection: Connection, service: Service, appeal: Appeal, decision: Decision) -> None:
    """Open the task of an appeal. Raises Invalid where the decision was made too long ago, or restricts nothing."""
    rules = service.config.appeals
    check(service, appeal, decision)
    now = at(now_ms(connection))
    known = acted_on.latest_task(connection, service, appeal.item.item_id, decision.decision_id)
    task = ReviewTask(
        task_id=task_id_of(appeal.appeal_id),
        decision=decision,
        item=appeal.item,
        origin=decision.origin or appeal.origin,  # the worker read the item; a ruling must find its partition
        folded_text=known.folded_text if known else folded(appeal.item),
        context=known.context if known else Context(),
        queue=APPEALS,
        priority=rules.priority,
        why="appeal",
        due_at=min(appeal.appealed_at, now) + timedelta(hours=rules.due_hours),
    )
    add_task(connection, service, task, kind="appeal")


def check(service: Service, appeal: Appeal, decision: Decision) -> None:
    """Raise Invalid where the decision cannot be appealed (any more)."""
    if decision.item_id != appeal.item.item_id:
        raise Invalid("the decision is about another item; send the item_id of the decision that is appealed")
    if not acted_on.restricts(decision):
        raise Invalid("the decision restricts nothing; only limit and remove can be appealed")
    window = timedelta(days=service.config.appeals.window_days)
    if appeal.appealed_at - decision.decided_at > window:
        raise Invalid(f"the decision is too old; it could be appealed for {window.days} days")


def open_waiting(connection: Connection, service: Service, decision: Decision) -> int:
    """Open the tasks of appeals that waited for a decision; how many. What cannot be appealed is refused."""
    rows = connection.execute(
        select(appeals.c.appeal_id, appeals.c.item_id, appeals.c.sealed_statement)
        .where(
            appeals.c.decision_id == decision.decision_id, appeals.c.state == "waiting",
            appeals.c.sealed_statement.is_not(None),
        )
        .with_for_update()
    ).all()  # fmt: skip
    for row in rows:
        appeal = decode(service.sealer.open(connection, row.item_id, row.sealed_statement), Appeal)
        state = "open"
        try:
            open_task(connection, service, appeal, decision)
        except Invalid:
            state = "refused"
        connection.execute(update(appeals).where(appeals.c.appeal_id == row.appeal_id).values(state=state))
    return len(rows)


def folded(item: ContentItem) -> str:
    """A plain folding for texts that the worker's own is not known of."""
    return unicodedata.normalize("NFKC", item.text).casefold()[:_MAX_FOLDED_CHARS]
