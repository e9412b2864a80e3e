"""What keeps the posts of an account from going out: one judgement for the checks, the board, ``status`` and ``why``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from steadypost.domain.causes import RULES, Cause
from steadypost.domain.clock import ago
from steadypost.domain.money import usd
from steadypost.domain.observed import AccountSeen, CircuitSeen, SwitchSeen
from steadypost.domain.quota import BUDGETS, DAY, Free, Full, Limits

SWITCHED_OFF, REFUSED, CLOSED, STRUCK, PAUSED, CIRCUIT_OPEN = (
    "switched_off",
    "refused",
    "closed",
    "struck",
    "paused",
    "circuit_open",
)
"""The kinds of holds; those of a quota are named as ``Full.reason`` names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One thing that keeps posts back."""

    kind: str
    """One word, for programs."""
    why: str
    until: datetime | None = None
    """When it ends by itself; ``None`` where unknown."""
    needs_person: bool = False
    """Whether it stays until a person acts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """An operator's stop that is in force."""

    says: str
    until: datetime | None = None


def holds(
    account: AccountSeen,
    now: datetime,
    *,
    off: SwitchSeen | None = None,
    circuits: Iterable[CircuitSeen] = (),
    judged: Hold | None = None,
    closed: str = "",
    unconfirmed: int = 0,
) -> list[Hold]:
    """List what keeps an account's posts back at ``now``, what lasts longest first; empty: nothing does.

    ``off``: its switch *Publish* when off; ``judged``: the latest checks of circuits not known here; ``closed``: why it
    cannot be used; ``unconfirmed``: how many deliveries are.
    """
    strikes = [Struck(says=account.struck)] if account.struck else []
    return in_order(
        switched_off(off),
        refused(account.refused_for),
        unusable(account.closed or closed),
        *struck(strikes, now),
        paused(account.paused_until, account.pause_cause, account.pause_why, now),
        *open_before(account.name, circuits, now),
        judged,
        full(account.capacity, account.limits, unconfirmed=unconfirmed),
    )


def in_order(*found: Hold | None) -> list[Hold]:
    """Keep only the holds there are."""
    return [one for one in found if one is not None]


# --- each by itself


def switched_off(off: SwitchSeen | None) -> Hold | None:
    """Publishing is turned off."""
    if off is None:
        return None
    since = f" since {off.since:%Y-%m-%d %H:%M} UTC" if off.since else ""
    why = f"publishing is turned off, by {off.by or 'an unknown person'}{since}: {off.reason or 'no reason given'}"
    return Hold(kind=SWITCHED_OFF, why=why, until=off.until)


def refused(other: str) -> Hold | None:
    """Another account is the same one on the network."""
    if not other:
        return None
    return Hold(kind=REFUSED, why=f"{other} has the same handle", needs_person=True)


def unusable(closed: str) -> Hold | None:
    """The account's block cannot be used as it was saved."""
    return (
        Hold(kind=CLOSED, why=f"the account cannot be used: {closed}", needs_person=True) if closed else None
    )


def struck(strikes: Iterable[Struck], when: datetime) -> list[Hold]:
    """Operators' stops that are still in force at ``when``."""
    return [
        Hold(kind=STRUCK, why=one.says, until=one.until)
        for one in strikes
        if one.until is None or one.until > when
    ]


def paused(until: datetime | None, cause: Cause | None, why: str, when: datetime) -> Hold | None:
    """The account is left alone until then."""
    if until is None or until <= when:
        return None
    person = cause is not None and cause.needs_person
    because = why or (RULES[cause].says if cause else "no reason was kept")
    told = f"the account is left alone ({because})" + (": a person has to correct that" if person else "")
    return Hold(kind=PAUSED, why=told, until=until, needs_person=person)


def open_before(account: str, circuits: Iterable[CircuitSeen], now: datetime) -> list[Hold]:
    """The circuits that its posts wait for; its sign-in's before any other."""
    mine = sorted((one for one in circuits if account in one.stops), key=lambda one: not one.is_sign_in)
    return [
        Hold(
            kind=CIRCUIT_OPEN,
            why=f"the circuit {one.name} has been open for {ago(one.since, now)}"
            + (f": {one.why}" if one.why else ""),
            needs_person=one.is_sign_in,
        )
        for one in mine
    ]


def full(room: Free | Full, limits: Limits, *, unconfirmed: int = 0, costs: str = "") -> Hold | None:
    """The account's own limits say: not yet. ``costs`` says what is spent and what this post costs."""
    match room:
        case Free():
            return None
        case Full(reason="spacing"):
            why = "its last post is too fresh by its own spacing"
        case Full(reason="quota_used_by_unknown"):
            told = (
                f", {unconfirmed} of it by unconfirmed posts" if unconfirmed else ", by unconfirmed posts too"
            )
            why = f"its quota ({_limits(limits)}) is used up{told}"
        case Full(reason=reason) if reason in BUDGETS:
            budget, window = BUDGETS[reason](limits)
            most = usd(budget) if budget is not None else "nothing"
            why = f"its budget of {most} in {_days(window)} has too little left for the next post"
        case _:
            why = f"its quota ({_limits(limits)}) is used up"
    return Hold(kind=room.reason, why=f"{why}: {costs}" if costs else why, until=room.until)


def _days(window: timedelta) -> str:
    return "24 hours" if window == DAY else f"{window.days} days"


def _limits(limits: Limits) -> str:
    given = [(limits.per_hour, "an hour"), (limits.per_day, "a day")]
    return ", ".join(f"{most} {window}" for most, window in given if most is not None) or "none"
