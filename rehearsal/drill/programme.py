"""The seeded programme of a drill: posts and troubles by time, the same with every protection on or off."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal.acts import ACTS
from rehearsal.drill.troubles import AWAY, HOST, LISTS, SIGN_INS, X_SIDE, Kind, Place, Trouble
from rehearsal.texts import Shape, Writer, corpus

PEOPLE = ("alice", "bob", "carol")

TIGHT = "dora"
"""Allowed less than falls due, with late rules: in no share, but its limits are held against the ledger."""

EVERYBODY = (*PEOPLE, TIGHT)

LIMITS: Mapping[str, Mapping[str, int]] = {
    **{name: {"per_hour": 300, "per_day": 2000, "spacing_seconds": 4} for name in PEOPLE},
    "carol": {"per_hour": 300, "per_day": 2000, "spacing_seconds": 4, "longest": 4000},
    TIGHT: {"per_hour": 10, "per_day": 50, "spacing_seconds": 10},
}
"""What each account's block allows; the first three have room for everything, unconfirmed included."""

STRANGER = "zoe"
"""A person whose posts are answered."""

PREMIUM = tuple(name for name, limits in LIMITS.items() if limits.get("longest", 280) > 280)

BY_HAND_EVERY = 20.0
"""Seconds between two things that a person does by hand, on any of the accounts."""

NETWORK_CLOCK_S = 600.0
"""How far the network's clock may be from ours, ahead or behind."""

NETWORK_DRIFT_PPM = 1000.0
"""How far it may drift: a second in a quarter of an hour."""

TIGHT_EVERY = 18.0
"""Seconds between two posts of the tight account: in four minutes more than its hour allows."""

LATE_AFTER = 90.0
"""How late a post of the tight account may be, by its own rule."""

PER_MINUTE = 21.0
"""How many posts fall due in a minute, on all accounts together: over three hundred in a quarter of an hour."""

CALM_AT_FIRST = 12.0
"""Seconds without any trouble, so that there is something to compare with."""

CALM_AT_LAST = 45.0
"""Seconds at the end in which nothing new begins, though posts fall due."""

X_EVERY = 24.0
"""Seconds from one trouble of X's side to the next."""

HOST_EVERY = 62.0
"""Seconds from one trouble of the host to the next: each has time to be over before another comes."""

SHORT = 240.0
"""Below so many seconds everything comes twice as often, so that a short drill has some of each."""


@dataclass(frozen=True, kw_only=True)
class DuePost:
    """One post of the programme."""

    n: int
    account: str
    at: float
    """Seconds from the beginning at which it is due."""
    texts: tuple[str, ...]
    shape: Shape = Shape.PLAIN
    """In what it is like others."""
    is_reply: bool = False
    picture: str | None = None
    """The description of its picture, where it has one."""
    late_after: float | None = None
    """Its late rule, in seconds."""
    asks_when_late: bool = False
    """Whether a person is asked when it is too late; else it is missed."""


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """One thing that a person does by hand on one of the accounts."""

    account: str
    at: float
    """Seconds from the beginning."""
    what: str
    """One of ``rehearsal.simulation.hands.ACTS``."""


@dataclass(frozen=True, kw_only=True)
class Programme:
    """What happens in a drill."""

    seed: int
    seconds: float
    weather: str
    posts: tuple[DuePost, ...]
    troubles: tuple[Trouble, ...]
    by_hand: tuple[ByHand, ...] = ()
    clock_offset_s: float = 0.0
    """How far the network's clock is ahead when it begins."""
    clock_drift_ppm: float = 0.0


def programme(*, seed: int, minutes: float, weather: str = "all", store: str = "sqlite") -> Programme:
    """Draw the programme of a seed."""
    seconds = minutes * 60
    if weather not in WEATHERS:
        raise ValueError(f"weather {weather!r} is not known; there are {', '.join(WEATHERS)}")
    chance = random.Random(f"{seed}:{weather}:troubles")  # noqa: S311 - repeatable, not secret
    drawn = sorted(WEATHERS[weather](chance, seconds, store), key=lambda one: one[0])
    troubles = tuple(
        Trouble(n=n, kind=kind, at=round(at, 1), lasts=round(lasts, 1), accounts=accounts)
        for n, (at, kind, lasts, accounts) in enumerate(drawn, start=1)
    )
    posts = tuple(_posts(random.Random(f"{seed}:posts"), seconds))  # noqa: S311 - the same
    posts += tuple(_tight(random.Random(f"{seed}:tight"), seconds, len(posts)))  # noqa: S311 - the same
    clock = random.Random(f"{seed}:clock")  # noqa: S311 - the same
    return Programme(
        seed=seed,
        seconds=seconds,
        weather=weather,
        posts=posts,
        troubles=troubles,
        by_hand=tuple(_by_hand(random.Random(f"{seed}:hands"), seconds)),  # noqa: S311 - the same
        clock_offset_s=round(clock.choice((-1, 1)) * clock.uniform(60, NETWORK_CLOCK_S), 1),
        clock_drift_ppm=round(clock.uniform(-1, 1) * NETWORK_DRIFT_PPM, 1),
    )


# --- posts


