"""X's page, against the sandbox."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sandbox.client import SandboxProcess
from steadypost.channels.port import Access, Means
from steadypost.channels.x_web.channel import KIND
from tests.channels.conformance.adapter import Adapter, Live
from tests.channels.conftest import Browsers


class XWebAdapter(Adapter):
    """The sandbox of X, and one browser."""

    kind = KIND
    loses_removals = False
    within = 60.0
    marks = ("browser",)

    def __init__(self, folder: Path, sandbox: SandboxProcess, browsers: Browsers) -> None:
        self._folder = folder
        self._sandbox = sandbox
        self._browsers = browsers

    @classmethod
    @contextmanager
    def started(cls, folder: Path) -> Iterator[XWebAdapter]:
        browsers = Browsers(folder / "browsers")
        with SandboxProcess(accounts=("alice", "bob")) as sandbox:
            try:
                yield cls(folder, sandbox, browsers)
            finally:
                browsers.close()

    def begin(self) -> None:
        self._sandbox.forget()
        self._sandbox.seed("alice", 3)

    def access(self) -> Access:
        return Access(
            account="alice",
            handle="alice",
            base_url=self._sandbox.url,
            secret=self._sandbox.accounts["alice"],
        )

    def somebody_else(self) -> Access:
        return replace(self.access(), secret=self._sandbox.accounts["bob"])

    def means(self) -> Means:
        @contextmanager
        def lend() -> Iterator[object]:
            yield self._browsers.runner

        return Means(browser=lend, home=self._folder)

    def ledger(self) -> list[Live]:
        posts = [post for post in self._sandbox.live("alice") if post["origin"] == "page"]
        return [
            Live(
                id=post["id"],
                text=post["text"],
                alts=tuple(one["alt"] or "" for one in post["media"]),
                files=tuple(one["sha256"] for one in post["media"]),
                reply_to=post["reply_to"],
            )
            for post in sorted(posts, key=lambda post: int(post["id"]))
        ]

    def asks(self) -> int:
        return len(self._sandbox.asks("alice"))

    def secrets(self) -> Sequence[str]:
        return [cookie["value"] for cookie in self._sandbox.accounts["alice"]["cookies"]]

    @contextmanager
    def lose_the_answer(self) -> Iterator[None]:
        self._sandbox.weather({"fault": "drop_response", "account": "alice", "params": {}})
        yield
        self._sandbox.clear_weather()

    @contextmanager
    def refusing(self) -> Iterator[None]:
        self._sandbox.weather({"fault": "error_code", "account": "alice", "params": {"code": 186}})
        yield
        self._sandbox.clear_weather()

    @contextmanager
    def limiting(self) -> Iterator[None]:
        self._sandbox.weather({"fault": "error_code", "account": "alice", "params": {"code": 88}})
        yield
        self._sandbox.clear_weather()

    @contextmanager
    def unreachable(self) -> Iterator[Access]:
        with socket.create_server(("127.0.0.1", 0)) as line:
            port = line.getsockname()[1]
        moved = {
            **self._sandbox.accounts["alice"],
            "cookies": [dict(cookie) for cookie in self._sandbox.accounts["alice"]["cookies"]],
        }
        yield replace(self.access(), base_url=f"http://127.0.0.1:{port}", secret=moved)
