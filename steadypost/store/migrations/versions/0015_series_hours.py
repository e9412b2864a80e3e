"""At which time of the day a series comes from a time on, where a person changed that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the tables up. Every series comes as its rule says."""
    op.create_table(
        "series_hours",
        sa.Column("id", ID, nullable=False),
        sa.Column("series_id", ID, nullable=False),
        sa.Column("since", sa.String(length=30), nullable=False),
        sa.Column("at", sa.String(length=5), nullable=False),
        sa.Column("change_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_series_hours_series_id")),
        sa.ForeignKeyConstraint(["change_id"], ["changes.id"], name=op.f("fk_series_hours_change_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series_hours")),
    )
    op.create_index("ix_series_hours_series_id", "series_hours", ["series_id"], unique=False)
