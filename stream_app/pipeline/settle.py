"""From what is known about a message to all its effects: the stage that depends on what came before in the batch."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from models.contribution import Explainer
from models.text.normalized import NormalizedText
from stream_app.contracts import codec
from stream_app.contracts.content import ContentItem, Deletion
from stream_app.contracts.dead_letter import DeadLetter
from stream_app.contracts.decision import Decision, EnforcementAction
from stream_app.contracts.feedback import example_id_of
from stream_app.contracts.ids import text_digest
from stream_app.contracts.review import ReviewTask, Ruling
from stream_app.contracts.topics import DEAD_LETTERS, DECISIONS, ENFORCEMENT, RETRAINING, REVIEW_QUEUE, Topic
from stream_app.errors import BadMessage
from stream_app.pipeline.act import act, review_task
from stream_app.pipeline.dead_letter import HEAD_BYTES, bury
from stream_app.pipeline.decide import decide
from stream_app.pipeline.history import (
    ORIGIN_HEADER,
    Address,
    History,
    deletion_mark,
    is_old_deletion,
    is_seen_ruling,
    place,
)
from stream_app.pipeline.outcome import Headers, Kind, Outcome, Record
from stream_app.pipeline.policy import Policy
from stream_app.pipeline.rulings import apply_ruling
from stream_app.pipeline.types import Assessment, Incoming, RawMessage


@dataclass(slots=True)
class Case:
    """One message on its way; each stage fills in its part. ``trouble`` sends it to dead letters.

    ``address`` is where its item's history is kept; ``item`` is None for a deletion and a ruling.
    """

    message: RawMessage
    incoming: Incoming | None = None
    address: Address = (0, "")
    item: ContentItem | None = None
    digest: str = ""
    text: NormalizedText | None = None
    key: bytes = b""
    found: Assessment | None = None
    trouble: BadMessage | None = None

    def take_in(self, incoming: Incoming) -> None:
        """Note what was read."""
        self.incoming = incoming
        self.address = (self.message.origin.partition, incoming.content.item_id)
        if isinstance(incoming.content, ContentItem):
            self.item = incoming.content
            self.digest = text_digest(incoming.content.text)


class Settler:
    """Gives each message its outcome, in order."""

    def __init__(self, policy: Policy, now: Callable[[], datetime], explainer: Explainer | None = None) -> None:
        self.policy = policy
        self._now = now
        self._explainer = explainer

    def settle(self, case: Case, history: History) -> Outcome:
        """The outcome of one message; trouble with it buries it and leaves its neighbours alone."""
        if case.trouble is None:
            try:
                return self._settle(case, history)
            except Exception as error:  # noqa: BLE001 - one item's trouble must not become its neighbours'
                case.trouble = BadMessage("internal", f"{type(error).__name__}: {error}", stage="decide")
        letter = bury(case.message, case.trouble, now=self._now())
        key = case.message.key and case.message.key[:HEAD_BYTES]
        record = Record(DEAD_LETTERS, key, codec.encode(letter), _headers(case.message, _SCHEMAS[DeadLetter]))
        return Outcome("buried", None, [record], reason=case.trouble.reason)

    def _settle(self, case: Case, history: History) -> Outcome:
        effective = history.effective(case.address)
        content = case.incoming.content if case.incoming else None
        if isinstance(content, Deletion):
            return self._deleted(case, content, effective, history)
        if isinstance(content, Ruling):
            return self._ruled(case, content, effective, history)
        if content is None:
            raise RuntimeError("a message was neither read nor buried")
        deleted_at = history.deleted_at(case.address)
        if deleted_at is not None and case.message.origin.is_before(deleted_at):
            return Outcome("repeat", content.item_id)
        place_ = place(content, case.digest, case.message.origin, effective)
        if place_.standing == "repeat":
            return self._repeated(case, history)
        decision = self._decide(case, content, place_.supersedes, late=place_.standing == "late")
        if effective is not None and effective.ruling_origin is not None:
            # A ruling on the text before this edit, delivered again, is known to have been followed.
            decision = msgspec.structs.replace(decision, ruling_origin=effective.ruling_origin)
        if decision.for_the_record:
            return self._for_the_record("late", case, decision, history)
        return self._effective("decided", case, content, decision, effective, history)

    def _decide(self, case: Case, item: ContentItem, supersedes: str | None, *, late: bool) -> Decision:
        if case.text is None or case.incoming is None or case.found is None:
            raise RuntimeError("a fresh item was not assessed")
        now = self._now()
        return decide(
            item,
            case.text,
            case.found,
            self.policy,
            supersedes=supersedes,
            text_digest=case.digest,
            flags=case.incoming.flags,
            for_the_record=late,
            now=now,
            latency_ms=_latency_ms(case.message, now),
            origin=case.message.origin,
            explainer=self._explainer,
        )

    def _ruled(self, case: Case, ruling: Ruling, effective: Decision | None, history: History) -> Outcome:
        if history.deleted_at(case.address) is not None:
            return Outcome("stale", ruling.item_id)  # whatever was ruled, the item is gone
        if is_seen_ruling(case.message.origin, effective):
            return self._repeated(case, history)
        now = self._now()
        decision = apply_ruling(ruling, effective, self.policy, now=now, latency_ms=_latency_ms(case.message, now))
        if decision is effective:
            return self._repeated(case, history)
        origin = effective.origin if effective else ruling.origin
        decision = msgspec.structs.replace(decision, origin=origin, ruling_origin=case.message.origin)
        if decision.for_the_record:
            return self._for_the_record("stale", case, decision, history)
        item = ContentItem(item_id=ruling.item_id, text="")
        return self._effective("ruled", case, item, decision, effective, history)

    def _effective(
        self,
        kind: Kind,
        case: Case,
        item: ContentItem,
        decision: Decision,
        previous: Decision | None,
        history: History,
    ) -> Outcome:
        """A new effective decision with its actions and its review task."""
        record = _record(DECISIONS, decision, case)
        outcome = Outcome(kind, item.item_id, [record], entry=(item.item_id, record.value), decision=decision)
        for action in act(decision, item, previous, self.policy, now=decision.decided_at):
            outcome.records.append(_record(ENFORCEMENT, action, case))
        if case.text is not None:
            origin = case.message.origin
            task = review_task(decision, item, case.text, origin, self.policy, now=decision.decided_at)
            if task is not None:
                outcome.records.append(_record(REVIEW_QUEUE, task, case))
                outcome.why_review = task.why
        history.write(case.address, record.value)
        return outcome

    def _for_the_record(self, kind: Kind, case: Case, decision: Decision, history: History) -> Outcome:
        """The last record of an item is the effective one, also after compaction: so that one follows again."""
        outcome = self._repeated(case, history)
        outcome.kind = kind
        outcome.records.insert(0, _record(DECISIONS, decision, case))
        return outcome

    def _repeated(self, case: Case, history: History) -> Outcome:
        """The effective decision once more: whoever waits for an answer to this message gets the same one."""
        item_id = case.address[1]
        outcome = Outcome("repeat", item_id)
        stored = history.stored(case.address)
        if stored is not None:
            headers = _headers(case.message, _SCHEMAS[Decision])
            outcome.records.append(Record(DECISIONS, item_id.encode(), stored, headers, same_partition=True))
        return outcome

    def _deleted(self, case: Case, deletion: Deletion, effective: Decision | None, history: History) -> Outcome:
        if is_old_deletion(case.message.origin, effective):
            return Outcome("repeat", deletion.item_id)
        origin = codec.encode(case.message.origin)
        headers = (*_headers(case.message, _SCHEMAS[Decision]), (ORIGIN_HEADER, origin))
        tombstone = Record(DECISIONS, deletion.item_id.encode(), None, headers, same_partition=True)
        mark = deletion_mark(origin)
        history.write(case.address, mark)
        forgotten = Record(RETRAINING, example_id_of(deletion.item_id).encode(), None, _headers(case.message, ()))
        return Outcome("deleted", deletion.item_id, [tombstone, forgotten], entry=(deletion.item_id, mark))


def _record(topic: Topic, message: Decision | EnforcementAction | ReviewTask, case: Case) -> Record:
    headers = _headers(case.message, _SCHEMAS[type(message)])
    return Record(topic, case.address[1].encode(), codec.encode(message), headers, same_partition=topic is DECISIONS)


_SCHEMAS = {
    message: (("weir-schema", codec.schema_of(message).encode()),)
    for message in (Decision, EnforcementAction, ReviewTask, DeadLetter)
}


def _headers(message: RawMessage, own: Headers) -> Headers:
    for name, value in message.headers:
        if name == "traceparent" and len(value) <= 64:
            return (*own, ("traceparent", value))
    return own


def _latency_ms(message: RawMessage, now: datetime) -> float:
    """Milliseconds since the producer's timestamp; 0 where the producer's clock is ahead or unset."""
    if message.origin.timestamp <= 0:
        return 0.0
    return round(max(0.0, now.timestamp() - message.origin.timestamp) * 1000, 1)
