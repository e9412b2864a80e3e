"""A house whose accounts need no browser starts none: real server, real worker, a file to post into."""

import contextlib
import json
from datetime import UTC, datetime, timedelta
from functools import partial

import psutil
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from blocks import FileAccount
from rehearsal.stack import start_worker, up
from steadypost.domain.delivery import State
from steadypost.domain.post import Part, Post
from steadypost.store import Store, intake, reading, watches
from steadypost.store import accounts as account_rows

pytestmark = [pytest.mark.prefect, pytest.mark.slow, pytest.mark.timeout(600)]


def browsers_of(pids):
    """Name the processes among these that are a browser, or drive one."""
    found = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            name = psutil.Process(pid).name()
            if (
                "chrom" in name
                or "headless" in name
                or "steadypost.browser" in str(psutil.Process(pid).cmdline())
            ):
                found.append(name)
    return found


def test_a_post_goes_out_and_no_browser_is_started(tmp_path, wait_until):
    """Claimed, written, looked for by its name and seen; nothing of Chromium ran meanwhile."""
    path = tmp_path / "posts.jsonl"
    with up(tmp_path / "home") as stack:
        with temporary_settings({PREFECT_API_URL: stack.api_url}):
            FileAccount(handle="me", base_url=f"file://{path}").save("me")
        start_worker(stack)
        with Store.open(f"sqlite:///{tmp_path / 'home'}/steadypost.db") as store:
            wait_until(
                lambda: {"publish", "reconcile"} <= {watch.flow for watch in store.read(watches.every)},
                description="somebody is on watch",
                within=240,
            )
            wait_until(
                partial(store.read, account_rows.every), description="the account is known", within=120
            )
            now = datetime.now(UTC)
            (added,) = store.write(
                intake.add,
                Post(parts=(Part(text="The lamp is lit."), Part(text="And so is the other."))),
                accounts=["me"],
                due_at=now + timedelta(seconds=1),
                late_after=None,
                now=now,
            )
            seen = []

            def is_seen():
                seen.extend(browsers_of(stack.pids()))
                story = store.read(reading.show, added.delivery_id)
                return story.delivery.state is State.PUBLISHED and story.verified_at is not None

            wait_until(is_seen, description="it is published, and seen", within=180)
            story = store.read(reading.show, added.delivery_id)
            ids = [part.remote_id for part in story.delivery.parts]

    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert ["The lamp is lit.", "And so is the other."] == [line["text"] for line in lines]
    assert ids == [line["id"] for line in lines]
    assert [None, ids[0]] == [line["reply_to"] for line in lines]
    assert [] == seen
