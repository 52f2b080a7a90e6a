"""What a person sees of a task.

Of a blind task, whatever could lean on the answer is not there at all: `Card.aids` is unset, and absent from the
JSON.
Nothing on a card tells a golden task or a second answer from any other.
"""

import json
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import Connection, Row, func, select

from human_review.database.tables import IS_OPEN, answers, seats, tasks, users
from human_review.desk.context import around
from human_review.people.users import USER_COLUMNS, actor_of
from human_review.service import Service
from human_review.times import at
from stream_app.contracts.codec import decode
from stream_app.contracts.decision import Reason
from stream_app.contracts.review import Context, ReviewTask

_LANGUAGE_CHARS = 35  # as many as the table of tasks keeps


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier final label of the same item."""

    verdict: str
    labels: tuple[str, ...]
    reviewer: str
    decided_at: datetime
    note: str = ""


class Aids(msgspec.Struct, frozen=True, kw_only=True):
    """What the machine and others said. ``severity`` is the harm of the label, 0 to 1; spans are those of reasons."""

    why: str
    label: str | None
    severity: float
    verdict: str
    scores: dict[str, float]
    thresholds: dict[str, tuple[float, float]]
    reasons: tuple[Reason, ...]
    level: str
    artifacts: dict[str, str]
    variant_of: str | None
    campaign_id: str | None
    degraded: bool
    pending: str
    earlier: tuple[Earlier, ...] = ()


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A task in the hands of a person.

    ``token`` goes with every call about the seat. ``group`` is how many open tasks belong together, this one
    included; how many of them the person can decide at once, `human_review.desk.groups` says. ``tier`` and
    ``metadata`` are what the platform said of the item.
    """

    seat_id: str
    token: int
    task_id: str
    lease_until: datetime
    lease_seconds: float
    heartbeat_seconds: float
    appeal: bool
    escalated: bool
    blind: bool
    queue: str
    language: str
    surface: str
    due_at: datetime
    policy_version: str
    item_id: str
    text: str
    folded_text: str
    author_id: str | None
    region: str | None
    created_at: datetime | None
    parent_id: str | None
    thread_id: str | None
    tier: str | None
    metadata: tuple[tuple[str, str], ...]
    parent_text: str | None
    thread: tuple[str, ...]
    author_history: tuple[str, ...]
    group: int = 1
    aids: Aids | UnsetType = UNSET


def card_of(connection: Connection, service: Service, seat_id: str) -> Card:
    """The card of a leased seat. Raises NotFound where the item was erased."""
    row = connection.execute(_CARD.where(seats.c.seat_id == seat_id)).one()
    task = open_task(connection, service, row)
    item, context = task.item, _context(connection, service, row, task)
    return Card(
        seat_id=seat_id, token=row.token, task_id=row.task_id, lease_until=at(row.lease_until_ms),
        lease_seconds=service.config.lease.seconds, heartbeat_seconds=service.config.lease.heartbeat_seconds,
        appeal=row.kind == "appeal", escalated=row.tier > 0, blind=row.blind, queue=row.queue,
        language=language_of(task), surface=row.surface, due_at=at(row.due_ms), policy_version=row.policy_version,
        item_id=row.item_id, text=item.text, folded_text=task.folded_text, author_id=item.author_id,
        region=item.region, created_at=item.created_at, parent_id=item.parent_id, thread_id=item.thread_id,
        tier=item.tier, metadata=tuple(item.metadata.items()), parent_text=context.parent_text, thread=context.thread,
        author_history=context.author_history, group=_group_size(connection, row, service.config.groups.most),
        aids=UNSET if row.blind else _aids(connection, service, row, task),
    )  # fmt: skip


def open_task(connection: Connection, service: Service, row: Row[Any]) -> ReviewTask:
    """The task of a row that has item_id and sealed. Raises NotFound where the item was erased."""
    return decode(service.sealer.open(connection, row.item_id, row.sealed), ReviewTask)


def language_of(task: ReviewTask) -> str:
    """The language as it was given, as far as it is kept; rights go by how `human_review.permissions` spells it."""
    return task.decision.language.replace("\x00", "")[:_LANGUAGE_CHARS]


_CARD = select(tasks, seats.c.token, seats.c.lease_until_ms, seats.c.queue, seats.c.holder).join(
    seats, seats.c.task_id == tasks.c.task_id
)


def _context(connection: Connection, service: Service, row: Row[Any], task: ReviewTask) -> Context:
    """What surrounds the item, as far as the one who holds the seat may see it."""
    holder = connection.execute(select(*USER_COLUMNS).where(users.c.user_id == row.holder)).one_or_none()
    return around(connection, service, actor_of(holder), row, task) if holder else task.context


def _aids(connection: Connection, service: Service, row: Row[Any], task: ReviewTask) -> Aids:
    decision = task.decision
    return Aids(
        why=row.why, label=row.label, severity=row.severity, verdict=decision.verdict, scores=decision.scores,
        thresholds=decision.thresholds, reasons=decision.reasons, level=decision.level, artifacts=decision.artifacts,
        variant_of=decision.variant_of, campaign_id=decision.campaign_id, degraded=decision.degraded,
        pending=decision.pending, earlier=_earlier(connection, service, row),
    )  # fmt: skip


def _earlier(connection: Connection, service: Service, row: Row[Any]) -> tuple[Earlier, ...]:
    """The latest labels that other tasks of the item ended with. A golden task has none: they would tell its own."""
    if row.kind == "golden":
        return ()
    found = connection.execute(
        select(
            answers.c.verdict, answers.c.labels, answers.c.decided_ms, answers.c.sealed_note, users.c.pseudonym,
            tasks.c.item_id,
        )
        .join(tasks, tasks.c.task_id == answers.c.task_id)
        .join(users, users.c.user_id == answers.c.user_id)
        .where(
            tasks.c.item_id == row.item_id, tasks.c.task_id != row.task_id, tasks.c.kind != "golden",
            answers.c.state == "standing",
            tasks.c.state == "closed",  # of others nobody may know yet: a second answer is given blind
        )
        .order_by(answers.c.decided_ms.desc())
        .limit(10)
    )  # fmt: skip
    return tuple(
        Earlier(
            verdict=row.verdict, labels=tuple(json.loads(row.labels)), reviewer=row.pseudonym,
            decided_at=at(row.decided_ms), note=_note(connection, service, row.item_id, row.sealed_note),
        )
        for row in found
    )  # fmt: skip


def _note(connection: Connection, service: Service, item_id: str, sealed: bytes | None) -> str:
    return service.sealer.open(connection, item_id, sealed).decode() if sealed is not None else ""


def _group_size(connection: Connection, row: Row[Any], most: int) -> int:
    """How many open tasks belong together with a task, itself included; 1 for those that are decided one by one."""
    if row.group_key is None or row.blind or row.kind != "review" or row.wanted > 1:
        return 1
    alike = select(tasks.c.task_id).where(
        tasks.c.group_key == row.group_key, IS_OPEN, tasks.c.kind == "review", ~tasks.c.blind
    ).limit(most)  # fmt: skip
    return connection.execute(select(func.count()).select_from(alike.subquery())).scalar_one()
