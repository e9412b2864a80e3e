"""Breaks a running house of real processes, and sees whether it notices, recovers by itself and tells a person."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from rehearsal.databases import for_prefect
from rehearsal.pager import Heard, Pager
from rehearsal.stack import MARK, Process, Stack, must, start_worker, up
from rehearsal.waiting import NotInTime, until
from sandbox.client import SandboxProcess
from steadypost import private
from steadypost.domain.delivery import State
from steadypost.domain.figures import NEVER
from steadypost.domain.health import Kind, Verdict
from steadypost.domain.incident import Incident
from steadypost.domain.post import Part, Post
from steadypost.domain.watched import FLOWS
from steadypost.store import Store, intake, notices, reading, watches
from steadypost.store import incidents as incident_rows
from tests import postgres

LONG = 7.5
"""Rounds: longer than something may be unknown before a person is told."""

ACCOUNTS = ("alice", "bob")

RUN_ID = "PREFECT__FLOW_RUN_ID"

DETECTED_WITHIN = 240.0
RECOVERED_WITHIN = 420.0

STILL = 2.5
"""Rounds: how long a fault lasts that does not end by itself."""


@dataclass(kw_only=True)
class Ward:
    """A running house under observation."""

    stack: Stack
    store: Store
    pager: Pager
    every: int
    said: int = 0
    judge: Judge = field(init=False)

    def post(self, account: str, text: str, *, seconds: float = 0) -> int:
        """Schedule one post; answers its delivery."""
        now = datetime.now(UTC)
        self.said += 1
        [added] = self.store.write(
            intake.add,
            Post(parts=(Part(text=f"{text} ({self.said})"),)),
            accounts=[account],
            due_at=now + timedelta(seconds=seconds),
            now=now,
        )
        return added.delivery_id

    def state(self, delivery_id: int) -> State:
        """Say how a delivery stands."""
        return self.store.read(reading.show, delivery_id).delivery.state

    def is_well(self) -> bool:
        """Whether a fresh round has found everything ok, nothing is open, and nothing waits to be told."""
        standings = self.store.read(incident_rows.standings)
        fresh = datetime.now(UTC) - timedelta(seconds=2 * self.every + 5)
        return (
            bool(standings)
            and all(one.at > fresh for one in standings)
            and all(one.check.verdict is Verdict.OK for one in standings)
            and not self.store.read(incident_rows.still_open)
            and all(notice.sent_at for notice in self.store.read(notices.every))
        )

    # --- its processes

    def processes(self) -> Iterator[tuple[psutil.Process, dict[str, str]]]:
        """Go through the living processes of this house."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                environment = process.environ()
                if environment.get(MARK) == self.stack.mark and process.status() != psutil.STATUS_ZOMBIE:
                    yield process, environment

    def workers(self) -> list[psutil.Process]:
        """Find its workers."""
        return [one for one, _ in self.processes() if " worker start" in " ".join(one.cmdline())]

    def runs(self, flow: str) -> dict[str, psutil.Process]:
        """Find the processes of a flow's runs, by the run's id, as Prefect knows them."""
        here = {
            environment[RUN_ID]: one
            for one, environment in self.processes()
            if RUN_ID in environment and "prefect" in " ".join(one.cmdline())
        }
        with temporary_settings({PREFECT_API_URL: self.stack.api_url}), get_client(sync_client=True) as api:
            flows = {one.id: one.name for one in api.read_flows(limit=200)}
            return {
                run_id: process
                for run_id, process in here.items()
                if flows.get(api.read_flow_run(UUID(run_id)).flow_id) == flow
            }

    def on_watch(self, flow: str) -> psutil.Process | None:
        """Find the process of the run that has a flow's lease."""
        lease = next((lease for lease in self.store.read(watches.every) if lease.flow == flow), None)
        found = {
            environment.get(RUN_ID): one
            for one, environment in self.processes()
            if "prefect" in " ".join(one.cmdline())
        }
        return None if lease is None else found.get(lease.run_id)


