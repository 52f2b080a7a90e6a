"""Appeals come in, from the topic ``appeals`` and from the API."""

import re

import msgspec
from sqlalchemy import Connection, or_, select

from human_review.appeals import acted_on, opening
from human_review.appeals.given import mended, must_be_past
from human_review.database.rows import insert_new
from human_review.database.tables import appeals
from human_review.errors import Conflict, Invalid
from human_review.items import lock_item
from human_review.service import Service
from human_review.times import to_ms
from stream_app.contracts.codec import encode
from stream_app.contracts.content import MAX_ID_CHARS, MAX_TEXT_CHARS
from stream_app.contracts.review import Appeal

MAX_APPEAL_ID_CHARS = 64
MAX_STATEMENT_CHARS = 10_000
_ID = re.compile(rf"[A-Za-z0-9._:-]{{1,{MAX_APPEAL_ID_CHARS}}}")


def submit(connection: Connection, service: Service, appeal: Appeal) -> bool:
    """Take an appeal in; false where it was known already. It opens a task that only others can take.

    The decision comes with the appeal, or is one that this service has read (from ``decisions`` or in a task).
    Otherwise the appeal waits for it: nothing is lost, and ``human_review.appeals.statements.decided`` opens its
    task. Raises Invalid for what cannot be appealed: an erased item, a decision that restricts nothing or is older
    than ``appeals.window_days``. Raises Conflict for the id of another appeal, and for a second appeal against a
    decision.
    """
    _check(appeal)
    appeal = msgspec.structs.replace(appeal, item=mended(appeal.item))
    if lock_item(connection, appeal.item.item_id).erased:
        raise Invalid("the item was deleted; there is nothing left to decide on")
    if _is_known(connection, appeal):
        return False
    decision = appeal.decision or acted_on.find(connection, service, appeal.decision_id, appeal.item.item_id)
    if decision is not None:
        opening.open_task(connection, service, appeal, decision)
    item_id = appeal.item.item_id
    return insert_new(
        connection, appeals, appeal_id=appeal.appeal_id, item_id=item_id, decision_id=appeal.decision_id,
        task_id=opening.task_id_of(appeal.appeal_id), appealed_ms=to_ms(appeal.appealed_at),
        sealed_statement=service.sealer.seal(connection, item_id, encode(appeal)),
        state="waiting" if decision is None else "open",
    )  # fmt: skip


def _check(appeal: Appeal) -> None:
    if not _ID.fullmatch(appeal.appeal_id):
        raise Invalid(f"appeal_id must have 1 to {MAX_APPEAL_ID_CHARS} letters, digits or any of . _ : -")
    ids = {
        "decision_id": (appeal.decision_id, MAX_APPEAL_ID_CHARS),
        "item_id": (appeal.item.item_id, MAX_ID_CHARS),
    }
    for name, (value, most) in ids.items():
        if not 0 < len(value) <= most or not value.isprintable():
            raise Invalid(f"{name} must have 1 to {most} characters, all of them printable")
    if len(appeal.statement) > MAX_STATEMENT_CHARS or len(appeal.item.text) > MAX_TEXT_CHARS:
        raise Invalid(f"a statement has at most {MAX_STATEMENT_CHARS} characters, a text {MAX_TEXT_CHARS}")
    must_be_past("appealed_at", appeal.appealed_at)
    if appeal.decision is not None:
        must_be_past("decision.decided_at", appeal.decision.decided_at)
        if appeal.decision.decision_id != appeal.decision_id:
            raise Invalid("decision_id must be that of the decision that comes with the appeal")


def _is_known(connection: Connection, appeal: Appeal) -> bool:
    mine = (appeal.decision_id, appeal.item.item_id)
    rows = connection.execute(
        select(appeals.c.appeal_id, appeals.c.decision_id, appeals.c.item_id, appeals.c.state)
        .where(or_(appeals.c.appeal_id == appeal.appeal_id, appeals.c.decision_id == appeal.decision_id))
    ).all()  # fmt: skip
    for row in rows:
        if row.appeal_id == appeal.appeal_id and (row.decision_id, row.item_id) != mine:
            raise Conflict("this appeal_id belongs to an appeal against another decision; each needs its own")
        if row.appeal_id != appeal.appeal_id and row.state != "refused":
            raise Conflict("this decision has been appealed already; a decision can be appealed once")
    return any(row.appeal_id == appeal.appeal_id for row in rows)
