"""What attackers write as tasks, appeals, golden items and statements of reasons, for tests."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import msgspec
from playwright.sync_api import Browser

from human_review.appeals import appeals, statements
from human_review.desk.decide import Answer, decide
from human_review.desk.intake import add_task
from human_review.desk.take import take
from human_review.permissions import Actor
from human_review.quality import golden_items
from human_review.service import Service
from human_review.testing import make_review_task
from stream_app.contracts.decision import EnforcementAction, Reason, StatementOfReasons
from stream_app.contracts.review import Appeal, Context, ReviewTask

NUMBERS = count(1000)  # of tasks
DAYS = timedelta(days=30)  # more urgent than everything else
# One card after the other, and no second answers or golden tasks in between.
CONFIG = """
version: "1"
labels: {toxicity: {title: toxic language, harm: 0.3, key: "1"}}
quality: {second_share: 0, golden: {share: 0, new_share: 0}}
comfort: {veil: false, greyscale: false}
undo_seconds: 0
"""


@dataclass
class Site:
    """A service that answers at ``url``, and a browser for it."""

    service: Service
    url: str
    browser: Browser


def hostile_task(texts: tuple[str, ...], *, together: str = "") -> ReviewTask:
    """Every field that comes from outside holds what attackers write; ``together`` is a campaign of several.

    Tasks are the more urgent the earlier they were made.
    """
    number, first, text = next(NUMBERS), texts[0], "\n".join(texts)
    due = timedelta(hours=1, seconds=number)
    task = make_review_task(number, text=text, label=first, item_id=f"{number} {first}"[:200], due=due)
    reasons = tuple(Reason(kind="match", detail=one, label=one, spans=((0, 3), (2, 9), (5, 10**9))) for one in texts)
    decision = msgspec.structs.replace(
        task.decision, reasons=reasons, scores=dict.fromkeys(texts, 0.5) | {"toxicity": 0.6}, level=first,
        thresholds={"toxicity": (0.2, 0.9)}, artifacts={first: first}, language=first[:30], variant_of=first,
        campaign_id=together or f"{number} {first}", policy_version=first,
    )  # fmt: skip
    item = msgspec.structs.replace(
        task.item, author_id=" ".join(texts), surface=first, region=first, language=first, parent_id=first,
        thread_id=" ".join(texts), tier=first, metadata={one: one for one in texts},
    )  # fmt: skip
    return msgspec.structs.replace(
        task, decision=decision, item=item, folded_text=text, queue=f"q{first}",
        context=Context(parent_text=first, thread=texts, author_history=texts[:5]),
    )  # fmt: skip


def put(service: Service, *tasks: ReviewTask) -> None:
    with service.database.write() as connection:
        for task in tasks:
            assert add_task(connection, service, task)


def decide_all(service: Service, actor: Actor) -> None:
    while card := take(service, actor):
        decide(service, actor, card.seat_id, card.token, Answer(verdict="allow"))


def decide_next(service: Service, actor: Actor, item_id: str, answer: Answer) -> None:
    """Decide the most urgent task, which must be of that item."""
    card = take(service, actor)
    assert card is not None
    assert card.item_id == item_id
    decide(service, actor, card.seat_id, card.token, answer)


def golden_of(service: Service, lead: Actor, texts: tuple[str, ...]) -> str:
    """A golden item in the words of attackers."""
    task = hostile_task(texts)
    put(service, msgspec.structs.replace(task, due_at=task.due_at - 2 * DAYS))
    decide_next(service, lead, task.item.item_id, Answer(verdict="remove", labels=("toxicity",)))
    return golden_items.add(service, lead, task.task_id).golden_id


def appeal_of(service: Service, texts: tuple[str, ...], statement: str) -> Appeal:
    """An appeal against a removal, all in the words of attackers; it is open."""
    made, now = hostile_task(texts), datetime.now(UTC)
    item_id = "".join(filter(str.isprintable, made.item.item_id))  # others are refused
    task = msgspec.structs.replace(
        made, item=msgspec.structs.replace(made.item, item_id=item_id),
        decision=msgspec.structs.replace(made.decision, item_id=item_id),
    )  # fmt: skip
    removed = msgspec.structs.replace(task.decision, verdict="remove", decided_at=now)
    appeal = Appeal(
        appeal_id=f"appeal-{next(NUMBERS)}", decision_id=removed.decision_id, item=task.item, origin=task.origin,
        statement=statement[:5000], appealed_at=now,
    )  # fmt: skip
    with service.database.write() as connection:
        add_task(connection, service, task)
        statements.decided(connection, service, removed)
        assert appeals.submit(connection, service, appeal)
    return appeal


def told_of(service: Service, text: str) -> str:
    """The id of a decision whose statement of reasons is in the words of attackers."""
    number = next(NUMBERS)
    task = make_review_task(number, label=None)
    now = datetime.now(UTC)
    origin = msgspec.structs.replace(task.origin, timestamp=now.timestamp() - 60)
    decision = msgspec.structs.replace(task.decision, verdict="remove", decided_at=now, origin=origin)
    said = StatementOfReasons(
        restriction=text, ground=text, facts=text, automated_detection=True, automated_decision=True, redress=text
    )
    action = EnforcementAction(
        action_id=f"action-{number}", decision_id=decision.decision_id, item_id=decision.item_id, kind="remove",
        reason=text, statement=said,
    )  # fmt: skip
    with service.database.write() as connection:
        assert statements.note(connection, service, action, decision)
    return decision.decision_id