@contextlib.contextmanager
def ward(home: Path, *, every: int, say: Callable[[str], None] = lambda _: None) -> Iterator[Ward]:
    """Start a house with a pager, in which only its own watch restarts the worker."""
    private.home(home)
    sandbox = SandboxProcess(accounts=ACCOUNTS, state_file=home / "sandbox.json")
    with contextlib.ExitStack() as open_:
        pager = open_.enter_context(Pager())
        server = open_.enter_context(postgres.running())
        settings = {"STEADYPOST_BROWSERS": "1", "STEADYPOST_WATCH_EVERY": str(every), **for_prefect(server)}
        stack = open_.enter_context(up(home.resolve(), sandbox=sandbox, settings=settings, say=say))
        for handle in sandbox.accounts:
            # An account without a past has a list that reaches back to nothing, and proves nothing.
            sandbox.seed(handle, 12)
        must(
            stack.run("rehearsal.accounts", str(home / "sandbox.json"), "--per-hour", "1000"), "the accounts"
        )
        must(stack.run("rehearsal.on_call", pager.url), "the pager")
        start_worker(stack, say)
        worker = stack.processes.pop("worker")
        try:
            house = Ward(
                stack=stack,
                store=Store.open(f"sqlite:///{home.resolve()}/steadypost.db"),
                pager=pager,
                every=every,
            )
            house.judge = Judge(house)
            until(house.is_well, "the house is well", 240)
            house.judge.start()
            yield house
        finally:
            worker.stop(within=3)


# --- the judge


class Judge(threading.Thread):
    """Holds the verdicts against the ledger, all the while: green while nothing is live, red while all is."""

    def __init__(self, house: Ward) -> None:
        super().__init__(name="judge", daemon=True)
        self._house = house
        self._end = threading.Event()
        self._wrong_since: dict[str, float] = {}
        self.rounds = 0
        self.false: list[str] = []

    def run(self) -> None:
        """Compare, once a second."""
        while not self._end.wait(1.0):
            with contextlib.suppress(
                Exception
            ):  # the sandbox or the store is away: nothing can be compared now
                self._round()

    def stop(self) -> None:
        """End."""
        self._end.set()
        self.join(5)

    def _round(self) -> None:
        now = datetime.now(UTC)
        standings = {
            one.check.key: one.check
            for one in self._house.store.read(incident_rows.standings)
            if now - one.at < timedelta(seconds=2 * self._house.every + 5)
        }
        live = {post["id"] for post in self._house.stack.sandbox.live()}
        for account in ACCOUNTS:
            self._compare(
                f"live {account}", standings.get((Kind.LIVE, account)), self._is_lost(account, live)
            )
            self._compare(f"due {account}", standings.get((Kind.DUE, account)), self._is_stuck(account, now))
        self.rounds += 1

    def _is_lost(self, account: str, live: set[str]) -> bool:
        """Whether the newest post that counts as published is not live."""
        known = [
            entry
            for state in (State.PUBLISHED, State.REMOVED)
            for entry in self._house.store.read(reading.queue, state=state, account=account, limit=1000)
        ]
        known.sort(key=lambda entry: entry.published_at or datetime.min.replace(tzinfo=UTC))
        return bool(known) and not {part.remote_id for part in known[-1].delivery.parts} <= live

    def _is_stuck(self, account: str, now: datetime) -> bool:
        waiting = self._house.store.read(reading.queue, state=State.SCHEDULED, account=account, limit=1000)
        return any(entry.delivery.due_at < now - timedelta(seconds=20) for entry in waiting)

    def _compare(self, name: str, check: Any, truth_is_bad: bool) -> None:
        """Count a verdict as false once it has contradicted the truth for longer than two rounds and X's own lag."""
        if check is None or check.verdict is Verdict.UNKNOWN or check.explained_by or check.quiet:
            contradicts = False
        else:
            contradicts = (check.verdict is Verdict.FAILING) != truth_is_bad
        if not contradicts:
            self._wrong_since.pop(name, None)
            return
        since = self._wrong_since.setdefault(name, time.monotonic())
        if since > 0 and time.monotonic() - since > 2 * self._house.every + 45:
            verdict = "green" if check.verdict is Verdict.OK else "red"
            self.false.append(f"{name} was {verdict} for {time.monotonic() - since:.0f} s: {check.what}")
            self._wrong_since[name] = -1.0


