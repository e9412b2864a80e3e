"""``steadypost doctor``: what is wrong with this house, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from steadypost import settings
from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.domain.delivery import State

if TYPE_CHECKING:
    from rich.console import Console

    from steadypost.domain.delivery import Delivery
    from steadypost.store import AccountRecord, Store

STUCK_AFTER = timedelta(minutes=2)
"""A delivery that could go out is taken up within seconds; after this nobody is doing it."""

SILENT_AFTER = timedelta(seconds=30)
"""A watch beats every second; after so long its holder is gone or hangs."""

PATIENCE_S = 2.0
"""How long Prefect may take to say that it is well."""

ON_WATCH = ("publish", "reconcile")
"""The flows without which nothing goes out, and nothing is found out."""


class Verdict(StrEnum):
    """What a check came to."""

    OK = "ok"
    FAILING = "failing"
    UNKNOWN = "unknown"
    """It could not be found out; that alone makes nobody ill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found."""

    check: str
    verdict: Verdict
    what: str
    remedy: str = ""

    def __post_init__(self) -> None:
        # What a driver says of an address may hold the password.
        object.__setattr__(self, "what", settings.without_password(self.what))

    def as_dict(self) -> dict[str, str]:
        """Write it for programs."""
        return {"check": self.check, "verdict": str(self.verdict), "what": self.what, "remedy": self.remedy}


@command("doctor")
def doctor(house: House) -> Answer:
    """Find out what is wrong, and what to do about it. It changes nothing."""
    findings = [*_machine(house), *_store(house), _prefect()]
    ill = any(one.verdict is Verdict.FAILING for one in findings)
    document = {"healthy": not ill, "findings": [one.as_dict() for one in findings]}

    def tell(console: Console) -> None:
        page = speech.table("check", "verdict", "what was found")
        for one in findings:
            remedy = f"\n→ {speech.plain(one.remedy)}" if one.remedy else ""
            page.add_row(one.check, str(one.verdict), speech.plain(one.what) + remedy)
        console.print(page)

    return Answer(document=document, tell=tell, ending=Ending.UNHEALTHY if ill else Ending.OK)


def _ok(check: str, what: str) -> Finding:
    return Finding(check=check, verdict=Verdict.OK, what=what)


def _failing(check: str, what: str, remedy: str) -> Finding:
    return Finding(check=check, verdict=Verdict.FAILING, what=what, remedy=remedy)


def _unknown(check: str, what: str, remedy: str = "") -> Finding:
    return Finding(check=check, verdict=Verdict.UNKNOWN, what=what, remedy=remedy)


# -- this machine


def _machine(house: House) -> Iterator[Finding]:
    yield from _settings(house)
    yield _zones()
    yield _browser()


def _settings(house: House) -> Iterator[Finding]:
    strangers = settings.unknown_names()
    for wrong in strangers:
        yield _failing("settings", f"nothing reads {wrong.name}", wrong.remedy)
    try:
        known = house.settings
    except Stop as stop:
        yield _failing("settings", stop.message, stop.remedy)
        return
    if not strangers:
        yield _ok("settings", f"home {known.home}, {known.lanes} lanes, times in {known.zone}")


def _zones() -> Finding:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - only here

    try:
        # Known to jump by an hour on that night, whatever the database's edition.
        offsets = {datetime(2025, month, 1, tzinfo=ZoneInfo("Europe/Berlin")).utcoffset() for month in (1, 7)}
    except (KeyError, OSError, ValueError):
        offsets = set()
    if len(offsets) == 2:
        return _ok("time zones", "the database is there")
    return _failing("time zones", "no usable database of time zones", "pip install tzdata")


def _browser() -> Finding:
    try:
        from steadypost.browser.launch import BrowserMissing, find_browser  # noqa: PLC0415 - only here
    except ImportError as missing:
        return _unknown("browser", f"it cannot be looked for ({missing.name})")
    try:
        return _ok("browser", find_browser())
    except BrowserMissing as missing:
        what, _, remedy = str(missing).partition(": ")
        return _failing("browser", what, remedy)


# -- the store, and what it remembers


def _store(house: House) -> Iterator[Finding]:
    from steadypost.store import StoreError  # noqa: PLC0415 - see House.store

    try:
        with house.store() as store:
            yield _ok("store", f"{store.address}, tables current")
            for check in CHECKS:
                yield from check(store, clock.now())
    except Stop as stop:
        yield _failing("store", stop.message, stop.remedy)
    except StoreError as wrong:
        yield _failing("store", str(wrong).removesuffix(wrong.remedy).rstrip(" ."), wrong.remedy)


def _accounts(store: Store, now: datetime) -> Iterator[Finding]:
    records = store.accounts()
    if not records:
        remedy = "in Prefect's pages: Blocks, +, X account; then wait for the watch to notice"
        yield _failing("accounts", "none is known", remedy)
        return
    paused = [one for one in records if one.is_paused(now)]
    for one in paused:
        yield _paused(one)
    if not paused:
        yield _ok("accounts", f"{len(records)} known: {', '.join(one.name for one in records[:10])}")


def _paused(one: AccountRecord) -> Finding:
    what = f"{one.name} is paused until {one.paused_until:%Y-%m-%d %H:%M} UTC: {one.pause_why or one.pause_cause}"
    if one.pause_cause is not None and one.pause_cause.needs_person:
        return _failing("accounts", what, "sign in with a browser, then put the fresh session into its block")
    return _unknown("accounts", what, "it goes on by itself then")


def _moving(store: Store, now: datetime) -> Iterator[Finding]:
    """Find what could have gone out and did not, and what was asked and nobody looked for."""
    resting = {one.name for one in store.accounts() if one.is_paused(now)}
    ready = [
        entry.delivery
        for state in (State.SCHEDULED, State.PARTIAL, State.UNCONFIRMED)
        for entry in store.queue(state=state, limit=1000)
        if entry.delivery.next_at < now - STUCK_AFTER and entry.delivery.account not in resting
    ]
    # What came in a moment ago with a moment of long ago has not been waiting since then.
    stuck = [(one, since) for one in ready[:100] if (since := _since(store, one)) < now - STUCK_AFTER]
    if not stuck:
        yield _ok("moving", "nothing that is due stands still")
    for one, since in stuck[:3]:
        who = "reconcile" if one.state is State.UNCONFIRMED else "publish"
        minutes = f"{(now - since).total_seconds() / 60:.0f} min"
        what = f"delivery {one.id} ({one.account}, {one.state}) could have been taken up {minutes} ago"
        yield _failing("moving", what, f"see that {who} is on watch, and 'steadypost show {one.id}'")
    if len(stuck) > 3:
        yield _failing("moving", f"so could {len(stuck) - 3} more", "the same")


def _since(store: Store, one: Delivery) -> datetime:
    return max(one.next_at, store.show(one.id).updated_at)


def _waiting(store: Store, now: datetime) -> Iterator[Finding]:  # noqa: ARG001 - one form for every check
    counts = store.counts()
    for_a_person = {state: counts[state] for state in (State.HELD, State.NEEDS_REVIEW, State.QUARANTINED)}
    some = ", ".join(f"{count} {state}" for state, count in for_a_person.items() if count)
    if some:
        remedy = "'steadypost queue' names them; release or cancel each"
        yield Finding(check="for a person", verdict=Verdict.OK, what=some, remedy=remedy)
    else:
        yield _ok("for a person", "nothing waits for anybody's word")


def _watches(store: Store, now: datetime) -> Iterator[Finding]:
    seats = {one.flow: one for one in store.watches()}
    remedy = "start a worker (prefect worker start --pool steadypost), then: python -m deployments"
    for flow in sorted({*ON_WATCH, *seats}):
        if flow not in seats:
            yield _failing("on watch", f"nobody has ever been on watch for {flow}", remedy)
        elif (silent := now - seats[flow].beat_at) > SILENT_AFTER:
            yield _failing("on watch", f"{flow} was last heard of {silent.total_seconds():.0f} s ago", remedy)
        else:
            yield _ok("on watch", f"{flow} beats")


CHECKS: tuple[Callable[[Store, datetime], Iterator[Finding]], ...] = (_accounts, _moving, _waiting, _watches)


# -- Prefect


def _prefect() -> Finding:
    """Ask Prefect's API whether it is well, by plain HTTP: importing Prefect takes longer than all of this."""
    import os  # noqa: PLC0415 - only here
    from urllib.error import HTTPError, URLError  # noqa: PLC0415
    from urllib.request import urlopen  # noqa: PLC0415

    address = os.environ.get("PREFECT_API_URL", "").rstrip("/")
    shown = settings.without_password(address)
    if not address:
        remedy = "set PREFECT_API_URL, for instance http://127.0.0.1:4200/api"
        return _unknown("Prefect", "PREFECT_API_URL is not set here, so nobody was asked", remedy)
    if not address.startswith(("http://", "https://")):
        return _failing(
            "Prefect", f"PREFECT_API_URL={shown!r} is no address", "write http://127.0.0.1:4200/api"
        )
    try:
        with urlopen(f"{address}/health", timeout=PATIENCE_S) as answer:  # noqa: S310 - checked above
            answer.read(100)
    except HTTPError as said:
        if said.code in {401, 403}:
            return _unknown(
                "Prefect", f"{shown} is there and wants to know who asks", "it is reachable; that is all"
            )
        return _failing("Prefect", f"{shown} answers {said.code}", "look at the server's log")
    except (URLError, OSError, ValueError) as away:
        told: Any = getattr(away, "reason", away)
        return _failing("Prefect", f"{shown} cannot be reached ({told})", "start it: prefect server start")
    return _ok("Prefect", f"{shown} answers")


commands = {"doctor": doctor}
