"""Golden tasks: tasks whose answer is known, given out among the others to see how people answer.

A copy is hidden among the tasks that its reader would get now: it takes over the times, queue, place, policy and
model versions of one of them, with the same label, language and reason, and its ids are made in the same way. It
keeps the item's own id, so that erasing the item erases its golden copies too.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, func, insert, or_, select, update

from human_review.database.engine import now_ms
from human_review.database.tables import answers, golden, golden_results, items, seats, tasks
from human_review.items import lock_item
from human_review.permissions import ANY, Actor
from human_review.quality.disguise import disguised
from human_review.quality.golden_sources import propose
from human_review.service import Service
from human_review.urgency import rank_ms
from stream_app.contracts.codec import decode, encode
from stream_app.contracts.ids import digest
from stream_app.contracts.review import ReviewTask

__all__ = ("answered", "offer", "propose", "undone")

_LOOK_AHEAD = 20
_NEAREST = 3
_MOST_JITTER_MS = 20_000


def offer(connection: Connection, service: Service, actor: Actor, queue: str | None = None) -> str | None:
    """The task id of a golden copy made now, which the actor's next seat is to be opened on; None nearly always.

    Drawn at ``quality.golden.share`` (``new_share`` for new people) of all calls; asking again without answering
    gives the same draw. Nothing is offered where no real task of its kind waits for the actor: a lone golden task
    would show what it is. ``queue`` is the one that was asked for, if one was. Nobody is given the same golden item
    twice, nor one whose task they answered.
    """
    seen = _seen(connection, actor.user_id)
    last = _last_answer(connection, actor.user_id)
    rule = service.config.quality.golden
    draw = service.chance("golden", actor.user_id, last, str(len(seen)))
    if draw >= max(rule.share, rule.new_share) or draw >= _share(connection, service, actor.user_id):
        return None
    for template in _one_of_each_kind(_waiting(connection, actor, queue)):
        candidates = _candidates(connection, service, actor, template)
        if candidates:
            place = service.chance("golden-pick", actor.user_id, last, str(len(seen)))
            pick = candidates[int(place * len(candidates))]
            return _copy(connection, service, actor.user_id, pick, template)
    return None


def answered(
    connection: Connection, service: Service, task_id: str, user_id: str, verdict: str, labels: Sequence[str]
) -> None:
    """Record whether the answer to a golden copy was right; answering again replaces what was recorded.

    Right is the known verdict and, where that names labels, at least one of them. Does nothing for other tasks.
    """
    row = connection.execute(
        select(golden.c.verdict, golden.c.labels)
        .join(golden_results, golden_results.c.golden_id == golden.c.golden_id)
        .where(golden_results.c.task_id == task_id)
    ).one_or_none()
    if row is None:
        return
    known = set(json.loads(row.labels))
    right = verdict == row.verdict and (not known or not known.isdisjoint(labels))
    connection.execute(
        update(golden_results).where(golden_results.c.task_id == task_id)
        .values(user_id=user_id, right=right, at_ms=now_ms(connection))
    )  # fmt: skip


def undone(connection: Connection, service: Service, task_id: str) -> None:
    """Forget the result of a golden copy whose answer was taken back; the next answer counts."""
    connection.execute(update(golden_results).where(golden_results.c.task_id == task_id).values(right=None))


# -- the draw --


def _seen(connection: Connection, user_id: str) -> set[str]:
    rows = connection.execute(select(golden_results.c.golden_id).where(golden_results.c.user_id == user_id))
    return {row.golden_id for row in rows}


def _last_answer(connection: Connection, user_id: str) -> str:
    latest = select(answers.c.label_id).where(answers.c.user_id == user_id).order_by(answers.c.decided_ms.desc())
    return connection.execute(latest.limit(1)).scalar() or ""


def _share(connection: Connection, service: Service, user_id: str) -> float:
    rule = service.config.quality.golden
    some = select(answers.c.label_id).where(answers.c.user_id == user_id, answers.c.state == "standing")
    given = connection.execute(select(func.count()).select_from(some.limit(rule.new_answers).subquery())).scalar_one()
    return rule.new_share if given < rule.new_answers else rule.share


# -- what it hides among --


def _waiting(connection: Connection, actor: Actor, queue: str | None) -> list[Row[Any]]:
    """Real tasks that the actor could be given next, the next one first."""
    mine = exists().where(answers.c.task_id == tasks.c.task_id, answers.c.user_id == actor.user_id)
    query = (
        select(tasks)
        .join(seats, seats.c.task_id == tasks.c.task_id)
        .where(seats.c.state == "open", seats.c.tier == 0, tasks.c.state == "open", tasks.c.kind == "review", ~mine)
        .order_by(seats.c.rank_ms)
        .limit(_LOOK_AHEAD)
    )
    if queue is not None or ANY not in actor.queues:
        query = query.where(seats.c.queue.in_([queue] if queue is not None else sorted(actor.queues)))
    if ANY not in actor.languages:
        query = query.where(_speaks(actor))
    return list(connection.execute(query))


def _one_of_each_kind(waiting: Sequence[Row[Any]]) -> list[Row[Any]]:
    """The first of each: what has no candidate has none for others of its kind either, and they need not be asked."""
    kinds: dict[tuple[str, str | None, str], Row[Any]] = {}
    for row in waiting:
        kinds.setdefault((row.language, row.label, row.why), row)
    return list(kinds.values())


def _speaks(actor: Actor) -> Any:
    """As `permissions.covers`: a language covers its variants."""
    return or_(
        seats.c.language.in_(sorted(actor.languages)),
        *(seats.c.language.startswith(f"{name}-", autoescape=True) for name in sorted(actor.languages)),
    )


def _candidates(connection: Connection, service: Service, actor: Actor, template: Row[Any]) -> list[Row[Any]]:
    """Active golden items of the template's kind that the person does not know: the few nearest in priority.

    They come from queues that the actor may see, whatever the template's is. Items that many agree on are clearer
    than most. Taken as they come, their scores would stand out.
    """
    user_id = actor.user_id
    of_item = and_(tasks.c.item_id == golden.c.item_id, tasks.c.kind != "golden")
    known = exists().where(golden_results.c.golden_id == golden.c.golden_id, golden_results.c.user_id == user_id)
    answered_it = exists().where(of_item, answers.c.task_id == tasks.c.task_id, answers.c.user_id == user_id)
    in_work = exists().where(of_item, tasks.c.state == "open")
    query = (
        select(golden)
        .join(items, items.c.item_id == golden.c.item_id)
        .where(
            golden.c.state == "active", items.c.erased_ms.is_(None), golden.c.sealed.is_not(None),
            golden.c.views < service.config.quality.golden.retire_after_views,
            golden.c.language == template.language, golden.c.label.is_not_distinct_from(template.label),
            golden.c.why == template.why, golden.c.item_id != template.item_id, ~known, ~answered_it, ~in_work,
        )
        .order_by(func.abs(golden.c.priority - template.priority), golden.c.golden_id)
        .limit(_NEAREST)
    )  # fmt: skip
    if ANY not in actor.queues:
        query = query.where(golden.c.queue.in_(sorted(actor.queues)))
    return list(connection.execute(query))


# -- the copy --


def _copy(connection: Connection, service: Service, user_id: str, pick: Row[Any], template: Row[Any]) -> str | None:
    if lock_item(connection, pick.item_id).erased:  # since it was picked
        return None
    original = decode(service.sealer.open(connection, pick.item_id, pick.sealed), ReviewTask)
    beside = decode(service.sealer.open(connection, template.item_id, template.sealed), ReviewTask)
    seed = service.keyed_digest("golden-copy", f"{pick.golden_id}/{user_id}/{now_ms(connection)}")
    jitter = _jitter(service, seed, now_ms(connection) - template.created_ms)
    copy = disguised(original, beside, decision_id=seed, jitter_ms=jitter)
    connection.execute(insert(tasks).values(**_row(connection, service, copy, template, jitter)))
    shown = {"golden_id": pick.golden_id, "user_id": user_id, "label": pick.label, "at_ms": now_ms(connection)}
    connection.execute(insert(golden_results).values(task_id=copy.task_id, **shown))
    _count_view(connection, service, pick)
    return copy.task_id


def _jitter(service: Service, seed: str, age_ms: int) -> int:
    """Milliseconds by which the copy's times differ from its template's, either way; never into the future."""
    most = min(_MOST_JITTER_MS, max(0, age_ms) // 2)
    return int((2 * service.chance("golden-jitter", seed) - 1) * most)


def _row(
    connection: Connection, service: Service, copy: ReviewTask, template: Row[Any], jitter: int
) -> dict[str, Any]:
    harm = template.severity * copy.priority
    half_life = service.config.queues.half_life_minutes
    return {
        "task_id": copy.task_id, "item_id": copy.item.item_id, "decision_id": copy.decision.decision_id,
        "kind": "golden", "why": template.why, "queue": template.queue, "label": template.label,
        "language": template.language, "surface": copy.item.surface, "severity": template.severity,
        "priority": harm, "due_ms": template.due_ms + jitter,
        "rank_ms": rank_ms(template.due_ms + jitter, harm, half_life),
        "created_ms": template.created_ms + jitter,
        "sampling_probability": template.sampling_probability, "policy_version": template.policy_version,
        "group_key": digest("golden-group", copy.task_id) if template.group_key else None,
        "sealed": service.sealer.seal(connection, copy.item.item_id, encode(copy)),
        "blind": template.blind or service.config.blind.golden, "tier": template.tier,
    }  # fmt: skip


def _count_view(connection: Connection, service: Service, pick: Row[Any]) -> None:
    views = pick.views + 1
    state = "retired" if views >= service.config.quality.golden.retire_after_views else pick.state
    connection.execute(update(golden).where(golden.c.golden_id == pick.golden_id).values(views=views, state=state))
