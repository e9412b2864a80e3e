"""A circuit's judgement: what opens it, what closes it, and what must move it in no way.

Several of these are defects that widely used breakers were measured to have.
"""

from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain.circuit import (
    NEW,
    Came,
    Go,
    InARow,
    LastCalls,
    LastWhile,
    Left,
    No,
    Noted,
    Passed,
    Position,
    Renewed,
    Said,
    Settings,
    State,
    UnmeantSetting,
    Wants,
    judge,
    open_time,
)

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Circuit:
    """One circuit and a clock."""

    def __init__(self, **settings):
        self.settings = Settings(**{"jitter": 0, **settings})
        self.memory = NEW
        self.now = NOW
        self.turns = []

    def tell(self, event):
        ruling = judge(self.settings, self.memory, event, self.now)
        self.memory = ruling.memory
        self.turns += [turned.state for turned in ruling.turns]
        return ruling.verdict

    def wants(self, *, probe=False, holder="alice"):
        return self.tell(Wants(holder=holder, probe=probe))

    def call(self, well, *, seconds=0.0, **named):
        """Make a call, if one may be made."""
        go = self.wants(probe=True)
        if isinstance(go, Go):
            return self.tell(Came(ticket=go.ticket, well=well, took=seconds * SECOND, **named))
        return go

    def calls(self, pattern):
        """F is a failure, S a success."""
        for one in pattern:
            self.call(one == "S")
            self.now += SECOND
        return self.state

    def wait(self, **amount):
        self.now += timedelta(**amount)

    @property
    def state(self):
        return self.memory.state


def opened(**settings):
    circuit = Circuit(window=InARow(1), first_open=5 * SECOND, **settings)
    circuit.call(well=False, cause="down", why="X's page did not open")
    assert circuit.state is State.OPEN
    return circuit


def half_open(**settings):
    circuit = opened(**settings)
    circuit.wait(seconds=5)
    return circuit


# --- what opens it


@pytest.mark.parametrize("pattern", ["FFFFS" * 4, "SFFFF" * 4, "FS" * 10, "FFFFS"])
def test_failures_that_alternate_with_successes_open_it(pattern):
    """Known defect: a breaker that counts in a row never opens at 80 % failures in an alternating pattern."""
    circuit = Circuit(window=LastCalls(10), failure_rate=0.5, minimum_calls=5)

    for one in pattern:
        if circuit.state is State.OPEN:
            break
        circuit.call(one == "S")

    assert circuit.state is State.OPEN


def test_too_few_calls_are_judged_by_no_rate():
    """Four failures of four are no rate yet when five are asked for; one more is."""
    circuit = Circuit(window=LastCalls(10), minimum_calls=5)

    assert circuit.calls("FFFF") is State.CLOSED
    assert circuit.calls("F") is State.OPEN


def test_a_window_of_calls_forgets_the_oldest():
    """What lies beyond the last ten tells nothing."""
    circuit = Circuit(window=LastCalls(10), failure_rate=0.5, minimum_calls=5)

    assert circuit.calls("SSSSFF" + "SSSSSSSSSS" + "FFFF") is State.CLOSED
    assert circuit.calls("F") is State.OPEN


def test_a_window_of_time_forgets_what_is_long_past():
    """Four failures a minute ago and one now are one failure."""
    circuit = Circuit(window=LastWhile(timedelta(seconds=30)), minimum_calls=3)
    circuit.calls("FF")
    circuit.wait(seconds=60)

    assert circuit.calls("FF") is State.CLOSED
    assert circuit.calls("F") is State.OPEN


def test_a_window_in_a_row_begins_anew_with_a_success():
    """Three in a row, not three in all."""
    circuit = Circuit(window=InARow(3))

    assert circuit.calls("FFSFF") is State.CLOSED
    assert circuit.calls("F") is State.OPEN


def test_calls_that_are_slow_open_it_though_they_succeed():
    """A dependency that answers everything after a minute is down for whoever waits."""
    circuit = Circuit(window=LastCalls(4), minimum_calls=4, slow_after=10 * SECOND, slow_rate=0.75)

    for seconds in (11, 2, 12, 13):
        circuit.call(well=True, seconds=seconds)

    assert (circuit.state, circuit.memory.cause) == (State.OPEN, "slow")


