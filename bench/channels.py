"""The channels of the networks' APIs alone, without a house, against the bare scripts: what of the time is theirs."""

from __future__ import annotations

import os
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

from bench.api import CHANNELS, LATENCY_MS, PEOPLE, Networks
from bench.api_bare import SCRIPTS, Publish
from bench.house import machine
from blocks import channels
from blocks.account import Unopened
from rehearsal.accounts import Limits, made
from steadypost.channels.port import Means, Order
from steadypost.domain import clock
from steadypost.domain.outcome import Published
from steadypost.domain.post import Part

POSTS = 20
"""Of each account in each run."""

RUNS = 3
LIMITS = Limits(per_hour=10_000, per_day=100_000, spacing_seconds=0)


def measure() -> dict[str, Any]:
    """Measure four accounts on each network, in turns with the bare script; a thread for each account in both."""
    networks = Networks.of(PEOPLE)
    with tempfile.TemporaryDirectory() as home, ExitStack() as open_until_the_end:
        for network in (networks.x_api, networks.mastodon, networks.bluesky):
            open_until_the_end.enter_context(network)
        networks.bluesky.weather({"fault": "slow", "params": {"seconds": LATENCY_MS / 1000}})
        told = networks.accounts(PEOPLE)
        of = {name: [one for one in told.values() if one["channel"] == name] for name in CHANNELS}
        figures = {name: _in_turns(name, of[name], Path(home)) for name in CHANNELS}
    return {"machine": machine(), "latency_ms": LATENCY_MS, "accounts": len(PEOPLE), **figures}


def _in_turns(channel: str, accounts: Sequence[dict[str, str]], home: Path) -> list[dict[str, float]]:
    bare = [SCRIPTS[channel](one) for one in accounts]
    ours = [_publisher(channel, one, home) for one in accounts]
    return [_compared(_timed(bare), _timed(ours)) for _ in range(RUNS)]


def _compared(bare: tuple[float, float], ours: tuple[float, float]) -> dict[str, float]:
    return {
        "bare_per_minute": round(bare[0]),
        "channel_per_minute": round(ours[0]),
        "ratio": round(ours[0] / bare[0], 2),
        "bare_cpu_ms": round(bare[1], 2),
        "channel_cpu_ms": round(ours[1], 2),
        "load": round(os.getloadavg()[0], 1),
    }


def _timed(publishers: Sequence[Publish]) -> tuple[float, float]:
    """Let each publish in a thread of its own; answers posts a minute, and milliseconds of CPU for each."""
    for publish in publishers:
        publish(f"warm {secrets.token_hex(6)}")

    def run(publish: Publish) -> None:
        for _ in range(POSTS):
            publish(f"The tide tables are out, {secrets.token_hex(6)}")

    threads = [threading.Thread(target=run, args=(one,)) for one in publishers]
    began, used = time.monotonic(), time.process_time()
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    count = POSTS * len(publishers)
    return 60 * count / (time.monotonic() - began), 1000 * (time.process_time() - used) / count


def _publisher(channel: str, account: dict[str, str], home: Path) -> Callable[[str], None]:
    """Ask as an attempt does, with a channel of its own for each, and everything around it left out."""
    beside = {"directory": account["url"], "video_service": account["url"]}
    access = made(channel, {**beside, **account}, LIMITS).open(account["handle"])
    if isinstance(access, Unopened):
        raise TypeError(access.why)
    means = Means(browser=nullcontext, home=home)
    kind = channels.CHANNELS[channel].kind

    def publish(text: str) -> None:
        order = Order(parts=(Part(text=text),), key=secrets.token_hex(16), keyed_at=clock.now())
        with kind.open(means) as opened:
            answer = opened.ask(
                access, order, arm=lambda: True, deadline=time.monotonic() + 60, progress=lambda _: None
            )
        if not isinstance(answer.headline, Published):
            raise TypeError(str(answer.headline))

    return publish
