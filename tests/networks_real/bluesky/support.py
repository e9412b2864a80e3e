"""A relay in front of a real server that cuts lines by the head of a request."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable


class Relay:
    """Passes requests on, and cuts lines: before the server sees a request, or after it answered.

    ``cut`` decides for each request by its head: ``None``, ``"before"`` or ``"after"``.
    """

    def __init__(self, target: str) -> None:
        host, _, port = target.removeprefix("http://").partition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.cut: Callable[[str], str | None] = lambda _: None
        self.cuts: list[tuple[str, str]] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more requests."""
        self._listener.close()

    def _run(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with line:
            request, head = _whole(line)
            if not head:
                return
            cut = self.cut(head)
            if cut is not None:
                self.cuts.append((cut, head.partition("\r\n")[0]))
            if cut == "before":
                return
            with socket.create_connection(self._target, timeout=60) as server:
                server.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
                answer = _all(server)
            if cut is None:
                line.sendall(answer)


def _whole(line: socket.socket) -> tuple[bytes, str]:
    """Read one request to its end."""
    seen = b""
    while b"\r\n\r\n" not in seen:
        piece = line.recv(65_536)
        if not piece:
            return b"", ""
        seen += piece
    head, _, body = seen.partition(b"\r\n\r\n")
    lengths = [one for one in head.lower().split(b"\r\n") if one.startswith(b"content-length:")]
    length = int(lengths[0].partition(b":")[2]) if lengths else 0
    while len(body) < length:
        piece = line.recv(65_536)
        if not piece:
            return b"", ""
        body += piece
    clean = b"\r\n".join(one for one in head.split(b"\r\n") if not one.lower().startswith(b"connection:"))
    return clean + b"\r\n\r\n" + body, head.decode("latin-1")


def _all(server: socket.socket) -> bytes:
    seen = b""
    while piece := server.recv(65_536):
        seen += piece
    return seen