def test_an_instant_that_was_named_opens_it_at_once_and_until_then():
    """Retry-After is an answer, not one failure among others."""
    circuit = Circuit(window=LastCalls(10), longest_open=45 * SECOND)
    named = NOW + timedelta(hours=6)

    circuit.call(well=False, until=named)

    assert (circuit.state, circuit.memory.until) == (State.OPEN, named)


# --- what must not move it


def test_a_refused_call_is_no_failure():
    """Known cause of an outage: a breaker that counts what it refuses keeps itself open."""
    circuit = opened()
    before = circuit.memory

    for _ in range(1000):
        assert isinstance(circuit.wants(probe=True), No)

    assert circuit.memory == before


def test_a_cancelled_call_is_neutral():
    """Known defect: counted as a failure, one cancellation opened it. Here it leaves no trace."""
    circuit = Circuit(window=InARow(1))
    ticket = circuit.wants().ticket

    circuit.tell(Left(ticket=ticket))

    assert circuit.memory == NEW


def test_what_tells_nothing_is_not_taken_for_a_success():
    """Known defect: an error that was excluded counted as a success, and closed it in half-open."""
    circuit = half_open()
    ticket = circuit.wants().ticket

    circuit.tell(Left(ticket=ticket))

    assert circuit.state is State.HALF_OPEN
    assert 0 == circuit.memory.good


def test_a_result_of_before_the_opening_is_fenced_off():
    """A call that began while it was closed comes home while it is half-open: it neither closes nor opens it."""
    circuit = Circuit(window=InARow(1), first_open=5 * SECOND)
    early, other = circuit.wants().ticket, circuit.wants().ticket
    circuit.call(well=False)
    circuit.wait(seconds=5)
    circuit.wants()

    assert circuit.tell(Came(ticket=early, well=True)) is Noted.FENCED
    assert circuit.tell(Came(ticket=other, well=False)) is Noted.FENCED
    assert circuit.state is State.HALF_OPEN


# --- half-open


def test_no_more_calls_than_permitted():
    """Known defect: 20 of 20 callers went through a half-open breaker."""
    circuit = half_open(permitted=3)

    verdicts = [circuit.wants(holder=f"caller {n}") for n in range(20)]

    assert 3 == sum(isinstance(verdict, Go) for verdict in verdicts)
    assert 3 == len({verdict.ticket for verdict in verdicts if isinstance(verdict, Go)})


def test_no_stampede_at_the_end_of_the_open_time():
    """Everybody waits for the same instant; one gets through, and the others are told when to come again."""
    circuit = half_open()

    first, *others = [circuit.wants(holder=f"caller {n}") for n in range(50)]

    assert isinstance(first, Go)
    assert all(isinstance(other, No) and other.until > circuit.now for other in others)


def test_a_permit_that_never_came_back_runs_out():
    """Known defect: half-open for ever, because the one who had the permit died."""
    circuit = half_open(permit_lasts=60 * SECOND)
    assert isinstance(circuit.wants(holder="who dies"), Go)
    circuit.wait(seconds=59)
    assert isinstance(circuit.wants(holder="another"), No)
    circuit.wait(seconds=1)

    assert isinstance(circuit.wants(holder="another"), Go)


def test_an_ignored_outcome_gives_its_permit_back():
    """Known defect: an ignored call wedged half-open. Here the next one may try at once."""
    circuit = half_open()
    circuit.tell(Left(ticket=circuit.wants().ticket))

    assert isinstance(circuit.wants(), Go)


def test_a_permit_that_has_run_out_tells_nothing():
    """Its holder was given up; another holds the place by now."""
    circuit = half_open(permit_lasts=60 * SECOND)
    late = circuit.wants(holder="late").ticket
    circuit.wait(seconds=61)
    current = circuit.wants(holder="current").ticket

    assert circuit.tell(Came(ticket=late, well=True)) is Noted.FENCED
    assert circuit.tell(Came(ticket=current, well=True)) is Noted.COUNTED
    assert circuit.state is State.CLOSED


def test_undecided_for_too_long_it_opens_again():
    """Permits that run out one after the other do not keep it half-open for ever."""
    circuit = half_open(permit_lasts=60 * SECOND, longest_half_open=150 * SECOND)
    for _ in range(3):
        circuit.wants()
        circuit.wait(seconds=60)
    circuit.tell(Passed())

    assert circuit.state is State.OPEN
    assert circuit.memory.until > circuit.now


