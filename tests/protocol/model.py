"""The protocol of claim, arm, ask, record and look, as a machine that can be walked through exhaustively.

Two workers, one delivery of two parts, one store, one network. Every step of every party may come at any time, any
worker may die or fall asleep at any point, any message may get lost, leases run out whenever they like, and the
network brings posts to life and shows them as late as it pleases, within the one bound that the proof of absence
rests on: once a browser is dead, a settle window is longer than creation and showing take together.

What a delivery becomes is decided by the product's own ``Delivery.settle`` and ``Delivery.weigh``; the conditions
under which the store calls them are written out here, and held to the store by ``test_life_of_a_delivery.py``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from steadypost.domain.delivery import CLAIMABLE, FOR_A_PERSON, Delivery, State
from steadypost.domain.outcome import Answer, Cause, NotSubmitted, Outcome, Phase, Published, Unconfirmed
from steadypost.domain.parts import DeliveryPart, PartState

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PARTS = 2
Post = tuple[int, int]
"""A request or a post: the fence of its attempt, and its part."""


class At(StrEnum):
    """Where a worker is."""

    IDLE = "idle"
    CLAIMED = "claimed"
    MAY_CLICK = "may click"
    WAITING = "waiting for the network"
    HAS_ANSWER = "has an answer"


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker with its browser."""

    at: At = At.IDLE
    fence: int = 0
    first: int = 0
    outcomes: tuple[Outcome, ...] = ()
    """What it has learnt so far, from its first part on."""

    @property
    def may_still_send(self) -> bool:
        """Whether its browser could bring another request on its way."""
        return self.at in {At.MAY_CLICK, At.WAITING}


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the store knows of one attempt."""

    first: int = 0
    armed: bool = False
    answer: Answer | None = None
    rescued: bool = False
    gone: bool = False
    missed: tuple[int, ...] = (0,) * PARTS
    """How many looks count towards each part's proof of absence: none, one, or two a settle window apart."""


@dataclass(frozen=True, slots=True)
class Looking:
    """A look that has read the timeline and not yet told the store."""

    fence: int
    gone: bool
    seen: frozenset[Post]
    second: frozenset[int]
    """The parts for which it came a settle window after a first look that missed them."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything, at one moment."""

    delivery: Delivery
    fence: int = 0
    leased: bool = False
    attempts: tuple[Attempt, ...] = ()
    workers: tuple[Worker, ...] = (Worker(), Worker())
    outbox: frozenset[tuple[int, Answer]] = frozenset()
    flying: frozenset[Post] = frozenset()
    """Requests that were sent and have not come to life, nor been lost."""
    live: frozenset[Post] = frozenset()
    shown: frozenset[Post] = frozenset()
    looking: Looking | None = None
    twins: int = 0
    """How many attempts were carried out once more so far."""
    sent_twice: Post | None = None
    """A request that was sent twice, should that ever happen."""


@dataclass(frozen=True)
class Rules:
    """The protections, each of which a test takes away to see that its absence is found."""

    arm_first: bool = True
    """Nothing is clicked before "about to ask" was committed."""
    check_lease: bool = True
    """Arming looks at the fence, the lease, and whether the attempt was rescued."""
    browser_gone: bool = True
    """Looks count only once the attempt's browser can act no more."""
    two_looks: bool = True
    """Absence takes two looks a settle window apart."""
    fenced_answers: bool = True
    """An answer of an earlier attempt changes nothing."""
    own_word: bool = True
    """Of two that carry out one attempt, the one who did not arm it says nothing of it."""

    attempts: int = 2
    """How many attempts a walk follows. Not a protection."""
    twins: int = 0
    """How often within a walk an attempt is carried out once more, beside itself. Not a protection."""


PROTECTIONS = ("arm_first", "check_lease", "browser_gone", "two_looks", "fenced_answers", "own_word")


def start() -> World:
    """Begin with a delivery that is due, nobody at it, nothing live."""
    parts = tuple(DeliveryPart(n=n) for n in range(PARTS))
    return World(
        delivery=Delivery(
            id=1, post_id=1, account="alice", state=State.SCHEDULED, due_at=NOW, next_at=NOW, parts=parts
        )
    )


