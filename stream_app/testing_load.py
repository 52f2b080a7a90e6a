"""A load whose outcome is known, and rulings, for fault runs."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import KafkaError

from stream_app.adapters import clients
from stream_app.contracts import codec
from stream_app.contracts.content import ContentItem
from stream_app.contracts.decision import Decision, Verdict
from stream_app.contracts.ids import digest
from stream_app.contracts.review import Ruling
from stream_app.contracts.topics import (
    CONTENT,
    DECISIONS,
    RULINGS,
)  # fmt: skip
from stream_app.settings import Settings
from stream_app.testing_kafka import produce, read

SENTENCES = (
    "I baked bread this morning and the kitchen still smells of it.",
    "You are a stupid idiot and everybody knows it.",
    "Bugün hava çok güzel, çocuklarla parka gidiyoruz.",
    "Você é um idiota e ninguém gosta de você.",
    "الكتاب الذي أعرتني إياه ممتع جدا.",
    "Ich werde dich finden und dann bringe ich dich um.",
    "आज शाम को हम सब मिलकर खाना बनाएँगे।",
    "Наш поезд опоздал на два часа, но мы доехали.",
    "FREE CASINO BONUS!!! Click http://bonus-4-you.example now!!!",
    "今天的会议改到下午三点。",
    "ร้านนี้อาหารอร่อยและราคาไม่แพง",
    "Je déteste le lundi, mais le café aide un peu.",
    "Quiero morirme, ya no puedo más.",
    "המשחק אמש היה מותח עד הרגע האחרון.",
    "Harika bir konserdi 🎉🎉 biletler nereden alınıyor?",
    "🙂",
)

POISON: dict[str, bytes | None] = {
    "not JSON": b"{nope",
    "not UTF-8": b'{"item_id": "x", "text": "\xff\xfe"}',
    "no bytes": b"",
    "a list": b"[1, 2]",
    "no text": b'{"item_id": "x"}',
    "a number as id": b'{"item_id": 7, "text": "x"}',
    "an empty id": b'{"item_id": "", "text": "x"}',
    "NaN": b'{"item_id": "x", "text": "x", "version": NaN}',
    "a key twice": b'{"item_id": "x", "text": "a", "text": "b"}',
    "too deep": b'{"item_id": "x", "text": "x", "metadata": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "too many digits": b'{"item_id": "x", "text": "x", "version": ' + b"9" * 5000 + b"}",
    "UTF-16": '{"item_id": "x", "text": "x"}'.encode("utf-16"),
    "too large": b'{"item_id": "x", "text": "' + b"x" * 70_000 + b'"}',
    "null without a key": None,
}
LOAD_MAX_VALUE_BYTES = 65_536
"""What ``max_value_bytes`` must be for the largest poison to be too large."""


@dataclass(frozen=True, slots=True)
class Acked:
    """One message that Kafka acknowledged. ``text`` is None for a deletion; ``item_id`` is None for poison."""

    partition: int
    offset: int
    item_id: str | None
    text: str | None = None
    version: int | None = None


@dataclass(slots=True)
class _Item:
    """An item as the load knows it; ``texts`` are all that it sent, the last one last."""

    texts: list[str]
    version: int | None


class Load:
    """Sends a seeded mix of new items, repeats, edits, late versions, deletions and poison.

    ``acked`` holds what Kafka took, with the offset that it gave; what became of ``unknown`` messages nobody knows.
    """

    def __init__(self, settings: Settings, seed: int, *, poison: float = 0.01) -> None:
        self._settings = settings
        self._rng = random.Random(seed)  # noqa: S311 - a reproducible load
        self._poison = poison
        self._topic = settings.topic(CONTENT)
        self._producer = clients.producer(settings, **{"message.timeout.ms": 120_000})
        self._items: dict[str, _Item] = {}
        self._open: list[str] = []  # what may still be edited or deleted
        self._kinds = sorted(POISON)
        self.acked: list[Acked] = []
        self.unknown = 0
        self.sent: Counter[str] = Counter()

    def send(self, number: int) -> None:
        """Send so many messages without waiting for them."""
        for _ in range(number):
            draw = self._rng.random()
            if draw < self._poison:
                self._send_poison()
            elif draw < 0.82 or not self._open:
                self._send_new()
            elif draw < 0.90:
                self._send_repeat()
            elif draw < 0.95:
                self._send_edit()
            elif draw < 0.98:
                self._send_late()
            else:
                self._send_deletion()
        self._producer.poll(0)

    def flush(self, timeout: float = 120.0) -> None:
        """Wait until Kafka has said of every message what became of it."""
        if self._producer.flush(timeout):
            raise TimeoutError(f"Kafka did not answer for every message within {timeout:g} s")

    def settled(self, item_ids: Iterable[str]) -> None:
        """Edit and delete these items no more; they may still be repeated."""
        closed = set(item_ids)
        self._open = [each for each in self._open if each not in closed]

    @property
    def plain(self) -> list[str]:
        """Items that were neither edited nor deleted so far."""
        return [each for each in self._open if len(self._items[each].texts) == 1]

    def _send_new(self) -> None:
        item_id = f"item-{len(self._items)}"
        versioned = self._rng.random() < 0.3
        self._items[item_id] = _Item([self._text()], 1 if versioned else None)
        self._open.append(item_id)
        self._send_item("new", item_id)

    def _send_repeat(self) -> None:
        item_id = self._rng.choice(list(self._items)[-500:])
        if self._items[item_id].texts:
            self._send_item("repeat", item_id)

    def _send_edit(self) -> None:
        item_id = self._rng.choice(self._open[-500:])
        item = self._items[item_id]
        # One edit in four goes back to the first text.
        item.texts.append(item.texts[0] if self._rng.random() < 0.25 else self._text())
        if item.version is not None:
            item.version += 2
        self._send_item("edit", item_id)

    def _send_late(self) -> None:
        item_id = self._rng.choice(self._open[-500:])
        item = self._items[item_id]
        if item.version is None:
            return
        self._send_value("late", item_id, self._text(), item.version - 1)

    def _send_deletion(self) -> None:
        item_id = self._open.pop(self._rng.randrange(len(self._open)))
        self._items[item_id].texts.clear()
        value = None if self._rng.random() < 0.5 else json.dumps({"item_id": item_id, "deleted": True}).encode()
        self._produce("deletion", item_id.encode(), value, item_id, None, None)

    def _send_poison(self) -> None:
        kind = self._kinds[self.sent["poison"] % len(self._kinds)]
        key = None if kind == "null without a key" else f"poison-{self.sent['poison']}".encode()
        self._produce("poison", key, POISON[kind], None, None, None)

    def _send_item(self, kind: str, item_id: str) -> None:
        item = self._items[item_id]
        self._send_value(kind, item_id, item.texts[-1], item.version)

    def _send_value(self, kind: str, item_id: str, text: str, version: int | None) -> None:
        item = ContentItem(
            item_id=item_id, text=text, author_id=f"author-{self._rng.randrange(100)}", version=version
        )
        self._produce(kind, item_id.encode(), codec.encode(item), item_id, text, version)

    def _produce(
        self,
        kind: str,
        key: bytes | None,
        value: bytes | None,
        item_id: str | None,
        text: str | None,
        version: int | None,
    ) -> None:
        self.sent[kind] += 1

        def note(problem: KafkaError | None, message: Any) -> None:
            if problem is None:
                self.acked.append(Acked(message.partition(), message.offset(), item_id, text, version))
            else:
                self.unknown += 1

        while True:
            try:
                self._producer.produce(self._topic, value, key, on_delivery=note)
            except BufferError:
                self._producer.poll(0.1)
            else:
                return

    def _text(self) -> str:
        return f"{self._rng.choice(SENTENCES)} {self._rng.randrange(10**9)}"


class Rulings:
    """Sends rulings on decided items and remembers them by item."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.by_item: dict[str, Ruling] = {}

    def send(self, decisions: Iterable[Decision], verdict: Verdict = "remove", **more: Any) -> list[Ruling]:
        """Rule on some decisions, each on the partition that its item was read from."""
        made = [ruling_on(decision, verdict, **more) for decision in decisions]
        send_rulings(self._settings, made)
        self.by_item |= {ruling.item_id: ruling for ruling in made}
        return made


