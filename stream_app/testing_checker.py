"""The checker of fault runs.

It works like Jepsen's: it holds what Kafka acknowledged against what the topics say at the end, with a model of its
own of what must have come out.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stream_app.contracts import codec
from stream_app.contracts.dead_letter import DeadLetter
from stream_app.contracts.decision import Decision, EnforcementAction
from stream_app.contracts.ids import text_digest
from stream_app.contracts.review import ReviewTask, Ruling
from stream_app.contracts.topics import (
    DEAD_LETTERS,
    DECISIONS,
    ENFORCEMENT,
    REVIEW_QUEUE,
)  # fmt: skip
from stream_app.settings import Settings
from stream_app.testing_kafka import Record, read
from stream_app.testing_load import (
    Acked,
)


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