Step = tuple[str, World]


def steps(world: World, rules: Rules) -> Iterator[Step]:
    """Give everything that can happen next, each with its name."""
    for number, worker in enumerate(world.workers):
        for name, after in _worker_steps(world, number, worker, rules):
            # Who of the two is who makes no difference: one order stands for both.
            yield f"worker at {worker.fence}: {name}", _in_order(after)
    yield from _store_steps(world, rules)
    yield from _network_steps(world)
    yield from _look_steps(world, rules)


# --- workers


def _worker_steps(world: World, number: int, worker: Worker, rules: Rules) -> Iterator[Step]:
    def with_worker(base: World = world, **changes: object) -> World:
        workers = list(base.workers)
        workers[number] = replace(worker, **changes)
        return replace(base, workers=tuple(workers))

    if worker.at is not At.IDLE:
        # Its browser dies with it, and another starts in its place. A word that gets lost on its way to a worker
        # (of a claim, of a kept answer) is the same as its death a moment later.
        yield "dies", with_worker(**_AFRESH)
    match worker.at:
        case At.IDLE:
            claimed = _claim(world, rules)
            if claimed is not None:
                first = claimed.attempts[-1].first
                yield (
                    "claims",
                    with_worker(claimed, at=At.CLAIMED, fence=claimed.fence, first=first, outcomes=()),
                )
            if world.delivery.state is State.SENDING and world.twins < rules.twins:
                # Prefect runs a thing twice now and then: both carry out the same attempt.
                again = world.attempts[-1].first
                yield (
                    "carries out the attempt once more",
                    with_worker(
                        replace(world, twins=world.twins + 1),
                        at=At.CLAIMED,
                        fence=world.fence,
                        first=again,
                        outcomes=(),
                    ),
                )
        case At.CLAIMED:
            none = _all(worker, NotSubmitted(cause=Cause.OVERLAY, why="", phase=Phase.OPENED))
            yield "ends before the click", with_worker(at=At.HAS_ANSWER, outcomes=none)
            if not rules.arm_first:
                yield "is ready", with_worker(at=At.MAY_CLICK)
                return
            armed = _arm(world, worker, rules)
            if armed is None:
                lost = _all(worker, NotSubmitted(cause=Cause.LEASE_LOST, why="", phase=Phase.COMPOSED))
                yield "may not ask", with_worker(at=At.HAS_ANSWER, outcomes=lost)
            else:
                yield "arms", with_worker(armed, at=At.MAY_CLICK)
                away = _all(worker, NotSubmitted(cause=Cause.STORE_AWAY, why="", phase=Phase.COMPOSED))
                yield "arms, and the word is lost", with_worker(armed, at=At.HAS_ANSWER, outcomes=away)
        case At.MAY_CLICK:
            sent = _sent(world, (worker.fence, worker.first))
            yield "clicks", with_worker(sent, at=At.WAITING)
            yield "clicks in vain", with_worker(at=At.HAS_ANSWER, outcomes=_unconfirmed(worker))
        case At.WAITING:
            yield from _hearing(world, worker, with_worker)
        case At.HAS_ANSWER:
            entry = (worker.fence, _answer(worker))
            kept = replace(world, outbox=world.outbox | {entry})
            yield "keeps its answer in the outbox", with_worker(kept, **_AFRESH)


_AFRESH: dict[str, object] = {"at": At.IDLE, "fence": 0, "first": 0, "outcomes": ()}


def _in_order(world: World) -> World:
    one, other = world.workers
    if (other.fence, other.at) < (one.fence, one.at):
        return replace(world, workers=(other, one))
    return world


