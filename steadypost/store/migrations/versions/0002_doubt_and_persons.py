"""What settling a doubt needs to know, what a person did, and what a person is to be told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


MOMENT = sa.DateTime(timezone=True)
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the first tables up. Rows that are there keep their meaning."""
    on_absence = sa.Column("on_absence", sa.String(length=20), nullable=False, server_default="ask_again")
    settle = sa.Column("settle_s", sa.Integer(), nullable=False, server_default="900")
    with op.batch_alter_table("accounts", recreate="never") as accounts:
        accounts.add_column(on_absence)
        accounts.add_column(settle)
    with op.batch_alter_table("attempts", recreate="never") as attempts:
        attempts.add_column(sa.Column("gone_at", MOMENT, nullable=True))
    # An answer came from a browser that had done its work; of the rest nothing is known.
    op.execute("UPDATE attempts SET gone_at = answered_at")
    with op.batch_alter_table("evidence", recreate="never") as evidence:
        evidence.add_column(sa.Column("fence", sa.Integer(), nullable=True))
    op.create_table(
        "acts",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("did", sa.String(length=50), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("delivery_id", ID, nullable=True),
        sa.Column("account", sa.String(length=200), nullable=True),
        sa.Column("before", sa.String(length=20), nullable=False),
        sa.Column("after", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name=op.f("fk_acts_account")),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_acts_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acts")),
    )
    op.create_index("ix_acts_delivery_id", "acts", ["delivery_id", "id"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("delivery_id", ID, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_notices_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("key", name=op.f("uq_notices_key")),
    )
    op.create_index(
        "ix_notices_waiting",
        "notices",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )
