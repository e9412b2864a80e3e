"""Plays one cell: a sandbox, a store, workers to end and workers to take over, and the judgement."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import shutil
import signal
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from rehearsal.audit import MOST, Broken
from rehearsal.crash import worker
from rehearsal.crash.cells import Cell, Wake
from rehearsal.crash.plan import END, ON, REACHED, READY, Person, Plan
from rehearsal.invariants import AT_REST, judge
from rehearsal.texts import other_link
from rehearsal.waiting import NotInTime, until
from sandbox.client import SandboxProcess
from steadypost.browser import reap_orphans
from steadypost.browser.processes import Registry
from steadypost.domain.delivery import State
from steadypost.domain.post import Part, Post
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.x.snowflake import remote_id
from steadypost.store import AccountRecord, Store, intake, reading
from steadypost.store import accounts as account_rows

PEOPLE = ("alice", "bob", "carol")

WITHIN = 300.0
"""Seconds for anything that is waited for. A cell takes ten; a machine that is shared takes longer."""

PROMPT = timedelta(seconds=180)
"""How late a post beside the trouble may be: it waits for a worker to be started, on a busy machine."""

SETTLE_MINUTES = 0.1
"""The settle window of the cells: the shortest that an account's block takes."""

UNGUARDED = {"fault": "no_duplicate_guard"}
"""X refuses a text that is live already. Here it does not: what keeps a second copy away is to be ours."""


GIVEN_UP = threading.Event()
"""Set when a person wants the rehearsal to end: then nothing is waited for any more."""


wait_until = partial(until, within=WITHIN, given_up=GIVEN_UP.is_set)


_FORKSERVER = multiprocessing.get_context("forkserver")
_FORKSERVER.set_forkserver_preload(["rehearsal.crash.worker"])
"""Workers are forked from a process that has imported everything: importing takes 2 s, 20 on a busy machine."""

_ONE_AT_A_TIME = threading.RLock()
"""Starting a process looks at all others, and two threads must not read the same end of one."""


