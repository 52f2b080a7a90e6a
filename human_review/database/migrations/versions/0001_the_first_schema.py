"""the first schema"""

import sqlalchemy as sa
from alembic import op

from human_review.database import audit_triggers

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bucket", sa.String(length=300), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_attempts")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index("ix_attempts_bucket_at_ms", ["bucket", "at_ms"], unique=False)

    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_act"), ["act"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_actor"), ["actor"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_at_ms"), ["at_ms"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_subject"), ["subject"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("announced_seq", sa.BigInteger(), nullable=False),
        sa.Column("announced_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "golden",
        sa.Column("golden_id", sa.String(length=64), nullable=False),
        sa.Column("item_id", sa.String(length=256), nullable=False),
        sa.Column("queue", sa.String(length=100), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("verdict", sa.String(length=64), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("why", sa.String(length=64), nullable=False),
        sa.Column("priority", sa.Float(), nullable=False),
        sa.Column("group_key", sa.String(length=64), nullable=True),
        sa.Column("batch_id", sa.String(length=64), nullable=True),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("golden_id", name=op.f("pk_golden")),
    )
    op.create_table(
        "items",
        sa.Column("item_id", sa.String(length=256), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("decision_id", sa.String(length=64), nullable=True),
        sa.Column("verdict", sa.String(length=64), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("erased_ms", sa.BigInteger(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_items")),
    )
    op.create_table(
        "offsets",
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "partition", name=op.f("pk_offsets")),
    )
    op.create_table(
        "oidc_flows",
        sa.Column("state_digest", sa.String(length=64), nullable=False),
        sa.Column("browser_digest", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.String(length=128), nullable=False),
        sa.Column("next", sa.String(length=2000), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("state_digest", name=op.f("pk_oidc_flows")),
    )
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(length=100), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=256), nullable=False),
        sa.Column("schema", sa.String(length=64), nullable=False),
        sa.Column("item_id", sa.String(length=256), nullable=True),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("not_before_ms", sa.BigInteger(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=True),
        sa.Column("sent_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_sent_ms_batch_not_before_ms", ["sent_ms", "batch", "not_before_ms"], unique=False
        )

    op.create_table(
        "priors",
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=64), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("label", "verdict", name=op.f("pk_priors")),
    )
    op.create_table(
        "reports",
        sa.Column("report_id", sa.String(length=64), nullable=False),
        sa.Column("item_id", sa.String(length=256), nullable=False),
        sa.Column("reporter", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("reported_ms", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_reports")),
        sa.UniqueConstraint("item_id", "reporter", name=op.f("uq_reports_item_id_reporter")),
    )
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reports_item_id"), ["item_id"], unique=False)
        batch_op.create_index("ix_reports_reporter_reported_ms", ["reporter", "reported_ms"], unique=False)
        batch_op.create_index(batch_op.f("ix_reports_task_id"), ["task_id"], unique=False)

    op.create_table(
        "statements",
        sa.Column("action_id", sa.String(length=64), nullable=False),
        sa.Column("decision_id", sa.String(length=64), nullable=False),
        sa.Column("item_id", sa.String(length=256), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("surface", sa.String(length=64), nullable=True),
        sa.Column("region", sa.String(length=8), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("content_ms", sa.BigInteger(), nullable=True),
        sa.Column("applied_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=True),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("action_id", name=op.f("pk_statements")),
    )
    with op.batch_alter_table("statements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_statements_applied_ms"), ["applied_ms"], unique=False)
        batch_op.create_index(batch_op.f("ix_statements_decision_id"), ["decision_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_statements_item_id"), ["item_id"], unique=False)

    op.create_table(
        "summaries",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("computed_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_summaries")),
    )
    op.create_table(
        "unread",
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.String(length=500), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "partition", "position", name=op.f("pk_unread")),
    )
    op.create_table(
        "users",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("queues", sa.Text(), nullable=False),
        sa.Column("languages", sa.Text(), nullable=False),
        sa.Column("pseudonym", sa.String(length=64), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("preferences", sa.Text(), nullable=False),
        sa.Column("exposure_items", sa.Integer(), nullable=True),
        sa.Column("exposure_minutes", sa.Float(), nullable=True),
        sa.Column("oidc_issuer", sa.String(length=500), nullable=True),
        sa.Column("oidc_subject", sa.String(length=255), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
        sa.UniqueConstraint("oidc_issuer", "oidc_subject", name=op.f("uq_users_oidc_issuer_oidc_subject")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_users_pseudonym")),
    )
    op.create_table(
        "verdict_counts",
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "verdict", "label", "language", name=op.f("pk_verdict_counts")),
    )
    op.create_table(
        "verdict_places",
        sa.Column("topic", sa.String(length=249), nullable=False),
        sa.Column("topic_id", sa.String(length=64), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "topic_id", "partition", name=op.f("pk_verdict_places")),
    )
    op.create_table(
        "webhooks",
        sa.Column("webhook_id", sa.String(length=64), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_previous_secret", sa.LargeBinary(), nullable=True),
        sa.Column("rotated_ms", sa.BigInteger(), nullable=True),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("not_before_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("webhook_id", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "acted_on",
        sa.Column("decision_id", sa.String(length=64), nullable=False),
        sa.Column("item_id", sa.String(length=256), nullable=False),
        sa.Column("decided_ms", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["items.item_id"], name=op.f("fk_acted_on_item_id")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_acted_on")),
    )
    with op.batch_alter_table("acted_on", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_acted_on_item_id"), ["item_id"], unique=False)

    op.create_table(
        "api_tokens",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("revoked_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_api_tokens_user_id")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_api_tokens")),
    )
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_tokens_user_id"), ["user_id"], unique=False)

    op.create_table(
        "appeals",
        sa.Column("appeal_id", sa.String(length=64), nullable=False),
        sa.Column("item_id", sa.String(length=256), nullable=False),
        sa.Column("decision_id", sa.String(length=64), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("sealed_statement", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_reply", sa.LargeBinary(), nullable=True),
        sa.Column("appealed_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["items.item_id"], name=op.f("fk_appeals_item_id")),
        sa.PrimaryKeyConstraint("appeal_id", name=op.f("pk_appeals")),
    )
    with op.batch_alter_table("appeals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appeals_decision_id"), ["decision_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_appeals_item_id"), ["item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_appeals_task_id"), ["task_id"], unique=False)

    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.String(length=64), nullable=False),
        sa.Column("webhook_id", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("last_error", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.webhook_id"], name=op.f("fk_deliveries_webhook_id")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_deliveries")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_deliveries_webhook_id_state_due_ms", ["webhook_id", "state", "due_ms"], unique=False
        )

    op.create_table(
        "exposures",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("severity", sa.Float(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_exposures_user_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_exposures")),
    )
    with op.batch_alter_table("exposures", schema=None) as batch_op:
        batch_op.create_index("ix_exposures_user_id_at_ms", ["user_id", "at_ms"], unique=False)

    op.create_table(
        "golden_results",
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("golden_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=True),
        sa.Column("right", sa.Boolean(), nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["golden_id"], ["golden.golden_id"], name=op.f("fk_golden_results_golden_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_golden_results_user_id")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_golden_results")),
    )
    with op.batch_alter_table("golden_results", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_golden_results_user_id"), ["user_id"], unique=False)

    op.create_table(
        "reliability",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("sensitivity", sa.Float(), nullable=False),
        sa.Column("specificity", sa.Float(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        sa.Column("alarm", sa.Boolean(), nullable=False),
        sa.Column("computed_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_reliability_user_id")),
        sa.PrimaryKeyConstraint("user_id", "label", name=op.f("pk_reliability")),
    )
    op.create_table(
        "sessions",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_user_id"), ["user_id"], unique=False)

    op.create_table(
        "sign_in_links",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_sign_in_links_user_id")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_sign_in_links")),
    )
    op.create_table(
        "tasks",
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("item_id", sa.String(length=256), nullable=False),
        sa.Column("decision_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("why", sa.String(length=64), nullable=False),
        sa.Column("queue", sa.String(length=100), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("surface", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.Float(), nullable=False),
        sa.Column("priority", sa.Float(), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.Column("rank_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("sampling_probability", sa.Float(), nullable=False),
        sa.Column("machine_verdict", sa.String(length=64), nullable=False),
        sa.Column("policy_version", sa.String(length=100), nullable=False),
        sa.Column("group_key", sa.String(length=64), nullable=True),
        sa.Column("author_key", sa.String(length=64), nullable=True),
        sa.Column("thread_key", sa.String(length=64), nullable=True),
        sa.Column("text_digest", sa.String(length=64), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("paired", sa.Boolean(), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("closed_why", sa.String(length=64), nullable=True),
        sa.Column("closed_ms", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.String(length=64), nullable=True),
        sa.Column("verdict_labels", sa.Text(), nullable=False),
        sa.Column("final_label_id", sa.String(length=64), nullable=True),
        sa.Column("last_verdict", sa.String(length=64), nullable=True),
        sa.Column("last_label_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["items.item_id"], name=op.f("fk_tasks_item_id")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_tasks")),
    )
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index("ix_tasks_author_key_created_ms", ["author_key", "created_ms"], unique=False)
        batch_op.create_index(batch_op.f("ix_tasks_closed_ms"), ["closed_ms"], unique=False)
        batch_op.create_index(batch_op.f("ix_tasks_created_ms"), ["created_ms"], unique=False)
        batch_op.create_index(batch_op.f("ix_tasks_decision_id"), ["decision_id"], unique=False)
        batch_op.create_index(
            "ix_tasks_group_key_created_ms",
            ["group_key", "created_ms"],
            unique=False,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.create_index(batch_op.f("ix_tasks_item_id"), ["item_id"], unique=False)
        batch_op.create_index(
            "ix_tasks_paired_created_ms",
            ["created_ms"],
            unique=False,
            sqlite_where=sa.text("paired = 1"),
            postgresql_where=sa.text("paired"),
        )
        batch_op.create_index("ix_tasks_thread_key_created_ms", ["thread_key", "created_ms"], unique=False)

    op.create_table(
        "seats",
        sa.Column("seat_id", sa.String(length=64), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("queue", sa.String(length=100), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("rank_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=True),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("lease_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["holder"], ["users.user_id"], name=op.f("fk_seats_holder")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.task_id"], name=op.f("fk_seats_task_id")),
        sa.PrimaryKeyConstraint("seat_id", name=op.f("pk_seats")),
        sa.UniqueConstraint("task_id", "number", name=op.f("uq_seats_task_id_number")),
    )
    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.create_index("ix_seats_holder_state", ["holder", "state"], unique=False)
        batch_op.create_index(
            "ix_seats_state_queue_rank_ms", ["state", "queue", "rank_ms", "language", "tier", "kind"], unique=False
        )
        batch_op.create_index(
            "ix_seats_state_rank_ms", ["state", "rank_ms", "language", "tier", "kind"], unique=False
        )

    op.create_table(
        "skips",
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.task_id"], name=op.f("fk_skips_task_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_skips_user_id")),
        sa.PrimaryKeyConstraint("task_id", "user_id", name=op.f("pk_skips")),
    )
    op.create_table(
        "answers",
        sa.Column("label_id", sa.String(length=64), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("seat_id", sa.String(length=64), nullable=True),
        sa.Column("token", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=64), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("sealed_note", sa.LargeBinary(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("decided_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("replaces", sa.String(length=64), nullable=True),
        sa.Column("batch_id", sa.String(length=64), nullable=True),
        sa.Column("saw_scores", sa.Boolean(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["seat_id"], ["seats.seat_id"], name=op.f("fk_answers_seat_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.task_id"], name=op.f("fk_answers_task_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_answers_user_id")),
        sa.PrimaryKeyConstraint("label_id", name=op.f("pk_answers")),
    )
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answers_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_answers_decided_ms"), ["decided_ms"], unique=False)
        batch_op.create_index(batch_op.f("ix_answers_task_id"), ["task_id"], unique=False)
        batch_op.create_index("ix_answers_user_id_decided_ms", ["user_id", "decided_ms"], unique=False)
        batch_op.create_index(
            "uq_answers_standing",
            ["task_id", "user_id"],
            unique=True,
            sqlite_where=sa.text("state = 'standing'"),
            postgresql_where=sa.text("state = 'standing'"),
        )

    audit_triggers.create(op.get_bind())
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE items ALTER COLUMN wrapped_key SET STATISTICS 0")


def downgrade() -> None:
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_answers_standing",
            sqlite_where=sa.text("state = 'standing'"),
            postgresql_where=sa.text("state = 'standing'"),
        )
        batch_op.drop_index("ix_answers_user_id_decided_ms")
        batch_op.drop_index(batch_op.f("ix_answers_task_id"))
        batch_op.drop_index(batch_op.f("ix_answers_decided_ms"))
        batch_op.drop_index(batch_op.f("ix_answers_batch_id"))

    op.drop_table("answers")
    op.drop_table("skips")
    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.drop_index("ix_seats_state_rank_ms")
        batch_op.drop_index("ix_seats_state_queue_rank_ms")
        batch_op.drop_index("ix_seats_holder_state")

    op.drop_table("seats")
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_index("ix_tasks_thread_key_created_ms")
        batch_op.drop_index(
            "ix_tasks_paired_created_ms",
            sqlite_where=sa.text("paired = 1"),
            postgresql_where=sa.text("paired"),
        )
        batch_op.drop_index(batch_op.f("ix_tasks_item_id"))
        batch_op.drop_index("ix_tasks_group_key_created_ms")
        batch_op.drop_index(batch_op.f("ix_tasks_decision_id"))
        batch_op.drop_index(batch_op.f("ix_tasks_created_ms"))
        batch_op.drop_index(batch_op.f("ix_tasks_closed_ms"))
        batch_op.drop_index("ix_tasks_author_key_created_ms")

    op.drop_table("tasks")
    op.drop_table("sign_in_links")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sessions_user_id"))

    op.drop_table("sessions")
    op.drop_table("reliability")
    with op.batch_alter_table("golden_results", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_golden_results_user_id"))

    op.drop_table("golden_results")
    with op.batch_alter_table("exposures", schema=None) as batch_op:
        batch_op.drop_index("ix_exposures_user_id_at_ms")

    op.drop_table("exposures")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index("ix_deliveries_webhook_id_state_due_ms")

    op.drop_table("deliveries")
    with op.batch_alter_table("appeals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_appeals_task_id"))
        batch_op.drop_index(batch_op.f("ix_appeals_item_id"))
        batch_op.drop_index(batch_op.f("ix_appeals_decision_id"))

    op.drop_table("appeals")
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_tokens_user_id"))

    op.drop_table("api_tokens")
    with op.batch_alter_table("acted_on", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_acted_on_item_id"))

    op.drop_table("acted_on")
    op.drop_table("webhooks")
    op.drop_table("verdict_places")
    op.drop_table("verdict_counts")
    op.drop_table("users")
    op.drop_table("unread")
    op.drop_table("summaries")
    with op.batch_alter_table("statements", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_statements_item_id"))
        batch_op.drop_index(batch_op.f("ix_statements_decision_id"))
        batch_op.drop_index(batch_op.f("ix_statements_applied_ms"))

    op.drop_table("statements")
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reports_task_id"))
        batch_op.drop_index("ix_reports_reporter_reported_ms")
        batch_op.drop_index(batch_op.f("ix_reports_item_id"))

    op.drop_table("reports")
    op.drop_table("priors")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_sent_ms_batch_not_before_ms")

    op.drop_table("outbox")
    op.drop_table("oidc_flows")
    op.drop_table("offsets")
    op.drop_table("items")
    op.drop_table("golden")
    op.drop_table("audit_head")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_subject"))
        batch_op.drop_index(batch_op.f("ix_audit_at_ms"))
        batch_op.drop_index(batch_op.f("ix_audit_actor"))
        batch_op.drop_index(batch_op.f("ix_audit_act"))

    op.drop_table("audit")
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_index("ix_attempts_bucket_at_ms")

    op.drop_table("attempts")
