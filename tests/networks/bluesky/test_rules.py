"""What Bluesky takes, and when two texts are the same there."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadypost.domain.likeness import Grade, plain
from steadypost.domain.network import Place
from steadypost.domain.post import Media, Part
from steadypost.domain.remote_id import NotAnId
from steadypost.networks import named
from steadypost.networks.bluesky import NETWORK
from steadypost.networks.bluesky.text import graphemes, size

DID = "did:plc:wpfqkgo3vd7yite2atbwwr5t"
URI = f"at://{DID}/app.bsky.feed.post/3jui7kd54zh2y"


def objections(*parts):
    told = NETWORK.objections(parts, NETWORK.allows)
    return [(one.field, one.part) for one in told]


def media(*, kind="image/png", alt="a map"):
    return Media(path=Path("map.png"), kind=kind, alt=alt)


def test_it_is_known_by_its_name():
    assert named("bluesky") is NETWORK


@pytest.mark.parametrize(
    ("text", "length", "weight"),
    [
        ("", 0, 0),
        ("abc", 3, 3),
        ("äöü", 3, 6),
        ("e\u0301", 1, 3),
        ("👨‍👩‍👧‍👦", 1, 25),
        ("🇩🇪🇫🇷", 2, 16),
        ("家族", 2, 6),
        ("हिन्दी", 2, 18),
        ("\r\n", 1, 2),
    ],
)
def test_lengths(text, length, weight):
    assert (graphemes(text), size(text)) == (length, weight)


def test_what_is_taken():
    assert [] == objections(Part(text="a" * 300))
    assert [] == objections(Part(text="👨‍👩‍👧‍👦" * 120))
    assert [] == objections(Part(text="", media=(media(),)))
    assert [] == objections(*[Part(text=str(n)) for n in range(25)])


@pytest.mark.parametrize(
    ("part", "field"),
    [
        (Part(text="a" * 301), "text"),
        (Part(text="👨‍👩‍👧‍👦" * 121), "text"),
        (Part(text=" \n"), "text"),
        (Part(text="x", media=(media(),) * 5), "images"),
        (Part(text="x", media=(media(kind="video/quicktime"),)), "images"),
        (Part(text="x", media=(media(alt="a" * 2001),)), "images"),
    ],
)
def test_what_is_not_taken(part, field):
    assert objections(Part(text="fine"), part) == [(field, 1)]


def test_too_long_a_thread():
    assert [("parts", None)] == objections(*[Part(text=str(n)) for n in range(26)])


def test_a_family_weighs_more_than_it_is_long():
    told = next(iter(NETWORK.objections((Part(text="👨‍👩‍👧‍👦" * 121),), NETWORK.allows)))

    assert "3025 bytes" == told.value
    assert "25 bytes" in told.remedy


def test_a_text_is_the_same_when_its_letters_are():
    """A record holds what was written; what only looks alike is not known to be the same."""
    compare = NETWORK.compare

    assert compare("Grüße https://a.b/?c", plain("Grüße https://a.b/?c")) is Grade.SAME
    assert compare("Grüße", plain("Gru\u0308\u00dfe")) is Grade.UNCLEAR
    assert compare("one", plain("one ")) is Grade.UNCLEAR
    assert compare("one", plain("One")) is Grade.OTHER
    assert compare("one  two", plain("one two")) is Grade.OTHER
    assert compare("👍", plain("👍\ufe0f")) is Grade.OTHER


def test_ids():
    assert NETWORK.remote_id(URI) == URI
    assert (
        NETWORK.address("https://bsky.social", "alice.test", URI)
        == f"https://bsky.app/profile/{DID}/post/3jui7kd54zh2y"
    )
    assert NETWORK.made_at(URI) is None
    assert NETWORK.order_key(URI) is None


@pytest.mark.parametrize(
    "value",
    [
        "1234567890123456789",
        "",
        None,
        "https://bsky.app/profile/a.b/post/c",
        f"at://{'a.' * 120}com/app.bsky.feed.post/{'x' * 400}",
    ],
)
def test_what_is_no_id(value):
    with pytest.raises(NotAnId):
        NETWORK.remote_id(value)


def test_what_people_paste():
    by_handle = NETWORK.read(" https://bsky.app/profile/Alice.test/post/3jui7kd54zh2y ")
    by_did = NETWORK.read(URI)

    assert (
        "at://alice.test/app.bsky.feed.post/3jui7kd54zh2y",
        "alice.test",
    ) == (by_handle.id, by_handle.handle)
    assert (by_did.id, by_did.handle) == (URI, None)
    with pytest.raises(NotAnId):
        NETWORK.read("https://x.com/alice/status/1")


def test_a_post_is_asked_for_by_its_name():
    assert NETWORK.needed("text", None) == ((Place.NAMED, None),)
    assert NETWORK.needed("text", URI) == ((Place.NAMED, None),)


def test_what_people_paste_is_spelled_as_the_server_spells_it():
    """One post has one id here, whether its address named the account by its handle or by its DID."""
    by_handle = NETWORK.read("https://bsky.app/profile/alice.test/post/3jui7kd54zh2y")

    assert NETWORK.own_id(by_handle, DID) == URI
    assert NETWORK.own_id(NETWORK.read(URI), DID) == URI
    assert NETWORK.own_id(NETWORK.read(URI), "") == URI
    with pytest.raises(NotAnId, match="is a handle"):
        NETWORK.own_id(by_handle, "")
    with pytest.raises(NotAnId, match="did:plc:mallory"):
        NETWORK.own_id(NETWORK.read(URI), "did:plc:mallory")
