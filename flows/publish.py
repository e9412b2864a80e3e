"""Publish what is due, as it falls due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Protocol

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from flows.ended import Step, how_it_ended, is_done
from flows.house import open_store, publishing_house
from steadypost.domain.clock import now
from steadypost.store import Claim, StoreAway, unconfirmed
from steadypost.store.claims import is_anything_due
from steadypost.store.publishers import Role
from tasks import documents
from tasks.bounds import LEASE
from tasks.bulkheads import Capacity, this_host
from tasks.circuits import Refused
from tasks.deadline import ended_within
from tasks.deliveries import deliver
from tasks.dependencies import store_here
from tasks.discreet import discreet
from tasks.house import House
from tasks.journal import following
from tasks.living import rescue
from tasks.peer_supervisor import minding
from tasks.probes import Scout, left_alone, probe, to_probe
from tasks.sharing import PUBLISH, Sharing, helping, lead_of, living_lead
from tasks.watches import COMES_HOME_WITHIN, Watch

PACE = 0.25
"""Seconds between two looks at the queue when nothing wakes the watch: what a due post waits at the most."""


@flow(
    name="publish",
    flow_run_name="publish",
    task_runner=ThreadPoolTaskRunner(max_workers=16),  # type: ignore[arg-type]
    retries=0,
)
@discreet
def publish(
    stay_minutes: float = Field(
        default=180,
        gt=0,
        title="Stay on watch (minutes)",
        description="Goes on until the next run relieves it, and no longer than this.",
    ),
    machine: str = Field(
        default="",
        title="Machine",
        description="Help the publisher that has the watch from this machine. Empty: have the watch.",
    ),
) -> State[dict[str, int]]:
    """Stay on watch: claim each delivery as it falls due and deliver it, one task run each.

    A post's misfortune is its own: it never fails another, and never this run.
    """
    stay = timedelta(minutes=stay_minutes)
    if (needless := why_needless(machine, stay)) is not None:
        return Completed(message=needless, data={})
    with ended_within(stay + COMES_HOME_WITHIN), publishing_house(stay) as house:
        run_id = str(flow_run.id)
        lease = helping(machine) if machine else PUBLISH
        watch = Watch(house, lease, run_id, at_most=stay, pace=PACE, needs_blocks=True)
        crew = Crew(house, watch)
        keep_publishing(house, watch, crew, Sharing(house, run_id, Role.HELPER if machine else Role.LEAD))
    return Completed(message=crew.in_words(), data=dict(crew.done))


def why_needless(machine: str, within: timedelta) -> str | None:
    """Say why a run is not needed where it was started; ``None`` when it is. A store that is away is waited for.

    While accounts are shared, a run must not take the lease to another machine and leave this one without.
    """
    if machine and machine != this_host():
        return f"this is for {machine}, and this is {this_host()}: start each worker with its machine's work queue"
    with open_store(within) as store:
        known = lead_of(store)
        if known is None or (known.host == this_host() and not machine):
            return None
        lead = living_lead(store)
    if lead is None or lead.role is Role.STAND_IN:
        return None
    if machine:
        return "this machine's publisher has the watch" if lead.host == machine else None
    if lead.host == this_host() or not is_shared():
        return None
    return f"{lead.host} has the watch, and this machine's publisher helps it"


def is_shared() -> bool:
    """Whether the switch is on, for some at least, as its block says now; not where that cannot be read."""
    try:
        switches = documents.read().switches
    except documents.ApiAway:
        return False
    return switches is not None and switches.sharing.stands(now()) != "off"


def keep_publishing(house: House, watch: Watch, crew: Crew, sharing: Sharing) -> None:
    """Send out what falls due until another run is on watch, and wait for what is under way."""
    with minding(house, watch.flow):
        for _ in watch:
            house.refresh()
            sharing.tend()
            if sharing.is_needless:
                house.log.info("the publisher that has the watch is on this machine now: this one ends")
                break
            crew.probe(to_probe(house))
            crew.send(claim_due(house, at_most=crew.free(), mine=sharing.mine))
    sharing.leave()
    # The next run can have the slots; what is still under way has its own deadline.
    house.bulkheads.close()
    with ended_within(COMES_HOME_WITHIN):
        crew.come_home()


Mine = Callable[[Iterable[str]], list[str]]
"""Chooses of accounts those that this publisher works on."""


def claim_due(house: House, *, at_most: int, mine: Mine = list) -> list[Claim]:
    """Claim what is due, for as many slots as are free: the rest waits in the store for any machine."""
    if at_most < 1:
        return []
    try:
        with house.circuits.guard(store_here(), failures=(StoreAway,)):
            return _claim(house, at_most, mine)
    except StoreAway as away:
        house.bear(away, "nothing can be claimed: %s", away)
    except Refused as refused:
        house.log.debug("nothing is claimed: %s", refused)
    return []


def _claim(house: House, at_most: int, mine: Mine) -> list[Claim]:
    if not house.store.read(is_anything_due, house.clock()):
        return []
    for rescued in rescue(house.store, house.clock()):
        house.log.warning("taken back from a worker that fell silent: %s", rescued)
    claims: list[Claim] = []
    for accounts in by_turns(house, mine(may_publish(house))):
        claims += _claim_of(house, accounts, at_most - len(claims))
    return claims


def _claim_of(house: House, accounts: list[str], at_most: int) -> list[Claim]:
    """Claim for accounts that share a network and the need of a browser."""
    capacity = capacity_for(house, accounts, min(at_most, browsers_for(house, accounts)))
    if capacity.total < 1:
        return []
    claims = house.store.claim(
        worker=house.worker,
        now=house.clock(),
        lease=LEASE,
        at_most=capacity.total,
        accounts=accounts,
        at_most_each=capacity.each,
        retries=house.retries_left(),
    )
    for claim in claims:
        house.take(claim)
        with following(delivery=claim.delivery_id, attempt=claim.attempt_id, account=claim.account):
            house.log.info(
                "delivery %s is claimed as %s, attempt %s", claim.delivery_id, claim.account, claim.n
            )
    return claims


def by_turns(house: House, accounts: Iterable[str]) -> list[list[str]]:
    """Take the accounts of each network and browser need in turn, so that a long queue delays no others."""
    groups: dict[tuple[str, bool], list[str]] = {}
    for name in accounts:
        kind = house.directory.kind_of(name)
        groups.setdefault((kind.network.name, kind.needs_browser), []).append(name)
    in_order = [groups[key] for key in sorted(groups)]
    house.claim_turn += 1
    first = house.claim_turn % max(1, len(in_order))
    return in_order[first:] + in_order[:first]


def browsers_for(house: House, accounts: list[str]) -> int:
    """Say how many of these could have what they need at once: where one needs a browser, as many as are free."""
    if not accounts or not house.directory.kind_of(accounts[0]).needs_browser:
        return house.at_once
    with_browser = {name for name in house.directory.usable() if house.directory.kind_of(name).needs_browser}
    return house.browsers.size - house.bulkheads.under_way(with_browser)


def capacity_for(house: House, accounts: list[str], at_most: int) -> Capacity:
    """Say how much may be claimed, in all and by account."""
    if not house.switches.bulkheads.is_on(house.clock()):
        return Capacity(total=at_most, each={})
    capacity = house.bulkheads.capacity(accounts)
    return Capacity(total=min(at_most, capacity.total), each=capacity.each)


def may_publish(house: House) -> list[str]:
    """Name the accounts whose queue may move: usable, and held by no switch, circuit or unconfirmed delivery."""
    moment = house.clock()
    usable = [
        name
        for name in house.directory.usable()
        if house.switches.publish.is_on(moment, name) and left_alone(house, name) is None
    ]
    if all(house.switches.isolate_unconfirmed.is_on(moment, name) for name in usable):
        return usable
    held = house.store.read(unconfirmed.accounts_with_unconfirmed)
    return [
        name for name in usable if name not in held or house.switches.isolate_unconfirmed.is_on(moment, name)
    ]


class Hands(Protocol):
    """Carries out what the crew sends."""

    def deliver(self, claims: list[Claim]) -> list[Step]:
        """Carry out each claim, all beside each other."""
        ...

    def probe(self, account: str) -> Step:
        """Carry out one probe."""
        ...


class ByTaskRuns:
    """Each delivery and each probe is a task run of its own, with its name, state and log in Prefect."""

    def deliver(self, claims: list[Claim]) -> list[Step]:
        """Map the task over the claims."""
        return list(
            deliver.map(
                [claim.attempt_id for claim in claims],
                [claim.delivery_id for claim in claims],
                [claim.account for claim in claims],
            )
        )

    def probe(self, account: str) -> Step:
        """Submit the task."""
        return probe.submit(account)


class Crew:
    """The deliveries under way, at most one at each browser, and what came of those that are done."""

    def __init__(self, house: House, watch: Watch, hands: Hands | None = None) -> None:
        self._house = house
        self._hands = hands or ByTaskRuns()
        self._away: dict[Step, int] = {}
        self._probe: Step | None = None
        self._scout = Scout(house)
        self.done: Counter[str] = Counter()
        house.wake = watch.call

    def free(self) -> int:
        """How many more may be sent now; what is still being written down holds no slot."""
        self._count()
        return self._house.at_once - self._house.bulkheads.under_way()

    def send(self, claims: list[Claim]) -> None:
        """Send each claim on its way."""
        if not claims:
            return
        futures = self._hands.deliver(claims)
        self._away.update(zip(futures, (claim.attempt_id for claim in claims), strict=True))

    def probe(self, accounts: list[str]) -> None:
        """Start a probe for an account that is due, unless one is under way: they share one browser."""
        if self._probe is not None and not is_done(self._probe):
            return
        ready = self._scout.ready(accounts)
        self._probe = self._hands.probe(ready) if ready else None

    def come_home(self) -> None:
        """Wait for those under way; each has its own deadline. Trials not begun are left to others."""
        for future in [*self._away, *([self._probe] if self._probe else [])]:
            future.wait()
        self._scout.give_back()
        self._count()

    def in_words(self) -> str:
        """Summarise the results in one line."""
        told = ", ".join(f"{count} {name}" for name, count in sorted(self.done.items()))
        return told or "nothing was due"

    def _count(self) -> None:
        for future in [future for future in self._away if is_done(future)]:
            # A task that Prefect could not even begin has let go of nothing.
            self._house.drop(self._away.pop(future))
            self.done[how_it_ended(future)] += 1
