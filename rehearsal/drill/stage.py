"""Plays a programme: starts everything, lets posts fall due and things go wrong, and lets it settle."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rehearsal.audit import MOST
from rehearsal.databases import for_prefect
from rehearsal.drill.hands import Ground, Hands, PostgresGround, SqliteGround
from rehearsal.drill.meddler import Meddler
from rehearsal.drill.others import ACCOUNTS, Others, schedule, weather, weathering
from rehearsal.drill.person import PROTECTIONS
from rehearsal.drill.programme import EVERYBODY, LIMITS, PREMIUM, STRANGER, DuePost, Programme
from rehearsal.drill.troubles import Trouble
from rehearsal.invariants import AT_REST
from rehearsal.stack import Stack, must, start_worker, up
from sandbox.client import SandboxProcess
from sandbox.process import SandboxError
from sandbox.running import write_state
from steadypost.domain.delivery import State, WhenLate
from steadypost.domain.post import Media, Part, Post
from steadypost.domain.watched import JUDGED
from steadypost.networks.x.snowflake import remote_id
from steadypost.store import Store, StoreAway, intake, reading, watches
from steadypost.store import accounts as account_rows
from tests import postgres

SETTLE = timedelta(seconds=60)
"""The settle window: longer than the 28 seconds in which this X shows a post at the latest."""

SPACING = timedelta(seconds=max(limits["spacing_seconds"] for limits in LIMITS.values()))
"""What accounts keep between two of their posts, at the most."""

ON_WATCH_WITHIN = 600.0
"""Seconds for the runs on watch to be there."""

REST_WITHIN = timedelta(minutes=6)
"""How long everything may take to come to rest after the last post was due: longer than the promise of five minutes."""

ALWAYS = ({"fault": "latency", "params": {"ms": 250, "jitter_ms": 200}},)
"""What the weather is at its best: answers take their time."""

UNGUARDED = {"fault": "no_duplicate_guard"}
"""X refuses a text that is live already. Here it does not: what keeps a second copy away is to be ours."""

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""One pixel."""

Say = Callable[[str], None]


class NotPlayed(Exception):
    """The drill could not be played; the message says what was missing."""


@dataclass(kw_only=True)
class Happened:
    """One trouble as it really was."""

    trouble: Trouble
    began_at: datetime
    ended_at: datetime
    hits: int = 0
    """How often its weather struck."""
    failed: str = ""
    """Why it could not be done as planned."""


@dataclass(kw_only=True)
class Played:
    """What a drill leaves behind for its report."""

    programme: Programme
    control: bool
    ground: str
    began_at: datetime
    rested_at: datetime
    at_rest: bool
    happened: list[Happened]
    deliveries: dict[int, int]
    """The number of each post in the programme, by its delivery."""
    store: Store
    sandbox: SandboxProcess
    restarts: dict[str, int] = field(default_factory=dict)
    off: list[str] = field(default_factory=list)
    """The switches that were off."""
    others: Others
    """The networks beside X's page."""
    by_hand: dict[str, int] = field(default_factory=dict)
    """What a person did by hand meanwhile."""


@contextlib.contextmanager
def played(
    programme: Programme, home: Path, *, off: Sequence[str] = (), store: str, say: Say
) -> Iterator[tuple[Played, Stack]]:
    """Play it with these protections off; what it leaves can be read until the end of the block."""
    people = home / "people.json"
    sandbox = SandboxProcess(
        accounts=(*EVERYBODY, STRANGER),
        premium=PREMIUM,
        seed=programme.seed,
        state_file=home / "sandbox.json",
        clock_offset_s=programme.clock_offset_s,
        clock_drift_ppm=programme.clock_drift_ppm,
    )
    beside = Others()
    with contextlib.ExitStack() as open_:
        # One server, as many have: with the store's database Prefect's own is down as well.
        server = open_.enter_context(postgres.running())
        ground = _ground(store, server, home, lambda: stack)
        settings = {"STEADYPOST_STORE_URL": ground.url, "STEADYPOST_BROWSERS": "2", **for_prefect(server)}
        stack = open_.enter_context(
            up(home, say=say, sandbox=sandbox, beside=beside.sandboxes(), settings=settings)
        )
        for handle in EVERYBODY:
            sandbox.seed(handle, 6)
        _write_people(people, sandbox)
        sandbox.weather(*ALWAYS, UNGUARDED)
        say("accounts and switches")
        _save_accounts(stack, people)
        _save_others(stack, beside)
        if off:
            _turn_off(stack, off)
        start_worker(stack, say)
        opened = open_.enter_context(Store.open(ground.url))
        _until_on_watch(opened, home)
        director = Director(stack, Hands(stack, opened, ground), people, say)
        yield _play(programme, director, beside, opened, ground.kind, list(off)), stack


def _ground(store: str, server: Any, home: Path, stack: Callable[[], Stack]) -> Ground:
    if store == "postgresql":
        return PostgresGround(server)
    return SqliteGround(home / "steadypost.db", stack)


