"""What Prefect's blocks say is taken as far as it can be meant; one switch is changed without touching another."""

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from uuid import uuid4

import prefect
import pytest
from prefect.context import SyncClientContext
from prefect.settings import PREFECT_API_URL, temporary_settings

from blocks import Switch, Switches
from tasks import documents


class Api:
    """Prefect's API as far as the switches are concerned: one document, laid over by what is sent."""

    def __init__(self, data):
        self.document = (
            None
            if data is None
            else SimpleNamespace(
                id=uuid4(), name="steadypost", data=data, created=None, updated=None, block_type=None
            )
        )
        self.meanwhile = None

    def read_block_documents_by_type(self, block_type_slug, include_secrets):
        return [] if self.document is None else [SimpleNamespace(**vars(self.document))]

    def update_block_document(self, document_id, update):
        assert update.merge_existing_data
        self.document.data = self.document.data | update.data
        if self.meanwhile:
            self.document.data = self.document.data | self.meanwhile


@pytest.fixture
def api(monkeypatch):
    """Prefect's API, holding this document."""

    def holding(data):
        made = Api(data)
        monkeypatch.setattr(documents, "api", lambda: contextlib.nullcontext(made))
        return made

    return holding


@contextlib.contextmanager
def prefect_that_tells_its_version():
    """As much of a Prefect as a flow needs to take it for one."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(prefect.__version__).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("question", [documents.read, documents.on_call, documents.switches])
def test_an_api_that_went_away_keeps_nobody_for_a_minute(question):
    """
    The client that a flow has open repeats what is refused, once it has been answered at all.

    A round of the watch hung for sixty-four seconds for that, while there was something to tell.
    """
    with contextlib.ExitStack() as there:
        url = there.enter_context(prefect_that_tells_its_version())
        with temporary_settings({PREFECT_API_URL: url}), SyncClientContext.get_or_create() as flows:
            assert flows.client.api_version() == prefect.__version__
            there.close()
            began = time.monotonic()
            with pytest.raises(documents.ApiAway):
                question()

    assert time.monotonic() - began < 10


def test_without_a_document_everything_is_on(api):
    """Nobody has turned anything off."""
    api(None)

    assert documents.switches() == (Switches(), ())


def test_a_name_that_nothing_reads_is_left_out_and_named(api):
    """The switches beside it count as ever."""
    api({"publish": {"on": False}, "pubish": {"on": True}})

    read, wrong = documents.switches()

    assert not read.publish.on
    assert ("no switch is called 'pubish'; publish was meant?",) == wrong


@pytest.mark.parametrize(
    ("data", "says"),
    [({"publish": {"share": "many"}}, "publish.share"), ({"publish": {"on": "perhaps"}}, "publish.on"),
     ({"publish": {"share": 101}}, "publish.share")],
)  # fmt: skip
def test_what_cannot_be_meant_is_not_guessed_at(api, data, says):
    """There are no switches then, and the reason names the field."""
    api(data)

    read, (wrong,) = documents.switches()

    assert read is None
    assert wrong.startswith(says)


def test_one_switch_is_changed_and_no_other(api):
    """Whoever changes another at the same moment loses nothing."""
    prefect = api({"publish": {"on": True}, "reconcile": {"on": False, "reason": "theirs"}})

    before, after = documents.change_switch("publish", lambda one: one.model_copy(update={"on": False}))

    assert (True, False) == (before.on, after.on)
    assert {"on": False, "reason": "theirs"} == prefect.document.data["reconcile"]
    assert not Switch.model_validate(prefect.document.data["publish"]).on


def test_a_change_that_was_written_over_is_not_said_to_be_in_force(api):
    """Prefect tells both that they succeeded; reading it back tells the truth."""
    prefect = api({"publish": {"on": True}})
    prefect.meanwhile = {"publish": {"on": True, "reason": "somebody else"}}

    with pytest.raises(documents.ChangedMeanwhile):
        documents.change_switch("publish", lambda one: one.model_copy(update={"on": False}))


def test_nothing_is_changed_where_there_is_nothing(api):
    """Deployments make the document; a change must not."""
    api(None)

    with pytest.raises(documents.NoDocument):
        documents.change_switch("publish", lambda one: one)


def test_without_an_address_prefect_says_what_is_missing():
    """No address is known, and no server may be started in passing: the error is Prefect's own, with its remedy."""
    with (
        temporary_settings(restore_defaults={PREFECT_API_URL}),
        pytest.raises(ValueError, match="set PREFECT_API_URL"),
    ):
        documents.on_call()
