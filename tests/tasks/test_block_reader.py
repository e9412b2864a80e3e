"""Reading the blocks of two hundred accounts costs Prefect's server next to nothing, and misses nothing."""

import json
import sqlite3
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import BlockDocumentCreate, BlockDocumentUpdate
from prefect.settings import PREFECT_API_URL, temporary_settings

from blocks import Switch, Switches, XAccount
from blocks.switches import DOCUMENT
from rehearsal.stack import up
from tasks import block_reader, documents
from tasks.block_documents import KINDS, Document, api
from tasks.block_reader import ALL_EVERY, BlockReader
from tasks.dependencies import every_circuit

pytestmark = [pytest.mark.prefect, pytest.mark.slow, pytest.mark.timeout(600)]

MANY = 200
ROUNDS = 20
SESSION = json.dumps(
    {"cookies": [{"name": "auth_token", "value": "a" * 40, "domain": ".x.com", "path": "/"}]}
)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """A Prefect server with two hundred accounts, their circuits, and the switches."""
    with (
        up(tmp_path_factory.mktemp("reader")) as stack,
        temporary_settings({PREFECT_API_URL: stack.api_url}),
    ):
        for kind in KINDS:
            kind.register_type_and_schema()
        Switches().save(DOCUMENT)
        names = [f"account-{n}" for n in range(MANY)]
        with api() as client:
            for name in names:
                create(client, name)
        documents.make_circuits(one.name for one in every_circuit(dict.fromkeys(names[:20], True)))
        yield stack


def create(client, name, **more):
    """Save an account, as a person would in Prefect's pages."""
    data = {"handle": name.replace("-", "_"), "session": SESSION, **more}
    types = {"block_type_id": XAccount._block_type_id, "block_schema_id": XAccount._block_schema_id}
    return client.create_block_document(BlockDocumentCreate(name=name, data=data, **types)).id


def update(document_id, **data):
    """Save a document again."""
    with get_client(sync_client=True) as client:
        client.update_block_document(document_id, BlockDocumentUpdate(data=data, merge_existing_data=True))


@pytest.fixture
def wire(monkeypatch):
    """What is asked of Prefect's API: how many calls, and how many bytes its answers are."""
    told = SimpleNamespace(calls=0, bytes=0)
    send = httpx.Client.send

    def counted(self, request, **more):
        answer = send(self, request, **more)
        told.calls += 1
        told.bytes += len(answer.content)
        return answer

    monkeypatch.setattr(httpx.Client, "send", counted)
    return told


@pytest.fixture
def time():
    """A clock that stands until it is moved."""
    return SimpleNamespace(now=1000.0)


@pytest.fixture
def reader(stack, time, wait_until):
    """A reader that has read everything, when all that was done before is told and over."""
    reader = BlockReader(clock=lambda: time.now)
    reader.read()
    yield reader
    reader.close()


def events(stack):
    """Count the events in the server's own database, by their names."""
    with sqlite3.connect(stack.home / "prefect" / "prefect.db") as database:
        return dict(database.execute("SELECT event, COUNT(*) FROM events GROUP BY event"))


def by_us(found):
    """Leave out those with which the tests mark a place."""
    return {name: count for name, count in found.items() if not name.startswith("marker.")}


def settled(stack, wait_until):
    """Wait until the server has written every event that is on its way."""
    said = f"marker.{uuid4()}"
    with get_client(sync_client=True) as client:
        told = {"occurred": datetime.now(UTC).isoformat(), "event": said, "id": str(uuid4()), "payload": {}}
        resource = {"resource": {"prefect.resource.id": said}}
        client.request("POST", "/events", json=[told | resource])
    # They are written in the order in which they come.
    wait_until(lambda: said in events(stack), description="the server has written its events", within=60)


def test_nothing_changed_costs_two_calls_and_no_event(stack, reader, wire, wait_until):
    """
    Rounds over two hundred accounts emit nothing, and read next to nothing.

    Loading the blocks wrote two hundred events for each reading, six kilobytes each.
    """
    settled(stack, wait_until)
    before = {}

    def rounds():
        before.update(first=reader.read(), events=events(stack), bytes=wire.bytes, calls=wire.calls)
        same = [reader.read() is before["first"] for _ in range(ROUNDS)]
        two_each = wire.calls - before["calls"] == 2 * ROUNDS
        return all(same) and two_each and wire.bytes - before["bytes"] <= 50_000 * ROUNDS

    # An event may be told a while after what it tells of: its document is then read once more, and as long as it is
    # young each reading is told of it again.
    wait_until(rounds, description="each reading takes two calls and 50 kB", within=90)

    settled(stack, wait_until)
    assert len(before["first"].accounts) == MANY
    assert by_us(events(stack)) == by_us(before["events"])


def test_reading_everything_emits_nothing_either(stack, wait_until):
    """No document is loaded as Prefect does it: there is no event of that kind at all."""
    documents.read()
    settled(stack, wait_until)

    assert [] == [name for name in events(stack) if name.endswith(".loaded")]


def test_what_is_saved_made_and_deleted_is_known_within_ten_seconds(stack, reader, wait_until):
    """Whoever did it, and without everything being read again."""
    before = reader.read()
    one = next(found for found in before.raw if found.name == "account-7")
    update(one.id, handle="somebody_else")
    with get_client(sync_client=True) as client:
        made = create(client, "account-new")

    wait_until(
        lambda: (
            (now := reader.read()).accounts["account-7"].handle == "somebody_else"
            and "account-new" in now.accounts
        ),
        description="both are known",
        within=10,
    )
    assert reader.read().accounts["account-8"] is before.accounts["account-8"], (
        "what is the same is not made anew"
    )

    with get_client(sync_client=True) as client:
        client.delete_block_document(made)
    wait_until(lambda: "account-new" not in reader.read().accounts, description="it is gone", within=10)


def test_a_switch_is_obeyed_at_the_next_reading(stack, reader):
    """It waits for no event: it may be the emergency stop."""
    assert reader.read().switches.publish.on
    documents.change_switch("publish", lambda one: one.model_copy(update={"on": False}))
    try:
        assert not reader.read().switches.publish.on
    finally:
        documents.change_switch("publish", lambda _: Switch())


def test_where_events_do_not_tell_everything_is_read_every_time(stack, reader, time, monkeypatch, wire):
    """A change of which no event told shows when all is read; from then on nobody relies on events."""
    monkeypatch.setattr(BlockReader, "_events", lambda *_: (later(), []))
    one = next(found for found in reader.read().raw if found.name == "account-9")
    update(one.id, handle="untold")
    assert reader.read().accounts["account-9"].handle != "untold"

    time.now += ALL_EVERY
    assert "untold" == reader.read().accounts["account-9"].handle

    update(one.id, handle="untold_again")
    assert "untold_again" == reader.read().accounts["account-9"].handle


def later():
    """A moment at which every event of now would have been told."""
    return datetime.now(UTC) + 2 * block_reader.TOLD_WITHIN


def test_with_the_api_away_what_was_known_stays_known(stack, reader):
    """And it can be given to another process, which begins with it without a call."""
    before = reader.read()
    reader.close()
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}), pytest.raises(documents.ApiAway):
        reader.read()

    handed = BlockReader([Document.from_written(json.loads(json.dumps(one.written()))) for one in before.raw])

    assert handed.known().accounts == before.accounts == reader.known().accounts
    assert handed.known().words == before.words
    assert handed.known().saved == before.saved
