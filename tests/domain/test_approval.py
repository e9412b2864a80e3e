"""A second person's yes: by whom it counts, and what is said of what waits for it."""

import pytest

from steadypost.domain.approval import ACCOUNT, ANYBODY, because, judge, named, of_account, of_label

TEAM = of_account("alice", "Bob, Carol")
ANYONE = of_account("alice", ANYBODY)
LEGAL = of_label("legal", "Dora")


def test_names_are_read_as_people_write_them():
    assert ("Bob", "Carol") == named(" Bob , Carol,,Bob")
    assert of_account("alice", " , ") is None


@pytest.mark.parametrize(
    ("rule", "who", "takes"),
    [
        (TEAM, "bob", True),
        (TEAM, " CAROL ", True),
        (TEAM, "Ann", False),
        (TEAM, "Mallory", False),
        (TEAM, "", False),
        (ANYONE, "Mallory", True),
        (ANYONE, "ann", False),
        (ANYONE, " ", False),
    ],
)
def test_whose_yes_counts(rule, who, takes):
    """One of those named; and never the author's own, however the name is written."""
    assert takes is rule.takes(who, "Ann")


def test_an_approver_cannot_approve_their_own_words():
    assert not TEAM.takes("Bob", "bob")
    assert TEAM.takes("Carol", "bob")


def test_each_rule_has_its_own_yes():
    """What Bob says yes to for the account still waits for Dora."""
    first = judge([TEAM, LEGAL], {}, who="Bob", author="Ann")
    then = judge([TEAM, LEGAL], {ACCOUNT: "Bob"}, who="Dora", author="Ann")

    assert ((TEAM,), (LEGAL,)) == (first.takes, first.left)
    assert ((LEGAL,), ()) == (then.takes, then.left)


def test_what_waits_says_whose_yes_it_waits_for():
    assert "" == because([], "Ann")
    assert (
        "waits for a second person's yes, of Ann's words: Bob or Carol may give it (the account alice); "
        "Dora may give it (the label legal)"
    ) == because([TEAM, LEGAL], "Ann")
    assert "any person but Ann may give it" in because([ANYONE], "Ann")
    assert "only Dora may give it, and wrote it: name another person" in because([LEGAL], "Dora")
