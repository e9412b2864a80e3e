"""An id of a server is a string that sorts by length and letters, and tells no time."""

import pytest

from steadypost.networks.mastodon.ids import (
    NotAStatusId,
    address,
    key_of,
    made_at,
    moment,
    order,
    own_id,
    read,
    remote_id,
)

SNOWFLAKE = "115593287164846001"
ULID = "01JDXH6Y5S4T9R1M7QZK2V8W3B"
FLAKE = "AoB3cD4eF5gH6iJ7kL"


@pytest.mark.parametrize("given", [SNOWFLAKE, ULID, FLAKE, "1", "1732900000.123456"])
def test_takes_ids_of_every_server_that_speaks_the_api(given):
    assert given == remote_id(given)


@pytest.mark.parametrize(
    "given", [115593287164846001, "", None, "a b", "a/b", "../1", "é", "x" * 200, "-1", True]
)
def test_refuses_what_is_no_id(given):
    with pytest.raises(NotAStatusId):
        remote_id(given)


def test_sorts_by_length_and_then_by_letters():
    assert ["9", "10", "99", "100"] == sorted(["100", "99", "9", "10"], key=order)


def test_no_time_is_read_from_an_id():
    assert made_at(SNOWFLAKE) is None


def test_the_address_is_the_page_of_the_post():
    assert "https://here.example/@alice/1" == address("https://here.example/", "alice", "1")


@pytest.mark.parametrize(
    ("pasted", "post", "handle"),
    [
        ("https://here.example/@alice/115593287164846001", SNOWFLAKE, "alice"),
        (" https://here.example/@bob@there.example/1?x=1#y ", "1", "bob@there.example"),
        ("https://here.example/@alice@HERE.example/1", "1", "alice"),
        (f"https://social.example/@alice/statuses/{ULID}", ULID, "alice"),
        ("https://here.example/users/alice/statuses/1", "1", "alice"),
        ("https://pleroma.example/notice/AoB3cD4eF5gH6iJ7kL", FLAKE, None),
        (SNOWFLAKE, SNOWFLAKE, None),
        (ULID, ULID, None),
    ],
)
def test_reads_what_a_person_pastes(pasted, post, handle):
    found = read(pasted)

    assert (post, handle) == (found.id, found.handle)


@pytest.mark.parametrize(
    "pasted",
    ["", "banana", "https://here.example/@alice", "https://x.com/alice/status/1", "at://did/x/1", "12"],
)
def test_refuses_what_is_no_post(pasted):
    with pytest.raises(NotAStatusId):
        read(pasted)


def test_a_key_is_the_same_in_every_attempt_and_another_for_every_part():
    assert key_of("ab" * 16, 0) == key_of("ab" * 16, 0)
    assert key_of("ab" * 16, 0) != key_of("ab" * 16, 1)


@pytest.mark.parametrize("told", [None, 5, "yesterday", "2026-11-29T20:00:00"])
def test_a_time_without_a_zone_is_none(told):
    assert moment(told) is None


@pytest.mark.parametrize(
    ("pasted", "identity"),
    [
        ("https://here.example/@alice/1", "here.example/7"),
        ("https://HERE.example/@alice/1", "here.example/7"),
        ("https://m\u00fcnchen.example/@alice/1", "xn--mnchen-3ya.example/7"),
        ("http://127.0.0.1:8080/@alice/1", "127.0.0.1:8080/7"),
        ("https://there.example/@alice/1", ""),
        ("115593287164846001", "here.example/7"),
    ],
)
def test_takes_an_id_of_the_account_s_own_server(pasted, identity):
    pointer = read(pasted)

    assert pointer.id == own_id(pointer, identity)


@pytest.mark.parametrize("pasted", ["https://there.example/@alice/1", "https://here.example:8443/@alice/1"])
def test_another_server_s_id_is_of_another_post(pasted):
    with pytest.raises(NotAStatusId, match=r"the account is on here\.example"):
        own_id(read(pasted), "here.example/7")
