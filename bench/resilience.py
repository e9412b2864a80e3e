"""What protection costs while nothing is wrong, and what it keeps while something is; ``PARTS`` names the parts."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prefect.settings import PREFECT_API_URL, temporary_settings

from bench.house import enter, house, machine, on_watch, turn
from rehearsal.audit import audit
from rehearsal.stack import Stack, up
from rehearsal.waiting import until
from sandbox.client import SandboxProcess
from steadypost.domain.circuit import Came, Go, InARow, Revision, Settings, Wants, judge
from steadypost.domain.circuit.catalogue import Dependency, Kind
from steadypost.domain.delivery import State
from steadypost.store import Store, reading
from tasks.circuit_revisions import PrefectBook
from tasks.circuits import Breakers
from tasks.dependencies import behind

HOME = Path("var/bench/resilience")
CALLS = 20_000
ACCOUNTS = 100
ROUNDS = 30
POSTS = 24
LATENCY_MS = 300


def measure() -> dict[str, Any]:
    """Measure every part, and say on what machine."""
    figures: dict[str, Any] = {"machine": machine()}
    for name, part in PARTS.items():
        figures[name] = part()
        print(f"{name}: {figures[name]}", file=sys.stderr)
    return figures


# --- in this process


def guarded_call() -> dict[str, Any]:
    """A call that does nothing, bare and under a closed circuit: the difference is what a guard costs."""
    breakers = Breakers(process="bench")
    page = Dependency(Kind.X_PAGE, "alice")

    def nothing() -> None:
        return

    def guarded() -> None:
        with breakers.guard(page, failures=(OSError,)):
            nothing()

    bare, under = _timed(nothing, CALLS), _timed(guarded, CALLS)
    return {
        "bare_us": _us(bare),
        "guarded_us": _us(under),
        "added_p50_us": round(_p(under, 50) - _p(bare, 50), 2),
    }


def circuit_check() -> dict[str, Any]:
    """All circuits behind an account, asked for one of a hundred accounts, some open: as before each claim."""
    breakers = Breakers(process="bench", settings=lambda _: Settings(window=InARow(1)))
    accounts = [f"account-{n}" for n in range(ACCOUNTS)]
    for account in accounts[::7]:
        go = breakers.may(behind(account, needs_browser=True)[0])
        assert isinstance(go, Go)  # noqa: S101 - nothing has failed yet
        breakers.came(behind(account, needs_browser=True)[0], go.ticket, well=False, cause="down")
    turn = iter(accounts * (CALLS // ACCOUNTS))

    def check() -> None:
        any(breakers.refusal(one) for one in behind(next(turn), needs_browser=True))

    took = _timed(check, CALLS)
    return {**_us(took), "goal_p95_us": 1000}


def judgement() -> dict[str, Any]:
    """The pure judgement alone: one call wanted and come back."""
    settings = Settings(window=InARow(5))
    memory, now = Revision().memory, datetime.now(UTC)

    def once() -> None:
        ruling = judge(settings, memory, Wants(holder="bench"), now)
        assert isinstance(ruling.verdict, Go)  # noqa: S101 - it is closed
        judge(settings, ruling.memory, Came(ticket=ruling.verdict.ticket, well=True), now)

    return _us(_timed(once, CALLS))


# --- over a real server


def transition() -> dict[str, Any]:
    """Opening, a permit, closing: each a page that is created, read back, and followed by removing old ones."""
    with tempfile.TemporaryDirectory() as folder, up(Path(folder)) as stack:
        return _transitions(stack)


def _transitions(stack: Stack) -> dict[str, Any]:
    took: dict[str, list[float]] = {"open": [], "permit": [], "close": []}
    law = Settings(window=InARow(1), first_open=timedelta(milliseconds=1), jitter=0, growth=1)
    page, book = Dependency(Kind.X_PAGE, "alice"), PrefectBook()
    with temporary_settings({PREFECT_API_URL: stack.api_url}):
        breakers = Breakers(book=book, process="bench", settings=lambda _: law)
        for _ in range(ROUNDS + 1):
            go = breakers.may(page)
            assert isinstance(go, Go)  # noqa: S101 - closed
            took["open"].append(_once(lambda go=go: breakers.came(page, go.ticket, well=False)))  # type: ignore[misc]
            time.sleep(0.01)
            began = time.perf_counter()
            trial = breakers.may(page, probe=True)
            took["permit"].append(time.perf_counter() - began)
            assert isinstance(trial, Go)  # noqa: S101 - no other process is there
            took["close"].append(_once(lambda go=trial: breakers.came(page, go.ticket, well=True)))  # type: ignore[misc]
        book.close()
    # The first round registers the type and opens the client; it happens once in the life of a process.
    return {name: _ms(times[1:]) for name, times in took.items()}


# --- with the whole house


def one_account_down() -> dict[str, Any]:
    """Bob's posts alone, and beside an Alice whose page answers 503 or hangs."""
    rates = {"alone": _bobs_rate(None)}
    for name, fault in DOWN.items():
        rates[f"beside_{name}"] = _bobs_rate(fault)
    rates["beside_503_without_circuits"] = _bobs_rate(DOWN["503"], circuits=False)
    alone = rates["alone"]["posts_per_minute"]
    shares = {name: round(rate["posts_per_minute"] / alone, 3) for name, rate in rates.items()}
    return {"of_bob": rates, "share_of_alone": shares, "goal": 0.95}


