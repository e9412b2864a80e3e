"""Weather strikes whom, when and how often its rules say, and the same way every time."""

from __future__ import annotations

import random

import pytest

from sandbox.faults import FAULTS, BadWeather, Where
from sandbox.process import SandboxError
from sandbox.weather import Weather, make_rule


class Clock:
    """A clock that stands until it is set."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        """What the clock shows."""
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def weather(clock):
    return Weather(seed=7, clock=clock)


def struck(weather, times, account="alice", text="hello"):
    return [bool(weather.gusts(Where.CREATE, account, text)) for _ in range(times)]


def test_a_rule_hits_as_often_as_it_may_after_those_it_skips(weather):
    """`skip` lets the first ones pass, `count` ends it."""
    weather.put([{"fault": "drop_response", "skip": 2, "count": 2}])

    assert [False, False, True, True, False, False] == struck(weather, 6)
    assert 2 == weather.report()[0]["hits"]


def test_a_rule_has_its_time(weather, clock):
    """`after` and `until` count from the moment the rule was put."""
    weather.put([{"fault": "drop_response", "after": 10, "until": 20}])

    for at, expected in ((1000, False), (1009.9, False), (1010, True), (1019.9, True), (1020, False)):
        clock.now = at
        assert struck(weather, 1) == [expected]


def test_a_rule_concerns_its_account_and_text(weather):
    """Everybody else's asks pass, and are not even counted."""
    weather.put([{"fault": "drop_response", "account": "Alice", "match": r"^storm \d"}])

    assert [True] == struck(weather, 1, account="alice", text="storm 1")
    assert [False] == struck(weather, 1, account="bob", text="storm 2")
    assert [False] == struck(weather, 1, account="alice", text="calm")
    assert 1 == weather.report()[0]["seen"]


def test_chance_is_the_same_every_time(clock):
    """The same rules under the same seed strike at the same places, and about as often as they say."""

    def course():
        weather = Weather(seed=7, clock=clock)
        weather.put([{"fault": "drop_response", "rate": 0.3}])
        return struck(weather, 300)

    first = course()

    assert first == course()
    assert 60 <= sum(first) <= 120


def test_of_deciding_faults_the_first_wins_and_delays_add_up(weather):
    """Two faults cannot both decide an answer; a fault that decides nothing goes with any."""
    weather.put(
        [
            {"fault": "delay_before_create", "params": {"seconds": 1}},
            {"fault": "drop_response", "count": 1},
            {"fault": "error_code", "params": {"code": 226}},
        ]
    )

    first, second = ([gust.name for gust in weather.gusts(Where.CREATE, "alice", "x")] for _ in range(2))

    assert ["delay_before_create", "drop_response"] == first
    assert ["delay_before_create", "error_code"] == second


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"fault": "hurricane"}, "unknown fault 'hurricane'; there are delay_before_create"),
        ({}, "unknown fault None"),
        ({"fault": "drop_response", "often": 2}, "unknown key often"),
        ({"fault": "drop_response", "params": {"code": 1}}, "unknown parameter code; it takes none"),
        ({"fault": "delay_before_create"}, "needs seconds"),
        ({"fault": "delay_before_create", "params": {"seconds": -1}}, "seconds must be at least 0"),
        ({"fault": "delay_before_create", "params": {"seconds": "1"}}, "seconds must be number, not '1'"),
        ({"fault": "error_code", "params": {"code": 999}}, "code must be one of 32, 37"),
        ({"fault": "drop_response", "rate": 2}, "rate must be from 0 to 1"),
        ({"fault": "drop_response", "count": True}, "count must be a number"),
        ({"fault": "drop_response", "match": "("}, "no regular expression"),
        ({"fault": "timeline_empty", "match": "x"}, "there is no text to match"),
        ({"fault": "ui", "params": {"kind": "sulking"}}, "kind must be one of"),
        ({"fault": "ui", "params": {"kind": "renamed_testid"}}, "ui renamed_testid: needs from"),
        ({"fault": "ui", "params": {"kind": "overlay", "seconds": 2}}, "seconds means nothing here"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(rule, words):
    """A misspelt rule is an error, never calm weather."""
    with pytest.raises(BadWeather) as refused:
        make_rule(rule, now=0, rng=random.Random(1))  # noqa: S311 - not secret

    assert words in str(refused.value)


def test_a_refused_rule_changes_nothing(sandbox):
    """Of a list with one bad rule, none is taken."""
    sandbox.weather({"fault": "drop_response"})

    with pytest.raises(SandboxError, match="hurricane"):
        sandbox.weather({"fault": "timeline_empty"}, {"fault": "hurricane"})

    assert ["drop_response"] == [rule["fault"] for rule in sandbox.weather()]


def test_weather_for_nobody_is_refused(sandbox):
    """A rule for an account that does not exist would never strike."""
    with pytest.raises(SandboxError, match="no account 'alcie'"):
        sandbox.weather({"fault": "drop_response", "account": "alcie"})


def test_every_fault_says_what_one_sees():
    """The catalogue speaks in sentences, and gives every parameter a meaning."""
    for fault in FAULTS.values():
        assert fault.says.endswith(".")
        assert all(param.says for param in fault.params.values())
        assert set(fault.kinds) <= {choice for param in fault.params.values() for choice in param.choices}
