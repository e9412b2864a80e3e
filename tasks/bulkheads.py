"""What one process may do at once: by host, account and network, apart for each purpose.

A slot in Prefect costs tens of milliseconds, so a process holds leased slots and counts in memory; with the API away
they serve on.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from steadypost.domain.outcome import Scope

LEASE = 60.0
"""Seconds for which a slot is held unless renewed: Prefect's shortest. A killed process's slots are back after it."""

RENEW_EVERY = 15.0
"""Seconds between two renewals: two may be lost before a lease runs out."""

TEND_EVERY = RENEW_EVERY / 2
"""Seconds between two readings of the limits: an operator's edit is in force within one such cycle."""

TEND_SOON = 0.5
"""The same for one that just ran short of slots: other processes may be about to free some."""

SOON_FOR = 30.0
"""Seconds of shortage after which the limit counts as lowered on purpose."""

LAST_KNOWN_FOR = 600.0
"""Seconds for which the last allotment serves with Prefect's API away; then the number it would ask for."""

NOTHING_FOR = 120.0
"""Seconds without an allotment before going on with one slot: twice a lease, so leaked slots do not stop publishing."""

FIRST_WITHIN = 3.0
"""Seconds that a process waits for its first allotment before it begins with its own numbers."""

SHARED = "steadypost-shared"
"""The one limit there is for everything when the bulkheads are switched off."""


class Purpose(StrEnum):
    """What a slot is for. The slots of one are never another's."""

    PUBLISH = "publish"
    LOOK = "look"
    PROBE = "probe"


def limit_name(purpose: Purpose, scope: Scope, which: str) -> str:
    """Name a limit as it stands in Prefect: ``steadypost-publish-account-alice``."""
    return f"steadypost-{purpose}-{scope}-{which}"


def this_host() -> str:
    """Name this machine as its limits do."""
    return socket.gethostname().casefold()


class SlotsAway(Exception):
    """Prefect's API did not answer, or answered with an error of its own."""


