"""Nobody is left unconfirmed for want of a look: whatever keeps us from looking, a person is asked after a day."""

from datetime import timedelta

import pytest

from blocks import Switch, Switches, Unopened
from steadypost.domain.delivery import State
from steadypost.domain.outcome import Answer, Cause, Phase, Unconfirmed
from steadypost.store import StoreAway, notices, overdue, reading, settling, vitals
from steadypost.store import accounts as account_rows
from tasks.overdue import EVERY, LAST_CHANCE, Sweeper
from tests.rooms import instead

LOST = Unconfirmed(cause=Cause.NO_ANSWER, why="no answer came", phase=Phase.CLICKED)


class Ticks:
    """A stopwatch that stands until it is moved."""

    def __init__(self):
        self.at = 0.0

    def __call__(self):
        return self.at


@pytest.fixture
def ticks():
    return Ticks()


@pytest.fixture
def unconfirmed(house, claimed, time):
    """A delivery that has been unconfirmed for more than a day."""
    claim = claimed("The lamp is lit.")
    assert house.store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock())
    house.store.write(
        settling.answered, claim.attempt_id, Answer(outcomes=(LOST,)), now=house.clock(), jitter=0.5
    )
    time.pass_by(hours=25)
    return claim.delivery_id


def state(house, delivery_id):
    return house.store.read(reading.show, delivery_id).delivery.state


def expired(house):
    house.directory.accounts["alice"] = Unopened(Cause.SESSION_UNUSABLE, "the session expired on 3 May")


def not_accepted(house):
    house.directory.accounts["alice"] = Unopened(
        Cause.RULES_NOT_ACCEPTED, "X's rules are not accepted for alice"
    )


def without_block(house):
    del house.directory.accounts["alice"]


def switched_off(house):
    house.switches = Switches(reconcile=Switch(on=False, by="Ada", reason="a quiet week"))


def on_for_nobody(house):
    house.switches = Switches(reconcile=Switch(share=0, reason="a trial"))


def behind_a_wall(house):
    house.store.write(
        vitals.note, f"{vitals.LOOK}alice", well=False, told="signed_out: a login wall", now=house.clock()
    )


@pytest.mark.parametrize(
    ("hindrance", "told"),
    [
        (expired, "the session expired on 3 May"),
        (not_accepted, "X's rules are not accepted for alice"),
        (without_block, "there is no account block named alice any more"),
        (switched_off, "the switch reconcile was turned off by Ada: a quiet week"),
        (on_for_nobody, "the switch reconcile was turned off: a trial"),
        (behind_a_wall, "signed_out: a login wall"),
    ],
)
def test_what_keeps_us_from_looking_is_told_at_once(house, unconfirmed, ticks, hindrance, told):
    """A person is asked in the first sweep, with the reason, whatever it is."""
    hindrance(house)

    assert [unconfirmed] == Sweeper(house, ticks).sweep()

    delivery = house.store.read(reading.show, unconfirmed).delivery
    assert State.NEEDS_REVIEW is delivery.state
    assert told in delivery.why
    assert [unconfirmed] == [notice.delivery_id for notice in house.store.read(notices.every)]


@pytest.mark.parametrize("paused", [False, True])
def test_looks_that_can_be_taken_get_a_last_chance(house, unconfirmed, ticks, paused):
    """The machine slept for a weekend, the account may rest: the looks that are due now come first, and not for ever."""
    if paused:
        house.store.write(
            account_rows.pause,
            "alice",
            until=house.clock() + timedelta(days=30),
            cause=Cause.CHALLENGE,
            why="X asks",
            session_mark="",
            now=house.clock(),
        )
    sweeper = Sweeper(house, ticks)

    assert [] == sweeper.sweep()
    ticks.at += LAST_CHANCE.total_seconds() - 1
    assert [] == sweeper.sweep()
    ticks.at += 1
    assert [unconfirmed] == sweeper.sweep()
    assert State.NEEDS_REVIEW is state(house, unconfirmed)


def test_runs_that_are_replaced_again_and_again_do_not_put_it_off_for_ever(house, unconfirmed, ticks):
    """Each of them begins its own last chance, and is gone before that is over."""
    for _ in range(2 * 24):
        assert [] == Sweeper(house, ticks).sweep()
        house.clock.pass_by(hours=1)
    house.clock.pass_by(hours=24)

    assert [unconfirmed] == Sweeper(house, ticks).sweep()


def test_blocks_that_were_not_read_yet_tell_nothing(house, unconfirmed, ticks):
    """With Prefect's API away from the start no account is known: that is no missing block."""
    house.directory.accounts = {}

    assert [] == Sweeper(house, ticks).sweep()
    assert State.UNCONFIRMED is state(house, unconfirmed)


def test_a_store_that_is_away_ends_no_run(house, unconfirmed, ticks, monkeypatch):
    """The next sweep finds the same."""
    expired(house)

    def away(_):
        raise StoreAway("locked", remedy="-")

    with monkeypatch.context() as patched:
        instead(patched, house.store, overdue.every, away)
        assert [] == Sweeper(house, ticks).sweep()

    assert [unconfirmed] == Sweeper(house, ticks).sweep()


def test_a_sweep_is_due_at_the_start_and_every_minute(house, ticks):
    """It costs one query, and a day is long."""
    sweeper = Sweeper(house, ticks)

    assert [True, False] == [sweeper.is_time(), sweeper.is_time()]
    ticks.at += EVERY.total_seconds()
    assert sweeper.is_time()
