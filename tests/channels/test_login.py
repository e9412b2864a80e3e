"""A person signs in at X's own page; this watches, keeps the session of the right account, and does nothing else."""

import time

import pytest
from playwright.sync_api import sync_playwright

from steadypost.browser import LaunchSettings, find_browser
from steadypost.browser.desk import Desk
from steadypost.channels.port import Access
from steadypost.channels.x_web.login import SIGN_IN, LoginErrand, login
from steadypost.channels.x_web.session import usable
from steadypost.domain.outcome import Cause

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(playwright.chromium.executable_path),
            args=LaunchSettings().chromium_args(),
        )
        yield browser
        browser.close()


class Hand:
    """A person at the page: each time they are waited for, they do the next thing."""

    def __init__(self, *doings):
        self.doings = list(doings)
        self.seen = []

    def __call__(self, page):
        self.seen.append(page.url)
        if self.doings:
            self.doings.pop(0)(page)
        else:
            page.wait_for_timeout(100)


@pytest.fixture
def sign_in(browser, sandbox):
    """Run the job, with a person who does these things."""

    def run(hand, *, handle="alice", within=30.0):
        desk = Desk(browser, None, keep=1)
        desk.open_for(time.monotonic() + within)
        access = Access(account="mine", handle=handle, base_url=sandbox.url, secret={})
        try:
            return login(desk, LoginErrand(access), rest=hand)
        finally:
            desk.tidy(broke=True)

    return run


@pytest.fixture
def becomes(sandbox):
    """A person who signs in as somebody."""

    def signing_in(handle):
        def do(page):
            page.context.add_cookies(sandbox.accounts[handle]["cookies"])
            page.goto(f"{sandbox.url}/home")

        return do

    return signing_in


def test_the_session_is_kept_once_the_account_is_seen_signed_in(sandbox, sign_in, becomes):
    """Not before: at the sign-in page it waits. What is kept signs in."""
    hand = Hand(lambda page: page.wait_for_timeout(100), becomes("alice"))

    report = sign_in(hand)

    assert f"{sandbox.url}{SIGN_IN}" == hand.seen[0]
    assert 2 == len(hand.seen)
    names = {cookie["name"] for cookie in usable(report.session, sandbox.url)["cookies"]}
    assert {"auth_token", "ct0"} <= names


def test_another_account_is_not_kept(sign_in, becomes):
    """Positively the right one, or nothing."""
    report = sign_in(Hand(becomes("bob")))

    assert (None, Cause.OTHER_ACCOUNT) == (report.session, report.cause)
    assert "@bob, not as @alice" in report.why


def test_a_challenge_is_no_sign_in(sandbox, sign_in, becomes):
    """It is left to the person; what they do not answer in time is not kept."""
    sandbox.weather({"fault": "login", "account": "alice", "params": {"state": "challenge"}})
    try:
        report = sign_in(Hand(becomes("alice")), within=9.0)
    finally:
        sandbox.clear_weather()

    assert (None, Cause.DEADLINE) == (report.session, report.cause)


def test_a_closed_window_is_an_end(sign_in):
    report = sign_in(Hand(lambda page: page.close()))

    assert (None, "the window was closed before the sign-in") == (report.session, report.why)


def test_nothing_is_shown_of_what_is_kept(sandbox, sign_in, becomes):
    report = sign_in(Hand(becomes("alice")))
    token = next(one["value"] for one in sandbox.accounts["alice"]["cookies"] if one["name"] == "auth_token")

    assert token not in repr(report)
