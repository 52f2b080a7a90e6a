"""What each message of Kafka means to the review service."""

import logging
import threading

import msgspec
from sqlalchemy import Connection

from human_review.appeals import appeals, raising, reports, statements
from human_review.desk import closing, intake
from human_review.quality import population
from human_review.service import Service
from human_review.stream.intake import Arrived, Effect, Readers, Then
from stream_app.contracts import topics
from stream_app.contracts.codec import decode
from stream_app.contracts.content import MAX_ID_CHARS
from stream_app.contracts.decision import Decision, EnforcementAction
from stream_app.contracts.review import Appeal, ReviewTask, UserReport
from stream_app.telemetry import facts

log = logging.getLogger(__name__)


class _Marked(msgspec.Struct, frozen=True):
    """As much of a message of ``content`` as tells whether it is a deletion."""

    item_id: str = ""
    deleted: bool = False


_marked = msgspec.json.Decoder(_Marked).decode


def readers(erased: threading.Event) -> Readers:
    """The reader of each topic; ``erased`` is set once an item was erased for good."""

    def content(service: Service, message: Arrived) -> Effect | None:
        return _content(service, message, erased)

    # Decisions come before the actions that follow from them.
    return {
        topics.CONTENT.name: content,
        topics.DECISIONS.name: _decision,
        topics.ENFORCEMENT.name: _action,
        topics.REVIEW_QUEUE.name: _task,
        topics.APPEALS.name: _appeal,
        topics.REPORTS.name: _report,
    }


def _content(service: Service, message: Arrived, erased: threading.Event) -> Effect | None:
    """Only deletions matter here. What cannot be read is the worker's to bury."""
    item_id = _deleted(message, keyed_by_item=service.settings.content_keyed_by_item)
    if item_id is None:
        return None

    def effect(connection: Connection, service: Service) -> Then:
        gone = closing.erase(connection, service, item_id)
        return Then(
            last=lambda connection: closing.note_erased(connection, item_id, gone),
            committed=erased.set,
        )  # fmt: skip

    return effect


def _deleted(message: Arrived, *, keyed_by_item: bool) -> str | None:
    """The item that a message deletes, if it does; most messages are let go without being decoded."""
    if message.value is None:
        item_id = (message.key or b"").decode("utf-8", "replace") if keyed_by_item else ""
    elif b"deleted" in message.value or b"\\u" in message.value:
        try:
            found = _marked(message.value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        item_id = found.item_id if found.deleted else ""
    else:
        return None
    return item_id if 0 < len(item_id) <= MAX_ID_CHARS else None


def _decision(_service: Service, message: Arrived) -> Effect | None:
    if message.value is None:  # the item was deleted, and ``content`` has said so
        return None
    found = decode(message.value, Decision)

    def effect(connection: Connection, service: Service) -> Then:
        closing.supersede(connection, service, found)
        statements.decided(connection, service, found)
        return Then(counted=population.counted(found))

    return effect


def _action(_service: Service, message: Arrived) -> Effect:
    found = decode(message.value, EnforcementAction)

    def effect(connection: Connection, service: Service) -> None:
        statements.note(connection, service, found, None)

    return effect


def _task(_service: Service, message: Arrived) -> Effect:
    found = decode(message.value, ReviewTask)

    def effect(connection: Connection, service: Service) -> Then | None:
        if intake.add_task(connection, service, found):
            raising.attach(connection, service, found.task_id, found.item.item_id)
        elif intake.lock_item(connection, found.item.item_id).erased:
            return Then("refused", committed=lambda: _refused(found))
        return None

    return effect


def _refused(task: ReviewTask) -> None:
    log.warning("a task was refused: its item was erased", extra=facts(item_id=task.item.item_id))


def _appeal(_service: Service, message: Arrived) -> Effect:
    found = decode(message.value, Appeal)

    def effect(connection: Connection, service: Service) -> None:
        appeals.submit(connection, service, found)

    return effect


def _report(_service: Service, message: Arrived) -> Effect:
    found = decode(message.value, UserReport)

    def effect(connection: Connection, service: Service) -> None:
        reports.add(connection, service, found)

    return effect
