"""What settling unconfirmed deliveries costs in pages and time, and whether they slow healthy posts down."""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bench.house import house, know, leave_unconfirmed, on_watch, store_of
from bench.publish import lone_posts
from blocks.x_account import XAccount
from rehearsal.databases import for_prefect
from rehearsal.stack import must
from rehearsal.texts import Shape, Writer
from rehearsal.waiting import until
from sandbox.client import SandboxProcess
from steadypost.browser import LaunchSettings, Pool
from steadypost.channels.port import Access
from steadypost.domain.delivery import State
from steadypost.networks.x.snowflake import id_at
from steadypost.store import Outbox, Store, reading
from tasks.house import opened
from tasks.looks import look
from tests import postgres

HOME = Path("var/bench/reconcile")
MANY = (50, 125, 250, 500)
MOST_PAGES = 12
BESIDE = (0, 1, 50)
LONE = 12

ALIKE = {Shape.OTHER_LINK: 0.5, Shape.MENTION: 0.2, Shape.PLAIN: 0.3}
"""What is unconfirmed: never twice the same, alike in all other ways."""

COUNTS_PAGES = {"fault": "page_delay", "params": {"seconds": 0}}
"""A weather that does nothing but count the pages it was asked about."""


def measure() -> dict[str, Any]:
    """Measure both."""
    settled = [_settle(many) for many in MANY]
    for one in settled:
        print(
            f"settling {one['unconfirmed']} unconfirmed: {one['pages']} pages, {one['seconds']} s, "
            f"{one['ms_per_post']} ms a post",
            file=sys.stderr,
        )
    beside = {str(many): _beside(many) for many in BESIDE}
    for many, waits in beside.items():
        print(f"healthy posts with {many} unconfirmed beside them: {waits}", file=sys.stderr)
    return {
        "settling": settled,
        "pages_goal": MOST_PAGES,
        "ms_per_post_most_to_fewest": round(settled[-1]["ms_per_post"] / settled[0]["ms_per_post"], 2),
        "beside": beside,
        "beside_p50_ratio_50_to_0": round(beside["50"]["p50"] / beside["0"]["p50"], 2),
    }


# --- settling


def _settle(many: int) -> dict[str, Any]:
    """Bring so many unconfirmed deliveries, let their posts be live, and look until all are settled."""
    with tempfile.TemporaryDirectory() as folder, SandboxProcess(accounts=("alice",)) as sandbox:
        store = Store.create(f"sqlite:///{folder}/store.db")
        know(store, ("alice",))
        sandbox.seed("alice", 20, youngest_s=4 * 3600)
        writer = Writer(chance=random.Random(many))  # noqa: S311 - repeatable, not secret
        now = datetime.now(UTC)
        for n in range(many):
            moment = now - timedelta(minutes=90) + timedelta(seconds=10 * n)
            text = writer.next(f"no. {n}", odds=ALIKE).parts[0].text
            leave_unconfirmed(store, "alice", text, moment)
            sandbox.hand_post("alice", text, post_id=id_at(moment + timedelta(seconds=1)))
        sandbox.weather(COUNTS_PAGES)
        browsers = Pool(1, LaunchSettings(), run_dir=Path(folder) / "run", name="look")
        access = XAccount(
            handle="alice",
            session=SecretStr(json.dumps(sandbox.accounts["alice"])),
            base_url=sandbox.url,
            rules_accepted=True,
        ).open("alice")
        seconds = _look_until_settled(store, browsers, Path(folder), access)
        (rule,) = sandbox.weather()
        return {
            "unconfirmed": many,
            "pages": rule["seen"],
            "seconds": round(seconds, 2),
            "ms_per_post": round(1000 * seconds / many, 1),
        }


def _look_until_settled(store: Store, browsers: Pool, folder: Path, access: Any) -> float:
    if not isinstance(access, Access):
        raise TypeError(f"the account cannot be opened: {access.why}")
    outbox = Outbox(folder / "outbox", store.address)
    with opened(store=store, browsers=browsers, outbox=outbox, worker="bench", read_blocks=False) as house:
        house.directory.accounts = {"alice": access}
        browsers.warm()
        until(lambda: browsers.free() == 1, "the browser is up", 60)
        began = time.perf_counter()
        for _ in range(MOST_PAGES):
            look.fn("alice", at_once=True)
            if store.read(reading.counts)[State.UNCONFIRMED] == 0:
                break
        seconds = time.perf_counter() - began
    wrong = {
        state: count
        for state, count in store.read(reading.counts).items()
        if count and state is not State.PUBLISHED
    }
    if wrong:
        raise RuntimeError(f"not settled: {wrong}")
    return seconds


# --- beside


def _beside(unconfirmed: int) -> dict[str, Any]:
    """Let healthy posts go out one by one while so many of the same account stay unconfirmed."""
    with (
        postgres.running() as server,
        house(HOME, ("alice",), browsers=1, settings=for_prefect(server)) as stack,
    ):
        stack.sandbox.seed("alice", 20)
        must(stack.run("deployments"), "the deployments")
        store = store_of(stack)
        know(store, ("alice",))
        now = datetime.now(UTC)
        for n in range(unconfirmed):
            moment = now - timedelta(seconds=5 * n + 5)
            leave_unconfirmed(store, "alice", f"Lost at sea, number {n}.", moment)
        on_watch(stack)
        time.sleep(5)  # the runs' own start is not being measured
        waits = lone_posts(stack, store, LONE)
        still = store.read(reading.counts)[State.UNCONFIRMED]
    if still != unconfirmed:
        raise RuntimeError(f"{still} are unconfirmed, not {unconfirmed}")
    return waits
