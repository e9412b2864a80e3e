"""What was observed at one moment, as plain values; ``Cannot`` where something could not be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from steadypost.domain.money import usd
from steadypost.domain.outcome import Cause
from steadypost.domain.quota import Free, Full, Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Cannot:
    """Something that could not be seen, and why."""

    why: str


# --- from the store


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The delivery of an account that is next in line."""

    id: int
    due_at: datetime
    next_at: datetime
    ready_since: datetime
    """Since when it could have been taken up: due, not waiting for its next attempt, not just changed."""
    cause: Cause | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A post that counts as published, and what looks have shown of it since."""

    id: int
    at: datetime
    seen_at: datetime | None = None
    """When a look saw it."""
    missed_at: tuple[datetime, ...] = ()
    """The looks that would have shown it and did not."""
    gone: bool = False
    """Whether looks have proven that it is not live any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Something a flow noted of itself: whether it was well, since when, and when that was last said."""

    well: bool
    since: datetime
    at: datetime
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What an account has spent, in US dollars, and what it may spend."""

    in_a_day: Decimal
    in_a_month: Decimal
    budget_per_day: Decimal | None
    budget_per_month: Decimal | None

    def __str__(self) -> str:
        day = _of(self.in_a_day, self.budget_per_day)
        return f"{day} in a day, {_of(self.in_a_month, self.budget_per_month)} in 30 days"


def _of(amount: Decimal, budget: Decimal | None) -> str:
    return usd(amount) + ("" if budget is None else f" of {usd(budget)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSeen:
    """What the store holds of one account."""

    name: str
    paused_until: datetime | None = None
    pause_cause: Cause | None = None
    pause_why: str = ""
    struck: str = ""
    """An operator's stop that keeps back all of it that is due, as a sentence; empty when something may go."""
    waiting: int = 0
    """Deliveries that are due and not live."""
    units: int = 0
    """How many posts those are."""
    head: Head | None = None
    capacity: Free | Full = field(default_factory=Free)
    """Whether the account's quota has room for the head."""
    limits: Limits = field(default_factory=Limits)
    money: Money | None = None
    """What it has spent, where its channel is charged for."""
    claimed_at: datetime | None = None
    """When a delivery of it was last taken up."""
    next_due_at: datetime | None = None
    """The earliest moment at which something of it is due, past or to come."""
    published: Sequence[Published] = ()
    """What counts as published, of the last hour, the newest last."""
    looks_overdue_since: datetime | None = None
    """Since when a look for something unconfirmed has been due."""
    look: Noted | None = None
    """How the last looks at its page went."""
    closed: str = ""
    """Why its block cannot be used as it was saved; empty when it can, or was not read yet."""
    refused_for: str = ""
    """The account that is the same one on the network, where this one is refused for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSeen:
    """What the store holds."""

    accounts: Sequence[AccountSeen] = ()
    heartbeats: Mapping[str, datetime] = field(default_factory=dict)
    """The last heartbeat of each flow's run on watch."""
    leases: Mapping[str, str] = field(default_factory=dict)
    """Which run is on watch for each flow."""
    leased_since: Mapping[str, datetime] = field(default_factory=dict)
    """Since when it is."""
    lapsed: Mapping[int, datetime] = field(default_factory=dict)
    """Deliveries that a worker holds whose lease has run out, and when it did."""
    claimed_at: datetime | None = None
    """When anything was last taken up."""
    notices_waiting: int = 0
    notices_since: datetime | None = None
    """Since when the oldest message has been waiting to be told."""
    notices_trouble: str = ""
    no_person_named: bool = False
    """Whether no person to tell is named yet."""
    told_later: str = ""
    """Why the person named is not told at this hour; empty when they are."""
    browsers: Mapping[str, Noted] = field(default_factory=dict)
    """What each pool of browsers noted of itself."""
    shed: tuple[str, ...] = ()
    """What is left for later, for want of memory."""
    clock_off: tuple[str, timedelta] | None = None
    """The host whose clock is furthest off from a network's, and by how much it is ahead of that."""
    runs_heard: Mapping[str, datetime] = field(default_factory=dict)
    """When each run, on whatever machine, last said that it is at work."""


# --- from Prefect


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSeen:
    """A run that Prefect believes to be under way."""

    id: str
    flow: str
    since: datetime
    here: bool
    """Whether a process of it lives on this machine, and does not hang."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotSeen:
    """A limit of Prefect's: how many places it has, and how many are taken."""

    name: str
    limit: int
    taken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefectSeen:
    """What Prefect says."""

    running: Sequence[RunSeen] = ()
    late: Mapping[str, datetime] = field(default_factory=dict)
    """Runs that should have started, by their id, and when they should have."""
    heartbeats: Mapping[str, datetime] = field(default_factory=dict)
    """The last heartbeat of each worker."""
    slots: Sequence[SlotSeen] = ()


# --- from the blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """An account's sign-in as its block has it."""

    closed: str = ""
    """Why it cannot be used; empty when it can."""
    expires_at: datetime | None = None
    changed: bool = False
    """Whether it is another one than the account was paused with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchSeen:
    """A switch that is off."""

    by: str = ""
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitSeen:
    """A circuit that is open."""

    name: str
    since: datetime
    forced: bool = False
    """Whether an operator opened it."""
    why: str = ""
    stops: frozenset[str] = frozenset()
    """The accounts whose posts wait for it."""
    is_sign_in: bool = False
    """Whether it stands before an account's sign-in: then a person has to sign in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlocksSeen:
    """What the blocks say."""

    sign_ins: Mapping[str, SignIn] = field(default_factory=dict)
    off: Mapping[str, SwitchSeen] = field(default_factory=dict)
    """The switches that are off, by name."""
    off_for: Mapping[tuple[str, str], SwitchSeen] = field(default_factory=dict)
    """The switches that are off for an account, while they are on for others, by the names of both."""
    open_circuits: Sequence[CircuitSeen] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    """The address of each account's network."""

    def is_off(self, switch: str, account: str) -> SwitchSeen | None:
        """Say who turned a switch off for an account, and why; ``None`` when it is on."""
        return self.off.get(switch) or self.off_for.get((switch, account))


# --- from this machine


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSeen:
    """What this machine shows."""

    workers: Mapping[int, bool] = field(default_factory=dict)
    """Its worker processes, and whether each of them hangs."""
    has_had_worker: bool = False
    """Whether there ever was one here: a machine that never had one misses none."""
    orphans: int = 0
    """Browsers whose parent is gone."""
    outbox_entries: int = 0
    outbox_since: datetime | None = None
    """When the oldest answer was put into the outbox."""
    aside: int = 0
    """Answers that no store has asked for."""
    disk_free_mb: float = 1e9
    memory_free_mb: float = 1e9
    clock_jump: timedelta = timedelta(0)
    """How far the clock moved beyond the time that passed since the last round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Everything that one round has seen."""

    at: datetime
    store: StoreSeen | Cannot
    prefect: PrefectSeen | Cannot
    blocks: BlocksSeen | Cannot
    machine: MachineSeen
    store_away_at: datetime | None = None
    """When the store was last away: heartbeats were impossible then, and may still be delayed."""

    @property
    def accounts(self) -> Sequence[AccountSeen]:
        """The accounts that the store knows; none while it is away."""
        return () if isinstance(self.store, Cannot) else self.store.accounts
