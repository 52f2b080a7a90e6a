import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from pydantic import SecretStr
from sqlalchemy import select

from human_review.audit import heads, log, reading
from human_review.database.tables import audit_head, offsets
from human_review.outbox import put
from human_review.service import Service
from human_review.stream.consumer import Intake
from human_review.stream.publisher import Publisher
from human_review.stream.readers import readers
from human_review.testing import make_service
from stream_app.adapters import admin, clients, security
from stream_app.adapters.trip import Trip
from stream_app.contracts.content import Deletion
from stream_app.contracts.topics import (
    CONTENT,
    DEAD_LETTERS,
    DECISIONS,
    ENFORCEMENT,
    RETRAINING,
    REVIEW_LABELS,
    RULINGS,
)
from stream_app.errors import ConfigError, Unreachable
from stream_app.settings import Settings, env_name
from stream_app.testing_kafka import (
    Certificates,
    KafkaBroker,
    Security,
    User,
    create_topics,
    make_certificates,
    produce,
    read,
    wait_until,
)

GROUP = "weir-secure"
# One user for each mechanism, and one for each process.
USERS = (
    User("plain-user", "plain password", "PLAIN"),
    User("sha256-user", "256 password", "SCRAM-SHA-256"),
    User("sha512-user", "512 password", "SCRAM-SHA-512"),
    *(User(process, f"password of {process}") for process in admin.PROCESSES),
)
OPEN = ("plain-user", "sha256-user", "sha512-user")
CONTENT_RULES = [
    admin.Rule("topic", "secure.content", ("read", "write"), ""),
    admin.Rule("group", GROUP, ("read",), "", "prefixed"),
]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def secure(certificates: Certificates) -> Iterator[KafkaBroker]:
    with KafkaBroker(Security(certificates, USERS)) as broker:
        plain = Settings(kafka_bootstrap=broker.bootstrap, topic_prefix="secure.", consumer_group=GROUP)
        create_topics(plain, partitions=2)
        for user in OPEN:
            admin.allow(plain, CONTENT_RULES, user)
        for process in admin.PROCESSES:
            admin.allow(plain, admin.acls(process, plain), process)
        yield broker


As = Callable[..., Settings]


@pytest.fixture
def as_user(secure: KafkaBroker, certificates: Certificates) -> As:
    def settings(name: str, **over: Any) -> Settings:
        user = next(user for user in USERS if user.name == name)
        values: dict[str, Any] = {
            "kafka_bootstrap": secure.secure_bootstrap,
            "topic_prefix": "secure.",
            "consumer_group": GROUP,
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_mechanism": user.mechanism,
            "kafka_sasl_username": user.name,
            "kafka_sasl_password": SecretStr(user.password),
            "kafka_ssl_cafile": certificates.ca,
        }
        return Settings(**values | over)

    return settings


pytestmark = pytest.mark.broker


@pytest.mark.parametrize("user", OPEN)
def test_confluent_kafka_connects(as_user: As, user: str) -> None:
    settings = as_user(user)
    clients.probe(settings)
    produce(settings, CONTENT, [(user, b"confluent")])
    assert (user.encode(), b"confluent") in _content(settings)


@pytest.mark.parametrize("user", OPEN)
def test_aiokafka_connects(as_user: As, user: str) -> None:
    settings = as_user(user)
    name = settings.topic(CONTENT)

    async def send_and_read() -> list[bytes | None]:
        arguments = security.aiokafka_arguments(settings)
        producer = AIOKafkaProducer(**arguments)
        await producer.start()
        try:
            await producer.send_and_wait(name, b"aiokafka", key=user.encode())
        finally:
            await producer.stop()
        consumer = AIOKafkaConsumer(name, **arguments, group_id=None, auto_offset_reset="earliest")
        await consumer.start()
        try:
            found: list[bytes | None] = []
            while b"aiokafka" not in found:
                message = await asyncio.wait_for(consumer.getone(), 20)
                found.append(message.value if message.key == user.encode() else None)
            return found
        finally:
            await consumer.stop()

    assert b"aiokafka" in asyncio.run(send_and_read())


