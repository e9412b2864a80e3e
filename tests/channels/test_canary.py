"""The probe opens the composer and submits nothing; a page that is not as it should be is brought home."""

import time

import pytest

from steadypost.domain.outcome import Cause
from tasks.page_snapshots import without_secrets
from tests.browser.support import slowness

pytestmark = pytest.mark.browser


def probe(alice, within=20.0):
    return alice.open().probe(alice.access, deadline=time.monotonic() + within)


@pytest.mark.parametrize(
    "changed",
    [{"kind": "no_composer"}, {"kind": "overlay", "dismissable": False}],
    ids=["no composer", "something over it"],
)
def test_a_changed_page_is_brought_home_and_nothing_is_sent(alice, sandbox, changed):
    """A picture and the elements, for a person to see; no script, no cookie, no ask."""
    sandbox.weather({"fault": "ui", "account": "alice", "params": changed})
    found = probe(alice, within=14.0 * slowness())
    page = without_secrets(found.page, [cookie["value"] for cookie in alice.access.secret["cookies"]])

    assert (found.well, found.cause) == (
        False,
        Cause.UI_DRIFT if changed["kind"] == "no_composer" else Cause.OVERLAY,
    )
    assert found.picture.startswith(b"\xff\xd8")
    assert "AppTabBar_Profile_Link" in page
    assert "<script" not in page
    assert not any(cookie["value"] in page for cookie in alice.access.secret["cookies"] if cookie["value"])
    assert [] == sandbox.asks()


def test_a_good_page_is_not_kept(alice, sandbox):
    """All is as it should be: nobody needs a picture of it."""
    found = probe(alice)

    assert found.well
    assert (b"", "") == (found.picture, found.page)
    assert [] == sandbox.asks()


def test_a_wall_is_not_kept_either(alice, sandbox):
    """A login page tells nobody anything, and a challenge may show what is private."""
    sandbox.weather({"fault": "login", "account": "alice", "params": {"state": "challenge"}})
    found = probe(alice)

    assert (found.well, found.cause, found.page) == (False, Cause.CHALLENGE, "")
