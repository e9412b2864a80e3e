"""What becomes of posts: deliveries, attempts, evidence, and what persons changed of them."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from steadypost.domain.delivery import State
from steadypost.domain.parts import PartState
from steadypost.store.schema.columns import (
    CLAIMABLE,
    LATE_COUNTS,
    SENDING,
    UNCONFIRMED,
    UNSETTLED,
    UNTOLD,
    UNVERIFIED,
    Id,
    Moment,
    RemoteIdType,
    account_column,
    delivery_column,
    index_of,
    metadata,
    one_of,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("post_id", Id, ForeignKey("posts.id"), nullable=False, index=True),
    account_column(),
    Column("state", String(20), nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("late_after_s", Integer),
    Column("late_at", Moment),
    Column("when_late", String(10), nullable=False, server_default="miss"),
    Column("units", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("broken", Integer, nullable=False),
    Column("deferred", Integer, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("cause", String(50)),
    Column("why", Text, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("worker", String(200)),
    Column("lease_until", Moment),
    Column("repeats", Id, ForeignKey("deliveries.id")),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("published_at", Moment),
    Column("verified_at", Moment),
    Column("key", String(32)),
    Column("keyed_at", Moment),
    Index("uq_deliveries_key", "key", unique=True),
    # Why it came in held, where that is its wording: it says what another says, or may not be meant as it is.
    Column("held_for", String(20)),
    CheckConstraint(one_of("state", State), "state"),
    CheckConstraint("(late_after_s IS NULL) = (late_at IS NULL)", "late_rule"),
    CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", "leased_while_sending"),
    # No index may order all deliveries by due_at: PostgreSQL would walk it to find one account's oldest.
    index_of("ix_deliveries_claimable", "account", "due_at", "id", "next_at", of=CLAIMABLE),
    index_of("ix_deliveries_next", "next_at", of=CLAIMABLE),
    index_of("ix_deliveries_late", "late_at", of=LATE_COUNTS),
    index_of("ix_deliveries_leased", "lease_until", of=SENDING),
    index_of("ix_deliveries_unconfirmed", "next_at", of=UNCONFIRMED),
    index_of("ix_deliveries_unverified", "next_at", of=UNVERIFIED),
    index_of("ix_deliveries_unsettled", "account", of=UNSETTLED),
    # By these three what is about a delivery is found when it is let go of.
    index_of("ix_deliveries_repeats", "repeats", of="repeats IS NOT NULL"),
    index_of("ix_deliveries_published", "account", "published_at", of="published_at IS NOT NULL"),
)

delivery_parts = Table(
    "delivery_parts",
    metadata,
    Column("delivery_id", Id, ForeignKey("deliveries.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("state", String(20), nullable=False),
    Column("remote_id", RemoteIdType),
    account_column(),
    UniqueConstraint("account", "remote_id"),
    CheckConstraint(one_of("state", PartState), "state"),
    CheckConstraint("(state = 'live') = (remote_id IS NOT NULL)", "live_with_id"),
)

restores = Table(
    "restores",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Moment, nullable=False),
    # When the backup was made: what was asked for since, this store does not know.
    Column("made_at", Moment, nullable=False),
    # From when on nothing that worked with the store before can act any more.
    Column("gone_at", Moment, nullable=False),
    Column("by", String(200), nullable=False),
    Column("why", Text, nullable=False),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Id, primary_key=True),
    delivery_column(),
    Column("n", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("worker", String(200), nullable=False),
    Column("executor", Text, nullable=False),
    Column("first_part", Integer, nullable=False),
    Column("phase", String(20), nullable=False),
    Column("claimed_at", Moment, nullable=False),
    Column("lease_until", Moment, nullable=False),
    Column("armed_at", Moment),
    Column("answered_at", Moment),
    Column("rescued_at", Moment),
    Column("outcome", Text),
    Column("gone_at", Moment),
    Column("clock_ahead_ms", Integer),
    Column("clock_within_ms", Integer),
    # Neither written nor read any more; older code that works with the same store may do both.
    Column("newest_before", RemoteIdType),
    Column("asked_as", String(512), nullable=False, server_default=""),
    Column("asked_how", Text, nullable=False, server_default=""),
    # It stands for whatever was asked for since that backup was made.
    Column("restore_id", Id, ForeignKey("restores.id")),
    UniqueConstraint("delivery_id", "fence"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("id", Id, primary_key=True),
    delivery_column(),
    Column("n", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("remote_id", RemoteIdType),
    Column("why", Text, nullable=False),
    Column("fence", Integer),
    Column("network_at", Moment),
    CheckConstraint("kind IN ('present', 'absent', 'cannot_tell')", "kind"),
    Index("ix_evidence_delivery_id", "delivery_id", "id"),
)

changes = Table(
    "changes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("by", String(200), nullable=False),
    Column("did", String(50), nullable=False),
    Column("why", Text, nullable=False),
    Column("told", Text, nullable=False),
    Column("undone_at", Moment),
    Column("undone_by", String(200), nullable=False),
)

label_approvers = Table(
    "label_approvers",
    metadata,
    Column("label", String(100), primary_key=True),
    Column("approvers", Text, nullable=False),
    Column("by", String(200), nullable=False),
    Column("why", Text, nullable=False),
    Column("since", Moment, nullable=False),
)

approvals = Table(
    "approvals",
    metadata,
    Column("post_id", Id, ForeignKey("posts.id"), primary_key=True),
    Column("account", String(200), ForeignKey("accounts.name"), primary_key=True),
    Column("rule", String(150), primary_key=True),
    Column("by", String(200), nullable=False),
    Column("at", Moment, nullable=False),
    Column("change_id", Id, ForeignKey("changes.id"), nullable=False, index=True),
)

acts = Table(
    "acts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("by", String(200), nullable=False),
    Column("did", String(50), nullable=False),
    Column("why", Text, nullable=False),
    Column("delivery_id", Id, ForeignKey("deliveries.id")),
    Column("account", String(200), ForeignKey("accounts.name")),
    Column("before", String(20), nullable=False),
    Column("after", String(20), nullable=False),
    # Of a change: which one, and the delivery before and after it, so that it can be undone.
    Column("change_id", Id, ForeignKey("changes.id"), index=True),
    Column("was", Text),
    Column("became", Text),
    Index("ix_acts_delivery_id", "delivery_id", "id"),
)

transitions = Table(
    "transitions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Moment, nullable=False),
    account_column(),
    Column("delivery_id", Id, ForeignKey("deliveries.id")),
    Column("before", String(20), nullable=False),
    Column("after", String(20), nullable=False),
    Column("cause", String(50)),
    Column("told_at", Moment, index=True),
    index_of("ix_transitions_untold", "id", of=UNTOLD),
    index_of("ix_transitions_delivery_id", "delivery_id", of="delivery_id IS NOT NULL"),
)
