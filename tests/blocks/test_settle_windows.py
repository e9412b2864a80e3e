"""A settle window is longer than a live post may be missing from every list: a shorter one makes a second copy."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from blocks.bluesky_account import BlueskyAccount
from blocks.mastodon_account import MastodonAccount
from blocks.x_account import XAccount
from blocks.x_api_account import XApiAccount
from tasks.documents import _told

MAKE = {
    "x": lambda **more: XAccount(handle="alice", session=SecretStr("[]"), **more),
    "x_api": lambda **more: XApiAccount(handle="alice", **more),
    "mastodon": lambda **more: MastodonAccount(
        **{
            "handle": "alice",
            "base_url": "https://mastodon.example",
            "access_token": SecretStr("t0ken"),
            **more,
        }
    ),
}
LEAST = {"x": 10, "x_api": 10, "mastodon": 2}


@pytest.mark.parametrize("kind", MAKE)
def test_a_window_shorter_than_the_network_lags_is_refused(kind):
    """The field, the value and the remedy are named; the shortest that is taken is the lag itself."""
    with pytest.raises(ValidationError) as refused:
        MAKE[kind](settle_minutes=0.1)

    told = str(refused.value)
    assert "settle_minutes: 0.1 is too short" in told
    assert f"Give {LEAST[kind]} or more" in told
    assert LEAST[kind] == MAKE[kind](settle_minutes=LEAST[kind]).settle_minutes


@pytest.mark.parametrize("kind", MAKE)
def test_a_rehearsal_on_this_machine_may_hurry(kind):
    """A sandbox shows its posts at once."""
    assert 0.1 == MAKE[kind](settle_minutes=0.1, base_url="http://127.0.0.1:8000").settle_minutes


def test_where_a_post_is_asked_for_by_its_name_one_look_is_enough():
    """Bluesky's server knows a record as soon as it is written."""
    assert 0 == BlueskyAccount(handle="alice.example", app_password=SecretStr("x")).settle_minutes


def test_a_document_that_was_saved_past_the_check_says_what_is_wrong():
    """Prefect's form checks nothing of it; of a complaint that is not ours the value may be a secret's."""
    with pytest.raises(ValidationError) as ours:
        MAKE["x"](settle_minutes=1)
    with pytest.raises(ValidationError) as theirs:
        MAKE["x"](per_hour="s3cr3t")

    assert _told(ours.value.errors()[0]).startswith("settle_minutes: 1 is too short")
    assert "per_hour" == _told(theirs.value.errors()[0])
