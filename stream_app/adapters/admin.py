"""Topics as they are declared against topics as they are, and who may do what with them."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Literal

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public there, though not exported by name
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from stream_app.adapters import clients
from stream_app.contracts.topics import (
    APPEALS,
    AUDIT_HEADS,
    CONTENT,
    DEAD_LETTERS,
    DECISIONS,
    ENFORCEMENT,
    REPORTS,
    RETRAINING,
    REVIEW_LABELS,
    REVIEW_QUEUE,
    RULINGS,
    TOPICS,
    Topic,
)
from stream_app.settings import Settings, error

_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """A declared topic as it is created."""

    topic: Topic
    name: str
    partitions: int
    replication_factor: int
    config: dict[str, str]


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic as it is; ``partitions`` is 0 where it is missing.

    ``problems`` break a promise of this system; ``notes`` are only different from what is declared.
    """

    name: str
    partitions: int = 0
    replication_factor: int = 0
    cleanup_policy: str = ""
    retention_ms: int | None = None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def plan(settings: Settings, partitions: int, replication_factor: int) -> list[TopicPlan]:
    """What ``create`` would make.

    A topic that is only compacted holds a state that each of its readers reads whole, so it has one partition;
    all others have as many as ``content``.
    """
    plans = []
    for topic in TOPICS:
        config = topic.config() | {
            "max.message.bytes": str(clients.message_bytes(settings, topic)),
            # An acknowledged message survives the loss of any one broker.
            "min.insync.replicas": str(max(1, replication_factor - 1)),
        }
        count = partitions if topic.deleted else 1
        plans.append(TopicPlan(topic, settings.topic(topic), count, replication_factor, config))
    return plans


def create(settings: Settings, plans: list[TopicPlan]) -> dict[str, str | None]:
    """Create topics. Gives for each name None where it was made, or why not; one that exists is left as it is."""
    client = clients.admin(settings)
    new = [NewTopic(p.name, p.partitions, p.replication_factor, config=p.config) for p in plans]
    if not new:
        return {}
    answers: dict[str, str | None] = {}
    for name, future in client.create_topics(new, operation_timeout=_SECONDS).items():
        problem = _problem(settings, future)
        answers[name] = None if problem is None else problem.str()
    return answers


def inspect(settings: Settings) -> list[TopicState]:
    """Every declared topic as it is, in the order of their declaration."""
    client = clients.admin(settings)
    try:
        cluster = client.list_topics(timeout=_SECONDS)
    except KafkaException as problem:
        raise clients.translated(settings, problem) from problem
    there = {name: found for name, found in cluster.topics.items() if found.error is None}
    configs = _configs(
        settings, client, [settings.topic(topic) for topic in TOPICS if settings.topic(topic) in there]
    )
    content = there.get(settings.topic(CONTENT))
    expected = len(content.partitions) if content is not None else 0
    states = []
    for topic in TOPICS:
        name = settings.topic(topic)
        if name not in there:
            states.append(TopicState(name, problems=("missing; `weir topics create` makes it",)))
            continue
        parts = there[name].partitions
        replicas = min(len(part.replicas) for part in parts.values())
        config = configs[name]
        problems, notes = _compare(settings, topic, len(parts), expected, config)
        if replicas < min(len(cluster.brokers), 3):
            notes.append(f"{replicas} of {len(cluster.brokers)} brokers hold a copy")
        retention = int(config["retention.ms"]) if "delete" in config["cleanup.policy"] else None
        policy = ",".join(sorted(config["cleanup.policy"].split(",")))
        states.append(TopicState(name, len(parts), replicas, policy, retention, tuple(problems), tuple(notes)))
    return states


def check_worker_topics(settings: Settings) -> None:
    """Raise ConfigError unless the worker's topics are there and ``content`` has as many partitions as its followers.

    Needs no more than the right to see them, unlike ``inspect``.
    """
    found = partitions_of(
        settings, (CONTENT, RULINGS, DECISIONS, ENFORCEMENT, REVIEW_QUEUE, RETRAINING, DEAD_LETTERS)
    )
    for topic, number in found.items():
        if topic.follows_content and number != found[CONTENT]:
            name, expected = settings.topic(topic), found[CONTENT]
            problem = f"{name} has {number} partitions, content has {expected}: they must be equal"
            raise error(settings, "topic_prefix", problem)


