"""Faults for tests: workers to break, a load whose outcome is known, and a checker that counts what is gone.

The checker works like Jepsen's: it holds what Kafka acknowledged against what the topics say at the end, with a model
of its own of what must have come out.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, TopicPartition

from stream_app.adapters import clients
from stream_app.contracts import codec
from stream_app.contracts.content import ContentItem
from stream_app.contracts.dead_letter import DeadLetter
from stream_app.contracts.decision import Decision, EnforcementAction, Verdict
from stream_app.contracts.ids import digest, text_digest
from stream_app.contracts.review import ReviewTask, Ruling
from stream_app.contracts.topics import (
    CONTENT,
    DEAD_LETTERS,
    DECISIONS,
    ENFORCEMENT,
    REVIEW_QUEUE,
    RULINGS,
    Topic,
)  # fmt: skip
from stream_app.settings import Settings, env_name
from stream_app.supervisor import worker_command
from stream_app.testing_kafka import Record, _die_with_parent, lag, produce, read, wait_until, watermarks

# ---------------------------------------------------------------------------------------------------------------
# Workers


def environment(settings: Settings, **over: str) -> dict[str, str]:
    """The environment that gives a process these settings; ``over`` names fields of its own."""
    own = {
        key: value for key, value in os.environ.items() if not key.startswith("WEIR_") or key.startswith("WEIR_TEST_")
    }
    values = {name: getattr(settings, name) for name in settings.model_fields_set} | over
    shown = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in values.items()}
    return own | {env_name(name): value for name, value in shown.items()}


class Worker:
    """One worker process, or whatever else ``command`` starts."""

    def __init__(
        self,
        settings: Settings,
        log: Path,
        command: Sequence[str],
        *,
        trip: str = "",
        trip_after: int = 1,
    ) -> None:
        self.trip = trip
        self.log = log
        env = environment(settings, trip_point=trip, trip_after=str(trip_after))
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=env,
                start_new_session=True,
                preexec_fn=_die_with_parent(),
            )
        self.pid = self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it lives."""
        return self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens to a process that is gone."""
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def kill(self) -> None:
        """``kill -9``."""
        self.signal(signal.SIGKILL)
        self._process.wait()

    def wait(self, timeout: float) -> int:
        """Wait for its end and return the exit status; raises TimeoutError."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"worker {self.pid} did not end within {timeout:g} s:\n{self.tail()}") from None

    def stop(self, timeout: float = 60.0) -> int:
        """SIGTERM, and wait for the end."""
        self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def wait_stopped(self, timeout: float = 60.0) -> None:
        """Wait until the process is stopped by a signal, as by a trip point with ``!stop``."""
        wait_until(lambda: self.state() in "TZX", timeout, f"the stop of worker {self.pid}")
        if self.state() != "T":
            raise AssertionError(f"worker {self.pid} ended instead of stopping:\n{self.tail()}")

    def state(self) -> str:
        """The letter that Linux gives to the state of the process; X once it is gone."""
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return "X"

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-3000:]


class Crew:
    """Workers of one group; counts how each came to its end, and starts others in the place of the dead."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.workers: list[Worker] = []
        self.ends: Counter[str] = Counter()
        self.started = 0
        self.command = worker_command()

    def start(self, *, trip: str = "", trip_after: int = 1, **settings: Any) -> Worker:
        """Start one more worker; ``settings`` are of this one alone."""
        self.started += 1
        own = self.settings.model_copy(update=settings)
        log = self.folder / f"worker-{self.started}.log"
        worker = Worker(own, log, self.command, trip=trip, trip_after=trip_after)
        self.workers.append(worker)
        return worker

    def keep(self, number: int) -> None:
        """Bury the dead and start new workers until so many live."""
        for worker in self.workers:
            if (status := worker.status) is not None:
                self.ends[f"exit {status}"] += 1
        self.workers = [worker for worker in self.workers if worker.status is None]
        while len(self.workers) < number:
            self.start()

    def kill(self, worker: Worker, how: str = "kill -9") -> None:
        """``kill -9``, counted as ``how``."""
        if worker.status is not None:
            return
        worker.kill()
        self.bury(worker, how)

    def stop(self, worker: Worker, timeout: float = 60.0) -> int:
        """SIGTERM, counted together with the exit status."""
        status = worker.stop(timeout)
        self.bury(worker, f"SIGTERM, exit {status}")
        return status

    def trip(self, worker: Worker, timeout: float = 60.0) -> None:
        """Wait until an armed worker has killed itself."""
        status = worker.wait(timeout)
        if status != -signal.SIGKILL:
            raise AssertionError(f"armed with {worker.trip}, the worker ended with {status}:\n{worker.tail()}")
        self.bury(worker, f"trip {worker.trip}")

    def bury(self, worker: Worker, how: str) -> None:
        """Note the end of a worker."""
        self.workers.remove(worker)
        self.ends[how] += 1

    def drained(self, timeout: float, workers: int = 1) -> None:
        """Wait until everything sent has been acknowledged by the group, with so many workers kept alive."""

        def done() -> bool:
            self.keep(workers)
            return is_drained(self.settings)

        wait_until(done, timeout, "the end of the backlog", every=0.5)

    def logs(self) -> str:
        """What all workers said."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("worker-*.log")))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for worker in self.workers:
            worker.kill()


