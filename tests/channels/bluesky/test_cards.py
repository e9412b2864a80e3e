"""The preview of a link: what a page says of itself, and that no page can do more than say it."""

from __future__ import annotations

import io
import ipaddress
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from steadypost.channels.bluesky.cards import _read_head, previews
from steadypost.channels.bluesky.fetching import Fetched, Fetcher, NotFetched, is_public


class Pages(BaseHTTPRequestHandler):
    """A server of pages; what it answers is in ``answers``."""

    answers: dict = {}  # noqa: RUF012 - one server, set by the fixture
    asked: list = []  # noqa: RUF012 - the same

    def do_GET(self):
        self.asked.append((self.path, dict(self.headers)))
        self.answers[self.path](self)

    def log_message(self, *_):
        pass


def html(text, kind="text/html; charset=utf-8", **headers):
    return plainly(text.encode(), kind, **headers)


def plainly(content, kind, status=200, **headers):
    def answer(handler):
        handler.send_response(status)
        handler.send_header("content-type", kind)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


@pytest.fixture
def site():
    Pages.answers, Pages.asked = {}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def url(site):
    return f"http://127.0.0.1:{site.server_port}"


HERE = Fetcher(allowed=lambda ip, _: ip.is_loopback)
"""Reads pages of this machine, which is otherwise forbidden."""


def read(link, fetcher=HERE, within=20.0):
    return previews([link], fetcher, timedelta(seconds=within)).get(link)


def picture(width=300, height=160):
    out = io.BytesIO()
    Image.effect_noise((width, height), 90).convert("RGB").save(out, "PNG")
    return out.getvalue()


def test_what_a_page_says_of_itself(url):
    Pages.answers = {
        "/a": html(
            '<html><head><title>Plain</title><meta property="og:title" content="Maps &amp; more">'
            '<meta name=description content="  All\n of them "><meta property="og:image" content="/b.png">'
        ),
        "/b.png": plainly(picture(), "image/png"),
    }
    found = read(f"{url}/a")

    assert (found.uri, found.title, found.description) == (f"{url}/a", "Maps & more", "All of them")
    assert len(found.thumb.content) <= 1_000_000


def test_a_page_that_says_little(url):
    Pages.answers = {"/a": html("<title>Only\n &lt;this</title><p>x")}
    found = read(f"{url}/a")

    assert ("Only <this", "", None) == (found.title, found.description, found.thumb)


@pytest.mark.parametrize(
    "answer",
    [
        html("<p>no title"),
        html("<title>x</title>", kind="application/json"),
        plainly(b"", "text/html", status=404),
        plainly(b"", "text/html", status=500),
        html("<title>x</title>", content_encoding="gzip"),
        plainly(b"<title>x</title>" + b" " * 1_100_000, "text/html"),
        plainly(b"", "text/html", status=302, location="file:///etc/passwd"),
        plainly(b"", "text/html", status=302, location="/a"),
        plainly(b"\xff\xfe\x00", "text/html; charset=nonsense"),
    ],
)
def test_pages_without_a_preview(url, answer):
    Pages.answers = {"/a": answer}

    assert read(f"{url}/a") is None


@pytest.mark.parametrize(
    "answer",
    [
        plainly(b"no picture", "image/png"),
        plainly(b"", "x/y", status=404),
        plainly(b"x" * 9_000_000, "image/png"),
    ],
)
def test_a_preview_without_its_picture_is_one(url, answer):
    Pages.answers = {"/a": html('<title>t</title><meta property="og:image" content="b">'), "/b": answer}

    assert read(f"{url}/a").thumb is None


def test_a_picture_that_comes_too_late_does_not_take_the_words_with_it(url):
    Pages.answers = {"/a": html('<title>t</title><meta property="og:image" content="b">'), "/b": never}
    found = read(f"{url}/a", within=3)

    assert ("t", None) == (found.title, found.thumb)


def never(handler):
    """Answer without an end."""
    handler.send_response(200)
    handler.send_header("content-type", "text/html")
    handler.end_headers()
    while True:
        try:
            handler.wfile.write(b" ")
            handler.wfile.flush()
        except OSError:
            return
        time.sleep(0.02)  # a server that is slow: what it is slow at is the point


def test_a_redirect_is_followed(url):
    Pages.answers = {
        "/a": plainly(b"", "text/html", status=301, location="/b"),
        "/b": html("<title>there</title>"),
    }

    assert "there" == read(f"{url}/a").title


def test_a_page_that_never_ends_costs_its_own_time_only(url):
    """All previews together have one deadline; what was read by then is taken."""
    Pages.answers = {"/a": never, "/b": html("<title>quick</title>")}
    began = time.monotonic()
    found = previews([f"{url}/a", f"{url}/b"], HERE, timedelta(seconds=3))

    assert set(found) == {f"{url}/b"}
    assert time.monotonic() - began < 6


def test_a_name_that_takes_long_to_resolve_costs_its_own_time_only():
    def slow(host, port):
        time.sleep(5)
        return []

    began = time.monotonic()

    assert read("http://example.com/", Fetcher(resolve=slow), within=0.3) is None
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "127.8.9.1",
        "0.0.0.0",  # noqa: S104 - judged, not listened on
        "10.0.0.1",
        "172.16.5.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
        "2001:db8::1",
    ],
)
def test_addresses_that_are_not_the_worlds(ip):
    assert not is_public(ipaddress.ip_address(ip), 443)