class NoSlot(Exception):
    """No slot became free for as long as the caller was willing to wait. Nothing has begun."""

    def __init__(self, limit: str, waited: float) -> None:
        super().__init__(f"no slot became free in {limit} within {waited:.0f} s")
        self.limit = limit
        self.waited = waited


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one limit stands in Prefect."""

    slots: int
    taken: int
    enforced: bool = True
    """Whether an operator has it switched on."""


class Slots(Protocol):
    """What is needed of Prefect. Every method raises ``SlotsAway`` when it cannot be reached."""

    def read(self) -> Mapping[str, Standing]:
        """Read how the limits stand, by name."""
        ...

    def create(self, name: str, slots: int) -> None:
        """Make a limit, unless there is one of this name."""
        ...

    def acquire(self, names: Sequence[str], each: int, lease: float) -> str | None:
        """Take so many slots of each, all or none; answer the lease, or ``None`` when one has too few."""
        ...

    def renew(self, lease_id: str, lease: float) -> bool:
        """Hold on to a lease; ``False`` when it is lost."""
        ...

    def release(self, lease_id: str) -> None:
        """Give the slots of a lease back."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """How much more may begin now."""

    total: int
    each: Mapping[str, int]
    """By account."""


@dataclass(slots=True)
class _Held:
    """Some slots, under one lease."""

    lease_id: str
    names: frozenset[str]
    each: int
    renewed: float


@dataclass(slots=True)
class _Allotment:
    """What this process may use of one limit."""

    wanted: int
    known: int | None = None
    """How many slots it has; ``None`` before Prefect said anything."""
    nothing_since: float | None = None


@dataclass(kw_only=True)
class Bulkheads:
    """The walls around one purpose of this process. Without ``slots`` it keeps to its own numbers."""

    purpose: Purpose
    at_most: int
    """How much of it this process may have under way at once."""
    slots: Slots | None = None
    host: str = field(default_factory=this_host)
    log: logging.Logger | logging.LoggerAdapter[logging.Logger] = field(
        default_factory=lambda: logging.getLogger("steadypost")
    )
    clock: Callable[[], float] = time.monotonic
    _allotments: dict[str, _Allotment] = field(default_factory=dict)
    _networks: dict[str, str] = field(default_factory=dict)
    """Which network each account is on."""
    _held: list[_Held] = field(default_factory=list)
    _under_way: dict[Hashable, str] = field(default_factory=dict)
    _heard_at: float = 0.0
    _short_since: float | None = None
    _tending: threading.Lock = field(default_factory=threading.Lock)
    _counting: threading.Lock = field(default_factory=threading.Lock)
    _keeper: _Keeper | None = None

    def __post_init__(self) -> None:
        self._heard_at = self.clock()
        self._allotments = {self._host_limit: _Allotment(self.at_most)}

    # --- on the way of a post: no call leaves this process

    def capacity(self, accounts: Iterable[str]) -> Capacity:
        """Say how much more may begin now, in all and for each of these accounts: those of one network at a time."""
        with self._counting:
            under_way = Counter(self._under_way.values())
        names = list(accounts)
        left = [self._allotted(self._host_limit) - under_way.total()]
        for network in {self._networks[name] for name in names if name in self._networks}:
            there = sum(count for name, count in under_way.items() if self._networks.get(name) == network)
            left.append(self._allotted(self._network_limit(network)) - there)
        each = {name: max(0, self._allotted(self._limit(name)) - under_way[name]) for name in names}
        return Capacity(total=max(0, min(left)), each=each)

    def begin(self, key: Hashable, account: str) -> None:
        """Count something that begins, for which there was capacity."""
        with self._counting:
            self._under_way[key] = account

    def end(self, key: Hashable) -> None:
        """Count it no longer."""
        with self._counting:
            self._under_way.pop(key, None)

    def under_way(self, accounts: Collection[str] | None = None) -> int:
        """Count what has begun and not ended, in all or of some accounts."""
        with self._counting:
            return sum(accounts is None or name in accounts for name in self._under_way.values())

    @contextlib.contextmanager
    def counting(self, account: str) -> Iterator[None]:
        """Count something for as long as it takes."""
        self.begin(key := object(), account)
        try:
            yield
        finally:
            self.end(key)

    def _allotted(self, name: str) -> int:
        allotment = self._allotments.get(name)
        if allotment is None:
            # Not asked for yet: it has one slot until it is tended.
            return 1
        if self.slots is None or allotment.known is None or self._unheard():
            return allotment.wanted
        if allotment.known == 0 and allotment.nothing_since is not None:
            return int(self.clock() - allotment.nothing_since >= NOTHING_FOR)
        return allotment.known

    def _unheard(self) -> bool:
        return self.clock() - self._heard_at > LAST_KNOWN_FOR

    # --- what it asks for

    def want(self, accounts: Mapping[str, str]) -> None:
        """Say which accounts there are, by network. With several, none gets all the slots: one may always hang."""
        names = list(accounts)
        of_each = self.at_most if len(names) < 2 else max(1, self.at_most - 1)
        wanted = {self._host_limit: self.at_most}
        wanted |= {self._network_limit(network): self.at_most for network in accounts.values()}
        wanted |= {self._limit(name): of_each for name in names}
        self._networks = dict(accounts)
        kept = {name: self._allotments.get(name) for name in wanted}
        self._allotments = {
            name: _Allotment(number, allotment.known, allotment.nothing_since)
            if (allotment := kept[name])
            else _Allotment(number)
            for name, number in wanted.items()
        }

    @property
    def _host_limit(self) -> str:
        return limit_name(self.purpose, Scope.HOST, self.host)

    def _network_limit(self, network: str) -> str:
        return limit_name(self.purpose, Scope.NETWORK, network)

    def _limit(self, account: str) -> str:
        return limit_name(self.purpose, Scope.ACCOUNT, account)

    # --- with Prefect, from a thread of its own

    def tend(self) -> None:
        """Make what is held in Prefect what is wanted, as far as there is capacity; learn what that leaves us."""
        if self.slots is None:
            return
        with self._tending:
            try:
                self._tend(self.slots)
            except SlotsAway as away:
                self.log.debug("the limits could not be read (%s); the last known allotments serve", away)
                return
            self._heard_at = self.clock()

    def pause(self) -> float:
        """Say how many seconds to wait before tending again."""
        short = any(
            allotment.known is None or allotment.known < allotment.wanted
            for allotment in self._allotments.values()
        )
        if not short:
            self._short_since = None
            return TEND_EVERY
        self._short_since = self.clock() if self._short_since is None else self._short_since
        return TEND_SOON if self.clock() - self._short_since < SOON_FOR else TEND_EVERY

    def _tend(self, slots: Slots) -> None:
        shares = self._allotments
        standing = slots.read()
        for name in shares.keys() - standing.keys():
            # An account that was added a moment ago. Without its limit there would be no wall at all.
            slots.create(name, 2 * self.at_most)
            standing = {**standing, name: Standing(slots=2 * self.at_most, taken=0)}
        self._renew(slots)
        self._let_go(slots, shares, standing)
        self._fill(slots, shares, standing)
        for name, allotment in shares.items():
            self._learn(name, allotment, standing[name])

    def _renew(self, slots: Slots) -> None:
        for held in list(self._held):
            if self.clock() - held.renewed < RENEW_EVERY:
                continue
            if slots.renew(held.lease_id, LEASE):
                held.renewed = self.clock()
            else:
                self._held.remove(held)

    def _let_go(
        self, slots: Slots, shares: Mapping[str, _Allotment], standing: Mapping[str, Standing]
    ) -> None:
        """Give back what is not wanted any more, and what an operator's edit has left no capacity for."""
        for held in list(self._held):
            unwanted = any(name not in shares for name in held.names)
            too_many = any(
                standing[name].enforced and standing[name].taken > standing[name].slots
                for name in held.names & standing.keys()
            )
            if unwanted or too_many or any(self._holds(name) > shares[name].wanted for name in held.names):
                self._held.remove(held)
                slots.release(held.lease_id)

    def _fill(self, slots: Slots, shares: Mapping[str, _Allotment], standing: Mapping[str, Standing]) -> None:
        """Take what is missing: all that lack as much in one call, and one by one where that is too much."""
        missing: dict[int, list[str]] = {}
        for name, allotment in shares.items():
            lacks = allotment.wanted - self._holds(name)
            if lacks > 0 and standing[name].enforced:
                missing.setdefault(lacks, []).append(name)
        for lacks, names in missing.items():
            if len(names) > 1 and self._take(slots, names, lacks):
                continue
            for name in names:
                for fewer in range(lacks, 0, -1):
                    if self._take(slots, [name], fewer):
                        break

    def _take(self, slots: Slots, names: Sequence[str], each: int) -> bool:
        lease_id = slots.acquire(names, each, LEASE)
        if lease_id is None:
            return False
        self._held.append(_Held(lease_id, frozenset(names), each, self.clock()))
        return True

    def _learn(self, name: str, allotment: _Allotment, standing: Standing) -> None:
        before, allotment.known = (
            allotment.known,
            self._holds(name) if standing.enforced else allotment.wanted,
        )
        if allotment.known:
            allotment.nothing_since = None
        elif allotment.nothing_since is None:
            allotment.nothing_since = self.clock()
        if before != allotment.known and allotment.known < allotment.wanted:
            self.log.info("%s: %s of %s slots are to be had", name, allotment.known, allotment.wanted)

    def _holds(self, name: str) -> int:
        return sum(held.each for held in self._held if name in held.names)

    # --- beginning and ending

    def open(self) -> None:
        """Keep the allotments from a thread of its own, and give the first asking a moment to be answered."""
        if (
            self.slots is not None and self.purpose is not Purpose.PROBE
        ):  # it takes its slots as it needs them
            self._keeper = _Keeper(self)
            self._keeper.start()
            self._keeper.asked.wait(FIRST_WITHIN)

    def close(self) -> None:
        """Give everything back at once: what is under way has its own deadline."""
        if self._keeper is not None:
            self._keeper.stop()
            self._keeper = None
        self._give_all_back()

    def _give_all_back(self) -> None:
        with self._tending:
            while self._held and self.slots is not None:
                try:
                    self.slots.release(self._held.pop().lease_id)
                except SlotsAway:
                    return  # they run out by themselves

    # --- without walls

    @contextlib.contextmanager
    def shared_slot(self, within: float) -> Iterator[None]:
        """Take a slot of the single shared limit, as with the bulkheads off. Raises ``NoSlot`` when the wait ends."""
        if self.slots is None:
            yield
            return
        lease_id = self._wait_for_shared(self.slots, within)
        try:
            yield
        finally:
            with contextlib.suppress(SlotsAway):
                self.slots.release(lease_id)

    def _wait_for_shared(self, slots: Slots, within: float) -> str:
        ends = self.clock() + within
        while True:
            with contextlib.suppress(SlotsAway):
                if lease_id := slots.acquire([SHARED], 1, 300.0):
                    return lease_id
            if self.clock() >= ends:
                raise NoSlot(SHARED, within)
            time.sleep(0.5)


class _Keeper(threading.Thread):
    """Tends the allotments while its process lives; those of a dead one run out."""

    def __init__(self, bulkheads: Bulkheads) -> None:
        super().__init__(name=f"{bulkheads.purpose}-bulkheads", daemon=True)
        self._bulkheads = bulkheads
        self._end = threading.Event()
        self.asked = threading.Event()

    def run(self) -> None:
        while True:
            self._bulkheads.tend()
            self.asked.set()
            if self._end.wait(self._bulkheads.pause()):
                return

    def stop(self) -> None:
        """End, and wait for the end; not for an API that does not answer."""
        self._end.set()
        self.join(timeout=2)
