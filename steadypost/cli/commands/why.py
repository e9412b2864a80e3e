"""``steadypost why``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from steadypost.cli import observing, speech
from steadypost.cli.choosing import NUMBER
from steadypost.cli.command import command
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.domain.ahead import Around, Step, ahead
from steadypost.domain.delivery import CLAIMABLE
from steadypost.domain.evidence import Absent, CannotTell, Present
from steadypost.domain.holding import CIRCUIT_OPEN, CLOSED, PAUSED, STRUCK, SWITCHED_OFF, Struck
from steadypost.domain.outcome import Deferred, NotSubmitted, Outcome, Published, Refused, Unconfirmed
from steadypost.domain.quota import BUDGETS
from steadypost.domain.standstill import reasons, sentence
from steadypost.store import MOST_LOOKS, Attempt, Store, Story, reading, restores, strikes, vitals
from steadypost.store import accounts as account_rows
from steadypost.store.vitals import ACCOUNT

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to a delivery."""

    at: datetime
    kind: str
    says: str


@command("why")
@click.argument("delivery_id", metavar="ID", type=NUMBER, required=False)
def why(house: House, delivery_id: int | None) -> Answer:
    """Say in one sentence why nothing goes out; with an ID, tell the story of that delivery and what comes next."""
    if delivery_id is None:
        return _nothing_goes_out(house)
    now = clock.now()
    with house.store() as store:
        story = store.read(reading.show, delivery_id)
        around = _around(house, store, story, now)
    events = sorted(happened(story), key=lambda event: event.at)
    steps = ahead(story.delivery, around, now)
    zone = house.settings.zone
    document = {
        "delivery_id": delivery_id,
        "account": story.delivery.account,
        "state": str(story.delivery.state),
        "cause": str(story.delivery.cause) if story.delivery.cause else None,
        "why": story.delivery.why,
        "story": [{"at": speech.iso(one.at), "kind": one.kind, "says": one.says} for one in events],
        "next": [{"kind": one.kind, "at": speech.iso(one.at), "says": one.says} for one in steps],
    }
    return Answer(
        document=document, tell=lambda console: _tell(console, story, events, steps, now=now, zone=zone)
    )


def _nothing_goes_out(house: House) -> Answer:
    facts = observing.facts(house, clock.now())
    said, found = sentence(facts), reasons(facts)
    document = {
        "sentence": said,
        "reasons": [
            {
                "kind": one.kind,
                "account": one.account or None,
                "says": one.says,
                "until": speech.iso(one.until),
            }
            for one in found
        ],
        "unseen": facts.unseen,
    }

    def tell(console: Console) -> None:
        speech.tell(console, speech.by_clocks_of(facts.zone, said))
        if facts.unseen:
            speech.tell(console, f"(Not asked: {facts.unseen}.)")

    return Answer(document=document, tell=tell)


def _around(house: House, store: Store, story: Story, now: datetime) -> Around:
    delivery = story.delivery
    account = store.read(account_rows.one, delivery.account)
    closed = store.read(vitals.every).get(f"{ACCOUNT}{delivery.account}")
    facts = observing.told(store, now, timedelta(seconds=house.settings.watch_every), house.settings.home)
    return Around(
        limits=account.limits,
        uses=store.read(reading.quota, delivery.account, now),
        cost=store.read(reading.cost_of, delivery),
        paused_until=account.paused_until,
        pause_cause=account.pause_cause,
        pause_why=account.pause_why,
        before_it=store.read(reading.before_it, delivery, now) if delivery.state in CLAIMABLE else 0,
        worker=story.worker or "",
        wants_yes=story.wants_yes,
        looked_for_first=store.read(restores.is_looked_for_first, delivery.id),
        twin=store.read(vitals.twins).get(delivery.account, ""),
        lease_until=story.lease_until,
        verified=story.verified_at is not None or delivery.looks >= MOST_LOOKS,
        closed=closed.told if closed is not None and not closed.well else "",
        off=facts.off_of(delivery.account),
        judged=facts.judged.get(delivery.account),
        strikes=[
            Struck(says=str(one), until=one.until) for one in store.read(strikes.against, delivery, now)
        ],
    )


# What happened -------------------------------------------------------------------------------------------


def happened(story: Story) -> Iterator[Event]:
    """Tell everything that is on record of a delivery, each with its instant."""
    yield Event(at=story.created_at, kind="came_in", says=_came_in(story))
    for attempt in story.attempts:
        yield from _attempt(story, attempt)
    for look in story.looks:
        part = _part(story, look.n)
        match look.evidence:
            case Present(remote_id=found):
                who = f"{look.by} pointed at {found}: {part}, live" if look.by else ""
                says = who or f"a look found {part} live, as {found}"
                yield Event(at=look.at, kind="present", says=says)
            case Absent(why=told):
                yield Event(at=look.at, kind="absent", says=f"a look did not find {part}: {told}")
            case CannotTell(why=told):
                yield Event(at=look.at, kind="cannot_tell", says=f"a look could not tell of {part}: {told}")
    for act in story.acts:
        told = f": {act.why}" if act.why else ""
        led = f"; {act.before}, now {act.after}" if act.before != act.after else ""
        yield Event(at=act.at, kind="act", says=f"{act.by}: {act.did}{told}{led}")
    if story.published_at:
        yield Event(at=story.published_at, kind="published", says="live since then")
    if story.verified_at:
        yield Event(at=story.verified_at, kind="verified", says="seen live on the network")