def is_drained(settings: Settings) -> bool:
    """Whether the group has committed all of ``content`` and ``rulings``; False while Kafka cannot say."""
    try:
        return lag(settings, CONTENT) == 0 and lag(settings, RULINGS) == 0
    except Exception:  # noqa: BLE001 - the broker may be away at this moment
        return False


def rewind(settings: Settings, *topics: Topic) -> None:
    """Set the group's offsets back to the beginning. No worker may live."""
    client = clients.admin(settings)
    parts = [TopicPartition(settings.topic(topic), n, 0) for topic in topics for n in watermarks(settings, topic)]
    request = [ConsumerGroupTopicPartitions(settings.consumer_group, parts)]
    for future in client.alter_consumer_group_offsets(request).values():
        future.result(30)


# ---------------------------------------------------------------------------------------------------------------
# Damage to the local store

Damage = Literal["deleted", "truncated", "flipped", "emptied"]
DAMAGES: tuple[Damage, ...] = ("deleted", "truncated", "flipped", "emptied")


def damage(file: Path, how: Damage, rng: random.Random) -> None:
    """Do something to a file that disks and people do."""
    if how == "deleted":
        file.unlink()
    elif how == "emptied":
        file.write_bytes(b"")
    elif how == "truncated":
        os.truncate(file, rng.randrange(max(1, file.stat().st_size)))
    else:
        content = bytearray(file.read_bytes())
        for _ in range(3):
            if content:
                content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        file.write_bytes(content)


def damage_stores(data_dir: Path, rng: random.Random, how: Damage | Literal["wiped"]) -> int:
    """Damage the ledgers below a data folder, or delete them all; returns how many files or folders were hit."""
    ledgers = sorted(data_dir.glob("slot-*/partition-*"))
    if how == "wiped":
        for each in ledgers:
            shutil.rmtree(each)
        return len(ledgers)
    hit = 0
    for each in ledgers:
        files = [
            file for file in sorted(each.iterdir()) if file.suffix in (".sst", ".log") or "MANIFEST" in file.name
        ]
        for file in rng.sample(files, min(2, len(files))):
            damage(file, how, rng)
            hit += 1
    return hit


# ---------------------------------------------------------------------------------------------------------------
# The load

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


# ---------------------------------------------------------------------------------------------------------------
# The checker


@dataclass(slots=True)
class _Expected:
    """What must have come out for one item, by the messages of its partition in order."""

    partition: int
    digest: str | None = None
    version: int | None = None
    decisions: int = 0
    digests: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)
    deleted: bool = False

    def take(self, message: Acked) -> None:
        if message.text is None:
            self.digest = self.version = None
            self.deleted = True
            return
        found = text_digest(message.text)
        if self.digest == found:
            return
        if (
            self.digest
            and message.version is not None
            and self.version is not None
            and message.version < self.version
        ):
            self.late.add(found)
            return
        self.digest, self.version = found, message.version
        self.decisions += 1
        self.digests.add(found)


MUST_BE_ZERO = (
    "lost", "wrong_effective", "wrong_partition", "in_two_partitions", "second_ids", "unknown_items", "rulings_lost",
    "dead_letters_missing", "dead_letters_wrong", "actions_missing", "actions_torn", "actions_of_nothing",
    "tasks_missing", "tasks_twice",
)  # fmt: skip


@dataclass(slots=True)
class Seen:
    """All that came out: the records of each topic."""

    decisions: list[Record]
    dead_letters: list[Record]
    enforcement: list[Record]
    review_queue: list[Record]


def look(settings: Settings) -> Seen:
    """Read what came out so far."""
    return Seen(*(read(settings, topic) for topic in (DECISIONS, DEAD_LETTERS, ENFORCEMENT, REVIEW_QUEUE)))


def check(seen: Seen, acked: Sequence[Acked], rulings: Mapping[str, Ruling], content_topic: str) -> dict[str, int]:
    """Hold what was acknowledged against what came out. The counts named in MUST_BE_ZERO say what is wrong.

    Rulings must be on items that are neither edited nor deleted.
    """
    expected = _expected(acked)
    decisions = _decisions(seen.decisions)
    return {
        "acked": len(acked),
        "items": len(expected),
        "decision_records": len(seen.decisions),
        **_check_decisions(expected, seen.decisions, decisions, rulings),
        **_check_dead_letters(seen.dead_letters, acked, content_topic),
        **_check_actions(seen.enforcement, decisions),
        **_check_tasks(seen.review_queue, decisions),
    }


