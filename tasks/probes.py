"""What an account's posts stand and fall with: asked before each ask, told after it, and tried by a look alone.

A circuit that is open is tried by a *probe*: the composer is opened, everything is seen to be there, and nothing
is submitted. An ask is never the trial. Whoever of all processes holds the permit probes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from steadypost.browser import BrowserError, NoFreeLane, PoolClosed
from steadypost.channels.port import Access, Probe
from steadypost.domain.circuit import Go, No, Ticket
from steadypost.domain.circuit.catalogue import (
    Dependency,
    Kind,
    named_end,
    tells,
    tells_by_probe,
)
from steadypost.domain.outcome import Cause, Outcome
from tasks.circuits import behind, browser_here
from tasks.house import CHANNELS, House, here

AGAIN_AFTER = timedelta(seconds=10)
"""How long an account is not probed again by this process after a probe that told nothing."""

Tickets = Mapping[Dependency, Ticket]


# --- before an ask, and after it


def left_alone(house: House, account: str) -> No | None:
    """Say why nothing of this account may be tried now, if so."""
    return next((no for one in behind(account) if (no := house.circuits.refusal(one))), None)


def set_out(house: House, account: str) -> Tickets | No:
    """Take along what the answer will have to bring back; or learn that it is to be left alone."""
    tickets: dict[Dependency, Ticket] = {}
    for one in behind(account):
        verdict = house.circuits.may(one)
        if isinstance(verdict, No):
            return verdict
        tickets[one] = verdict.ticket
    return tickets


def come_home(house: House, tickets: Tickets | No, outcome: Outcome, took: timedelta) -> None:
    """Tell the circuits what an ask brought. A refused one brought nothing."""
    if isinstance(tickets, No):
        return
    ending = Ending(cause=getattr(outcome, "cause", None), why=getattr(outcome, "why", ""), took=took)
    _tell(house, tickets, tells(outcome), ending)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How an ask or a probe ended, for whoever reads why a circuit opened."""

    cause: Cause | None
    why: str
    took: timedelta


def _tell(house: House, tickets: Tickets, told: Mapping[Kind, bool], ending: Ending) -> None:
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
    usable = [name for name in house.usable() if house.probed.get(name, moment) <= moment]
    due = {
        name: min(house.circuits.known(one).until or moment for one in trials)
        for name in usable
        if (trials := [one for one in behind(name) if _is_its_own(house, one)])
    }
    if not due and usable and house.circuits.is_due(browser_here()):
        return usable[:1]
    return sorted(due, key=lambda name: due[name])


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
def probe(account: str) -> str:
    """Find out, without publishing, whether publishing could go ahead, and say so to the circuits."""
    house = here()
    access = house.access(account)
    permits = _permits(house, account)
    if not permits or not isinstance(access, Access):
        for one, ticket in permits.items():
            house.circuits.left(one, ticket)
        return "nobody's turn"
    began = time.monotonic()
    seen = Probe(well=False, handle="", cause=Cause.DEFECT, why="the probe broke")
    try:
        seen = see(house, access)
    finally:
        took = timedelta(seconds=time.monotonic() - began)
        told = tells_by_probe(None if seen.well else seen.cause or Cause.UI_DRIFT)
        _tell(house, permits, told, Ending(cause=seen.cause, why=seen.why, took=took))
        if not told:
            house.probed[account] = house.clock() + AGAIN_AFTER
    house.log.info("%s was probed: %s", account, "well" if seen.well else f"{seen.cause} ({seen.why})")
    return "well" if seen.well else str(seen.cause)


def _permits(house: House, account: str) -> dict[Dependency, Ticket]:
    permits: dict[Dependency, Ticket] = {}
    for one in behind(account):
        if house.circuits.is_due(one) and isinstance(go := house.circuits.may(one, probe=True), Go):
            permits[one] = go.ticket
    return permits


def see(house: House, access: Access) -> Probe:
    """Open the composer in a browser for probes, and say what was seen; nothing is submitted, nothing is raised."""
    limits = house.limits()
    lanes = house.probing or house.lanes
    channel = house.channel_of(access.account)
    try:
        with lanes.lend(limits.probe_waits.total_seconds(), key=access.account) as lane:
            deadline = time.monotonic() + limits.probe.total_seconds()
            return CHANNELS[channel](lane).probe(access, deadline=deadline)
    except (NoFreeLane, PoolClosed) as error:  # a run that is about to end says nothing of the browsers
        return Probe(well=False, handle="", cause=Cause.NO_PLACE, why=type(error).__name__)
    except BrowserError as error:
        return Probe(well=False, handle="", cause=Cause.BROWSER_UNAVAILABLE, why=type(error).__name__)
