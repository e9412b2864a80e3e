"""One attempt, from a claim to its recorded answer."""

import errno
import logging
import os
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from prefect.futures import PrefectConcurrentFuture
from prefect.states import Crashed

from blocks import Unopened
from flows.publish import Crew
from steadypost.browser import NoFreeSlot
from steadypost.domain.clock import Offset
from steadypost.domain.delivery import State
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
from steadypost.domain.post import Media, digest_of
from steadypost.networks.x.snowflake import id_at
from steadypost.store import SchemaMismatch, StoreAway, reading, settling
from steadypost.store import accounts as account_rows
from steadypost.store.tokens import RefreshBusy
from tasks.deliveries import ask, deliver, in_words, record, rest_account
from tasks.watches import Watch
from tests.rooms import instead


@pytest.fixture
def published(house):
    """What a network that works answers: an id for every part."""

    def answer(order, arm):
        assert arm()
        ids = [id_at(house.clock() + timedelta(seconds=1), sequence=n + 1) for n in range(len(order.parts))]
        return Answer(outcomes=tuple(Published(remote_id=one) for one in ids), first=order.first)

    return answer


def run(house, claim):
    house.take(claim)
    deliver.fn(claim.attempt_id, claim.delivery_id, claim.account)
    return house.store.read(reading.show, claim.delivery_id).delivery


def test_a_post_that_works_is_published_with_its_id(house, channel, claimed, published):
    """The id the network gave is the id that is kept."""
    channel.on_ask = published
    delivery = run(house, claimed("One.", "Two."))

    assert delivery.state is State.PUBLISHED
    assert all(part.remote_id for part in delivery.parts)
    assert 1 == len(channel.asked)


@pytest.mark.parametrize(
    "error", [RuntimeError("boom"), KeyError("x"), StoreAway("timeout timeout", remedy="-")]
)
def test_what_breaks_before_arming_was_not_submitted(house, channel, claimed, error):
    """Whatever it was and whatever it says: before arming nothing can have happened."""

    def breaks(order, arm):
        raise error

    channel.on_ask = breaks
    claim = claimed("One.")

    (outcome,) = ask(house, claim).outcomes

    assert isinstance(outcome, NotSubmitted)


