"""``steadypost status``."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from steadypost.cli import observing, speech
from steadypost.cli.command import command
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.domain.delivery import State
from steadypost.domain.health import Verdict, overall
from steadypost.domain.incident import Incident
from steadypost.domain.lengths import spoken
from steadypost.domain.observed import AccountSeen, Cannot
from steadypost.domain.standing import standing
from steadypost.domain.standstill import Facts, reasons, sentence
from steadypost.store import Standing, publishers, reading
from steadypost.store import incidents as incident_rows
from steadypost.store.publishers import Publisher

if TYPE_CHECKING:
    from rich.console import Console


@command("status")
def status(house: House) -> Answer:
    """Say how everything stands: the accounts, the queue, what is paused or open or wrong, and who is on watch."""
    now = clock.now()
    every = timedelta(seconds=house.settings.watch_every)
    with house.store() as store:
        facts = replace(observing.told(store, now, every, house.settings.home), zone=house.settings.zone)
        counts, standings, incidents = (
            store.read(reading.counts),
            store.read(incident_rows.standings),
            store.read(incident_rows.still_open),
        )
        machines = store.read(publishers.every)
    verdict, stale = judged(standings, now, every)
    zone, board = house.settings.zone, observing.board(house.settings.home)
    document = {
        "verdict": verdict,
        "sentence": sentence(facts),
        "checked_at": speech.iso(max((one.at for one in standings), default=None)),
        "counts": {str(state): many for state, many in counts.items()},
        "accounts": [_account(one, facts) for one in _seen(facts)],
        "on_watch": _on_watch(facts),
        "publishing": [
            {
                "machine": one.host,
                "role": str(one.role),
                "accounts": sorted(one.works_on) if one.is_heard(now) else [],
                "heard_s_ago": round((now - one.at).total_seconds(), 1),
            }
            for one in machines
        ],
        "circuits": [
            {"name": one.name, "since": speech.iso(one.since), "why": one.why} for one in facts.circuits
        ],
        "incidents": [
            {"id": one.id, "kind": str(one.kind), "about": one.about, "since": speech.iso(one.opened_at)}
            for one in incidents
        ],
        "unseen": facts.unseen,
        "board": board,
    }

    def tell(console: Console) -> None:
        speech.tell(console, f"Health: {verdict}" + (f" ({stale})" if stale else ""))
        _tell(console, facts, counts, incidents, zone)
        _tell_machines(console, machines, now)
        if board:
            console.print(f"Board: {board}", highlight=False, soft_wrap=True)

    return Answer(
        document=document,
        tell=tell,
    )


def judged(standings: list[Standing], now: datetime, every: timedelta) -> tuple[str, str]:
    """Give the verdict of the latest round, and what is to be said of its age. A stale one is unknown."""
    latest = max((one.at for one in standings), default=None)
    if latest is None:
        return str(Verdict.UNKNOWN), "nothing was ever checked: no run of 'watch' is on watch"
    if now - latest > 3 * every + timedelta(seconds=30):
        return str(Verdict.UNKNOWN), f"the last round of checks was {spoken(now - latest)} ago"
    return str(overall(one.check for one in standings)), ""


def _seen(facts: Facts) -> list[AccountSeen]:
    return [] if isinstance(facts.store, Cannot) else list(facts.store.accounts)


def _on_watch(facts: Facts) -> dict[str, float]:
    """Say of each flow how many seconds ago its run on watch was heard of."""
    if isinstance(facts.store, Cannot):
        return {}
    return {
        flow: round((facts.at - heartbeat).total_seconds(), 1)
        for flow, heartbeat in sorted(facts.store.heartbeats.items())
    }


def _account(one: AccountSeen, facts: Facts) -> dict[str, Any]:
    hold = next((reason for reason in reasons(facts) if reason.account == one.name), None)
    return {
        "name": one.name,
        "stands": stands(one, facts),
        "due": one.waiting,
        "next_due_at": speech.iso(one.next_due_at),
        "last_published_at": speech.iso(one.published[-1].at if one.published else None),
        "paused_until": speech.iso(one.paused_until if _is_paused(one, facts) else None),
        "spent_usd": None
        if one.money is None
        else {"day": str(one.money.in_a_day), "month": str(one.money.in_a_month)},
        "why": standing(one, facts.at, facts.closed).why,
        "remedy": standing(one, facts.at, facts.closed).remedy,
        "held_by": hold.kind if hold else None,
        "says": hold.says if hold else "",
    }


def _is_paused(one: AccountSeen, facts: Facts) -> bool:
    return one.paused_until is not None and one.paused_until > facts.at


def stands(one: AccountSeen, facts: Facts) -> str:
    """Say in a word or two how an account stands."""
    return str(standing(one, facts.at, facts.closed).word)


def _words(known: dict[str, Any]) -> str:
    """Say how an account stands, why, what holds up what is due, and what to do."""
    why = known["why"] or known["says"]
    told = f"{known['stands']}: {speech.plain(why)}" if why else str(known["stands"])
    return f"{told}\n→ {speech.plain(known['remedy'])}" if known["remedy"] else told


def _tell(
    console: Console, facts: Facts, counts: dict[State, int], incidents: list[Incident], zone: str
) -> None:
    speech.tell(console, speech.by_clocks_of(zone, sentence(facts)))
    some = ", ".join(f"{many} {str(state).replace('_', ' ')}" for state, many in counts.items() if many)
    speech.tell(console, f"Queue: {some or 'empty'}")
    heartbeats = ", ".join(f"{flow} {ago:.0f} s ago" for flow, ago in _on_watch(facts).items())
    speech.tell(console, f"Last heard from: {heartbeats or 'no run yet'}")
    page = speech.table("account", "due", "next", "last out", f"state ({zone})")
    for one in _seen(facts):
        known = _account(one, facts)
        page.add_row(
            speech.short(one.name, 16),
            str(one.waiting),
            speech.moment(one.next_due_at, zone)[5:16] or "-",
            speech.moment(one.published[-1].at if one.published else None, zone)[5:16] or "-",
            speech.by_clocks_of(zone, _words(known)),
        )
    if _seen(facts):
        console.print(page)
    for circuit in facts.circuits:
        speech.tell(console, speech.by_clocks_of(zone, f"Circuit {circuit.name}: {circuit.why}"))
    for incident in incidents:
        since = f"{speech.moment(incident.opened_at, zone)} ({zone})"
        what = speech.by_clocks_of(zone, f"{incident.name}: {incident.what}")
        speech.tell(console, f"Incident {incident.id}, since {since}: {what}")
    if facts.unseen:
        speech.tell(console, f"Not asked: {facts.unseen}.")


def _tell_machines(console: Console, machines: list[Publisher], now: datetime) -> None:
    """Say which machine works on what, where there are several."""
    if len(machines) < 2:
        return
    for one in machines:
        if one.is_heard(now):
            does = f"publishes for {', '.join(sorted(one.works_on)) or 'no account'}"
        else:
            does = f"sent its last heartbeat {spoken(now - one.at)} ago; the others work on its accounts"
        speech.tell(console, f"Machine {one.host} ({one.role}) {does}")


commands = {"status": status}
