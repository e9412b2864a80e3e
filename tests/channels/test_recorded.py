"""Recordings: a page's structure without texts, names and secrets, on which the survey sees what it saw.

Every file in ``fixtures/`` is looked at. ``steadypost account record NAME --out tests/channels/fixtures`` makes one of X
as it is today; where the survey no longer sees it right, that is the drift to be met.
"""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from steadypost.browser import LaunchSettings, find_browser
from steadypost.channels.x_web.recording import NotClean, check, recorded_in, secrets_of
from steadypost.channels.x_web.survey import Want, survey

FIXTURES = sorted(Path(__file__).with_name("fixtures").glob("*.html"))
SITE = "http://recorded.invalid"


@pytest.fixture(scope="module")
def page():
    """A page that belongs to no network: every address of it is answered here."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(playwright.chromium.executable_path),
            args=LaunchSettings().chromium_args(),
        )
        yield browser.new_page(viewport={"width": 1280, "height": 800})
        browser.close()


def seen_again(page, text):
    """Look at a recording, as it was looked at when it was made."""
    was = recorded_in(text)
    page.unroute_all()
    page.route("**/*", lambda route: route.fulfill(content_type="text/html", body=text))
    page.goto(f"{SITE}{was['path']}", wait_until="domcontentloaded")
    return was, survey(page, Want(was["want"]), within=5, target=was["post"])


@pytest.mark.browser
@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: path.stem)
def test_the_survey_sees_a_recorded_page_as_it_was_seen(page, fixture):
    was, seen = seen_again(page, fixture.read_text(encoding="utf-8"))

    assert (True, "me") == (seen.met, seen.who)
    assert was["hits"] == {purpose: hit for purpose, hit in seen.hits.items() if purpose in was["hits"]}


def test_there_is_a_recording_of_every_kind():
    """So that the replay cannot be empty without being noticed."""
    assert {"composer", "post"} <= {
        recorded_in(path.read_text(encoding="utf-8"))["want"] for path in FIXTURES
    }


SECRETS = {
    "text": "The harbour code is 4711",
    "other": "Bob's phone is 555-0199",
    "draft": "never tell anybody about the lamp",
}


@pytest.fixture
def recorded(alice, sandbox):
    """What is recorded of a page full of secrets, with the secrets themselves."""
    posts = [sandbox.hand_post("alice", f"{SECRETS['text']} @bob https://example.com/secret-path")]
    posts.append(sandbox.hand_post("bob", SECRETS["other"], reply_to=posts[0]))
    sandbox.weather(
        {"fault": "ui", "account": "alice", "params": {"kind": "leftover_draft", "text": SECRETS["draft"]}}
    )
    recording = alice.open().record(alice.access, deadline=time.monotonic() + 90)
    planted = [*SECRETS.values(), "4711", "555", "lamp", "secret-path", "alice", "bob", *posts]
    return recording, [*planted, *secrets_of("alice", alice.access.secret)]


@pytest.mark.browser
def test_a_recording_holds_no_text_no_name_and_no_secret(recorded, page):
    """And the survey sees on it what it saw on the page itself."""
    recording, planted = recorded

    assert {"composer", "post", "reply"} == set(recording.pages)
    for name, text in recording.pages.items():
        assert [] == [one for one in planted if one and one.casefold() in text.casefold()], name
        assert not re.search(r"\d{15,}", re.sub(r"20000000000000000\d\d", "", text))
        was, seen = seen_again(page, text)
        assert (True, "me", was["hits"]) == (
            seen.met,
            seen.who,
            {purpose: hit for purpose, hit in seen.hits.items() if purpose in was["hits"]},
        )


@pytest.mark.browser
def test_recording_submits_nothing_and_leaves_nothing(recorded, sandbox):
    assert ([], 2) == (sandbox.asks(), len(sandbox.live()))


def test_what_is_not_clean_is_not_handed_out():
    """Whatever the page's script lets through: the text is searched once more before it leaves."""
    session = {"cookies": [{"name": "auth_token", "value": "c0ffee11", "domain": ".x.com"}], "origins": []}
    secrets = secrets_of("alice", session)

    check("<html>nothing of x.com</html>", secrets)
    for text in ("<a href='/Alice'>", "<b>c0ffee11</b>"):
        with pytest.raises(NotClean):
            check(text, secrets)
