"""Several networks: ids of any shape, each account's network, what acts for an attempt, a key for each delivery."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


MOMENT = sa.DateTime(timezone=True)
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REMOTE_ID = sa.String(length=512)

WIDER = {
    "posts": ("reply_to", True),
    "delivery_parts": ("remote_id", True),
    "evidence": ("remote_id", True),
    "foreign_posts": ("remote_id", False),
    "attempts": ("newest_before", True),
}
SHAPES = {
    "posts": "ck_posts_reply_to_shape",
    "delivery_parts": "ck_delivery_parts_remote_id_shape",
    "foreign_posts": "ck_foreign_posts_remote_id_shape",
}


def upgrade() -> None:
    """Bring the tables up. Every account so far is on X.

    Deliveries that were attempted get a key of their own now; the others choose one when they are first claimed.
    """
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("accounts", recreate="never") as table:
        table.add_column(sa.Column("network", sa.String(length=50), nullable=False, server_default="x"))
    op.execute("ALTER TABLE attempts RENAME COLUMN browser TO executor")
    if on_sqlite:
        _made_anew()
    else:
        _widened()
    with op.batch_alter_table("deliveries", recreate="never") as table:
        table.add_column(sa.Column("key", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("keyed_at", MOMENT, nullable=True))
    drawn = "lower(hex(randomblob(16)))" if on_sqlite else "replace(gen_random_uuid()::text, '-', '')"
    op.execute(f"UPDATE deliveries SET key = {drawn}, keyed_at = created_at WHERE attempts > 0")  # noqa: S608 - constants
    op.create_index("uq_deliveries_key", "deliveries", ["key"], unique=True)


def _widened() -> None:
    for name, shape in SHAPES.items():
        op.drop_constraint(op.f(shape), name, type_="check")
    for name, (column, nullable) in WIDER.items():
        op.alter_column(
            name, column, existing_type=sa.String(length=20), type_=REMOTE_ID, existing_nullable=nullable
        )


def _made_anew() -> None:
    """Make SQLite's tables anew, each as it is from now on: read back from the database, they would lose their checks."""
    for table in _tables():
        with op.batch_alter_table(table.name, copy_from=table, recreate="always"):
            pass


def _tables() -> tuple[sa.Table, ...]:
    metadata = sa.MetaData()
    return (
        sa.Table(
            "posts",
            metadata,
            sa.Column("id", ID, nullable=False),
            sa.Column("reply_to", REMOTE_ID, nullable=True),
            sa.Column("source", sa.Text(), nullable=False),
            sa.Column("key", sa.String(length=500), nullable=True),
            sa.Column("fingerprint", sa.String(length=64), nullable=False),
            sa.Column("created_at", MOMENT, nullable=False),
            sa.PrimaryKeyConstraint("id", name="pk_posts"),
            sa.UniqueConstraint("key", name="uq_posts_key"),
            sa.Index("ix_posts_fingerprint", "fingerprint"),
        ),
        sa.Table(
            "delivery_parts",
            metadata,
            sa.Column("delivery_id", ID, nullable=False),
            sa.Column("n", sa.Integer(), nullable=False),
            sa.Column("state", sa.String(length=20), nullable=False),
            sa.Column("remote_id", REMOTE_ID, nullable=True),
            sa.Column("account", sa.String(length=200), nullable=False),
            sa.CheckConstraint(
                "(state = 'live') = (remote_id IS NOT NULL)", name="ck_delivery_parts_live_with_id"
            ),
            sa.CheckConstraint("state IN ('waiting', 'asked', 'live')", name="ck_delivery_parts_state"),
            sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_delivery_parts_account"),
            sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_delivery_parts_delivery_id"),
            sa.PrimaryKeyConstraint("delivery_id", "n", name="pk_delivery_parts"),
            sa.UniqueConstraint("account", "remote_id", name="uq_delivery_parts_account_remote_id"),
        ),
        sa.Table(
            "attempts",
            metadata,
            sa.Column("id", ID, nullable=False),
            sa.Column("delivery_id", ID, nullable=False),
            sa.Column("n", sa.Integer(), nullable=False),
            sa.Column("fence", sa.Integer(), nullable=False),
            sa.Column("worker", sa.String(length=200), nullable=False),
            sa.Column("executor", sa.Text(), nullable=False),
            sa.Column("first_part", sa.Integer(), nullable=False),
            sa.Column("phase", sa.String(length=20), nullable=False),
            sa.Column("claimed_at", MOMENT, nullable=False),
            sa.Column("lease_until", MOMENT, nullable=False),
            sa.Column("armed_at", MOMENT, nullable=True),
            sa.Column("answered_at", MOMENT, nullable=True),
            sa.Column("rescued_at", MOMENT, nullable=True),
            sa.Column("outcome", sa.Text(), nullable=True),
            sa.Column("gone_at", MOMENT, nullable=True),
            sa.Column("clock_ahead_ms", sa.Integer(), nullable=True),
            sa.Column("clock_within_ms", sa.Integer(), nullable=True),
            sa.Column("newest_before", REMOTE_ID, nullable=True),
            sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_attempts_delivery_id"),
            sa.PrimaryKeyConstraint("id", name="pk_attempts"),
            sa.UniqueConstraint("delivery_id", "fence", name="uq_attempts_delivery_id_fence"),
        ),
        sa.Table(
            "evidence",
            metadata,
            sa.Column("id", ID, nullable=False),
            sa.Column("delivery_id", ID, nullable=False),
            sa.Column("n", sa.Integer(), nullable=False),
            sa.Column("at", MOMENT, nullable=False),
            sa.Column("kind", sa.String(length=20), nullable=False),
            sa.Column("remote_id", REMOTE_ID, nullable=True),
            sa.Column("why", sa.Text(), nullable=False),
            sa.Column("fence", sa.Integer(), nullable=True),
            sa.Column("network_at", MOMENT, nullable=True),
            sa.CheckConstraint("kind IN ('present', 'absent', 'cannot_tell')", name="ck_evidence_kind"),
            sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_evidence_delivery_id"),
            sa.PrimaryKeyConstraint("id", name="pk_evidence"),
            sa.Index("ix_evidence_delivery_id", "delivery_id", "id"),
        ),
        sa.Table(
            "foreign_posts",
            metadata,
            sa.Column("account", sa.String(length=200), nullable=False),
            sa.Column("remote_id", REMOTE_ID, nullable=False),
            sa.Column("made_at", MOMENT, nullable=False),
            sa.Column("seen_at", MOMENT, nullable=False),
            sa.Column("text", sa.Text(), nullable=False),
            sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_foreign_posts_account"),
            sa.PrimaryKeyConstraint("account", "remote_id", name="pk_foreign_posts"),
            sa.Index("ix_foreign_posts_made", "account", "made_at"),
        ),
    )
