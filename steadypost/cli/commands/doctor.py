"""``steadypost doctor``: what is wrong here, and what to do about it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadypost import prefect_address, settings
from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.domain.delivery import Delivery, State
from steadypost.domain.standing import Word, standing
from steadypost.domain.watched import JUDGED, SUSPECTED_AFTER
from steadypost.store import Store, StoreError, reading, watches
from steadypost.store import accounts as account_rows

if TYPE_CHECKING:
    from rich.console import Console

STUCK_AFTER = timedelta(minutes=2)
"""A delivery that could go out is taken up within seconds; after this no run is doing it."""

PATIENCE_S = 2.0
"""How long Prefect may take to say that it is well."""

STARTS_WITHIN = timedelta(minutes=5)
"""So long after its start, what 'steadypost up' has not brought up yet is no failure."""

MAKES_ALL = "start everything with 'steadypost up', which makes the store too; or make the store alone: steadypost init"

BROUGHT_UP = ("store", "on watch", "Prefect")
"""The checks of what 'steadypost up' brings up."""


class Verdict(StrEnum):
    """What a check came to."""

    OK = "ok"
    FAILING = "failing"
    UNKNOWN = "unknown"
    """It could not be found out; that alone is no failure."""


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
    findings = _while_starting(house, [*_machine(house), *_store(house), _prefect(house)])
    ill = any(one.verdict is Verdict.FAILING for one in findings)
    following = _next(findings)
    document = {"healthy": not ill, "next": following, "findings": [one.as_dict() for one in findings]}

    try:
        zone = house.settings.zone
    except Stop:
        zone = "UTC"

    def tell(console: Console) -> None:
        page = speech.table("check", "verdict", "what was found")
        for one in findings:
            remedy = f"\n→ {speech.plain(one.remedy)}" if one.remedy else ""
            what = speech.by_clocks_of(zone, speech.plain(one.what))
            page.add_row(one.check, str(one.verdict), what + remedy)
        console.print(page)
        if following:
            speech.tell(console, f"Next: {following}")

    return Answer(document=document, tell=tell, ending=Ending.UNHEALTHY if ill else Ending.OK)


def _next(findings: Sequence[Finding]) -> str:
    """Name the one thing to do first: about what fails, else about what is not known, else about what waits."""
    order = (Verdict.FAILING, Verdict.UNKNOWN, Verdict.OK)
    return next(
        (one.remedy for verdict in order for one in findings if one.verdict is verdict and one.remedy), ""
    )


def _while_starting(house: House, findings: list[Finding]) -> list[Finding]:
    """Make one finding of all that a 'steadypost up' started a moment ago has yet to bring up."""
    from steadypost.cli.up import lock  # noqa: PLC0415 - only here

    try:
        since = lock.started(house.settings.home)
    except Stop:
        return findings
    late = [one for one in findings if one.check in BROUGHT_UP and one.verdict is not Verdict.OK]
    if since is None or not late or (ago := clock.now() - since) > STARTS_WITHIN:
        return findings
    missing = ", ".join(dict.fromkeys(one.check for one in late))
    what = f"'steadypost up' was started {ago.total_seconds():.0f} s ago; not there yet: {missing}"
    wait = "wait until 'steadypost up' says that it is running, then run 'steadypost doctor' again"
    return [*(one for one in findings if one not in late), _unknown("starting", what, wait)]


def _ok(check: str, what: str, remedy: str = "") -> Finding:
    return Finding(check=check, verdict=Verdict.OK, what=what, remedy=remedy)


def _failing(check: str, what: str, remedy: str) -> Finding:
    return Finding(check=check, verdict=Verdict.FAILING, what=what, remedy=remedy)


def _unknown(check: str, what: str, remedy: str = "") -> Finding:
    return Finding(check=check, verdict=Verdict.UNKNOWN, what=what, remedy=remedy)


# -- this machine


def _machine(house: House) -> Iterator[Finding]:
    yield from _settings(house)
    yield _zones()
    yield _browser() if _needs_browser(house) else _ok("browser", "no account needs one")


def _settings(house: House) -> Iterator[Finding]:
    strangers = settings.unknown_names()
    for wrong in strangers:
        yield _failing("settings", f"{wrong.name} is not a known setting", wrong.remedy)
    try:
        known = house.settings
    except Stop as stop:
        yield _failing("settings", stop.message, stop.remedy)
        return
    if not strangers:
        yield _ok("settings", f"home {known.home}, {known.browsers} browsers, times in {known.zone}")


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


def _needs_browser(house: House) -> bool:
    """Whether any account needs one; while the accounts are not known, it is tried."""
    try:
        with house.store() as store:
            channels = {account.channel for account in store.read(account_rows.every)}
    except (Stop, StoreError):
        return True
    if not channels:
        return True
    from blocks.channels import CHANNELS  # noqa: PLC0415 - takes a second

    return any(CHANNELS[one].kind.needs_browser for one in channels if one in CHANNELS)


def _browser() -> Finding:
    """Start one: that an executable is there says nothing about what it needs to run."""
    try:
        from steadypost.browser import proof  # noqa: PLC0415 - only here
    except ImportError as missing:
        return _unknown("browser", f"it cannot be tried ({missing.name})")
    try:
        proven = proof.prove()
    except proof.NotProven as wrong:
        return _failing("browser", wrong.what, wrong.remedy)
    return _ok("browser", f"{proven.executable}, version {proven.version}, starts and draws a page")


# -- the store, and what it remembers


def _store(house: House) -> Iterator[Finding]:
    try:
        with house.store() as store:
            yield _ok("store", f"{store.address}, tables current")
            for check in CHECKS:
                yield from check(store, clock.now())
    except Stop as stop:
        # Where nothing was ever started, one command makes all of it.
        new = stop.kind == "store_missing" and not _known_address(house)
        yield _failing("store", stop.message, MAKES_ALL if new else stop.remedy)
    except StoreError as wrong:
        yield _failing("store", str(wrong).removesuffix(wrong.remedy).rstrip(" ."), wrong.remedy)


def _accounts(store: Store, now: datetime) -> Iterator[Finding]:
    records = store.read(account_rows.every)
    if not records:
        remedy = "set one up: steadypost account add me --channel file"
        yield _ok("accounts", "there is none yet", remedy)
        return
    found = {
        one.name: standing(one, now) for one in store.observe(now, claims_of=timedelta(hours=1)).accounts
    }
    wrong = {name: one for name, one in found.items() if one.needs_person}
    for name, one in sorted(wrong.items()):
        yield _failing("accounts", f"{name}: {one.says}", one.remedy)
    for name, one in sorted(found.items()):
        if one.word is Word.PAUSED and name not in wrong:
            what = f"{name}: {one.says}, until {one.until:%Y-%m-%d %H:%M} UTC"
            yield _unknown("accounts", what, "it goes on by itself then")
    if not wrong and all(one.word is not Word.PAUSED for one in found.values()):
        yield _ok("accounts", f"{len(records)} known: {', '.join(one.name for one in records[:10])}")


def _moving(store: Store, now: datetime) -> Iterator[Finding]:
    """Find what could have gone out and did not, and what was asked and not looked for."""
    resting = {one.name for one in store.read(account_rows.every) if one.is_paused(now)}
    ready = [
        entry.delivery
        for state in (State.SCHEDULED, State.PARTIAL, State.UNCONFIRMED)
        for entry in store.read(reading.queue, state=state, limit=1000)
        if entry.delivery.next_at < now - STUCK_AFTER and entry.delivery.account not in resting
    ]
    # What came in a moment ago with a moment of long ago has not been waiting since then.
    stuck = [(one, since) for one in ready[:100] if (since := _since(store, one)) < now - STUCK_AFTER]
    if not stuck:
        yield _ok("moving", "nothing that is due is stuck")
    for one, since in stuck[:3]:
        who = "reconcile" if one.state is State.UNCONFIRMED else "publish"
        minutes = f"{(now - since).total_seconds() / 60:.0f} min"
        what = (
            f"delivery {one.id} ({one.account}, {one.state}) has been due for {minutes} and was not taken up"
        )
        yield _failing("moving", what, f"see below whether {who} is on watch, and 'steadypost show {one.id}'")
    if len(stuck) > 3:
        yield _failing("moving", f"so have {len(stuck) - 3} more", "the same")


def _since(store: Store, one: Delivery) -> datetime:
    return max(one.next_at, store.read(reading.show, one.id).updated_at)


def _waiting(store: Store, now: datetime) -> Iterator[Finding]:  # noqa: ARG001 - one form for every check
    counts = store.read(reading.counts)
    for_a_person = {state: counts[state] for state in (State.HELD, State.NEEDS_REVIEW, State.QUARANTINED)}
    some = ", ".join(f"{count} {state}" for state, count in for_a_person.items() if count)
    if some:
        yield _ok("for a person", some, "'steadypost queue' names them; release or cancel each")
    else:
        yield _ok("for a person", "nothing waits for a decision")


def _watches(store: Store, now: datetime) -> Iterator[Finding]:
    # A helper's, of a machine, is that machine's own business: the others work on its accounts.
    leases = {one.flow: one for one in store.read(watches.every) if "@" not in one.flow}
    remedy = "run 'steadypost up', or start a worker as docs/service.md says, then: python -m deployments"
    for flow in sorted({*JUDGED, *leases}):
        if flow not in leases:
            yield _failing("on watch", f"no run has ever been on watch for {flow}", remedy)
        elif (silent := now - leases[flow].heartbeat_at) > SUSPECTED_AFTER:
            yield _failing(
                "on watch", f"{flow} sent its last heartbeat {silent.total_seconds():.0f} s ago", remedy
            )
        else:
            yield _ok("on watch", f"{flow} is alive")


CHECKS: tuple[Callable[[Store, datetime], Iterator[Finding]], ...] = (_accounts, _moving, _waiting, _watches)


# -- Prefect


def _known_address(house: House) -> dict[str, str]:
    try:
        home = house.settings.home
    except Stop:
        # What the environment says of Prefect can be asked all the same.
        home = Path(os.devnull)
    return prefect_address.known(home)


def _prefect(house: House) -> Finding:
    """Ask Prefect's API whether it is well, by plain HTTP: importing Prefect takes longer than all of this."""
    from steadypost import prefect_http  # noqa: PLC0415 - only here

    known = _known_address(house)
    address = known.get(prefect_address.NAME, "").rstrip("/")
    shown = settings.without_password(address)
    if not address:
        what = f"{prefect_address.UNKNOWN}, so no server was asked"
        return _unknown("Prefect", what, prefect_address.REMEDY)
    if not address.startswith(("http://", "https://")):
        return _failing(
            "Prefect", f"PREFECT_API_URL={shown!r} is no address", "write http://127.0.0.1:4200/api"
        )
    try:
        # The version and not /health, which a server with authentication gives without a sign-in.
        code, _ = prefect_http.ask(known, "/admin/version", within=PATIENCE_S)
    except (OSError, ValueError) as away:
        told: Any = getattr(away, "reason", away)
        return _failing("Prefect", f"{shown} cannot be reached ({told})", "start it: steadypost up")
    if code in {401, 403}:
        remedy = "set PREFECT_API_AUTH_STRING, or PREFECT_API_KEY, as the server wants it"
        return _failing("Prefect", f"{shown} answers, and refuses the sign-in ({code})", remedy)
    if code >= 400:
        return _failing("Prefect", f"{shown} answers {code}", "look at the server's log")
    return _ok("Prefect", f"{shown} answers")


commands = {"doctor": doctor}
