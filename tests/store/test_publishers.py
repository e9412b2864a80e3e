"""Each machine's publisher says that it is there; one that goes leaves only its own word behind it."""

from datetime import timedelta

from steadypost.store import publishers
from steadypost.store.publishers import GONE_AFTER, SILENT_AFTER, Role
from tests.store.people import NOON


def say(store, host, run_id, *accounts, role=Role.HELPER, now=NOON):
    store.write(
        publishers.say, host, run_id=run_id, role=role, accounts=accounts, works_on=accounts[:1], now=now
    )


def test_what_was_said_last_counts(store):
    """One word for each machine."""
    say(store, "anna", "a", "alice", role=Role.LEAD)
    say(store, "berta", "b1", "bob")
    say(store, "berta", "b2", "bob", "alice")

    anna, berta = store.read(publishers.every)

    assert ("anna", "a", Role.LEAD, {"alice"}) == (anna.host, anna.run_id, anna.role, anna.accounts)
    assert ("b2", {"alice", "bob"}, {"bob"}) == (berta.run_id, berta.accounts, berta.works_on)
    assert berta.is_heard(NOON + SILENT_AFTER)
    assert not berta.is_heard(NOON + SILENT_AFTER + timedelta(seconds=1))


def test_who_was_relieved_does_not_take_the_word_of_the_next_away(store):
    """The next one may have said so first."""
    say(store, "anna", "a1", "alice")
    say(store, "anna", "a2", "alice")

    store.write(publishers.leave, "anna", run_id="a1")
    assert ["a2"] == [one.run_id for one in store.read(publishers.every)]

    store.write(publishers.leave, "anna", run_id="a2")
    assert [] == store.read(publishers.every)


def test_a_machine_that_is_gone_for_good_is_forgotten(store):
    """And nobody else."""
    say(store, "anna", "a", now=NOON - GONE_AFTER - timedelta(seconds=1))
    say(store, "berta", "b")

    store.write(publishers.forget, NOON)

    assert ["berta"] == [one.host for one in store.read(publishers.every)]
