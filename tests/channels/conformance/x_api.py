"""X's API, against its sandbox."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from sandbox.x_api import XApiSandbox
from steadypost.channels.port import Access, Means
from steadypost.channels.x_api import KIND
from tests.channels.conformance.adapter import Adapter, Live


class XApiAdapter(Adapter):
    """The sandbox of X's API, signed in with four keys."""

    kind = KIND

    def __init__(self, folder: Path, sandbox: XApiSandbox) -> None:
        self._folder = folder
        self._sandbox = sandbox

    @classmethod
    @contextmanager
    def started(cls, folder: Path) -> Iterator[XApiAdapter]:
        with XApiSandbox(("alice", "bob")) as sandbox:
            yield cls(folder, sandbox)

    def begin(self) -> None:
        self._sandbox.forget()

    def access(self) -> Access:
        return Access(
            account="alice", handle="alice", base_url=self._sandbox.url, secret=self._sandbox.keys("alice")
        )

    def somebody_else(self) -> Access:
        return replace(self.access(), secret=self._sandbox.keys("bob"))

    def means(self) -> Means:
        return Means(browser=nullcontext, home=self._folder)

    def ledger(self) -> list[Live]:
        return [
            Live(
                id=post["id"],
                text=post["text"],
                alts=tuple(post["alts"]),
                files=tuple(post["media"]),
                reply_to=post["reply_to"],
            )
            for post in self._sandbox.live("alice")
        ]

    def asks(self) -> int:
        return len(self._sandbox.asks("alice"))

    def secrets(self) -> Sequence[str]:
        return list(self._sandbox.keys("alice").values())

    @contextmanager
    def lose_the_answer(self) -> Iterator[None]:
        yield from self._in("lost_after")

    @contextmanager
    def lose_the_removal(self) -> Iterator[None]:
        self._sandbox.weather({"fault": "lost_after", "account": "alice", "on": "deletePosts"})
        yield
        self._sandbox.weather()

    @contextmanager
    def refusing(self) -> Iterator[None]:
        yield from self._in("closed")

    @contextmanager
    def limiting(self) -> Iterator[None]:
        yield from self._in("rate_limited")

    @contextmanager
    def unreachable(self) -> Iterator[Access]:
        with socket.create_server(("127.0.0.1", 0)) as line:
            port = line.getsockname()[1]
        yield replace(self.access(), base_url=f"http://127.0.0.1:{port}")

    def _in(self, fault: str) -> Iterator[None]:
        self._sandbox.weather({"fault": fault, "account": "alice"})
        yield
        self._sandbox.weather()