@pytest.mark.parametrize(
    ("pattern", "ends"),
    [("SSS", State.CLOSED), ("SFSS", State.CLOSED), ("FSF", State.OPEN), ("FF", State.OPEN), ("SF", State.HALF_OPEN)],
)  # fmt: skip
def test_the_trials_decide_by_their_ratio(pattern, ends):
    """Three of four must be well. It is decided as soon as the rest can change nothing."""
    circuit = half_open(permitted=4, success_ratio=0.75)

    for one in pattern:
        circuit.call(one == "S")

    assert circuit.state is ends


def test_a_trial_that_is_slow_is_no_success():
    """It would only open again."""
    circuit = half_open(slow_after=10 * SECOND)

    circuit.call(well=True, seconds=11)

    assert circuit.state is State.OPEN


def test_only_a_probe_tries_what_may_be_tried_by_looks_only():
    """An ask is never the trial, however long the circuit has been due."""
    circuit = half_open(by_itself=False)
    circuit.wait(hours=6)

    assert isinstance(circuit.wants(probe=False), No)
    assert circuit.state is State.OPEN
    assert isinstance(circuit.wants(probe=True), Go)
    assert isinstance(circuit.wants(probe=False), No)


# --- how long it stays open


def test_the_open_time_grows_up_to_its_cap():
    """Down for six hours: probed at growing intervals, and never more rarely than the cap says."""
    circuit = Circuit(window=InARow(1), first_open=5 * SECOND, longest_open=40 * SECOND)
    waits, probes = [], 0
    while circuit.now < NOW + timedelta(hours=6):
        circuit.call(well=False)
        probes += 1
        waits.append((circuit.memory.until - circuit.now) / SECOND)
        circuit.now = circuit.memory.until

    assert [5, 10, 20, 40, 40] == waits[:5]
    assert 40 == max(waits)
    assert probes <= 1 + 6 * 3600 / 40 + 4


def test_a_trial_in_between_does_not_make_the_trouble_younger():
    """What is down for an hour says so, however often it was tried; closed, it is over."""
    circuit = opened()
    for _ in range(5):
        circuit.now = circuit.memory.until
        circuit.call(well=False)
    assert (circuit.memory.down_since, circuit.memory.since) == (NOW, circuit.now)
    circuit.now = circuit.memory.until
    circuit.call(well=True)

    assert circuit.memory.down_since is None


def test_chance_takes_off_and_never_adds():
    """Spread, but never beyond the cap, and never to nothing."""
    settings = Settings(first_open=10 * SECOND, longest_open=60 * SECOND, jitter=0.2)

    assert open_time(settings, 1, 0.0) == 10 * SECOND
    assert open_time(settings, 1, 0.999) > 8 * SECOND
    assert open_time(settings, 99, 0.0) == 60 * SECOND


def test_flapping_keeps_growing():
    """Well for a moment and down again is not a new trouble."""
    circuit = opened(longest_open=80 * SECOND, calm_after=timedelta(minutes=5))
    waits = []
    for _ in range(4):
        waits.append((circuit.memory.until - circuit.now) / SECOND)
        circuit.now = circuit.memory.until
        circuit.call(well=True)
        assert circuit.state is State.CLOSED
        circuit.call(well=False)
        assert circuit.state is State.OPEN

    assert [5, 10, 20, 40] == waits


def test_calm_for_long_enough_it_begins_small_again():
    """A trouble of another day is another trouble."""
    circuit = opened(calm_after=timedelta(minutes=5))
    circuit.now = circuit.memory.until
    circuit.call(well=True)
    circuit.wait(minutes=5)
    circuit.call(well=False)

    assert circuit.memory.until - circuit.now == 5 * SECOND


def test_one_good_one_bad_does_not_oscillate_per_call():
    """Below the rate that opens it, it stays closed however long it goes on."""
    circuit = Circuit(window=LastCalls(10), failure_rate=0.6, minimum_calls=5)

    assert circuit.calls("SF" * 200) is State.CLOSED
    assert [] == circuit.turns


# --- a person's word


def said(position, mark="w1", **named):
    return Said(position=position, mark=mark, reason="maintenance", by="Dora", **named)