FAUST_APP = """
import os, sys
import faust
from stream_app.adapters import security
from stream_app.contracts.topics import CONTENT
from stream_app.settings import load

settings = load()
app = faust.App(
    settings.consumer_group, broker=security.faust_broker(settings),
    broker_credentials=security.faust_credentials(settings), datadir=str(settings.data_dir),
    topic_disable_leader=True, topic_allow_declare=False, web_enabled=False,
)
topic = app.topic(settings.topic(CONTENT), key_serializer="raw", value_serializer="raw")

@app.agent(topic)
async def see(stream):
    async for event in stream.events():
        if event.key == sys.argv[-1].encode():
            os.write(1, b"read " + event.key)
            os._exit(0)

sys.argv = sys.argv[:1] + ["worker", "-l", "warning"] + sys.argv[1:]
faust.Worker(app, loglevel="warning").execute_from_commandline()
"""


@pytest.mark.parametrize("user", OPEN)
def test_a_faust_app_connects(as_user: As, user: str, tmp_path: Path) -> None:
    settings = as_user(user, consumer_group=f"{GROUP}-faust-{user}", data_dir=tmp_path)
    produce(settings, CONTENT, [(user, b"faust")])
    # A process of its own: Faust leaves an event loop behind.
    done = subprocess.run(
        [sys.executable, "-c", FAUST_APP, user],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env=os.environ | _variables(settings) | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    assert f"read {user}" in done.stdout, done.stderr[-3000:]


def _variables(settings: Settings) -> dict[str, str]:
    """The same settings as environment variables."""
    values = {env_name(field): getattr(settings, field) for field in settings.model_fields_set}
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in values.items()
    }


def test_a_wrong_password_is_a_wrong_configuration_and_is_said_at_once(as_user: As) -> None:
    with pytest.raises(ConfigError) as caught:
        clients.probe(as_user("sha512-user", kafka_sasl_password=SecretStr("wrong one")), timeout=20)
    assert caught.value.key == "WEIR_KAFKA_SASL_PASSWORD"
    assert "refused the credentials" in caught.value.problem
    assert "wrong one" not in str(caught.value)


def test_a_mechanism_that_the_broker_does_not_offer_to_the_user_is_refused(as_user: As) -> None:
    with pytest.raises(ConfigError, match="refused the credentials"):
        clients.probe(as_user("sha512-user", kafka_sasl_mechanism="PLAIN"), timeout=20)


def test_a_broker_that_nobody_vouches_for_is_not_trusted(as_user: As, certificates: Certificates) -> None:
    with pytest.raises(ConfigError) as caught:
        clients.probe(as_user("sha512-user", kafka_ssl_cafile=certificates.other_ca), timeout=20)
    assert caught.value.key == "WEIR_KAFKA_SSL_CAFILE"
    assert "certificate verify failed" in caught.value.problem


def test_a_certificate_for_another_host_is_refused_unless_told_otherwise(as_user: As, secure: KafkaBroker) -> None:
    # The certificate names the address 127.0.0.1 and not the name localhost.
    by_name = f"localhost:{secure.secure_port}"
    with pytest.raises(ConfigError, match="WEIR_KAFKA_SSL_CAFILE"):
        clients.probe(as_user("sha512-user", kafka_bootstrap=by_name), timeout=20)
    clients.probe(as_user("sha512-user", kafka_bootstrap=by_name, kafka_ssl_check_hostname=False), timeout=20)


def test_talking_plainly_to_a_port_with_tls_says_what_to_set(secure: KafkaBroker) -> None:
    with pytest.raises(Unreachable, match="WEIR_KAFKA_SECURITY_PROTOCOL"):
        clients.probe(Settings(kafka_bootstrap=secure.secure_bootstrap), timeout=2)