class Hand:
    """One worker process."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        with _ONE_AT_A_TIME:
            self._process = _FORKSERVER.Process(
                target=worker.begin, args=(str(plan.write()),), name=plan.name
            )
            self._process.start()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid or -1

    def is_over(self) -> bool:
        """Whether it has ended."""
        with _ONE_AT_A_TIME:
            return self._process.exitcode is not None

    def is_stopped(self) -> bool:
        """Whether it is stopped."""
        with contextlib.suppress(psutil.Error):
            return bool(psutil.Process(self.pid).status() == psutil.STATUS_STOPPED)
        return False

    def reached(self) -> bool:
        """Whether it came to its mark."""
        return (self.plan.folder / REACHED).exists()

    def ready(self) -> bool:
        """Whether it is at work; raises when it ended instead."""
        if self.is_over():
            raise NotInTime(
                f"the worker {self.plan.name} ended with {self._process.exitcode}: {self._tail()}"
            )
        return (self.plan.folder / READY).exists()

    def signal(self, how: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, how)

    def go_on(self) -> None:
        """Let it go on from where it is stopped."""
        (self.plan.folder / ON).touch()
        self.signal(signal.SIGCONT)

    def let_go(self) -> None:
        """Tell it that no more is to come; it ends when what is under way has come home."""
        (self.plan.folder / END).touch()

    def end(self) -> None:
        """Let it come home, and well."""
        self.let_go()
        wait_until(self.is_over, description=f"the worker {self.plan.name} comes home")
        if self._process.exitcode != 0:
            raise NotInTime(
                f"the worker {self.plan.name} ended with {self._process.exitcode}: {self._tail()}"
            )

    def dismiss(self) -> None:
        """See it dead, whatever it does."""
        if not self.is_over():
            self.signal(signal.SIGKILL)
            with _ONE_AT_A_TIME:
                self._process.join()

    def _tail(self) -> str:
        if not (self.plan.folder / "log").exists():
            return "it has said nothing"
        return (self.plan.folder / "log").read_text(errors="replace")[-2000:]


@dataclass
class Result:
    """What became of one cell."""

    name: str
    seed: int
    live: str
    """What the ledger shows of what was wanted."""
    state: str
    """What the store says in the end."""
    seconds: float
    broken: list[Broken] = field(default_factory=list)
    asks: int = 0

    @property
    def held(self) -> bool:
        """Whether every invariant did."""
        return not self.broken

    def __str__(self) -> str:
        """Say it in one line."""
        verdict = "holds" if self.held else "; ".join(map(str, self.broken))
        return f"{self.name:<52} {self.live:<18} {self.asks} asked  {self.state:<12} {self.seconds:5.1f} s  {verdict}"

    def report(self) -> dict[str, Any]:
        """Give it as data."""
        return {
            "cell": self.name,
            "seed": self.seed,
            "ledger": self.live,
            "asks": self.asks,
            "state": self.state,
            "seconds": self.seconds,
            "holds": self.held,
            "broken": [str(one) for one in self.broken],
        }


class Play:
    """The boards one cell is played on: a sandbox of its own, a store of its own, a home for its workers."""

    def __init__(self, home: Path, sandbox: SandboxProcess, url: str, *, seed: int) -> None:
        self.home = home
        self.sandbox = sandbox
        self.url = url
        self.seed = seed
        self.store = Store.open(url)
        self.hands: list[Hand] = []
        self.target: RemoteId | None = None

    def reset(self, *weather: Any) -> None:
        """A network with a past and no present, in this weather."""
        self.sandbox.forget()
        for handle in PEOPLE:
            self.sandbox.seed(handle, 4)
        self.target = remote_id(self.sandbox.hand_post("bob", "Who saw the comet above the harbour?"))
        if weather:
            self.sandbox.weather(*weather)

    def make_lookalikes(self, text: str) -> None:
        """Let a person say by hand, on the same account, what is almost the same: with another link, elsewhere."""
        self.sandbox.hand_post("alice", other_link(text, 1))
        elsewhere = self.sandbox.hand_post("carol", "And who saw the other comet?")
        self.sandbox.hand_post("alice", text, reply_to=elsewhere)

    def plan(
        self, name: str, *, per_hour: int = 50, settle_minutes: float = SETTLE_MINUTES, **more: Any
    ) -> Plan:
        """Write a worker's orders."""
        people = {
            handle: Person(
                handle=handle,
                session=self.sandbox.accounts[handle],
                per_hour=per_hour if handle == "alice" else 50,
                settle_minutes=settle_minutes,
            )
            for handle in PEOPLE
        }
        return Plan(
            name=name,
            url=self.url,
            home=self.home,
            folder=self.home / name,
            x=self.sandbox.url,
            people=people,
            seed=self.seed,
            **more,
        )

    def hire(self, plan: Plan) -> Hand:
        """Start a worker; it does not outlive the play."""
        hand = Hand(plan)
        self.hands.append(hand)
        return hand

    def know_people(self, plan: Plan) -> None:
        """Let the store know the accounts before a worker does, so that posts can be taken in."""
        for name, block in worker.blocks_of(plan).accounts.items():
            record = AccountRecord(
                name=name, channel="x_web", handle=block.handle, limits=block.limits(), settle=block.settle()
            )
            self.store.write(account_rows.put, record, now=datetime.now(UTC))

    def schedule(
        self, account: str, *texts: str, reply_to: RemoteId | None = None, seconds: float = 0
    ) -> int:
        """Take a post in."""
        moment = datetime.now(UTC)
        post = Post(parts=tuple(Part(text=text) for text in texts), reply_to=reply_to)
        (added,) = self.store.write(
            intake.add,
            post,
            accounts=[account],
            due_at=moment + timedelta(seconds=seconds),
            late_after=None,
            now=moment,
        )
        return added.delivery_id

    def state(self, delivery_id: int) -> State:
        """How a delivery stands."""
        return self.store.read(reading.show, delivery_id).delivery.state

    def at_rest(self) -> bool:
        """Whether nothing moves any more, and what is published was seen."""
        return all(
            entry.delivery.state in AT_REST
            and (entry.verified_at is not None or entry.delivery.state is not State.PUBLISHED)
            for entry in self.store.read(reading.queue, limit=MOST)
        )

    def published_as_wanted(self, many: int) -> bool:
        """Whether so many deliveries are published."""
        return self.store.read(reading.counts)[State.PUBLISHED] == many

    def close(self) -> list[str]:
        """End everything, and say what a worker has left behind."""
        for hand in self.hands:
            hand.dismiss()
        run_dir = self.home / "run"
        left = [process_tree for process_tree in Registry(run_dir).all() if process_tree.living()]
        reap_orphans(run_dir)
        self.store.close()
        return [f"a browser of runner {process_tree.runner_id} was left running" for process_tree in left]


