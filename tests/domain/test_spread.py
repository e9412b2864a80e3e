"""Accounts are spread evenly, and whoever comes or goes moves few of them."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from steadypost.domain.spread import spread

ACCOUNTS = [f"account-{n}" for n in range(60)]
NAMES = st.sets(st.sampled_from(ACCOUNTS), max_size=30)
HOSTS = st.sampled_from(["anna", "berta", "clara", "doris"])


def all_to(*members):
    return spread(dict.fromkeys(members, ACCOUNTS))


@given(st.dictionaries(HOSTS, NAMES, max_size=4))
def test_every_account_has_one_that_can_work_on_it(members):
    """Whoever can do what: none is left out, and none is given to somebody who cannot."""
    found = spread(members)

    assert set().union(*members.values()) == set(found) if members else not found
    assert all(account in members[member] for account, member in found.items())


@given(st.dictionaries(HOSTS, NAMES, max_size=4), st.randoms())
def test_everybody_finds_the_same(members, dice):
    """In whatever order somebody heard of whom."""
    names = list(members)
    dice.shuffle(names)

    assert spread(members) == spread({name: sorted(members[name]) for name in names})


def test_nobody_has_more_than_a_fair_part():
    """Also with few accounts, where chance alone would give one everything."""
    for many in range(1, 12):
        for hosts in (["anna", "berta"], ["anna", "berta", "clara"]):
            counts = Counter(spread(dict.fromkeys(hosts, ACCOUNTS[:many])).values())
            assert max(counts.values()) <= -(-many // len(hosts))


def test_what_one_leaves_goes_to_the_others_and_little_else_moves():
    """Of sixty on three, twenty have to move; and back again when it returns."""
    three, two = all_to("anna", "berta", "clara"), all_to("anna", "berta")
    had = [name for name in ACCOUNTS if three[name] == "clara"]
    moved = [name for name in ACCOUNTS if three[name] != two[name]]

    assert set(had) <= set(moved)
    assert len(moved) <= len(had) + 10
    assert three == all_to("clara", "anna", "berta")
