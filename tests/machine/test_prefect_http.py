"""Whatever asks Prefect's API asks as Prefect's own settings say: who it is, and whose certificates it takes."""

import http.server
import ssl
import threading
from base64 import b64encode

import httpx
import pytest
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_SSL_CERT_FILE,
    PREFECT_API_TLS_INSECURE_SKIP_VERIFY,
    PREFECT_API_URL,
    temporary_settings,
)

from steadypost import prefect_address, prefect_http
from tasks import runs
from tests.certificates import self_signed

PASSWORD = "ops:correct-horse"


@pytest.fixture(scope="module")
def private_authority(tmp_path_factory):
    """A self-signed certificate for this machine."""
    folder = tmp_path_factory.mktemp("authority")
    for name, told in zip(("cert.pem", "key.pem"), self_signed(), strict=True):
        (folder / name).write_bytes(told)
    return folder


@pytest.fixture
def server(private_authority):
    """An API over TLS that wants to know who asks; answers where it is."""

    class Api(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            wanted = f"Basic {b64encode(PASSWORD.encode()).decode()}"
            self.send_response(200 if self.headers["Authorization"] == wanted else 401)
            self.end_headers()
            self.wfile.write(b'"3.9.1"')

        def log_message(self, *_):
            pass

    serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(private_authority / "cert.pem", private_authority / "key.pem")
    serving.socket = context.wrap_socket(serving.socket, server_side=True)
    thread = threading.Thread(target=serving.serve_forever, args=(0.02,))
    thread.start()
    yield f"https://127.0.0.1:{serving.server_port}/api"
    serving.shutdown()
    thread.join()
    serving.server_close()


def test_a_private_authority_and_a_password(server, private_authority):
    """Each is needed, and each is enough."""
    known = {
        "PREFECT_API_URL": server,
        "PREFECT_API_AUTH_STRING": PASSWORD,
        "PREFECT_API_SSL_CERT_FILE": str(private_authority / "cert.pem"),
    }
    assert (200, b'"3.9.1"') == prefect_http.ask(known, "/admin/version", within=5)
    without = {name: value for name, value in known.items() if name != "PREFECT_API_AUTH_STRING"}
    assert 401 == prefect_http.ask(without, "/admin/version", within=5)[0]
    strange = {name: value for name, value in known.items() if name != "PREFECT_API_SSL_CERT_FILE"}
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        prefect_http.ask(strange, "/admin/version", within=5)
    unchecked = {**strange, "PREFECT_API_TLS_INSECURE_SKIP_VERIFY": "true"}
    assert 200 == prefect_http.ask(unchecked, "/admin/version", within=5)[0]


def test_what_runs_ask_first_is_asked_the_same_way(server, private_authority):
    """The question before each round was a bare one: it said "away" of a server with a private authority."""
    with temporary_settings(
        {
            PREFECT_API_URL: server,
            PREFECT_API_AUTH_STRING: PASSWORD,
            PREFECT_API_SSL_CERT_FILE: str(private_authority / "cert.pem"),
            PREFECT_API_TLS_INSECURE_SKIP_VERIFY: False,
        }
    ):
        runs.answers()
    with temporary_settings({PREFECT_API_URL: server}), pytest.raises(httpx.ConnectError):
        runs.answers()


def test_what_belongs_to_the_address_is_kept_with_it(tmp_path):
    """Commands find the server by the home alone, the certificate of its authority included."""
    said = {
        "PREFECT_API_URL": "https://prefect.example.org/api",
        "PREFECT_API_AUTH_STRING": PASSWORD,
        "PREFECT_API_SSL_CERT_FILE": "/etc/ssl/ours.pem",
    }
    prefect_address.keep(tmp_path, said)

    assert said == prefect_address.known(tmp_path, {})
