"""What an author wants to know of a post that may enter all the same: what it stands beside, and what its rule means."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from steadypost.domain.delivery import Delivery
from steadypost.domain.network import Network
from steadypost.intake.repeat import Repetition
from steadypost.intake.validate import Accepted
from steadypost.networks import named
from steadypost.store import AccountRecord, Store, selecting
from steadypost.store import accounts as account_rows

NEAR = timedelta(minutes=1)
"""So near to another post of the account is at the same time to whoever reads it."""

FIXED = {
    "EST": "America/New_York",
    "MST": "America/Denver",
    "HST": "Pacific/Honolulu",
    "EST5EDT": "America/New_York",
    "CST6CDT": "America/Chicago",
    "MST7MDT": "America/Denver",
    "PST8PDT": "America/Los_Angeles",
}
"""Names of offsets that people write for the place."""


def notes(
    store: Store, accepted: Accepted, zone: str, *, but: frozenset[int] = frozenset()
) -> tuple[str, ...]:
    """Say what is worth knowing; ``but`` are its own deliveries."""
    records = {one.name: one for one in store.read(account_rows.every) if one.name in accepted.accounts}
    return (
        *of_itself(accepted, zone, {name: named(one.network) for name, one in records.items()}),
        *(note for record in records.values() for note in _beside(store, record, accepted.due_at, but)),
    )


def of_itself(accepted: Accepted, zone: str, networks: Mapping[str, Network]) -> tuple[str, ...]:
    """Say what is worth knowing of a post whatever else there is: what its zone and its rule mean, and what its networks
    refuse. ``networks``: by account.
    """
    return (*of_zone(zone, accepted.due_at), *_rule(accepted.repetition), *_again(accepted, networks))


def of_zone(name: str, at: datetime) -> Iterator[str]:
    """Say where a zone is probably not the one that was meant."""
    if name.startswith("Etc/GMT") and name[7:].lstrip("+-").isdecimal() and name[7:].strip("+-0"):
        way = "behind" if name[7] == "+" else "ahead of"
        other = f"Etc/GMT{'-' if name[7] == '+' else '+'}{name[8:]}"
        yield f"the zone {name} is {name[8:]} hours {way} UTC: its sign is turned round; {other} is the other one"
    place = FIXED.get(name)
    if place is not None and ZoneInfo(name).utcoffset(at) != at.astimezone(ZoneInfo(place)).utcoffset():
        yield f"{name} has no summer time: on that day it is not the time of {place}; write {place} if you mean that"


def _rule(again: Repetition | None) -> Iterator[str]:
    if again is None or "FREQ=MONTHLY" not in again.rule or "BY" in again.rule:
        return
    day = again.starts.day
    months = sum(calendar.monthrange(2027, month)[1] < day for month in range(1, 13))
    if months:
        last = "; for the last day of each month: FREQ=MONTHLY;BYMONTHDAY=-1"
        have = "1 month a year has" if months == 1 else f"{months} months a year have"
        yield f"{have} no day {day}: nothing goes out then{last}"


def _again(accepted: Accepted, networks: Mapping[str, Network]) -> Iterator[str]:
    """Say what a network that refuses the same words again means for this post."""
    there: dict[str, list[str]] = {}
    for name in accepted.accounts:
        if name in networks and networks[name].repeats_refused:
            there.setdefault(networks[name].title, []).append(name)
    for title, names in there.items():
        if accepted.repetition is not None:
            yield (
                f"{title} refuses a text that was posted before, so each time needs words of its own: "
                "steadypost edit DELIVERY --text TEXT"
            )
        if len(names) > 1:
            yield (
                f"{title} forbids the same text on several accounts ({', '.join(names)}): "
                "say it in other words on one of them: steadypost edit DELIVERY --text TEXT"
            )


def beside(store: Store, moved: Sequence[Delivery]) -> tuple[str, ...]:
    """Say what deliveries stand beside after they were given other times; each meeting is told once."""
    records = {one.name: one for one in store.read(account_rows.every)}
    told: dict[str, None] = {}
    seen: set[tuple[str, datetime]] = set()
    for one in moved:
        if (one.account, one.due_at) not in seen:
            seen.add((one.account, one.due_at))
            told |= dict.fromkeys(_beside(store, records[one.account], one.due_at, frozenset({one.id})))
    return tuple(told)


def _beside(store: Store, record: AccountRecord, at: datetime, but: frozenset[int]) -> Iterator[str]:
    near = max(record.limits.spacing, NEAR)
    found = store.read(selecting.busy, record.name, at - near, at + near)
    others = [number for number, _ in found if number not in but]
    if others:
        told = ", ".join(map(str, others[:5]))
        apart = record.limits.spacing.total_seconds()
        waits = f"; its spacing is {apart:.0f} s, so one waits for the other" if apart else ""
        yield (
            f"{record.name} has delivery {told} at about the same time{waits}. "
            "Another time: steadypost move DELIVERY --when TIME"
        )