TEXTS: Mapping[str, Sequence[tuple[str, ...]]] = {
    "single": (
        ("A heron stood on the ferry's bow the whole way over.",),
        ("New on our blog: https://news.example/harbour/7",),
        ("visit harbour.example, today only.",),
        ("@nasa the fog bell is out of tune again",),
        ("Fresh bread at seven (https://shop.example/bread_(rye)), and not a minute sooner!",),
    ),
    "thread": (
        (
            "Three things the tide left at the pier this morning.",
            "First, a blue glove that nobody has missed yet.",
            "Then a chess knight. And a very angry crab.",
        ),
        ("Where we were: harbour.example/log/1", "Where we are: harbour.example/log/2", "That is all."),
        ("@github, @nasa: a thread", "with the same words", "with the same words and more"),
    ),
    "reply": (
        ("I did, at four in the morning, with cold feet.",),
        ("Thank you!",),
        ("Read https://news.example/comet?from=x, please",),
    ),
}
"""What a cell's delivery says: one of these, by the cell's name. Its like is there already, by hand."""


def texts_of(cell: Cell) -> tuple[str, ...]:
    """Give a cell its texts, the same each time it is played."""
    variants = TEXTS[cell.kind]
    return variants[zlib.crc32(cell.name.encode()) % len(variants)]


LOOKALIKES = 2
"""How many posts like the cell's own a person makes by hand; a look that sees them counts them against the quota."""

NEIGHBOUR = "Meanwhile, the bakery has opened on time."


def play_cell(cell: Cell, play: Play) -> Result:
    """Play one cell to its end and judge it."""
    began = time.monotonic()
    trouble: list[Broken] = []
    weather = [UNGUARDED, *(cell.stage.weather if cell.stage else ()), *cell.weather]
    play.reset(*weather)
    play.make_lookalikes(texts_of(cell)[0])
    try:
        prompt = _crowd(cell, play) if cell.stage is None else _one(cell, play)
    except NotInTime as error:
        prompt = {}
        trouble.append(Broken(number=4, what=str(error)))
    broken = [*trouble, *judge(play.store, play.sandbox, prompt=prompt)]
    result = _result(cell.name, play, began, broken)
    result.broken += [Broken(number=5, what=left) for left in play.close()]
    return result


def _result(name: str, play: Play, began: float, broken: list[Broken]) -> Result:
    live = [post for post in play.sandbox.live() if post["ask"]]
    stories = [
        play.store.read(reading.show, entry.delivery.id)
        for entry in play.store.read(reading.queue, limit=MOST)
    ]
    wanted = sum(len(story.post.parts) for story in stories)
    states = sorted({str(story.delivery.state) for story in stories})
    return Result(
        name=name,
        seed=play.seed,
        live=f"{len(live)} of {wanted} live",
        state=",".join(states),
        seconds=round(time.monotonic() - began, 1),
        broken=broken,
        asks=len(play.sandbox.asks()),
    )


# --- one worker is ended, another takes over


def _one(cell: Cell, play: Play) -> dict[int, timedelta]:
    texts = texts_of(cell)
    assert cell.stage is not None  # noqa: S101 - the caller has looked
    how = "SIGKILL" if cell.act == "kill" else "SIGSTOP"
    # No room in the quota for a second copy: what is proven absent must have been given back.
    plan = play.plan("victim", per_hour=len(texts) + LOOKALIKES, mark=cell.stage.mark, how=how)
    heir = replace(plan, name="heir", folder=play.home / "heir", mark="", go=play.home / "go")
    play.know_people(plan)
    delivery_id = play.schedule("alice", *texts, reply_to=play.target if cell.kind == "reply" else None)
    neighbour = play.schedule("bob", NEIGHBOUR, seconds=0.01)
    victim = play.hire(plan)
    taking_over = play.hire(heir)
    _end_or_stop(cell, play, victim)
    (play.home / "go").touch()
    wait_until(taking_over.ready, description="another worker is there")
    if cell.act == "stop":
        _wake(cell, play, victim, delivery_id)
    wait_until(play.at_rest, description="everything is settled")
    taking_over.end()
    return {neighbour: PROMPT}


