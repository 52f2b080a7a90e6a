"""Tasks come in: routed, ranked, sealed, and opened for as many people as they want."""

from sqlalchemy import Connection, insert

from human_review.database.engine import now_ms
from human_review.database.rows import insert_new
from human_review.database.tables import seats, tasks
from human_review.desk.closing import Erased, erase, supersede, take_over, text_key
from human_review.desk.context import author_key, thread_key
from human_review.desk.routing import Place, queue_of, severity_of
from human_review.items import lock_item
from human_review.permissions import spelled
from human_review.service import Service
from human_review.times import to_ms
from human_review.urgency import rank_ms
from stream_app.contracts.codec import encode
from stream_app.contracts.ids import digest, text_digest
from stream_app.contracts.review import ReviewTask

__all__ = ("Erased", "add_task", "erase", "lock_item", "supersede")

_LEAST_GROUP_CHARS = 12  # shorter texts are equal by chance


def add_task(connection: Connection, service: Service, task: ReviewTask, *, kind: str = "review") -> bool:
    """Open a task; false where it is known already, its item was erased or its text has been edited since.

    ``kind`` is ``review``, ``appeal`` or ``golden``. The same task twice changes nothing.
    """
    item = lock_item(connection, task.item.item_id)
    late = kind == "review" and item.origin is not None and task.origin.is_before(item.origin)
    if item.erased or late:
        return False
    place = _place(task, service)
    paired = kind == "review" and _is_paired(task.task_id, place.label, service)
    wanted = 2 if paired else 1
    harm = place.severity * task.priority
    values = {
        "task_id": task.task_id, "kind": kind, "queue": queue_of(place, service.config), "language": place.language,
        "rank_ms": rank_ms(to_ms(task.due_at), harm, service.config.queues.half_life_minutes),
    }  # fmt: skip
    new = insert_new(
        connection, tasks, **values, item_id=task.item.item_id, decision_id=task.decision.decision_id, why=task.why,
        label=place.label, surface=place.surface, severity=place.severity, priority=harm, due_ms=to_ms(task.due_at),
        created_ms=now_ms(connection), sampling_probability=task.sampling_probability,
        policy_version=_plain(task.decision.policy_version, 100), wanted=wanted, paired=paired,
        machine_verdict=task.decision.verdict,
        group_key=_group_key(task, service) if kind == "review" else None,
        text_digest=None if task.decision.decision_id else text_key(service, text_digest(task.item.text)),
        author_key=author_key(service, task.item), thread_key=thread_key(service, task.item),
        blind=_blind(task, kind, service, paired=paired),
    )  # fmt: skip
    if new:
        sealed = service.sealer.seal(connection, task.item.item_id, encode(task))
        connection.execute(tasks.update().where(tasks.c.task_id == task.task_id).values(sealed=sealed))
        connection.execute(insert(seats), [
            {**values, "seat_id": digest("seat", task.task_id, number), "number": number}
            for number in range(1, wanted + 1)
        ])  # fmt: skip
        if kind == "review" and task.why != "report":
            take_over(connection, service, task)
    return new


def _place(task: ReviewTask, service: Service) -> Place:
    label = _plain(task.decision.label, 64) if task.decision.label else None
    return Place(
        queue=_plain(task.queue, 100), label=label, language=spelled(_plain(task.decision.language, 35)),
        surface=_plain(task.item.surface, 64), why=task.why, severity=severity_of(label, service.config),
    )  # fmt: skip


def _plain(word: str, most: int) -> str:
    """A word that fits its column; PostgreSQL keeps no null characters."""
    return word.replace("\x00", "")[:most]


def _is_paired(task_id: str, label: str | None, service: Service) -> bool:
    """Whether two people are to answer, whatever the first one says: what quality is measured on.

    It is kept with the task: the share may change, and ``wanted`` grows for other reasons as well.
    """
    quality = service.config.quality
    return service.chance("second answer", task_id) < quality.labels.get(label or "", quality.second_share)


def _blind(task: ReviewTask, kind: str, service: Service, *, paired: bool) -> bool:
    blind = service.config.blind
    return task.why in blind.why or (blind.seconds and paired) or (blind.golden and kind == "golden")


def _group_key(task: ReviewTask, service: Service) -> str | None:
    """What items that belong together share: the campaign, else the known variant, else the folded text."""
    if task.decision.campaign_id:
        return service.keyed_digest("group by campaign", task.decision.campaign_id)
    if task.decision.variant_of:
        return service.keyed_digest("group by variant", task.decision.variant_of)
    if len(task.folded_text.strip()) >= _LEAST_GROUP_CHARS:
        return service.keyed_digest("group by text", task.folded_text)
    return None
