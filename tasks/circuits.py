"""The breakers of one process: read from memory before each call. Only a move goes to Prefect, as a new revision.

With its API away permits come from the store; with both away, after ``TRUST``, each process makes one trial alone.
"""

from __future__ import annotations

import contextlib
import logging
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from steadypost.domain.circuit import (
    LETS_THROUGH,
    Came,
    Event,
    Go,
    Left,
    Move,
    No,
    Noted,
    Passed,
    Renewed,
    Revision,
    Said,
    Settings,
    State,
    Ticket,
    View,
    Wants,
    judge,
    newest,
    outdated,
)
from steadypost.domain.circuit.catalogue import ALONE, Dependency, Kind
from steadypost.domain.circuit.memory import Memory
from steadypost.domain.clock import Clock, now
from tasks.circuit_book import Book, RevisionsAway, Trials
from tasks.dependencies import PREFECT

TRUST = timedelta(minutes=2)
"""How long the last reading serves. After that a process judges alone until the next one."""


class Refused(Exception):
    """The circuit lets nothing through now. Not a failure of what it stands before."""

    def __init__(self, name: str, no: No) -> None:
        until = f" until {no.until:%H:%M:%S}" if no.until else ""
        super().__init__(f"{name} is {no.state}{until}: {no.why or no.cause or 'no reason was given'}")
        self.name = name
        self.no = no


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """A circuit changed its state, and this process made it."""

    dependency: Dependency
    before: State
    after: Memory
    alone: bool = False
    """Whether no other process can know of it: Prefect's API was away."""


class _Circuit:
    """One circuit as this process knows it."""

    def __init__(self, dependency: Dependency, settings: Settings) -> None:
        self.dependency = dependency
        self.name = dependency.name
        self.settings = settings
        self.alone = dependency.kind in ALONE
        self.view = View()
        self.unsaid = False
        """Whether this process has moved it and could not tell the others."""
        self.has_trial = False
        """Whether its trial was reserved in the store and is still to be given back."""
        self.lock = threading.RLock()


