"""The block of an account that goes through X's API: what it opens, what it allows, and that it shows no secret."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from blocks import Unopened, XAccount, XApiAccount
from steadypost.channels.port import Access
from steadypost.domain.outcome import Cause

KEYS = {name: f"the {name}" for name in ("api_key", "api_secret", "access_token", "access_secret")}
GRANT = {"client_id": "the client", "client_secret": "the client_secret", "refresh_token": "the token"}


def test_four_keys_open_it():
    """With nothing else among its secrets."""
    opened = XApiAccount(handle="@alice", **KEYS).open("alice")

    assert isinstance(opened, Access)
    assert ("alice", "https://api.x.com", KEYS) == (opened.handle, opened.base_url, dict(opened.secret))


def test_a_sign_in_opens_it():
    """OAuth 2.0: a client, and the refresh token of a sign-in."""
    opened = XApiAccount(handle="alice", **GRANT).open("alice")

    assert GRANT == dict(opened.secret)


@pytest.mark.parametrize("given", [{}, {**KEYS, "access_secret": ""}, {"client_id": "the client"}])
def test_half_of_either_does_not(given):
    """It says which halves there are, and needs a person."""
    closed = XApiAccount(handle="alice", **given).open("alice")

    assert isinstance(closed, Unopened)
    assert Cause.SESSION_UNUSABLE is closed.cause
    assert "complete one of the two" in closed.why


def test_budgets_are_limits():
    """Beside the quota; empty ones are none."""
    limits = XApiAccount(handle="alice", budget_per_day="0.50", budget_per_month=None).limits()

    assert (Decimal("0.50"), None) == (limits.budget_per_day, limits.budget_per_month)
    assert (10, timedelta(seconds=60)) == (limits.per_hour, limits.spacing)


def test_no_secret_is_shown():
    """Of any of them; and each is named, so that logs can be held clean."""
    block = XApiAccount(handle="alice", **KEYS, **GRANT)

    hidden = {*KEYS.values(), GRANT["client_secret"], GRANT["refresh_token"]}
    assert not [one for one in hidden if one in repr(block) + str(block) + block.model_dump_json()]
    assert hidden == set(block.secrets())


def test_options_are_what_x_knows():
    """Nothing is told that nobody chose."""
    plain = XApiAccount(handle="alice", **KEYS).open("alice")
    told = XApiAccount(handle="alice", made_with_ai=True, reply_settings="following", **KEYS).open("alice")

    assert {"made_with_ai": False} == dict(plain.options)
    assert {"made_with_ai": True, "reply_settings": "following"} == dict(told.options)


def test_a_new_secret_lifts_a_pause():
    """What a pause for sign-in depends on changes with every one of them."""
    marks = {XApiAccount(handle="alice", **{**KEYS, name: "another"}).mark() for name in KEYS}

    assert 5 == len(marks | {XApiAccount(handle="alice", **KEYS).mark()})


def test_both_ways_to_x_are_one_account():
    """The page's block and the API's, of one handle, are not published to side by side."""
    page = XAccount(handle="Alice", session="{}")

    assert page.who() == XApiAccount(handle="alice", **KEYS).who()


def test_the_page_s_block_says_what_x_does():
    """In the sentence that is accepted with it."""
    accepted = XAccount.model_fields["rules_accepted"].description or ""

    assert accepted.startswith("X answers scripted pages with permanent suspension")


@pytest.mark.parametrize("wrong", [{"handle": "alice smith"}, {"base_url": "http://api.x.com"}])
def test_what_is_not_valid(wrong):
    """Refused when it is saved."""
    with pytest.raises(ValidationError):
        XApiAccount(**{"handle": "alice", **wrong})
