"""What the command line observes by itself: the store as it is, the switches by plain HTTP, and the latest checks.

Importing Prefect takes longer than everything here together, so nothing here does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from steadypost import prefect_address, prefect_http, settings
from steadypost.cli.endings import Stop
from steadypost.cli.house import House
from steadypost.domain.clock import utc
from steadypost.domain.delivery import FOR_A_PERSON, State
from steadypost.domain.health import Kind, Quiet
from steadypost.domain.holding import CIRCUIT_OPEN, SWITCHED_OFF, Hold
from steadypost.domain.observed import Cannot, CircuitSeen, StoreSeen, SwitchSeen
from steadypost.domain.rollout import is_in
from steadypost.domain.standing import cannot_be_used
from steadypost.domain.standstill import Facts
from steadypost.store import Standing, Store, StoreError, incidents, reading

PATIENCE_S = 2.0
"""How long Prefect may take to say what the switches say."""

LAST_HOUR = timedelta(hours=1)

_BOARD = "steadypost-board"

_SWITCHES = "/block_types/slug/steadypost-switches/block_documents/name/steadypost"


def facts(house: House, now: datetime) -> Facts:
    """Observe everything that may keep a post from going out; what cannot be asked is named."""
    try:
        with house.store() as store:
            seen = told(store, now, timedelta(seconds=house.settings.watch_every), house.settings.home)
            return replace(seen, zone=house.settings.zone)
    except Stop as stop:
        return Facts(at=now, store=Cannot(why=settings.without_password(stop.message)))
    except StoreError as error:
        return Facts(at=now, store=Cannot(why=settings.without_password(str(error))))


def told(store: Store, now: datetime, every: timedelta, home: Path) -> Facts:
    """Observe by an open store."""
    seen = store.observe(now, claims_of=LAST_HOUR)
    counts = store.read(reading.counts)
    fresh = [
        one for one in store.read(incidents.standings) if now - one.at <= 3 * every + timedelta(seconds=30)
    ]
    off, off_for, unseen = _publish_off(now, home, [one.name for one in seen.accounts])
    return Facts(
        at=now,
        store=seen,
        publish_off=off,
        off_for=off_for,
        closed=cannot_be_used(one.check for one in fresh),
        circuits=circuits(fresh),
        judged=judged(fresh, switches_too=bool(unseen)),
        under_way=counts[State.SENDING],
        next_due=_next_due(seen, now),
        unconfirmed={
            one.name: store.read(reading.counts, one.name)[State.UNCONFIRMED]
            for one in seen.accounts
            if one.head is not None
        },
        for_a_person=sum(counts[state] for state in FOR_A_PERSON),
        unseen=unseen,
    )


def circuits(fresh: Sequence[Standing]) -> list[CircuitSeen]:
    """Read from the latest checks which circuits are open; who waits for them stands in ``judged``."""
    return [
        CircuitSeen(name=one.check.about, since=one.since, why=one.check.what)
        for one in fresh
        if one.check.kind is Kind.CIRCUIT and one.check.about
    ]


def judged(fresh: Sequence[Standing], *, switches_too: bool) -> dict[str, Hold]:
    """Read from the latest checks whose posts wait for a circuit, and for which.

    The command line asks no blocks; whom a circuit stops, the round of checks has judged, in words of its own. The same
    of the switches, where Prefect could not be asked for them.
    """
    kinds = {Quiet.CIRCUIT_OPEN: CIRCUIT_OPEN} | ({Quiet.SWITCHED_OFF: SWITCHED_OFF} if switches_too else {})
    return {
        one.check.about: Hold(kind=kinds[one.check.quiet], why=one.check.what)
        for one in fresh
        if one.check.kind is Kind.DUE and one.check.quiet in kinds
    }


def _next_due(seen: StoreSeen, now: datetime) -> tuple[str, datetime] | None:
    ahead = [
        (one.name, one.next_due_at) for one in seen.accounts if one.next_due_at and one.next_due_at > now
    ]
    return min(ahead, key=lambda one: one[1], default=None)


def _publish_off(
    now: datetime, home: Path, accounts: Sequence[str]
) -> tuple[SwitchSeen | None, dict[str, SwitchSeen], str]:
    """Ask for whom publishing is turned off, and by whom; or say why that could not be asked."""
    known = prefect_address.known(home)
    if not known.get(prefect_address.NAME, "").startswith(("http://", "https://")):
        return None, {}, f"the switches, because {prefect_address.UNKNOWN}"
    try:
        code, said = prefect_http.ask(known, _SWITCHES, within=PATIENCE_S)
        if code != HTTPStatus.OK:
            missing = code == HTTPStatus.NOT_FOUND
            return None, {}, "" if missing else f"the switches, because Prefect answers {code}"
        document = json.loads(said)
    except (OSError, ValueError) as away:
        reason = settings.without_password(str(getattr(away, "reason", away)))
        return None, {}, f"the switches, because Prefect cannot be reached ({reason})"
    return (*_off(document, now, accounts), "")


def board(home: Path) -> str:
    """Give the address of the board in Prefect's pages; empty where their address is not known."""
    known = prefect_address.known(home)
    address = known.get(prefect_address.NAME, "").rstrip("/")
    if not address.startswith(("http://", "https://")):
        return ""
    pages = address.removesuffix("/api")
    wanted = {"artifacts": {"key": {"any_": [_BOARD]}}}
    try:
        code, said = prefect_http.ask(known, "/artifacts/filter", within=PATIENCE_S, post=wanted)
        # The oldest version is the one that is written over, as in tasks/pages.py.
        kept = min(json.loads(said), key=lambda one: str(one["created"])) if code == HTTPStatus.OK else {}
        return f"{pages}/artifacts/artifact/{kept['id']}"
    except (OSError, ValueError, KeyError, TypeError):
        return f"{pages}/artifacts/key/{_BOARD}"


def _off(
    document: Mapping[str, Any], now: datetime, accounts: Iterable[str]
) -> tuple[SwitchSeen | None, dict[str, SwitchSeen]]:
    """Read whether publishing is off for all, and for which accounts it is off while it is on for others."""
    said: Mapping[str, Any] = (document.get("data") or {}).get("publish") or {}
    until = _moment(said.get("until"))
    if until is not None and until <= now:
        return None, {}
    found = SwitchSeen(by=str(said.get("by") or ""), reason=str(said.get("reason") or ""), until=until)
    # When the document was last saved is the latest at which it can have been turned off.
    found = replace(found, since=_moment(said.get("since")) or _moment(document.get("updated")))
    share = float(said.get("share", 100)) if said.get("on", True) else 0.0
    if share <= 0:
        return found, {}
    return None, {one: found for one in accounts if not is_in("publish", one, share)}


def _moment(written: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(written))
    except ValueError:
        return None
    return utc(found if found.tzinfo else found.replace(tzinfo=UTC))