def partitions_of(settings: Settings, topics: tuple[Topic, ...]) -> dict[Topic, int]:
    """How many partitions each topic has. Raises ConfigError where one is missing, Unreachable."""
    try:
        there = clients.admin(settings).list_topics(timeout=_SECONDS).topics
    except KafkaException as problem:
        raise clients.translated(settings, problem) from problem
    for topic in topics:
        name = settings.topic(topic)
        if name not in there or there[name].error is not None:
            raise error(settings, "topic_prefix", f"there is no topic {name}; `weir topics create` makes it")
    return {topic: len(there[settings.topic(topic)].partitions) for topic in topics}


def topic_ids(settings: Settings, topics: tuple[Topic, ...]) -> dict[str, str]:
    """Kafka's ids of topics, by their names in Kafka. Raises Unreachable or ConfigError."""
    client = clients.admin(settings)
    futures = client.describe_topics(TopicCollection([settings.topic(topic) for topic in topics]))
    try:
        return {name: str(future.result(_SECONDS).topic_id) for name, future in futures.items()}
    except KafkaException as problem:
        raise clients.translated(settings, problem) from problem


def _compare(
    settings: Settings, topic: Topic, partitions: int, expected: int, config: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    problems: list[str] = []
    notes: list[str] = []
    if topic.follows_content and expected and partitions != expected:
        problems.append(f"{partitions} partitions, {settings.topic(CONTENT)} has {expected}: they must be equal")
    declared = topic.config()
    if set(config["cleanup.policy"].split(",")) != set(declared["cleanup.policy"].split(",")):
        problems.append(f"cleanup.policy is {config['cleanup.policy']}, must be {declared['cleanup.policy']}")
    needed = clients.message_bytes(settings, topic)
    if int(config["max.message.bytes"]) < needed:
        problems.append(f"max.message.bytes is {config['max.message.bytes']}, must be at least {needed}")
    notes += [
        f"{key} is {config[key]}, declared is {declared[key]}"
        for key in ("retention.ms", "delete.retention.ms")
        if key in declared and config[key] != declared[key]
    ]
    return problems, notes


def _configs(settings: Settings, client: AdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    configs = {}
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    for resource, future in client.describe_configs(resources, request_timeout=_SECONDS).items():
        try:
            entries = future.result(_SECONDS)
        except KafkaException as problem:
            raise clients.translated(settings, problem) from problem
        configs[resource.name] = {name: entry.value for name, entry in entries.items()}
    return configs


def _problem(settings: Settings, future: "Future[Any]") -> KafkaError | None:
    """Why a request for one topic failed; raises where the whole cluster cannot be used."""
    try:
        future.result(_SECONDS + 5)
    except KafkaException as problem:
        cause: KafkaError = problem.args[0]
        broken = (KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError._ALL_BROKERS_DOWN)
        if cause.code() in broken or clients.refusal(settings, cause) is not None:
            raise clients.translated(settings, problem) from problem
        return cause
    return None


# Who may do what. Writing, reading and creating include describing.

Process = Literal["worker", "feedback", "review", "producer", "dead-letters", "examples", "reader", "topics"]
PROCESSES: dict[Process, str] = {
    "worker": "`weir worker`",
    "feedback": "`weir feedback`",
    "review": "`weir review`, and `weir audit` where it reads the published heads",
    "producer": "`weir produce`, and everyone who posts content",
    "dead-letters": "`weir dead-letters show` and `replay`",
    "examples": "`weir examples`",
    "reader": "a consumer of decisions and enforcement",
    "topics": "`weir topics create` and `list`",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One permission, on what has this ``name`` (``literal``) or a name that starts so (``prefixed``)."""

    resource: Literal["topic", "group", "transactional-id"]
    name: str
    operations: tuple[str, ...]
    why: str
    match: Literal["literal", "prefixed"] = "literal"


def acls(process: Process, settings: Settings) -> list[Rule]:
    """The least that a process must be allowed for its work; without any rule Kafka refuses everything."""
    group = settings.consumer_group

    def on(topic: Topic, operations: str, why: str) -> Rule:
        return Rule("topic", settings.topic(topic), tuple(operations.split()), why)

    match process:
        case "worker":
            return [
                on(CONTENT, "read", "what it decides"),
                on(RULINGS, "read", "verdicts from outside, which it writes down"),
                on(DECISIONS, "read write", "its ledger is restored from here"),
                on(ENFORCEMENT, "write", "what the platform must do"),
                on(REVIEW_QUEUE, "write", "what a person must look at"),
                on(RETRAINING, "write", "to erase what was learned from a deleted item"),
                on(DEAD_LETTERS, "write", "what it could not read"),
                Rule("group", group, ("read",), "its place in the group and its offsets"),
                Rule("group", f"{group}-ledger", ("read",), "the restore"),
                Rule(
                    "transactional-id", f"{group}-", ("describe", "write"), "one id for each partition, which keeps "
                    "an earlier owner from writing", "prefixed",
                ),
            ]  # fmt: skip
        case "feedback":
            return [
                on(REVIEW_LABELS, "read", "what reviewers said"),
                on(RULINGS, "write", "what follows for the item"),
                on(RETRAINING, "write", "what can be learned from it"),
                on(DEAD_LETTERS, "write", "what it could not read"),
                Rule("group", f"{group}-feedback", ("read",), "its place in the group and its offsets"),
                Rule("group", f"{group}-feedback-sent", ("read",), "how far what follows was sent"),
                Rule(
                    "transactional-id", f"{group}-feedback-", ("describe", "write"), "one id for each partition, "
                    "which keeps an earlier owner from writing", "prefixed",
                ),
            ]  # fmt: skip
        case "review":
            return [
                on(REVIEW_QUEUE, "read", "what people must look at"),
                on(DECISIONS, "read", "which tasks hold no longer, and what was decided"),
                on(ENFORCEMENT, "read", "what authors were told"),
                on(CONTENT, "read", "which items were deleted"),
                on(APPEALS, "read", "what authors disagree with"),
                on(REPORTS, "read", "what users report"),
                on(REVIEW_LABELS, "read write", "what people said; its name is where the number of a batch is kept"),
                on(AUDIT_HEADS, "read write", "how far the audit log went; `weir audit` compares"),
                Rule("group", f"{group}-review", ("read",), "its place in the group; its offsets, for who watches"),
                Rule("group", f"{group}-review-outbox", ("read",), "the number of the last batch that was sent"),
                Rule("group", f"{group}-audit", ("read",), "a consumer has a group, also one without offsets"),
                Rule(
                    "transactional-id", f"{group}-review-outbox-{settings.topic(REVIEW_LABELS)}",
                    ("describe", "write"), "keeps an earlier publisher from writing",
                ),
            ]  # fmt: skip
        case "producer":
            return [on(CONTENT, "write", "what users posted")]
        case "dead-letters":
            return [
                on(DEAD_LETTERS, "read", "to show and to choose"),
                on(CONTENT, "read write", "to send again; large values are read where they were"),
                on(RULINGS, "read write", "the same for rulings"),
                on(REVIEW_LABELS, "read write", "the same for labels"),
                Rule(
                    "group",
                    dead_letters_group(settings),
                    ("read",),
                    "a consumer has a group, also one without offsets",
                ),
            ]
        case "examples":
            return [
                on(RETRAINING, "read", "what can be learned from"),
                Rule(
                    "group", examples_group(settings), ("read",), "a consumer has a group, also one without offsets"
                ),
            ]
        case "reader":
            return [
                on(DECISIONS, "read", "every decision"),
                on(ENFORCEMENT, "read", "what the platform must do"),
                Rule("group", f"{group}-reader-", ("read",), "groups of your choice with this start", "prefixed"),
            ]
        case "topics":
            operations = ("create", "describe", "describe-configs")
            why = "to create the declared topics and to compare them"
            if not settings.topic_prefix:
                return [Rule("topic", settings.topic(topic), operations, why) for topic in TOPICS]
            return [Rule("topic", settings.topic_prefix, operations, why, "prefixed")]


def dead_letters_group(settings: Settings) -> str:
    """The group of ``weir dead-letters``, which commits nothing."""
    return f"{settings.consumer_group}-dead-letters"


def examples_group(settings: Settings) -> str:
    """The group of ``weir examples``, which commits nothing."""
    return f"{settings.consumer_group}-examples"


def bindings(rules: list[Rule], user: str) -> list[AclBinding]:
    """Rules as Kafka's own access rules for a user, from any host."""
    return [
        AclBinding(
            getattr(ResourceType, rule.resource.upper().replace("-", "_")),
            rule.name,
            getattr(ResourcePatternType, rule.match.upper()),
            f"User:{user}",
            "*",
            getattr(AclOperation, operation.upper().replace("-", "_")),
            AclPermissionType.ALLOW,
        )
        for rule in rules
        for operation in rule.operations
    ]


def allow(settings: Settings, rules: list[Rule], user: str) -> None:
    """Put rules in force for a user."""
    client = clients.admin(settings)  # requests end with the client
    for future in client.create_acls(bindings(rules, user), request_timeout=_SECONDS).values():
        try:
            future.result(_SECONDS)
        except KafkaException as problem:
            raise clients.translated(settings, problem) from problem