def test_a_client_certificate_is_a_login(certificates: Certificates) -> None:
    with KafkaBroker(Security(certificates)) as broker:
        plain = Settings(kafka_bootstrap=broker.bootstrap, topic_prefix="secure.", consumer_group=GROUP)
        create_topics(plain, [CONTENT], partitions=1)
        admin.allow(plain, [*CONTENT_RULES, admin.Rule("group", "weir-kit-reader", ("read",), "")], "CN=client")
        values: dict[str, Any] = {
            "kafka_bootstrap": broker.secure_bootstrap,
            "topic_prefix": "secure.",
            "kafka_security_protocol": "SSL",
            "kafka_ssl_cafile": certificates.ca,
        }
        key: dict[str, Any] = {
            "kafka_ssl_certfile": certificates.client_certificate,
            "kafka_ssl_keyfile": certificates.client_key,
        }
        settings = Settings(**values, **key)
        produce(settings, CONTENT, [("k", b"with a certificate")])
        assert [record.value for record in read(settings, CONTENT)] == [b"with a certificate"]

        async def send() -> None:
            async with AIOKafkaProducer(**security.aiokafka_arguments(settings)) as producer:
                await producer.send_and_wait(settings.topic(CONTENT), b"again")

        asyncio.run(send())
        with pytest.raises((ConfigError, Unreachable)):
            clients.probe(Settings(**values), timeout=5)


def test_the_worker_can_do_its_work(as_user: As) -> None:
    settings = as_user("worker")
    consumer = clients.consumer(settings)
    consumer.subscribe([settings.topic(CONTENT), settings.topic(RULINGS)])
    produce(as_user("producer"), CONTENT, [("k", b"to decide")])
    wait_until(lambda: (m := consumer.poll(1.0)) and not m.error(), 60, "a message for the worker")
    consumer.commit(offsets=consumer.position(consumer.assignment()), asynchronous=False)
    producer = clients.producer(settings, **{"transactional.id": f"{GROUP}-{settings.topic(DECISIONS)}-0"})
    producer.init_transactions(30)
    for _ in range(2):
        producer.begin_transaction()
        for rule in admin.acls("worker", settings):
            if rule.resource == "topic" and "write" in rule.operations:
                producer.produce(rule.name, b"v", b"k")
        producer.commit_transaction(30)
    consumer.close()
    assert len(_messages(settings, DECISIONS.name, f"{GROUP}-ledger")) == 2


def test_a_producer_can_write_content_and_nothing_else(as_user: As) -> None:
    settings = as_user("producer")
    produce(settings, CONTENT, [("k", b"v")])
    _refused(settings, "write", DECISIONS.name)
    _refused(settings, "read", DECISIONS.name)
    _refused(settings, "read", CONTENT.name)


def test_a_worker_cannot_write_content_or_take_a_transaction_of_another_group(as_user: As) -> None:
    settings = as_user("worker")
    _refused(settings, "write", CONTENT.name)
    _refused(settings, "read", DEAD_LETTERS.name)
    other = clients.producer(settings, **{"transactional.id": "other-secure.decisions-0"})
    with pytest.raises(KafkaException) as caught:
        other.init_transactions(20)
    assert caught.value.args[0].code() == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED


def test_a_reader_can_read_decisions_and_write_nothing(as_user: As) -> None:
    settings = as_user("reader")
    for topic in (DECISIONS, ENFORCEMENT):
        _messages(settings, topic.name, f"{GROUP}-reader-1")
        _refused(settings, "write", topic.name)
    _refused(settings, "read", CONTENT.name)


def test_the_operator_of_dead_letters_can_read_them_and_send_content_again(as_user: As) -> None:
    settings = as_user("dead-letters")
    _messages(settings, DEAD_LETTERS.name, admin.dead_letters_group(settings))
    produce(settings, CONTENT, [("k", b"v")])
    produce(settings, RULINGS, [("k", b"v")])
    _refused(settings, "read", DECISIONS.name)


