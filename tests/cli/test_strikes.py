"""Striking and lifting from the command line: who, why and until when; and why a delivery waits."""

from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain import clock
from steadypost.store import Of, strikes
from steadypost.store.acts import By

WHY = ("--why", "the sponsor has left", "--by", "carol")


def test_a_strike_is_kept_shown_and_lifted(store, call):
    """By whom, why and until when; afterwards it says who lifted it."""
    done = call("strike", "account", "alice", "--for", "2h", *WHY)
    assert (0, True) == (done.code, done.out.startswith("The account alice is struck, until "))

    [told] = call("strikes", "--json").json["strikes"]
    assert (
        "account",
        "alice",
        "carol",
        "the sponsor has left",
    ) == (told["of"], told["name"], told["by"], told["why"])
    left = datetime.fromisoformat(told["until"]) - datetime.now(UTC)
    assert timedelta(minutes=119) < left <= timedelta(hours=2)
    assert "carol" in call("strikes").out

    assert 0 == call("lift", "account", "alice", "--why", "they are back").code
    assert "Nothing is struck.\n" == call("strikes").out
    [over] = call("strikes", "--all", "--json").json["strikes"]
    assert (False, "they are back") == (over["in_force"], over["lifted_why"])


def test_a_struck_delivery_says_why_it_waits(store, call):
    """In one line, with who wanted that; and for programs by one word."""
    call("add", "Launch day #launch", "-a", "alice", "-w", "now")
    call("strike", "tag", "#Launch", *WHY)

    asked = call("why", "1")
    assert "waits: carol has struck the tag launch: the sponsor has left" in asked.out
    [first, then] = call("why", "1", "--json").json["next"]
    assert ("struck", None, "goes_out") == (first["kind"], first["at"], then["kind"])

    call("add", "No word of it in the text.", "-a", "alice", "-w", "now", "-l", "Launch")
    assert "has struck the tag launch" in call("why", "2").out

    call("lift", "tag", "launch", *WHY)
    call("strike", "account", "alice", "--for", "1h", *WHY)
    assert "has struck the account alice: the sponsor has left, until " in call("why", "1").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["strike", "account", "alcie", *WHY], "Known accounts: alice, bob, carol"),
        (["strike", "channel", "y", *WHY], "There are: x_web"),
        (["lift", "account", "alice", *WHY], "'steadypost strikes' lists what is"),
        (["strike", "account", "alice", "--for", "soon", *WHY], "write 30m, 2h or 3d"),
        (["strike", "planet", "mars", *WHY], "account"),
        (["strike", "account", "alice", "--why", " "], "say why"),
        (["strike", "account", "alice"], "why: it is empty"),
    ],
)
def test_what_cannot_be_meant_says_what_to_do(store, call, words, says):
    """And nothing is struck."""
    done = call(*words)

    assert done.code in {1, 2}
    assert says in done.err
    assert [] == store.read(strikes.every, now=clock.now())


def test_a_second_strike_is_refused_with_the_first(store, call):
    """It would outlive the first unseen."""
    store.write(strikes.put, Of.ACCOUNT, "alice", by=By(name="dave", why="holiday"), now=clock.now())

    done = call("strike", "account", "alice", *WHY)

    assert 1 == done.code
    assert "dave has struck the account alice: holiday" in done.err
    assert "steadypost lift account alice" in done.err
