"""``account add`` with a real Prefect server: from nothing to a post that a publisher can claim."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from rehearsal.stack import up
from sandbox.client import SandboxProcess
from steadypost.store import Store

pytestmark = [pytest.mark.prefect, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """A Prefect server that nothing was ever deployed to."""
    with up(tmp_path_factory.mktemp("house"), sandbox=SandboxProcess()) as running:
        yield running


def cli(stack, *words):
    return stack.run("steadypost.cli", *words)


def test_an_account_is_added_and_its_post_can_be_claimed(stack):
    """No deployments, no pages of Prefect, no account anywhere: a file, a post, a claim."""
    assert 0 == cli(stack, "init").returncode
    added = cli(stack, "account", "add", "me", "--channel", "file", "--json")
    assert 0 == added.returncode, added.stderr
    assert json.loads(added.stdout)["account"]["well"]
    assert 0 == cli(stack, "add", "Hello.", "-a", "me", "-w", "now").returncode

    with Store.open(f"sqlite:///{stack.home}/steadypost.db") as store:
        now = datetime.now(UTC) + timedelta(seconds=1)
        [claim] = store.claim(worker="w", now=now, lease=timedelta(seconds=30), at_most=1, accounts=["me"])

    assert ("me", "Hello.") == (claim.account, claim.parts[0].text)
    # The block is what a publisher opens.
    tested = cli(stack, "account", "test", "me")
    assert (0, "") == (tested.returncode, tested.stderr)
    assert "me can publish" in tested.stdout

    again = cli(stack, "account", "add", "me", "--channel", "file")
    assert (1, True) == (again.returncode, "is there already" in again.stderr)
    twin = cli(stack, "account", "add", "myself", "--channel", "file", "--set", "handle=me")
    assert (1, True) == (twin.returncode, "goes on: delete one" not in twin.stdout)
    assert "account block me" in twin.stderr
