"""The control port: the truth, a person's hands, and the weather. What is tested has no token for it."""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import parse_qs, urlsplit

from sandbox.x_api.weather import FAULTS, BadRule

if TYPE_CHECKING:
    from sandbox.x_api.serve import XApiSandbox


class Control:
    """A port beside the sandbox's own, for a ``with`` block."""

    def __init__(self, sandbox: XApiSandbox, port: int = 0) -> None:
        self.sandbox = sandbox
        self.token = secrets.token_urlsafe(24)
        self._server = _Server(("127.0.0.1", port), self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def do(self, method: str, path: str, account: str | None, body: Any) -> Any:
        """Do one thing, named by method and path; raises ``KeyError`` when there is no such thing."""
        return _DOES[method, path](self.sandbox, account, body)


def _weather(sandbox: XApiSandbox, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    sandbox.weather(*rules)
    return _rules(sandbox)


def _rules(sandbox: XApiSandbox) -> list[dict[str, Any]]:
    return [
        {"fault": one.fault, "on": one.on, "account": one.account, "seen": one.seen, "hits": one.hits}
        for one in sandbox.weather_rules.rules
    ]


def _hand_post(sandbox: XApiSandbox, body: dict[str, Any]) -> dict[str, str]:
    return {"id": sandbox.hand_post(body["account"], body["text"], reply_to=body.get("reply_to"))}


def _counts(sandbox: XApiSandbox) -> dict[str, Any]:
    said = [(one["account"], one["text"], one["reply_to"]) for one in sandbox.live()]
    copies = [
        {"account": account, "text": text, "live": said.count((account, text, parent))}
        for account, text, parent in sorted(set(said), key=str)
        if said.count((account, text, parent)) > 1
    ]
    return {"asks": len(sandbox.asks()), "live": len(said), "copies": copies}


_DOES: Final[Mapping[tuple[str, str], Callable[[XApiSandbox, str | None, Any], Any]]] = {
    ("GET", "/ledger"): lambda sandbox, account, _: sandbox.ledger(account),
    ("GET", "/asks"): lambda sandbox, account, _: sandbox.asks(account),
    ("GET", "/counts"): lambda sandbox, _, __: _counts(sandbox),
    ("POST", "/hand-post"): lambda sandbox, _, body: _hand_post(sandbox, body),
    ("POST", "/delete"): lambda sandbox, _, body: sandbox.delete(body["id"]),
    ("POST", "/forget"): lambda sandbox, _, __: sandbox.forget(),
    ("GET", "/weather"): lambda sandbox, _, __: _rules(sandbox),
    ("PUT", "/weather"): lambda sandbox, _, body: _weather(sandbox, body),
    ("DELETE", "/weather"): lambda sandbox, _, __: _weather(sandbox, []),
    ("GET", "/faults"): lambda _, __, ___: [{"name": name, "says": says} for name, says in FAULTS.items()],
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], control: Control) -> None:
        self.control = control
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Tell something."""
        self._serve()

    def do_POST(self) -> None:
        """Do something by hand."""
        self._serve()

    def do_PUT(self) -> None:
        """Replace something."""
        self._serve()

    def do_DELETE(self) -> None:
        """Clear something."""
        self._serve()

    def _serve(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length") or 0))
        status, told = self._told(content)
        written = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(written)))
        self.end_headers()
        self.wfile.write(written)

    def _told(self, content: bytes) -> tuple[int, Any]:
        shown = self.headers.get("authorization", "").encode()
        if not hmac.compare_digest(shown, f"Bearer {self.server.control.token}".encode()):
            return 401, {"error": "a bearer token is required"}
        parts = urlsplit(self.path)
        account = parse_qs(parts.query).get("account", [None])[0]
        try:
            return 200, self.server.control.do(
                self.command, parts.path, account, json.loads(content or b"null")
            )
        except (KeyError, TypeError, ValueError, BadRule) as error:
            return 422, {"error": f"{self.command} {parts.path}: {type(error).__name__}: {error}"}
