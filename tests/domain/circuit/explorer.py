"""Three processes share one circuit, and every order of their steps is walked.

Each may at any time fall asleep, die, or have its next call come back well, badly or cancelled; time goes on
whenever it likes; a creation's answer is never believed. What is walked is the product's own ``Move``, step by
step, over a server that can do only what Prefect's can: create a name once, read all, remove.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count, pairwise
from typing import Any

from steadypost.domain.circuit import (
    Came,
    Event,
    Go,
    InARow,
    Left,
    Memory,
    Move,
    Revision,
    Settings,
    State,
    Ticket,
    View,
    Wants,
    newest,
    outdated,
)

ZERO = datetime(2026, 3, 2, 12, tzinfo=UTC)
TICK = timedelta(seconds=1)


def settings(permitted: int) -> Settings:
    """Opens at the first failure, for one tick; a permit lasts one, a half-open state two."""
    return Settings(
        window=InARow(1),
        first_open=TICK,
        longest_open=TICK,
        growth=1,
        jitter=0,
        permitted=permitted,
        success_ratio=1.0,
        permit_lasts=TICK,
        longest_half_open=2 * TICK,
    )


class At(StrEnum):
    """Where a process is."""

    IDLE = "idle"
    WRITING = "about to create a page"
    READING = "about to read what stands"
    CALLING = "calling"
    DEAD = "dead"


NOTHING_KNOWN = View()


@dataclass(frozen=True, slots=True)
class Process:
    """One process."""

    at: At = At.IDLE
    view: View = NOTHING_KNOWN
    move: Move | None = None
    ticket: Ticket | None = None
    calls: int = 0


@dataclass(frozen=True, slots=True)
class World:
    """Everything at one instant."""

    now: int = 0
    revisions: tuple[Revision, ...] = ()
    processes: tuple[Process, ...] = ()
    chain: tuple[str, ...] = ()
    """The marks of the pages that really followed one upon the other: the truth no process can see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How far to walk, and which protections there are."""

    permitted: int = 1
    until: int = 4
    """Ticks of the clock."""
    calls: int = 2
    """Calls that each process makes at the most."""
    believes_answers: bool = False
    """Instead of reading: a creation that went well is taken for a move that counts."""
    overwrites: bool = False
    """Instead of creating: a page is saved over whatever stands there, as a plain save of a block is."""
    kept: int = 0
    """Below the newest, this many pages are kept. The product keeps some; none is the harder case."""
    revisions: tuple[Revision, ...] = ()
    """What stands there in the beginning."""
    processes: int = 3
    deaths: bool = True


class Broken(AssertionError):
    """An invariant does not hold; the message is the way there."""


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk saw."""

    states: int
    steps: int
    seen: frozenset[str]


def moment(world: World) -> datetime:
    return ZERO + world.now * TICK


def explore(rules: Rules) -> Walk:
    """Walk through every state that can be reached, and check each."""
    law = settings(rules.permitted)
    same = Same()
    chain = tuple(revision.mark for revision in rules.revisions)
    everybody = (Process(view=View().turned_to(newest(rules.revisions))),) * rules.processes
    begin = same(World(processes=everybody, revisions=rules.revisions, chain=chain), rules)
    parents: dict[World, tuple[World, str] | None] = {begin: None}
    line = deque([begin])
    steps = 0
    kinds: set[str] = set()
    while line:
        world = line.popleft()
        wrong = check(law, rules, world)
        if wrong:
            raise Broken(f"{wrong}\n" + "\n".join(way(parents, world)))
        for name, moved in moves(law, rules, world):
            steps += 1
            kinds.add(name.partition(" ")[2])
            after = same(moved, rules)
            if after not in parents:
                parents[after] = (world, name)
                line.append(after)
    return Walk(len(parents), steps, frozenset(kinds))


class Same:
    """Forgets what can make no difference any more, and gives equal things one identity: both keep the walk short."""

    def __init__(self) -> None:
        self._known: dict[object, object] = {}
        self._places: dict[Process, int] = {}

    def __call__(self, world: World, rules: Rules) -> World:
        processes = tuple(self._done(process, rules) for process in world.processes)
        waited_for = frozenset(process.move.revision.mark for process in processes if process.move)
        revisions = self._one(tuple(self._trim(revision, waited_for) for revision in world.revisions))
        processes = tuple(self._one(self._forget(process, waited_for)) for process in processes)
        # Processes are alike: who of them is where makes no difference.
        processes = tuple(sorted(processes, key=self._place))
        told = {revision.mark for revision in revisions} | {
            process.view.revision.mark for process in processes
        }
        return World(
            now=world.now,
            revisions=revisions,
            processes=processes,
            chain=tuple(mark for mark in world.chain if mark in told | waited_for),
        )

    def _place(self, process: Process) -> int:
        return self._places.setdefault(process, len(self._places))

    def _done(self, process: Process, rules: Rules) -> Process:
        """Who will never want anything again is as good as gone."""
        if process.at is At.IDLE and process.calls >= rules.calls:
            return Process(at=At.DEAD)
        return process

    def _forget(self, process: Process, waited_for: frozenset[str]) -> Process:
        view = self._view(process.view, waited_for)
        move = process.move
        if move is not None:
            revision = self._trim(move.revision, waited_for)
            move = self._one(
                replace(move, view=self._view(move.view, waited_for), revision=revision, turns=1)
            )
        return replace(process, view=view, move=move)

    def _view(self, view: View, waited_for: frozenset[str]) -> View:
        return self._one(View(self._trim(view.revision, waited_for), view.memory))

    def _trim(self, revision: Revision, waited_for: frozenset[str]) -> Revision:
        trail = tuple(mark for mark in revision.trail if mark in waited_for)
        return self._one(revision if len(trail) == len(revision.trail) else replace(revision, trail=trail))

    def _one(self, thing: Any) -> Any:
        return self._known.setdefault(thing, thing)