def _play(  # noqa: PLR0917 - private, and every one of them is needed
    programme: Programme, director: Director, beside: Others, store: Store, ground: str, off: list[str]
) -> Played:
    stack, say = director.stack, director.say
    began_at = datetime.now(UTC) + timedelta(seconds=3)
    picture = stack.home / "picture.png"
    picture.write_bytes(PICTURE)
    deliveries = _schedule(programme, store, stack.sandbox, began_at, picture)
    numbered = schedule(programme.seed, programme.seconds, store, began_at)
    say(f"{len(numbered)} posts fall due on the networks beside X's page")
    say(
        f"{len(deliveries)} posts fall due within {programme.seconds / 60:g} minutes; {len(programme.troubles)} troubles"
    )
    director.began_at = began_at
    somebody = Meddler(programme.by_hand, stack.sandbox, store, began_at)
    somebody.start()
    changes = () if programme.weather == "fair" else weather(programme.seed, programme.seconds)
    with (
        weathering(beside, changes, began_at),
        ThreadPoolExecutor(max(1, len(programme.troubles)), thread_name_prefix="trouble") as stage,
    ):
        happened = list(stage.map(director.let_happen, programme.troubles))
        ends = began_at + timedelta(seconds=programme.seconds)
        # The other networks' accounts post until the programme's end, also when its last trouble is over sooner.
        time.sleep(max(0.0, (ends - datetime.now(UTC)).total_seconds()))
    somebody.stop()
    say("no more falls due; it comes to rest")
    at_rest = _rests(store, REST_WITHIN)
    return Played(
        programme=programme,
        control=set(off) == set(PROTECTIONS),
        ground=ground,
        began_at=began_at,
        rested_at=datetime.now(UTC),
        at_rest=at_rest,
        happened=sorted(happened, key=lambda one: one.trouble.n),
        deliveries=deliveries,
        store=store,
        sandbox=stack.sandbox,
        restarts={name: process.restarts for name, process in stack.processes.items()},
        off=off,
        others=beside,
        by_hand=dict(somebody.did),
    )


class Director:
    """Lets troubles happen at their time, and remembers when they really did."""

    def __init__(self, stack: Stack, hands: Hands, people: Path, say: Say) -> None:
        self.stack = stack
        self.say = say
        self.began_at = datetime.now(UTC)
        self._hands = hands
        self._people = people
        self._sky = threading.Lock()
        self._in_force: dict[int, Trouble] = {}

    def let_happen(self, trouble: Trouble) -> Happened:
        """Wait for its time, let it be there for as long as it lasts, and end it."""
        time.sleep(max(0.0, self._in_seconds(trouble.at)))
        began = datetime.now(UTC)
        self.say(f"{self._clock()}  + {trouble.name}")
        failed, hits = "", 0
        try:
            if trouble.kind.hand:
                with self._hands.act(trouble.kind.hand):
                    time.sleep(trouble.lasts)
            else:
                hits = self._weather(trouble)
        except Exception as error:  # noqa: BLE001 - the drill goes on; its report says what was not done
            failed = f"{type(error).__name__}: {error}"
        self.say(f"{self._clock()}  - {trouble.name} {failed}".rstrip())
        return Happened(trouble=trouble, began_at=began, ended_at=datetime.now(UTC), hits=hits, failed=failed)

    def _weather(self, trouble: Trouble) -> int:
        """Have it in the weather while it lasts; a person then signs in anew where that is what ends it."""
        self._change(trouble, there=True)
        try:
            time.sleep(trouble.lasts)
        finally:
            hits = self._change(trouble, there=False)
        if trouble.kind.person:
            self._sign_in(trouble.accounts)
        return hits

    def _change(self, trouble: Trouble, *, there: bool) -> int:
        """Change the weather; answer how often this trouble's rules have struck until now."""
        with self._sky:
            hits: int = sum(rule["hits"] for rule in self._reported() if self._is_of(rule, trouble))
            if there:
                self._in_force[trouble.n] = trouble
            else:
                self._in_force.pop(trouble.n, None)
            rules = [rule for one in self._in_force.values() for rule in one.rules()]
            guarded = any(one.kind.guarded for one in self._in_force.values())
            _patiently(lambda: self.stack.sandbox.weather(*ALWAYS, *([] if guarded else [UNGUARDED]), *rules))
        return hits

    def _reported(self) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = _patiently(self.stack.sandbox.weather)
        return told

    @staticmethod
    def _is_of(rule: dict[str, Any], trouble: Trouble) -> bool:
        ours = {(one["fault"], one.get("account")) for one in trouble.rules()}
        return (rule["fault"], rule["account"]) in ours

    def _sign_in(self, accounts: Sequence[str]) -> None:
        """Put a new session into the blocks of these accounts; again, while Prefect's server is away."""
        told = json.loads(self._people.read_text())
        for person in told["accounts"]:
            if person["handle"] in accounts:
                handle = person["handle"]
                person["storage_state"] = _patiently(lambda: self.stack.sandbox.sign_in(handle))  # noqa: B023 - called at once
        told["accounts"] = [person for person in told["accounts"] if person["handle"] in accounts]
        path = self._people.with_name(f"people-{'-'.join(accounts)}.json")
        path.write_text(json.dumps(told))
        for _ in range(20):
            if _saved(self.stack, path):
                return
            time.sleep(1)
        raise NotPlayed("nobody could save the new session")

    def _in_seconds(self, at: float) -> float:
        return (self.began_at + timedelta(seconds=at) - datetime.now(UTC)).total_seconds()

    def _clock(self) -> str:
        gone = max(0, int((datetime.now(UTC) - self.began_at).total_seconds()))
        return f"{gone // 60:02d}:{gone % 60:02d}"


def _patiently(what: Callable[[], Any], within: float = 60.0) -> Any:
    """Ask the sandbox until it answers: it may be hanging."""
    ends = time.monotonic() + within
    while True:
        try:
            return what()
        except (OSError, SandboxError):
            if time.monotonic() > ends:
                raise
            time.sleep(0.5)


def _write_people(path: Path, sandbox: SandboxProcess) -> None:
    people = [
        {"handle": handle, "storage_state": sandbox.accounts[handle], "limits": LIMITS[handle]}
        for handle in EVERYBODY
    ]
    path.touch(mode=0o600)
    path.write_text(json.dumps({"url": sandbox.url, "accounts": people}))


def _saved(stack: Stack, people: Path) -> bool:
    minutes = str(SETTLE.total_seconds() / 60)
    done = stack.run("rehearsal.drill.person", "accounts", str(people), "--settle-minutes", minutes)
    return done.returncode == 0


def _save_accounts(stack: Stack, people: Path) -> None:
    if not _saved(stack, people):
        raise NotPlayed("the account blocks could not be saved")


def _save_others(stack: Stack, beside: Others) -> None:
    """Give the accounts on the other networks their blocks."""
    told = stack.home / "others.json"
    write_state(told, beside.sign_in())
    minutes = str(SETTLE.total_seconds() / 60)
    done = stack.run("rehearsal.drill.person", "others", str(told), "--settle-minutes", minutes)
    must(done, "the account blocks of the other networks")


def _turn_off(stack: Stack, off: Sequence[str]) -> None:
    must(stack.run("deployments"), "the deployments")
    must(stack.run("rehearsal.drill.person", "off", *off), "the switches")


def _until_on_watch(store: Store, home: Path) -> None:
    ends = time.monotonic() + ON_WATCH_WITHIN
    while time.monotonic() < ends:
        leases = {watch.flow for watch in store.read(watches.every)}
        if {*JUDGED} <= leases and len(store.read(account_rows.every)) == len(EVERYBODY) + len(ACCOUNTS):
            return
        time.sleep(0.25)
    raise NotPlayed(f"nobody came on watch within {ON_WATCH_WITHIN:g} s; see {home}/logs/worker.log")


def _schedule(
    programme: Programme, store: Store, sandbox: SandboxProcess, began_at: datetime, picture: Path
) -> dict[int, int]:
    """Take every post in ahead of its time."""
    numbers: dict[int, int] = {}
    for due in programme.posts:
        (added,) = store.write(
            intake.add,
            _post(due, sandbox, picture),
            accounts=[due.account],
            due_at=began_at + timedelta(seconds=due.at),
            late_after=None if due.late_after is None else timedelta(seconds=due.late_after),
            when_late=WhenLate.ASK if due.asks_when_late else WhenLate.MISS,
            # Some say the same on purpose.
            allow_repeat=True,
            now=began_at,
        )
        numbers[added.delivery_id] = due.n
    return numbers


def _post(due: DuePost, sandbox: SandboxProcess, picture: Path) -> Post:
    """Make a post of what the programme says. Each reply answers a post of its own."""
    media = () if due.picture is None else (Media(path=picture, kind="image/png", alt=due.picture),)
    parts = tuple(Part(text=text, media=media if n == 0 else ()) for n, text in enumerate(due.texts))
    asked = f"Who saw the comet, no. {due.n}?"
    target = remote_id(sandbox.hand_post(STRANGER, asked)) if due.is_reply else None
    return Post(parts=parts, reply_to=target)


def _rests(store: Store, within: timedelta) -> bool:
    """Wait until nothing moves any more, and all that is published was seen; or for as long as is promised."""
    ends = time.monotonic() + within.total_seconds()
    while time.monotonic() < ends:
        with contextlib.suppress(StoreAway):
            entries = store.read(reading.queue, limit=MOST)
            if all(
                entry.delivery.state in AT_REST
                and (entry.verified_at is not None or entry.delivery.state is not State.PUBLISHED)
                for entry in entries
            ):
                return True
        time.sleep(1)
    return False
