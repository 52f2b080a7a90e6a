"""What the page of the desk is drawn from."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import UNSET
from sqlalchemy import ColumnElement, Connection, and_, func, select

from human_review.database.engine import now_ms
from human_review.database.tables import answers, reports, seats
from human_review.desk.cards import Card
from human_review.desk.take import look
from human_review.errors import Forbidden, LeaseLost, NotFound
from human_review.people import preferences
from human_review.permissions import Actor
from human_review.service import Service
from human_review.web import keys
from human_review.web.text import show


@dataclass(frozen=True, slots=True)
class Done:
    """What was decided last, with how it can be taken back; ``seconds_left`` until it leaves this service."""

    state: str
    verdict: str
    labels: tuple[str, ...]
    count: int
    seconds_left: float
    undo_address: str

    @property
    def undoable(self) -> bool:
        """Whether it stands; after its time it is replaced instead of taken back."""
        return self.state == "standing"


@dataclass(frozen=True, slots=True)
class Draft:
    """What was in the form before it could not be taken. It is of this seat's task, and is shown with no other."""

    seat_id: str = ""
    verdict: str = ""
    labels: tuple[str, ...] = ()
    note: str = ""


def held(service: Service, actor: Actor) -> Card | None:
    """The card that the person holds now, the latest first; None where they hold nothing. Changes nothing."""
    with service.database.read() as connection:
        mine = and_(
            seats.c.holder == actor.user_id, seats.c.state == "leased", seats.c.lease_until_ms > now_ms(connection)
        )
        query = select(seats.c.seat_id, seats.c.token).where(mine).order_by(seats.c.lease_until_ms.desc()).limit(1)
        row = connection.execute(query).one_or_none()
    try:
        return look(service, actor, row.seat_id, row.token) if row else None
    except (LeaseLost, NotFound, Forbidden):  # rights that were taken away end what is in hand
        return None


def done(service: Service, actor: Actor, label_id: str) -> Done | None:
    """What an own answer has come to; None where there is no such answer."""
    return _done(service, actor, answers.c.label_id == label_id, f"/work/labels/{label_id}/undo")


def done_group(service: Service, actor: Actor, batch_id: str) -> Done | None:
    """What own answers to a group have come to."""
    return _done(service, actor, answers.c.batch_id == batch_id, f"/work/groups/{batch_id}/undo")


def context(
    service: Service, actor: Actor, card: Card | None, *, given: Draft | None = None, **more: Any
) -> dict[str, Any]:
    """Everything that the templates of the desk need."""
    with service.database.read() as connection:
        chosen = preferences.of(connection, service, actor.user_id)
        now = now_ms(connection)
        count = _reports(connection, card)
    mine = keys.keys_of(service.config, chosen.keys)
    base: dict[str, Any] = {
        "card": card, "preferences": chosen, "keys": mine, "labels": service.config.labels, "reports": count,
        "skip_reasons": service.config.skip_reasons, "given": _of_same(card, given), "statement": None, "done": None,
        "did": "", "problem": "", "looked": False, "pressed": lambda action: keys.pressed(action, mine),
        "due_seconds": 0.0, "lease_left_ms": 0, "shown": None,
    }  # fmt: skip
    return base | (_of_card(card, now) if card else {}) | more


def _of_same(card: Card | None, given: Draft | None) -> Draft:
    """The draft, unless the card is another one by now: with two windows open, what is in hand can change."""
    return given if card is not None and given is not None and given.seat_id == card.seat_id else Draft()


def _of_card(card: Card, now: int) -> dict[str, Any]:
    spans = () if card.aids is UNSET else [span for reason in card.aids.reasons for span in reason.spans]
    return {
        "shown": show(card.text, spans),
        "due_seconds": _ms(card.due_at) / 1000 - now / 1000,
        "lease_left_ms": max(0, _ms(card.lease_until) - now),
    }


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _reports(connection: Connection, card: Card | None) -> int:
    """How many reports count for the item; none are told of a blind task."""
    if card is None or card.blind:
        return 0
    counted = and_(reports.c.item_id == card.item_id, reports.c.counted)
    return int(connection.execute(select(func.count()).select_from(reports).where(counted)).scalar_one())


def _done(service: Service, actor: Actor, which: ColumnElement[bool], address: str) -> Done | None:
    with service.database.read() as connection:
        rows = connection.execute(
            select(answers.c.state, answers.c.verdict, answers.c.labels, answers.c.decided_ms)
            .where(which, answers.c.user_id == actor.user_id)
        ).all()  # fmt: skip
        now = now_ms(connection)
    if not rows:
        return None
    standing = next((row for row in rows if row.state == "standing"), rows[0])
    left = (standing.decided_ms - now) / 1000 + service.config.undo_seconds
    return Done(
        standing.state, standing.verdict, tuple(json.loads(standing.labels)), len(rows), max(0.0, left), address
    )
