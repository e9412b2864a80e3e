"""See, before a post is due, whether it could be published: open the composer, check it, and submit nothing."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from flows.house import probing_house
from steadypost.domain.outcome import Cause
from steadypost.store import StoreAway
from steadypost.store import accounts as account_rows
from tasks.canaries import Found, have_a_place, leave_the_place, probe, rests_for, to_probe
from tasks.deadline import ended_within
from tasks.discreet import discreet
from tasks.house import House
from tasks.shedding import is_shed

EVERY = 300.0
"""Seconds between two canaries, as prefect.yaml schedules them: how long a changed page goes unnoticed at most."""

CANARY = "canary"
"""What its round is called where it is left for later."""

AGAIN = 15.0
"""Seconds between two probes while an account rests for a changed page: how long it rests after the page is well."""

ENDS_WITHIN = timedelta(minutes=10)
"""How long it may go on after that: a probe has its own deadline, and each account has one probe at the most."""


@flow(name="canary", flow_run_name="canary", retries=0)
@discreet
def canary(
    stay_seconds: float = Field(
        default=EVERY - 30,
        ge=0,
        title="Stay (seconds)",
        description="While an account rests for a changed page, it is probed again and again for so long.",
    ),
) -> State[dict[str, int]]:
    """Open the composer of one account in turn, and of all that rest because the page had changed."""
    told: Counter[str] = Counter()
    ends = time.monotonic() + stay_seconds
    stay = timedelta(seconds=stay_seconds)
    with ended_within(stay + ENDS_WITHIN), probing_house(stay) as house:
        while True:
            found = look_round(house)
            told += Counter("well" if one.well else str(one.cause) for one in found)
            if not any(one.drifted for one in found) or time.monotonic() + AGAIN > ends:
                break
            time.sleep(AGAIN)
    message = ", ".join(f"{count} {name}" for name, count in sorted(told.items())) or "no account to probe"
    return Completed(message=message, data=dict(told))


def look_round(house: House) -> list[Found]:
    """Probe the next account. One that finds the page changed is followed by all: X shows a new page to some first."""
    if not house.switches.canary.is_on(house.clock()):
        return []
    try:
        records = house.store.read(account_rows.every)
    except StoreAway as away:
        house.bear(away, "no account can be probed: %s", away)
        return []
    # An account that rests for a changed page publishes again when it is probed: that cannot wait.
    if not any(rests_for(record, house.clock()) is Cause.UI_DRIFT for record in records) and is_shed(
        house, CANARY
    ):
        return []
    usable = house.directory.usable()
    first = to_probe(usable, records, house.clock(), turn=int(house.clock().timestamp() // EVERY))
    found = [one for name in first if (one := probed(house, name))]
    if any(one.drifted for one in found):
        paused = {record.name for record in records if record.is_paused(house.clock())}
        others = sorted(set(usable) - set(first) - paused)
        found += [one for name in others if (one := probed(house, name))]
    return found


def probed(house: House, account: str) -> Found | None:
    """Probe one, unless another process is probing."""
    lease = have_a_place(house, account)
    if lease is None:
        house.log.info("%s is being probed by another run", account)
        return None
    try:
        return probe(account)
    finally:
        leave_the_place(house, lease)
