"""The next free slot is decided as a post comes in: of two at the same moment the second takes the next one."""

from datetime import timedelta

from steadypost.store import Incoming, intake, reading, slots
from steadypost.store.slots import Slot
from tests.store.people import HOUR, NOON, saying
from tests.store.racing import together

EARLY = NOON - HOUR
DAILY = [Slot(day=day, at="12:00", zone="UTC") for day in range(7)]


def wanting(*accounts):
    return Incoming(post=saying(), accounts=accounts or ("alice",), due_at=NOON, next_slot=True)


def test_two_at_once_never_take_the_same(store):
    """Eight at the same moment have eight days."""
    store.write(slots.put, "alice", DAILY)

    every = together(8, lambda _: store.write(intake.add_all, [wanting()], EARLY)[0][0])

    taken = sorted(store.read(reading.show, one.delivery_id).delivery.due_at for one in every)
    assert [NOON + timedelta(days=n) for n in range(8)] == taken
    assert set(taken) == {one.due_at for one in every}


def test_several_of_one_file_take_one_each(store):
    store.write(slots.put, "alice", DAILY)

    every = store.write(intake.add_all, [wanting(), wanting()], EARLY)

    assert [NOON, NOON + timedelta(days=1)] == [added.due_at for [added] in every]


def test_a_post_for_several_accounts_takes_a_slot_that_is_free_for_all(store):
    """Bob's day is taken, so it goes out a day later for both."""
    for name in ("alice", "bob"):
        store.write(slots.put, name, DAILY)
    store.write(intake.add_all, [wanting("bob")], EARLY)

    [both] = store.write(intake.add_all, [wanting("alice", "bob")], EARLY)

    assert [NOON + timedelta(days=1)] * 2 == [one.due_at for one in both]


def test_accounts_whose_slots_never_meet_have_none(store):
    store.write(slots.put, "alice", DAILY)
    store.write(slots.put, "bob", [Slot(day=0, at="09:00", zone="UTC")])

    assert store.read(slots.next_common, ["alice", "bob"], EARLY) is None
    assert NOON == store.read(slots.next_free, "alice", EARLY)