# --- the faults

Fault = Callable[[Ward], AbstractContextManager[Any]]


@contextlib.contextmanager
def worker_killed(house: Ward) -> Iterator[None]:
    """The worker is gone, and only the watch is there to start another."""
    for process in house.workers():
        process.kill()
    yield


@contextlib.contextmanager
def worker_stopped(house: Ward) -> Iterator[None]:
    """The worker hangs: it holds its place, says nothing and starts nothing."""
    for process in house.workers():
        process.suspend()
    yield


@contextlib.contextmanager
def run_stopped(house: Ward) -> Iterator[None]:
    """The publisher's run on watch hangs in mid-work."""
    until(lambda: house.on_watch("publish"), "a run of publish is on watch", 120).suspend()
    yield


@contextlib.contextmanager
def hangs_in_first_run(house: Ward) -> Iterator[None]:
    """The publisher dies, and the run that comes in its place hangs before it has done anything."""
    before = set(house.runs("publish"))
    process = until(lambda: house.on_watch("publish"), "a run of publish is on watch", 120)
    process.kill()
    fresh = until(
        lambda: [one for run_id, one in house.runs("publish").items() if run_id not in before],
        "another run of publish starts",
        120,
    )
    for one in fresh:
        one.suspend()
    yield


@contextlib.contextmanager
def worker_and_run_stopped(house: Ward) -> Iterator[None]:
    """The publisher's run hangs, and the worker that would start another hangs."""
    process = until(lambda: house.on_watch("publish"), "a run of publish is on watch", 120)
    for one in (*house.workers(), process):
        one.suspend()
    yield


@contextlib.contextmanager
def watch_stopped(house: Ward) -> Iterator[None]:
    """The watch itself hangs: the others on watch have to notice."""
    until(lambda: house.on_watch("watch"), "a run of watch is on watch", 120).suspend()
    yield


@contextlib.contextmanager
def server_killed(house: Ward) -> Iterator[None]:
    """Prefect's server is gone, and comes back after a while."""
    server = house.stack.processes.pop("server")
    with contextlib.suppress(ProcessLookupError):
        os.killpg(os.getpgid(server.popen.pid if server.popen else -1), signal.SIGKILL)
    try:
        yield
    finally:
        server.start()
        house.stack.processes["server"] = server
        until(lambda: _answers(house.stack.api_url, server), "Prefect's server answers again", 120)


def _answers(url: str, server: Process) -> bool:
    import urllib.request  # noqa: PLC0415 - only here

    if not server.alive:
        server.start()
    with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/health", timeout=2):  # noqa: S310 - our own
        return True
    return False


@contextlib.contextmanager
def nothing_is_live(house: Ward) -> Iterator[None]:
    """The network answers with an id and takes the post down at once: the publisher reports success."""
    house.stack.sandbox.add_weather({"fault": "vanish", "account": "alice"})
    lost = house.post("alice", "Nobody will ever see this.")
    until(lambda: house.state(lost) is State.PUBLISHED, "the publisher reports success", 90)
    try:
        yield
    finally:
        house.stack.sandbox.clear_weather()
        # What ends it is a post that is there: until then it is unknown that the network shows them again.
        house.post("alice", "And this one is there.")


@contextlib.contextmanager
def login_wall(house: Ward) -> Iterator[None]:
    """The reader is asked to sign in, although the session is good."""
    house.stack.sandbox.add_weather({"fault": "timeline_login_wall", "account": "alice"})
    house.post("alice", "It is there, and nobody can look.")
    try:
        yield
    finally:
        house.stack.sandbox.clear_weather()


@contextlib.contextmanager
def store_down(house: Ward) -> Iterator[None]:
    """The store takes no writes: another process holds all of it."""
    holder = sqlite3.connect(house.stack.home / "steadypost.db", isolation_level=None, timeout=30)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


