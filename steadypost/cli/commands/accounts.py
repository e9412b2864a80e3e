"""``steadypost accounts``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.domain.delivery import State

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

    from steadypost.store import AccountRecord

NONE_YET = "No account is known yet. In Prefect's pages: Blocks, +, X account."


@command("accounts")
def accounts(house: House) -> Answer:
    """List the accounts, their limits and their pauses."""
    now = clock.now()
    with house.store() as store:
        records = store.accounts()
        waiting = {one.name: store.counts(one.name)[State.SCHEDULED] for one in records}
    told = [{**_account(one, now), "scheduled": waiting[one.name]} for one in records]
    zone = house.settings.zone

    def tell(console: Console) -> None:
        if not records:
            speech.tell(console, NONE_YET)
            return
        page = speech.table("account", "network", "handle", "may post", "waiting", "stands")
        for one in records:
            page.add_row(
                speech.line(one.name),
                speech.line(one.channel),
                speech.line(f"@{one.handle}"),
                _limits(one),
                str(waiting[one.name]),
                _stands(one, now, zone),
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


def _stands(one: AccountRecord, now: datetime, zone: str) -> str:
    if not one.is_paused(now):
        return "ready"
    return speech.line(
        f"paused to {speech.moment(one.paused_until, zone)}: {one.pause_why or one.pause_cause}"
    )


commands = {"accounts": accounts}
