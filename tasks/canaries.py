"""Probing: open X's composer as an account and see that all is there, submitting nothing.

A changed page rests the accounts uncharged until a probe finds it well; a person sees the page as it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from steadypost import settings
from steadypost.channels.port import Access, Probe
from steadypost.domain.outcome import Answer, Cause, NotSubmitted, Phase, Scope
from steadypost.store import AccountRecord, StoreAway, notices
from steadypost.store import accounts as account_rows
from tasks import page_snapshots
from tasks.bulkheads import LEASE, Purpose, SlotsAway, limit_name
from tasks.deliveries import rest_account
from tasks.discreet import discreet
from tasks.house import House, here
from tasks.probes import see

DRIFT_RESTS = timedelta(minutes=10)
"""Rest after a probe that found the page changed, renewed by each probe; then publishing tries by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one probe found, and what followed."""

    account: str
    well: bool
    cause: Cause | None = None
    why: str = ""

    @property
    def drifted(self) -> bool:
        """Whether the page itself is not as it should be."""
        return self.cause is Cause.UI_DRIFT


@task(
    name="canary",
    task_run_name="canary {account}",
    retries=0,  # level-triggered: the next round comes soon enough
    cache_policy=NO_CACHE,
    persist_result=False,
)
@discreet
def probe(account: str) -> Found:
    """Probe one account, and act on the result."""
    house = here()
    access = house.directory.access(account)
    if not isinstance(access, Access):
        return Found(account=account, well=False, cause=getattr(access, "cause", Cause.SESSION_UNUSABLE))
    seen = see(house, access)
    found = Found(account=account, well=seen.well, cause=seen.cause, why=seen.why)
    house.log.log(20 if found.well else 30, "%s: %s", account, found.why or "the composer is as it should be")
    try:
        follow(house, access, seen)
    except StoreAway as away:
        house.bear(away, "what the probe of %s found could not be written down: %s", account, away)
    return found


# --- what follows


def follow(house: House, access: Access, seen: Probe) -> None:
    """Pause the account or end its pause, and tell a person once."""
    if seen.well:
        if house.store.write(account_rows.resume, access.account, house.clock(), cause=Cause.UI_DRIFT):
            house.log.info(
                "%s goes on: the page of %s is as it should be again", access.account, access.network
            )
    elif seen.cause is Cause.UI_DRIFT:
        _rest_for_drift(house, access, seen)
    elif seen.cause is not None and seen.cause.scope is Scope.ACCOUNT:
        ended = NotSubmitted(cause=seen.cause, why=seen.why, phase=Phase.OPENED)
        rest_account(house, access.account, Answer(outcomes=(ended,)))
    if seen.drift:
        _tell_of_fall_backs(house, access, seen)


def _rest_for_drift(house: House, access: Access, seen: Probe) -> None:
    moment = house.clock()
    before = house.store.read(account_rows.one, access.account)
    is_new = not (before.is_paused(moment) and before.pause_cause is Cause.UI_DRIFT)
    paused = house.store.write(
        account_rows.pause,
        access.account,
        until=moment + DRIFT_RESTS,
        cause=Cause.UI_DRIFT,
        why=seen.why,
        session_mark=house.directory.marks.get(access.account, ""),
        now=moment,
        gently=True,
    )
    if not (paused and is_new):
        return
    kept = _keep(access, seen, moment)
    house.store.write(
        notices.put,
        key=f"ui_drift:{access.account}:{moment:%Y-%m-%dT%H:%M:%S}",
        title=f"The page of {access.network} has changed: publishing as {access.account} rests",
        body=(
            f"{seen.why}.\nNothing was sent, and no post is charged for it. The page is probed again and again, and "
            f"what is due goes out as soon as it is found well.\n{kept}"
        ),
        now=moment,
    )


def _keep(access: Access, seen: Probe, moment: datetime) -> str:
    """Keep the page for a person; the account rests also when the disk takes nothing."""
    if not seen.page:
        return "The page could not be kept."
    cookies = [str(cookie.get("value", "")) for cookie in access.secret.get("cookies", ())]
    try:
        kept = page_snapshots.keep(
            snapshots_folder(),
            f"{access.account}-{seen.cause}",
            picture=seen.picture,
            page=page_snapshots.without_secrets(seen.page, cookies),
            now=moment,
        )
    except OSError as error:
        return f"The page could not be kept ({error.strerror})."
    return f"What it looked like: {kept.picture} and {kept.page.name} beside it."


def snapshots_folder() -> Path:
    """Where pages are kept on this machine. Those of an earlier version go with it, to be let go of in their time."""
    home = settings.read().home
    folder, earlier = home / "snapshots", home / "exhibits"
    if earlier.is_dir() and not folder.exists():
        earlier.rename(folder)
    return folder


def _tell_of_fall_backs(house: House, access: Access, seen: Probe) -> None:
    """Something was renamed and is still found: a person should know before the last fall-back fails."""
    names = ", ".join(sorted(seen.drift))
    house.log.warning("the page of %s has changed, and fall-backs were used: %s", access.network, names)
    house.store.write(
        notices.put,
        key=f"fall_backs:{names}"[:300],
        title=f"The page of {access.network} has changed, and is still understood",
        body=f"Found only by a fall-back: {names}. Publishing goes on.",
        now=house.clock(),
    )


# --- whom to probe


def to_probe(
    usable: Iterable[str], records: Iterable[AccountRecord], now: datetime, *, turn: int
) -> list[str]:
    """Choose all accounts that rest for a changed page, else one in turn; not those that rest for anything else."""
    known = {record.name: record for record in records}
    there = sorted(name for name in usable if name in known)
    drifted = [name for name in there if rests_for(known[name], now) is Cause.UI_DRIFT]
    if drifted:
        return drifted
    free = [name for name in there if rests_for(known[name], now) is None]
    return [free[turn % len(free)]] if free else []


def rests_for(record: AccountRecord, now: datetime) -> Cause | None:
    """Give the cause for which an account rests; ``None`` when it does not."""
    return record.pause_cause if record.is_paused(now) else None


def have_a_place(house: House, account: str) -> str | None:
    """Take the slots for probing under one lease. ``None``: another probe has them; empty: Prefect's API is away."""
    walls = house.bulkheads
    if walls.slots is None:
        return ""
    which = {
        Scope.HOST: walls.host,
        Scope.NETWORK: house.directory.kind_of(account).network.name,
        Scope.ACCOUNT: account,
    }
    names = [limit_name(Purpose.PROBE, scope, one) for scope, one in which.items()]
    try:
        standing = walls.slots.read()
        for name in names:
            # One that is there is not asked for again: the server would log each refusal with a traceback.
            if name not in standing:
                walls.slots.create(name, 1)
        return walls.slots.acquire(names, 1, LEASE * 4)
    except SlotsAway:
        return ""


def leave_the_place(house: House, lease_id: str) -> None:
    """Give them back."""
    if lease_id and house.bulkheads.slots is not None:
        try:
            house.bulkheads.slots.release(lease_id)
        except SlotsAway:
            house.log.debug("the slots for probing run out by themselves")
