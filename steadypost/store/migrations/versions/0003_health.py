"""What the watch notes: vitals, checks, incidents and the remedies that were tried."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


MOMENT = sa.DateTime(timezone=True)
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
VERDICT = "verdict IN ('ok', 'failing', 'unknown')"


def upgrade() -> None:
    """Add the tables; nothing that is there changes."""
    op.create_table(
        "vitals",
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("well", sa.Boolean(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_vitals")),
    )
    op.create_table(
        "checks",
        sa.Column("kind", sa.String(length=50), nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("quiet", sa.String(length=50), nullable=True),
        sa.Column("explained_by", sa.String(length=50), nullable=True),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint(VERDICT, name=op.f("ck_checks_verdict")),
        sa.PrimaryKeyConstraint("kind", "about", name=op.f("pk_checks")),
    )
    op.create_table(
        "incidents",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=50), nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.Column("reminded_at", MOMENT, nullable=True),
        sa.Column("well_since", MOMENT, nullable=True),
        sa.Column("over_at", MOMENT, nullable=True),
        sa.CheckConstraint(VERDICT, name=op.f("ck_incidents_verdict")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index(op.f("ix_incidents_opened_at"), "incidents", ["opened_at"], unique=False)
    op.create_index(
        "uq_incidents_open",
        "incidents",
        ["kind", "about"],
        unique=True,
        sqlite_where=sa.text("over_at IS NULL"),
        postgresql_where=sa.text("over_at IS NULL"),
    )
    op.create_table(
        "remedies",
        sa.Column("id", ID, nullable=False),
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("remedy", sa.String(length=50), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_remedies_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remedies")),
        sa.UniqueConstraint("incident_id", "n", name=op.f("uq_remedies_incident_id_n")),
    )
    op.create_index(
        "ix_deliveries_published",
        "deliveries",
        ["account", "published_at"],
        unique=False,
        sqlite_where=sa.text("published_at IS NOT NULL"),
        postgresql_where=sa.text("published_at IS NOT NULL"),
    )
