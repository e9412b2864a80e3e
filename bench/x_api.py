"""X's API: CPU time and requests per post, against a bare script that makes the same asks with httpx.

python -m bench.x_api --posts 100
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from oauthlib.oauth1 import Client

from steadypost.channels.port import Access, Means, Order
from steadypost.channels.x_api.channel import XApi
from steadypost.domain.outcome import Published
from steadypost.domain.post import Part

KEY = "0123456789abcdef" * 2


@contextlib.contextmanager
def sandbox() -> Iterator[dict[str, Any]]:
    """Run the sandbox in a process of its own, so that its work is not counted here."""
    command = [sys.executable, "-m", "sandbox.x_api", "--account", "alice"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - asked for above
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def ours(where: dict[str, Any], home: Path) -> Callable[[str], None]:
    """Give what publishes one post through the channel, opened anew as for each attempt."""
    means = Means(browser=contextlib.nullcontext, home=home)
    access = Access(
        account="alice", handle="alice", base_url=where["url"], secret=where["accounts"]["alice"]["keys"]
    )

    def publish(text: str) -> None:
        order = Order(parts=(Part(text=text),), key=KEY, keyed_at=datetime.now(UTC))
        answer = XApi(means).ask(
            access, order, arm=lambda: True, deadline=time.monotonic() + 60, progress=lambda _: None
        )
        if not isinstance(answer.headline, Published):
            raise TypeError(answer.headline)

    return publish


def bare(where: dict[str, Any]) -> Callable[[str], None]:
    """Give what a script of ten lines does: sign, post with one client, read the id."""
    keys = where["accounts"]["alice"]["keys"]
    url = f"{where['url']}/2/tweets"
    signer = Client(
        keys["api_key"],
        client_secret=keys["api_secret"],
        resource_owner_key=keys["access_token"],
        resource_owner_secret=keys["access_secret"],
    )

    client = httpx.Client(timeout=30)

    def publish(text: str) -> None:
        _, headers, _ = signer.sign(url, http_method="POST")
        answer = client.post(url, json={"text": text}, headers=dict(headers))
        if answer.status_code != 201 or not answer.json()["data"]["id"]:
            raise TypeError(answer.text)

    return publish


def measured(publish: Callable[[str], None], name: str, posts: int) -> tuple[float, float]:
    """Give milliseconds of CPU and of the clock per post, the first few left out."""
    for n in range(5):
        publish(f"{name} warms up {n}")
    cpu, wall = time.process_time(), time.monotonic()
    for n in range(posts):
        publish(f"{name} {n}")
    return (time.process_time() - cpu) / posts * 1000, (time.monotonic() - wall) / posts * 1000


def main() -> None:
    """Measure both, turn and turn about, and print one JSON line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--posts", type=int, default=100)
    posts = parser.parse_args().posts
    with sandbox() as where, TemporaryDirectory() as home:
        ways = {"bare": bare(where), "ours": ours(where, Path(home))}
        rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for turn in range(3):
            for name, publish in ways.items():
                rounds[name].append(measured(publish, f"{name} {turn}", posts))
    best = {name: min(found) for name, found in rounds.items()}
    told = {name: {"cpu_ms": round(cpu, 2), "wall_ms": round(wall, 2)} for name, (cpu, wall) in best.items()}
    ratio = {"cpu": round(best["ours"][0] / best["bare"][0], 2)}
    print(json.dumps({"posts": posts, **told, "ours_to_bare": ratio}))


if __name__ == "__main__":
    main()