def way(parents: dict[World, tuple[World, str] | None], world: World) -> list[str]:
    told: list[str] = []
    at: World | None = world
    while at is not None and (before := parents[at]) is not None:
        told.append(f"{before[0].now}: {before[1]}")
        at = before[0]
    return told[::-1]


# --- what may happen


def moves(law: Settings, rules: Rules, world: World) -> Iterator[tuple[str, World]]:
    if world.now < rules.until:
        yield "the clock goes on", replace(world, now=world.now + 1)
    for n, process in enumerate(world.processes):
        if process.at is At.DEAD:
            continue
        for name, after in process_moves(law, rules, world, n, process):
            yield f"{n} {name}", after
        if rules.deaths and process.at is not At.IDLE:
            yield f"{n} dies", put(world, n, Process(at=At.DEAD))


def process_moves(
    law: Settings, rules: Rules, world: World, n: int, process: Process
) -> Iterator[tuple[str, World]]:
    match process.at:
        case At.IDLE if process.calls < rules.calls:
            last = newest(world.revisions)
            if last.mark != process.view.revision.mark:
                yield "refreshes", put(world, n, replace(process, view=process.view.turned_to(last)))
            after = wants(law, world, n, process)
            if after is not None:
                yield "wants to call", after
        case At.WRITING:
            yield "creates", created(rules, world, n, process)
        case At.READING:
            yield "reads", read(law, rules, world, n, process)
        case At.CALLING:
            assert process.ticket is not None
            for name, event in (
                ("comes back well", Came(ticket=process.ticket, well=True)),
                ("comes back badly", Came(ticket=process.ticket, well=False, cause="down")),
                ("is cancelled", Left(ticket=process.ticket)),
            ):
                yield name, begin(law, world, n, replace(process, ticket=None), event)


def wants(law: Settings, world: World, n: int, process: Process) -> World | None:
    """Ask; a refusal changes nothing and is no step."""
    move = begun(law, world, n, process, Wants(holder="one of them"))
    if not isinstance(move.ruling.verdict, Go):
        return None
    process = replace(process, calls=process.calls + 1)
    if move.revision is None or move.ruling.verdict.ticket.permit is None:
        return put(world, n, replace(process, at=At.CALLING, ticket=move.ruling.verdict.ticket))
    return put(world, n, replace(process, at=At.WRITING, move=move))


def begun(law: Settings, world: World, n: int, process: Process, event: Event) -> Move:
    return Move.begin(law, process.view, event, moment(world), mark(world))


def mark(world: World) -> str:
    """A mark that is on no page and in nobody's memory. Whose it is it does not tell: processes are alike."""
    used = {revision.mark for revision in world.revisions} | set(world.chain)
    for process in world.processes:
        used.add(process.view.revision.mark)
        if process.move is not None:
            used |= {process.move.revision.mark, process.move.view.revision.mark}
    return next(one for k in count() if (one := f"m{k}") not in used)


def begin(law: Settings, world: World, n: int, process: Process, event: Event) -> World:
    move = begun(law, world, n, process, event)
    if move.revision is None:
        return put(world, n, replace(process, at=At.IDLE, view=move.view))
    return put(world, n, replace(process, at=At.WRITING, move=move))


def created(rules: Rules, world: World, n: int, process: Process) -> World:
    assert process.move is not None
    revision = process.move.revision
    assert revision is not None
    taken = [one for one in world.revisions if one.number == revision.number]
    if rules.overwrites:
        world = replace(
            world, revisions=tuple(one for one in world.revisions if one.number != revision.number)
        )
        taken = []
    if not taken:
        if revision.number > newest(world.revisions).number:
            world = replace(world, chain=(*world.chain, revision.mark))
        world = replace(
            world, revisions=tuple(sorted((*world.revisions, revision), key=lambda one: one.number))
        )
    if rules.believes_answers and not taken:
        return settle(
            world, n, process, replace(process.move, view=process.move.settled(revision), revision=None)
        )
    return put(world, n, replace(process, at=At.READING))


