"""``backup`` and ``restore`` with a real Prefect server: what was entered in a lost one is in the new one."""

import os

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from blocks import Circuit, FileAccount, Switches
from blocks.switches import Switch
from rehearsal.stack import up
from steadypost.domain.circuit import Position
from tasks import documents

pytestmark = [pytest.mark.prefect, pytest.mark.slow, pytest.mark.timeout(600)]

CIRCUIT = "sign-in-me"


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """A Prefect server that nothing was ever deployed to."""
    with (
        up(tmp_path_factory.mktemp("backed-up") / "home") as stack,
        temporary_settings({PREFECT_API_URL: stack.api_url}),
    ):
        yield stack


def forget_all():
    """Have the server know nothing but what ``steadypost up`` makes in a new one."""
    with get_client(sync_client=True) as client:
        for kind in (FileAccount, Switches, Circuit):
            for one in client.read_block_documents_by_type(kind.get_block_type_slug()):
                client.delete_block_document(one.id)
    Switches().save("steadypost")
    Circuit().save(CIRCUIT)


def test_a_new_server_has_what_was_entered_in_the_lost_one(stack, tmp_path):
    """Its account can publish, its emergency stop holds, and its circuit is as open as a person said."""
    FileAccount(handle="me", base_url=f"file://{tmp_path}/posts.jsonl").save("me")
    Switches(publish=Switch(on=False, reason="the brand is on fire", by="Ann")).save("steadypost")
    Circuit(position=Position.OPEN, reason="she asked us to wait", by="Ann").save(CIRCUIT)
    file = tmp_path / "one.backup"
    assert 0 == stack.run("steadypost.cli", "init").returncode
    made = stack.run("steadypost.cli", "backup", str(file))
    assert 0 == made.returncode, made.stderr
    forget_all()
    stack.env["STEADYPOST_HOME"] = str(tmp_path / "empty")

    said = stack.run("steadypost.cli", "restore", str(file), "--nothing-runs", "--why", "the disk is gone")

    assert 0 == said.returncode, said.stderr
    accounts, unreadable = documents.accounts()
    assert (["me"], {}) == ([*accounts], unreadable)
    switches, _ = documents.switches()
    assert (False, "the brand is on fire") == (switches.publish.on, switches.publish.reason)
    assert Position.OPEN is documents.circuits()[CIRCUIT].position
    assert os.access(tmp_path / "empty" / "steadypost.db", os.R_OK)
    again = stack.run("steadypost.cli", "restore", str(file), "--accounts-only", "--why", "once more")
    assert (0, True) == (again.returncode, "all were here" in again.stdout)
