"""What the store, Prefect, the blocks and this machine show. The network is seen through recorded looks alone.

``watch`` opens no browser; a look that saw nothing makes the account unknown.
"""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import psutil

from blocks import AccountBlock, Switch, Switches, Unopened
from steadypost import settings
from steadypost.browser import orphans
from steadypost.domain.circuit import Revision, newest
from steadypost.domain.circuit import State as CircuitState
from steadypost.domain.circuit.catalogue import Dependency, Kind
from steadypost.domain.health import Tolerances
from steadypost.domain.observed import (
    BlocksSeen,
    Cannot,
    CircuitSeen,
    MachineSeen,
    Observed,
    PrefectSeen,
    SignIn,
    StoreSeen,
    SwitchSeen,
)
from steadypost.domain.outcome import Cause
from steadypost.store import StoreError, vitals
from tasks import documents, runs
from tasks.dependencies import behind
from tasks.directory import with_browser
from tasks.house import House
from tasks.living import by_our_clock
from tasks.retried import UNANSWERED

WORKER = "worker:"
"""Under this and the machine's name is noted that it has a worker: a machine that never had one misses none."""


@dataclass(kw_only=True)
class Memory:
    """What one run of ``watch`` remembers from round to round. Nothing depends on it that must outlive the run."""

    tolerances: Tolerances
    blocks: BlocksSeen | None = None
    """The blocks as last read: they serve while Prefect's API is away."""
    has_had_worker: bool = False
    wall: datetime | None = None
    ticked: float = 0.0
    left: frozenset[str] = frozenset()
    """Browsers without a parent in the last round; those still there in the next are left behind."""


class Glance:
    """What is cheap to see between rounds: the worker gone or hanging. Seen twice, the next round comes at once."""

    def __init__(self) -> None:
        self._was_well = False
        self._missed = 0
        self._seen: int | None = None
        """The worker that was seen last: one process is read while it works, and all of them when it does not."""

    def after(self, *, well: bool) -> None:
        """Begin anew after a round, which found a worker, or did not: what is known to be wrong is no news."""
        self._was_well, self._missed = well, 0

    def alarms(self) -> bool:
        """Check the cheap things; answer whether a round is needed at once."""
        if not self._was_well:
            return False
        if self._seen is None or not runs.still_works(self._seen):
            self._seen = next((pid for pid, hangs in runs.workers().items() if not hangs), None)
        self._missed = 0 if self._seen is not None else self._missed + 1
        return self._missed >= 2


def observe(house: House, memory: Memory) -> Observed:
    """Look at everything, once. What cannot be seen is named, and hides nothing else."""
    moment = house.clock()
    prefect = _prefect(moment)
    store = _store(house, memory, moment)
    return Observed(
        at=moment,
        store=store,
        prefect=prefect,
        blocks=_blocks(house, memory, moment) if isinstance(prefect, PrefectSeen) else _last(memory, prefect),
        machine=_machine(house, memory, moment, writes=isinstance(store, StoreSeen)),
        store_away_at=house.watching.store_away_at,
    )


def _store(house: House, memory: Memory, moment: datetime) -> StoreSeen | Cannot:
    try:
        seen = house.store.observe(moment, claims_of=memory.tolerances.claims_of)
    except StoreError as error:
        house.watching.store_away_at = house.clock()
        return Cannot(why=settings.without_password(str(error)))
    # By this machine's clock: that of another, which wrote them, may be off by minutes.
    heartbeats = {
        flow: house.store.heard.at(f"{flow} {seen.leases.get(flow)}", at, moment)
        for flow, at in seen.heartbeats.items()
    }
    return replace(
        seen, heartbeats=heartbeats, runs_heard=by_our_clock(seen.runs_heard, house.store.heard, moment)
    )


def _prefect(moment: datetime) -> PrefectSeen | Cannot:
    try:
        with runs.client() as api:
            return runs.seen(api, moment)
    except UNANSWERED as error:
        return Cannot(why=f"Prefect's API does not answer ({type(error).__name__})")


# --- the blocks


def _blocks(house: House, memory: Memory, moment: datetime) -> BlocksSeen | Cannot:
    try:
        read = house.reading()
    except documents.ApiAway as away:
        return _last(memory, Cannot(why=str(away)))
    memory.blocks = BlocksSeen(
        sign_ins={
            **{name: _sign_in(house, name, block) for name, block in read.accounts.items()},
            **{
                name: SignIn(closed=f"its block cannot be used: {why}")
                for name, why in read.unreadable.items()
            },
        },
        # A document that is not valid changes nothing: the last known switches serve, here as in the flows.
        off=_off(read.switches, moment) if read.switches else _last_off(memory),
        off_for=_off_for(read.switches, read.accounts, moment) if read.switches else {},
        open_circuits=open_circuits(read.revisions, with_browser(read.accounts)),
        places={name: block.place() for name, block in read.accounts.items()},
    )
    return memory.blocks


