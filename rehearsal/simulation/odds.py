"""How often what happens in a simulated week: recorded figures where there are, else often enough to be seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from rehearsal.drill.troubles import Place


@dataclass(frozen=True, kw_only=True)
class Spell:
    """A stretch of trouble: how often it comes, how long it stays, whom it strikes."""

    name: str
    place: Place
    every: timedelta
    """The mean time between two of them, for each account, or for all at once."""
    lasts: timedelta
    """Its mean length; none is longer than six times that."""
    for_all: bool = True


@dataclass(frozen=True, kw_only=True)
class Odds:
    """The weather of a simulation."""

    # Each ask, alone.
    answer_lost: float = 0.15
    """The post is live and its id is not learnt. Recorded: 10 to 20 % of single posts."""
    odd_answer: float = 0.02
    """The answer has an unknown shape."""
    vanished: float = 0.001
    """Nothing is made, and no answer comes."""
    refused: float = 0.002
    """X refuses what the post says."""
    not_now: float = 0.01
    """X says: not now, and for how long."""
    page_trouble: float = 0.03
    """The page cannot be used, before anything is sent."""
    comes_late: float = 0.004
    """The request comes to life only after its browser has given up on it."""
    late_by: tuple[float, float] = (30.0, 600.0)
    """Between how many seconds after it. Ten minutes are twice what is assumed: that is what the settle window is for."""
    answer_takes: tuple[float, float, float] = (1.5, 8.0, 90.0)
    """Seconds: usual, one in ten, one in a hundred. Recorded: 55 to 90 s on small machines."""
    shows_after: tuple[tuple[float, float], ...] = ((0.80, 8.0), (0.15, 20.0), (0.045, 90.0), (0.005, 600.0))
    """Shares and seconds: when timelines show a post. Recorded: 8, 12, 15 to 20 s and more."""

    # Each look, alone.
    look_fails: float = 0.05
    """A login wall, an error, an empty list."""
    look_partial: float = 0.03
    """A list that leaves posts out, or ends early, and says so."""

    spells: tuple[Spell, ...] = (
        Spell(
            name="X's clock jumps", place=Place.CLOCK, every=timedelta(hours=30), lasts=timedelta(seconds=5)
        ),
        Spell(name="X away", place=Place.AWAY, every=timedelta(hours=30), lasts=timedelta(seconds=50)),
        Spell(
            name="answers lost",
            place=Place.ANSWER,
            every=timedelta(hours=20),
            lasts=timedelta(minutes=20),
            for_all=False,
        ),
        Spell(name="lists away", place=Place.LIST, every=timedelta(hours=16), lasts=timedelta(minutes=20)),
        Spell(
            name="signed out",
            place=Place.SIGN_IN,
            every=timedelta(days=12),
            lasts=timedelta(minutes=12),
            for_all=False,
        ),
        Spell(
            name="browsers die", place=Place.BROWSER, every=timedelta(hours=8), lasts=timedelta(seconds=20)
        ),
        Spell(
            name="worker killed", place=Place.WORKER, every=timedelta(hours=10), lasts=timedelta(seconds=25)
        ),
        Spell(
            name="worker hangs",
            place=Place.WORKER,
            every=timedelta(hours=14),
            lasts=timedelta(seconds=60),
        ),
        Spell(name="store away", place=Place.STORE, every=timedelta(hours=12), lasts=timedelta(seconds=30)),
    )

    # The clocks.
    network_clock_s: float = 600.0
    """How far the network's clock may be from the true time, ahead or behind."""
    network_drift_ppm: float = 200.0
    """How far it may drift: seventeen seconds a day."""
    host_clock_s: float = 3.0
    """How far each worker's clock may be from the true time."""

    # A person's hands, on each account.
    by_hand_every: timedelta = timedelta(hours=2)
    """The mean time between two things that a person does by hand."""
    beside_ours: float = 0.5
    """How often it is done within a minute of an ask of ours."""

    corpus: bool = True
    """Whether posts are alike on purpose; else no two say the same."""

    extra: Mapping[str, str] = field(default_factory=dict)


CALM = Odds(
    answer_lost=0, odd_answer=0, vanished=0, refused=0, not_now=0, page_trouble=0, comes_late=0, look_fails=0,
    look_partial=0, answer_takes=(1.5, 1.5, 1.5), shows_after=((1.0, 8.0),), spells=(), network_clock_s=0,
    network_drift_ppm=0, host_clock_s=0, by_hand_every=timedelta(days=3650), corpus=False,
)  # fmt: skip
"""Nothing goes wrong."""

STORM = Odds(
    answer_lost=0.25,
    odd_answer=0.05,
    vanished=0.05,
    page_trouble=0.10,
    comes_late=0.05,
    look_fails=0.15,
    look_partial=0.15,
    by_hand_every=timedelta(minutes=15),
    spells=tuple(
        Spell(name=one.name, place=one.place, every=one.every / 10, lasts=one.lasts, for_all=one.for_all)
        for one in Odds().spells
    ),
)
"""Ten times as much of everything, to look for second copies."""

ALIKE = replace(CALM, corpus=True, by_hand_every=timedelta(minutes=15), answer_lost=0.25)
"""Nothing goes wrong but that answers are lost; what people write is alike, and a person posts beside."""

CLOCKS = replace(
    CALM,
    answer_lost=0.25,
    network_clock_s=600.0,
    network_drift_ppm=2000.0,
    host_clock_s=3.0,
    spells=Odds().spells[:1],
)
"""Nothing goes wrong but that answers are lost; no two clocks agree."""

NAMED = {"usual": Odds(), "calm": CALM, "storm": STORM, "alike": ALIKE, "clocks": CLOCKS}
