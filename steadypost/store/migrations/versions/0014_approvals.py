"""A second person's yes: who wrote the words, who may approve them, and who did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


MOMENT = sa.DateTime(timezone=True)
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the tables up. Of what came in before nobody knows who wrote it, and nothing of it needs a yes."""
    with op.batch_alter_table("accounts") as table:
        table.add_column(sa.Column("approvers", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("posts") as table:
        table.add_column(sa.Column("worded_by", sa.String(length=200), nullable=False, server_default=""))
    op.create_table(
        "label_approvers",
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("approvers", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("label", name=op.f("pk_label_approvers")),
    )
    op.create_table(
        "approvals",
        sa.Column("post_id", ID, nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("rule", sa.String(length=150), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("change_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_approvals_post_id")),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name=op.f("fk_approvals_account")),
        sa.ForeignKeyConstraint(["change_id"], ["changes.id"], name=op.f("fk_approvals_change_id")),
        sa.PrimaryKeyConstraint("post_id", "account", "rule", name=op.f("pk_approvals")),
    )
    op.create_index("ix_approvals_change_id", "approvals", ["change_id"], unique=False)