def _hearing(world: World, worker: Worker, with_worker: Callable[..., World]) -> Iterator[Step]:
    """Its request came to life and is answered, or the answer does not come."""
    n = worker.first + len(worker.outcomes)
    post = (worker.fence, n)
    yield "gives up waiting", with_worker(at=At.HAS_ANSWER, outcomes=_unconfirmed(worker))
    if post not in world.live:
        return
    heard = (*worker.outcomes, Published(remote_id=f"{post[0]}:{n}"))  # type: ignore[arg-type]
    if n + 1 == PARTS:
        yield "hears the last id", with_worker(at=At.HAS_ANSWER, outcomes=heard)
        return
    onward = _sent(world, (worker.fence, n + 1))
    yield "hears an id and sends the next part", with_worker(onward, outcomes=heard)
    stopped = (
        *heard,
        *[NotSubmitted(cause=Cause.EARLIER_PART, why="", phase=Phase.CLICKED)] * (PARTS - n - 1),
    )
    yield "hears an id and sends no more", with_worker(at=At.HAS_ANSWER, outcomes=stopped)


def _sent(world: World, post: Post) -> World:
    twice = post if post in world.flying | world.live else world.sent_twice
    return replace(world, flying=world.flying | {post}, sent_twice=twice)


def _all(worker: Worker, outcome: Outcome) -> tuple[Outcome, ...]:
    return (outcome,) * (PARTS - worker.first)


def _unconfirmed(worker: Worker) -> tuple[Outcome, ...]:
    unheard = Unconfirmed(cause=Cause.NO_ANSWER, why="", phase=Phase.CLICKED)
    return (*worker.outcomes, *[unheard] * (PARTS - worker.first - len(worker.outcomes)))


def _answer(worker: Worker) -> Answer:
    return Answer(outcomes=worker.outcomes, first=worker.first)


# --- the store


def _claim(world: World, rules: Rules) -> World | None:
    if world.delivery.state not in CLAIMABLE or world.fence == rules.attempts:
        return None
    return replace(
        world,
        delivery=_quiet(world.delivery.move(State.SENDING)),
        fence=world.fence + 1,
        leased=True,
        attempts=(*world.attempts, Attempt(first=world.delivery.first_missing)),
    )


def _arm(world: World, worker: Worker, rules: Rules) -> World | None:
    attempt = world.attempts[worker.fence - 1]
    holds = world.delivery.state is State.SENDING and worker.fence == world.fence and world.leased
    if attempt.armed or attempt.answer or (rules.check_lease and (attempt.rescued or not holds)):
        return None
    parts = tuple(
        part if part.state is PartState.LIVE else DeliveryPart(n=part.n, state=PartState.ASKED)
        for part in world.delivery.parts
    )
    return _with_attempt(
        replace(world, delivery=replace(world.delivery, parts=parts)),
        worker.fence,
        replace(attempt, armed=True),
    )


def record(world: World, fence: int, answer: Answer, rules: Rules) -> World:
    """Take an answer down, as ``store.settling.answered`` does."""
    attempt = world.attempts[fence - 1]
    if attempt.answer == answer:
        return world
    if rules.own_word and attempt.armed and _never_armed(answer):
        return world
    noted = _with_attempt(world, fence, replace(attempt, answer=answer, gone=True))
    if rules.fenced_answers and fence != world.fence:
        return noted
    after = _after(world.delivery, attempt, answer)
    return noted if after is None else replace(noted, delivery=_quiet(after), leased=False)


def _never_armed(answer: Answer) -> bool:
    return all(isinstance(one, NotSubmitted) and not one.phase.is_armed for one in answer.outcomes)


def _after(delivery: Delivery, attempt: Attempt, answer: Answer) -> Delivery | None:
    brings_id = any(isinstance(outcome, Published) for outcome in answer.outcomes)
    unconfirmed = any(isinstance(outcome, Unconfirmed) for outcome in answer.outcomes)
    match delivery.state:
        case State.SENDING:
            return delivery.settle(answer, NOW, 0.5)
        case State.UNCONFIRMED:
            listens = brings_id or attempt.answer is None
        case State.NEEDS_REVIEW:
            listens = brings_id
        case State.SCHEDULED | State.PARTIAL:
            listens = brings_id or unconfirmed
        case _:
            return None
    if not listens:
        return None
    settled = replace(delivery, state=State.SENDING).settle(answer, NOW, 0.5)
    if delivery.state is State.NEEDS_REVIEW and settled.state is not State.PUBLISHED:
        return replace(delivery, parts=settled.parts)
    return settled


