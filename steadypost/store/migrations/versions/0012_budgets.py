"""Budgets in money, what each attempt may cost of them, and which posts were read at a charge."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the tables up. What was spent before is not made up."""
    with op.batch_alter_table("accounts") as table:
        table.add_column(sa.Column("budget_day_micros", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("budget_month_micros", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("quota_uses") as table:
        table.add_column(sa.Column("micros", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("part_micros", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "charged_reads",
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("remote_id", sa.String(length=512), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("micros", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name=op.f("fk_charged_reads_account")),
        sa.PrimaryKeyConstraint("account", "day", "remote_id", name=op.f("pk_charged_reads")),
    )
    op.create_index("ix_charged_reads_at", "charged_reads", ["account", "at"], unique=False)
