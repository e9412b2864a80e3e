"""What the command line observes by itself: the store as it is, the switches by plain HTTP, and the latest checks.

Importing Prefect takes longer than everything here together, so nothing here does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from steadypost import settings
from steadypost.cli.endings import Stop
from steadypost.cli.house import House
from steadypost.domain.clock import utc
from steadypost.domain.delivery import FOR_A_PERSON, State
from steadypost.domain.health import Kind, Quiet, Verdict
from steadypost.domain.observed import Cannot, CircuitSeen, StoreSeen, SwitchSeen
from steadypost.domain.standstill import Facts

if TYPE_CHECKING:
    from steadypost.store import Standing, Store

PATIENCE_S = 2.0
"""How long Prefect may take to say what the switches say."""

LAST_HOUR = timedelta(hours=1)

_SWITCHES = "/block_types/slug/steadypost-switches/block_documents/name/steadypost"


def facts(house: House, now: datetime) -> Facts:
    """Observe everything that may keep a post from going out; what cannot be asked is named."""
    from steadypost.store import StoreError  # noqa: PLC0415 - see House.store

    try:
        with house.store() as store:
            return told(store, now, timedelta(seconds=house.settings.watch_every))
    except Stop as stop:
        return Facts(at=now, store=Cannot(why=settings.without_password(stop.message)))
    except StoreError as error:
        return Facts(at=now, store=Cannot(why=settings.without_password(str(error))))


def told(store: Store, now: datetime, every: timedelta) -> Facts:
    """Observe by an open store."""
    seen = store.observe(now, claims_of=LAST_HOUR)
    counts = store.counts()
    fresh = [one for one in store.standings() if now - one.at <= 3 * every + timedelta(seconds=30)]
    off, unseen = _publish_off(now)
    by_watch = next(
        (one for one in fresh if one.check.kind is Kind.DUE and one.check.quiet is Quiet.SWITCHED_OFF), None
    )
    if unseen and by_watch is not None:
        off = SwitchSeen(by="somebody", reason=by_watch.check.what, since=by_watch.since)
    return Facts(
        at=now,
        store=seen,
        publish_off=off,
        closed={
            one.check.about: one.check.what
            for one in fresh
            if one.check.kind is Kind.SESSION and one.check.about and one.check.verdict is Verdict.FAILING
        },
        circuits=circuits(fresh),
        under_way=counts[State.SENDING],
        next_due=_next_due(seen, now),
        in_doubt={
            one.name: store.counts(one.name)[State.UNCONFIRMED]
            for one in seen.accounts
            if one.head is not None
        },
        for_a_person=sum(counts[state] for state in FOR_A_PERSON),
        unseen=unseen,
    )


def circuits(fresh: Sequence[Standing]) -> list[CircuitSeen]:
    """Read from the latest checks which circuits are open."""
    return [
        CircuitSeen(name=one.check.about, since=one.since, why=one.check.what)
        for one in fresh
        if one.check.kind is Kind.CIRCUIT and one.check.about
    ]


def _next_due(seen: StoreSeen, now: datetime) -> tuple[str, datetime] | None:
    ahead = [
        (one.name, one.next_due_at) for one in seen.accounts if one.next_due_at and one.next_due_at > now
    ]
    return min(ahead, key=lambda one: one[1], default=None)


def _publish_off(now: datetime) -> tuple[SwitchSeen | None, str]:
    """Ask whether publishing is turned off, and by whom; or say why that could not be asked."""
    address = os.environ.get("PREFECT_API_URL", "").rstrip("/")
    if not address.startswith(("http://", "https://")):
        return None, "the switches, because PREFECT_API_URL is not set here"
    request = Request(address + _SWITCHES, headers=_key())  # noqa: S310 - checked above
    try:
        with urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310 - the same
            document = json.loads(answer.read(1_000_000))
    except HTTPError as said:
        return None, "" if said.code == 404 else f"the switches, because Prefect answers {said.code}"
    except (URLError, OSError, ValueError) as away:
        reason: Any = getattr(away, "reason", away)
        return (
            None,
            f"the switches, because Prefect cannot be reached ({settings.without_password(str(reason))})",
        )
    return _off(document, now), ""


def _key() -> dict[str, str]:
    key = os.environ.get("PREFECT_API_KEY")
    return {"Authorization": f"Bearer {key}"} if key else {}


def _off(document: Mapping[str, Any], now: datetime) -> SwitchSeen | None:
    said: Mapping[str, Any] = (document.get("data") or {}).get("publish") or {}
    until = _moment(said.get("until"))
    if said.get("on", True) or (until is not None and until <= now):
        return None
    found = SwitchSeen(by=str(said.get("by") or ""), reason=str(said.get("reason") or ""), until=until)
    # When the document was last saved is the latest at which it can have been turned off.
    return replace(found, since=_moment(said.get("since")) or _moment(document.get("updated")))


def _moment(written: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(written))
    except ValueError:
        return None
    return utc(found if found.tzinfo else found.replace(tzinfo=UTC))