@pytest.mark.parametrize(
    "error",
    [
        StoreAway("down", remedy="-"),
        SchemaMismatch("made anew meanwhile", remedy="-"),
        RefreshBusy("alice", timedelta(seconds=75)),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_wrong_with_the_store_charges_no_post(house, channel, claimed, error):
    """An update makes its tables anew, another process renews the token: the post waits, and pays nothing."""

    def breaks(order, arm):
        raise error

    channel.on_ask = breaks
    claim = claimed("One.")

    (outcome,) = ask(house, claim).outcomes

    assert Cause.STORE_AWAY is outcome.cause


@pytest.mark.parametrize(
    "error", [RuntimeError("not sent, honest"), KeyError("x"), StoreAway("x", remedy="-")]
)
def test_what_breaks_after_arming_is_unconfirmed(house, channel, claimed, error):
    """Whatever it was and whatever it says: after arming only a look can tell."""

    def breaks(order, arm):
        assert arm()
        raise error

    channel.on_ask = breaks
    delivery = run(house, claimed("One."))

    assert delivery.state is State.UNCONFIRMED


def test_an_arming_whose_answer_was_lost_counts_as_armed(house, channel, claimed, monkeypatch):
    """The store wrote "about to ask" and the line broke: it may be armed, so it is."""

    def lost(*_, **__):
        raise StoreAway("gone", remedy="-")

    instead(monkeypatch, house.store, settling.arm, lost)
    channel.on_ask = lambda _, arm: arm()
    claim = claimed("One.")

    (outcome,) = ask(house, claim).outcomes

    assert isinstance(outcome, Unconfirmed)


def test_a_refused_arming_means_no_click(house, channel, claimed, time):
    """A worker that was stopped past its lease finds it gone, and does not act."""
    claim = claimed("One.")
    armed = []

    def late(order, arm):
        time.pass_by(minutes=5)
        armed.append(arm())
        return Answer(
            outcomes=(NotSubmitted(cause=Cause.LEASE_LOST, why="the lease is gone", phase=Phase.COMPOSED),)
        )

    channel.on_ask = late
    ask(house, claim)

    assert [False] == armed


@pytest.mark.parametrize("minutes", [-10, 3])
def test_a_clock_that_is_off_is_known_where_nothing_is_looked_at(house, channel, claimed, published, minutes):
    """A machine that only publishes, while another looks: a person is told that its posts are early or late."""
    channel.offset = Offset(ahead=timedelta(minutes=minutes), within=timedelta(seconds=1))
    channel.on_ask = published

    run(house, claimed("One."))

    seen = house.store.observe(house.clock(), claims_of=timedelta(hours=6))
    assert ("here", timedelta(minutes=-minutes)) == seen.clock_off


def test_trouble_at_clean_up_cannot_change_an_answer(house, channel, claimed, published):
    """The id is known; that the browser then fails to come back is another matter."""
    channel.on_ask = published
    house.browsers.trouble_at_return = RuntimeError("the context would not close")

    assert run(house, claimed("One.")).state is State.PUBLISHED


def test_no_browser_is_nobodys_fault(house, channel, claimed):
    """Waiting in vain for a browser gives the delivery back, uncharged, and asks nothing."""
    house.browsers.trouble = NoFreeSlot("publish", 1.0)
    delivery = run(house, claimed("One."))

    assert (delivery.state, delivery.cause, delivery.broken) == (
        State.SCHEDULED,
        Cause.BROWSER_UNAVAILABLE,
        0,
    )
    assert [] == channel.asked


@pytest.mark.parametrize("account", [None, Unopened(Cause.RULES_NOT_ACCEPTED, "not accepted")])
def test_an_account_that_cannot_be_opened_touches_no_browser(house, channel, claimed, account):
    """Its block was deleted, or its rules are not accepted any more: nothing is opened."""
    claim = claimed("One.")
    house.directory.accounts["alice"] = account

    run(house, claim)

    assert 0 == house.browsers.lent


def picture(path, told):
    path.write_bytes(told)
    return Media(path=path, kind="image/png", alt="A ferry", digest=digest_of(path))


def test_a_picture_that_was_changed_since_is_not_sent(house, channel, claimed, published, tmp_path):
    """Under the same name another one may show anything; nothing is asked, and a person hears which it is."""
    channel.on_ask = published
    claim = claimed("One.", media=(picture(tmp_path / "ferry.png", b"the ferry"),))
    (tmp_path / "ferry.png").write_bytes(b"another thing")

    delivery = run(house, claim)

    assert (State.REFUSED, Cause.MEDIA_MISSING) == (delivery.state, delivery.cause)
    assert "ferry.png" in delivery.why
    assert [] == channel.asked


@pytest.mark.parametrize("known", [True, False], ids=["the same", "of an older version"])
def test_a_picture_that_is_the_same_or_was_never_measured_is_sent(
    house, channel, claimed, published, tmp_path, known
):
    """Saved once more with the same content it is the same picture."""
    channel.on_ask = published
    one = picture(tmp_path / "ferry.png", b"the ferry")
    claim = claimed("One.", media=(one if known else replace(one, digest=""),))
    (tmp_path / "ferry.png").write_bytes(b"the ferry" if known else b"another thing")

    assert run(house, claim).state is State.PUBLISHED


@pytest.fixture
def away(house, monkeypatch):
    """A store that takes no answers, until it is told to."""
    real = partial(house.store.write, settling.answered)
    state = {"away": True, "tries": 0}

    def answered(*arguments, **named):
        state["tries"] += 1
        if state["away"]:
            raise StoreAway("down", remedy="-")
        return real(*arguments, **named)

    instead(monkeypatch, house.store, settling.answered, answered)
    return state


def an_answer(house):
    return Answer(outcomes=(Published(remote_id=id_at(house.clock() + timedelta(seconds=1))),))


def test_an_answer_waits_in_the_outbox_for_the_store(house, claimed, away, time):
    """The store is away between click and record: the id is on this disk, and lands once when it is back."""
    claim = claimed("One.")
    assert house.store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock())
    answer = an_answer(house)

    assert record(house, claim, answer) is None
    house.hand_over()
    assert [entry.answer for entry in house.outbox.waiting()] == [answer]

    time.pass_by(minutes=5)
    house.store.rescue(house.clock())
    assert house.store.read(reading.show, claim.delivery_id).delivery.state is State.UNCONFIRMED
    away["away"] = False
    house.hand_over()
    house.hand_over()

    delivery = house.store.read(reading.show, claim.delivery_id).delivery
    assert (delivery.state, delivery.parts[0].remote_id) == (State.PUBLISHED, answer.outcomes[0].remote_id)
    assert [] == house.outbox.waiting()


def test_an_answer_that_was_recorded_leaves_nothing_behind(house, channel, claimed, published):
    """The outbox holds what the store does not have, and nothing else."""
    channel.on_ask = published
    run(house, claimed("One."))

    assert [] == house.outbox.waiting()


def test_a_disk_that_takes_nothing_makes_the_answer_wait_in_memory(house, claimed, away, monkeypatch):
    """Neither store nor disk: the answer is held on to until one of them takes it."""
    claim = claimed("One.")
    assert house.store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock())

    def pause(_):
        away["away"] = away["tries"] < 3

    monkeypatch.setattr(house.outbox, "keep", full_disk)
    monkeypatch.setattr("tasks.deliveries.time.sleep", pause)

    assert record(house, claim, an_answer(house)).delivery.state is State.PUBLISHED
    assert 4 == away["tries"]