def _end_or_stop(cell: Cell, play: Play, victim: Hand) -> None:
    """Let the worker come to its step, and see it dead, or stopped, there."""
    assert cell.stage is not None  # noqa: S101 - the caller has looked
    if cell.stage.mark:
        wait_until(
            lambda: victim.reached() or victim.is_over(), description=f"the worker comes to {cell.stage.name}"
        )
        if not victim.reached():
            victim.ready()
    else:
        play.sandbox.wait_until(
            lambda network: network.asks("alice"), description="the ask is there", within=WITHIN
        )
        victim.signal(signal.SIGKILL)
    if cell.act == "kill":
        wait_until(victim.is_over, description="the worker is dead")
    else:
        victim.signal(signal.SIGSTOP)
        wait_until(victim.is_stopped, description="the worker is stopped")


def _wake(cell: Cell, play: Play, victim: Hand, delivery_id: int) -> None:
    """Let the stopped worker go on at its moment, let it come home, and see that it changed nothing that is newer."""
    match cell.wake:
        case Wake.LOCKED:
            until = datetime.now(UTC) + timedelta(seconds=8)
            wait_until(lambda: datetime.now(UTC) > until, description="its lease has run out twice over")
        case Wake.RESCUED:
            wait_until(
                lambda: (
                    play.store.read(reading.show, delivery_id).attempts[0].rescued_at
                    or play.store.read(reading.show, delivery_id).attempts[0].answered_at
                ),
                description="its lease has run out and another worker has the delivery",
            )
        case _:
            wait_until(play.at_rest, description="everything is settled by others")
    before = play.store.read(reading.show, delivery_id).delivery
    victim.let_go()
    victim.go_on()
    victim.end()
    after = play.store.read(reading.show, delivery_id).delivery
    if cell.wake is Wake.SETTLED and (before.state, before.parts) != (after.state, after.parts):
        raise NotInTime(
            f"the late worker wrote {after.state} {after.parts} over {before.state} {before.parts}"
        )


# --- several at once


def _crowd(cell: Cell, play: Play) -> dict[int, timedelta]:
    """Two workers race; or both say they are the same run; or one carries out every attempt twice at once."""
    run_id = "the-same-run" if cell.act == "twins" else ""
    twice = cell.act == "twice"
    names = ["first"] if twice else ["first", "second"]
    plans = [
        play.plan(name, run_id=run_id if cell.act == "twins" else "", twice=twice, browsers=2 if twice else 1)
        for name in names
    ]
    play.know_people(plans[0])
    hands = [play.hire(plan) for plan in plans]
    for hand in hands:
        wait_until(hand.ready, description=f"{hand.plan.name} is at work")
    texts = texts_of(cell)
    ids = []
    if twice:
        ids = [play.schedule("alice", *texts, reply_to=play.target if cell.kind == "reply" else None)]
    else:
        ids = [
            play.schedule(account, f"Tide table no. {n} for {account}, all corrected.", seconds=1)
            for n in range(4)
            for account in ("alice", "bob")
        ]
    # With different runs the one that came last has the lease: the first is relieved and ends by itself.
    wait_until(play.at_rest, description="everything is settled")
    for hand in hands:
        hand.end()
    return {} if twice else dict.fromkeys(ids, PROMPT)


# --- boards


class Boards:
    """Gives each cell its boards: one sandbox for each player, a store copied from one made ahead."""

    def __init__(self, home: Path, *, postgres: Any = None) -> None:
        self._home = home
        self._postgres = postgres
        self._made = home / "made.db"
        home.mkdir(parents=True, exist_ok=True)
        Store.create(f"sqlite:///{self._made}").close()
        self._like = ""
        if postgres is not None:
            url = postgres.fresh()
            Store.create(url).close()
            self._like = url.rpartition("?")[0].rpartition("/")[2]

    @contextlib.contextmanager
    def play(self, name: str, database: str, sandbox: SandboxProcess, *, seed: int) -> Iterator[Play]:
        """Lay out the boards for one cell; what a worker wrote stays only if the cell did not hold."""
        home = self._home / name
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(mode=0o700)
        play = Play(home, sandbox, self._url(home, database), seed=seed)
        try:
            yield play
        finally:
            play.close()

    def _url(self, home: Path, database: str) -> str:
        if database == "sqlite":
            shutil.copy(self._made, home / "store.db")
            return f"sqlite:///{home / 'store.db'}"
        return str(self._postgres.fresh(like=self._like))


def write_report(path: Path, results: list[Result]) -> None:
    """Write the matrix down."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([result.report() for result in results], indent=2) + "\n")
