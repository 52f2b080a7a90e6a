"""The statement of reasons as its author gets it (Regulation (EU) 2022/2065, Article 17), in the policy's words."""

from datetime import datetime

import msgspec
from sqlalchemy import select

from human_review.database.tables import statements
from human_review.errors import NotFound
from human_review.permissions import Actor
from human_review.review_file import Notices
from human_review.service import Service
from human_review.times import at
from stream_app.contracts.codec import decode
from stream_app.contracts.decision import StatementOfReasons


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What an author is told about one decision. ``text`` is all of it, to be shown as it stands."""

    decision_id: str
    item_id: str
    restriction: str
    ground: str
    facts: str
    automated_detection: bool
    automated_decision: bool
    redress: str
    applied_at: datetime
    expires_at: datetime | None
    text: str


def notice_of(service: Service, actor: Actor, decision_id: str) -> Notice:
    """The notice about a decision. Raises NotFound for one that restricted nothing, or that is not known."""
    actor.must("submit")
    with service.database.read() as connection:
        row = connection.execute(
            select(statements).where(statements.c.decision_id == decision_id)
            .order_by(statements.c.applied_ms, statements.c.action_id).limit(1)
        ).one_or_none()  # fmt: skip
    if row is None:
        raise NotFound("there is no statement of reasons about this decision")
    said = decode(row.statement.encode(), StatementOfReasons)
    expires_at = at(row.expires_ms) if row.expires_ms is not None else None
    return Notice(
        decision_id=decision_id, item_id=row.item_id, restriction=said.restriction, ground=said.ground,
        facts=said.facts, automated_detection=said.automated_detection, automated_decision=said.automated_decision,
        redress=said.redress, applied_at=at(row.applied_ms), expires_at=expires_at,
        text=as_text(said, expires_at, service.config.notices),
    )  # fmt: skip


def as_text(said: StatementOfReasons, expires_at: datetime | None, words: Notices) -> str:
    """What is told, in the order of Article 17(3): restriction, facts, automation, ground, redress."""
    parts = [
        said.restriction,
        words.until.replace("{date}", expires_at.date().isoformat()) if expires_at else "",
        said.facts,
        words.found_by_machine if said.automated_detection else words.found_by_person,
        words.decided_by_machine if said.automated_decision else words.decided_by_person,
        said.ground,
        said.redress,
    ]
    return "\n".join(part for part in parts if part)