def read(law: Settings, rules: Rules, world: World, n: int, process: Process) -> World:
    assert process.move is not None
    wrote = process.move.revision
    assert wrote is not None
    move = process.move.read(world.revisions, moment(world), mark(world))
    if move.revision is not None:
        return put(world, n, replace(process, at=At.WRITING, move=move))
    return settle(remove_old(rules, world), n, process, move)


def remove_old(rules: Rules, world: World) -> World:
    numbers = [revision.number for revision in world.revisions]
    gone = outdated(numbers, rules.kept)
    return replace(
        world, revisions=tuple(revision for revision in world.revisions if revision.number not in gone)
    )


def settle(world: World, n: int, process: Process, move: Move) -> World:
    after = replace(process, at=At.IDLE, move=None, view=move.view)
    verdict = move.ruling.verdict
    if isinstance(verdict, Go) and not move.lost:
        after = replace(after, at=At.CALLING, ticket=verdict.ticket)
    return put(world, n, after)


def put(world: World, n: int, process: Process) -> World:
    processes = (*world.processes[:n], process, *world.processes[n + 1 :])
    return replace(world, processes=processes)


# --- what must hold


def check(law: Settings, rules: Rules, world: World) -> str | None:
    return (
        too_many_calls(law, world) or a_lost_move(world) or two_beginnings(world) or stuck(law, rules, world)
    )


def too_many_calls(law: Settings, world: World) -> str | None:
    """Of all who believe they hold a permit that has not run out, no more than are permitted."""
    holding = [
        (process.ticket.generation, process.ticket.permit)
        for process in world.processes
        if process.at is At.CALLING and process.ticket is not None and process.ticket.permit is not None
        and any(
            permit.number == process.ticket.permit and permit.until > moment(world)
            for permit in process.view.memory.permits
        )
    ]  # fmt: skip
    if len(set(holding)) < len(holding):
        return "one permit is held twice"
    generations = {generation for generation, _ in holding}
    for generation in generations:
        if sum(one == generation for one, _ in holding) > law.permitted:
            return f"more than {law.permitted} permitted calls at once"
    return None


def a_lost_move(world: World) -> str | None:
    """Whatever a process takes for the state of things was really written, in the one order there is."""
    for n, process in enumerate(world.processes):
        if process.at is At.DEAD or process.view.revision.mark == "":
            continue
        if process.view.revision.mark not in world.chain:
            return f"process {n} believes in a page that counts for nobody"
    marks = [revision.mark for revision in world.revisions]
    if world.chain and world.chain[-1] not in marks:
        return "the newest page is gone"
    return None


def two_beginnings(world: World) -> str | None:
    """Each generation begins on one page only."""
    counted = [revision for revision in world.revisions if revision.mark in world.chain]
    for before, after in pairwise(counted):
        if after.memory.generation - before.memory.generation not in {0, 1}:
            return "a change of state was made twice, or over a state nobody saw"
        if after.memory.generation == before.memory.generation and after.memory.state != before.memory.state:
            return "a state changed without a new generation"
    return None


def stuck(law: Settings, rules: Rules, world: World) -> str | None:
    """Whatever happened: if everybody falls silent, a newcomer brings it back to closed within a few ticks."""
    key = newest(world.revisions)
    if (key, world.now) in _WELL:
        return None
    revisions = list(world.revisions)
    view = View().turned_to(newest(revisions))
    for wait in range(8):
        at = ZERO + (world.now + wait) * TICK
        if view.memory.state is State.CLOSED:
            _WELL.add((key, world.now))
            return None
        wanted = undisturbed(law, revisions, view, Wants(holder="a newcomer"), at)
        view = wanted.view
        if isinstance(wanted.ruling.verdict, Go):
            event = Came(ticket=wanted.ruling.verdict.ticket, well=True)
            view = undisturbed(law, revisions, view, event, at).view
    return "nobody can bring it back"


def undisturbed(law: Settings, revisions: list[Revision], view: View, event: Event, at: datetime) -> Move:
    """Make a move while nobody else does anything."""
    move = Move.begin(law, view, event, at, f"new {len(revisions)} {at}")
    if move.revision is None:
        return move
    revisions.append(move.revision)
    return move.read(revisions, at, "never")


_WELL: set[tuple[Revision, int]] = set()


DUE = (
    Revision(
        number=1,
        mark="p",
        memory=Memory(state=State.OPEN, generation=1, since=ZERO, until=ZERO, openings=1, cause="down"),
    ),
)
"""Open, and due to be tried: everybody comes at once."""


if __name__ == "__main__":
    for _rules in (Rules(until=3, calls=1), Rules(until=1, calls=1, revisions=DUE)):
        print(explore(_rules), flush=True)  # noqa: T201 - a program speaks
