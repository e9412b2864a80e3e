"""Mastodon's API, against the sandbox and against an independent server."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from rehearsal.real.mastodon import Server, serving
from rehearsal.real.relay import Handling, Relay, lose, relaying
from sandbox.mastodon.client import MastodonProcess
from steadypost.channels.mastodon import channel
from steadypost.channels.mastodon.api import TOKEN
from steadypost.channels.mastodon.channel import KIND
from steadypost.channels.port import Access, Means
from tests.channels.conformance.adapter import Adapter, Live

ASK = "/api/v1/statuses"


class _MastodonAdapter(Adapter):
    """What both have in common."""

    kind = KIND
    within = 60.0
    url: str
    tokens: dict[str, str]
    folder: Path

    def access(self) -> Access:
        secret = {TOKEN: self.tokens["alice"]}
        return Access(account="alice", handle="alice", base_url=self.url, secret=secret)

    def somebody_else(self) -> Access:
        return replace(self.access(), secret={TOKEN: self.tokens["bob"]})

    def means(self) -> Means:
        def no_browser() -> Any:
            raise AssertionError("an API needs no browser")

        return Means(browser=no_browser, home=self.folder)

    def secrets(self) -> Sequence[str]:
        return list(self.tokens.values())

    @contextmanager
    def unreachable(self) -> Iterator[Access]:
        with socket.create_server(("127.0.0.1", 0)) as line:
            port = line.getsockname()[1]
        yield replace(self.access(), base_url=f"http://127.0.0.1:{port}")


class MastodonAdapter(_MastodonAdapter):
    """The sandbox."""

    def __init__(self, folder: Path, server: MastodonProcess) -> None:
        self.folder = folder
        self.url = server.url
        self.tokens = server.tokens
        self._server = server

    @classmethod
    @contextmanager
    def started(cls, folder: Path) -> Iterator[MastodonAdapter]:
        with MastodonProcess(accounts=("alice", "bob"), requests=100_000) as server:
            yield cls(folder, server)

    def begin(self) -> None:
        self._server.forget()
        self._server.seed("alice", 3)

    def ledger(self) -> list[Live]:
        return [
            Live(
                id=post["id"],
                text=post["text"],
                alts=tuple(one["alt"] or "" for one in post["media"]),
                files=tuple(one["sha256"] for one in post["media"]),
                reply_to=post["reply_to"],
            )
            for post in self._server.live("alice")
            if post["origin"] == "api"
        ]

    def asks(self) -> int:
        return len(self._server.asks("alice"))

    @contextmanager
    def _weather(self, **rule: Any) -> Iterator[None]:
        self._server.weather(rule)
        yield
        self._server.clear_weather()

    def lose_the_answer(self) -> Any:
        return self._weather(fault="drop_response")

    def lose_the_removal(self) -> Any:
        return self._weather(fault="drop_delete_response")

    def refusing(self) -> Any:
        return self._weather(fault="refused")

    def limiting(self) -> Any:
        return self._weather(fault="too_many_posts", params={"reset_seconds": 60})


class MastodonRealAdapter(_MastodonAdapter):
    """An independent server, through a relay that cuts lines."""

    marks = ("network",)
    shows_files = False

    def __init__(self, folder: Path, server: Server, relay: Relay) -> None:
        self.folder = folder
        self.url = relay.url
        self.tokens = {"alice": "alice_token", "bob": "bob_token"}
        self._server = server
        self._relay = relay

    @classmethod
    @contextmanager
    def started(cls, folder: Path) -> Iterator[MastodonRealAdapter]:
        with serving(folder) as server, relaying(server.url) as relay:
            yield cls(folder, server, relay)

    def begin(self) -> None:
        self._server.reset()
        # A reset makes the accounts anew, with other numbers. No real server does, so sign-ins are kept a minute.
        channel._CONFIRMED._kept.clear()
        self._server.fault(None)
        self._relay.seen.clear()
        self._relay.decide = lambda _method, _path: Handling.PASS

    def ledger(self) -> list[Live]:
        return [
            Live(
                id=post["id"],
                text=self._server.source(post["id"]),
                alts=tuple(one["description"] or "" for one in post["media_attachments"]),
                reply_to=post["in_reply_to_id"],
            )
            for post in self._server.statuses()
        ]

    def asks(self) -> int:
        return len(self._relay.asks(ASK))

    @contextmanager
    def lose_the_answer(self) -> Iterator[None]:
        self._relay.decide = lose(ASK, Handling.CUT_AFTER)
        yield
        self._relay.decide = lambda _method, _path: Handling.PASS

    @contextmanager
    def lose_the_removal(self) -> Iterator[None]:
        self._relay.decide = lambda method, _path: Handling.CUT_AFTER if method == "DELETE" else Handling.PASS
        yield
        self._relay.decide = lambda _method, _path: Handling.PASS

    @contextmanager
    def _fault(self, **effect: Any) -> Iterator[None]:
        self._server.fault({"match": {"methods": ["POST"], "path": ASK}, "effect": effect})
        yield
        self._server.fault(None)

    def refusing(self) -> Any:
        return self._fault(type="status", status=422, body={"error": "Validation failed: Text is not wanted"})

    def limiting(self) -> Any:
        return self._fault(type="ratelimit")