def test_an_old_workers_answer_changes_nothing_newer(house, claimed, time):
    """Rescued, claimed again, and then the first worker wakes up with a refusal: it is only noted."""
    claim = claimed("One.")
    time.pass_by(minutes=5)
    house.store.rescue(house.clock())
    time.pass_by(minutes=20)
    house.store.claim(
        worker="another", now=house.clock(), lease=timedelta(minutes=1), at_most=1, accounts=["alice"]
    )
    late = Answer(outcomes=(Refused(cause=Cause.TOO_LONG, code="186", why="too long"),))

    assert not record(house, claim, late).applied
    assert house.store.read(reading.show, claim.delivery_id).delivery.state is State.SENDING


def test_an_answer_about_the_account_rests_the_account_alone(house, claimed):
    """A limit that X names: until then alice is left alone, and bob is not."""
    until = house.clock() + timedelta(minutes=7)
    limit = Answer(
        outcomes=(Deferred(cause=Cause.RATE_LIMIT, code="88", why="x-rate-limit-reset", until=until),)
    )
    rest_account(house, "alice", limit)

    assert house.store.read(account_rows.one, "alice").paused_until == until
    assert house.store.read(account_rows.one, "bob").paused_until is None


def test_a_refused_post_rests_nobody(house):
    """Too long is the post's own trouble."""
    rest_account(
        house, "alice", Answer(outcomes=(Refused(cause=Cause.TOO_LONG, code="186", why="too long"),))
    )

    assert house.store.read(account_rows.one, "alice").paused_until is None


def test_an_error_is_named_without_its_text(house, channel, claimed, caplog):
    """The text of an error may hold anything, a session included: the record names its kind only."""

    def breaks(order, arm):
        raise RuntimeError("auth_token=s3cr3t")

    channel.on_ask = breaks
    house.log = logging.getLogger("test")
    claim = claimed("One.")

    (outcome,) = ask(house, claim).outcomes

    assert "s3cr3t" not in in_words(outcome)


