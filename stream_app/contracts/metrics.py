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
    "weir_lag_records", "gauge", "Messages waiting in a partition of content, or of what the process reads.",
    ("partition",),
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
REVIEW_READ = Metric(
    "weir_review_read_total", "counter",
    "Messages that the review service read, by topic and outcome: taken, skipped, refused (a task whose item was "
    "erased), unread; unread means a producer to talk to.",
    ("topic", "outcome"),
)  # fmt: skip
REVIEW_SENT = Metric(
    "weir_review_sent_total", "counter",
    "Messages that left the outbox of the review service, by topic and outcome: sent, dropped (their item was "
    "erased), deferred (Kafka refused them; any is a matter for an operator).",
    ("topic", "outcome"),
)  # fmt: skip
OUTBOX_WAITING = Metric(
    "weir_review_outbox_waiting", "gauge", "Messages in the outbox that are due and not sent; grows without Kafka."
)
OUTBOX_AGE = Metric(
    "weir_review_outbox_age_seconds", "gauge", "How long the oldest of them has been due; a minute is an alarm."
)
REVIEW_JOB_UP = Metric(
    "weir_review_job_up", "gauge", "1 while a background job of the review service works, 0 while it fails.", ("job",)
)
REVIEW_ANSWERS = Metric(
    "weir_review_answers_total", "counter",
    "What people did with tasks, by outcome: allow, limit, remove, skipped, escalated, undone, reopened.",
    ("outcome",),
)  # fmt: skip
REVIEW_RETURNED = Metric(
    "weir_review_returned_total", "counter",
    "Leases that ran out and were given on, by queue; a rise means that people leave tasks open or lose connection.",
    ("queue",),
)  # fmt: skip
FEEDBACK = Metric(
    "weir_feedback_total", "counter",
    "What followed from reviewers' labels: ruling, example, erased (an example), nothing, buried; buried stays 0.",
    ("outcome",),
)  # fmt: skip
_BOUND = "bound is value, low, high (95 % interval) or n; nan where n is too small to say."
QUALITY_PRECISION = Metric(
    "weir_quality_precision", "gauge",
    "Share of automatic actions that people would have taken too, from audits, by policy label and language (* for "
    f"all); {_BOUND}",
    ("label", "language", "bound"),
)  # fmt: skip
QUALITY_MISS_RATE = Metric(
    "weir_quality_miss_rate", "gauge",
    f"Share of automatically allowed items that people would have acted on, by policy label and language; {_BOUND}",
    ("label", "language", "bound"),
)  # fmt: skip
QUALITY_PREVALENCE = Metric(
    "weir_quality_prevalence", "gauge",
    f"Share of all items that people would act on, by policy label and language; {_BOUND}",
    ("label", "language", "bound"),
)  # fmt: skip
QUALITY_AGREEMENT = Metric(
    "weir_quality_agreement", "gauge",
    f"Agreement of people who answered the same task, by measure: alpha, ac1, raw; {_BOUND}",
    ("measure", "label", "language", "bound"),
)  # fmt: skip
QUALITY_GOLDEN = Metric(
    "weir_quality_golden_right", "gauge",
    f"Share of golden tasks that all people together answered right, by policy label; {_BOUND}",
    ("label", "bound"),
)  # fmt: skip
QUALITY_ALARMS = Metric(
    "weir_quality_alarms", "gauge",
    "People who are wrong on golden tasks as often as quality.alarm.bad says; each is somebody to talk with.",
)  # fmt: skip
SIGN_INS = Metric(
    "weir_review_sign_ins_total", "counter",
    "Sign-ins to the review service by outcome: in, refused, slowed; many refused ones are somebody who guesses.",
    ("outcome",),
)  # fmt: skip
REQUEST_SECONDS = Metric(
    "weir_review_request_seconds", "histogram",
    "Answering one request to the review service, wall seconds, by route and status class (2xx to 5xx).",
    ("route", "status"), FAST,
)  # fmt: skip
REVIEW_OPEN = Metric(
    "weir_review_open", "gauge",
    "Open tasks of reviewers by queue and language (the 20 most frequent, the rest is other); where a number never "
    "falls nobody may take them.",
    ("queue", "language"),
)  # fmt: skip
REVIEW_OVERDUE = Metric(
    "weir_review_overdue_seconds", "gauge",
    "How long the oldest open task of a queue has been past due, 0 where none is; one that only grows is a task that "
    "waits for ever.",
    ("queue",),
)  # fmt: skip

METRICS: tuple[Metric, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
