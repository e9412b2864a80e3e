"""Which backups were restored, what may have been asked for since, and how old rows are found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the tables up. No store of before was restored as far as it knows."""
    op.create_table(
        "restores",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("gone_at", MOMENT, nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restores")),
    )
    with op.batch_alter_table("attempts") as changed:
        changed.add_column(sa.Column("restore_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
        changed.create_foreign_key(op.f("fk_attempts_restore_id"), "restores", ["restore_id"], ["id"])
    for table, column in (
        ("deliveries", "repeats"),
        ("transitions", "delivery_id"),
        ("notices", "delivery_id"),
    ):
        some = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"ix_{table}_{column}", table, [column], unique=False, sqlite_where=some, postgresql_where=some
        )