class Breakers:
    """All circuits of this process, for all its threads."""

    def __init__(
        self,
        *,
        book: Book | None = None,
        process: str = "",
        clock: Clock = now,
        dice: random.Random | None = None,
        log: logging.Logger | logging.LoggerAdapter[logging.Logger] | None = None,
        on_turn: Callable[[Turned], None] = lambda _: None,
        settings: Callable[[Dependency], Settings] = lambda dependency: dependency.settings,
        trials: Trials | None = None,
    ) -> None:
        self.book = book
        self._trials = trials
        self.clock = clock
        self.log = log or logging.getLogger("steadypost")
        self._process = process
        self._dice = dice or random.SystemRandom()
        self._on_turn = on_turn
        self._settings = settings
        self._circuits: dict[Dependency, _Circuit] = {}
        self._adding = threading.Lock()
        self._heard = time.monotonic()
        self.is_on = True
        """The switch. Off: everything goes through and nothing is counted, as if there were no breaker."""

    # --- the hot path

    def may(self, dependency: Dependency, *, probe: bool = False) -> Go | No:
        """Ask whether a call may be made. Costs a request only for a permit of a half-open circuit."""
        if not self.is_on:
            return Go(Ticket(-1))
        circuit = self._of(dependency)
        wants = Wants(holder=self._process, probe=probe)
        verdict = judge(circuit.settings, circuit.view.memory, wants, self.clock()).verdict
        if isinstance(verdict, Go) and verdict.ticket.permit is not None:
            verdict = self._permit(circuit, wants)
        if isinstance(verdict, No):
            return verdict
        assert isinstance(verdict, Go)  # noqa: S101 - of wanting comes nothing else
        return verdict

    def refusal(self, dependency: Dependency) -> No | None:
        """Say why no call may be made now; ``None`` when one may."""
        if not self.is_on:
            return None
        memory = self.known(dependency)
        if memory.state in LETS_THROUGH:
            return None
        return No(state=memory.state, cause=memory.cause, why=memory.why, until=memory.until)

    def is_due(self, dependency: Dependency) -> bool:
        """Whether a probe of it would get a permit now, as far as this process knows."""
        if not self.is_on:
            return False
        circuit = self._of(dependency)
        wants = Wants(holder=self._process, probe=True)
        verdict = judge(circuit.settings, circuit.view.memory, wants, self.clock()).verdict
        return isinstance(verdict, Go) and verdict.ticket.permit is not None

    def known(self, dependency: Dependency) -> Memory:
        """Give its present state, as far as this process knows."""
        circuit = self._of(dependency)
        return judge(circuit.settings, circuit.view.memory, Passed(), self.clock()).memory

    def came(
        self,
        dependency: Dependency,
        ticket: Ticket,
        *,
        well: bool,
        took: timedelta = timedelta(0),
        cause: str = "",
        why: str = "",
        until: datetime | None = None,
    ) -> Noted:
        """Report how a call ended. Only a report that moves the circuit costs a request."""
        if not self.is_on and ticket.generation < 0:
            return Noted.NOTHING
        circuit = self._of(dependency)
        event = Came(
            ticket=ticket,
            well=well,
            took=took,
            cause=cause,
            why=why,
            by=self._process,
            until=until,
            chance=self._dice.random(),
        )
        return self._noted(circuit, event)

    def left(self, dependency: Dependency, ticket: Ticket) -> Noted:
        """Give a permit back: the call was cancelled, or tells nothing of the dependency."""
        circuit = self._of(dependency)
        return self._noted(circuit, Left(ticket=ticket)) if ticket.permit is not None else Noted.NOTHING

    def renewed(self, dependency: Dependency, why: str) -> Noted:
        """Close it: what it failed on has been replaced."""
        if self.known(dependency).state in LETS_THROUGH:
            return Noted.NOTHING
        return self._noted(self._of(dependency), Renewed(why=why, by=self._process))

    # --- guards

    @contextlib.contextmanager
    def guard(
        self, dependency: Dependency, *, failures: tuple[type[Exception], ...], probe: bool = False
    ) -> Iterator[None]:
        """Make a call under the circuit; raises ``Refused``. Only ``failures`` count against it; other exceptions do
        not.
        """
        ticket = self._ticket(dependency, probe=probe)
        began = time.monotonic()
        try:
            yield
        except failures as error:
            self.came(
                dependency,
                ticket,
                well=False,
                took=_since(began),
                cause=type(error).__name__,
                why=named(error),
            )
            raise
        except BaseException:  # what is none of its failures gives the permit back, and is raised on
            self.left(dependency, ticket)
            raise
        self.came(dependency, ticket, well=True, took=_since(began))

    def _ticket(self, dependency: Dependency, *, probe: bool) -> Ticket:
        verdict = self.may(dependency, probe=probe)
        if isinstance(verdict, No):
            raise Refused(dependency.name, verdict)
        return verdict.ticket

    # --- what the blocks say

    def take(self, revisions: Mapping[str, Iterable[Revision]], words: Mapping[str, Said]) -> None:
        """Take over what others did, and what persons say. Called with each reading of the blocks."""
        self._heard = time.monotonic()
        self.renewed(PREFECT, "Prefect's API answered")
        for circuit in self._all():
            if circuit.alone:
                continue
            last = newest(revisions.get(circuit.name, ()))
            with circuit.lock:
                self._catch_up(circuit, last)
            word = words.get(circuit.name)
            if word is not None and word.mark != circuit.view.memory.word:
                self._noted(circuit, word)
            elif circuit.view.memory != self._now(circuit):
                self._noted(circuit, Passed(chance=self._dice.random()))

    def watch(self, dependencies: Iterable[Dependency]) -> None:
        """Register these circuits, so that a person's word takes effect before their first call."""
        for dependency in dependencies:
            self._of(dependency)

    def _now(self, circuit: _Circuit) -> Memory:
        return judge(circuit.settings, circuit.view.memory, Passed(), self.clock()).memory

    def _catch_up(self, circuit: _Circuit, last: Revision) -> None:
        """Take over the newest revision, or write down what could not be written when it happened."""
        if last.mark != circuit.view.revision.mark and last.number >= circuit.view.revision.number:
            circuit.view = circuit.view.turned_to(last)
            circuit.unsaid = False
        elif circuit.unsaid:
            with contextlib.suppress(RevisionsAway):
                self._say(circuit)

    def _say(self, circuit: _Circuit) -> None:
        assert self.book is not None  # noqa: S101 - without one nothing stays unsaid
        move = Move.of(circuit.settings, circuit.view, secrets.token_hex(6))
        circuit.view = self._written(circuit, move).view
        circuit.unsaid = False

    # --- moving

    def _of(self, dependency: Dependency) -> _Circuit:
        circuit = self._circuits.get(dependency)
        if circuit is None:
            with self._adding:
                circuit = self._circuits.setdefault(
                    dependency, _Circuit(dependency, self._settings(dependency))
                )
        return circuit

    def _all(self) -> list[_Circuit]:
        return list(self._circuits.values())

    def _permit(self, circuit: _Circuit, wants: Wants) -> Go | No:
        """Get a permit: the one check that costs a call."""
        with circuit.lock:
            verdict = self._move(circuit, wants)
        assert isinstance(verdict, Go | No)  # noqa: S101 - of wanting comes nothing else
        return verdict

    def _noted(self, circuit: _Circuit, event: Event) -> Noted:
        with circuit.lock:
            verdict = self._move(circuit, event)
        assert isinstance(verdict, Noted)  # noqa: S101 - of telling comes nothing else
        return verdict

    def _move(self, circuit: _Circuit, event: Event) -> Go | No | Noted:
        before = circuit.view.memory
        move = Move.begin(circuit.settings, circuit.view, event, self.clock(), secrets.token_hex(6))
        if move.revision is not None:
            move = self._together(circuit, move)
        circuit.view = move.view
        self._end_trial(circuit, event)
        if move.lost:
            return _lost(before, event)
        for turned in move.ruling.turns:
            self._tell(circuit, before, turned)
            before = turned
        return move.ruling.verdict

    def _together(self, circuit: _Circuit, move: Move) -> Move:
        """Make a move that all share, or the part of it that one may make alone."""
        if self.book is None or circuit.alone:
            return move.alone()
        try:
            return self._written(circuit, move)
        except RevisionsAway as away:
            if isinstance(move.event, Wants) and not self._may_try(circuit):
                self.log.warning("%s is not tried: %s; what was last known serves", circuit.name, away)
                return move.given_up()
            self.log.warning("%s was moved by this process alone: %s", circuit.name, away)
            circuit.unsaid = True
            return move.alone()

    def _may_try(self, circuit: _Circuit) -> bool:
        """Whether this process may make a trial of which no revision tells. What is tried cannot itself give leave."""
        if self.is_alone() or circuit.dependency.kind is Kind.STORE:
            return True
        if self._trials is None:
            return False
        now = self.clock()
        until = now + circuit.settings.permit_lasts
        circuit.has_trial = self._trials.take(circuit.name, holder=self._process, now=now, until=until)
        return circuit.has_trial

    def _end_trial(self, circuit: _Circuit, event: Event) -> None:
        """Give back a trial reserved in the store, with its result or without one."""
        if not circuit.has_trial or self._trials is None or not isinstance(event, Came | Left):
            return
        circuit.has_trial = False
        memory = circuit.view.memory
        not_before = memory.until if memory.state is State.OPEN else None
        self._trials.give_back(circuit.name, holder=self._process, not_before=not_before)

    def is_alone(self) -> bool:
        """Whether the last reading is so old that this process judges alone."""
        return time.monotonic() - self._heard > TRUST.total_seconds()

    def _written(self, circuit: _Circuit, move: Move) -> Move:
        """Create, read, and see who won. Prefect's API has its own circuit: known to be away, it is not waited for."""
        assert self.book is not None  # noqa: S101 - asked before
        revisions: list[Revision] = []
        try:
            with self.guard(PREFECT, failures=(RevisionsAway,)):
                while move.revision is not None:
                    self.book.create(circuit.name, move.revision)
                    revisions = self.book.read(circuit.name)
                    move = move.read(revisions, self.clock(), secrets.token_hex(6))
        except Refused as refused:
            raise RevisionsAway("Prefect's API was away a moment ago") from refused
        self._heard = time.monotonic()
        if old := outdated([revision.number for revision in revisions]):
            with contextlib.suppress(RevisionsAway):
                self.book.remove(circuit.name, old)
        return move

    def _tell(self, circuit: _Circuit, before: Memory, after: Memory) -> None:
        level = logging.INFO if after.state in LETS_THROUGH else logging.WARNING
        until = f" until {after.until:%H:%M:%S}" if after.until else ""
        told = f"{after.state}, was {before.state}{until} ({after.why or after.cause})"
        self.log.log(level, "circuit %s: %s", circuit.name, told)
        self._on_turn(
            Turned(dependency=circuit.dependency, before=before.state, after=after, alone=circuit.unsaid)
        )


def _lost(memory: Memory, event: Event) -> No | Noted:
    if isinstance(event, Wants):
        return No(state=memory.state, cause=memory.cause, why="others are moving it", until=memory.until)
    return Noted.FENCED


def _since(began: float) -> timedelta:
    return timedelta(seconds=time.monotonic() - began)


def named(error: Exception) -> str:
    """Name an error without its text, which may contain a session."""
    return f"{type(error).__module__}.{type(error).__qualname__}"
