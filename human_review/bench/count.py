"""What a run has come to: what people were promised beside what is in the database and in Kafka."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import func, select

from human_review.bench.reviewer import Findings
from human_review.bench.service import ServiceProcess
from human_review.database.tables import answers, tasks
from human_review.service import Service
from stream_app.contracts.codec import decode
from stream_app.contracts.review import ReviewDecision
from stream_app.contracts.topics import REVIEW_LABELS
from stream_app.testing_kafka import read


def count(service: Service, process: ServiceProcess, found: Sequence[Findings]) -> dict[str, Any]:
    """The figures of a run. Those of `compared`, and undecided tasks, must be 0."""
    labels = [decode(record.value, ReviewDecision) for record in read(service.settings, REVIEW_LABELS, 300.0)]
    returns = returns_of(process.down_between, found)
    done: Counter[str] = sum((each.done for each in found), Counter())
    takes = [take for each in found for take in each.takes]
    wrong = compared(labels, found)
    wrong["double_decisions"] += _twice_answered(service)
    wrong["given_to_two"] = given_to_two(found)
    return wrong | {
        "undecided": _undecided(service),
        "accepted": sum(len(each.accepted) for each in found),
        "labels": len({label.label_id for label in labels if label.withdrawn is None}),
        "returns": len(returns),
        "return_seconds_over_ttl": round(max(returns), 3) if returns else None,
        "take_ms": percentiles([seconds * 1000 for asked, seconds in takes if not process.disturbed(asked)]),
        "take_ms_after_kills": percentiles([seconds * 1000 for asked, seconds in takes if process.disturbed(asked)]),
        "done": dict(sorted(done.items())),
    }


def compared(labels: Sequence[ReviewDecision], found: Sequence[Findings]) -> dict[str, Any]:
    """What is wrong with the labels in Kafka, one for each message, by what people were told."""
    times = Counter(label.label_id for label in labels)
    accepted = {label for each in found for label in each.accepted}
    doubtful = {label for each in found for label in each.doubtful}
    withdrawn = {label for each in found for label in each.withdrawn}
    return {
        "double_decisions": _twice_final(labels),
        "lost": len(accepted - doubtful - times.keys()),
        "sent_twice": sum(1 for number in times.values() if number > 1),
        "sent_though_undone": len(withdrawn & times.keys()),
        "wrong_answers": sum(len(each.wrong) for each in found),
    }


def _twice_answered(service: Service) -> int:
    """Seats with more than one answer that stands."""
    standing = (
        select(answers.c.seat_id).where(answers.c.state == "standing")
        .group_by(answers.c.seat_id).having(func.count() > 1)
    )  # fmt: skip
    with service.database.read() as connection:
        return len(connection.execute(standing).all())


def _twice_final(labels: Sequence[ReviewDecision]) -> int:
    """Tasks with more than one final label that no other replaces."""
    unique = {label.label_id: label for label in labels}
    replaced = {label.replaces for label in unique.values()}
    in_force = Counter(
        label.task.task_id for label in unique.values() if label.final and label.label_id not in replaced
    )
    return sum(1 for number in in_force.values() if number > 1)


def given_to_two(found: Sequence[Findings]) -> int:
    """How often a seat was in the hands of two people for certain, each with a lease that ran."""
    held = sorted(entry for each in found for entry in each.held)
    return sum(1 for (seat, _, until), (other, since, _) in pairwise(held) if seat == other and since < until)


def _undecided(service: Service) -> int:
    query = select(func.count()).select_from(tasks).where(tasks.c.closed_why.is_distinct_from("decided"))
    with service.database.read() as connection:
        return int(connection.execute(query).scalar_one())


def returns_of(down_between: Callable[[float, float], float], found: Sequence[Findings]) -> list[float]:
    """How long after the end of its lease each abandoned seat was still passed over, in seconds.

    Passed over is a seat where somebody who may have it asks and is given a less urgent one; while more urgent ones
    are there, a seat that has come back waits like any other. Seconds in which the service did not run do not count.
    """
    takes = sorted(((take, each) for each in found for take in each.taken), key=lambda entry: entry[0].at)
    returns = []
    for seat, until in (entry for each in found for entry in each.abandoned):
        mine = next((take for take, _ in takes if take.seat == seat), None)
        again = next((take.at for take, _ in takes if take.seat == seat and take.at > until), math.inf)
        if mine is None or again == math.inf:
            continue  # nobody needed it any more
        over = [
            take.at for take, each in takes
            if until <= take.asked and take.at < again and take.due > mine.due and mine.task not in each.barred
        ]  # fmt: skip
        returns.append(max((at - until - down_between(until, at) for at in over), default=0.0))
    return returns


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """By the nearest rank."""
    ordered = sorted(values)
    if not ordered:
        return {}
    return {f"p{share}": round(ordered[math.ceil(share / 100 * len(ordered)) - 1], 1) for share in (50, 95, 99)}
