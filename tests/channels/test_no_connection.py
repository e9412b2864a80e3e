"""Why no connection came about is told in words that say what to mend, and in none of an address's or a secret's."""

from __future__ import annotations

import contextlib
import http.server
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.channels import wire, x_api
from steadypost.channels.bluesky import channel as bluesky
from steadypost.channels.mastodon import channel as mastodon
from steadypost.channels.port import Access, Means, Order
from steadypost.channels.wire import NotSent, Unknown, Wire
from steadypost.domain.causes import RULES
from steadypost.domain.circuit.catalogue import Kind, tells, tells_by_probe
from steadypost.domain.outcome import Cause, NotSubmitted, Scope
from steadypost.domain.post import Part
from tests.certificates import self_signed


def certificate(folder, **how):
    """A certificate of its own authority, with its key."""
    file = folder / "both.pem"
    file.write_bytes(b"".join(self_signed(**how)))
    return file


@pytest.fixture
def served():
    """Serve with a certificate; answers at which port."""
    with contextlib.ExitStack() as ended:

        def serve(file, *, version=None):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(file)
            if version is not None:
                context.maximum_version = version
            line = ended.enter_context(socket.create_server(("127.0.0.1", 0)))

            def answer():
                with contextlib.suppress(OSError):
                    while True:
                        one, _ = line.accept()
                        with (
                            one,
                            contextlib.suppress(OSError),
                            context.wrap_socket(one, server_side=True) as safe,
                        ):
                            safe.recv(1)

            threading.Thread(target=answer, daemon=True).start()
            return line.getsockname()[1]

        yield serve


def heard_of(port, trusted=None, *, scheme="https", host="127.0.0.1", least=None):
    context = ssl.create_default_context(cafile=trusted)
    if least is not None:
        context.minimum_version = least
    wire = Wire(f"{scheme}://{host}:{port}", headers={"Authorization": "Bearer s3cr3t"}, verify=context)
    heard = wire.send("POST", "/statuses", deadline=time.monotonic() + 10)

    assert isinstance(heard, NotSent)
    assert Cause.NO_WAY_THERE is heard.cause
    assert "s3cr3t" not in repr(heard)
    return heard.why


@pytest.mark.parametrize(
    ("made", "is_trusted", "told"),
    [
        ({"ends": -timedelta(days=1)}, True, "certificate has expired"),
        ({"host": "127.0.0.2"}, True, "certificate is not valid for '127.0.0.1'"),
        ({}, False, "self-signed certificate"),
    ],
    ids=["expired", "of another", "self-signed"],
)
def test_what_is_wrong_with_a_certificate_is_told(served, tmp_path, made, is_trusted, told):
    """The one who keeps the server has to renew it, and hears so."""
    file = certificate(tmp_path, **made)

    why = heard_of(served(file), file if is_trusted else None)

    assert "the server's certificate is not accepted" in why
    assert told in why


def test_a_server_that_speaks_no_safe_version_is_told(served, tmp_path):
    """It speaks TLS, and none that is taken here."""
    file = certificate(tmp_path)

    why = heard_of(served(file, version=ssl.TLSVersion.TLSv1_2), file, least=ssl.TLSVersion.TLSv1_3)

    assert "no TLS connection could be agreed on" in why


def test_a_name_that_is_not_known_is_told(monkeypatch):
    """It is spelled wrongly, or its domain has ended."""
    monkeypatch.setattr(socket, "getaddrinfo", _raises(socket.gaierror(socket.EAI_NONAME, "s3cr3t")))

    assert "the host name is not known" in heard_of(443, host="one.example")


def test_a_name_server_that_does_not_answer_is_told(monkeypatch):
    """This machine's name service is away."""
    monkeypatch.setattr(socket, "getaddrinfo", _raises(socket.gaierror(socket.EAI_AGAIN, "s3cr3t")))

    assert "no name server answers" in heard_of(443, host="one.example")


def test_a_port_at_which_nothing_listens_is_told():
    """In the system's own words."""
    with socket.create_server(("127.0.0.1", 0)) as line:
        port = line.getsockname()[1]

    assert "Connection refused" in heard_of(port, scheme="http")


def test_a_proxy_that_wants_a_password_is_told(monkeypatch):
    """It is this machine's proxy that is to be set right, and no address of an account."""
    with socket.create_server(("127.0.0.1", 0)) as line:

        def refuse():
            one, _ = line.accept()
            with one:
                one.recv(65536)
                one.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

        threading.Thread(target=refuse, daemon=True).start()
        monkeypatch.setenv("https_proxy", f"http://me:s3cr3t@127.0.0.1:{line.getsockname()[1]}")
        monkeypatch.delenv("no_proxy", raising=False)

        assert "the proxy does not let it through" in heard_of(443, host="one.example")


