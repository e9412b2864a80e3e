"""As whom, and how, each attempt asks; and who each account was last seen to be."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up. Of what was asked before it is not known, and it is not compared."""
    with op.batch_alter_table("attempts") as table:
        table.add_column(sa.Column("asked_as", sa.String(length=512), nullable=False, server_default=""))
        table.add_column(sa.Column("asked_how", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("accounts") as table:
        table.add_column(sa.Column("identity", sa.String(length=512), nullable=False, server_default=""))