def _posts(chance: random.Random, seconds: float) -> Iterator[DuePost]:
    """Let posts fall due at a steady pace, each account in its turn, each a little before or after its time."""
    interval = 60 / PER_MINUTE
    writers = {
        name: Writer(
            chance=chance, corpus=corpus(), longest=LIMITS[name].get("longest", 280), picture=Path("-")
        )
        for name in PEOPLE
    }
    for n in range(int((seconds - 5) / interval)):
        account = PEOPLE[n % len(PEOPLE)]
        draft = writers[account].next(f"no. {n + 1}")
        yield DuePost(
            n=n,
            account=account,
            at=round(2 + n * interval + chance.uniform(-0.4, 0.4) * interval, 2),
            texts=tuple(part.text for part in draft.parts),
            shape=draft.shape,
            is_reply=draft.is_reply,
            picture=next((one.alt for part in draft.parts for one in part.media), None),
        )


def _tight(chance: random.Random, seconds: float, first: int) -> Iterator[DuePost]:
    """Let more fall due on the tight account than it may send, each with a late rule."""
    for n in range(int((seconds - 10) / TIGHT_EVERY)):
        yield DuePost(
            n=first + n,
            account=TIGHT,
            at=round(5 + n * TIGHT_EVERY, 2),
            texts=(f"Tide table no. {n + 1}, corrected.",),
            late_after=LATE_AFTER,
            asks_when_late=chance.random() < 0.5,
        )


def _by_hand(chance: random.Random, seconds: float) -> Iterator[ByHand]:
    """Let a person do things by hand, on all accounts but the tight one, whose few places are its own."""
    at = 15.0
    while at < seconds - 20:
        (what,) = chance.choices(list(ACTS), weights=list(ACTS.values()))
        yield ByHand(account=chance.choice(PEOPLE), at=round(at, 1), what=what)
        at += chance.uniform(0.5, 1.5) * BY_HAND_EVERY


# --- troubles

Drawn = tuple[float, Kind, float, tuple[str, ...]]


def _all(chance: random.Random, seconds: float, store: str) -> Iterator[Drawn]:
    """Both sides at once: X's troubles one after the other, the host's beside them."""
    yield from _network(chance, seconds, store)
    yield from _host(chance, seconds, store)


def _network(chance: random.Random, seconds: float, store: str) -> Iterator[Drawn]:
    """X's side alone."""
    yield from _of(chance, _played_with(X_SIDE, store), seconds, every=X_EVERY)


def _host(chance: random.Random, seconds: float, store: str) -> Iterator[Drawn]:
    """The host's side alone."""
    yield from _of(chance, _played_with(HOST, store), seconds, every=HOST_EVERY, first=X_EVERY)


def _fair(_chance: random.Random, _seconds: float, _store: str) -> Iterator[Drawn]:
    """Nothing goes wrong."""
    yield from ()


def _partial(chance: random.Random, seconds: float, _store: str) -> Iterator[Drawn]:
    """Something is away all the time, never everything: one account, one browser, the lists."""
    at = CALM_AT_FIRST
    while at + 60 < seconds - CALM_AT_LAST + 20:
        kind = chance.choice((*SIGN_INS, PARTS["a browser hangs"], PARTS["lists away for all"]))
        yield at, kind, 55.0, _struck(chance, kind)
        at += 62


def _away(chance: random.Random, seconds: float, store: str) -> Iterator[Drawn]:
    """X is away for all, again and again."""
    yield from _of(chance, _played_with(AWAY, store), seconds, every=45.0)


def _played_with(kinds: Sequence[Kind], store: str) -> list[Kind]:
    return [kind for kind in kinds if store in kind.stores]


def _of(
    chance: random.Random, kinds: Sequence[Kind], seconds: float, *, every: float, first: float = 0.0
) -> Iterator[Drawn]:
    """Draw from kinds, each place in its turn so that a short programme has some of each."""
    drawing = _in_turn(chance, kinds)
    hurry = 0.5 if seconds < SHORT else 1.0
    every, at = every * hurry, CALM_AT_FIRST + first * hurry
    while True:
        kind = next(drawing)
        begins = at + chance.uniform(0, every / 6)
        lasts = chance.uniform(*kind.lasts)
        if begins + lasts > seconds - CALM_AT_LAST * hurry:
            return
        yield begins, kind, lasts, _struck(chance, kind)
        at = max(at + every, begins + lasts + every / 4)


def _in_turn(chance: random.Random, kinds: Sequence[Kind]) -> Iterator[Kind]:
    """Go round the places for ever; within a place every kind once before any a second time."""
    left: dict[Place, list[Kind]] = {}
    while True:
        places = list(dict.fromkeys(kind.place for kind in kinds))
        chance.shuffle(places)
        for place in places:
            if not left.get(place):
                left[place] = [kind for kind in kinds if kind.place is place]
                chance.shuffle(left[place])
            yield left[place].pop()


def _struck(chance: random.Random, kind: Kind) -> tuple[str, ...]:
    return EVERYBODY if kind.for_all else (chance.choice(PEOPLE),)


PARTS = {kind.name: kind for kind in (*HOST, *LISTS)}

WEATHERS: dict[str, Callable[[random.Random, float, str], Iterator[Drawn]]] = {
    "all": _all,
    "network": _network,
    "host": _host,
    "partial": _partial,
    "away": _away,
    "fair": _fair,
}
"""The programmes there are, by the name of their weather."""
