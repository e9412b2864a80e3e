"""A read-only page of what is live on each network that has no page of its own, for people who want to see it."""

from __future__ import annotations

import html
import threading
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from rehearsal.truth import Ledger, Made

SHOWN = 100
"""How many posts a page shows."""

STYLE = """
body { font: 16px/1.5 sans-serif; max-width: 40em; margin: 2em auto; padding: 0 1em; }
article { border-top: 1px solid #ccc; padding: .5em 0; }
article p { white-space: pre-wrap; margin: .2em 0; }
small { color: #555; overflow-wrap: anywhere; }
"""


class Timelines:
    """One page for each ledger at ``/CHANNEL``, on a port of this machine, for a ``with`` block."""

    def __init__(self, ledgers: Iterable[Ledger]) -> None:
        self.ledgers: Mapping[str, Ledger] = {str(one.channel): one for one in ledgers}
        self._server = _Server(("127.0.0.1", 0), self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name="timelines", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def of(self, channel: str) -> str:
        """Say where the page of a channel is."""
        return f"{self.url}/{channel}"

    def page(self, path: str) -> str | None:
        """Write the page at an address; ``None`` where there is none."""
        channel = path.strip("/")
        if not channel:
            return document("Networks", "".join(f'<p><a href="/{one}">{one}</a></p>' for one in self.ledgers))
        ledger = self.ledgers.get(channel)
        return None if ledger is None else timeline(channel, ledger.made())


def timeline(channel: str, posts: Iterable[Made]) -> str:
    """Write what is live, the newest first."""
    live = sorted((one for one in posts if one.live), key=lambda one: one.at, reverse=True)
    articles = "".join(map(_article, live[:SHOWN]))
    return document(f"{channel}: {len(live)} live", articles or "<p>Nothing is live.</p>")


def _article(post: Made) -> str:
    told = [f"@{post.author}", f"{post.at:%H:%M:%S} UTC", post.id]
    told += [f"answers {post.reply_to}"] if post.reply_to else []
    told += [f"{len(post.media)} pictures"] if post.media else []
    return f"<article><p>{html.escape(post.text)}</p><small>{html.escape(' · '.join(told))}</small></article>"


def document(title: str, body: str) -> str:
    """Write a whole page around a body that is HTML already."""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style><h1>{html.escape(title)}</h1>{body}</html>"
    )


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], timelines: Timelines) -> None:
        self.timelines = timelines
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Show one page."""
        page = self.server.timelines.page(self.path.partition("?")[0])
        content = (page or document("No such page", "")).encode()
        self.send_response(404 if page is None else 200)
        self.send_header("content-type", "text/html; charset=utf-8")
        # Nothing of what a person wrote may run or lead away from here.
        self.send_header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
