"""How several processes move one circuit without losing a move: numbered revisions that are only ever created.

A move is judged by revision n and creates n+1: one creator wins, the others judge anew. A writer reads back what stands
there and does not trust the answer. Old revisions are removed, so a sleeper may reuse a number: each names those before
it, and counts only if the newest is or descends from it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from steadypost.domain.circuit.judging import Event, Noted, Passed, Ruling, judge
from steadypost.domain.circuit.memory import NEW, Memory
from steadypost.domain.circuit.settings import Settings

TRAIL = 16
"""How many earlier revisions one names. A move overtaken by more counts as lost and is made anew; its permit runs out.
"""

KEPT = 3
"""How many revisions below the newest are kept: enough that who is late by a few loses at once, by the name."""

MOST_TURNS = 8
"""How often a move is judged anew because others were faster; then it is given up and said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """The shared memory of a circuit after one move."""

    number: int = 0
    mark: str = ""
    """Differs from revision to revision, also between two that were written under one number."""
    trail: tuple[str, ...] = ()
    """The marks of the revisions before it, the newest last."""
    memory: Memory = NEW


BLANK = Revision()
"""The state before the first revision."""


def following(revision: Revision, memory: Memory, mark: str) -> Revision:
    """Write the revision after this one."""
    trail = (*revision.trail, revision.mark)[-TRAIL:] if revision.mark else revision.trail
    return Revision(number=revision.number + 1, mark=mark, trail=trail, memory=memory.shared())


def newest(revisions: Iterable[Revision]) -> Revision:
    """Find the revision that counts."""
    return max(revisions, key=lambda revision: revision.number, default=BLANK)


def stands(mark: str, last: Revision) -> bool:
    """Whether the revision of that mark is, or led to, the newest one."""
    return mark == last.mark or mark in last.trail


def outdated(numbers: Collection[int], kept: int = KEPT) -> list[int]:
    """List the revisions that may be removed."""
    last = max(numbers, default=0)
    return sorted(number for number in numbers if number < last - kept)


@dataclass(frozen=True, slots=True)
class View:
    """A circuit as one process knows it: the newest revision it read, and what it saw itself since."""

    revision: Revision = BLANK
    memory: Memory = NEW

    def turned_to(self, revision: Revision) -> View:
        """Take over a revision. What was seen in another generation tells nothing of this one."""
        if revision.mark == self.revision.mark:
            return self
        if revision.memory.generation == self.memory.generation:
            ours = self.memory
            return View(revision, replace(revision.memory, window=ours.window, would_open=ours.would_open))
        return View(revision, revision.memory)


@dataclass(frozen=True, slots=True)
class Move:
    """One event on its way into the memory that all share."""

    settings: Settings
    event: Event
    view: View
    ruling: Ruling
    revision: Revision | None
    """What is to be created; ``None`` when nothing that is shared has changed."""
    turns: int = 1
    lost: bool = field(default=False)
    """Whether it was given up because others were faster too often."""

    @classmethod
    def begin(cls, settings: Settings, view: View, event: Event, now: datetime, mark: str) -> Move:
        """Judge the event by what is known."""
        ruling = judge(settings, view.memory, event, now)
        if ruling.memory.shared() == view.memory.shared():
            return cls(settings, event, View(view.revision, ruling.memory), ruling, None)
        return cls(settings, event, view, ruling, following(view.revision, ruling.memory, mark))

    def read(self, revisions: Iterable[Revision], now: datetime, mark: str) -> Move:
        """Go on with what stands there after the revision was, or was not, created: done, or judged anew."""
        assert self.revision is not None  # noqa: S101 - who has nothing to create reads nothing
        last = newest(revisions)
        if stands(self.revision.mark, last):
            return replace(self, view=self.settled(last), revision=None)
        if self.turns >= MOST_TURNS:
            return replace(self, view=self.view.turned_to(last), revision=None, lost=True)
        again = Move.begin(self.settings, self.view.turned_to(last), self.event, now, mark)
        return replace(again, turns=self.turns + 1)

    def settled(self, last: Revision) -> View:
        """See the circuit as the newest revision says, which is, or follows, the one that was written here."""
        assert self.revision is not None  # noqa: S101 - the same
        return View(self.revision, self.ruling.memory).turned_to(last)

    @classmethod
    def of(cls, settings: Settings, view: View, mark: str) -> Move:
        """Write down what one did alone. If others have moved it meanwhile, theirs stands."""
        ruling = Ruling(view.memory, Noted.NOTHING)
        return cls(settings, Passed(), view, ruling, following(view.revision, view.memory, mark))

    def alone(self) -> Move:
        """Take it for made without having written it, where Prefect is away."""
        return replace(self, view=View(self.view.revision, self.ruling.memory), revision=None)

    def given_up(self) -> Move:
        """Change nothing."""
        return replace(self, revision=None, lost=True)
