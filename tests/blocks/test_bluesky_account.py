"""An account on Bluesky as its operator edits it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from blocks.account import Unopened, network_of
from blocks.bluesky_account import BlueskyAccount
from blocks.channels import CHANNELS
from steadypost.channels.bluesky.options import Options
from steadypost.domain.outcome import Cause
from steadypost.networks.bluesky import NETWORK

PASSWORD = "abcd-efgh-ijkl-mnop"


def block(**more):
    return BlueskyAccount(**{"handle": "alice.bsky.social", "app_password": PASSWORD} | more)


def test_it_opens_its_channel():
    access = block(languages="de, en", labels="sexual", previews=False, picture_bytes=900_000).open("alice")
    options = Options.read(access.options)

    assert CHANNELS["bluesky"].block is BlueskyAccount
    assert (access.account, access.handle, access.secret) == (
        "alice",
        "alice.bsky.social",
        {"app_password": PASSWORD},
    )
    assert (("de", "en"), ("sexual",), False) == (options.languages, options.labels, options.cards)
    assert 900_000 == options.largest_picture("https://pds.example")


def test_its_defaults_are_the_channels():
    assert Options.read(block().open("alice").options) == Options()


def test_the_password_is_shown_nowhere():
    one = block()

    assert PASSWORD not in f"{one!r} {one} {one.model_dump_json()} {one.open('alice')!r}"
    assert one.secrets() == [PASSWORD]


@pytest.mark.parametrize(
    "wrong",
    [
        {"handle": "alice"},
        {"handle": "al ice.bsky.social"},
        {"handle": ""},
        {"languages": "de,en,fr,it"},
        {"languages": "German"},
        {"labels": "funny"},
        {"base_url": "http://bsky.social"},
        {"directory": "plc.directory"},
        {"picture_bytes": 3_000_000},
    ],
)
def test_what_is_not_taken(wrong):
    with pytest.raises(ValidationError) as refusal:
        block(**wrong)

    assert PASSWORD not in str(refusal.value)


def test_a_handle_is_written_as_the_network_writes_it():
    assert "alice.bsky.social" == block(handle=" @Alice.BSKY.social ").handle


def test_without_a_password_it_cannot_be_opened():
    unopened = block(app_password=" ").open("alice")

    assert isinstance(unopened, Unopened)
    assert unopened.cause is Cause.SESSION_UNUSABLE
    assert "alice" in unopened.why


def test_one_look_is_enough_by_default():
    assert 0 == block().settle().total_seconds()


def test_it_is_one_network_by_any_of_its_names():
    assert network_of("https://bsky.app", NETWORK) == network_of("https://bsky.social/", NETWORK)


@pytest.mark.parametrize("resolver", ["https://public.api.bsky.app", "https://pds.alice.example:8443/"])
def test_it_is_one_account_whichever_server_tells_who_a_handle_is(resolver):
    """Else two blocks would be one account, by their handle and by its DID: one post would be on two deliveries."""
    assert block().who() == block(base_url=resolver).who()


def test_a_sandbox_is_a_network_of_its_own():
    here = {"base_url": "http://127.0.0.1:2583", "directory": "http://127.0.0.1:2582"}

    assert block().who() != block(**here).who()
    assert block(**here).who() != block(**here | {"base_url": "http://127.0.0.1:2600"}).who()
