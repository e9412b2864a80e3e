"""What bulkheads cost a post, and what they save beside hung looks and a dead account, in real processes.

Places: memory against Prefect's slots. Beside: lone posts while every look hangs. Down: one account's pages hang.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prefect.concurrency.sync import concurrency
from prefect.settings import PREFECT_API_URL, temporary_settings

from bench.house import enter, house, know, leave_unconfirmed, on_watch, store_of, turn
from bench.publish import lone_posts
from rehearsal.audit import percentile
from rehearsal.stack import Stack, must
from rehearsal.waiting import until
from steadypost.domain.delivery import State
from steadypost.store import Store, reading
from tasks.bulkheads import Bulkheads, Purpose
from tasks.slots import PrefectSlots

HOME = Path("var/bench/bulkheads")
CREW = tuple(f"crew{n:02d}" for n in range(30))
"""Who has something unconfirmed. Alice, whose posts are timed, has not."""

PEOPLE = ("alice", *CREW)
UNCONFIRMED_EACH = 5
LONE = 12
RATE_POSTS = 40
HUNG_LOOKS = {"fault": "latency", "params": {"ms": 600_000, "of": "timeline"}}


def measure() -> dict[str, Any]:
    """Measure all three."""
    places = _places(40)
    print(f"a place: {places}", file=sys.stderr)
    beside = _beside()
    print(f"lone posts: {beside}", file=sys.stderr)
    down = _down()
    print(f"one of two down: {down}", file=sys.stderr)
    return {"place_us": places, "beside": beside, "one_of_two_down": down}


@contextmanager
def _house(people: Sequence[str]) -> Iterator[tuple[Stack, Store]]:
    with house(HOME, people, latency_ms=300) as stack:
        must(stack.run("deployments"), "the deployments")
        store = store_of(stack)
        know(store, people)
        yield stack, store


def _on_watch(stack: Stack) -> None:
    on_watch(stack)
    time.sleep(8)  # the runs' own start is not being measured


# --- what a place costs


def _places(rounds: int) -> dict[str, Any]:
    """Time one place: by the bulkheads, by a call to Prefect for each, and as Prefect's own context does it."""
    with _house(("alice",)) as (stack, _), temporary_settings({PREFECT_API_URL: stack.api_url}):
        slots = PrefectSlots()
        walls = Bulkheads(purpose=Purpose.PUBLISH, at_most=2, slots=slots)
        walls.want(dict.fromkeys(["alice", "bob"], "x"))
        walls.tend()

        def held() -> None:
            if walls.capacity(["alice", "bob"]).total:
                walls.begin(1, "alice")
                walls.end(1)

        def called() -> None:
            lease = slots.acquire(["steadypost-shared"], 1, 60)
            if lease is not None:
                slots.release(lease)

        def prefects_own() -> None:
            with concurrency("steadypost-shared", occupy=1, strict=True):
                pass

        figures = {
            "held": _timed(held, rounds * 250),
            "called": _timed(called, rounds),
            "prefects_own": _timed(prefects_own, rounds),
            "tending_all": _timed(walls.tend, rounds),
        }
        walls.close()
        slots.close()
    return figures


def _timed(what: Callable[[], None], rounds: int) -> dict[str, Any]:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        what()
        took.append(1e6 * (time.perf_counter() - began))
    return {"n": rounds, "p50": percentile(took, 50), "p95": percentile(took, 95)}


# --- beside hung looks


def _beside() -> dict[str, Any]:
    """Let lone posts go out twice: in peace, and while every look hangs and 150 deliveries wait for one."""
    with _house(PEOPLE) as (stack, store):
        turn(stack, "reconcile", "off")
        # Before any run is on watch, which would take them up.
        moment = datetime.now(UTC) - timedelta(minutes=20)
        for name in CREW:
            for n in range(UNCONFIRMED_EACH):
                leave_unconfirmed(
                    store, name, f"Lost at sea, {name} {n}.", moment + timedelta(seconds=90 * n)
                )
        _on_watch(stack)
        in_peace = lone_posts(stack, store, LONE)
        queued = store.read(reading.counts)[State.UNCONFIRMED]
        stack.sandbox.weather(HUNG_LOOKS)
        turn(stack, "reconcile", "on")
        until(lambda: stack.sandbox.weather()[0]["hits"] > 0, "a look hangs", 60)
        # The same account again, by other texts: what went out in peace must not look like a repetition.
        beside = lone_posts(stack, store, LONE, says="beside the hung looks")
        still = store.read(reading.counts)[State.UNCONFIRMED]
    return {
        "queued": queued,
        "still_in_doubt": still,
        "in_peace_s": in_peace,
        "beside_s": beside,
        "p50_ratio": round(beside["p50"] / in_peace["p50"], 2),
        "p95_ratio": round(beside["p95"] / in_peace["p95"], 2),
    }


# --- beside an account that is down


def _down() -> dict[str, Any]:
    """Count Bob's posts a minute, with Alice at peace and with every page of Alice's hanging."""
    alone = _rate(alice_down=False)
    beside = _rate(alice_down=True)
    return {
        "posts": RATE_POSTS,
        "alone_per_minute": alone,
        "beside_one_down_per_minute": beside,
        "ratio": round(beside / alone, 3),
        "ratio_goal": 0.95,
    }


def _rate(*, alice_down: bool) -> float:
    with _house(("alice", "bob")) as (stack, store):
        turn(stack, "reconcile", "off")
        if alice_down:
            stack.sandbox.weather({"fault": "page_delay", "account": "alice", "params": {"seconds": 600}})
        _on_watch(stack)
        due = datetime.now(UTC) + timedelta(seconds=2)
        for n in range(RATE_POSTS):
            for name in ("alice", "bob") if alice_down else ("bob",):
                enter(store, name, f"{name} {n:02d}: high water at the pier", due)
        until(
            lambda: store.read(reading.counts, "bob")[State.PUBLISHED] == RATE_POSTS,
            "all of Bob's are published",
            600,
        )
        made = [post["created_at"] / 1000 for post in stack.sandbox.live() if post["text"].startswith("bob")]
    return float(round(60 * len(made) / (max(made) - due.timestamp()), 1))