def test_whoever_trains_can_read_the_examples_and_nothing_else(as_user: As) -> None:
    settings = as_user("examples")
    _messages(settings, RETRAINING.name, admin.examples_group(settings))
    _refused(settings, "write", RETRAINING.name)
    _refused(settings, "read", CONTENT.name)


@pytest.fixture
def review(as_user: As, tmp_path: Path) -> Iterator[Service]:
    settings = as_user("review")
    service = make_service(tmp_path, **{name: getattr(settings, name) for name in settings.model_fields_set})
    yield service
    service.database.close()


def test_the_review_service_can_read_all_its_topics(review: Service, secure: KafkaBroker) -> None:
    taken = readers(threading.Event())
    plain = Settings(kafka_bootstrap=secure.bootstrap, topic_prefix="secure.", consumer_group=GROUP)
    for topic in taken:
        produce(plain, plain.topic(topic), [("k", b"{")])
    intake = Intake(review, taken, Trip())

    def read_from() -> set[str]:
        intake.step()
        with review.database.read() as connection:
            return set(connection.execute(select(offsets.c.topic)).scalars())

    try:
        wait_until(lambda: read_from() == set(taken), 60, "something of each topic")
    finally:
        intake.close()


def test_the_review_service_can_publish_and_its_audit_log_be_compared(review: Service) -> None:
    with review.database.write() as connection:
        put(connection, review, message_id="m-1", topic=REVIEW_LABELS, key="item-1", item_id=None,
            message=Deletion(item_id="item-1"))  # fmt: skip
        log.append(connection, None, "tested", "nothing")
        connection.execute(audit_head.update().values(announced_ms=0))
    assert heads.announce(review)
    for _ in range(2):  # the second publisher asks for the number that the first has left
        publisher = Publisher(review, Trip())
        try:
            while publisher.step():
                pass
        finally:
            publisher.close()
    assert {head.seq for head in reading.heads_of_kafka(review.settings)} == {1}


def test_the_review_service_cannot_decide_for_the_worker(as_user: As) -> None:
    settings = as_user("review")
    for topic in (CONTENT, DECISIONS, ENFORCEMENT, RULINGS, RETRAINING):
        _refused(settings, "write", topic.name)
    with pytest.raises(KafkaException) as caught:
        _messages(settings, RETRAINING.name, f"{GROUP}-review")
    assert caught.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    other = clients.producer(settings, **{"transactional.id": f"{GROUP}-secure.decisions-0"})
    with pytest.raises(KafkaException) as caught:
        other.init_transactions(20)
    assert caught.value.args[0].code() == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED


def test_topics_can_be_created_and_compared_without_reading_them(as_user: As) -> None:
    settings = as_user("topics")
    assert len(admin.inspect(settings)) == len(admin.plan(settings, 1, 1))
    _refused(settings, "read", CONTENT.name)
    _refused(settings, "write", CONTENT.name)


def test_docs_state_the_access_rules_as_they_are() -> None:
    docs = (Path(__file__).resolve().parents[2] / "docs" / "security.md").read_text()
    settings = Settings(topic_prefix="PREFIX", consumer_group="GROUP")
    expected = []
    for process in admin.PROCESSES:
        for rule in admin.acls(process, settings):
            name = rule.name.replace("PREFIX", "<prefix>").replace("GROUP", "<group>")
            more = "…" if rule.match == "prefixed" else ""
            row = f"| {process} | {rule.resource} | `{name}{more}` | {', '.join(rule.operations)} | {rule.why} |"
            expected.append(row)
    listed = [line for line in docs.splitlines() if line.startswith(tuple(f"| {each} |" for each in admin.PROCESSES))]
    assert listed == expected


