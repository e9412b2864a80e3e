"""How several processes move one circuit without ever losing a move: numbered pages that are only ever created.

A page holds the whole shared memory of a circuit. Whoever moves the circuit judges by the newest page, n, and
creates page n+1. A name can be created once, so of several who do so at once one wins; the others judge anew by
the winner's page. Nothing is ever changed in place, and no answer of the server is believed: after creating,
everybody reads, and who won is what stands there.

Old pages are removed, so a process that slept for long may create a number that is free again. Each page
therefore names the marks of the pages before it. A page counts only if the newest one is, or descends from, it;
the newest is never removed, so a sleeper sees that the others went on without it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from steadypost.domain.circuit.judging import Event, Noted, Passed, Ruling, judge
from steadypost.domain.circuit.memory import NEW, Memory
from steadypost.domain.circuit.settings import Settings

TRAIL = 16
"""How many earlier pages a page names. Who is overtaken by more between its writing and its reading takes
its move for lost, and makes it anew; a permit it may have got runs out."""

KEPT = 3
"""How many pages below the newest are kept: enough that who is late by a few loses at once, by the name."""

MOST_TURNS = 8
"""How often a move is judged anew because others were faster; then it is given up and said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The shared memory of a circuit after one move."""

    number: int = 0
    mark: str = ""
    """Differs from page to page, also between two that were written under one number."""
    trail: tuple[str, ...] = ()
    """The marks of the pages before it, the newest last."""
    memory: Memory = NEW


BLANK = Page()
"""Before anything happened there is no page, and this is what it would say."""


def following(page: Page, memory: Memory, mark: str) -> Page:
    """Write the page after this one."""
    trail = (*page.trail, page.mark)[-TRAIL:] if page.mark else page.trail
    return Page(number=page.number + 1, mark=mark, trail=trail, memory=memory.shared())


def newest(pages: Iterable[Page]) -> Page:
    """Find the page that counts."""
    return max(pages, key=lambda page: page.number, default=BLANK)


def stands(mark: str, last: Page) -> bool:
    """Whether the page of that mark is, or led to, the newest one."""
    return mark == last.mark or mark in last.trail


def outdated(numbers: Collection[int], kept: int = KEPT) -> list[int]:
    """List the pages that may be removed."""
    last = max(numbers, default=0)
    return sorted(number for number in numbers if number < last - kept)


@dataclass(frozen=True, slots=True)
class View:
    """A circuit as one process knows it: the newest page it read, and what it saw itself since."""

    page: Page = BLANK
    memory: Memory = NEW

    def turned_to(self, page: Page) -> View:
        """Take over a page. What was seen in another generation tells nothing of this one."""
        if page.mark == self.page.mark:
            return self
        if page.memory.generation == self.memory.generation:
            ours = self.memory
            return View(page, replace(page.memory, window=ours.window, would_open=ours.would_open))
        return View(page, page.memory)


@dataclass(frozen=True, slots=True)
class Move:
    """One event on its way into the memory that all share."""

    settings: Settings
    event: Event
    view: View
    ruling: Ruling
    page: Page | None
    """What is to be created; ``None`` when nothing that is shared has changed."""
    turns: int = 1
    lost: bool = field(default=False)
    """Whether others were faster too often."""

    @classmethod
    def begin(cls, settings: Settings, view: View, event: Event, now: datetime, mark: str) -> Move:
        """Judge the event by what is known."""
        ruling = judge(settings, view.memory, event, now)
        if ruling.memory.shared() == view.memory.shared():
            return cls(settings, event, View(view.page, ruling.memory), ruling, None)
        return cls(settings, event, view, ruling, following(view.page, ruling.memory, mark))

    def read(self, pages: Iterable[Page], now: datetime, mark: str) -> Move:
        """Go on with what stands there after the page was, or was not, created: done, or judged anew."""
        assert self.page is not None  # noqa: S101 - who has nothing to create reads nothing
        last = newest(pages)
        if stands(self.page.mark, last):
            return replace(self, view=self.settled(last), page=None)
        if self.turns >= MOST_TURNS:
            return replace(self, view=self.view.turned_to(last), page=None, lost=True)
        again = Move.begin(self.settings, self.view.turned_to(last), self.event, now, mark)
        return replace(again, turns=self.turns + 1)

    def settled(self, last: Page) -> View:
        """See the circuit as the newest page says, which is, or follows, the one that was written here."""
        assert self.page is not None  # noqa: S101 - the same
        return View(self.page, self.ruling.memory).turned_to(last)

    @classmethod
    def of(cls, settings: Settings, view: View, mark: str) -> Move:
        """Write down what one did alone. If others have moved it meanwhile, theirs stands."""
        ruling = Ruling(view.memory, Noted.NOTHING)
        return cls(settings, Passed(), view, ruling, following(view.page, view.memory, mark))

    def alone(self) -> Move:
        """Take it for made without having written it: for a process that can reach nobody."""
        return replace(self, view=View(self.view.page, self.ruling.memory), page=None)

    def given_up(self) -> Move:
        """Leave everything as it was."""
        return replace(self, page=None, lost=True)