@contextlib.contextmanager
def pager_down(house: Ward) -> Iterator[None]:
    """There is something to tell, and the way to the person on call is down."""
    house.pager.is_down = True
    now = datetime.now(UTC)
    key = f"rehearsal:{now.isoformat()}"
    house.store.write(
        notices.put, key=key, title="Something to tell: pager", body="The way to you is down.", now=now
    )
    try:
        yield
    finally:
        house.pager.is_down = False


@dataclass(frozen=True, kw_only=True)
class Class:
    """One class of fault, and what is expected of it."""

    play: Fault
    kinds: tuple[Kind, ...]
    """The checks any of which is to find it."""
    lasts: float = 0
    """For how many rounds it is kept up; none where it ends the moment it happens, and only its damage lasts."""
    remedy: bool = False
    """Whether the house is to mend it by itself."""
    spared: tuple[str, ...] = ()
    """The accounts on which nothing falls due meanwhile: what does is lost by the fault itself."""


CLASSES: dict[str, Class] = {
    "worker_killed": Class(play=worker_killed, kinds=(Kind.WORKER,), remedy=True),
    "worker_stopped": Class(play=worker_stopped, kinds=(Kind.WORKER,), remedy=True),
    "run_stopped": Class(play=run_stopped, kinds=(Kind.ON_WATCH,), remedy=True),
    "hangs_in_first_run": Class(play=hangs_in_first_run, kinds=(Kind.ON_WATCH,), remedy=True),
    "worker_and_run_stopped": Class(
        play=worker_and_run_stopped, kinds=(Kind.WORKER, Kind.ON_WATCH), remedy=True
    ),
    "watch_stopped": Class(play=watch_stopped, kinds=(Kind.ON_WATCH,), remedy=True),
    "server_killed": Class(play=server_killed, kinds=(Kind.SERVER,), lasts=STILL),
    "nothing_is_live": Class(play=nothing_is_live, kinds=(Kind.LIVE,), lasts=LONG, spared=("alice",)),
    "login_wall": Class(play=login_wall, kinds=(Kind.READER, Kind.LIVE), lasts=LONG),
    "store_down": Class(play=store_down, kinds=(Kind.STORE,), lasts=STILL),
    "pager_down": Class(play=pager_down, kinds=(Kind.NOTICES,), lasts=STILL),
}


@dataclass(frozen=True, kw_only=True)
class Played:
    """What came of one fault."""

    name: str
    detected_s: float
    """From the fault to the round that found it."""
    recovered_s: float
    """From its end (of an instant fault: its begin) to the first round with all well; may be negative."""
    live_s: float
    """From its end until each account had a post live by the ledger; 0 when before, ``NEVER`` when not."""
    live_by_account_s: Mapping[str, float]
    mended_s: float
    """From the round that found it to the first round in which all was well."""
    incidents: tuple[Incident, ...]
    heard: tuple[Heard, ...]

    @property
    def tries(self) -> int:
        """How many remedies were tried."""
        return sum(len(one.tries) for one in self.incidents)

    def is_told_once(self) -> bool:
        """Whether every incident was called at most once and ended once, and there was a message at all."""
        names = [one.name for one in self.incidents if one.kind is not Kind.NOTICES]
        calls = [one.about for one in self.heard if one.calls]
        ends = [one.about for one in self.heard if not one.calls]
        return (
            bool(self.heard)
            and all(calls.count(name) <= 1 and ends.count(name) <= 1 for name in names)
            and len(calls) + len(ends) <= 2 * max(1, len(names))
        )


def stop_everybody(house: Ward) -> float:
    """Let all three on watch hang at once; answers after how many seconds Prefect's automation had a watch running."""
    until(house.is_well, "the house is well before everybody is stopped", RECOVERED_WITHIN)
    before = _holding_the_lease(house)
    still = {
        flow: until(partial(house.on_watch, flow), f"a run of {flow} is on watch", 120) for flow in FLOWS
    }
    began = time.monotonic()
    for process in still.values():
        process.suspend()
    until(
        lambda: _holding_the_lease(house) != before,
        "another run of watch has taken the lease",
        RECOVERED_WITHIN,
    )
    seconds = time.monotonic() - began
    with contextlib.suppress(psutil.Error):
        # Woken the old watch would find itself relieved and end; here it is not to wait for that.
        still["watch"].kill()
    return round(seconds, 1)


