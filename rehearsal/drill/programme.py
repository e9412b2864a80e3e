"""The seeded programme of a drill: which posts fall due when, and what goes wrong meanwhile.

The same seed and length give the same programme, with every protection on or off: only so can a run be held
beside another.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rehearsal.drill.troubles import AWAY, HOST, LISTS, SIGN_INS, X_SIDE, Kind, Place, Trouble

PEOPLE = ("alice", "bob", "carol")

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
    is_reply: bool = False


@dataclass(frozen=True, kw_only=True)
class Programme:
    """What happens in a drill."""

    seed: int
    seconds: float
    weather: str
    posts: tuple[DuePost, ...]
    troubles: tuple[Trouble, ...]


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
    return Programme(seed=seed, seconds=seconds, weather=weather, posts=posts, troubles=troubles)


# --- posts

OPENINGS = ("Seen from the pier:", "Harbour notes:", "Overheard at the bakery:", "Ferry log:", "From the workshop:",
            "Small news:", "Tide table:", "Letter from the lighthouse:")  # fmt: skip
MIDDLES = ("a heron on the bow", "two boats racing home", "the fog bell out of tune", "a crab with an attitude",
           "fresh rope on the quay", "the cat that owns the dock", "three kites and no wind", "a very patient seal",
           "somebody's left glove", "the mailboat, on time")  # fmt: skip


def _posts(chance: random.Random, seconds: float) -> Iterator[DuePost]:
    """Let posts fall due at a steady pace, each account in its turn, each a little before or after its beat."""
    beat = 60 / PER_MINUTE
    many = int((seconds - 5) / beat)
    for n in range(many):
        roll = chance.random()
        parts = 1 if roll < 0.9 else 2 if roll < 0.97 else 3
        yield DuePost(
            n=n,
            account=PEOPLE[n % len(PEOPLE)],
            at=round(2 + n * beat + chance.uniform(-0.4, 0.4) * beat, 2),
            texts=tuple(_text(chance, n, part, parts) for part in range(parts)),
            is_reply=parts == 1 and chance.random() < 0.06,
        )


def _text(chance: random.Random, n: int, part: int, parts: int) -> str:
    which = f" ({part + 1} of {parts})" if parts > 1 else ""
    return f"{chance.choice(OPENINGS)} {chance.choice(MIDDLES)}, no. {n + 1}{which}."


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
        kind = chance.choice((*SIGN_INS, PARTS["a browser stands still"], PARTS["lists away for all"]))
        yield at, kind, 55.0, _struck(chance, kind)
        at += 62


def _away(chance: random.Random, seconds: float, store: str) -> Iterator[Drawn]:
    """X is away for everybody, again and again."""
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
    return PEOPLE if kind.for_all else (chance.choice(PEOPLE),)


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
