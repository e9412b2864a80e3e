"""Circuits at work: what an account's answers open, what waits meanwhile, and what a probe closes again."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from blocks import Switches, XAccount
from blocks.switches import Switch
from flows.publish import claim_due
from steadypost.browser import BrowserUnavailable, PoolClosed
from steadypost.channels.port import Probe
from steadypost.domain.circuit import Memory, Position, Revision, Said, State
from steadypost.domain.circuit.catalogue import Dependency, Kind
from steadypost.domain.delivery import State as Life
from steadypost.domain.outcome import (
    Answer,
    Cause,
    Deferred,
    NotSubmitted,
    Phase,
    Published,
    Refused,
    Unconfirmed,
)
from steadypost.domain.post import Part, Post
from steadypost.networks.x.snowflake import id_at
from steadypost.store import StoreAway, intake, reading
from steadypost.store import accounts as account_rows
from tasks import documents
from tasks.deliveries import deliver
from tasks.dependencies import browser_here
from tasks.documents import Documents
from tasks.observations import open_circuits
from tasks.probes import probe, see, to_probe
from tests.tasks.conftest import NOW
from tests.tasks.test_house import SESSION

PAGE = Dependency(Kind.X_PAGE, "alice")
SIGN_IN = Dependency(Kind.SIGN_IN, "alice")


@pytest.fixture
def post(house):
    """Add posts that are due now."""

    def add(*texts, account="alice"):
        return [
            house.store.write(
                intake.add,
                Post(parts=(Part(text=text),)),
                accounts=[account],
                due_at=house.clock(),
                now=house.clock(),
            )[0].delivery_id
            for text in texts
        ]

    return add


@pytest.fixture
def turn(house):
    """One turn of the watch: claim what may be claimed, and deliver it."""
    house.bulkheads.want(dict.fromkeys(house.directory.usable(), "x"))

    def once(at_most=16):
        claims = claim_due(house, at_most=at_most)
        for claim in claims:
            deliver.fn(claim.attempt_id, claim.delivery_id, claim.account)
        return [claim.account for claim in claims]

    return once


def answers(outcome, *, armed=True):
    """Let every ask end in this."""

    def ask(order, arm):
        assert not armed or arm()
        return Answer(outcomes=(outcome,))

    return ask


def lost(cause):
    """Every ask ends before it is armed."""
    return answers(NotSubmitted(cause=cause, why=f"it is {cause}", phase=Phase.OPENED), armed=False)


def ill(cause):
    """Every probe meets this."""

    def probe(account):
        return Probe(well=False, handle=account, cause=cause, why=f"it is {cause}")

    return probe


def published(house):
    def ask(order, arm):
        assert arm()
        house.clock.pass_by(seconds=1)
        return Answer(outcomes=(Published(remote_id=id_at(house.clock())),))

    return ask


def state(house, dependency=PAGE):
    return house.circuits.known(dependency).state


def delivery(house, delivery_id):
    return house.store.read(reading.show, delivery_id).delivery


def well(account):
    return Probe(well=True, handle=account)


def test_a_page_that_fails_for_one_account_stops_that_account_only(house, channel, post, turn):
    """Three in a row: alice is left alone, bob goes on, and what waits for alice is charged with nothing."""
    channel.on_ask = lost(Cause.PAGE_UNREACHABLE)
    post("One.", "Two.", "Three.", account="alice")
    turn()
    assert state(house) is State.OPEN
    (waiting,) = post("Four.", account="alice")
    (other,) = post("Meanwhile, at bob's.", account="bob")
    channel.on_ask = published(house)

    assert ["bob"] == turn()
    assert delivery(house, other).state is Life.PUBLISHED
    assert (0, 0) == (delivery(house, waiting).attempts, delivery(house, waiting).deferred)


def test_an_open_circuit_is_never_tried_by_an_ask(house, channel, post, turn):
    """Down for an hour: not a single ask, and a probe by and by."""
    channel.on_ask = lost(Cause.PAGE_UNREACHABLE)
    post("One.", "Two.", "Three.", "Four.")
    turn(at_most=3)
    asked = len(channel.asked)
    channel.on_probe = ill(Cause.PAGE_UNREACHABLE)
    for _ in range(360):
        house.clock.pass_by(seconds=10)
        turn()
        for account in to_probe(house):
            probe.fn(account)

    assert len(channel.asked) == asked
    assert 60 < len(channel.probed) < 130
    assert state(house) is State.OPEN


def test_a_probe_that_is_well_lets_the_waiting_go_at_once(house, channel, post, turn):
    """Back within one turn: nobody sits out a wait whose reason is gone."""
    channel.on_ask = lost(Cause.PAGE_UNREACHABLE)
    ids = post("One.", "Two.", "Three.")
    turn()
    house.clock.pass_by(seconds=5)
    assert ["alice"] == to_probe(house)
    channel.on_probe = well
    channel.on_ask = published(house)

    probe.fn("alice")
    turn()

    assert state(house) is State.CLOSED
    assert [delivery(house, one).state for one in ids] == [Life.PUBLISHED] * 3
    assert [] == to_probe(house)


def test_contents_that_are_refused_open_nothing(house, channel, post, turn):
    """Fifteen in a row, each fails by itself."""
    channel.on_ask = answers(Refused(cause=Cause.TOO_LONG, code="186", why="too long"))
    post(*(f"Far too long, number {n}." for n in range(15)))
    assert 15 == len(turn())

    assert state(house) is State.CLOSED


def test_lost_answers_open_nothing(house, channel, post, turn):
    """They may all be live: publishing goes on, and looks settle them."""
    channel.on_ask = answers(Unconfirmed(cause=Cause.NO_ANSWER, why="", phase=Phase.CLICKED))
    post(*(f"Lost at sea, number {n}." for n in range(10)))
    assert 10 == len(turn())

    assert state(house) is State.CLOSED


def test_a_run_that_ends_says_nothing_of_the_browsers(house, channel, post, turn):
    """What finds its own run's browsers already put away is given back uncharged, and no circuit hears of it."""
    house.browsers.trouble = PoolClosed("closed")
    ids = post("One.", "Two.", "Three.")
    turn()

    assert {delivery(house, one).cause for one in ids} == {Cause.NO_PLACE}
    assert {0} == {delivery(house, one).broken for one in ids}
    assert state(house, browser_here()) is State.CLOSED
    assert see(house, house.directory.access("alice")).cause is Cause.NO_PLACE
    assert [] == channel.asked


