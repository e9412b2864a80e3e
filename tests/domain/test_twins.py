"""Of two accounts that are one on their network exactly one goes on, and it is always the same one."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain.twins import Claimant, spelled, twins

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def claimant(name, handle="alice", network="x.com", *, made=0, **more):
    return Claimant(name=name, handle=handle, network=network, made=NOON + timedelta(minutes=made), **more)


@pytest.mark.parametrize("written", ["alice", "Alice", "@ALICE", " @alice ", "aLiCe"])
def test_a_handle_has_one_spelling(written):
    """Case, spaces and a leading @ make nobody else."""
    assert "alice" == spelled(written)


@pytest.mark.parametrize(
    "others",
    [
        [claimant("bob", handle="bob")],
        [claimant("alice-here", network="127.0.0.1:8000")],
        [claimant("alice-there", network="mastodon.example")],
        [],
    ],
)
def test_somebody_else_is_no_twin(others):
    """Another handle, or the same one on another network: a sandbox beside X is one."""
    assert {} == twins([claimant("alice"), *others])


def test_two_handles_of_one_account_are_one():
    """A DID may have several handles; who came later is refused, and an unknown one is nobody's twin."""
    first = claimant("alice", handle="alice.example", identity="did:plc:a", was_it_before=True)
    second = claimant("shop", handle="shop.example", identity="did:plc:a", made=-5)
    unknown = [claimant("bob", handle="bob.example"), claimant("eve", handle="eve.example")]

    assert {"shop": "alice"} == twins([second, first, *unknown])
    assert {} == twins([first, claimant("shop", handle="shop.example", identity="did:plc:b"), *unknown])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (claimant("zoe", made=0), claimant("alice", made=1)),
        (claimant("zoe", made=9, was_it_before=True), claimant("alice", made=1)),
        (
            claimant("zoe", made=9, was_it_before=True),
            claimant("alice", was_it_before=True, was_refused=True),
        ),
        (claimant("alice", made=1), claimant("bob", made=1)),
    ],
    ids=[
        "the older block",
        "who was it before the other's block was changed",
        "not who was refused",
        "by name",
    ],
)
def test_who_was_it_first_goes_on(first, second):
    """Nobody loses an account to a block that somebody makes, or changes, by mistake."""
    for order in itertools.permutations([first, second]):
        assert {second.name: first.name} == twins(order)


def test_of_three_one_goes_on():
    """The others are refused with its name."""
    three = [claimant(name, made=n) for n, name in enumerate(("carol", "bob", "alice"))]

    assert {"bob": "carol", "alice": "carol"} == twins(three)
