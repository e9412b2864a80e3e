"""Somebody is told of every post that was refused or missed, once, at once or once a day."""

from datetime import timedelta

import pytest

from steadypost.domain.delivery import State
from steadypost.domain.endings import Telling
from steadypost.domain.network import Pointer
from steadypost.domain.outcome import Published
from steadypost.store import endings, late, notices, persons, reading, settling
from steadypost.store.acts import By
from steadypost.store.schema import transitions
from tests.store.people import (
    HOUR,
    MINUTE,
    NEVER,
    NOON,
    SECOND,
    TOO_LONG,
    UNHEARD,
    an_id,
    answer,
    armed,
    claims,
    saying,
    scheduled,
)
from tests.store.racing import together

SOON = NOON + 2 * MINUTE


def refused(store, text="First frost.", *, at=NOON):
    delivery_id = scheduled(store, saying(text), due_at=at)
    store.write(settling.answered, armed(store, at).attempt_id, answer(TOO_LONG), now=at, jitter=0.5)
    return delivery_id


def missed(store, *, at=NOON):
    delivery_id = scheduled(store, due_at=at - 2 * HOUR, late_after=HOUR)
    late.put_aside(store._database, at)
    return delivery_id


def tell(store, now=SOON, telling=Telling.AT_ONCE):
    return store.write(endings.tell, telling, now)


def test_a_refused_and_a_missed_post_are_told_in_one_message(store):
    """With which they are, and only once."""
    one, other = refused(store), missed(store)

    assert [2, 0, 0] == [tell(store), tell(store), tell(store, SOON + HOUR)]
    [notice] = store.read(notices.every)
    assert "2 posts not published: 1 refused, 1 missed" == notice.title
    assert f"Delivery {one} of alice" in notice.body
    assert f"Delivery {other} of alice" in notice.body
    assert "“First frost.”" in notice.body
    assert [notice] == store.read(notices.due, SOON)


def test_what_ends_later_is_told_by_the_next_message(store):
    """Each is in exactly one."""
    refused(store)
    tell(store)
    second = refused(store, "Second frost.", at=NOON + HOUR)

    assert 1 == tell(store, NOON + 2 * HOUR)
    assert [False, True] == [f"Delivery {second} " in notice.body for notice in store.read(notices.every)]


def test_once_a_day_is_once_a_day(store):
    """The first is told at once, what follows together after a day."""
    refused(store)
    daily = Telling.DAILY
    first = tell(store, telling=daily)
    for n in range(1, 5):
        refused(store, f"Frost {n}.", at=NOON + n * HOUR)
    between = [tell(store, NOON + n * HOUR, daily) for n in range(5, 24)]

    assert (1, {0}) == (first, set(between))
    assert 4 == tell(store, SOON + 24 * HOUR, daily)
    assert 2 == len(store.read(notices.every))


def test_whoever_wants_to_hear_nothing_hears_nothing_of_then_later(store):
    """Turned on again, it begins with what ends from then on."""
    refused(store)
    assert 0 == tell(store, telling=Telling.NEVER)
    refused(store, "Second frost.", at=NOON + HOUR)

    assert 1 == tell(store, NOON + 2 * HOUR)


def test_what_came_to_light_meanwhile_was_not_refused(store):
    """A person saw it live before anybody was told."""
    delivery_id = refused(store)
    store.write(
        persons.resolve,
        delivery_id,
        live=[Pointer(id=an_id())],
        by=By(name="Ada", why="there it is"),
        now=NOON + 30 * SECOND,
    )

    assert 0 == tell(store)
    assert [] == store.read(notices.every)


def test_what_ended_before_this_was_kept_account_of_is_no_news(store):
    """After an update nobody gets last year in one message; yesterday evening they do."""
    refused(store)
    second = refused(store, "Second frost.", at=NOON + 30 * HOUR)

    assert 1 == tell(store, NOON + 40 * HOUR)
    assert f"Delivery {second} " in store.read(notices.every)[0].body


def test_half_a_thread_for_an_hour_is_worth_a_word(store):
    """One that goes on within the hour is not."""
    delivery_id = scheduled(store, saying("One.", "Two."))
    claim = armed(store)
    store.write(
        settling.answered, claim.attempt_id, answer(Published(remote_id=an_id()), NEVER), now=NOON, jitter=0.5
    )
    assert State.PARTIAL is store.read(reading.show, delivery_id).delivery.state

    assert [0, 1, 0] == [
        tell(store, NOON + 59 * MINUTE),
        tell(store, NOON + HOUR),
        tell(store, NOON + 9 * HOUR),
    ]
    assert "Half live: " in store.read(notices.every)[0].body


def test_an_unconfirmed_delivery_is_not_told_as_an_end(store):
    """It is looked for; if a person is needed, that is another message."""
    scheduled(store)
    store.write(settling.answered, armed(store).attempt_id, answer(UNHEARD), now=NOON, jitter=0.5)

    assert 0 == tell(store, NOON + HOUR)


def test_a_change_that_was_numbered_before_and_written_after_another_is_not_passed_over(store):
    """A transaction that took long: nobody saw its change when the next one's was read already."""
    before = NOON - 40 * SECOND
    first, second = (
        scheduled(store, saying(text), due_at=before) for text in ("First frost.", "Second frost.")
    )
    for claim in sorted(claims(store, before), key=lambda claim: claim.delivery_id):
        store.write(settling.answered, claim.attempt_id, answer(TOO_LONG), now=NOON, jitter=0.5)
    of_first = (transitions.c.delivery_id == first) & (transitions.c.after == str(State.REFUSED))
    with store._database.writing() as connection:
        rows = [dict(row._mapping) for row in connection.execute(transitions.select().where(of_first))]
        connection.execute(transitions.delete().where(of_first))
    early = tell(store, NOON + 30 * SECOND)
    with store._database.writing() as connection:
        connection.execute(transitions.insert(), rows)

    assert (0, 2) == (early, tell(store))
    told = " ".join(notice.body for notice in store.read(notices.every))
    assert [1, 1] == [told.count(f"Delivery {one} ") for one in (first, second)]


def test_two_watches_at_once_tell_it_once(store):
    """Of two machines one message comes."""
    refused(store)

    assert 1 == sum(together(4, lambda _: tell(store)))
    assert 1 == len(store.read(notices.every))


@pytest.mark.parametrize("count", [1, 40])
def test_a_weekend_that_was_missed_is_one_message(store, count):
    """However many they are."""
    for n in range(count):
        scheduled(store, due_at=NOON - 2 * HOUR - timedelta(seconds=n), late_after=HOUR)
    late.put_aside(store._database, NOON)

    assert count == tell(store)
    assert 1 == len(store.read(notices.every))