def _raises(error):
    def look_up(*_, **__):
        raise error

    return look_up


# --- silence


@pytest.fixture
def silent():
    """A server that takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as line:
        yield line.getsockname()[1]


@pytest.fixture
def enough(monkeypatch):
    """Half a second is enough to judge a server by."""
    monkeypatch.setattr(wire, "ENOUGH_TO_JUDGE", 0.4)


def test_a_server_that_was_given_its_time_and_stays_silent_is_at_fault(silent, enough):
    """Not the deadline, which would charge the post: five of those, and a person has to be asked about each post."""
    heard = Wire(f"http://127.0.0.1:{silent}").send("GET", "/", deadline=time.monotonic() + 0.5)

    assert isinstance(heard, Unknown)
    assert Cause.NO_ANSWER is heard.cause


def test_a_server_that_had_no_time_is_not(silent, enough):
    """It may be well."""
    heard = Wire(f"http://127.0.0.1:{silent}").send("GET", "/", deadline=time.monotonic() + 0.2)

    assert isinstance(heard, Unknown)
    assert Cause.DEADLINE is heard.cause


def test_a_name_server_that_lets_us_wait_is_at_fault(monkeypatch, enough):
    """Nothing was sent, and it is no matter of the post's."""
    end = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: end.wait(10) and [])
    heard = Wire("http://one.example").send("GET", "/", deadline=time.monotonic() + 0.5)
    end.set()

    assert isinstance(heard, NotSent)
    assert Cause.NO_WAY_THERE is heard.cause


def asked_and_probed(kind, port, home):
    """Ask for a post and probe, as an account whose server is there."""
    keys = {"api_key": "k", "api_secret": "s", "access_token": "t", "access_secret": "u", "app_password": "p"}
    access = Access(account="a", handle="a.test", base_url=f"http://127.0.0.1:{port}", secret=keys)
    order = Order(parts=(Part(text="Hello"),), key="0" * 32, keyed_at=datetime.now(UTC))
    with kind.open(Means(browser=contextlib.nullcontext, home=home)) as channel:
        asked = channel.ask(
            access,
            order,
            arm=lambda: pytest.fail("nothing is ready"),
            deadline=time.monotonic() + 4,
            progress=lambda _: None,
        ).headline
        return asked, channel.probe(access, deadline=time.monotonic() + 4)


def is_the_servers(asked, seen):
    """Whether it counts against the account's circuit, and charges no post."""
    return (
        isinstance(asked, NotSubmitted)
        and not RULES[asked.cause].charged
        and asked.cause.scope is not Scope.ITEM
        and tells(asked).get(Kind.X_PAGE) is False
        and tells_by_probe(seen.cause).get(Kind.X_PAGE) is False
    )


KINDS = pytest.mark.parametrize("kind", [mastodon.KIND, x_api.KIND, bluesky.KIND], ids=lambda kind: kind.name)


@KINDS
def test_one_server_s_silence_counts_against_its_account_and_charges_no_post(
    kind, silent, enough, monkeypatch, tmp_path
):
    """Whatever it is asked for before the post is: its circuit opens, and it is probed until it answers."""
    monkeypatch.setattr("steadypost.channels.mastodon.api.STEP", 0.5)

    assert is_the_servers(*asked_and_probed(kind, silent, tmp_path))


# --- something else


@pytest.fixture
def page():
    """Something that answers everything with a page: a proxy, a server that is set up anew, a domain that was sold."""

    class Page(http.server.BaseHTTPRequestHandler):
        status = 200

        def _answer(self):
            self.rfile.read(int(self.headers.get("content-length") or 0))
            body = b"<html>Welcome</html>" if self.status != 204 else b""
            self.send_response(self.status)
            self.send_header("content-type", "text/html")
            self.send_header("location", "/welcome")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer  # noqa: N815 - the library's own names

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_port, Page
    server.shutdown()
    server.server_close()


@KINDS
@pytest.mark.parametrize("status", [200, 204, 302, 401, 403, 404, 407, 451, 511])
def test_what_is_not_the_network_counts_against_the_account_and_charges_no_post(kind, page, status, tmp_path):
    """Five posts of each account were put before a person for it, and no circuit kept the others from trying."""
    port, answers = page
    answers.status = status

    assert is_the_servers(*asked_and_probed(kind, port, tmp_path))
