"""The next free slot is decided as a post comes in: of two at the same moment the second takes the next one."""

from datetime import UTC, datetime, timedelta

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


MONDAY, SUNDAY = 0, 6
DAY = timedelta(days=1)


def next_after(store, now, *wanted):
    store.write(slots.put, "alice", list(wanted))
    return store.read(slots.next_free, "alice", now)


def test_a_slot_is_on_its_own_day_only(store):
    """The second of March is a Monday."""
    assert NOON + 6 * DAY == next_after(store, EARLY, Slot(day=SUNDAY, at="12:00", zone="UTC"))


def test_the_slot_of_this_very_moment_is_over(store):
    monday = Slot(day=MONDAY, at="12:00", zone="UTC")

    assert NOON == next_after(store, NOON - timedelta(seconds=1), monday)
    assert NOON + 7 * DAY == next_after(store, NOON, monday)


def test_a_slot_is_a_time_of_its_zone(store):
    """Half an hour after midnight on Tuesday in Auckland is still Monday in UTC."""
    tuesday = Slot(day=1, at="00:30", zone="Pacific/Auckland")

    assert NOON - HOUR / 2 == next_after(store, EARLY, tuesday)


def test_a_time_that_the_clocks_skip_is_no_slot(store):
    """On Sunday, 29 March 2026, there is no 02:30 in Berlin."""
    saturday = datetime(2026, 3, 28, 12, tzinfo=UTC)
    sunday = Slot(day=SUNDAY, at="02:30", zone="Europe/Berlin")

    assert datetime(2026, 4, 5, 0, 30, tzinfo=UTC) == next_after(store, saturday, sunday)


def test_a_slot_that_is_there_takes_the_new_zone(store):
    for zone in ("UTC", "Europe/Berlin"):
        store.write(slots.put, "alice", [Slot(day=MONDAY, at="12:00", zone=zone)])

    assert [Slot(day=MONDAY, at="12:00", zone="Europe/Berlin")] == store.read(slots.every, "alice")


def test_only_the_slots_named_are_taken_away(store):
    store.write(slots.put, "alice", DAILY)
    store.write(slots.put, "bob", DAILY)

    gone = [DAILY[MONDAY], DAILY[SUNDAY], Slot(day=MONDAY, at="09:00", zone="UTC")]

    assert 2 == store.write(slots.take, "alice", gone)
    assert DAILY[1:6] == store.read(slots.every, "alice")
    assert DAILY == store.read(slots.every, "bob")