def _expected(acked: Sequence[Acked]) -> dict[str, _Expected]:
    expected: dict[str, _Expected] = {}
    for message in sorted(acked, key=lambda each: (each.partition, each.offset)):
        if message.item_id is not None:
            expected.setdefault(message.item_id, _Expected(message.partition)).take(message)
    return expected


def _decisions(records: Sequence[Record]) -> dict[str, list[Decision | None]]:
    decisions: defaultdict[str, list[Decision | None]] = defaultdict(list)
    for record in records:
        value = None if record.value is None else codec.decode(record.value, Decision)
        decisions[(record.key or b"").decode()].append(value)
    return decisions


def _check_decisions(
    expected: Mapping[str, _Expected],
    records: Sequence[Record],
    decisions: Mapping[str, list[Decision | None]],
    rulings: Mapping[str, Ruling],
) -> dict[str, int]:
    counts: Counter[str] = Counter()
    where: defaultdict[str, set[int]] = defaultdict(set)
    for record in records:
        where[(record.key or b"").decode()].add(record.partition)
    for name, wanted in expected.items():
        found = decisions.get(name, [])
        made = [each for each in found if each is not None]
        counts["expected_decisions"] += wanted.decisions
        digests = {each.text_digest for each in made}
        counts["lost"] += len((wanted.digests | wanted.late) - digests)
        ids = {each.decision_id for each in made if not each.for_the_record}
        counts["decision_ids"] += len(ids)
        last = found[-1] if found else None
        counts["wrong_effective"] += (last.text_digest if last else None) != wanted.digest
        counts["wrong_effective"] += last is not None and last.for_the_record
        counts["in_two_partitions"] += len(where[name]) > 1
        counts["wrong_partition"] += bool(where[name]) and wanted.partition not in where[name]
        if name in rulings:
            counts["rulings"] += 1
            counts["rulings_lost"] += last is None or last.ruling_id != rulings[name].ruling_id
            counts["second_ids"] += max(0, len(ids) - wanted.decisions - 1)
        elif not wanted.deleted:
            # Of a deleted item nothing is known any more, so what is delivered again begins a history of its own.
            counts["second_ids"] += max(0, len(ids) - wanted.decisions)
    counts["unknown_items"] = len(decisions.keys() - expected.keys())
    counts["repeated_records"] = sum(map(len, decisions.values())) - counts["decision_ids"]
    return dict(counts)


def _check_dead_letters(records: Sequence[Record], acked: Sequence[Acked], content_topic: str) -> dict[str, int]:
    poison = {(each.partition, each.offset) for each in acked if each.item_id is None}
    letters = [codec.decode(record.value, DeadLetter) for record in records]
    found = {(each.partition, each.offset) for each in letters if each.topic == content_topic}
    return {
        "poison": len(poison),
        "dead_letters": len(letters),
        "dead_letters_missing": len(poison - found),
        "dead_letters_wrong": len(found - poison) + sum(each.topic != content_topic for each in letters),
        "dead_letters_repeated": len(letters) - len(found),
    }


def _check_actions(records: Sequence[Record], decisions: Mapping[str, list[Decision | None]]) -> dict[str, int]:
    actions = [codec.decode(record.value, EnforcementAction) for record in records]
    by_decision: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for action in actions:
        by_decision[action.decision_id].add((action.kind, action.action_id))
    made = {
        each.decision_id: each for some in decisions.values() for each in some if each and not each.for_the_record
    }
    torn = sum(len({kind for kind, _ in found}) != len(found) for found in by_decision.values())
    # The first decision of an item must act whenever it restricts; what later ones do depends on what was before.
    first = [each for each in made.values() if each.supersedes is None and each.ruling_id is None]
    restricts = [each for each in first if each.verdict in ("limit", "remove") or each.pending == "held"]
    return {
        "actions": len(actions),
        "actions_repeated": len(actions) - sum(map(len, by_decision.values())),
        "actions_torn": torn,
        "actions_missing": sum(each.decision_id not in by_decision for each in restricts),
        "actions_of_nothing": len(by_decision.keys() - made.keys()),
    }


def _check_tasks(records: Sequence[Record], decisions: Mapping[str, list[Decision | None]]) -> dict[str, int]:
    tasks: defaultdict[str, set[str]] = defaultdict(set)
    for record in records:
        task = codec.decode(record.value, ReviewTask)
        tasks[task.decision.decision_id].add(task.task_id)
    asked = {
        each.decision_id
        for some in decisions.values()
        for each in some
        if each and each.verdict == "review" and not each.for_the_record and each.ruling_id is None
    }
    return {
        "tasks": len(records),
        "tasks_missing": len(asked - tasks.keys()),
        "tasks_twice": sum(len(ids) > 1 for ids in tasks.values()),
    }


def wrong(counts: Mapping[str, int]) -> dict[str, int]:
    """The counts that should be zero and are not."""
    return {name: counts[name] for name in MUST_BE_ZERO if counts.get(name)}


def report(name: str, **facts: object) -> str:
    """Print one JSON line and return it."""
    line = json.dumps({"run": name, **facts}, ensure_ascii=False)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    return line
