"""The server: one thread for each connection, one request on each, and faults where the weather says so."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from sandbox.clock import Clock
from sandbox.x_api.authorizing import Authorizing
from sandbox.x_api.desk import Desk
from sandbox.x_api.struck import Answer, Half, Lost
from sandbox.x_api.weather import Weather
from sandbox.x_api.world import World


class XApiSandbox:
    """A look-alike of X's API on a port of its own, for a ``with`` block."""

    def __init__(
        self,
        accounts: tuple[str, ...] = ("alice", "bob"),
        *,
        port: int = 0,
        seed: int = 1,
        latency_s: float = 0.0,
        lag_s: float = 0.0,
        clock_offset_s: float = 0.0,
        duplicate_window_s: float = 86400.0,
        token_s: float = 7200.0,
        polls: int = 2,
        own_threads: bool = True,
    ) -> None:
        self.clock = Clock(offset_s=clock_offset_s)
        self.world = World(
            accounts,
            self.clock,
            lag_s=lag_s,
            duplicate_window_s=duplicate_window_s,
            token_s=token_s,
            polls=polls,
            own_threads=own_threads,
        )
        self.authorizing = Authorizing(self.world)
        self.weather_rules = Weather(seed)
        self.latency_s = latency_s
        self._server = _Server(("127.0.0.1", port), self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    # -- the truth

    def ledger(self, account: str | None = None) -> list[dict[str, Any]]:
        """List every post that was ever made, the oldest first."""
        with self.world.lock:
            return [
                {
                    "id": post.id,
                    "account": post.author,
                    "text": post.text,
                    "reply_to": post.reply_to,
                    "alts": [self.world.files[one].alt for one in post.media],
                    "media": [self.world.files[one].digest for one in post.media],
                    "made_at_ms": int(post.made_at * 1000),
                    "by_hand": post.by_hand,
                    "live": post.live,
                    "options": dict(post.options),
                }
                for post in sorted(self.world.posts.values(), key=lambda post: int(post.id))
                if account in {None, post.author}
            ]

    def live(self, account: str | None = None) -> list[dict[str, Any]]:
        """List what is live."""
        return [one for one in self.ledger(account) if one["live"]]

    def asks(self, account: str | None = None) -> list[dict[str, Any]]:
        """List every request that asked for a post, in the order of arrival."""
        with self.world.lock:
            return [one for one in self.world.asks if account in {None, one["account"]}]

    @property
    def requests(self) -> list[str]:
        """List every request by its operation."""
        return self.world.requests

    # -- hands and weather

    def weather(self, *rules: Mapping[str, Any]) -> None:
        """Replace the weather by these rules."""
        self.weather_rules.put(*rules)

    def forget(self) -> None:
        """Begin anew: no posts, no asks, fair weather; accounts and tokens stay."""
        with self.world.lock:
            self.world.posts.clear()
            self.world.files.clear()
            self.world.asks.clear()
            self.world.requests.clear()
        self.weather()

    def hand_post(self, account: str, text: str, *, reply_to: str | None = None) -> str:
        """Post as a person would, from elsewhere."""
        return self.world.by_hand(account, text, reply_to=reply_to)

    def delete(self, post_id: str) -> None:
        """Take a post down."""
        self.world.delete(post_id)

    def keys(self, account: str) -> dict[str, str]:
        """Give an account's four keys (OAuth 1.0a)."""
        person = self.world.people[account]
        return {
            "api_key": person.api_key,
            "api_secret": person.api_secret,
            "access_token": person.access_token,
            "access_secret": person.access_secret,
        }

    def grant(self, account: str) -> dict[str, str]:
        """Sign an account in anew (OAuth 2.0): what its first token is asked for with."""
        person = self.world.people[account]
        person.family_lives = True
        return {"client_id": person.client_id, "refresh_token": person.refresh}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sandbox: XApiSandbox) -> None:
        self.sandbox = sandbox
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer a question."""
        self._serve()

    def do_POST(self) -> None:
        """Answer what asks for something."""
        self._serve()

    def do_DELETE(self) -> None:
        """Answer what takes something down."""
        self._serve()

    def _serve(self) -> None:
        sandbox = self.server.sandbox
        content = self.rfile.read(int(self.headers.get("content-length") or 0))
        time.sleep(sandbox.latency_s)
        self.close_connection = True
        try:
            self._answer(
                *Desk(sandbox, self.command, self.path, dict(_lower(self.headers)), content).answer()
            )
        except Lost:
            self._cut()
        except Half as half:
            self._answer_half(half.answer)

    def _answer(self, status: int, body: Any, headers: dict[str, str]) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._head(status, headers, len(content))
        with contextlib.suppress(OSError):
            self.wfile.write(content)

    def _answer_half(self, answer: Answer) -> None:
        content = json.dumps(answer[1]).encode()
        self._head(answer[0], answer[2], len(content))
        self.wfile.write(content[: len(content) // 2])
        self.wfile.flush()
        self._cut()

    def _head(self, status: int, headers: dict[str, str], length: int) -> None:
        self.send_response_only(status)
        given = {
            "content-type": "application/json; charset=utf-8",
            "date": self.server.sandbox.clock.date(),
            **headers,
        }
        for name, value in given.items():
            self.send_header(name, value)
        self.send_header("content-length", str(length))
        self.send_header("connection", "close")
        with contextlib.suppress(OSError):
            self.end_headers()

    def _cut(self) -> None:
        """End the connection as a machine that died would: with a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def _lower(headers: Any) -> list[tuple[str, str]]:
    return [(name.lower(), value) for name, value in headers.items()]
