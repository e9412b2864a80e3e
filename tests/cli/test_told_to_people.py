"""What people are told: times by their own clocks, and addresses that lead to the post."""

from datetime import UTC, datetime, timedelta

import pytest

from steadypost.cli import speech
from steadypost.cli.commands import show
from steadypost.domain.health import Kind, failing
from steadypost.domain.incident import opened
from steadypost.domain.post import Part, Post
from steadypost.store import incidents, intake, notices, watches

NOW = datetime.now(UTC).replace(microsecond=0)
TEXT = "The ferry leaves at nine."


@pytest.fixture
def auckland(monkeypatch):
    """A person whose day is another one than that of UTC for half of the time."""
    monkeypatch.setenv("STEADYPOST_ZONE", "Pacific/Auckland")
    return "Pacific/Auckland"


def test_a_time_kept_in_utc_is_told_by_the_readers_clocks():
    """What was written down long ago says UTC; who reads it lives somewhere."""
    told = "turned off since 2026-11-30 22:05 UTC, until 2026-12-01 11:00:30 UTC, says Ann"

    assert (
        "turned off since 2026-11-30 23:05 (Europe/Berlin), until 2026-12-01 12:00:30 (Europe/Berlin), says Ann"
    ) == speech.by_clocks_of("Europe/Berlin", told)
    assert speech.by_clocks_of("UTC", told) == told
    assert "at 2026-99-30 22:05 UTC" == speech.by_clocks_of("Europe/Berlin", "at 2026-99-30 22:05 UTC")


@pytest.mark.parametrize("command", ["status", "why"])
def test_what_comes_next_is_told_by_the_readers_clocks(store, call, auckland, command):
    """One zone for all of an answer."""
    due = NOW + timedelta(hours=5)
    store.write(intake.add, Post(parts=(Part(text=TEXT),)), accounts=["alice"], due_at=due, now=NOW)
    store.write(watches.take, "publish", run_id="run", now=datetime.now(UTC))

    told = call(command).out

    assert f"is at {speech.moment(due, auckland)} {auckland}" in told
    assert "UTC" not in told


@pytest.mark.parametrize(
    ("network", "given", "told"),
    [
        ("x", "1860000000000000001", "live as https://x.com/post_er/status/1860000000000000001"),
        ("mastodon", "113500000000000001", "live, with the id 113500000000000001"),
        (
            "bluesky",
            "at://did:plc:abcdefghijklmnopqrstuvwx/app.bsky.feed.post/3l2abcdefgh2x",
            "live as https://bsky.app/profile/did:plc:abcdefghijklmnopqrstuvwx/post/3l2abcdefgh2x",
        ),
        ("file", "0" * 32 + ".0", f"live, with the id {'0' * 32}.0"),
    ],
)
def test_an_address_is_one_of_the_posts_own_network(network, given, told):
    """A post in a file or on Mastodon has no page at X."""
    assert show.where_live(network, "post_er", given) == told


def test_incidents_and_notices_are_told_by_the_readers_clocks(store, call, auckland):
    """Also the times within what was found, within what a remedy did, and within a title."""
    at = datetime(2026, 11, 30, 22, 5, tzinfo=UTC)
    kept = f"goes again at {at:%Y-%m-%d %H:%M:%S} UTC"
    store.write(notices.put, key="a", title=f"Delivery 1 {kept}", body="", now=at)
    store.write(incidents.enter, opened(failing(Kind.DUE, kept, "alice"), at))

    for told in (call("notices").out, call("incidents").out):
        assert "UTC" not in told
        assert "2026-12-01 11:05" in told
        assert auckland in told
