"""Serves the other page and keeps what it was asked to make live. A scene says how the page is built and what happens."""

import base64
import gzip
import hashlib
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
SERVICE_WORKER = """self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => event.respondWith(fetch(event.request)));"""
SENDER = """<!doctype html><script>onmessage = async ({ data: [address, body] }) => {
  const answer = await fetch(address, { method: "POST", headers: { "content-type": "application/json" }, body });
  parent.postMessage(await answer.json(), "*");
};</script>"""
WORKER_SENDER = """<!doctype html><script>onmessage = ({ data: [address, body] }) => {
  const text = `onmessage = async ({ data: [to, said] }) => postMessage(await (await fetch(to, { method: "POST",
    headers: { "content-type": "application/json" }, body: said })).json())`;
  const worker = new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  worker.onmessage = ({ data }) => parent.postMessage(data, "*");
  worker.postMessage([new URL(address, location.href).href, body]);
};</script>"""
WORKER_TRANSPORT = """<!doctype html><script>
  const text = `try { new WebTransport("https://127.0.0.1:9/").ready.catch(() => {}); } catch { }`;
  new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
</script>"""
SOCKET_SENDER = """<!doctype html><script>onmessage = ({ data: [address, say] }) => {
  const line = new WebSocket(address);
  line.onopen = () => line.send(JSON.stringify({ say }));
};</script>"""
FRAMES = {
    "worker_sender": WORKER_SENDER,
    "worker_transport": WORKER_TRANSPORT,
    "socket_sender": SOCKET_SENDER,
}
"""What a frame of another origin does, by its address."""

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
        self.ways = []
        """Which of them came by a way that the page names."""
        self.told = []
        """What the page told of itself."""
        self.loads = 0
        self.ended = threading.Event()
        self._ids = itertools.count()

    def set(self, **scene):
        """Begin anew with this scene."""
        self.scene = scene
        self.posts.clear()
        self.asks.clear()
        self.ways.clear()
        self.told.clear()
        self.loads = 0

    def make(self, variables):
        """Make a post live, and answer as the network does."""
        made = {
            "id": str(((time.time_ns() // 1_000_000 - EPOCH_MS) << 22) + next(self._ids)),
            "text": variables["tweet_text"],
            "parent": (variables.get("reply") or {}).get("in_reply_to_tweet_id"),
            "media": (variables.get("media") or {}).get("media_entities") or [],
        }
        self.posts.append(made)
        name = {"rest_id": made["id"]}
        if self.scene.get("ids") == "number":
            name = {"rest_id": int(made["id"])}
        elif self.scene.get("ids") == "both":
            name = {"rest_id": int(made["id"]), "legacy": {"id_str": made["id"]}}
        return {"data": {"create_tweet": {"tweet_results": {"result": name}}}}

    def answer(self, variables):
        """Answer an ask as the scene says: status and body, or nothing for a line that is cut."""
        if self.scene.get("refuses"):
            return 200, {"errors": [{"code": self.scene["refuses"]}], "data": {}}
        made = self.make(variables)
        if self.scene.get("empty"):
            return 200, {"data": {"create_tweet": {"tweet_results": {}}}}
        if self.scene.get("warns"):
            return 200, {**made, "errors": [{"code": self.scene["warns"]}]}
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
            elif path.endswith("/Viewer"):
                status = int(self.path.rpartition("=")[2])
                if status == 0:
                    self.close_connection = True
                else:
                    self._give(status, "application/json", "{}")
            elif path.endswith("/CreateTweet"):
                self._take(json.loads(parse_qs(urlsplit(self.path).query)["variables"][0]))
            elif path.startswith("/i/api/"):
                self._give(*detail(site, self.path))
            elif path == "/hangs":
                site.ended.wait(20)
                self.close_connection = True
            elif path == "/i/sender":
                self._give(200, "text/html", SENDER)
            elif path.rpartition("/")[2] in FRAMES:
                self._give(200, "text/html", FRAMES[path.rpartition("/")[2]])
            elif path == "/i/frame":
                self._give(200, "text/html", "<!doctype html>")
            elif path == "/sw.js":
                self._give(200, "text/javascript", SERVICE_WORKER)
            elif path == "/socket":
                self._hear_socket()
            elif path == "/favicon.ico":
                self._give(404, "text/plain", "")
            else:
                site.loads += 1
                scene = json.dumps({**site.scene, "loads": site.loads}).replace("<", "\\u003c")
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
            if name == "log":
                site.told.append(body)
                self._give(200, "application/json", "{}")
                return
            if name in {"update.json", "publish"}:
                if self.headers.get("x-squeezed"):
                    body = gzip.decompress(body)
                site.asks.append({"tweet_text": body.decode()})
                self._give(200, "application/json", json.dumps(site.make({"tweet_text": body.decode()})))
                return
            told = json.loads(body.decode().rstrip("\r\n="))
            asked = told if isinstance(told, list) else [told, *told.get("also", ())]
            site.ways.append(self.headers.get("x-by", ""))
            for one in asked[1:]:
                site.asks.append(one["variables"])
                site.make(one["variables"])
            self._take(asked[0]["variables"])

        def _take(self, variables):
            site.asks.append(variables)
            said = site.answer(variables)
            if said is None:
                self.close_connection = True
                return
            self._give(said[0], "application/json", json.dumps(said[1]))

        def _hear_socket(self):
            """Take one message of a web socket: a post that no request carries."""
            key = self.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            self.send_response(101)
            self.send_header("upgrade", "websocket")
            self.send_header("connection", "Upgrade")
            self.send_header(
                "sec-websocket-accept",
                base64.b64encode(hashlib.new("sha1", key.encode(), usedforsecurity=False).digest()).decode(),
            )
            self.end_headers()
            self.close_connection = True
            head = self.rfile.read(2)
            if len(head) == 2 and head[0] & 0x0F == 1:
                mask, size = self.rfile.read(4), head[1] & 0x7F
                text = bytes(one ^ mask[n % 4] for n, one in enumerate(self.rfile.read(size)))
                variables = {"tweet_text": json.loads(text)["say"]}
                site.asks.append(variables)
                site.make(variables)

        def _give(self, status, kind, text):
            body = text.encode()
            if kind == "application/json" and site.scene.get("packed"):
                body = gzip.compress(body)
            self.send_response(status)
            if kind == "application/json" and site.scene.get("packed"):
                self.send_header("content-encoding", "gzip")
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
        site.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def detail(site, path):
    """Answer what the page asks of the post to be answered."""
    if site.scene.get("parent") == "unloaded":
        return 503, "application/json", "{}"
    if site.scene.get("parent") == "deleted":
        result = {"__typename": "TweetTombstone", "tombstone": {"text": {"text": "…"}}}
    else:
        asked = json.loads(parse_qs(urlsplit(path).query)["variables"][0])
        result = {"__typename": "Tweet", "rest_id": asked["tweetId"]}
    return 200, "application/json", json.dumps({"data": {"tweetResult": {"result": result}}})
