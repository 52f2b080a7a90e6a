"""A real Apache Kafka for tests and benchmarks, and short ways to look into it.

The broker is one node in KRaft mode on loopback, with its data in a temporary folder. It ends with the process that
started it. Needs Java 17 or newer and Maven, which fetches Kafka's jars once.
"""

import atexit
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import NewTopic, OffsetSpec  # type: ignore[attr-defined]  # public there, though not exported by name

from stream_app.adapters import clients
from stream_app.contracts.topics import TOPICS, Topic
from stream_app.settings import Settings

KAFKA_VERSION = "3.9.1"
_CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qk"
_JAVA = 17
_PR_SET_PDEATHSIG = 1

Answer = TypeVar("Answer")
# (key, value) or (key, value, headers)
Headers = list[tuple[str, str | bytes | None]]
Sent = tuple[bytes | str | None, bytes | None] | tuple[bytes | str | None, bytes | None, Headers]

_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>weir</groupId><artifactId>kit</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{KAFKA_VERSION}</version>
    </dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
"""


@cache
def missing() -> str | None:
    """Why no broker can run here and how to mend it; None where one can."""
    java = _java_version()
    if java is None or java < _JAVA:
        have = "there is none" if java is None else f"this one is {java}"
        return (
            f"Java {_JAVA} or newer is needed, {have}; on Debian or Ubuntu: apt-get install openjdk-17-jre-headless"
        )
    if not _ready(_cache()) and shutil.which("mvn") is None:
        return f"Maven is needed once to fetch Kafka {KAFKA_VERSION}; on Debian or Ubuntu: apt-get install maven"
    return None


def kafka_jars(cache_dir: Path | None = None) -> Path:
    """The folder with Kafka's jars, which Maven fills once; processes that ask at the same time wait for the first.

    The default is ``.cache/kafka-<version>`` of the repository, or what ``WEIR_TEST_KAFKA_JARS`` names.
    """
    folder = cache_dir or _cache()
    if _ready(folder):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _ready(folder):
            _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetch-") as temporary:
        Path(temporary, "pom.xml").write_text(_POM)
        command = [
            "mvn",
            "-q",
            "-B",
            "dependency:copy-dependencies",
            "-DincludeScope=runtime",
            "-DoutputDirectory=jars",
        ]
        done = subprocess.run(command, cwd=temporary, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter and module
        if done.returncode:
            raise RuntimeError(
                f"Maven could not fetch Kafka {KAFKA_VERSION}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
        if folder.exists():
            shutil.rmtree(folder)
        Path(temporary, "jars").rename(folder)


def _ready(folder: Path) -> bool:
    return (folder / f"kafka_2.13-{KAFKA_VERSION}.jar").is_file()


def _cache() -> Path:
    if named := os.environ.get("WEIR_TEST_KAFKA_JARS"):
        return Path(named)
    root = Path(__file__).resolve().parents[1]
    base = root / ".cache" if (root / "pyproject.toml").is_file() else Path.home() / ".cache" / "weir"
    return base / f"kafka-{KAFKA_VERSION}"


def _java_version() -> int | None:
    """The major version of the ``java`` on the path."""
    if shutil.which("java") is None:
        return None
    done = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)  # noqa: S607 - java, from the PATH
    for word in done.stderr.replace('"', " ").split():
        if word[:1].isdigit():
            return int(word.split(".")[0])
    return None


@dataclass(frozen=True, slots=True)
class User:
    """Someone who may log in to the secure listener, with ``mechanism`` as in the settings."""

    name: str
    password: str
    mechanism: str = "SCRAM-SHA-512"


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files of an authority of one test: for the broker at 127.0.0.1, for one client, and of a stranger."""

    ca: Path
    broker: Path  # key and certificate
    client_certificate: Path
    client_key: Path
    other_ca: Path