@pytest.mark.parametrize("ip", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_addresses_of_the_world(ip):
    assert is_public(ipaddress.ip_address(ip), 443)
    assert is_public(ipaddress.ip_address(ip), 80)
    assert not is_public(ipaddress.ip_address(ip), 22)


@pytest.mark.parametrize(
    "link",
    [
        "{url}/a",
        "http://localhost:{port}/a",
        "http://[::1]:{port}/a",
        "http://0x7f000001:{port}/a",
        "http://2130706433:{port}/a",
    ],
)
def test_nothing_of_this_machine_is_read(url, site, link):
    """Whatever the address is written like, it is the connection's other end that counts."""
    Pages.answers = {"/a": html("<title>secret</title>")}

    assert read(link.format(url=url, port=site.server_port), Fetcher()) is None
    assert [] == Pages.asked


def test_a_page_of_the_world_cannot_lead_in(url, site):
    """A redirect is judged like the link itself."""
    Pages.answers = {
        "/a": plainly(b"", "text/html", status=302, location=f"http://inside:{site.server_port}/b"),
        "/b": html("<title>secret</title>"),
    }
    fetcher = Fetcher(
        allowed=lambda ip, _: str(ip) == "127.0.0.1",
        resolve=lambda host, _: ["127.0.0.1" if host == "outside" else "10.0.0.1"],
    )

    assert read(f"http://outside:{site.server_port}/a", fetcher) is None
    assert ["/a"] == [path for path, _ in Pages.asked]


def test_a_name_is_resolved_once_and_that_address_is_the_one_connected_to(url, site):
    """A name that is public when it is judged and private when it is connected to leads nowhere."""
    asked = []

    def twice(host, port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    Pages.answers = {"/a": html("<title>first</title>")}
    fetcher = Fetcher(allowed=lambda *_: True, resolve=twice)

    assert "first" == read(f"http://example.com:{site.server_port}/a", fetcher).title
    assert ["example.com"] == asked
    assert Pages.asked[0][1]["host"] == f"example.com:{site.server_port}"


def test_one_private_address_among_several_is_enough():
    fetcher = Fetcher(resolve=lambda *_: ["93.184.216.34", "10.0.0.1"])

    with pytest.raises(NotFetched, match="not public"):
        fetcher.fetch("http://example.com/", most=10, deadline=time.monotonic() + 5)


@pytest.mark.parametrize(
    "link",
    [
        "file:///etc/passwd",
        "ftp://example.com/",
        "http://a:b@example.com/",
        "http://",
        "http://[",
        "gopher://x",
        "http://a:99999/",
    ],
)
def test_only_plain_addresses_of_pages(link):
    with pytest.raises(NotFetched):
        Fetcher(resolve=lambda *_: ["93.184.216.34"]).fetch(link, most=10, deadline=time.monotonic() + 5)


@pytest.mark.parametrize("location", [None, "http://[", "http://a:b/", "//\x7f"])
def test_a_redirect_to_nowhere_is_no_page(url, location):
    """Neither a redirect that names nothing nor one to no address."""
    Pages.answers = {
        "/a": plainly(b"", "text/html", status=302, **({"location": location} if location else {})),
        "/b": plainly(b"", "text/html", status=304),
    }
    for path in ("/a", "/b"):
        with pytest.raises(NotFetched):
            HERE.fetch(f"{url}{path}", most=100, deadline=time.monotonic() + 20)


@pytest.mark.parametrize(
    "ip",
    ["::127.0.0.1", "fec0::1", "64:ff9b:1::7f00:1", "192.0.0.192", "168.63.129.16", "::ffff:168.63.129.16"],
)
def test_addresses_of_old_or_special_use_and_of_a_clouds_own_are_not_the_worlds(ip):
    assert not is_public(ipaddress.ip_address(ip), 443)


@pytest.mark.parametrize(
    "again", ["<!--", "<!-", "<", "<meta a", "<meta x>", "<script>", "<title>", "<![CDATA["]
)
def test_a_page_that_is_made_to_take_long_does_not(url, again):
    """The time for a megabyte is bounded by its length: a thread that reads a page cannot be ended."""
    page = ("<title>A page</title>" + again * (900_000 // len(again))).encode()
    began = time.thread_time()

    head = _read_head(Fetched(f"{url}/a", "text/html", "utf-8", page))

    assert "A page" == head.best("title")
    assert time.thread_time() - began < 10


def test_what_is_not_shown_says_nothing_of_a_page(url):
    """Comments and scripts, whatever the letters around them become in lower case."""
    page = (
        '\u0130\u0130<!-- <title>One</title> --><SCRIPT>"<title>Two</title>"</script><Title>Three</TITLE>'
        '<svg><title>Four</title></svg><meta property="og:description" content="1 > 0"><!-- <title>'
    )
    head = _read_head(Fetched(f"{url}/a", "text/html", "utf-8", page.encode()))

    assert ("Three", "1 > 0") == (head.best("title"), head.best("og:description"))
