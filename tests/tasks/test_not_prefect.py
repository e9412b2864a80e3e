"""Something answers at Prefect's address that is not Prefect: it is away, and ends no run."""

import http.server
import threading
from datetime import UTC, datetime

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from steadypost.domain.observed import Cannot
from tasks import documents, observations
from tasks.block_reader import BlockReader
from tasks.bulkheads import SlotsAway
from tasks.circuit_book import RevisionsAway
from tasks.circuit_revisions import PrefectBook
from tasks.slots import PrefectSlots


@pytest.fixture(scope="module", autouse=True)
def a_page():
    """A proxy that shows a page to sign in, whatever it is asked for."""

    class Page(http.server.BaseHTTPRequestHandler):
        def _answer(self):
            self.rfile.read(int(self.headers.get("content-length") or 0))
            body = b"<html><title>Sign in</title></html>"
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer  # noqa: N815 - the library's own names

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{server.server_port}/api"}):
        yield
    server.shutdown()
    server.server_close()


def test_the_blocks_cannot_be_read():
    """What was last known serves."""
    with pytest.raises(documents.ApiAway):
        documents.store_url()
    with pytest.raises(documents.ApiAway):
        BlockReader().read()


def test_no_slots_are_to_be_had():
    """A process then keeps to its own numbers."""
    slots = PrefectSlots()
    with pytest.raises(SlotsAway):
        slots.read()
    with pytest.raises(SlotsAway):
        slots.acquire(["one"], 1, 60)


def test_circuits_are_judged_alone():
    """As while it is away."""
    with pytest.raises(RevisionsAway):
        PrefectBook().read("x-page-alice")


def test_the_watch_says_so():
    """And goes on with its round."""
    assert isinstance(observations._prefect(datetime.now(UTC)), Cannot)
