"""``steadypost accounts``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.domain.delivery import State
from steadypost.domain.standing import Standing, standing
from steadypost.store import AccountRecord, reading, vitals
from steadypost.store import accounts as account_rows

if TYPE_CHECKING:
    from rich.console import Console

LAST_HOUR = timedelta(hours=1)

NONE_YET = "No account is known yet. Set one up: steadypost account add me --channel file"


@command("accounts")
def accounts(house: House) -> Answer:
    """List the accounts, their limits and their pauses."""
    now = clock.now()
    with house.store() as store:
        records = store.read(account_rows.every)
        twins = store.read(vitals.twins)
        found = {one.name: standing(one, now) for one in store.observe(now, claims_of=LAST_HOUR).accounts}
        waiting = {one.name: store.read(reading.counts, one.name)[State.SCHEDULED] for one in records}
    told = [
        {
            **_account(one, now),
            "refused_for": twins.get(one.name),
            "scheduled": waiting[one.name],
            "stands": str(found[one.name].word),
            "why": found[one.name].why,
            "remedy": found[one.name].remedy,
        }
        for one in records
    ]
    zone = house.settings.zone

    def tell(console: Console) -> None:
        if not records:
            speech.tell(console, NONE_YET)
            return
        page = speech.table("account", "network", "may post", "waiting", "state")
        for one in records:
            page.add_row(
                speech.short(one.name, 16),
                speech.short(f"{one.channel} @{one.handle}", 22),
                _limits(one),
                str(waiting[one.name]),
                _stands(found[one.name], zone),
            )
        console.print(page)

    return Answer(document={"accounts": told}, tell=tell)


def _account(one: AccountRecord, now: datetime) -> dict[str, Any]:
    return {
        "name": one.name,
        "channel": one.channel,
        "handle": one.handle,
        "longest": one.longest,
        "per_hour": one.limits.per_hour,
        "per_day": one.limits.per_day,
        "spacing_s": one.limits.spacing.total_seconds(),
        "paused": one.is_paused(now),
        "paused_until": speech.iso(one.paused_until),
        "pause_cause": str(one.pause_cause) if one.pause_cause else None,
        "pause_why": one.pause_why,
    }


def _limits(one: AccountRecord) -> str:
    given = [(one.limits.per_hour, "h"), (one.limits.per_day, "d")]
    return ", ".join(f"{most}/{window}" for most, window in given if most is not None) or "any"


def _stands(found: Standing, zone: str) -> str:
    until = f" until {speech.brief(found.until, zone)} ({zone})" if found.until else ""
    why = f": {speech.plain(found.why)}" if found.why else ""
    remedy = f"\n→ {speech.plain(found.remedy)}" if found.remedy else ""
    return f"{found.word}{until}{why}{remedy}"


commands = {"accounts": accounts}
