"""What is inside ends before what is around it; a machine that says otherwise is refused before anything is opened."""

from dataclasses import replace
from datetime import timedelta

import pytest

from blocks import Switches
from blocks.switches import Switch
from deployments.__main__ import main
from flows.house import publishing_house
from flows.reconcile import LOOKS_AT_ONCE, LOOKS_WITHIN
from steadypost.channels.x_web import ask, look, opening, probe
from steadypost.channels.x_web.channel import ASK_NEEDS, LOOK_NEEDS, PROBE_NEEDS
from tasks.bounds import NO_DEADLINE, Deadlines, DeadlinesRefused, of_this_machine
from tasks.watches import COMES_HOME_WITHIN

SECOND = timedelta(seconds=1)


def test_the_order_holds():
    """As it comes, nothing inside can outlast what is around it."""
    assert Deadlines().check() == Deadlines()
    assert of_this_machine() == Deadlines()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"attempt": 60 * SECOND}, ("an attempt (STEADYPOST_ATTEMPT) ends after 60 s", "120 s")),
        ({"look": 30 * SECOND}, ("a look (STEADYPOST_LOOK) ends after 30 s", "62 s")),
        ({"probe": 5 * SECOND}, ("a probe ends after 5 s", "66 s")),
        ({"probe": 150 * SECOND}, ("a circuit's permit to try ends after 180 s", "210 s")),
        ({"look": 300 * SECOND}, ("a look's wait for its browser ends after 90 s", "300 s")),
        ({"launch": 60 * SECOND}, ("an attempt's wait for a browser ends after 40 s", "60 s")),
        ({"attempt": 590 * SECOND}, ("the longest that a claim is held ends after 600 s", "630 s")),
        ({"renew_every": 10 * SECOND}, ("a worker's lease ends after 30 s", "three renewals")),
        ({"store": 25 * SECOND}, ("a worker's lease ends after 30 s", "31 s")),
    ],
)
def test_what_is_the_wrong_way_round_is_refused(wrong, words):
    """By name, with both figures, and with the setting that an operator can change."""
    with pytest.raises(DeadlinesRefused) as refused:
        replace(Deadlines(), **wrong).check()

    assert 1 == len(refused.value.wrong)
    assert all(word in str(refused.value) for word in words)


def test_all_that_is_wrong_is_named_at_once():
    """One start, one list; not one refusal after the other."""
    with pytest.raises(DeadlinesRefused) as refused:
        Deadlines(attempt=10 * SECOND, look=10 * SECOND).check()

    assert 2 == len(refused.value.wrong)


def test_what_a_channel_needs_is_what_its_steps_may_take():
    """The channel's three figures are the sums of the limits inside."""
    assert ASK_NEEDS == opening.DOCUMENT_WITHIN + ask.COMPOSER_WITHIN + ask.KEEP
    assert LOOK_NEEDS == opening.DOCUMENT_WITHIN + look.LIST_WITHIN + look.KEEP
    assert PROBE_NEEDS == opening.DOCUMENT_WITHIN + probe.COMPOSER_WITHIN + probe.KEEP


@pytest.mark.parametrize("name", ["STEADYPOST_ATTEMPT", "STEADYPOST_LOOK"])
def test_a_machine_told_too_little_opens_nothing(monkeypatch, tmp_path, capsys, name):
    """No run begins and nothing is applied; what to change stands in the message."""
    monkeypatch.setenv("STEADYPOST_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(name, "20s")
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    with pytest.raises(DeadlinesRefused), publishing_house(timedelta(hours=3)):
        pytest.fail("it opened")
    monkeypatch.setattr("sys.argv", ["deployments"])

    assert 1 == main()
    assert name in capsys.readouterr().err
    assert not (tmp_path / "home").exists()


def test_a_process_is_not_ended_before_its_work_is():
    """The watchdog over a whole run comes after the deadline of what the run still has under way."""
    limits = Deadlines()

    assert limits.attempt_waits + limits.attempt < COMES_HOME_WITHIN
    assert LOOKS_AT_ONCE * (limits.look_waits + limits.look) < LOOKS_WITHIN


def test_without_deadlines_work_may_take_an_hour(house):
    """The old way, for comparison. Leases, fences and arming are as they are."""
    assert house.limits() == Deadlines()
    house.switches = Switches(deadlines=Switch(on=False))

    assert {house.limits().attempt, house.limits().look, house.limits().probe} == {NO_DEADLINE}
    assert (house.limits().lease, house.limits().hold) == (Deadlines().lease, Deadlines().hold)
