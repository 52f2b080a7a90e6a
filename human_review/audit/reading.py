"""The log as it lies in the database, and the heads that were published, for whoever checks one against the other."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from sqlalchemy import Connection, select

from human_review.audit.log import CHAIN, Entry
from human_review.audit.verify import Head, Report, verify
from human_review.database.engine import Database
from human_review.database.tables import audit, audit_head
from stream_app.adapters import clients
from stream_app.contracts.codec import decode
from stream_app.contracts.review import AuditHead
from stream_app.contracts.topics import AUDIT_HEADS
from stream_app.errors import BadMessage, ConfigError, Unreachable
from stream_app.settings import Settings

_ROWS = 10_000
_KAFKA_SECONDS = 60.0


def verify_database(database: Database, published: Sequence[AuditHead] = ()) -> Report:
    """Check the log against itself, its head row and published heads, which must have been read before this call."""
    with _snapshot(database) as connection:
        row = connection.execute(select(audit_head).where(audit_head.c.chain == CHAIN)).one_or_none()
        query = select(audit).order_by(audit.c.seq).execution_options(yield_per=_ROWS)
        with closing(connection.execute(query)) as rows:
            return verify((Entry(*each) for each in rows), Head(row.seq, row.hash) if row else None, published)


def heads_of_file(file: Path) -> list[AuditHead]:
    """Heads that were kept in a file, one JSON object a line. Raises ConfigError that names the line."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError as problem:
        raise ConfigError(file, "(the file)", f"cannot be read: {problem.strerror}") from problem
    return list(_decoded(((f"line {number}", line) for number, line in enumerate(lines, 1) if line.strip()), file))


def heads_of_kafka(settings: Settings) -> list[AuditHead]:
    """Every head that was published. Raises Unreachable, or ConfigError for a message that is no head."""
    name = settings.topic(AUDIT_HEADS)
    clients.probe(settings)
    with closing(clients.consumer(settings, audit_group(settings), **{"enable.partition.eof": True})) as consumer:
        try:
            return list(_decoded(_messages(consumer, name), name))
        except KafkaException as problem:
            raise clients.translated(settings, problem) from problem


def audit_group(settings: Settings) -> str:
    """The group of ``weir audit``, which commits nothing."""
    return f"{settings.consumer_group}-audit"


@contextmanager
def _snapshot(database: Database) -> Iterator[Connection]:
    """A transaction that sees the head row and the entries as of one moment."""
    level = {} if database.is_sqlite else {"isolation_level": "REPEATABLE READ"}
    with database.engine.connect().execution_options(**level) as connection, connection.begin():
        yield connection


def _decoded(values: Iterable[tuple[str, bytes]], where: Path | str) -> Iterator[AuditHead]:
    for place, value in values:
        try:
            head = decode(value, AuditHead)
        except BadMessage as problem:
            raise ConfigError(where, place, f"is no published head: {problem.detail}") from problem
        if head.chain == CHAIN:
            yield head


def _messages(consumer: Consumer, name: str) -> Iterator[tuple[str, bytes]]:
    found = consumer.list_topics(name, _KAFKA_SECONDS).topics[name]
    if found.error is not None:
        raise KafkaException(found.error)
    left = set(found.partitions)
    consumer.assign([TopicPartition(name, number, 0) for number in left])
    end = time.monotonic() + _KAFKA_SECONDS
    while left:
        if time.monotonic() > end:
            raise Unreachable(f"{name} could not be read to its end within {_KAFKA_SECONDS:g} s")
        for message in consumer.consume(_ROWS, 0.2):
            problem = message.error()
            if problem is None:
                end = time.monotonic() + _KAFKA_SECONDS
                yield f"offset {message.offset()} of partition {message.partition()}", message.value() or b""
            elif problem.code() == KafkaError._PARTITION_EOF:
                left.discard(message.partition() or 0)
            else:
                raise KafkaException(problem)