DOWN: dict[str, dict[str, Any]] = {
    "503": {"fault": "page_error_status", "account": "alice", "params": {"status": 503}},
    "hang": {"fault": "page_delay", "account": "alice", "params": {"seconds": 60}},
}


def _bobs_rate(fault: dict[str, Any] | None, *, circuits: bool = True) -> dict[str, Any]:
    with house(HOME, ("alice", "bob"), latency_ms=LATENCY_MS) as stack:
        if not circuits:
            turn(stack, "circuits", "off")
        store, sandbox = on_watch(stack), stack.sandbox
        time.sleep(5)  # the browsers have come up: their start is not being measured
        if fault is not None:
            sandbox.weather(fault)
            _schedule(store, "alice", POSTS)
        return _go(store, sandbox)


def _go(store: Store, sandbox: SandboxProcess) -> dict[str, Any]:
    due = datetime.now(UTC) + timedelta(seconds=3)
    ids = _schedule(store, "bob", POSTS, due)
    until(
        lambda: all(store.read(reading.show, one).delivery.state is State.PUBLISHED for one in ids),
        "Bob's are published",
        300,
    )
    made = [post["created_at"] / 1000 for post in sandbox.live("bob")]
    seconds = max(made) - due.timestamp()
    attempts = [entry.delivery.attempts for entry in store.read(reading.queue, account="alice", limit=POSTS)]
    return {
        "posts": POSTS,
        "seconds": round(seconds, 2),
        "posts_per_minute": round(60 * POSTS / seconds, 1),
        "attempts_at_alices_meanwhile": sum(attempts),
        "wrong": audit(store, sandbox).wrong,
    }


def _schedule(store: Store, account: str, posts: int, due: datetime | None = None) -> list[int]:
    now = datetime.now(UTC)
    texts = [f"{account} {n:03d}: the tide tables for this harbour are out" for n in range(posts)]
    return [enter(store, account, text, due or now) for text in texts]


# --- figures


def _once(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def _timed(what: Callable[[], object], times: int) -> list[float]:
    return [_once(what) for _ in range(times)]


def _p(times: Sequence[float], percent: int, unit: float = 1e6) -> float:
    return statistics.quantiles(times, n=100)[percent - 1] * unit


def _us(times: Sequence[float]) -> dict[str, float]:
    return {f"p{percent}": round(_p(times, percent), 2) for percent in (50, 95, 99)}


def _ms(times: Sequence[float]) -> dict[str, float]:
    return {f"p{percent}": round(_p(times, percent, 1e3), 1) for percent in (50, 95)}


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "guarded_call": guarded_call,
    "circuit_check": circuit_check,
    "judgement": judgement,
    "transition": transition,
    "one_account_down": one_account_down,
}
"""What is measured, by the name it has among the figures."""