def test_a_person_opens_it_and_nothing_else_closes_it():
    """Neither time, nor a good call of before, nor a new session."""
    circuit = Circuit()
    ticket = circuit.wants().ticket
    circuit.tell(said(Position.OPEN))
    circuit.wait(days=9)
    circuit.tell(Came(ticket=ticket, well=True))
    circuit.tell(Renewed(why="a new session"))
    circuit.tell(Passed())

    assert circuit.state is State.FORCED_OPEN
    assert isinstance(circuit.wants(probe=True), No)
    assert ("Dora", "maintenance") == (circuit.memory.by, circuit.memory.why)


def test_what_a_person_held_open_is_tried_before_it_is_relied_on():
    """Its time is over: one probe first, not everybody."""
    circuit = Circuit(by_itself=False)
    circuit.tell(said(Position.OPEN, until=NOW + timedelta(hours=1)))
    circuit.wait(hours=1)
    circuit.tell(Passed())

    assert circuit.state is State.OPEN
    assert isinstance(circuit.wants(), No)
    assert isinstance(circuit.wants(probe=True), Go)


def test_a_word_is_obeyed_once():
    """Closed by a person, it may open again by itself although the document still says closed."""
    circuit = opened()
    circuit.tell(said(Position.CLOSED))
    assert circuit.state is State.CLOSED
    circuit.call(well=False)

    assert circuit.tell(said(Position.CLOSED)) is Noted.NOTHING
    assert circuit.state is State.OPEN
    circuit.tell(said(Position.CLOSED, mark="w2"))
    assert circuit.state is State.CLOSED


def test_disabled_lets_everything_through_and_counts_nothing():
    """A hundred failures later it is still out of the way."""
    circuit = Circuit(window=InARow(1))
    circuit.tell(said(Position.DISABLED))

    circuit.calls("F" * 100)

    assert circuit.state is State.DISABLED
    assert () == circuit.memory.window


def test_a_watcher_notes_when_it_would_have_opened():
    """And stands in nobody's way."""
    circuit = Circuit(window=InARow(2))
    circuit.tell(said(Position.METRICS_ONLY))

    circuit.calls("FFFFS")

    assert circuit.state is State.METRICS_ONLY
    assert 2 == circuit.memory.would_open


def test_back_to_automatic():
    """What was off judges by itself again, with nothing remembered."""
    circuit = Circuit(window=InARow(1))
    circuit.tell(said(Position.DISABLED))
    circuit.tell(said(Position.AUTOMATIC, mark="w2"))

    assert circuit.state is State.CLOSED
    assert circuit.calls("F") is State.OPEN


def test_a_word_whose_time_was_over_before_it_was_heard_is_not_obeyed():
    """A document of last week opens nothing today."""
    circuit = Circuit()

    assert circuit.tell(said(Position.OPEN, until=NOW - SECOND)) is Noted.NOTHING
    assert circuit.state is State.CLOSED


def test_a_new_session_makes_old_failures_void():
    """Nobody waits out the open time of a sign-in that was replaced."""
    circuit = opened()

    circuit.tell(Renewed(why="a new session"))

    assert circuit.state is State.CLOSED
    assert 0 == circuit.memory.openings


# --- settings


@pytest.mark.parametrize(
    ("field", "settings"),
    [
        ("failure_rate", {"failure_rate": 0}),
        ("failure_rate", {"failure_rate": 60}),
        ("slow_rate", {"slow_rate": -1}),
        ("success_ratio", {"success_ratio": 1.1}),
        ("jitter", {"jitter": 1}),
        ("minimum_calls", {"minimum_calls": 0}),
        ("minimum_calls", {"minimum_calls": 11, "window": LastCalls(10)}),
        ("permitted", {"permitted": 0}),
        ("growth", {"growth": 0.5}),
        ("first_open", {"first_open": timedelta(0)}),
        ("longest_open", {"longest_open": SECOND}),
        ("longest_half_open", {"longest_half_open": SECOND}),
    ],
)
def test_what_cannot_be_meant_is_refused_by_field_value_and_remedy(field, settings):
    """A circuit that can never open, or never close, is refused where it is written."""
    with pytest.raises(UnmeantSetting, match=rf"{field} = .*: give"):
        Settings(**settings)
