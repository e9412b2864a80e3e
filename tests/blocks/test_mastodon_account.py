"""The Mastodon account block takes what can be meant, refuses the rest with a remedy, and shows no token."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr, ValidationError

from blocks.account import Unopened
from blocks.mastodon_account import MastodonAccount
from steadypost.channels.mastodon.api import TOKEN
from steadypost.channels.mastodon.knowledge import knowledge_in
from steadypost.channels.port import Access
from steadypost.domain.outcome import Cause
from steadypost.networks.mastodon.limits import Limits


def block(**more) -> MastodonAccount:
    told = {
        "handle": "alice",
        "base_url": "https://mastodon.example",
        "access_token": SecretStr("t0ken"),
        **more,
    }
    return MastodonAccount(**told)


def test_it_opens_as_the_account_with_its_options():
    access = block(visibility="unlisted", language="pt-BR", warning="Food", sensitive=True).open("alice-m")

    assert isinstance(access, Access)
    assert ("alice-m", "alice", "https://mastodon.example") == (
        access.account,
        access.handle,
        access.base_url,
    )
    assert {TOKEN: "t0ken"} == access.secret
    told = {"visibility": "unlisted", "language": "pt-BR", "warning": "Food", "sensitive": True}
    assert told == access.options


@pytest.mark.parametrize(
    ("typed", "handle"),
    [("@alice", "alice"), ("alice@mastodon.example", "alice"), (" @Al.ice-1@x.example ", "Al.ice-1")],
)
def test_a_handle_is_kept_without_its_server(typed, handle):
    assert handle == block(handle=typed).handle


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("mastodon.example", "https://mastodon.example"),
        ("https://mastodon.example/", "https://mastodon.example"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
    ],
)
def test_an_address_is_brought_to_one_spelling(typed, address):
    assert address == block(base_url=typed).base_url


@pytest.mark.parametrize(
    "wrong",
    [
        {"handle": ""},
        {"handle": "a b"},
        {"base_url": "http://mastodon.example"},
        {"base_url": "https://"},
        {"language": "German"},
        {"visibility": "friends"},
        {"per_hour": 0},
    ],
)
def test_what_is_not_valid_is_refused(wrong):
    with pytest.raises(ValidationError):
        block(**wrong)


@pytest.mark.parametrize("token", ["", "  ", "two words", "tökén"])
def test_what_is_no_token_does_not_open(token):
    opened = block(access_token=SecretStr(token)).open("alice-m")

    assert isinstance(opened, Unopened)
    assert Cause.SESSION_UNUSABLE == opened.cause
    assert opened.why.startswith("alice-m:")


def test_the_token_is_shown_nowhere():
    account = block()

    assert "t0ken" not in repr(account) + str(account) + repr(account.open("alice-m")) + account.mark()


def test_a_new_token_is_another_mark():
    assert block().mark() == block().mark()
    assert block().mark() != block(access_token=SecretStr("0ther")).mark()


def test_the_same_handle_on_two_servers_is_two_accounts():
    assert block().who() != block(base_url="https://other.example").who()
    assert block().who() == block(handle="Alice", base_url="https://MASTODON.example").who()


def test_it_allows_what_its_server_last_said(tmp_path, monkeypatch):
    monkeypatch.setenv("STEADYPOST_HOME", str(tmp_path))
    before = block().allowance()
    knowledge_in(tmp_path).learn("https://mastodon.example", Limits(longest=5000), datetime.now(UTC))

    assert (500, 5000) == (before.longest, block().allowance().longest)


@pytest.mark.parametrize("spelled", ["https://M\u00fcnchen.example", "https://xn--mnchen-3ya.example:443/"])
def test_a_server_with_an_international_name_is_one_however_it_is_written(spelled):
    """Else two blocks would be one account: twice its quota, and one post on two deliveries."""
    assert block(base_url="https://m\u00fcnchen.example").who() == block(base_url=spelled).who()
