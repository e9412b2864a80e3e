"""One message about all posts that ended unpublished: which, what happened, what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from steadypost.domain.causes import ANEW, RULES, Again, Cause
from steadypost.domain.delivery import State


class Telling(StrEnum):
    """When an operator wants to hear of posts that were refused or missed."""

    AT_ONCE = "at_once"
    """With the next round; those that ended together are one message."""
    DAILY = "daily"
    """In one message a day."""
    NEVER = "never"


DAY = timedelta(days=1)

NAMED = 15
"""How many posts one message names; of the others it gives the number, and the command that lists them."""

SHOWN = 60
"""How much of a text is shown: enough to know which it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One delivery that ended without being published, or stands half live."""

    delivery_id: int
    account: str
    state: State
    due_at: datetime
    cause: Cause | None
    why: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The message to a person."""

    title: str
    body: str


WHAT = {State.REFUSED: "refused", State.MISSED: "missed", State.PARTIAL: "half live"}

LATER = "steadypost reschedule {delivery} --when +10m"
GOES_ON = "it goes on by itself when it can; what it waits for: steadypost why {delivery}"


def is_time(telling: Telling, last_at: datetime | None, now: datetime) -> bool:
    """Whether a message is due now."""
    match telling:
        case Telling.AT_ONCE:
            return True
        case Telling.DAILY:
            return last_at is None or now - last_at >= DAY
        case Telling.NEVER:
            return False


def message(ended: Sequence[Ended]) -> Message:
    """Write one message about all of them: which, what happened, what to do."""
    counts = Counter(one.state for one in ended)
    told = ", ".join(f"{counts[state]} {word}" for state, word in WHAT.items() if counts[state])
    posts = "post" if len(ended) == 1 else "posts"
    lines = [_lines(one) for one in ended[:NAMED]]
    if len(ended) > NAMED:
        states = " and ".join(f"'steadypost queue --state {state}'" for state in WHAT if counts[state])
        lines.append(f"And {len(ended) - NAMED} more: {states}.")
    if counts[State.MISSED] > 1:
        account = {one.account for one in ended if one.state is State.MISSED}
        only = f" --account {account.pop()}" if len(account) == 1 else " --since yesterday"
        lines.append(f"All that were missed, at another time: steadypost reschedule{only} --when +10m")
    return Message(title=f"{len(ended)} {posts} not published: {told}", body="\n\n".join(lines))


def remedy(one: Ended) -> str:
    """Say what to do about one, as a command."""
    if one.state is State.MISSED:
        return LATER.format(delivery=one.delivery_id)
    if one.state is State.PARTIAL:
        return GOES_ON.format(delivery=one.delivery_id)
    told = RULES[one.cause or Cause.REFUSED_OTHERWISE].to_do(account=one.account, delivery=one.delivery_id)
    return told or ANEW.format(delivery=one.delivery_id)


def _lines(one: Ended) -> str:
    text = " ".join(one.text.split())
    shown = text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
    said = _said(one)
    why = f": {said}" if said else ""
    return (
        f"{WHAT[one.state].capitalize()}{why}.\n"
        f"Delivery {one.delivery_id} of {one.account}, due {one.due_at:%Y-%m-%d %H:%M} UTC: “{shown}”\n"
        f"→ {remedy(one)}"
    )


def _said(one: Ended) -> str:
    """Say what happened in plain words where there are any, else as the network put it."""
    if one.cause is None or one.cause is Cause.REFUSED_OTHERWISE:
        return one.why
    rule = RULES[one.cause]
    return rule.says if rule.again in {Again.NEVER, Again.PERSON} else one.why
