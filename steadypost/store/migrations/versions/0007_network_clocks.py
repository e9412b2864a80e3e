"""How far networks' clocks are ahead of ours, and what was known when an attempt was armed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


MOMENT = sa.DateTime(timezone=True)
UNSETTLED = sa.text("state IN ('sending', 'unconfirmed', 'needs_review')")


def upgrade() -> None:
    """Bring the tables up. Of attempts and looks before this, no network's time is made up: they prove no absence."""
    op.create_table(
        "network_clocks",
        sa.Column("host", sa.String(length=200), nullable=False),
        sa.Column("network", sa.String(length=200), nullable=False),
        sa.Column("ahead_ms", sa.Integer(), nullable=False),
        sa.Column("within_ms", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("host", "network", name=op.f("pk_network_clocks")),
    )
    with op.batch_alter_table("attempts") as table:
        table.add_column(sa.Column("clock_ahead_ms", sa.Integer(), nullable=True))
        table.add_column(sa.Column("clock_within_ms", sa.Integer(), nullable=True))
        table.add_column(sa.Column("newest_before", sa.String(length=20), nullable=True))
    with op.batch_alter_table("evidence") as table:
        table.add_column(sa.Column("network_at", MOMENT, nullable=True))
    op.create_index(
        "ix_deliveries_unsettled",
        "deliveries",
        ["account"],
        unique=False,
        sqlite_where=UNSETTLED,
        postgresql_where=UNSETTLED,
    )
