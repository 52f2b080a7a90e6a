"""Every table of the review database. Times are integers of milliseconds since the epoch, by the database's clock.

Whatever holds content of users is sealed (`human_review.sealing`) under a key of its item: erasing the item deletes
the key.
"""

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
    literal_column,
    text,
)
from sqlalchemy.sql.elements import ColumnElement

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Id = String(64)
_Word = String(64)
_ItemId = String(256)
_Ms = BigInteger
# SQLite numbers rows by itself only where the column is an INTEGER.
_Number = BigInteger().with_variant(Integer, "sqlite")


# -- people --

users = Table(
    "users", metadata,
    Column("user_id", _Id, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),  # what they sign in with, case-folded
    Column("password_hash", String(255)),  # argon2id; null for people who come through OIDC
    Column("must_change_password", Boolean, nullable=False, default=False),  # somebody else has chosen it
    Column("role", _Word, nullable=False),
    Column("queues", Text, nullable=False, default='["*"]'),  # JSON list
    Column("languages", Text, nullable=False, default='["*"]'),  # JSON list
    Column("pseudonym", _Id, nullable=False, unique=True),  # the only name that leaves this service
    Column("active", Boolean, nullable=False, default=True),
    Column("locale", String(16), nullable=False, default="en"),
    Column("preferences", Text, nullable=False, default="{}"),  # JSON: keys, veil, greyscale, direction
    Column("exposure_items", Integer),  # in place of the review file's limits, where they are not null
    Column("exposure_minutes", Float),
    Column("oidc_issuer", String(500)),
    Column("oidc_subject", String(255)),
    Column("created_ms", _Ms, nullable=False),
    UniqueConstraint("oidc_issuer", "oidc_subject"),
)  # fmt: skip

sessions = Table(
    "sessions", metadata,
    Column("token_digest", _Id, primary_key=True),  # SHA-256 of the cookie; the cookie itself is never stored
    Column("user_id", _Id, ForeignKey("users.user_id"), nullable=False, index=True),
    Column("csrf", _Id, nullable=False),
    Column("created_ms", _Ms, nullable=False),
    Column("seen_ms", _Ms, nullable=False),
    Column("ended_ms", _Ms),
)  # fmt: skip

oidc_flows = Table(  # sign-ins that have gone to the issuer and not come back
    "oidc_flows", metadata,
    Column("state_digest", _Id, primary_key=True),
    Column("browser_digest", _Id, nullable=False),  # of a cookie: who comes back is who left
    Column("nonce", _Id, nullable=False),
    Column("verifier", String(128), nullable=False),  # PKCE
    Column("next", String(2000), nullable=False),
    Column("created_ms", _Ms, nullable=False),
)  # fmt: skip

