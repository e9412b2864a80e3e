"""Look at the networks for unconfirmed deliveries, and check that published posts are live."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

from prefect import Task, flow, unmapped
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from flows.ended import Step, is_done, state_of
from flows.house import looking_house
from steadypost.store import StoreAway, unconfirmed
from tasks.deadline import ended_within
from tasks.discreet import discreet
from tasks.house import House
from tasks.living import rescue
from tasks.looks import AT_ONCE, Findings, look
from tasks.overdue import Sweeper
from tasks.peer_supervisor import minding
from tasks.rollouts import carry_on
from tasks.shedding import is_shed
from tasks.watches import COMES_HOME_WITHIN, HEARTBEAT_EVERY, Watch

LOOKS_WITHIN = timedelta(minutes=30)
"""One cycle waits for the looks at every account that has something unconfirmed, one browser for all of them."""

PACE = 2.0
"""Seconds between two questions to the store whether something is unconfirmed."""

ROLLOUTS_EVERY = 20.0
"""Seconds between two looks at the rollouts under way, whether or not the run that began them is still there."""

LOOKS = "looks"
"""What a round of looks is called where it is left for later."""

Looks = Callable[[House, list[str], bool], Sequence[Step]]
"""Who carries out looks at accounts, all beside each other."""

LOOKS_AT_ONCE = 4
"""How many accounts a round looks at: they share a browser, and each holds a thread and a task run."""


@flow(
    name="reconcile",
    flow_run_name="reconcile",
    task_runner=ThreadPoolTaskRunner(max_workers=4),  # type: ignore[arg-type]
    retries=0,
)
@discreet
def reconcile(
    stay_minutes: float = Field(
        default=180,
        gt=0,
        title="Stay on watch (minutes)",
        description="Goes on until the next run relieves it, and no longer than this.",
    ),
    once: bool = Field(
        default=False,
        title="Once, now",
        description="Look once for everything unconfirmed, whenever its next look was planned, and end.",
    ),
) -> State[dict[str, int]]:
    """Stay on watch: settle unconfirmed deliveries from what the network shows, one read per account."""
    told: Counter[str] = Counter()
    stay = timedelta(minutes=stay_minutes)
    with ended_within(stay + COMES_HOME_WITHIN), looking_house(stay) as house:
        if once:
            for account in accounts_to_look_at(house, at_once=True):
                told += look_at(house, [account], at_once=True)
            return Completed(message=_in_words(told), data=dict(told))
        watch = Watch(
            house,
            "reconcile",
            str(flow_run.id),
            at_most=stay,
            pace=PACE,
            hung_after=LOOKS_WITHIN,
            needs_blocks=True,
        )
        keep_looking(house, watch, told)
    return Completed(message=_in_words(told), data=dict(told))


def keep_looking(house: House, watch: Watch, told: Counter[str], looks: Looks | None = None) -> None:
    """Look for what is unconfirmed until another run is on watch."""
    rollouts = NowAndThen(ROLLOUTS_EVERY)
    sweeper = Sweeper(house)
    with minding(house, "reconcile"):
        for _ in watch:
            house.refresh()
            chosen = next_round(house, accounts_to_look_at(house))
            told += look_at(house, chosen, meanwhile=watch.still_here, looks=looks)
            if sweeper.is_time():
                sweeper.sweep()
            if rollouts.is_time():
                carry_on(house.store, house.clock, house.log)


class NowAndThen:
    """A timer for what is not done in every cycle."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._last = time.monotonic()

    def is_time(self) -> bool:
        """Whether it is time again; if so, the next interval begins."""
        if time.monotonic() - self._last < self._every:
            return False
        self._last = time.monotonic()
        return True


def look_at(
    house: House,
    accounts: list[str],
    *,
    at_once: bool = False,
    meanwhile: Callable[[], None] = lambda: None,
    looks: Looks | None = None,
) -> Counter[str]:
    """Look at each of these accounts, one task run each; ``meanwhile`` is called each second until all are done."""
    if not accounts:
        return Counter()
    house.looking.at |= dict.fromkeys(accounts, time.monotonic())
    under_way = (looks or by_task_runs)(house, accounts, at_once)
    for one in under_way:
        while not is_done(one, within=HEARTBEAT_EVERY):
            meanwhile()
    return Counter("looks" if state_of(one).is_completed() else "looks that failed" for one in under_way)


def by_task_runs(house: House, accounts: list[str], at_once: bool) -> Sequence[Step]:
    """Look at each account in a task run of its own."""
    return repeated(house).map(accounts, at_once=unmapped(at_once))


def repeated(house: House) -> Task[..., Findings]:
    """Give the look as it is repeated: after waits that grow, or at once with the switch turned off."""
    if house.switches.backoff.is_on(house.clock()):
        return look
    return look.with_options(retry_delay_seconds=0, retry_jitter_factor=0)


def next_round(house: House, accounts: list[str]) -> list[str]:
    """Choose a few to look at now, those waiting longest first, where a slot is free; the rest next round."""
    waited = sorted(accounts, key=lambda name: (house.looking.at.get(name, 0.0), name))
    if waited and is_shed(house, LOOKS):
        return []
    if house.switches.bulkheads.is_on(house.clock()):
        capacity = house.bulkheads.capacity(waited)
        waited = [name for name in waited if capacity.total and capacity.each[name]]
        chosen = waited[:LOOKS_AT_ONCE]
    else:
        chosen = waited
    if left := len(accounts) - len(chosen):
        house.log.info(
            "%s of %s accounts with unconfirmed deliveries are left to the next round", left, len(accounts)
        )
    return chosen


def accounts_to_look_at(house: House, *, at_once: bool = False) -> list[str]:
    """Name the accounts that have something to look for now, and that can be looked at.

    What a worker held that fell silent is taken back first: it may be live, also while no publisher is.
    """
    try:
        for rescued in rescue(house.store, house.clock()):
            house.log.warning("taken back from a worker that fell silent: %s", rescued)
        until = house.clock() + (AT_ONCE if at_once else timedelta(0))
        due = house.store.read(unconfirmed.accounts_due, until)
    except StoreAway as away:
        house.bear(away, "cannot tell what is unconfirmed: %s", away)
        return []
    resting = {account for account, unseen in house.looking.unseen.items() if unseen.until > house.clock()}
    moment = house.clock()
    looked = {name for name in house.directory.usable() if house.switches.reconcile.is_on(moment, name)}
    usable = looked - (set() if at_once else resting)
    return sorted(due & usable)


def _in_words(told: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(told.items())) or "nothing was unconfirmed"
