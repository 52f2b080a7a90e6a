"""Kafka clients as this system uses them, made from the settings.

Everything that librdkafka has to say goes to the logger ``weir.kafka``, so nothing of it lands in a command's output.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from stream_app.adapters.security import confluent_config
from stream_app.contracts.topics import CONTENT, Topic
from stream_app.errors import ConfigError, Fenced, Unreachable, WeirError
from stream_app.settings import Settings, env_name, error

# What a message has beside its value: key, headers, and what Kafka adds to a batch.
_ENVELOPE_BYTES = 65_536
# A review task holds an item, its folded text and its context.
_GROWTH = 4
_REPEAT_SECONDS = 10.0
_FENCED = frozenset({KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH})

Answer = TypeVar("Answer")


class _OncePerWhile(logging.Filter):
    """Lets the same line through once in ten seconds; librdkafka repeats itself twenty times a second."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        line = record.getMessage()
        now = time.monotonic()
        if now - self._last.get(line, -_REPEAT_SECONDS) < _REPEAT_SECONDS:
            return False
        if len(self._last) > 1000:
            self._last.clear()
        self._last[line] = now
        return True


logger = logging.getLogger("weir.kafka")
logger.addFilter(_OncePerWhile())
# Where a program has set up no logging, Python would print to standard error.
logger.addHandler(logging.NullHandler())


def producer(settings: Settings, **over: Any) -> Producer:
    """An idempotent producer; ``over`` holds librdkafka's own settings, which win.

    Its partitioner is that of Kafka's Java client (murmur2), so that producers in every language agree on an
    item's partition.
    """
    config = confluent_config(settings) | {
        "client.id": "weir",
        "enable.idempotence": True,
        "acks": "all",
        "partitioner": "murmur2_random",
        "linger.ms": 5,
        "compression.type": "lz4",
        "message.max.bytes": message_bytes(settings),
        "error_cb": _note,
    }
    return Producer(config | over, logger=logger)


def consumer(settings: Settings, group: str | None = None, **over: Any) -> Consumer:
    """A consumer of committed messages that commits nothing by itself; ``over`` as for a producer."""
    config = confluent_config(settings) | {
        "client.id": "weir",
        "group.id": group or settings.consumer_group,
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "allow.auto.create.topics": False,
        "session.timeout.ms": settings.session_timeout_seconds * 1000,
        # By itself it is three seconds, so that a short session would end between two of them.
        "heartbeat.interval.ms": settings.session_timeout_seconds * 1000 // 4,
        "error_cb": _note,
    }
    return Consumer(config | over, logger=logger)


def admin(settings: Settings, **over: Any) -> AdminClient:
    """A client for topics, offsets and access rules."""
    config = confluent_config(settings) | {"client.id": "weir", "error_cb": _note}
    return AdminClient(config | over, logger=logger)


def probe(settings: Settings, timeout: float = 10.0) -> None:
    """Return when the cluster answers.

    Raises Unreachable when nobody answers in time, and ConfigError as soon as the broker refuses the credentials
    or its certificate is not trusted, since waiting does not help there.
    """
    seen: list[KafkaError] = []
    client = admin(settings, error_cb=seen.append)
    deadline = time.monotonic() + timeout
    while True:
        try:
            client.list_topics(timeout=min(1.0, max(0.1, deadline - time.monotonic())))
        except KafkaException as problem:
            client.poll(0)
            refused = next((fatal for each in seen if (fatal := refusal(settings, each)) is not None), None)
            if refused is not None:
                raise refused from problem
            if time.monotonic() >= deadline:
                raise unreachable(settings, [*seen, _error_of(problem)]) from problem
        else:
            return


def message_bytes(settings: Settings, topic: Topic | None = None) -> int:
    """The largest message of a topic, or of any: content is limited, what the worker says about it is longer."""
    growth = 1 if topic is CONTENT else _GROWTH
    return growth * settings.max_value_bytes + _ENVELOPE_BYTES


def refusal(settings: Settings, problem: KafkaError) -> ConfigError | None:
    """The ConfigError for a connection that was refused; None for a problem that may pass."""
    text = _first_line(problem)
    if problem.code() == KafkaError._AUTHENTICATION:
        field = "kafka_security_protocol" if settings.kafka_sasl_username is None else "kafka_sasl_password"
        return error(settings, field, f"{settings.kafka_bootstrap} refused the credentials: {text}")
    if problem.code() == KafkaError._SSL:
        return error(settings, "kafka_ssl_cafile", f"no secure connection to {settings.kafka_bootstrap}: {text}")
    return None


def unreachable(settings: Settings, problems: list[KafkaError]) -> Unreachable:
    """The error for a cluster that did not answer."""
    causes = [each for each in problems if each.code() != KafkaError._ALL_BROKERS_DOWN]
    cause = _first_line(causes[0]) if causes else "no answer"
    hint = f"is Kafka running there, and is {env_name('kafka_bootstrap')} right?"
    # Brokers that were connected to and hung up leave only the word that all are down.
    if len(causes) < len(problems) and "Connect" not in cause and "resolve" not in cause:
        cause = "it closed the connection"
        if settings.kafka_security_protocol == "PLAINTEXT":
            hint = f"does it expect TLS or a login? Then set {env_name('kafka_security_protocol')}"
    return Unreachable(f"Kafka at {settings.kafka_bootstrap} does not answer ({cause}); {hint}")


def translated(settings: Settings, problem: KafkaException | KafkaError) -> WeirError:
    """The error with a fate for an exception of the client library."""
    found = _error_of(problem) if isinstance(problem, KafkaException) else problem
    if found.code() in _FENCED:
        return Fenced(f"another process has taken over: {_first_line(found)}")
    if (refused := refusal(settings, found)) is not None:
        return refused
    if found.code() in (
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    ):
        who = settings.kafka_sasl_username or "this client"
        return error(settings, "kafka_sasl_username", f"{who} may not do this: {_first_line(found)}")
    return unreachable(settings, [found])


def call(settings: Settings, request: Callable[[], Answer]) -> Answer:
    """The answer of a client's method; its exceptions become errors with a fate.

    A client that may never write again raises from whatever method is called next; where that method had a
    callback to call as well, Python makes a SystemError of it.
    """
    try:
        return request()
    except KafkaException as problem:
        raise translated(settings, problem) from problem
    except SystemError as problem:
        if isinstance(problem.__cause__, KafkaException):
            raise translated(settings, problem.__cause__) from problem
        raise


def _error_of(problem: KafkaException) -> KafkaError:
    found: KafkaError = problem.args[0]
    return found


def _first_line(problem: KafkaError) -> str:
    return " ".join(problem.str().split())


def _note(problem: KafkaError) -> None:
    logger.warning("%s", problem.str())
