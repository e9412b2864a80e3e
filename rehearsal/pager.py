"""A pager: a local web address that takes messages, remembers them, and can be down."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One message that got through."""

    title: str
    body: str
    at: datetime

    @property
    def about(self) -> str:
        """What it is about: the incident's name."""
        return self.title.partition(": ")[2].removesuffix(" is failing").removesuffix(" cannot be told")

    @property
    def calls(self) -> bool:
        """Whether it says that a person is needed."""
        return self.title.startswith("Steadypost needs you")


class Pager:
    """Takes messages as JSON with ``title`` and ``body``, from Prefect's custom webhook or from Apprise."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.refused = 0
        self.is_down = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, name="pager", daemon=True).start()

    @property
    def url(self) -> str:
        """Where messages go."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/page"

    @property
    def apprise(self) -> str:
        """The same address in Apprise's words."""
        return f"json://127.0.0.1:{self._server.server_address[1]}/page"

    def close(self) -> None:
        """Take no more."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        pager = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or "{}")
                self.send_response(pager.take(told))
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def take(self, told: dict[str, str]) -> int:
        """Take one message; answers with an HTTP status."""
        if self.is_down:
            self.refused += 1
            return 503
        title = told.get("title", "")
        self.heard.append(
            Heard(title=title, body=told.get("body") or told.get("message", ""), at=datetime.now(UTC))
        )
        return 200