def _came_in(story: Story) -> str:
    delivery = story.delivery
    parts = f", {len(delivery.parts)} parts" if len(delivery.parts) > 1 else ""
    held = f"; reads like delivery {story.repeats}, and was held for that" if story.repeats else ""
    return f"came in from {story.post.source}, for {delivery.account}{parts}{held}"


def _attempt(story: Story, attempt: Attempt) -> Iterator[Event]:
    name = f"attempt {attempt.n}"
    taken = next((use for use in story.quota if use.attempt_id == attempt.id), None)
    # What it reserved; the use itself follows what became of it.
    quota = f", {len(story.delivery.parts) - attempt.first_part} of the quota reserved"
    executor = f" with {attempt.executor}" if attempt.executor else ""
    yield Event(
        at=attempt.claimed_at,
        kind="claimed",
        says=f"{name}: claimed by worker {attempt.worker}{executor}{quota}",
    )
    if attempt.armed_at:
        says = f"{name}: armed: about to ask; from here only evidence counts"
        yield Event(at=attempt.armed_at, kind="armed", says=says)
    if attempt.rescued_at:
        how = "it may have asked" if attempt.armed_at else "it had not asked"
        says = f"{name}: taken back: its worker fell silent when its lease ended; {how}"
        yield Event(at=attempt.rescued_at, kind="rescued", says=says)
    if attempt.answered_at and attempt.answer:
        many = len(attempt.answer.outcomes) > 1
        told = [
            (f"part {attempt.answer.first + offset + 1} " if many else "") + _outcome(outcome)
            for offset, outcome in enumerate(attempt.answer.outcomes)
        ]
        back = "; its quota was given back" if taken and taken.released else ""
        at = attempt.answered_at
        yield Event(at=at, kind="answered", says=f"{name}: came to {attempt.phase}: {'; '.join(told)}{back}")


def _outcome(outcome: Outcome) -> str:
    match outcome:
        case Published(remote_id=given, lacking=lacking):
            return f"the network answered with the id {given}" + (f", and {lacking}" if lacking else "")
        case Refused(code=code, why=told):
            return f"refused by the network ({code}): {told}"
        case Deferred(code=code, why=told, until=until):
            named = f", until {until:%Y-%m-%d %H:%M:%S} UTC" if until else ""
            return f"not now, said the network ({code}): {told}{named}"
        case NotSubmitted(why=told):
            return f"nothing was sent: {told}"
        case Unconfirmed(why=told):
            return f"asked, and never learnt: {told}"


def _part(story: Story, n: int) -> str:
    return f"part {n + 1}" if len(story.delivery.parts) > 1 else "it"


# The telling ---------------------------------------------------------------------------------------------


def _tell(
    console: Console, story: Story, events: list[Event], steps: list[Step], *, now: datetime, zone: str
) -> None:
    one = story.delivery

    def tell(sentence: str) -> None:
        speech.tell(console, speech.by_clocks_of(zone, sentence))

    because = f": {speech.line(one.why)}" if one.why else ""
    tell(f"Delivery {one.id}, as {speech.plain(one.account)}, is {one.state}{because}")
    due = f"  due {speech.moment(one.due_at, zone)} ({zone})"
    speech.tell(console, f"{due}: {speech.line(story.post.parts[0].text)}")  # its own words stay as they are
    counted = _counted(story, now)
    if counted:
        tell(f"  {counted}")
    for event in events:
        tell(f"{speech.moment(event.at, zone)}  {speech.plain(event.says)}")
    for step in steps:
        word = "waits" if step.kind in _HOLDS else "next"
        tell(f"{word}: {_step(step, now, zone)}")


def _step(step: Step, now: datetime, zone: str) -> str:
    if step.at is None:
        return speech.plain(step.says)
    if step.at <= now:
        return f"{speech.plain(step.says)}, now"
    until = "until" if step.kind in _UNTIL else "at"
    return f"{speech.plain(step.says)}, {until} {speech.moment(step.at, zone)} ({zone})"


_UNTIL = frozenset({SWITCHED_OFF, PAUSED, STRUCK, "quota_used", "quota_used_by_unknown", "spacing", *BUDGETS})
"""Steps whose instant is an end, not a beginning."""

_HOLDS = _UNTIL | {"behind", CLOSED, CIRCUIT_OPEN}
"""What has to pass before anything comes next."""


def _counted(story: Story, now: datetime) -> str:
    """Say what it takes of the account's quota."""
    taken: list[Any] = [use for use in story.quota if not use.released]
    if not taken:
        return ""
    units = sum(use.units for use in taken)
    unconfirmed = ", not knowing whether all of it is live" if any(use.unknown for use in taken) else ""
    open_still = any(use.counted_at is None for use in taken)
    since = max((use.counted_at for use in taken if use.counted_at), default=now)
    how = "while it is under way" if open_still else f"counted from {since:%Y-%m-%d %H:%M:%S} UTC"
    return f"takes {units} of the account's quota, {how}{unconfirmed}"


commands = {"why": why}
