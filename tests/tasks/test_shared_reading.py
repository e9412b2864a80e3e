"""Of the processes of a machine one reads the blocks; the others learn of what is new as fast as before."""

import threading
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest

from blocks import XAccount
from tasks import block_reader
from tasks.block_documents import ApiAway
from tasks.block_reader import LISTENS_EVERY, PREFIX, READ_EVERY, BlockReader
from tasks.shared_reading import FILE, SharedReading

ACCOUNT = XAccount.get_block_type_slug()
PROCESSES = 4
MINUTE = 60


class Server:
    """Prefect's API as a reader sees it: documents, and events of their changes."""

    def __init__(self):
        self.calls = 0
        self.away = False
        self.tells = True
        self.documents = {}
        self.events = []

    def save(self, name):
        """Save an account, made when it is not there."""
        id_ = next((one.id for one in self.documents.values() if one.name == name), uuid4())
        moment = datetime.now(UTC)
        self.documents[id_] = SimpleNamespace(
            id=id_, name=name, data={"saved": str(uuid4())}, created=moment, updated=moment
        )
        if self.tells:
            resource = {"prefect.resource.id": f"{PREFIX}{id_}"}
            self.events.append({"id": str(uuid4()), "occurred": moment.isoformat(), "resource": resource})

    def _asked(self):
        self.calls += 1
        if self.away:
            raise httpx.ConnectError("away")

    def read_block_documents_by_type(self, *, block_type_slug, include_secrets):
        """Answer with the documents of a type."""
        self._asked()
        return self._found(self.documents) if block_type_slug == ACCOUNT else []

    def request(self, _, path, *, json):
        """Answer a filter."""
        self._asked()
        if path == "/events/filter":
            said = {"events": self.events}
        else:
            wanted = json.get("block_documents", {}).get("id", {}).get("any_", [])
            said = self._found(id_ for id_ in self.documents if str(id_) in wanted)
        return SimpleNamespace(headers={}, json=lambda: said)

    def _found(self, ids):
        return [
            SimpleNamespace(**vars(self.documents[id_]), block_type=SimpleNamespace(slug=ACCOUNT))
            for id_ in ids
        ]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    """A server that counts what it is asked."""
    server = Server()
    server.tells = False
    server.save("alice")
    server.tells = True
    monkeypatch.setattr(block_reader, "new_client", lambda: server)
    monkeypatch.setattr(block_reader.BlockDocument, "model_validate_list", lambda found: found)
    return server


class Machine:
    """Readers of one machine, each with the wait of its own, in a time that is moved by hand."""

    def __init__(self, folder):
        self.now = 1000.0
        self.readers = [BlockReader(clock=lambda: self.now) for _ in range(PROCESSES)]
        for one in self.readers:
            one.share(SharedReading(folder))

    def known(self):
        """Give what each of them knows: the accounts' documents."""
        return [{one.name: one.data["saved"] for one in reader.known().raw} for reader in self.readers]

    def second(self):
        """Let each of them listen once, a little after the other."""
        for reader in self.readers:
            self.now += LISTENS_EVERY / PROCESSES
            if not reader.wait(Once()):
                reader.read()

    def due(self):
        """Name those that would read now."""
        return [reader for reader in self.readers if not reader.wait(Once())]


class Once(threading.Event):
    """Lets a reader look once whether it is time to read, and then ends it."""

    def __init__(self):
        super().__init__()
        self._waited = 0

    def wait(self, timeout=None):
        """Take no time: the second time it is set."""
        self._waited += 1
        return self._waited > 1


@pytest.fixture
def machine(tmp_path, server):
    """Four readers, each of which has read everything when its process began."""
    machine = Machine(tmp_path)
    for one in machine.readers:
        one.read()
    return machine


def test_four_processes_ask_no_more_than_one(machine, server):
    """A minute in which nothing changes: one reading each four seconds, of two calls; all is read once or never."""
    for _ in range(2 * int(READ_EVERY)):
        machine.second()
    before = server.calls

    for _ in range(MINUTE):
        machine.second()

    assert server.calls - before <= 2 * MINUTE / READ_EVERY + 2


def test_who_read_last_reads_next_and_the_others_only_if_it_does_not(machine):
    """Were all due at the same moment, all would have asked before the first has its answer."""
    for _ in range(2 * int(READ_EVERY)):
        machine.second()
    [leader] = [one for one in machine.readers if one._leads]
    for one in machine.due():
        one.read()  # what the leader has told

    machine.now = leader._asked_at + READ_EVERY
    assert [leader] == machine.due()
    machine.now += LISTENS_EVERY
    assert machine.readers == machine.due()


def test_a_change_is_known_to_all_within_five_seconds_and_a_little(machine, server):
    """Whichever of them reads it: the others look each second whether there is something new."""
    for lag in range(4):
        for _ in range(lag + 4):
            machine.second()
        server.save("alice")
        server.save(f"new-{lag}")
        saved = {one.name: one.data["saved"] for one in server.documents.values()}

        for _ in range(int(READ_EVERY + 2 * LISTENS_EVERY)):
            machine.second()

        assert machine.known() == [saved] * PROCESSES


def test_what_no_event_tells_of_is_known_to_all_soon_after_one_knows_it(machine, server):
    """Events may be off. All is read by one every two minutes, and the others see that it has other documents."""
    server.tells = False
    server.save("bob")

    for _ in range(int(block_reader.ALL_EVERY + 2 * READ_EVERY)):
        machine.second()

    assert [set(one) for one in machine.known()] == [{"alice", "bob"}] * PROCESSES


def test_with_the_server_away_each_of_them_hears_it(machine, server):
    """None takes another's old reading for an answer; and what was known stays known."""
    server.away = True
    machine.now += READ_EVERY

    for one in machine.readers:
        with pytest.raises(ApiAway):
            one.read()

    assert [set(one) for one in machine.known()] == [{"alice"}] * PROCESSES


@pytest.mark.parametrize("said", ["", "[]", "{}", '{"of": "another", "at": 1, "all_at": 1, "mark": ""}'])
def test_a_file_that_says_nothing_of_use_leaves_each_to_itself(machine, server, tmp_path, said):
    """Half written, or written by another version."""
    machine.now += READ_EVERY
    (tmp_path / FILE).write_text(said)
    before = server.calls

    machine.readers[0].read()

    assert 2 == server.calls - before


def test_nothing_of_the_blocks_is_in_the_file(machine, server, tmp_path):
    """It holds times and a mark, and is its owner's alone."""
    told = (tmp_path / FILE).read_text()

    assert next(iter(server.documents.values())).data["saved"] not in told
    assert 0o600 == (tmp_path / FILE).stat().st_mode & 0o777