def test_a_browser_that_does_not_start_opens_its_own_circuit_only(house, channel, post, turn):
    """Paused with its reason, X's circuits untouched, nothing charged; and back by itself."""
    house.browsers.trouble = BrowserUnavailable("start", "no such program")
    ids = post("One.", "Two.", "Three.")
    turn()

    assert state(house, browser_here()) is State.OPEN
    assert state(house) is State.CLOSED
    (later,) = post("Four.", account="bob")
    assert [] == turn()
    assert 0 == delivery(house, later).attempts
    assert {0} == {delivery(house, one).broken for one in ids}

    house.clock.pass_by(seconds=5)
    for account in to_probe(house):
        probe.fn(account)
    assert state(house, browser_here()) is State.OPEN
    house.browsers.trouble = None
    channel.on_probe = well
    channel.on_ask = published(house)
    house.clock.pass_by(seconds=10)
    for account in to_probe(house):
        probe.fn(account)

    assert state(house, browser_here()) is State.CLOSED
    assert ["alice", "alice", "alice", "bob"] == sorted(turn())


def test_a_lost_sign_in_is_left_alone_until_a_probe_sees_it_well(house, channel, post, turn):
    """Once is enough, no delivery is charged, and the store's pause ends with the circuit."""
    channel.on_ask = lost(Cause.SIGNED_OUT)
    ids = post("One.", "Two.")
    turn(at_most=1)
    assert (state(house, SIGN_IN), state(house)) == (State.OPEN, State.CLOSED)
    assert [] == turn()
    channel.on_probe = ill(Cause.SIGNED_OUT)
    house.clock.pass_by(seconds=20)
    probe.fn("alice")
    assert [] == to_probe(house)
    house.clock.pass_by(seconds=40)
    channel.on_probe = well
    channel.on_ask = published(house)
    probe.fn("alice")

    assert state(house, SIGN_IN) is State.CLOSED
    assert ["alice", "alice"] == turn()
    assert [0, 0] == [delivery(house, one).broken for one in ids]


def test_a_challenge_is_not_come_near_for_hours(house, channel, post, turn):
    """The longest rest, and no probe before its end."""
    channel.on_ask = lost(Cause.CHALLENGE)
    post("One.")
    turn()
    house.clock.pass_by(hours=5, minutes=59)
    assert [] == to_probe(house)
    house.clock.pass_by(minutes=1)

    assert ["alice"] == to_probe(house)


def test_a_new_session_closes_it_within_one_reading(house, channel, post, turn, monkeypatch):
    """Pasted into the block, no restart, no waiting for a probe."""
    channel.on_ask = lost(Cause.SIGNED_OUT)
    (one,) = post("One.")
    turn()
    assert [] == turn()

    def alice(session):
        block = XAccount(
            handle="alice",
            session=SecretStr(session),
            rules_accepted=True,
            base_url="http://127.0.0.1:1",
            spacing_seconds=0,
        )
        return Documents(accounts={"alice": block}, switches=Switches())

    monkeypatch.setattr(documents, "read", lambda: alice(SESSION))
    house.refresh(at_once=True)
    channel.on_ask = published(house)

    assert ["alice"] == turn()
    assert delivery(house, one).state is Life.PUBLISHED


