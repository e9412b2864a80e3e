"""The circuits of an account's posts: asked before each ask, told after it.

An open one is tried by a *probe* that submits nothing, by the process that holds the permit.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from steadypost.browser import BrowserError, NoFreeSlot, PoolClosed
from steadypost.channels.port import Access, Probe
from steadypost.domain.circuit import Go, No, Ticket
from steadypost.domain.circuit.catalogue import (
    Dependency,
    Kind,
    named_end,
    tells,
    tells_by_probe,
    without_browser,
)
from steadypost.domain.outcome import Cause, Outcome
from tasks.dependencies import browser_here
from tasks.discreet import discreet
from tasks.house import House, here
from tasks.second_question import found_out

AGAIN_AFTER = timedelta(seconds=10)
"""How long an account is not probed again by this process after a probe that told nothing."""

FIRST_WAIT = timedelta(seconds=1)
"""How long an account without a permit waits for the next request; doubled each time."""

Tickets = Mapping[Dependency, Ticket]


# --- before an ask, and after it


def left_alone(house: House, account: str) -> No | None:
    """Say why nothing of this account may be tried now; ``None`` when it may."""
    return next((no for one in house.behind(account) if (no := house.circuits.refusal(one))), None)


def set_out(house: House, account: str) -> Tickets | No:
    """Get the tickets that the answer must bring back; or why the account is to be left alone."""
    tickets: dict[Dependency, Ticket] = {}
    for one in house.behind(account):
        verdict = house.circuits.may(one)
        if isinstance(verdict, No):
            return verdict
        tickets[one] = verdict.ticket
    return tickets


def come_home(house: House, account: str, tickets: Tickets | No, outcome: Outcome, took: timedelta) -> None:
    """Tell the circuits what an ask brought. A refused one brought nothing."""
    if isinstance(tickets, No):
        return
    ending = Ending(cause=getattr(outcome, "cause", None), why=getattr(outcome, "why", ""), took=took)
    _tell(house, account, tickets, tells(outcome), ending)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How an ask or a probe ended, for people who read why a circuit opened."""

    cause: Cause | None
    why: str
    took: timedelta


def _tell(house: House, account: str, tickets: Tickets, told: Mapping[Kind, bool], ending: Ending) -> None:
    if not house.directory.kind_of(account).needs_browser:
        told = without_browser(told)
    for one, ticket in tickets.items():
        if one.kind not in told:
            house.circuits.left(one, ticket)
            continue
        house.circuits.came(
            one,
            ticket,
            well=told[one.kind],
            took=ending.took,
            cause=str(ending.cause or ""),
            why=ending.why,
            until=named_end(ending.cause, house.clock()) if one.kind is Kind.SIGN_IN else None,
        )


# --- the trial


def to_probe(house: House) -> list[str]:
    """Name the accounts that it is time to probe, who has been due for longest first."""
    moment = house.clock()
    usable = [name for name in house.directory.usable() if house.probing.resting.get(name, moment) <= moment]
    due = {
        name: min(house.circuits.known(one).until or moment for one in trials)
        for name in usable
        if (trials := [one for one in house.behind(name) if _is_its_own(house, one)])
    }
    with_browser = [name for name in usable if house.directory.kind_of(name).needs_browser]
    if with_browser and house.circuits.is_due(browser_here()):
        # Beside whatever else is due: of many that are down one always is.
        first = by_turns(house, with_browser)[0]
        due.setdefault(first, house.circuits.known(browser_here()).until or moment)
    return sorted(due, key=lambda name: due[name])


def by_turns(house: House, accounts: Iterable[str]) -> list[str]:
    """Order accounts by when each was last probed here: one whose own trouble it is keeps the others' turn for once."""
    return sorted(accounts, key=lambda name: (house.probing.turns.get(name, 0), name))


def _is_its_own(house: House, dependency: Dependency) -> bool:
    """Whether it is due, and not the browsers', which any account's probe tries."""
    return dependency.kind is not Kind.BROWSER and house.circuits.is_due(dependency)