@pytest.mark.parametrize("ends", ["well", "badly"])
def test_a_lease_is_kept_only_while_somebody_works_under_it(
    house, channel, claimed, published, ends, monkeypatch
):
    """However a delivery's task ends, its attempt is in nobody's hand afterwards, so its lease runs out."""
    channel.on_ask = published
    claim = claimed("One.")
    if ends == "badly":
        monkeypatch.setattr("tasks.deliveries.record", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(house, claim)
    else:
        run(house, claim)

    assert {} == house.in_hand


def test_the_next_post_need_not_wait_until_an_answer_is_written_down(
    house, channel, claimed, published, monkeypatch
):
    """A browser that is back can be used; whoever claims is told so, and claims, before the answer is recorded."""
    channel.on_ask = published
    claim = claimed("One.")
    house.take(claim)
    told = []

    def wake():
        assert 0 == house.bulkheads.under_way()
        told.append("called")
        return claims

    def claims():
        # The answer cannot get lost any more, though nobody has heard of it, and its lease is still kept.
        assert [entry.attempt_id for entry in house.outbox.waiting()] == [claim.attempt_id]
        assert house.store.read(reading.show, claim.delivery_id).delivery.state is State.SENDING
        assert set(house.in_hand) == {claim.attempt_id}
        told.append("claimed")

    house.wake = wake

    assert run(house, claim).state is State.PUBLISHED
    assert ["called", "claimed"] == told


def test_an_answer_that_no_disk_takes_gives_way_to_nobody(house, channel, claimed, published, monkeypatch):
    """It is in this process's memory alone: nothing comes before writing it down."""
    channel.on_ask = published
    monkeypatch.setattr(house.outbox, "keep", full_disk)
    house.wake = lambda: lambda: pytest.fail("it gave way")

    assert run(house, claimed("One.")).state is State.PUBLISHED


@pytest.mark.parametrize("cause", [Cause.RATE_LIMIT, Cause.AUTOMATION_SUSPECTED])
def test_nobody_sets_out_for_an_account_that_is_to_be_left_alone(house, channel, claimed, cause, monkeypatch):
    """X said "not now": the place is given on when the pause is written down, and not before."""
    channel.on_ask = lambda _, arm: (
        arm() and Answer(outcomes=(Deferred(cause=cause, code="88", why="X said so"),))
    )
    claim = claimed("One.")
    house.wake = lambda: pytest.fail("the next was called")
    paused = []
    end = house.bulkheads.end

    def noted(attempt_id):
        paused.append(house.store.read(account_rows.one, "alice").paused_until is not None)
        end(attempt_id)

    monkeypatch.setattr(house.bulkheads, "end", noted)
    run(house, claim)

    assert [True] == paused


def full_disk(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_an_attempt_of_another_process_is_not_made(house, channel, claimed, published):
    """A task run that is executed once more, elsewhere: what it names is not this process's to ask for."""
    channel.on_ask = published
    claim = claimed("One.")

    ended = deliver.fn(claim.attempt_id, claim.delivery_id, claim.account)

    assert ended.is_failed()
    assert "asks once" in ended.message
    assert [] == channel.asked
    assert house.store.read(reading.show, claim.delivery_id).delivery.state is State.SENDING


def test_a_task_that_never_began_holds_no_place(house, claimed, monkeypatch):
    """Prefect may end a task run before our code is reached: its place and its lease are let go."""
    claim = claimed("One.")
    house.bulkheads.at_most = 2
    house.take(claim)
    crew = Crew(house, Watch(house, "publish", "run-1", at_most=timedelta(minutes=1), pace=0.0))
    never_began = Future()
    never_began.set_result(Crashed())
    monkeypatch.setattr("flows.publish.deliver", Sends(never_began))

    assert 1 == crew.free()
    crew.send([claim])

    assert 2 == crew.free()
    assert {} == house.in_hand
    assert {"broken": 1} == crew.done


class Sends:
    """A task whose runs are what the test says."""

    def __init__(self, future):
        self._future = PrefectConcurrentFuture(uuid4(), future)

    def map(self, *_):
        return [self._future]
