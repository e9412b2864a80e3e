"""Addresses of posts: what servers write, and what people paste."""

from __future__ import annotations

import pytest

from steadypost.networks.bluesky.uri import NotAPost, Uri, page, parse, parse_page

DID = "did:plc:wpfqkgo3vd7yite2atbwwr5t"
URI = f"at://{DID}/app.bsky.feed.post/3jui7kd54zh2y"


def test_a_servers_address():
    assert parse(URI) == Uri(DID, "3jui7kd54zh2y")
    assert str(parse(URI)) == URI
    assert parse(URI).is_fixed


def test_people_read_it_by_the_name_that_does_not_change():
    assert page(parse(URI)) == f"https://bsky.app/profile/{DID}/post/3jui7kd54zh2y"


@pytest.mark.parametrize(
    "pasted",
    [
        "https://bsky.app/profile/Alice.bsky.social/post/3jui7kd54zh2y",
        " https://bsky.app/profile/@alice.bsky.social/post/3jui7kd54zh2y/ ",
        "https://www.bsky.app/profile/alice.bsky.social/post/3jui7kd54zh2y?ref=x#y",
    ],
)
def test_what_people_paste(pasted):
    assert parse_page(pasted) == Uri("alice.bsky.social", "3jui7kd54zh2y")
    assert not parse_page(pasted).is_fixed


@pytest.mark.parametrize(
    "value",
    [
        "",
        None,
        7,
        "3jui7kd54zh2y",
        "https://bsky.app/profile/alice.bsky.social/post/3jui7kd54zh2y",
        f"at://{DID}/app.bsky.feed.like/3jui7kd54zh2y",
        f"at://{DID}/app.bsky.feed.post",
        f"at://{DID}/app.bsky.feed.post/",
        f"at://{DID}/app.bsky.feed.post/a b",
        f"at://{DID}/app.bsky.feed.post/..",
        f"{URI}/more",
        f"{URI}#x",
        f"{URI}\n",
        "at://alice/app.bsky.feed.post/3jui7kd54zh2y",
        "at://did:plc:/app.bsky.feed.post/3jui7kd54zh2y",
    ],
)
def test_what_is_no_post(value):
    with pytest.raises(NotAPost):
        parse(value)


@pytest.mark.parametrize(
    "value", ["https://bsky.app/profile/alice.bsky.social", "https://example.com/profile/a.b/post/c", ""]
)
def test_what_is_no_page_of_a_post(value):
    with pytest.raises(NotAPost):
        parse_page(value)
