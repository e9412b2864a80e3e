"""Whatever kept anybody from looking: after a day unconfirmed a person is asked, and told, once."""

from __future__ import annotations

import pytest

from steadypost.domain.delivery import State
from steadypost.domain.evidence import CannotTell
from steadypost.domain.network import Pointer
from steadypost.networks.x.snowflake import id_at
from steadypost.store import looks, notices, persons, reading, settling
from steadypost.store import overdue as overdue_rows
from steadypost.store.acts import By
from tests.store.people import HOUR, LEASE, NOON, SECOND, UNHEARD, answer, armed, saying, scheduled


def unconfirmed_delivery(store, *texts, account="alice", answered=True):
    delivery_id = scheduled(store, saying(*texts), account=account)
    claim = armed(store)
    if answered:
        store.write(
            settling.answered,
            claim.attempt_id,
            answer(*[UNHEARD] * max(1, len(texts))),
            now=NOON + SECOND,
            jitter=0.5,
        )
    return delivery_id


def overdue(store, now):
    return [one.delivery_id for one in store.read(overdue_rows.every, now)]


def test_a_delivery_unconfirmed_for_a_day_is_overdue_and_no_younger_one(store):
    """By the end of the attempt, to the second."""
    delivery_id = unconfirmed_delivery(store)

    assert [] == overdue(store, NOON + 24 * HOUR)
    assert [delivery_id] == overdue(store, NOON + SECOND + 24 * HOUR)


def test_every_account_s_unconfirmed_deliveries_are_found_at_once(store):
    """No account is named: what nobody can open any more is found like all the others."""
    both = [unconfirmed_delivery(store, account=account) for account in ("alice", "bob")]

    assert both == overdue(store, NOON + 25 * HOUR)


def test_a_worker_that_never_answered_counts_from_its_rescue(store):
    """No answer ever came: the unconfirmed delivery begins where its lease was taken back."""
    delivery_id = unconfirmed_delivery(store, answered=False)
    store.rescue(NOON + 2 * LEASE)

    assert [] == overdue(store, NOON + LEASE + 24 * HOUR)
    assert [delivery_id] == overdue(store, NOON + 2 * LEASE + 24 * HOUR)


def test_a_person_s_word_about_a_part_keeps_the_rest_overdue(store):
    """It settles one part only: the other is as old an unconfirmed delivery as before."""
    delivery_id = unconfirmed_delivery(store, "One.", "Two.")
    first = Pointer(id=id_at(NOON + SECOND), part=0)
    store.write(persons.resolve, delivery_id, live=[first], by=By(name="Ada", why="seen"), now=NOON + HOUR)

    assert State.UNCONFIRMED is store.read(reading.show, delivery_id).delivery.state
    assert [delivery_id] == overdue(store, NOON + 25 * HOUR)


def test_a_person_is_asked_with_the_reason_and_told_once(store):
    """It waits for a person, says what kept everybody from looking, and one message is written."""
    delivery_id = unconfirmed_delivery(store)
    later = NOON + 25 * HOUR

    assert store.write(overdue_rows.ask_a_person, delivery_id, "the session expired", later)
    assert not store.write(overdue_rows.ask_a_person, delivery_id, "the session expired", later)

    delivery = store.read(reading.show, delivery_id).delivery
    assert State.NEEDS_REVIEW is delivery.state
    assert "no answer within 30 s; the session expired" == delivery.why
    assert [] == overdue(store, later)
    [notice] = store.read(notices.every)
    assert "the session expired" in notice.body
    assert f"steadypost resolve {delivery_id}" in notice.body


@pytest.mark.parametrize("drop", [True, False])
def test_what_was_settled_meanwhile_stays_settled(store, drop):
    """Between the reading and the asking a person, or a look, may have settled it."""
    delivery_id = unconfirmed_delivery(store)
    store.write(
        persons.resolve,
        delivery_id,
        absent=True,
        drop=drop,
        by=By(name="Ada", why="not there"),
        now=NOON + HOUR,
    )

    assert not store.write(overdue_rows.ask_a_person, delivery_id, "nobody looked", NOON + 25 * HOUR)
    assert [] == store.read(notices.every)


def test_a_person_is_told_what_the_last_look_saw(store):
    """That there is a post which may be it says more than that no look settled it."""
    delivery_id = unconfirmed_delivery(store)
    for number, why in enumerate(
        ["the list did not reach back", "the post 1234 cannot be told apart from it"]
    ):
        at = NOON + (number + 1) * HOUR
        found = {0: CannotTell(why=why)}
        store.write(looks.saw, delivery_id, found, now=at, next_at=at + HOUR)

    assert store.write(overdue_rows.ask_a_person, delivery_id, "the session expired", NOON + 25 * HOUR)
    told = "the session expired; the last look: the post 1234 cannot be told apart from it"
    assert store.read(reading.show, delivery_id).delivery.why.endswith(told)
