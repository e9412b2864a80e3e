"""Whose trouble it is is found out before anybody is charged; what nobody can tell is charged to the narrowest."""

import pytest

from steadypost.domain.circuit.catalogue import Kind, tells, tells_by_probe
from steadypost.domain.outcome import Cause, NotSubmitted, Phase
from steadypost.domain.whose import Address, Found, Whose, whose

X = Address.of("https://x.com")
WRONG = Address.of("https://x.nowhere.invalid")
OTHER = Address.of("https://mastodon.example/")
SANDBOX = Address.of("http://127.0.0.1:8000")

CASES = {
    "one address is wrong, another is reached": (WRONG, Found(has_network=True, reached={X: True}), Whose.ADDRESS),
    "one of several is reached": (
        WRONG, Found(has_network=True, reached={X: False, OTHER: True}), Whose.ADDRESS,
    ),
    "nobody is reached": (X, Found(has_network=True, reached={OTHER: False}), Whose.MACHINE),
    "its own is reached, and the only other is down": (
        X, Found(has_network=True, reached={X: True, OTHER: False}), Whose.ADDRESS,
    ),
    "no network at all": (X, Found(has_network=False, reached={OTHER: True}), Whose.MACHINE),
    "nobody else to ask for": (X, Found(has_network=True), Whose.UNKNOWN),
    "two accounts on one address": (X, Found(has_network=True, reached={X: False}), Whose.UNKNOWN),
    "another port of the same machine": (
        Address.of("https://a.example:8443"),
        Found(has_network=True, reached={Address.of("https://a.example"): False}),
        Whose.UNKNOWN,
    ),
    "a sandbox is reached beside it": (X, Found(has_network=True, reached={SANDBOX: True}), Whose.UNKNOWN),
    "a sandbox is down beside it": (X, Found(has_network=True, reached={SANDBOX: False}), Whose.UNKNOWN),
    "it is the sandbox that is not found": (SANDBOX, Found(has_network=False), Whose.ADDRESS),
    "the proxy is gone": (X, Found(has_network=True, proxy=False), Whose.MACHINE),
    "the proxy is there": (X, Found(has_network=True, proxy=True, reached={OTHER: False}), Whose.UNKNOWN),
}  # fmt: skip


@pytest.mark.parametrize("which", CASES)
def test_the_second_question_says_whose_it_is(which):
    """Never the machine's while anybody else is reached, and never on a guess."""
    own, found, right = CASES[which]

    assert right is whose(own, found)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://x.com", "x.com", 443),
        ("https://X.com./home", "x.com", 443),
        ("http://127.0.0.1:8000", "127.0.0.1", 8000),
        ("http://localhost", "localhost", 80),
    ],
)
def test_an_address_is_read_as_a_connection_needs_it(url, host, port):
    """One spelling for one place."""
    assert Address(host=host, port=port) == Address.of(url)


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (Cause.NO_WAY_THERE, {Kind.X_PAGE: False}),
        (Cause.PAGE_UNREACHABLE, {Kind.X_PAGE: False, Kind.BROWSER: True}),
        (Cause.NO_WAY_OUT, {Kind.BROWSER: False}),
    ],
)
def test_who_is_charged(cause, told):
    """Unknown: the account alone. Its address: the account, and the machine is well. The machine: nobody but it."""
    assert told == tells(NotSubmitted(cause=cause, why="", phase=Phase.CLAIMED)) == tells_by_probe(cause)