def test_a_limits_pause_is_ended_by_no_probe(house, channel, post, turn):
    """Until the reset, without probing every few minutes; a sign-in seen well does not lift it."""
    until = house.clock() + timedelta(hours=9)
    channel.on_ask = answers(Deferred(cause=Cause.DAILY_LIMIT, code="344", why="", until=until))
    post("One.")
    turn()
    house.clock.pass_by(hours=1)

    assert [] == to_probe(house)
    assert state(house, SIGN_IN) is State.CLOSED
    assert house.store.read(account_rows.one, "alice").paused_until == until


def test_what_was_claimed_a_moment_before_is_put_off(house, channel, claimed):
    """Between the claim and the first step the circuit opened: nothing is touched, nothing is charged."""
    claim = claimed("The lamp is lit.")
    house.circuits.watch([PAGE])
    house.circuits.take({}, {PAGE.name: Said(position=Position.OPEN, mark="w1", reason="stop", by="Dora")})

    house.take(claim)
    deliver.fn(claim.attempt_id, claim.delivery_id, claim.account)
    after = delivery(house, claim.delivery_id)

    assert [] == channel.asked
    assert (after.state, after.cause, after.broken) == (Life.SCHEDULED, Cause.CIRCUIT_OPEN, 0)


def test_a_probe_that_tells_nothing_gives_its_permit_back(house, channel, post, turn):
    """Our browser died under it: the circuit is where it was, and is tried again a little later."""
    channel.on_ask = lost(Cause.PAGE_UNREACHABLE)
    post("One.", "Two.", "Three.")
    turn()
    house.clock.pass_by(seconds=5)
    channel.on_probe = ill(Cause.BROWSER_DIED)

    probe.fn("alice")

    assert state(house) is State.HALF_OPEN
    assert [] == to_probe(house)
    house.clock.pass_by(seconds=10)
    assert ["alice"] == to_probe(house)


def test_a_probe_that_breaks_gives_its_permit_back(house, channel, post, turn):
    """A defect of ours wedges nothing."""
    channel.on_ask = lost(Cause.PAGE_UNREACHABLE)
    post("One.", "Two.", "Three.")
    turn()
    house.clock.pass_by(seconds=5)

    def broken(account):
        raise ZeroDivisionError

    channel.on_probe = broken
    with pytest.raises(ZeroDivisionError):
        probe.fn("alice")
    house.clock.pass_by(seconds=10)

    assert ["alice"] == to_probe(house)


def test_a_store_that_is_away_is_asked_rarely(house, post, turn, monkeypatch):
    """After three failures in a row it is tried once a second at the most often, and claims go on when it is back."""
    post("One.")
    asked = []

    def away(*given, **named):
        asked.append(house.clock())
        raise StoreAway("locked", remedy="-")

    with monkeypatch.context() as patch:
        patch.setattr(house.store, "rescue", away)
        for _ in range(40):
            turn()
            house.clock.pass_by(seconds=0.25)
    house.clock.pass_by(seconds=5)

    assert len(asked) <= 3 + 6
    assert 1 == len(claim_due(house, at_most=1))


def test_the_watch_sees_what_is_down_and_since_when():
    """The newest page counts, and a closed circuit is none of its business."""
    down = Memory(state=State.HALF_OPEN, since=NOW, down_since=NOW - timedelta(minutes=9), why="it is down")
    forced = Memory(state=State.FORCED_OPEN, since=NOW, down_since=NOW, why="stop", by="Dora")
    seen = open_circuits(
        {
            "x-page-alice": [Revision(number=3, memory=down), Revision(number=2)],
            "x-page-bob": [Revision(number=8), Revision(number=7, memory=down)],
            "store-here": [Revision(number=1, memory=forced)],
        }
    )

    assert [(one.name, one.since, one.forced, one.why) for one in seen] == [
        ("store-here", NOW, True, "stop"),
        ("x-page-alice", NOW - timedelta(minutes=9), False, "it is down"),
    ]


def test_without_circuits_every_due_post_tries_for_itself(house, channel, post, turn):
    """The switch: the naive way, for rollback and comparison. Nothing is ever asked twice by it."""
    house.switches = Switches(circuits=Switch(on=False))
    house.circuits.is_on = False
    channel.on_ask = lost(Cause.PAGE_UNREACHABLE)
    post("One.", "Two.", "Three.", "Four.")

    assert 4 == len(turn())
    assert [] == to_probe(house)
    house.clock.pass_by(seconds=15)
    assert 4 == len(turn())
