"""Messages into the database, each exactly once: what they cause and how far was read are one transaction.

A message that cannot be read, or whose effect fails, is noted in ``unread`` and holds nobody up. Where it is the
database that fails, nothing is noted: the exception goes up, and the messages are read again from where they are.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from human_review.database.engine import now_ms
from human_review.database.rows import insert_new
from human_review.database.tables import unread
from human_review.desk.again import again
from human_review.quality import population
from human_review.service import Service
from human_review.stream import offsets
from human_review.stream.offsets import Place
from human_review.stream.problems import described, is_of_the_database
from stream_app.adapters.trip import Trip
from stream_app.contracts.metrics import REVIEW_READ
from stream_app.errors import BadMessage
from stream_app.telemetry import facts

log = logging.getLogger(__name__)

# People wait for SQLite's lock meanwhile, so a long batch is taken in by several transactions. Who waits for the lock
# asks for it now and then, so it must be free now and then.
TRANSACTION_SECONDS = 0.05
FREE_SECONDS = 0.05


def _nothing(*_: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Then:
    """What an effect leaves for later, and what its message is counted as.

    ``last`` comes after the effects of all messages of the transaction: locks that everybody wants are taken there.
    So do the rows that count decisions: those of the whole transaction are ``counted`` at once.
    ``committed`` comes after the transaction, and not at all where that fails.
    """

    outcome: str = "taken"
    counted: population.Counted | None = None
    last: Callable[[Connection], object] = _nothing
    committed: Callable[[], object] = _nothing


Effect = Callable[[Connection, Service], Then | None]


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message as it was read; ``topic`` is without its prefix."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None

    @property
    def place(self) -> Place:
        """The topic and partition."""
        return self.topic, self.partition


Reader = Callable[[Service, Arrived], Effect | None]
"""Decodes a message to what it causes; None where it causes nothing. Raises BadMessage where it cannot be read."""
Readers = Mapping[str, Reader]
"""One for each topic, in the order in which a batch is taken in."""


@dataclass(frozen=True, slots=True)
class _Work:
    message: Arrived
    effect: Effect | None = None
    problem: str = ""


def take_in(service: Service, readers: Readers, messages: Sequence[Arrived], trip: Trip) -> None:
    """Take in messages, those of a partition in their order; what was taken in before is passed over.

    Raises the database's own exception where it is away or overloaded; what was committed until then stays.
    """
    order = {topic: number for number, topic in enumerate(readers)}
    ordered = sorted(messages, key=lambda message: (order[message.topic], message.partition, message.offset))
    left = [_read(service, readers[message.topic], message) for message in ordered]
    while left:
        left = left[_transaction(service, left, trip) :]
        if service.database.is_sqlite:
            time.sleep(FREE_SECONDS)


def _read(service: Service, reader: Reader, message: Arrived) -> _Work:
    try:
        return _Work(message, reader(service, message))
    except BadMessage as problem:
        return _Work(message, problem=described(problem))


@again
def _transaction(service: Service, works: Sequence[_Work], trip: Trip) -> int:
    """Take in as many as fit into one transaction; return how many."""
    end = time.monotonic() + TRANSACTION_SECONDS
    outcomes: Counter[tuple[str, str]] = Counter()
    later: list[Then] = []
    done = 0
    with service.database.write() as connection:
        following = offsets.locked(connection, {work.message.place for work in works})
        for work in works:
            done += 1
            message = work.message
            if message.offset >= following[message.place]:
                then = _apply(connection, service, work)
                later.append(then)
                outcomes[message.topic, then.outcome] += 1
                following[message.place] = message.offset + 1
            if time.monotonic() > end:
                break
        offsets.store(connection, following)
        population.add(connection, [then.counted for then in later if then.counted is not None])
        for then in later:
            then.last(connection)
        trip("in-intake")
    for then in later:
        then.committed()
    trip("after-intake")
    for (topic, outcome), count in outcomes.items():
        service.telemetry.count(REVIEW_READ, topic, outcome, by=count)
    return done


def _apply(connection: Connection, service: Service, work: _Work) -> Then:
    """Let a message have its effect, or none of it."""
    problem = work.problem
    if work.effect is not None:
        try:
            with connection.begin_nested():
                return work.effect(connection, service) or Then()
        except Exception as error:
            if is_of_the_database(error):
                raise
            problem = described(error)
    if problem:
        _note(connection, work.message, problem)
        return Then("unread")
    return Then("skipped")


def _note(connection: Connection, message: Arrived, problem: str) -> None:
    place = {"topic": message.topic, "partition": message.partition, "position": message.offset}
    insert_new(connection, unread, **place, problem=problem, at_ms=now_ms(connection))
    log.warning("a message could not be taken in", extra=facts(**place, problem=problem))
