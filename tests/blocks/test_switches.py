"""A switch is on, off, or on for some: always the same ones. A name that nothing reads is refused."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from pydantic import ValidationError

from blocks import Switch, Switches
from blocks.switches import Per, names, per, strangers

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
PEOPLE = [f"person-{n}" for n in range(2000)]


def on_for(share, name="publish"):
    switch = getattr(Switches(**{name: Switch(share=share)}), name)
    return {person for person in PEOPLE if switch.is_on(NOW, person)}


def test_a_share_is_about_as_many_as_it_says():
    """Of two thousand a quarter is five hundred, give or take what chance gives."""
    assert 430 < len(on_for(25)) < 570


def test_the_same_ones_stay_in_while_the_share_grows():
    """Nobody is in today and out tomorrow because others came in."""
    shares = [on_for(share) for share in (0, 10, 25, 50, 100)]

    assert all(fewer < more for fewer, more in pairwise(shares))
    assert shares[0] == set()
    assert shares[-1] == set(PEOPLE)


def test_two_switches_do_not_meet_the_same_ones_first():
    """Else the same accounts would try out everything."""
    assert on_for(10, "publish") != on_for(10, "reconcile")


def test_who_is_in_does_not_depend_on_the_process():
    """Python's own hash does; two workers would disagree."""
    switch = Switches(publish=Switch(share=50)).publish

    assert [True, True, False] == [switch.is_on(NOW, name) for name in ("alice", "bob", "carol")]


def test_without_a_name_a_share_is_not_on_for_all():
    """Whoever asks for nobody asks whether it is on for everybody."""
    assert not Switch(share=99).is_on(NOW)
    assert Switch(share=100).is_on(NOW)
    assert Switch(share=100).is_on(NOW, "alice")
    assert not Switch(on=False, share=100).is_on(NOW, "alice")


def test_a_share_ends_with_its_time():
    """A temporary one is ignored when it is over: on for all, as it came."""
    switch = Switch(share=10, until=NOW + timedelta(hours=1))

    assert not switch.is_on(NOW)
    assert switch.is_on(NOW + timedelta(hours=1))
    assert "on for 10 %" == switch.stands(NOW)
    assert "on" == switch.stands(NOW + timedelta(hours=1))


def test_an_unknown_name_is_refused_with_the_one_that_was_meant():
    """Whoever wrote it believes it to be in force."""
    with pytest.raises(
        ValidationError, match=r"no switch is called 'isolate_unconfirm'; isolate_unconfirmed was"
    ):
        Switches(isolate_unconfirm=Switch(on=False))
    with pytest.raises(ValidationError, match=r"there are: publish, reconcile"):
        Switches(zzz=True)
    assert {} == strangers(names())


def test_a_share_of_what_concerns_everything_is_refused():
    """Half a house cannot have it; the error says what to do."""
    whole = [name for name in names() if per(name) is Per.EVERYTHING]

    assert {"publish", "reconcile", "isolate_unconfirmed", "sharing"} == set(names()) - set(whole)
    for name in whole:
        with pytest.raises(ValidationError, match=f"{name} concerns everything at once: turn it on or off"):
            Switches(**{name: Switch(share=50)})


@pytest.mark.parametrize("share", [-1, 101])
def test_a_share_is_a_percentage(share):
    """Anything else is not valid."""
    with pytest.raises(ValidationError):
        Switch(share=share)


def test_what_an_older_version_saved_still_loads():
    """Its switches have no owner, no since and no share: they are on for all, or off for all."""
    saved = {"publish": {"on": False, "reason": "holiday", "by": "alice", "until": None}}

    read = Switches.model_validate(saved)

    assert not read.publish.is_on(NOW, "alice")
    assert 100 == read.publish.share
    assert read.reconcile.is_on(NOW)
