"""What is remembered: posts, deliveries, attempts, evidence, quota."""

from steadypost.domain.waits import MOST_LOOKS
from steadypost.store.accounts import AccountRecord
from steadypost.store.acts import SOMEBODY, Act
from steadypost.store.attempts import Attempt
from steadypost.store.changes import Known
from steadypost.store.claims import Claim
from steadypost.store.copies import Copy
from steadypost.store.engine import PATIENCE
from steadypost.store.errors import (
    AlreadyRollingOut,
    AlreadyStruck,
    InHand,
    KeyTaken,
    MayBeLive,
    NotStruck,
    NotWaiting,
    SchemaMismatch,
    StoreAway,
    StoreError,
    UnknownAccount,
    UnknownAttempt,
    UnknownChannel,
    UnknownDelivery,
    UnknownSeries,
    UnusableAddress,
)
from steadypost.store.incidents import Standing
from steadypost.store.intake import Added, Incoming
from steadypost.store.leases import LONGEST_HOLD
from steadypost.store.notices import Notice
from steadypost.store.outbox import Outbox, OutboxEntry
from steadypost.store.overdue import Overdue
from steadypost.store.persons import Retried
from steadypost.store.reading import Entry, Look, Story
from steadypost.store.series import Series
from steadypost.store.settling import Settled
from steadypost.store.store import Store
from steadypost.store.strikes import Of, Strike
from steadypost.store.tables import Schema
from steadypost.store.transitions import Transition
from steadypost.store.unconfirmed import Unsettled
from steadypost.store.watches import Watch

__all__ = [
    "LONGEST_HOLD",
    "MOST_LOOKS",
    "PATIENCE",
    "SOMEBODY",
    "AccountRecord",
    "Act",
    "Added",
    "AlreadyRollingOut",
    "AlreadyStruck",
    "Attempt",
    "Claim",
    "Copy",
    "Entry",
    "InHand",
    "Incoming",
    "KeyTaken",
    "Known",
    "Look",
    "MayBeLive",
    "NotStruck",
    "NotWaiting",
    "Notice",
    "Of",
    "Outbox",
    "OutboxEntry",
    "Overdue",
    "Retried",
    "Schema",
    "SchemaMismatch",
    "Series",
    "Settled",
    "Standing",
    "Store",
    "StoreAway",
    "StoreError",
    "Story",
    "Strike",
    "Transition",
    "UnknownAccount",
    "UnknownAttempt",
    "UnknownChannel",
    "UnknownDelivery",
    "UnknownSeries",
    "Unsettled",
    "UnusableAddress",
    "Watch",
]