def ruling_on(decision: Decision, verdict: Verdict, **more: Any) -> Ruling:
    """A reviewer's ruling on a decision; ``more`` replaces fields."""
    if decision.origin is None:
        raise ValueError(f"decision {decision.decision_id} does not say where its item was read")
    fields: dict[str, Any] = {
        "ruling_id": digest("test-ruling", decision.decision_id, verdict),
        "item_id": decision.item_id,
        "origin": decision.origin,
        "verdict": verdict,
        "labels": ("toxicity",) if verdict != "allow" else (),
        "decided_by": "reviewer",
        "supersedes": decision.decision_id,
        "why": "a person looked",
        "decided_at": datetime.now(UTC),
    }
    return Ruling(**fields | more)


def send_rulings(settings: Settings, rulings: Iterable[Ruling]) -> None:
    """Send rulings, each to the partition number of its item."""
    by_partition: defaultdict[int, list[Ruling]] = defaultdict(list)
    for ruling in rulings:
        by_partition[ruling.origin.partition].append(ruling)
    for partition, some in by_partition.items():
        produce(settings, RULINGS, [(each.item_id, codec.encode(each)) for each in some], partition)


def effective(settings: Settings) -> dict[str, Decision | None]:
    """The effective decision of each item: the last record of its key. None for a deleted item."""
    return {name: None if value is None else codec.decode(value, Decision) for name, value in _last(settings).items()}


def _last(settings: Settings) -> dict[str, bytes | None]:
    return {(record.key or b"").decode(): record.value for record in read(settings, DECISIONS)}