def open_circuits(
    pages: Mapping[str, Iterable[Revision]], accounts: Mapping[str, bool] = MappingProxyType({})
) -> list[CircuitSeen]:
    """Read which circuits are open, since when (trials do not count), and whose posts wait; ``accounts``: needs a
    browser.
    """
    standing = {name: newest(of_it).memory for name, of_it in pages.items()}
    needs = {
        account: {one.name for one in behind(account, needs_browser=needed)}
        for account, needed in accounts.items()
    }
    sign_ins = {Dependency(Kind.SIGN_IN, account).name for account in needs}
    return [
        CircuitSeen(
            name=name,
            since=memory.down_since,
            forced=memory.state is CircuitState.FORCED_OPEN,
            why=memory.why or memory.cause,
            stops=frozenset(account for account, needed in needs.items() if name in needed),
            is_sign_in=name in sign_ins,
        )
        for name, memory in sorted(standing.items())
        if memory.down_since is not None
    ]


def _last(memory: Memory, away: Cannot) -> BlocksSeen | Cannot:
    return memory.blocks or away


def _last_off(memory: Memory) -> Mapping[str, SwitchSeen]:
    return memory.blocks.off if memory.blocks else {}


def _sign_in(house: House, name: str, block: AccountBlock) -> SignIn:
    known = house.directory.access(name)
    access = block.open(name)
    if isinstance(known, Unopened) and known.cause is Cause.HANDLE_TAKEN:
        # That it is another account's second name, the block alone cannot say.
        access = known
    if isinstance(access, Unopened):
        return SignIn(closed=access.why)
    ends = [
        float(cookie.get("expires", -1))
        for cookie in access.secret.get("cookies", ())
        if cookie.get("name") == "auth_token"
    ]
    lasting = [end for end in ends if end > 0]
    return SignIn(expires_at=datetime.fromtimestamp(max(lasting), UTC) if lasting else None)


def _off(switches: Switches, moment: datetime) -> dict[str, SwitchSeen]:
    return {name: _seen(switch) for name, switch in switches.each().items() if switch.stands(moment) == "off"}


def _off_for(
    switches: Switches, accounts: Iterable[str], moment: datetime
) -> dict[tuple[str, str], SwitchSeen]:
    """Find for whom what is on for some is off."""
    return {
        (name, account): _seen(switch)
        for account in accounts
        for name, switch in (("publish", switches.publish), ("reconcile", switches.reconcile))
        if not switch.is_on(moment, account)
    }


def _seen(switch: Switch) -> SwitchSeen:
    return SwitchSeen(by=switch.by, reason=switch.reason)


# --- this machine


def _machine(house: House, memory: Memory, moment: datetime, *, writes: bool) -> MachineSeen:
    known = settings.read()
    left, memory.left = memory.left, frozenset(orphans(known.run_dir))
    workers = runs.workers()
    outbox_entries = house.outbox.waiting()
    return MachineSeen(
        workers=workers,
        has_had_worker=_has_had_worker(house, memory, workers, moment, writes=writes),
        orphans=len(left & memory.left),
        outbox_entries=len(outbox_entries),
        outbox_since=min((entry.at for entry in outbox_entries), default=None),
        aside=house.outbox.put_aside(),
        disk_free_mb=shutil.disk_usage(known.run_dir).free / 2**20,
        memory_free_mb=psutil.virtual_memory().available / 2**20,
        # By this instant, not by when the round began: a store that took its time has not moved the clock.
        clock_jump=_jump(memory, house.clock()),
    )


def _has_had_worker(
    house: House, memory: Memory, workers: Iterable[int], moment: datetime, *, writes: bool
) -> bool:
    """Note beyond this run that this machine has a worker, so that its absence is seen at once."""
    try:
        if any(True for _ in workers):
            memory.has_had_worker = True
            if writes:  # a round waits once for a store that is away
                house.store.write(vitals.note, _worker_here(), well=True, now=moment)
        elif not memory.has_had_worker:
            memory.has_had_worker = has_noted_worker(house)
    except StoreError:
        house.log.debug("whether this machine has a worker could not be noted")
    return memory.has_had_worker


def has_noted_worker(house: House) -> bool:
    """Whether a worker was ever seen on this machine; raises ``StoreError``."""
    return _worker_here() in house.store.read(vitals.every)


def _worker_here() -> str:
    return f"{WORKER}{socket.gethostname()}"


def _jump(memory: Memory, moment: datetime) -> timedelta:
    """Say how far the clock moved beyond the time that passed since the last round."""
    ticked, before = time.monotonic(), memory.wall
    passed = timedelta(seconds=ticked - memory.ticked)
    memory.wall, memory.ticked = moment, ticked
    return timedelta(0) if before is None else (moment - before) - passed
