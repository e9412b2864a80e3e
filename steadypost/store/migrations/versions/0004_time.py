"""What becomes of a post that is too late, and posts that come again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


MOMENT = sa.DateTime(timezone=True)
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LATE_COUNTS = "(state IN ('scheduled') OR (state IN ('held') AND when_late IN ('miss')))"


def upgrade() -> None:
    """Bring the tables up. Every post that is there is missed when it is too late, as before."""
    when_late = sa.Column("when_late", sa.String(length=10), nullable=False, server_default="miss")
    with op.batch_alter_table("deliveries", recreate="never") as deliveries:
        deliveries.add_column(when_late)
    op.drop_index("ix_deliveries_late", table_name="deliveries")
    op.create_index(
        "ix_deliveries_late",
        "deliveries",
        ["late_at"],
        unique=False,
        sqlite_where=sa.text(LATE_COUNTS),
        postgresql_where=sa.text(LATE_COUNTS),
    )
    op.create_table(
        "series",
        sa.Column("id", ID, nullable=False),
        sa.Column("post_id", ID, nullable=False),
        sa.Column("rule", sa.String(length=500), nullable=False),
        sa.Column("zone", sa.String(length=100), nullable=False),
        sa.Column("starts", sa.String(length=30), nullable=False),
        sa.Column("late_after_s", sa.Integer(), nullable=True),
        sa.Column("when_late", sa.String(length=10), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("planned_until", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_series_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("post_id", name=op.f("uq_series_post_id")),
    )
    op.create_table(
        "series_accounts",
        sa.Column("series_id", ID, nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name=op.f("fk_series_accounts_account")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_series_accounts_series_id")),
        sa.PrimaryKeyConstraint("series_id", "account", name=op.f("pk_series_accounts")),
    )
    op.create_table(
        "occurrences",
        sa.Column("series_id", ID, nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("local", sa.String(length=30), nullable=False),
        sa.Column("delivery_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name=op.f("fk_occurrences_account")),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_occurrences_delivery_id")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_occurrences_series_id")),
        sa.PrimaryKeyConstraint("series_id", "account", "local", name=op.f("pk_occurrences")),
        sa.UniqueConstraint("delivery_id", name=op.f("uq_occurrences_delivery_id")),
    )