def _store_steps(world: World, rules: Rules) -> Iterator[Step]:
    if world.leased:
        yield "the lease runs out", replace(world, leased=False)
    elif world.delivery.state is State.SENDING:
        yield "the delivery is rescued", _rescue(world)
    for fence, answer in world.outbox:
        told = record(world, fence, answer, rules)
        yield "an outbox entry is handed over", replace(told, outbox=told.outbox - {(fence, answer)})
        if told != world:
            yield "an outbox entry is handed over, and the word is lost", told


def _rescue(world: World) -> World:
    attempt = world.attempts[world.fence - 1]
    lost: Outcome = NotSubmitted(cause=Cause.WORKER_LOST, why="", phase=Phase.CLAIMED)
    if attempt.armed:
        lost = Unconfirmed(cause=Cause.WORKER_LOST, why="", phase=Phase.ARMED)
    answer = Answer.same_for_all(lost, PARTS, world.delivery.first_missing)
    after = world.delivery.settle(answer, NOW, 0.0)
    return _with_attempt(replace(world, delivery=_quiet(after)), world.fence, replace(attempt, rescued=True))


def _with_attempt(world: World, fence: int, attempt: Attempt) -> World:
    attempts = list(world.attempts)
    attempts[fence - 1] = attempt
    return replace(world, attempts=tuple(attempts))


def _quiet(delivery: Delivery) -> Delivery:
    """Forget what only counts and dates: it leads nowhere new within a walk."""
    return replace(delivery, next_at=NOW, looks=0, deferred=0, broken=0, cause=None, why="")


# --- the network


def _network_steps(world: World) -> Iterator[Step]:
    for post in sorted(world.flying):
        gone = world.flying - {post}
        yield f"{post} comes to life", replace(world, flying=gone, live=world.live | {post})
        yield f"{post} is lost on its way", replace(world, flying=gone)
    for post in sorted(world.live - world.shown):
        yield f"{post} is shown", replace(world, shown=world.shown | {post})


# --- looks


def _look_steps(world: World, rules: Rules) -> Iterator[Step]:
    if world.looking is not None:
        yield "the look is told", _told(world, world.looking, rules)
        yield "the looker dies", replace(world, looking=None)
        return
    if world.delivery.state is not State.UNCONFIRMED:
        return
    attempt = world.attempts[world.fence - 1]
    yield from _seeing_it_gone(world, attempt)
    second = frozenset(n for n, missed in enumerate(attempt.missed) if missed and _has_settled(world))
    yield (
        "a look reads the list",
        replace(world, looking=Looking(world.fence, attempt.gone, world.shown, second)),
    )


def _seeing_it_gone(world: World, attempt: Attempt) -> Iterator[Step]:
    if attempt.gone or not attempt.rescued:
        return
    holders = [w for w in world.workers if w.fence == world.fence and w.may_still_send]
    if not holders:
        yield "the browser is seen dead", _with_attempt(world, world.fence, replace(attempt, gone=True))
        return
    # Nobody can be waiting for it any more: it is killed, and its worker, should it wake, is unconfirmed.
    workers = tuple(
        replace(w, at=At.HAS_ANSWER, outcomes=_unconfirmed(w)) if w in holders else w for w in world.workers
    )
    killed = replace(world, workers=workers)
    yield "the browser is killed", _with_attempt(killed, world.fence, replace(attempt, gone=True))


def _has_settled(world: World) -> bool:
    """Whether a settle window can have passed: everything sent by now is decided, and shown if it lives.

    A browser that may still click is not bound by it: its request would be a new one.
    """
    return not any(fence <= world.fence for fence, _ in world.flying) and world.live == world.shown


