"""Bluesky, against its sandbox."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sandbox.bluesky.client import BlueskySandbox
from steadypost.channels.bluesky.channel import KIND
from steadypost.channels.bluesky.session import InMemory
from steadypost.channels.port import Access, Means
from tests.channels.conformance.adapter import Adapter, Live

ALICE = "alice.test"
BOB = "bob.test"


class BlueskyAdapter(Adapter):
    """The sandbox of Bluesky. Nothing else is needed."""

    kind = KIND
    other = BOB

    def __init__(self, folder: Path, sandbox: BlueskySandbox) -> None:
        self._folder = folder
        self._sandbox = sandbox
        self._tokens = InMemory()

    @classmethod
    @contextmanager
    def started(cls, folder: Path) -> Iterator[BlueskyAdapter]:
        with BlueskySandbox(accounts=(ALICE, BOB)) as sandbox:
            yield cls(folder, sandbox)

    def begin(self) -> None:
        self._sandbox.forget()
        self._sandbox.hand_post(ALICE, "a past")
        self._tokens = InMemory()

    def access(self) -> Access:
        return Access(
            account="alice",
            handle=ALICE,
            base_url=self._sandbox.url,
            secret={"app_password": self._sandbox.accounts[ALICE]["password"]},
            options={"directory": self._sandbox.url, "video_service": self._sandbox.video_service},
        )

    def somebody_else(self) -> Access:
        return replace(self.access(), secret={"app_password": self._sandbox.accounts[BOB]["password"]})

    def means(self) -> Means:
        def no_browser() -> Any:
            raise AssertionError("Bluesky needs no browser")

        return Means(browser=no_browser, home=self._folder, tokens=self._tokens)

    def ledger(self) -> list[Live]:
        return [
            Live(
                id=one["uri"],
                text=one["text"],
                alts=_alts(one["record"]),
                reply_to=_parent(one["record"]),
                files=_files(one["record"]),
            )
            for one in self._sandbox.live(ALICE)
            if one["by"] != "hand"
        ]

    def asks(self) -> int:
        return len(self._sandbox.asks(ALICE))

    def secrets(self) -> Sequence[str]:
        token = self._tokens.current("alice")
        kept = [] if token is None else [token.secret["access"], token.secret["refresh"]]
        return [self._sandbox.accounts[ALICE]["password"], *kept]

    @contextmanager
    def lose_the_answer(self) -> Iterator[None]:
        with self._weather({"fault": "drop_after"}):
            yield

    @contextmanager
    def lose_the_removal(self) -> Iterator[None]:
        with self._weather({"fault": "drop_after", "method": "deleteRecord"}):
            yield

    @contextmanager
    def refusing(self) -> Iterator[None]:
        with self._weather({"fault": "refused"}):
            yield

    @contextmanager
    def limiting(self) -> Iterator[None]:
        with self._weather({"fault": "too_many", "method": "putRecord"}):
            yield

    @contextmanager
    def unreachable(self) -> Iterator[Access]:
        with socket.create_server(("127.0.0.1", 0)) as line:
            port = line.getsockname()[1]
        yield replace(self.access(), base_url=f"http://127.0.0.1:{port}")

    @contextmanager
    def _weather(self, rule: dict[str, Any]) -> Iterator[None]:
        self._sandbox.weather(rule)
        yield
        self._sandbox.clear_weather()


def _alts(record: dict[str, Any]) -> tuple[str, ...]:
    return tuple(one["alt"] for one in record.get("embed", {}).get("images", ()))


def _files(record: dict[str, Any]) -> tuple[str, ...]:
    """Read the digests out of the names of the contents: four bytes of kind, then SHA-256."""
    names = (one["image"]["ref"]["$link"] for one in record.get("embed", {}).get("images", ()))
    return tuple(base64.b32decode(f"{name[1:].upper()}======")[4:].hex() for name in names)


def _parent(record: dict[str, Any]) -> str | None:
    return record["reply"]["parent"]["uri"] if "reply" in record else None
