"""A list that is taken in once more after a restore: what its times no longer tell is left to its author."""

from datetime import timedelta

import pytest

from steadypost.domain.delivery import State
from steadypost.intake import RowOutcome, import_file
from steadypost.store import persons, restores
from steadypost.store.acts import By
from steadypost.store.repeats import REPETITION_WITHIN

HOUR = timedelta(hours=1)
HEADER = "text,accounts,when,zone,as_is\n"


@pytest.fixture
def restored(store, now):
    """A backup of the day before yesterday was restored an hour ago."""
    store.write(
        restores.begin, made_at=now - 36 * HOUR, by=By(name="Ann", why="the disk is gone"), now=now - HOUR
    )
    return store


@pytest.fixture
def take_in(tmp_path, now):
    def take_in(store, when, as_is="", *, at=now, text="A good day.", dry_run=False):
        path = tmp_path / "posts.csv"
        path.write_text(f'{HEADER}"{text}",alice,"{when}",UTC,{as_is}\n')
        [(_, entered)] = import_file(store, path, now=at, dry_run=dry_run).every
        return entered

    return take_in


@pytest.mark.parametrize("when", ["in 2 hours", "tomorrow 9am", "now", "today 18:30", "+3d"])
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_row_whose_time_counts_from_now_is_held(restored, take_in, when, dry_run):
    """It may have come in after the backup was made, and gone out; as a new post it would go out again."""
    entered = take_in(restored, when, dry_run=dry_run)

    assert State.HELD is entered.deliveries[0].state
    assert "may have come in since, and gone out" in entered.concern


@pytest.mark.parametrize("when", ["2026-03-02 08:00", "2026-03-09 09:00"])
def test_a_row_with_a_moment_of_its_own_is_not(restored, take_in, when):
    """What was due before the restore is looked for first, whenever it comes in; what is yet to come has not gone out."""
    assert State.SCHEDULED is take_in(restored, when).deliveries[0].state


def test_its_author_says_that_it_is_new(restored, take_in, now):
    """In the list, or of one that is held."""
    assert State.SCHEDULED is take_in(restored, "in 2 hours", "yes").deliveries[0].state
    [held] = take_in(restored, "in 2 hours", text="Another good day.").deliveries

    released = restored.write(persons.release, held.delivery_id, now=now, by=By(name="Ann", why=""))

    assert State.SCHEDULED is released.state


def test_nothing_is_held_without_a_restore_or_long_after(store, restored, take_in, now):
    """After that time a repetition is no longer held either."""
    entered = take_in(restored, "in 2 hours", at=now + REPETITION_WITHIN)
    assert State.SCHEDULED is entered.deliveries[0].state


def test_what_the_backup_knows_is_known(store, take_in, now):
    """Taken in again, it is what it was."""
    [first] = take_in(store, "in 2 hours", at=now - 13 * HOUR).deliveries
    store.write(restores.begin, made_at=now - 12 * HOUR, by=By(name="Ann", why="a drill"), now=now - HOUR)

    again = take_in(store, "in 2 hours")

    assert RowOutcome.ALREADY is again.outcome
    assert [first.delivery_id] == [one.delivery_id for one in again.deliveries]