def _content(settings: Settings) -> list[tuple[bytes | None, bytes | None]]:
    return _messages(settings, CONTENT.name, GROUP)


def _messages(settings: Settings, topic: str, group: str) -> list[tuple[bytes | None, bytes | None]]:
    """Everything in a topic; raises KafkaException where that is not allowed."""
    name = settings.topic(topic)
    consumer = clients.consumer(settings, group, **{"enable.partition.eof": True})
    try:
        found = consumer.list_topics(name, 20).topics[name]
        if found.error is not None:
            raise KafkaException(found.error)
        left = set(found.partitions)
        consumer.assign([TopicPartition(name, partition, 0) for partition in left])
        messages = []
        while left:
            message = consumer.poll(20)
            assert message is not None
            problem = message.error()
            if problem is None:
                messages.append((message.key(), message.value()))
            elif problem.code() == KafkaError._PARTITION_EOF:
                left.discard(message.partition() or 0)
            else:
                raise KafkaException(problem)
        return messages
    finally:
        consumer.close()


def _refused(settings: Settings, operation: str, topic: str) -> None:
    if operation == "read":
        with pytest.raises(KafkaException) as caught:
            _messages(settings, topic, f"{GROUP}-reader-1" if settings.kafka_sasl_username == "reader" else GROUP)
        assert caught.value.args[0].code() in (
            KafkaError.TOPIC_AUTHORIZATION_FAILED,
            KafkaError.GROUP_AUTHORIZATION_FAILED,
        )
        return
    with pytest.raises(ConfigError, match="may not do this"):
        clients.call(settings, lambda: _write(settings, topic))


def _write(settings: Settings, topic: str) -> None:
    problems: list[KafkaError | None] = []
    producer = clients.producer(settings, **{"delivery.timeout.ms": 10_000})
    producer.produce(settings.topic(topic), b"v", b"k", on_delivery=lambda problem, _: problems.append(problem))
    producer.flush(20)
    raise KafkaException(problems[0])


def test_the_real_worker_works_over_tls_with_its_own_rights_and_logs_no_secret(
    as_user: As, secure: KafkaBroker, certificates: Certificates, tmp_path: Path
) -> None:
    plain = Settings(kafka_bootstrap=secure.bootstrap, topic_prefix="secure.", consumer_group=GROUP)
    file = tmp_path / "password"
    file.write_text("password of worker\n")
    env = {name: value for name, value in os.environ.items() if not name.startswith("WEIR_")} | {
        "WEIR_KAFKA_BOOTSTRAP": secure.secure_bootstrap,
        "WEIR_TOPIC_PREFIX": "secure.",
        "WEIR_CONSUMER_GROUP": GROUP,
        "WEIR_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "WEIR_KAFKA_SASL_USERNAME": "worker",
        "WEIR_KAFKA_SASL_PASSWORD_FILE": str(file),
        "WEIR_KAFKA_SSL_CAFILE": str(certificates.ca),
        "WEIR_DATA_DIR": str(tmp_path / "data"),
        "WEIR_METRICS_PORT": "0",
    }
    env["WEIR_KAFKA_SASL_MECHANISM"] = as_user("worker").kafka_sasl_mechanism or ""
    log = tmp_path / "worker.log"
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "stream_app.worker"], env=env, stdout=output, stderr=output)
        try:
            produce(plain, CONTENT, [(b"tls-1", b'{"item_id": "tls-1", "text": "hello"}'), (b"tls-2", b"{")])
            decided = wait_until(lambda: [r for r in read(plain, DECISIONS) if r.key == b"tls-1"], 60, "a decision")
            assert wait_until(
                lambda: [r for r in read(plain, DEAD_LETTERS) if r.key == b"tls-2"], 30, "a dead letter"
            )
            assert b"tls-1" in (decided[0].value or b"")
        finally:
            process.terminate()
            process.wait(40)
    assert "password of worker" not in log.read_text()