def _holding_the_lease(house: Ward) -> str:
    return next(lease.run_id for lease in house.store.read(watches.every) if lease.flow == "watch")


def play(house: Ward, name: str) -> Played:
    """Play one fault to its end, in a house that is well, and wait until it is well again."""
    one = CLASSES[name]
    until(house.is_well, "the house is well before the next fault", RECOVERED_WITHIN)
    heard = len(house.pager.heard)
    known = {incident.id for incident in house.store.read(incident_rows.latest, 1000)}
    began = datetime.now(UTC)
    with one.play(house):
        hurt = datetime.now(UTC)
        spared = ACCOUNTS if name == "store_down" else one.spared
        due = {who: _due(house, who, name, 1) for who in ACCOUNTS if who not in spared}
        detected = until(lambda: _detected(house, one, known, began), f"{name} is found", DETECTED_WITHIN)
        while datetime.now(UTC) - hurt < one.lasts * timedelta(seconds=house.every):
            time.sleep(0.1)
    ended = datetime.now(UTC) if one.lasts else hurt
    due |= {who: _due(house, who, name, -5) for who in spared}
    until(lambda: _is_over(house, known), f"{name} is over", RECOVERED_WITHIN)
    live = {who: _live_after(house, post, ended) for who, post in due.items()}
    until(house.is_well, "the house is well again", RECOVERED_WITHIN)
    incidents = tuple(one for one in house.store.read(incident_rows.latest, 1000) if one.id not in known)
    found = min((one.opened_at for one in incidents if one.kind in CLASSES[name].kinds), default=detected)
    over = max(one.over_at or ended for one in incidents)
    return Played(
        name=name,
        detected_s=round((found - began).total_seconds(), 1),
        recovered_s=round((over - ended).total_seconds(), 1),
        mended_s=round((over - found).total_seconds(), 1),
        live_s=max(live.values()),
        live_by_account_s=live,
        incidents=incidents,
        heard=tuple(house.pager.heard[heard:]),
    )


def _detected(house: Ward, one: Class, known: set[int], began: datetime) -> datetime | None:
    """Say when a round found it; while the store cannot be written, the watch's mark on this machine tells."""
    for incident in house.store.read(incident_rows.latest, 1000):
        if incident.id not in known and incident.kind in one.kinds:
            return incident.opened_at
    for path in (house.stack.home / "run" / "watch").glob("*.json"):
        if (
            path.name.startswith(tuple(str(kind) for kind in one.kinds))
            and path.stat().st_mtime > began.timestamp()
        ):
            return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return None


def _is_over(house: Ward, known: set[int]) -> bool:
    mine = [one for one in house.store.read(incident_rows.latest, 1000) if one.id not in known]
    return bool(mine) and all(one.over_at is not None for one in mine)


def _due(house: Ward, account: str, name: str, seconds: float) -> int:
    return house.post(account, f"Due while {name.replace('_', ' ')}.", seconds=seconds)


def _live_after(house: Ward, delivery_id: int, ended: datetime) -> float:
    """Say how long after a fault's end a post was live; ``NEVER`` when it is not even now."""
    try:
        until(
            lambda: house.state(delivery_id) is State.PUBLISHED,
            f"delivery {delivery_id}, due meanwhile, is published",
            120,
        )
    except NotInTime:
        return NEVER
    made = {post["id"]: post for post in house.stack.sandbox.ledger()}
    parts = house.store.read(reading.show, delivery_id).delivery.parts
    at: float = max(made[part.remote_id]["made_at_host"] for part in parts if part.remote_id in made)
    return round(max(0.0, at / 1000 - ended.timestamp()), 1)
