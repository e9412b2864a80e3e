"""Which accounts join or leave a series from a time on, where a person changed that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the tables up. Every series comes for the accounts it began with."""
    op.create_table(
        "series_joins",
        sa.Column("id", ID, nullable=False),
        sa.Column("series_id", ID, nullable=False),
        sa.Column("since", sa.String(length=30), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("joins", sa.Boolean(), nullable=False),
        sa.Column("change_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_series_joins_series_id")),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name=op.f("fk_series_joins_account")),
        sa.ForeignKeyConstraint(["change_id"], ["changes.id"], name=op.f("fk_series_joins_change_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series_joins")),
    )
    op.create_index("ix_series_joins_series_id", "series_joins", ["series_id"], unique=False)
