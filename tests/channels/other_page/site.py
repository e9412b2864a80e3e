"""Serves the other page and keeps what it was asked to make live. A scene says how the page is built and what happens."""

import itertools
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

EPOCH_MS = 1_288_834_974_657
PAGE = Path(__file__).with_name("page.js").read_text(encoding="utf-8")
LOGIN = "<!doctype html><main><h1>Anmelden</h1><form><input name=text></form></main>"
COOKIES = [
    {"name": name, "value": f"{name}-of-alice", "domain": "127.0.0.1", "path": "/"}
    for name in ("auth_token", "ct0")
]


class OtherSite:
    """What the server knows: the scene, what was made live, and every request that could have made something."""

    def __init__(self, url):
        self.url = url
        self.scene = {}
        self.posts = []
        self.asks = []
        self._ids = itertools.count()

    def set(self, **scene):
        """Begin anew with this scene."""
        self.scene = scene
        self.posts.clear()
        self.asks.clear()

    def make(self, variables):
        """Make a post live, and answer as the network does."""
        made = {
            "id": str(((time.time_ns() // 1_000_000 - EPOCH_MS) << 22) + next(self._ids)),
            "text": variables["tweet_text"],
            "parent": (variables.get("reply") or {}).get("in_reply_to_tweet_id"),
            "media": (variables.get("media") or {}).get("media_entities") or [],
        }
        self.posts.append(made)
        return {"data": {"create_tweet": {"tweet_results": {"result": {"rest_id": made["id"]}}}}}

    def answer(self, variables):
        """Answer an ask as the scene says: status and body, or nothing for a line that is cut."""
        if self.scene.get("refuses"):
            return 200, {"errors": [{"code": self.scene["refuses"]}], "data": {}}
        made = self.make(variables)
        return None if self.scene.get("answer_lost") else (200, made)


@contextmanager
def serving():
    """Serve on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            path = self.path.partition("?")[0]
            if path.startswith("/i/flow/login"):
                self._give(200, "text/html", LOGIN)
            elif path.startswith("/i/api/"):
                self._give(*detail(site, self.path))
            elif path == "/favicon.ico":
                self._give(404, "text/plain", "")
            else:
                scene = json.dumps(site.scene).replace("<", "\\u003c")
                text = f"<!doctype html><html lang={site.scene.get('lang', 'pt')}><body><div id=react-root></div>"
                self._give(
                    200, "text/html", f"{text}<script>const scene = {scene};\n{PAGE}</script></body></html>"
                )

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            name = self.path.partition("?")[0].rpartition("/")[2]
            if name == "upload.json":
                self._give(
                    200, "application/json", json.dumps({"media_id_string": str(next(site._ids) + 900)})
                )
                return
            variables = json.loads(body)["variables"]
            site.asks.append(variables)
            said = site.answer(variables)
            if said is None:
                self.close_connection = True
                return
            self._give(said[0], "application/json", json.dumps(said[1]))

        def _give(self, status, kind, text):
            body = text.encode()
            self.send_response(status)
            self.send_header("content-type", f"{kind}; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = OtherSite(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def detail(site, path):
    """Answer what the page asks of the post to be answered."""
    if site.scene.get("parent") == "deleted":
        result = {"__typename": "TweetTombstone", "tombstone": {"text": {"text": "…"}}}
    else:
        asked = json.loads(parse_qs(urlsplit(path).query)["variables"][0])
        result = {"__typename": "Tweet", "rest_id": asked["tweetId"]}
    return 200, "application/json", json.dumps({"data": {"tweetResult": {"result": result}}})
