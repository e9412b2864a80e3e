"""Where a worker can be ended: marks put around the product's functions and the click, in the rehearsal's processes.

A worker that comes to its mark writes that down and ends itself or waits; in a transaction, before the commit.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from steadypost.browser import Job, Step
from steadypost.browser.desk import Desk
from steadypost.browser.messages import OnQuestion, OnStep
from steadypost.channels.port import Channel, Means
from steadypost.channels.x_web import ask as asking
from steadypost.channels.x_web import channel as channels
from steadypost.channels.x_web import clicking
from steadypost.channels.x_web import look as looking
from steadypost.channels.x_web.errand import KNOWN, AskErrand, AskReport, LookErrand
from steadypost.domain.evidence import Sighting
from steadypost.store import Outbox, Store, claims, looks, settling
from steadypost.store.engine import Database
from tasks import directory

SAID = "mark:"
"""What a question of the runner's begins with when it only says that a mark was reached."""

IN_RUNNER = {
    channels.ASK: "rehearsal.crash.marks:ask",
    channels.LOOK: "rehearsal.crash.marks:look",
}
"""The jobs with marks in them, in place of the product's."""


@dataclass(kw_only=True)
class Marks:
    """The one mark at which this worker ends, and how."""

    mark: str
    how: signal.Signals
    told: Path
    """The file that says that the mark was reached."""
    on: Path
    """The file that lets a worker that was stopped there go on."""
    _once: threading.Lock = field(default_factory=threading.Lock)
    _writing: threading.RLock = field(default_factory=threading.RLock)
    """Held by the thread that writes to the store: a mark outside a transaction is outside every one."""

    def reach(self, name: str) -> None:
        """Come by a mark. At the one that was given, end, or wait to be stopped and woken; once."""
        if name == self.mark and self._once.acquire(blocking=False):
            with self._writing:
                self.told.write_text(name)
                if self.how is signal.SIGKILL:
                    os.kill(os.getpid(), self.how)
                # A stop takes the threads of a process one after the other, so it comes from outside while this one
                # holds the right to write: no other is caught in a transaction by chance.
                while not self.on.exists():
                    time.sleep(0.01)

    def place(self) -> None:
        """Put the marks around the product's functions, in this process."""
        self._one_writer()
        # The originals, before anything is put around them: by these a transaction is known.
        committed = {settling.arm: "armed", settling.answered: "recorded", looks.saw: "settled"}
        self._after(claims, "_take", "claiming")
        self._after(settling, "arm", "arming")
        self._after(settling, "answered", "recording")
        self._after(looks, "saw", "settling")
        self._after_commit(committed)
        self._after(Outbox, "keep", "kept")
        directory.CHANNELS["x_web"] = replace(directory.CHANNELS["x_web"], open=self._opened)

    def _one_writer(self) -> None:
        """Let the threads of this process write one after the other."""
        original = Database.writing
        turn = self._writing

        @contextlib.contextmanager
        def writing(self: Database, *, enforce_references: bool = True) -> Iterator[Connection]:
            with turn, original(self, enforce_references=enforce_references) as connection:
                yield connection

        Database.writing = writing  # type: ignore[method-assign]

    def _after_commit(self, marks: Mapping[Any, str]) -> None:
        """Reach a mark when one of these functions' transactions is committed, and its caller does not know yet."""
        original: Any = Store.write

        @functools.wraps(original)
        def marked(store: Store, work: Any, /, *args: Any, **more: Any) -> Any:
            done = original(store, work, *args, **more)
            mark = marks.get(getattr(work, "__wrapped__", work))
            if mark is not None:
                self.reach(mark)
            return done

        Store.write = marked  # type: ignore[method-assign]

    def _after(self, owner: Any, name: str, mark: str) -> None:
        """Reach a mark when a function has done its work and its caller does not know yet."""
        original = getattr(owner, name)

        @functools.wraps(original)
        def marked(*args: Any, **more: Any) -> Any:
            done = original(*args, **more)
            self.reach(mark)
            return done

        setattr(owner, name, marked)

    @contextlib.contextmanager
    def _opened(self, means: Means) -> Iterator[Channel]:
        with means.browser() as runner:
            channel = channels.XWeb(MarkedRunner(runner, self))
            self._after(channel, "look", "looked")
            yield channel


class MarkedRunner:
    """A runner whose messages are marks."""

    def __init__(self, runner: Any, marks: Marks) -> None:
        self._runner = runner
        self._marks = marks

    @property
    def identity(self) -> object:
        """Which browser it is."""
        return self._runner.identity

    def run(
        self,
        job: Job,
        *,
        deadline: float,
        on_question: OnQuestion | None = None,
        on_step: OnStep | None = None,
    ) -> Any:
        """Do a job, with the marks in it."""

        def question(name: str, data: Any) -> Any:
            if name.startswith(SAID):
                return self._marks.reach(name.removeprefix(SAID))
            answer = on_question(name, data) if on_question else None
            if name == KNOWN:
                self._marks.reach(f"known_{data[0]}")
            return answer

        def step(at: Step) -> None:
            if on_step:
                on_step(at)
            self._marks.reach(at.name)

        marked = replace(job, entry=IN_RUNNER.get(job.entry, job.entry))
        return self._runner.run(marked, deadline=deadline, on_question=question, on_step=step)


# --- in the runner's own process


def ask(desk: Desk, errand: AskErrand) -> AskReport:
    """Ask as the product does, and stop on both sides of the click until the worker has heard of it."""
    _around(clicking, "_click_once", desk, before="before_click", after="after_click")
    return asking.ask(desk, errand)


def look(desk: Desk, errand: LookErrand) -> Sighting:
    """Look as the product does, and stop when the list is on the screen and nothing is read yet."""
    _around(looking, "_check", desk, before="looking")
    return looking.look(desk, errand)


def _around(owner: Any, name: str, desk: Desk, *, before: str, after: str | None = None) -> None:
    original: Callable[..., Any] = getattr(getattr(owner, name), "original", None) or getattr(owner, name)

    def marked(*args: Any, **more: Any) -> Any:
        desk.question(SAID + before)
        done = original(*args, **more)
        if after:
            desk.question(SAID + after)
        return done

    marked.original = original  # type: ignore[attr-defined]
    setattr(owner, name, marked)
