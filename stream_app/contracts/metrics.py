"""The one place for metrics: name, kind, unit, labels, and how to read it."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]
FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SLOW = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
SIZES = (1.0, 4.0, 16.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """One time series family. ``labels`` take bounded values only."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


STAGE_SECONDS = Metric(
    "weir_stage_seconds", "histogram", "One stage, one batch, wall seconds; a rising p99 names the slow stage.",
    ("stage",), FAST,
)  # fmt: skip
BATCH_ITEMS = Metric(
    "weir_batch_items", "histogram", "Messages in a batch; always at the limit means that the worker is behind.",
    (), SIZES,
)  # fmt: skip
MESSAGES = Metric(
    "weir_messages_total", "counter",
    "Messages by outcome: decided, repeat, late, ruled, stale, deleted, buried. Their sum is what was consumed.",
    ("outcome",),
)  # fmt: skip
VERDICTS = Metric(
    "weir_verdicts_total", "counter",
    "New decisions by verdict, deciding label and detected language; a jump in one slice is drift or an attack.",
    ("verdict", "label", "language"),
)  # fmt: skip
DECISION_SECONDS = Metric(
    "weir_decision_seconds", "histogram", "From the producer's timestamp to the decision; the latency users feel.",
    (), SLOW,
)  # fmt: skip
CACHE = Metric(
    "weir_cache_total", "counter", "Look-ups in the decision cache by result: hit, miss, error.", ("result",)
)
DEGRADED = Metric(
    "weir_degraded_total", "counter", "Items decided without a part that should have helped, by part.", ("part",)
)
LEVEL_SECONDS = Metric(
    "weir_level_seconds", "histogram",
    "One level of the cascade, the texts of one batch that reached it, wall seconds; its sum by level is the cost.",
    ("level",), FAST,
)  # fmt: skip
LEVEL_ITEMS = Metric(
    "weir_level_items_total", "counter",
    "Texts by the level whose scores stand; a share that climbs from the first level to the next is cost to come.",
    ("level",),
)  # fmt: skip
LEVEL_UP = Metric(
    "weir_level_up",
    "gauge",
    "1 while a level of the cascade answers, 0 while its circuit breaker is open.",
    ("level",),
)
DEAD_LETTERS = Metric(
    "weir_dead_letters_total", "counter", "Messages buried, by reason; any steady rate is a producer to talk to.",
    ("reason",),
)  # fmt: skip
REVIEW_TASKS = Metric(
    "weir_review_tasks_total", "counter", "Review tasks by why they were made; reviewers' work to come.", ("why",)
)
LAG_RECORDS = Metric(
    "weir_lag_records", "gauge", "Messages waiting in a partition of content.", ("partition",)
)  # fmt: skip
LAG_SECONDS = Metric(
    "weir_lag_seconds", "gauge", "Age of the newest message decided in a partition when it was decided.",
    ("partition",),
)  # fmt: skip
LAST_ACK = Metric(
    "weir_last_ack_timestamp_seconds", "gauge",
    "When the last batch was acknowledged, seconds since the epoch; old while records wait means a stall.",
)  # fmt: skip
HALTED = Metric(
    "weir_halted", "gauge", "1 while the worker refuses to go on because too much input is unreadable: page somebody."
)
LEDGER_RESTORED = Metric(
    "weir_ledger_restored_total", "counter", "Ledger entries read back from the decisions topic.", ("partition",)
)
PARTITIONS_OWNED = Metric("weir_partitions_owned", "gauge", "Partitions of content that this worker owns now.")

METRICS: tuple[Metric, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
