"""Publish what is due, as it falls due."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run
from prefect.states import Completed
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from flows.ended import how_it_ended, is_done
from flows.house import publishing_house
from steadypost.store import Claim, StoreAway
from tasks.bounds import LEASE
from tasks.bulkheads import Room
from tasks.circuits import Refused, store_here
from tasks.deadline import ended_within
from tasks.deliveries import deliver
from tasks.house import House
from tasks.journal import following
from tasks.mates import Mates
from tasks.probes import left_alone, probe, to_probe
from tasks.watches import COMES_HOME_WITHIN, Watch

PACE = 0.25
"""Seconds between two looks at the queue when nothing wakes the watch: what a due post waits at the most."""


@flow(
    name="publish",
    flow_run_name="publish",
    task_runner=ThreadPoolTaskRunner(max_workers=16),  # type: ignore[arg-type]
    retries=0,
)
def publish(
    stay_minutes: float = Field(
        default=180,
        gt=0,
        title="Stay on watch (minutes)",
        description="Goes on until the next run relieves it, and no longer than this.",
    ),
) -> State[dict[str, int]]:
    """Stay on watch: claim each delivery as it falls due and deliver it, one task run each.

    A post's misfortune is its own: it never fails another, and never this run.
    """
    stay = timedelta(minutes=stay_minutes)
    with ended_within(stay + COMES_HOME_WITHIN), publishing_house() as house:
        watch = Watch(house, "publish", str(flow_run.id), at_most=stay, pace=PACE)
        crew = Crew(house, watch)
        mates = Mates(house, "publish")
        for _ in watch:
            mates.mind()
            house.refresh()
            crew.probe(to_probe(house))
            crew.send(claim_due(house, at_most=crew.free()))
        # Whoever relieves this run can have its places; what is still under way has its own deadline.
        house.bulkheads.close()
        with ended_within(COMES_HOME_WITHIN):
            crew.come_home()
    return Completed(message=crew.in_words(), data=dict(crew.done))


def claim_due(house: House, *, at_most: int) -> list[Claim]:
    """Claim what is due, for as many browsers as are free; nothing while the store is away.

    Nothing is claimed that would then have to wait for a place: what is not claimed waits in the store, where
    anybody may take it, and this process holds at most one delivery for each of its browsers.
    """
    if at_most < 1:
        return []
    try:
        with house.circuits.guard(store_here(), failures=(StoreAway,)):
            return _claim(house, at_most)
    except StoreAway as away:
        house.bear(away, "nothing can be claimed: %s", away)
    except Refused as refused:
        house.log.debug("nothing is claimed: %s", refused)
    return []


def _claim(house: House, at_most: int) -> list[Claim]:
    for rescued in house.store.rescue(now=house.clock()):
        house.log.warning("taken back from a worker that fell silent: %s", rescued)
    accounts = may_publish(house)
    room = places_for(house, accounts, at_most)
    claims = house.store.claim(
        worker=house.worker,
        now=house.clock(),
        lease=LEASE,
        at_most=room.total,
        accounts=accounts,
        at_most_each=room.each,
        retries=house.retries_left(),
    )
    for claim in claims:
        house.take(claim)
        with following(delivery=claim.delivery_id, attempt=claim.attempt_id, account=claim.account):
            house.log.info(
                "delivery %s is claimed as %s, attempt %s", claim.delivery_id, claim.account, claim.n
            )
    return claims


def places_for(house: House, accounts: list[str], at_most: int) -> Room:
    """Say how much may be claimed, in all and by account."""
    if not house.switches.bulkheads.is_on(house.clock()):
        return Room(total=at_most, each={})
    room = house.bulkheads.room(accounts)
    return Room(total=min(at_most, room.total), each=room.each)


def may_publish(house: House) -> list[str]:
    """Name the accounts whose queue may move: all that are usable, unless a switch, a circuit or a doubt holds
    one's. What is not claimed is charged with nothing.
    """
    moment = house.clock()
    usable = [
        name
        for name in house.usable()
        if house.switches.publish.is_on(moment, name) and left_alone(house, name) is None
    ]
    if all(house.switches.isolate_unconfirmed.is_on(moment, name) for name in usable):
        return usable
    held = house.store.accounts_in_doubt()
    return [
        name for name in usable if name not in held or house.switches.isolate_unconfirmed.is_on(moment, name)
    ]


class Crew:
    """The deliveries under way, at most one at each browser, and what came of those that are done."""

    def __init__(self, house: House, watch: Watch) -> None:
        self._house = house
        self._away: dict[PrefectFuture[Any], int] = {}
        self._probe: PrefectFuture[Any] | None = None
        self.done: Counter[str] = Counter()
        house.wake = watch.call

    def free(self) -> int:
        """How many more may be sent out now: as many as browsers are free. Those whose answer is still being
        written down need theirs no more.
        """
        self._count()
        return self._house.lanes.size - self._house.bulkheads.under_way()

    def send(self, claims: list[Claim]) -> None:
        """Send each claim on its way as a task run of its own."""
        if not claims:
            return
        futures = deliver.map(
            [claim.attempt_id for claim in claims],
            [claim.delivery_id for claim in claims],
            [claim.account for claim in claims],
        )
        self._away.update(zip(futures, (claim.attempt_id for claim in claims), strict=True))

    def probe(self, accounts: list[str]) -> None:
        """Send out a probe for one who is due, unless one is out: there is one browser for them."""
        if self._probe is not None and not is_done(self._probe):
            return
        self._probe = probe.submit(accounts[0]) if accounts else None

    def come_home(self) -> None:
        """Wait for those under way; each has its own deadline."""
        for future in [*self._away, *([self._probe] if self._probe else [])]:
            future.wait()
        self._count()

    def in_words(self) -> str:
        """Say in one line what came of it all."""
        told = ", ".join(f"{count} {name}" for name, count in sorted(self.done.items()))
        return told or "nothing was due"

    def _count(self) -> None:
        for future in [future for future in self._away if is_done(future)]:
            # A task that Prefect could not even begin has let go of nothing.
            self._house.drop(self._away.pop(future))
            self.done[how_it_ended(future)] += 1
