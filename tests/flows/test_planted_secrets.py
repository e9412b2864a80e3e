"""What a running house shows of its accounts' secrets in its processes, on its disk and in its Prefect: nothing.

Real server, real worker, an account on every network; posts that go out, one that is refused with the token in the
server's words, and an account whose token is no good. Prefect's database holds the parameters, states, logs, artifacts
and events of every run, and the block documents; results of tasks lie beside it.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from blocks import MastodonAccount, XAccount
from rehearsal.accounts import Limits, made
from rehearsal.stack import start_worker, up
from sandbox.bluesky.client import BlueskySandbox
from sandbox.client import SandboxProcess
from sandbox.mastodon.client import MastodonProcess
from sandbox.x_api.client import XApiProcess
from steadypost.domain.delivery import State
from steadypost.domain.post import Part, Post
from steadypost.store import Store, intake, reading, watches
from steadypost.store import accounts as account_rows
from tests.cli.test_secrets_everywhere import forms

pytestmark = [pytest.mark.browser, pytest.mark.prefect, pytest.mark.slow, pytest.mark.timeout(900)]

LIMITS = Limits(per_hour=1000, per_day=1000, spacing_seconds=0)
NO_GOOD = "a-token-that-no-server-ever-gave-7f3c1d"
SAID = "The lamp is lit, says Alice."


@pytest.fixture
def house(tmp_path):
    """Everything, running, with an account on every network; and its secrets."""
    pages = SandboxProcess(accounts=("alice",))
    networks = (XApiProcess(), MastodonProcess(requests=100_000), BlueskySandbox(accounts=["alice.test"]))
    with up(tmp_path, sandbox=pages, beside=networks, settings={"STEADYPOST_BROWSERS": "1"}) as stack:
        x_api, mastodon, bluesky = networks
        keys, token = x_api.keys["alice"], mastodon.tokens["alice"]
        password = bluesky.accounts["alice.test"]["password"]
        at = {
            "url": bluesky.url,
            "directory": bluesky.directory,
            "video_service": bluesky.video_service,
        }
        stack.mastodon = mastodon
        stack.secrets = {**keys, "token": token, "password": password, "no good": NO_GOOD}
        stack.secrets |= {one["name"]: one["value"] for one in pages.accounts["alice"]["cookies"]}
        stack.secrets = {name: one for name, one in stack.secrets.items() if len(one) >= 16}
        with temporary_settings({PREFECT_API_URL: stack.api_url}):
            made("x_api", {"handle": "alice", "url": x_api.url, **keys}, LIMITS).save("ex")
            made("mastodon", {"handle": "alice", "url": mastodon.url, "access_token": token}, LIMITS).save(
                "toot"
            )
            made("bluesky", {"handle": "alice.test", "password": password, **at}, LIMITS).save("sky")
            MastodonAccount(handle="bob", base_url=mastodon.url, access_token=NO_GOOD).save("bob")
            XAccount(
                handle="alice",
                session=json.dumps(pages.accounts["alice"]),
                base_url=pages.url,
                rules_accepted=True,
                rules_accepted_by="a test: this X is a sandbox on this machine",
            ).save("page")
        start_worker(stack)
        yield stack


def processes(pids):
    """Give what anybody on the machine, or its user, may read of each process of the house."""
    for pid in pids:
        words = shown(Path(f"/proc/{pid}/cmdline"))
        if b"sandbox" not in words:  # the networks know what they gave
            yield f"{pid} {words[:200]!r}", words + b"\0" + shown(Path(f"/proc/{pid}/environ"))


def shown(path):
    """Read what the kernel shows of a process that may be gone by now."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def shown_in(told, secrets):
    return {name for name, secret in secrets.items() if any(one in told for one in forms(secret))}


def test_no_secret_is_in_a_process_on_the_disk_or_in_prefect(house, tmp_path, wait_until):
    with Store.open(f"sqlite:///{tmp_path}/steadypost.db") as store:
        wait_until(
            lambda: {"publish", "reconcile"} <= {watch.flow for watch in store.read(watches.every)},
            description="runs are on watch",
            within=300,
        )
        wait_until(
            lambda: len(store.read(account_rows.every)) == 5, description="the accounts are known", within=120
        )
        words = f"Validation failed: {house.secrets['token']} may not say this"
        house.mastodon.weather({"fault": "refused", "match": "forbidden", "params": {"words": words}})

        def enters(text, *accounts):
            now = datetime.now(UTC)
            due, post = now + timedelta(seconds=1), Post(parts=(Part(text=text),))
            added = store.write(intake.add, post, accounts=accounts, due_at=due, now=now)
            return [one.delivery_id for one in added]

        def stands(*ids):
            return {store.read(reading.show, one).delivery.state for one in ids}

        out = enters(SAID, "ex", "toot", "sky", "page")
        refused, waiting = enters("This is forbidden.", "toot"), enters("This waits.", "bob")
        seen = {}

        def is_done():
            seen.update(processes(house.pids()))
            said = [store.read(reading.show, one) for one in waiting]
            return (
                {State.PUBLISHED} == stands(*out)
                and {State.REFUSED} == stands(*refused)
                and all(one.attempts for one in said)
            )

        wait_until(is_done, description="all is published, refused and tried", within=300)
        session = store.tokens(tmp_path).current("sky").secret
        house.secrets |= {"access": session["access"], "refresh": session["refresh"]}

    assert len(seen) >= 5  # the server, the worker and the runs on watch were looked at
    files = {str(one.relative_to(tmp_path)): one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()}
    assert [name for name, told in files.items() if SAID.encode() in told]  # what is there is found
    places = {**seen, **files}
    assert {} == {name: found for name, told in places.items() if (found := shown_in(told, house.secrets))}