api_tokens = Table(
    "api_tokens", metadata,
    Column("token_digest", _Id, primary_key=True),
    Column("user_id", _Id, ForeignKey("users.user_id"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("created_ms", _Ms, nullable=False),
    Column("revoked_ms", _Ms),
)  # fmt: skip

sign_in_links = Table(  # each signs one person in once
    "sign_in_links", metadata,
    Column("token_digest", _Id, primary_key=True),
    Column("user_id", _Id, ForeignKey("users.user_id"), nullable=False),
    Column("expires_ms", _Ms, nullable=False),
    Column("used_ms", _Ms),
)  # fmt: skip

attempts = Table(  # what rate limits count
    "attempts", metadata,
    Column("number", _Number, primary_key=True),
    Column("bucket", String(300), nullable=False),
    Column("at_ms", _Ms, nullable=False),
    Index("ix_attempts_bucket_at_ms", "bucket", "at_ms"),
)  # fmt: skip

exposures = Table(  # what a person has looked at; private to that person
    "exposures", metadata,
    Column("number", _Number, primary_key=True),
    Column("user_id", _Id, ForeignKey("users.user_id"), nullable=False),
    Column("at_ms", _Ms, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("severity", Float, nullable=False),  # 0 to 1
    Column("shown", Integer, nullable=False),  # so many items; 0 where time is added to what was counted before
    Index("ix_exposures_user_id_at_ms", "user_id", "at_ms"),
)  # fmt: skip

# -- items and tasks --

items = Table(
    "items", metadata,
    Column("item_id", _ItemId, primary_key=True),
    Column("wrapped_key", LargeBinary),  # null once the item is erased
    Column("decision_id", _Id),  # the latest decision that was seen
    Column("verdict", _Word),
    Column("decided_by", _Word),
    Column("erased_ms", _Ms),
    Column("origin", Text),  # Origin as JSON: where the item of that decision was read
)  # fmt: skip

# PostgreSQL keeps samples of a column's values for its planner: a key would outlive its row there.
_NO_SAMPLES = DDL("ALTER TABLE items ALTER COLUMN wrapped_key SET STATISTICS 0")  # type: ignore[no-untyped-call] # SQLAlchemy has not typed it
event.listen(items, "after_create", _NO_SAMPLES.execute_if(dialect="postgresql"))

tasks = Table(
    "tasks", metadata,
    Column("task_id", _Id, primary_key=True),
    Column("item_id", _ItemId, ForeignKey("items.item_id"), nullable=False, index=True),
    Column("decision_id", _Id, nullable=False, index=True),
    Column("kind", _Word, nullable=False, default="review"),  # review | appeal | golden; never shown
    Column("why", _Word, nullable=False),
    Column("queue", String(100), nullable=False),
    Column("label", _Word),
    Column("language", String(35), nullable=False),
    Column("surface", String(64), nullable=False),
    Column("severity", Float, nullable=False),  # 0 to 1: the harm of its label, before its probability
    Column("priority", Float, nullable=False),  # 0 to 1: expected harm; reports raise it
    Column("due_ms", _Ms, nullable=False),
    Column("rank_ms", _Ms, nullable=False),  # the lowest is next; see human_review.urgency
    Column("created_ms", _Ms, nullable=False, index=True),
    Column("sampling_probability", Float, nullable=False, default=1.0),
    Column("machine_verdict", _Word, nullable=False, default="review"),  # of the decision; audits compare with it
    Column("policy_version", String(100), nullable=False),
    Column("group_key", _Id),  # items that belong together share it
    Column("author_key", _Id),  # keyed digest: items of an author share it
    Column("thread_key", _Id),  # keyed digest: items of a thread share it
    Column("text_digest", _Id),  # keyed digest: tells an edited text apart where no decision_id does
    Column("sealed", LargeBinary),  # the ReviewTask as JSON; null once erased
    Column("blind", Boolean, nullable=False, default=False),
    Column("wanted", Integer, nullable=False, default=1),  # answers wanted; grows while people disagree
    Column("paired", Boolean, nullable=False, default=False),  # drawn for two answers when it came; stays as it is
    Column("tier", Integer, nullable=False, default=0),  # 1 once escalated
    Column("state", _Word, nullable=False, default="open"),  # open | closed
    Column("closed_why", _Word),  # decided | superseded | deleted | retired
    Column("closed_ms", _Ms, index=True),
    Column("verdict", _Word),  # of the final label
    Column("verdict_labels", Text, nullable=False, default="[]"),  # JSON list; of the final label
    Column("final_label_id", _Id),
    Column("last_verdict", _Word),  # what was final before, for the undo of what replaced it
    Column("last_label_id", _Id),
    Index("ix_tasks_author_key_created_ms", "author_key", "created_ms"),
    Index("ix_tasks_thread_key_created_ms", "thread_key", "created_ms"),
    # A campaign may have thousands that are closed; those that are open are asked for with every card.
    Index(
        "ix_tasks_group_key_created_ms", "group_key", "created_ms",
        sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'"),
    ),
    Index(
        "ix_tasks_paired_created_ms", "created_ms",
        sqlite_where=text("paired = 1"), postgresql_where=text("paired"),
    ),
)  # fmt: skip

# In these words: an index of open tasks does not serve a statement that has the state as a parameter.
IS_OPEN: ColumnElement[bool] = tasks.c.state == literal_column("'open'")

seats = Table(  # the right to answer a task once; a task that wants two answers has two
    "seats", metadata,
    Column("seat_id", _Id, primary_key=True),
    Column("task_id", _Id, ForeignKey("tasks.task_id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", _Word, nullable=False, default="review"),  # as of the task
    Column("queue", String(100), nullable=False),
    Column("language", String(35), nullable=False),
    Column("tier", Integer, nullable=False, default=0),
    Column("rank_ms", _Ms, nullable=False),
    Column("state", _Word, nullable=False, default="open"),  # open | leased | answered | closed
    Column("holder", _Id, ForeignKey("users.user_id")),
    Column("token", Integer, nullable=False, default=0),  # fencing: rises with every lease
    Column("lease_until_ms", _Ms),
    Column("returned", Integer, nullable=False, default=0),  # how often a lease ran out
    UniqueConstraint("task_id", "number"),
    # The columns after the rank are there to be looked at on the way, for people of few languages.
    Index("ix_seats_state_queue_rank_ms", "state", "queue", "rank_ms", "language", "tier", "kind"),
    Index("ix_seats_state_rank_ms", "state", "rank_ms", "language", "tier", "kind"),  # for people of all queues
    Index("ix_seats_holder_state", "holder", "state"),
)  # fmt: skip

skips = Table(  # who skipped a task last did so then, and is not given it for a while
    "skips", metadata,
    Column("task_id", _Id, ForeignKey("tasks.task_id"), primary_key=True),
    Column("user_id", _Id, ForeignKey("users.user_id"), primary_key=True),
    Column("reason", _Word, nullable=False),
    Column("at_ms", _Ms, nullable=False),
)  # fmt: skip

answers = Table(
    "answers", metadata,
    Column("label_id", _Id, primary_key=True),
    Column("task_id", _Id, ForeignKey("tasks.task_id"), nullable=False, index=True),
    Column("seat_id", _Id, ForeignKey("seats.seat_id")),
    Column("token", Integer),  # of the lease that it was given under
    Column("user_id", _Id, ForeignKey("users.user_id"), nullable=False),
    Column("verdict", _Word, nullable=False),
    Column("labels", Text, nullable=False, default="[]"),  # JSON list
    Column("sealed_note", LargeBinary),
    Column("seconds", Float, nullable=False, default=0.0),
    Column("decided_ms", _Ms, nullable=False, index=True),
    Column("state", _Word, nullable=False),  # standing | undone | replaced
    Column("replaces", _Id),
    Column("batch_id", _Id, index=True),  # answers given at once to a group
    Column("saw_scores", Boolean, nullable=False),
    Column("weight", Float, nullable=False, default=1.0),
    Index("ix_answers_user_id_decided_ms", "user_id", "decided_ms"),
    Index(
        "uq_answers_standing", "task_id", "user_id", unique=True,
        sqlite_where=text("state = 'standing'"), postgresql_where=text("state = 'standing'"),
    ),
)  # fmt: skip

# -- quality --

golden = Table(
    "golden", metadata,
    Column("golden_id", _Id, primary_key=True),
    Column("item_id", _ItemId, nullable=False),
    Column("queue", String(100), nullable=False),  # of the task: who has no right to it sees neither item nor copies
    Column("label", _Word),
    Column("language", String(35), nullable=False),
    Column("verdict", _Word, nullable=False),  # the right one
    Column("labels", Text, nullable=False, default="[]"),
    Column("sealed", LargeBinary),  # the ReviewTask that copies are made of
    Column("why", _Word, nullable=False, default="unsure"),  # of the task; copies hide among tasks that say the same
    Column("priority", Float, nullable=False, default=0.5),  # of the task; copies hide among tasks of about the same
    Column("group_key", _Id),  # of the task: one golden item a group
    Column("batch_id", _Id),  # of the answers it came from: one golden item a batch
    Column("source", _Word, nullable=False),  # consensus | appeal | lead
    Column("views", Integer, nullable=False, default=0),
    Column("state", _Word, nullable=False, default="active"),  # candidate | active | retired
    Column("created_ms", _Ms, nullable=False),
)  # fmt: skip

golden_results = Table(
    "golden_results", metadata,
    Column("task_id", _Id, primary_key=True),  # of the copy
    Column("golden_id", _Id, ForeignKey("golden.golden_id"), nullable=False),
    Column("user_id", _Id, ForeignKey("users.user_id"), nullable=False, index=True),
    Column("label", _Word),
    Column("right", Boolean),  # null until answered
    Column("at_ms", _Ms, nullable=False),
)  # fmt: skip

reliability = Table(  # how far a person's answers can be trusted, by policy label; recomputed, never edited
    "reliability", metadata,
    Column("user_id", _Id, ForeignKey("users.user_id"), primary_key=True),
    Column("label", _Word, primary_key=True),  # "*": over all of them
    Column("answers", Integer, nullable=False),
    Column("sensitivity", Float, nullable=False),
    Column("specificity", Float, nullable=False),
    Column("weight", Float, nullable=False),
    Column("low", Float, nullable=False, default=0.0),  # 95 % interval of the share of right answers
    Column("high", Float, nullable=False, default=1.0),
    Column("alarm", Boolean, nullable=False, default=False),
    Column("computed_ms", _Ms, nullable=False),
)  # fmt: skip

priors = Table(  # how often a verdict is the right one, by policy label; recomputed, never edited
    "priors", metadata,
    Column("label", _Word, primary_key=True),  # "*": over all of them
    Column("verdict", _Word, primary_key=True),
    Column("share", Float, nullable=False),
)  # fmt: skip

summaries = Table(  # what the quality page shows; recomputed, never edited
    "summaries", metadata,
    Column("name", _Word, primary_key=True),
    Column("body", Text, nullable=False),  # JSON
    Column("computed_ms", _Ms, nullable=False),
)  # fmt: skip

verdict_counts = Table(  # automatic decisions by day: what audit samples are drawn from
    "verdict_counts", metadata,
    Column("day", Integer, primary_key=True),  # days since the epoch, of the time of decision
    Column("verdict", _Word, primary_key=True),
    Column("label", _Word, primary_key=True),  # "" where none decided
    Column("language", String(35), primary_key=True),
    Column("count", BigInteger, nullable=False),
)  # fmt: skip

verdict_places = Table(  # up to where decisions are counted, by where their items were read; written with the counts
    "verdict_places", metadata,
    Column("topic", String(249), primary_key=True),
    Column("topic_id", _Word, primary_key=True),  # Kafka's; another one when a topic is made anew
    Column("partition", Integer, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
)  # fmt: skip

# -- appeals, reports, notices --

appeals = Table(
    "appeals", metadata,
    Column("appeal_id", _Id, primary_key=True),
    Column("item_id", _ItemId, ForeignKey("items.item_id"), nullable=False, index=True),
    Column("decision_id", _Id, nullable=False, index=True),
    Column("task_id", _Id, nullable=False, index=True),
    Column("sealed_statement", LargeBinary),  # the Appeal as JSON, with what the author says
    Column("sealed_reply", LargeBinary),
    Column("appealed_ms", _Ms, nullable=False),
    # waiting (for its decision to be read) | open | upheld | overturned | refused
    Column("state", _Word, nullable=False, default="open"),
    Column("decided_by", _Id),
    Column("decided_ms", _Ms),
)  # fmt: skip

reports = Table(
    "reports", metadata,
    Column("report_id", _Id, primary_key=True),
    Column("item_id", _ItemId, nullable=False, index=True),
    Column("reporter", _Id, nullable=False),  # keyed digest of the reporter's id
    Column("reason", _Word, nullable=False),
    Column("reported_ms", _Ms, nullable=False),
    Column("counted", Boolean, nullable=False),  # false for repeats and beyond the rate limit
    Column("weight", Float, nullable=False, default=1.0),  # 1 for a reporter of whom nothing is known
    Column("task_id", _Id, index=True),  # null while no task of the item is known
    UniqueConstraint("item_id", "reporter"),
    Index("ix_reports_reporter_reported_ms", "reporter", "reported_ms"),
)  # fmt: skip

statements = Table(  # what authors were told, for notices and exports
    "statements", metadata,
    Column("action_id", _Id, primary_key=True),
    Column("decision_id", _Id, nullable=False, index=True),
    Column("item_id", _ItemId, nullable=False, index=True),
    Column("kind", _Word, nullable=False),
    Column("label", _Word),
    Column("language", String(35)),
    Column("surface", String(64)),
    Column("region", String(8)),
    Column("decided_by", _Word, nullable=False),
    Column("content_ms", _Ms),
    Column("applied_ms", _Ms, nullable=False, index=True),
    Column("expires_ms", _Ms),
    Column("statement", Text, nullable=False),  # StatementOfReasons as JSON: the policy's words, no content
)  # fmt: skip

acted_on = Table(  # decisions that restrict, which can be appealed; what statements and appeals need of them
    "acted_on", metadata,
    Column("decision_id", _Id, primary_key=True),
    Column("item_id", _ItemId, ForeignKey("items.item_id"), nullable=False, index=True),
    Column("decided_ms", _Ms, nullable=False),
    Column("sealed", LargeBinary),  # the Decision as JSON
)  # fmt: skip

webhooks = Table(
    "webhooks", metadata,
    Column("webhook_id", _Id, primary_key=True),
    Column("url", String(2000), nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("sealed_previous_secret", LargeBinary),  # still signs while a secret is rotated
    Column("rotated_ms", _Ms),
    Column("events", Text, nullable=False),  # JSON list
    Column("active", Boolean, nullable=False, default=True),
    Column("created_ms", _Ms, nullable=False),
    Column("not_before_ms", _Ms, nullable=False, default=0),  # it rests after a failure, or is being called
)  # fmt: skip

deliveries = Table(
    "deliveries", metadata,
    Column("delivery_id", _Id, primary_key=True),
    Column("webhook_id", _Id, ForeignKey("webhooks.webhook_id"), nullable=False),
    Column("event", _Word, nullable=False),
    Column("body", LargeBinary, nullable=False),  # ids and outcomes, no content
    Column("attempts", Integer, nullable=False, default=0),
    Column("created_ms", _Ms, nullable=False),
    Column("due_ms", _Ms, nullable=False),
    Column("state", _Word, nullable=False, default="waiting"),  # waiting | done | given-up
    Column("last_error", String(300)),
    Index("ix_deliveries_webhook_id_state_due_ms", "webhook_id", "state", "due_ms"),
)  # fmt: skip

# -- out and in --

outbox = Table(  # written with what it tells about, in one transaction; sent by human_review.stream.publisher
    "outbox", metadata,
    Column("seq", _Number, primary_key=True, autoincrement=True),
    Column("message_id", String(100), nullable=False, unique=True),  # label_id, appeal_id, …
    Column("topic", _Word, nullable=False),  # without prefix
    Column("key", _ItemId, nullable=False),
    Column("schema", _Word, nullable=False),
    Column("item_id", _ItemId),  # whose key seals the value; null where it holds no content
    Column("value", LargeBinary),  # null once sent or erased
    Column("not_before_ms", _Ms, nullable=False),  # a label waits here for its undo
    Column("batch", BigInteger),  # given when it is picked up; from then on it cannot be undone
    Column("sent_ms", _Ms),
    Index("ix_outbox_sent_ms_batch_not_before_ms", "sent_ms", "batch", "not_before_ms"),
)  # fmt: skip

offsets = Table(  # how far topics were read, written with what was read
    "offsets", metadata,
    Column("topic", _Word, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
)  # fmt: skip

unread = Table(  # messages that could not be read: where they are, and why
    "unread", metadata,
    Column("topic", _Word, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("problem", String(500), nullable=False),
    Column("at_ms", _Ms, nullable=False),
)  # fmt: skip

# -- audit --

audit = Table(
    "audit", metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", _Ms, nullable=False, index=True),
    Column("actor", _Id, nullable=False, index=True),  # pseudonym, or "system"
    Column("act", _Word, nullable=False, index=True),
    Column("subject", _ItemId, nullable=False, index=True),
    Column("facts", Text, nullable=False),  # canonical JSON; ids and outcomes, no content
    Column("previous", _Id, nullable=False),
    Column("hash", _Id, nullable=False),
)  # fmt: skip

audit_head = Table(  # one row, locked by whoever appends
    "audit_head", metadata,
    Column("chain", _Word, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", _Id, nullable=False),
    Column("announced_seq", BigInteger, nullable=False, default=0),
    Column("announced_ms", _Ms, nullable=False, default=0),
)  # fmt: skip