def _told(world: World, look: Looking, rules: Rules) -> World:
    delivery = world.delivery
    done = replace(world, looking=None)
    if delivery.state is not State.UNCONFIRMED:
        return done
    found = {
        n: f"{fence}:{n}" for fence, n in sorted(look.seen) if delivery.parts[n].state is PartState.ASKED
    }
    attempt = world.attempts[world.fence - 1]
    # A look counts for the attempt it was taken after: its instant says so.
    counts = look.fence == world.fence and (look.gone or not rules.browser_gone)
    missed = list(attempt.missed)
    for part in delivery.parts:
        if counts and part.state is PartState.ASKED and part.n not in found:
            missed[part.n] = 2 if part.n in look.second or not rules.two_looks else max(1, missed[part.n])
    absent = [n for n in range(PARTS) if missed[n] == 2 and delivery.parts[n].state is PartState.ASKED]
    after = delivery.weigh(found, absent, now=NOW, next_at=NOW, unconfirmed_since=NOW)  # type: ignore[arg-type]
    noted = _with_attempt(done, world.fence, replace(attempt, missed=tuple(missed)))
    return replace(noted, delivery=_quiet(after))


# --- walking


class Broken(AssertionError):
    """A reachable state breaks an invariant; the message is the way there."""


@dataclass
class Walk:
    """What an exhaustive walk found."""

    states: int
    steps: int
    stuck: list[World]
    """States from which no way leads to an end."""


def check(world: World) -> str | None:
    """Name the invariant that a state breaks, if one."""
    if world.sent_twice is not None:
        return f"I1: {world.sent_twice} was sent twice"
    for n in range(PARTS):
        copies = [post for post in world.live if post[1] == n]
        if len(copies) > 1:
            return f"I1: part {n} is live twice, as {copies}"
        asked = [post for post in world.live | world.flying if post[1] == n]
        if len(asked) > 1:
            return f"I3: part {n} was asked again before its absence was proven: {asked}"
    for part in world.delivery.parts:
        if part.remote_id is not None and part.remote_id not in {
            f"{f}:{n}" for f, n in world.live if n == part.n
        }:
            return f"I2: part {part.n} is kept as {part.remote_id} and is not live"
    if world.delivery.state is State.PUBLISHED and any(
        p.state is not PartState.LIVE for p in world.delivery.parts
    ):
        return "I2: published without all its parts"
    if world.delivery.state in {State.REFUSED, State.CANCELLED, State.MISSED} and world.live:
        return f"I2: {world.delivery.state} while live"
    return None


def explore(rules: Rules) -> Walk:
    """Visit every reachable state; raise ``Broken`` with the shortest way to the first that breaks an invariant."""
    first = start()
    came_by: dict[World, tuple[World, str] | None] = {first: None}
    before: dict[World, list[World]] = {first: []}
    line = deque([first])
    taken = 0
    while line:
        world = line.popleft()
        wrong = check(world)
        if wrong:
            raise Broken(f"{wrong}\n  " + "\n  ".join(_way(came_by, world)))
        for name, after in steps(world, rules):
            taken += 1
            if after not in came_by:
                came_by[after] = (world, name)
                before[after] = []
                line.append(after)
            before[after].append(world)
    return Walk(states=len(came_by), steps=taken, stuck=_stuck(before, rules))


def is_an_end(world: World, rules: Rules) -> bool:
    """Whether a walk may end here: published, or to be claimed by an attempt beyond those that it follows."""
    used_up = world.fence == rules.attempts and world.delivery.state in CLAIMABLE
    return world.delivery.state is State.PUBLISHED or used_up or world.delivery.state in FOR_A_PERSON


def _stuck(before: dict[World, list[World]], rules: Rules) -> list[World]:
    """Go back from every end; what is not met on the way is stuck."""
    line = [world for world in before if is_an_end(world, rules)]
    met = set(line)
    while line:
        for earlier in before[line.pop()]:
            if earlier not in met:
                met.add(earlier)
                line.append(earlier)
    return [world for world in before if world not in met]


def _way(came_by: dict[World, tuple[World, str] | None], world: World) -> list[str]:
    told = []
    while (before := came_by[world]) is not None:
        world, name = before
        told.append(name)
    return [*reversed(told)]


if __name__ == "__main__":
    found = explore(Rules(attempts=2, twins=1))
    print(f"protocol: {found.states} states, {found.steps} steps, {len(found.stuck)} stuck; I1 to I3 hold")  # noqa: T201 - a program speaks
    raise SystemExit(bool(found.stuck))
