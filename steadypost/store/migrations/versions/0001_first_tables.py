"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


MOMENT = sa.DateTime(timezone=True)
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "accounts",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=50), nullable=False),
        sa.Column("handle", sa.String(length=200), nullable=False),
        sa.Column("longest", sa.Integer(), nullable=False),
        sa.Column("per_hour", sa.Integer(), nullable=True),
        sa.Column("per_day", sa.Integer(), nullable=True),
        sa.Column("spacing_s", sa.Integer(), nullable=False),
        sa.Column("paused_until", MOMENT, nullable=True),
        sa.Column("pause_cause", sa.String(length=50), nullable=True),
        sa.Column("pause_why", sa.Text(), nullable=False),
        sa.Column("session_mark", sa.String(length=200), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_accounts")),
    )
    op.create_table(
        "posts",
        sa.Column("id", ID, nullable=False),
        sa.Column("reply_to", sa.String(length=20), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.String(length=500), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "length(reply_to) BETWEEN 15 AND 20 AND trim(reply_to, '0123456789') = ''",
            name=op.f("ck_posts_reply_to_shape"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
        sa.UniqueConstraint("key", name=op.f("uq_posts_key")),
    )
    op.create_index("ix_posts_fingerprint", "posts", ["fingerprint"], unique=False)

    op.create_table(
        "watches",
        sa.Column("flow", sa.String(length=200), nullable=False),
        sa.Column("run_id", sa.String(length=200), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("beat_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("flow", name=op.f("pk_watches")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", ID, nullable=False),
        sa.Column("post_id", ID, nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("late_after_s", sa.Integer(), nullable=True),
        sa.Column("late_at", MOMENT, nullable=True),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("broken", sa.Integer(), nullable=False),
        sa.Column("deferred", sa.Integer(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=50), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=200), nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("repeats", ID, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("verified_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "(state = 'sending') = (lease_until IS NOT NULL)", name=op.f("ck_deliveries_leased_while_sending")
        ),
        sa.CheckConstraint(
            "state IN ('held', 'scheduled', 'sending', 'partial', 'unconfirmed', "
            "'published', 'refused', 'missed', 'cancelled', 'quarantined', 'needs_review', 'removed')",
            name=op.f("ck_deliveries_state"),
        ),
        sa.CheckConstraint(
            "(late_after_s IS NULL) = (late_at IS NULL)", name=op.f("ck_deliveries_late_rule")
        ),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name=op.f("fk_deliveries_account")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_deliveries_post_id")),
        sa.ForeignKeyConstraint(["repeats"], ["deliveries.id"], name=op.f("fk_deliveries_repeats")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(
        "ix_deliveries_claimable",
        "deliveries",
        ["account", "due_at", "id", "next_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('scheduled', 'partial')"),
        postgresql_where=sa.text("state IN ('scheduled', 'partial')"),
    )
    op.create_index(
        "ix_deliveries_in_doubt",
        "deliveries",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('unconfirmed')"),
        postgresql_where=sa.text("state IN ('unconfirmed')"),
    )
    op.create_index(
        "ix_deliveries_late",
        "deliveries",
        ["late_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('held', 'scheduled')"),
        postgresql_where=sa.text("state IN ('held', 'scheduled')"),
    )
    op.create_index(
        "ix_deliveries_leased",
        "deliveries",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("state IN ('sending')"),
        postgresql_where=sa.text("state IN ('sending')"),
    )
    op.create_index(
        "ix_deliveries_next",
        "deliveries",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('scheduled', 'partial')"),
        postgresql_where=sa.text("state IN ('scheduled', 'partial')"),
    )
    op.create_index("ix_deliveries_post_id", "deliveries", ["post_id"], unique=False)
    op.create_index(
        "ix_deliveries_unverified",
        "deliveries",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('published') AND verified_at IS NULL"),
        postgresql_where=sa.text("state IN ('published') AND verified_at IS NULL"),
    )

    op.create_table(
        "foreign_posts",
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("remote_id", sa.String(length=20), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "length(remote_id) BETWEEN 15 AND 20 AND trim(remote_id, '0123456789') = ''",
            name=op.f("ck_foreign_posts_remote_id_shape"),
        ),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name=op.f("fk_foreign_posts_account")),
        sa.PrimaryKeyConstraint("account", "remote_id", name=op.f("pk_foreign_posts")),
    )
    op.create_index("ix_foreign_posts_made", "foreign_posts", ["account", "made_at"], unique=False)

    op.create_table(
        "post_media",
        sa.Column("post_id", ID, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("alt", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_post_media_post_id")),
        sa.PrimaryKeyConstraint("post_id", "n", "position", name=op.f("pk_post_media")),
    )
    op.create_table(
        "post_parts",
        sa.Column("post_id", ID, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_post_parts_post_id")),
        sa.PrimaryKeyConstraint("post_id", "n", name=op.f("pk_post_parts")),
    )
    op.create_table(
        "attempts",
        sa.Column("id", ID, nullable=False),
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=200), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("first_part", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("claimed_at", MOMENT, nullable=False),
        sa.Column("lease_until", MOMENT, nullable=False),
        sa.Column("armed_at", MOMENT, nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("rescued_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_attempts_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sa.UniqueConstraint("delivery_id", "fence", name=op.f("uq_attempts_delivery_id_fence")),
    )
    op.create_table(
        "delivery_parts",
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("remote_id", sa.String(length=20), nullable=True),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "(state = 'live') = (remote_id IS NOT NULL)", name=op.f("ck_delivery_parts_live_with_id")
        ),
        sa.CheckConstraint(
            "length(remote_id) BETWEEN 15 AND 20 AND trim(remote_id, '0123456789') = ''",
            name=op.f("ck_delivery_parts_remote_id_shape"),
        ),
        sa.CheckConstraint("state IN ('waiting', 'asked', 'live')", name=op.f("ck_delivery_parts_state")),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name=op.f("fk_delivery_parts_account")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_delivery_parts_delivery_id")
        ),
        sa.PrimaryKeyConstraint("delivery_id", "n", name=op.f("pk_delivery_parts")),
        sa.UniqueConstraint("account", "remote_id", name=op.f("uq_delivery_parts_account_remote_id")),
    )
    op.create_table(
        "evidence",
        sa.Column("id", ID, nullable=False),
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("remote_id", sa.String(length=20), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('present', 'absent', 'cannot_tell')", name=op.f("ck_evidence_kind")),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_evidence_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    op.create_index("ix_evidence_delivery_id", "evidence", ["delivery_id", "id"], unique=False)

    op.create_table(
        "quota_uses",
        sa.Column("id", ID, nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("attempt_id", ID, nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.Column("counted_at", MOMENT, nullable=True),
        sa.Column("unknown", sa.Boolean(), nullable=False),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name=op.f("fk_quota_uses_account")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_quota_uses_attempt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_uses")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_quota_uses_attempt_id")),
    )
    op.create_index(
        "ix_quota_uses_account", "quota_uses", ["account", "released", "counted_at"], unique=False
    )