@task(
    name="probe",
    task_run_name="probe {account}",
    retries=0,  # The circuit says when it is tried again.
    cache_policy=NO_CACHE,
    persist_result=False,
)
@discreet
def probe(account: str) -> str:
    """Find out, without publishing, whether publishing would work, and report it to the circuits."""
    house = here()
    access = house.directory.access(account)
    # The sender took them; a repeated run takes what there is.
    permits = house.probing.permits.pop(account, None) or take_permits(house, account)
    if not permits or not isinstance(access, Access):
        for one, ticket in permits.items():
            house.circuits.left(one, ticket)
        return "no probe is due"
    house.probing.turns[account] = max(house.probing.turns.values(), default=0) + 1
    began = time.monotonic()
    seen = Probe(well=False, handle="", cause=Cause.DEFECT, why="the probe broke")
    try:
        seen = see(house, access)
    finally:
        took = timedelta(seconds=time.monotonic() - began)
        told = tells_by_probe(None if seen.well else seen.cause or Cause.UI_DRIFT)
        _tell(house, account, permits, told, Ending(cause=seen.cause, why=seen.why, took=took))
        if not told:
            house.probing.resting[account] = house.clock() + AGAIN_AFTER
    house.log.info("%s was probed: %s", account, "well" if seen.well else f"{seen.cause} ({seen.why})")
    return "well" if seen.well else str(seen.cause)


def take_permits(house: House, account: str) -> dict[Dependency, Ticket]:
    """Get the permits for a trial of whatever of this account's is due; none where others have them."""
    permits: dict[Dependency, Ticket] = {}
    for one in house.behind(account):
        if house.circuits.is_due(one) and isinstance(go := house.circuits.may(one, probe=True), Go):
            permits[one] = go.ticket
    return permits


class Scout:
    """Gets permits for trials beside the publishing loop, one after the other, with growing waits.

    No task run is made before a permit is held: a troubled server gets no extra load.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._thread: threading.Thread | None = None
        self._in_vain: Counter[str] = Counter()

    def ready(self, accounts: Sequence[str]) -> str | None:
        """Name an account whose permits are in hand, or begin to get them for the first of these."""
        if self._thread is not None and self._thread.is_alive():
            return None
        got = next(iter(self._house.probing.permits), None)
        if got is None and accounts:
            self._thread = threading.Thread(
                target=self.get, args=(accounts[0],), name="trial-permits", daemon=True
            )
            self._thread.start()
        return got

    def get(self, account: str) -> None:
        """Get them now."""
        if permits := take_permits(self._house, account):
            del self._in_vain[account]
            self._house.probing.permits[account] = permits
            return
        wait = min(AGAIN_AFTER, FIRST_WAIT * (1 << min(self._in_vain[account], 6)))
        self._in_vain[account] += 1
        self._house.probing.resting[account] = self._house.clock() + wait

    def give_back(self) -> None:
        """Give back the permits that will not be used."""
        while self._house.probing.permits:
            _, permits = self._house.probing.permits.popitem()
            for one, ticket in permits.items():
                self._house.circuits.left(one, ticket)


def see(house: House, access: Access) -> Probe:
    """Check everything that publishing needs, by means kept for probes; nothing is submitted, nothing is raised."""
    limits = house.limits()
    browsers = house.probing.browsers or house.browsers
    try:
        with house.channel(access.account, within=limits.probe_waits, browsers=browsers) as channel:
            seen = channel.probe(access, deadline=time.monotonic() + limits.probe.total_seconds())
        cause, why = found_out(house, access, seen.cause, seen.why)
        return replace(seen, cause=cause, why=why)
    except (NoFreeSlot, PoolClosed) as error:  # a run that is about to end says nothing of the browsers
        return Probe(well=False, handle="", cause=Cause.NO_PLACE, why=type(error).__name__)
    except BrowserError as error:
        return Probe(well=False, handle="", cause=Cause.BROWSER_UNAVAILABLE, why=type(error).__name__)
