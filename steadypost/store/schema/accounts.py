"""What belongs to an account or keeps it back: its limits and what counts against them, its tokens and strikes."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from steadypost.store.schema.columns import (
    Id,
    Moment,
    RemoteIdType,
    account_column,
    index_of,
    metadata,
)

accounts = Table(
    "accounts",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("channel", String(50), nullable=False),
    Column("handle", String(200), nullable=False),
    Column("longest", Integer, nullable=False),
    Column("per_hour", Integer),
    Column("per_day", Integer),
    Column("spacing_s", Integer, nullable=False),
    Column("paused_until", Moment),
    Column("pause_cause", String(50)),
    Column("pause_why", Text, nullable=False),
    Column("session_mark", String(200), nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("on_absence", String(20), nullable=False, server_default="ask_again"),
    Column("settle_s", Integer, nullable=False, server_default="900"),
    Column("network", String(50), nullable=False, server_default="x"),
    Column("budget_day_micros", BigInteger),
    Column("budget_month_micros", BigInteger),
    # Who must approve its posts: names separated by commas, or * for any person but the author. Empty: none.
    Column("approvers", Text, nullable=False, server_default=""),
    Column("identity", String(512), nullable=False, server_default=""),
)

slots = Table(
    "slots",
    metadata,
    Column("account", String(200), ForeignKey("accounts.name"), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("at", String(5), primary_key=True),
    Column("zone", String(100), nullable=False),
    CheckConstraint("day BETWEEN 0 AND 6", "day"),
)

tokens = Table(
    "tokens",
    metadata,
    # Not a reference: a person signs an account in before anything else is known of it.
    Column("account", String(200), primary_key=True),
    Column("sealed", Text),
    Column("expires_at", Moment),
    Column("version", Integer, nullable=False),
    Column("holder", String(64)),
    Column("lease_until", Moment),
    CheckConstraint("(holder IS NULL) = (lease_until IS NULL)", "leased_by_somebody"),
)

quota_uses = Table(
    "quota_uses",
    metadata,
    Column("id", Id, primary_key=True),
    account_column(),
    Column("attempt_id", Id, ForeignKey("attempts.id"), nullable=False, unique=True),
    Column("units", Integer, nullable=False),
    Column("taken_at", Moment, nullable=False),
    Column("counted_at", Moment),
    Column("unknown", Boolean, nullable=False),
    Column("released", Boolean, nullable=False),
    Column("micros", BigInteger, nullable=False, server_default="0"),
    Column("part_micros", Text, nullable=False, server_default=""),
    Index("ix_quota_uses_account", "account", "released", "counted_at"),
)

charged_reads = Table(
    "charged_reads",
    metadata,
    Column("account", String(200), ForeignKey("accounts.name"), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("remote_id", String(512), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("micros", BigInteger, nullable=False),
    Index("ix_charged_reads_at", "account", "at"),
)

foreign_posts = Table(
    "foreign_posts",
    metadata,
    Column("account", String(200), ForeignKey("accounts.name"), primary_key=True),
    Column("remote_id", RemoteIdType, primary_key=True),
    Column("made_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_foreign_posts_made", "account", "made_at"),
)

strikes = Table(
    "strikes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("of", String(20), nullable=False),
    Column("name", String(200), nullable=False),
    Column("by", String(200), nullable=False),
    Column("why", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
    Column("lifted_at", Moment),
    Column("lifted_by", String(200), nullable=False),
    Column("lifted_why", Text, nullable=False),
    CheckConstraint("of IN ('account', 'channel', 'tag')", "of"),
    index_of("ix_strikes_standing", "id", of="lifted_at IS NULL"),
)