def make_certificates(folder: Path) -> Certificates:
    """Make a certificate authority and what it signs, with ``openssl``; valid for two days."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("ca", "other-ca"):
        _openssl(
            folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN=weir {name}",
            "-keyout", f"{name}.key", "-out", f"{name}.pem",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip
    for name, extra in (("broker", "subjectAltName=IP:127.0.0.1"), ("client", "subjectAltName=DNS:client")):
        extensions = folder / f"{name}.ext"
        extensions.write_text(
            f"basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\n{extra}\n"
            "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        )
        _openssl(
            folder, "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
            "-keyout", f"{name}.key", "-out", f"{name}.csr",
        )  # fmt: skip
        _openssl(
            folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", extensions.name, "-out", f"{name}.pem",
        )  # fmt: skip
    both = folder / "broker-both.pem"
    both.write_text((folder / "broker.key").read_text() + (folder / "broker.pem").read_text())
    return Certificates(
        folder / "ca.pem", both, folder / "client.pem", folder / "client.key", folder / "other-ca.pem"
    )


def _openssl(folder: Path, *arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603, S607 - openssl, from the PATH
    if done.returncode:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr}")


@dataclass(frozen=True, slots=True)
class Security:
    """A second listener with TLS: SASL for its ``users``, or the client's certificate where there are none.

    Access rules are in force there; the plain listener next to it may do everything.
    """

    certificates: Certificates
    users: tuple[User, ...] = ()


@dataclass(slots=True)
class KafkaBroker:
    """One private broker. ``start`` returns when it answers; its ports and data stay the same for ``restart``."""

    security: Security | None = None
    config: Mapping[str, str] = field(default_factory=dict)
    heap: str = "384m"
    folder: Path = field(init=False)
    port: int = field(init=False)
    secure_port: int = field(init=False)
    _controller_port: int = field(init=False)
    _process: "subprocess.Popen[bytes] | None" = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="weir-kafka-"))
        self.port, self.secure_port, self._controller_port = free_ports(3)
        atexit.register(self.close)

    @property
    def bootstrap(self) -> str:
        """Address of the plain listener."""
        return f"127.0.0.1:{self.port}"

    @property
    def secure_bootstrap(self) -> str:
        """Address of the listener with TLS."""
        return f"127.0.0.1:{self.secure_port}"

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process id of the broker; None while it does not run."""
        return self._process.pid if self._process is not None and self.running else None

    def start(self, timeout: float = 90.0) -> Self:
        """Start the broker and wait until it answers."""
        if self.running:
            return self
        properties = self.folder / "server.properties"
        if not properties.exists():
            properties.write_text("".join(f"{key}={value}\n" for key, value in self._properties().items()))
            self._format(properties)
        with (self.folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [*self._java(f"-Xmx{self.heap}", f"-Xms{self.heap}"), "kafka.Kafka", str(properties)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(),
            )
        self.wait_ready(timeout)
        return self

    def wait_ready(self, timeout: float = 90.0) -> None:
        """Wait until the broker answers. Raises RuntimeError with the end of its log where it does not."""
        client = clients.admin(Settings(kafka_bootstrap=self.bootstrap))
        end = time.monotonic() + timeout
        while time.monotonic() < end and self.running:
            with suppress(KafkaException):
                if client.list_topics(timeout=1.0).brokers:
                    return
        state = "still runs" if self.running else f"ended with {self._process and self._process.returncode}"
        raise RuntimeError(f"Kafka did not answer at {self.bootstrap} ({state}):\n{self.log()[-3000:]}")

    def stop(self, timeout: float = 30.0) -> None:
        """End the broker in order; kill it where that takes too long."""
        if self._process is not None and self.running:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End the broker at once (``kill -9``)."""
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                if self.running:
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def restart(self, *, hard: bool = False, timeout: float = 90.0) -> None:
        """End the broker, with ``hard`` by ``kill -9``, and start it with the same address and data."""
        if hard:
            self.kill()
        else:
            self.stop()
        self.start(timeout)

    def close(self) -> None:
        """Kill the broker and remove its data; nothing happens the second time."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.close)

    def log(self) -> str:
        """What the broker said."""
        file = self.folder / "broker.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _java(self, *options: str) -> list[str]:
        return [
            "java", *options, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xshare:auto",
            "-Djava.awt.headless=true", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true", f"-Djava.io.tmpdir={self.folder}",
            "-cp", f"{kafka_jars()}/*",
        ]  # fmt: skip

    def _format(self, properties: Path) -> None:
        users = self.security.users if self.security else ()
        scram: list[str] = []
        for user in users:
            if user.mechanism != "PLAIN":
                scram += ["--add-scram", f"{user.mechanism}=[name={user.name},password={user.password}]"]
        command = [
            *self._java("-Xmx128m"), "kafka.tools.StorageTool", "format",
            "-t", _CLUSTER_ID, "-c", str(properties), *scram,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter and module
        if done.returncode:
            properties.unlink()
            raise RuntimeError(f"Kafka could not format its storage:\n{done.stdout}{done.stderr}")

    def _properties(self) -> dict[str, str]:
        properties = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SSL",
            "log.dirs": str(self.folder / "data"),
            "num.network.threads": "2",
            "num.io.threads": "2",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "4",
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
            "message.max.bytes": "12000000",
            "replica.fetch.max.bytes": "12000000",
            "auto.create.topics.enable": "false",
            "log.retention.check.interval.ms": "600000",
            "controlled.shutdown.max.retries": "1",
            # A killed broker may come back only when its session has ended.
            "broker.session.timeout.ms": "2000",
            "broker.heartbeat.interval.ms": "400",
        }
        if self.security is not None:
            properties |= self._secure_properties(self.security)
        return properties | dict(self.config)

    def _secure_properties(self, security: Security) -> dict[str, str]:
        protocol = "SASL_SSL" if security.users else "SSL"
        plain = {
            "listeners": f"PLAINTEXT://{self.bootstrap},SECURE://{self.secure_bootstrap},"
            f"CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap},SECURE://{self.secure_bootstrap}",
            "listener.security.protocol.map": f"PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:{protocol}",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(security.certificates.broker),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(security.certificates.ca),
            "ssl.client.auth": "none" if security.users else "required",
        }
        if not security.users:
            return plain
        listener = "listener.name.secure"
        mechanisms = sorted({user.mechanism for user in security.users})
        plain["sasl.enabled.mechanisms"] = ",".join(mechanisms)
        for mechanism in mechanisms:
            if mechanism == "PLAIN":
                login = "org.apache.kafka.common.security.plain.PlainLoginModule required " + " ".join(
                    f'user_{user.name}="{user.password}"' for user in security.users if user.mechanism == "PLAIN"
                )
            else:
                login = "org.apache.kafka.common.security.scram.ScramLoginModule required"
            plain[f"{listener}.{mechanism.lower()}.sasl.jaas.config"] = f"{login};"
        return plain


def free_ports(number: int) -> list[int]:
    """Ports of loopback that nobody uses now; all different."""
    sockets = [socket.socket() for _ in range(number)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def die_with_parent() -> Callable[[], None] | None:
    """What a child must call so that Linux kills it when the process that started it dies.

    Linux means the thread that started it, so only the main thread, which lives as long as the process, asks for it.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


# Short ways to look into a cluster. A topic is one of the declared, or a full name.


@dataclass(frozen=True, slots=True)
class Record:
    """One message as it is in Kafka."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    timestamp_ms: int

    def header(self, name: str) -> bytes | None:
        """The last value of a header."""
        return next((value for key, value in reversed(self.headers) if key == name), None)


def create_topics(
    settings: Settings,
    topics: Iterable[Topic | str] = TOPICS,
    partitions: int = 4,
    config: Mapping[str, str] | None = None,
) -> None:
    """Create topics and wait until they can be used; those that do not follow ``content`` get one partition."""
    new = []
    for topic in topics:
        declared = topic.config() if isinstance(topic, Topic) else {}
        count = partitions if isinstance(topic, str) or topic.follows_content else 1
        new.append(NewTopic(full_name(settings, topic), count, 1, config=declared | dict(config or {})))
    client = clients.admin(settings)
    for future in client.create_topics(new, operation_timeout=20).values():
        future.result(30)
    names = {each.topic for each in new}

    def known() -> bool:
        there = client.list_topics(timeout=5).topics
        parts = [TopicPartition(name, n) for name in names if name in there for n in there[name].partitions]
        if len(parts) != sum(each.num_partitions for each in new):
            return False
        # A leader is announced a moment before it answers.
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call] # not typed there
        answers = client.list_offsets(dict.fromkeys(parts, latest), request_timeout=10)
        return all(future.exception(10) is None for future in answers.values())

    wait_until(known, 20, "topics that were just created")


def produce(
    settings: Settings, topic: Topic | str, messages: Iterable[Sent], partition: int = -1, **over: Any
) -> None:
    """Send messages and wait until each is acknowledged."""
    producer = clients.producer(settings, **over)
    name = full_name(settings, topic)
    failed: list[KafkaError] = []

    def note(problem: KafkaError | None, _: object) -> None:
        if problem is not None:
            failed.append(problem)

    for key, value, *rest in messages:
        headers = rest[0] if rest else None
        while True:
            try:
                producer.produce(name, value, key, partition, headers=headers, on_delivery=note)
            except BufferError:
                producer.poll(0.1)
            else:
                break
        producer.poll(0)
    left = producer.flush(60)
    if failed or left:
        raise AssertionError(f"{len(failed)} messages failed, {left} stayed unsent: {failed[:3]}")


def read(
    settings: Settings, topic: Topic | str, timeout: float = 60.0, *, isolation: str = "read_committed"
) -> list[Record]:
    """Every message that is in a topic now, by partition and offset."""
    name = full_name(settings, topic)
    over = {
        "enable.partition.eof": True,
        "isolation.level": isolation,
        "fetch.message.max.bytes": 16 * 2**20,
        "fetch.wait.max.ms": 50,
    }
    records: list[Record] = []
    with closing(clients.consumer(settings, "weir-kit-reader", **over)) as consumer:
        left = set(_partitions(consumer, name))
        consumer.assign([TopicPartition(name, partition, 0) for partition in left])
        end = time.monotonic() + timeout
        while left:
            if time.monotonic() > end:
                raise TimeoutError(f"partitions {sorted(left)} of {name} had no end within {timeout} s")
            for message in consumer.consume(1000, 0.05):
                problem = message.error()
                if problem is None:
                    records.append(_record(message))
                elif problem.code() == KafkaError._PARTITION_EOF:
                    left.discard(message.partition())
                elif not problem.retriable():
                    raise KafkaException(problem)
    return sorted(records, key=lambda record: (record.partition, record.offset))


def watermarks(settings: Settings, topic: Topic | str) -> dict[int, tuple[int, int]]:
    """The first offset that is kept and the next one that will be written, by partition."""
    name = full_name(settings, topic)
    with closing(clients.consumer(settings, "weir-kit-reader")) as consumer:
        return {partition: _marks(consumer, name, partition) for partition in _partitions(consumer, name)}


def _marks(consumer: Consumer, name: str, partition: int) -> tuple[int, int]:
    end = time.monotonic() + 20
    while True:
        try:
            first, next_one = consumer.get_watermark_offsets(TopicPartition(name, partition), 10)
        except KafkaException as problem:
            # A partition that was made a moment ago may have a leader that does not know it yet.
            if problem.args[0].code() != KafkaError.NOT_LEADER_FOR_PARTITION or time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return first, next_one


def committed(settings: Settings, topic: Topic | str, group: str | None = None) -> dict[int, int]:
    """The committed offset of a group by partition; -1001 where it has none."""
    name = full_name(settings, topic)
    with closing(clients.consumer(settings, group)) as consumer:
        asked = [TopicPartition(name, partition) for partition in _partitions(consumer, name)]
        return {each.partition: each.offset for each in consumer.committed(asked, 10)}


def lag(settings: Settings, topic: Topic | str, group: str | None = None) -> int:
    """How many offsets a group is behind, over all partitions."""
    ends = watermarks(settings, topic)
    done = committed(settings, topic, group)
    return sum(end - max(first, done[partition]) for partition, (first, end) in ends.items())


def wait_until(check: Callable[[], Answer], timeout: float = 60.0, what: str = "it", every: float = 0.1) -> Answer:
    """Call ``check`` until its answer is true and return that; raise TimeoutError that names ``what``."""
    end = time.monotonic() + timeout
    while True:
        if answer := check():
            return answer
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not happen within {timeout:g} s; the last answer was {answer!r}")
        time.sleep(every)


def full_name(settings: Settings, topic: Topic | str) -> str:
    """The name of a topic in Kafka; a string is one already."""
    return topic if isinstance(topic, str) else settings.topic(topic)


def _partitions(consumer: Consumer, name: str) -> Sequence[int]:
    found = consumer.list_topics(name, 10).topics[name]
    if found.error is not None:
        raise KafkaException(found.error)
    return sorted(found.partitions)


def _record(message: Any) -> Record:
    return Record(
        partition=message.partition(),
        offset=message.offset(),
        key=message.key(),
        value=message.value(),
        headers=tuple(message.headers() or ()),
        timestamp_ms=message.timestamp()[1],
    )
