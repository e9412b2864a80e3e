"""What comes again becomes deliveries of the coming week, each time once, whoever plans and however often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain import clock
from steadypost.domain.delivery import State, WhenLate
from steadypost.intake import Draft, RowOutcome, enter, import_file
from steadypost.intake.planning import plan
from steadypost.store import UnknownSeries, late, reading, series, series_changes
from steadypost.store.acts import By

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def draft(**more):
    told = {"text": "Good morning!", "accounts": ["alice"], "when": "+1h", "zone": "Europe/Berlin"}
    return Draft(**{**told, "repeat": "daily", **more})


def begin(store, now=NOW, **more):
    return enter(store, draft(**more), now=now, source="cli")


def due(store):
    return [entry.delivery.due_at for entry in store.read(reading.queue, state=State.SCHEDULED, limit=1000)]


def test_a_week_is_planned_as_it_comes_in_and_goes_on_day_by_day(store):
    """Each time once, however often it is planned."""
    entered = begin(store)

    assert RowOutcome.ACCEPTED is entered.outcome
    assert [NOW + timedelta(hours=1) + n * DAY for n in range(7)] == due(store)
    assert [] == plan(store, now=NOW)
    assert 1 == len(plan(store, now=NOW + DAY))
    assert [] == plan(store, now=NOW + DAY)
    assert 8 == len(due(store))
    [one] = store.read(series.every)
    assert (8, "FREQ=DAILY", "Europe/Berlin") == (one.placed, one.rule, one.zone)


def test_every_account_has_its_own(store):
    """One post, two accounts, each its delivery."""
    begin(store, accounts=["alice", "bob"])

    assert {"alice": 7, "bob": 7} == {
        name: len(store.read(reading.queue, account=name, limit=100)) for name in ("alice", "bob")
    }


def test_what_fell_due_while_nobody_planned_is_not_left_out(store):
    """Its own late rule says what becomes of it; nothing is lost in silence."""
    begin(store, late_within="2h")

    added = plan(store, now=NOW + 20 * DAY)

    assert 20 == len(added)
    missed = late.put_aside(store._database, NOW + 20 * DAY)
    assert 7 + 20 - 7 == len(missed)
    assert {State.MISSED} == {store.read(reading.show, one).delivery.state for one in missed}


def test_a_first_time_that_has_just_passed_goes_out(store):
    """What is written as "now" is a moment ago when it is stored; what lies further back is not made up for."""
    begin(store, when="now")
    assert NOW == due(store)[0]
    assert 7 == len(due(store))

    begin(store, text="Good evening!", when="2026-03-01 09:00", accounts=["bob"], late_within="1h")
    of_bob = [entry.delivery.due_at for entry in store.read(reading.queue, account="bob", limit=100)]
    assert datetime(2026, 3, 1, 8, tzinfo=UTC) == of_bob[0]
    assert all(at > NOW for at in of_bob[1:])
    assert 8 == len(of_bob)


def test_the_same_list_again_adds_nothing(store, tmp_path):
    """Nor does a second key; another post under the same key is refused."""
    listed = tmp_path / "posts.csv"
    listed.write_text(
        "key,text,accounts,when,zone,repeat\n"
        "morning,Good morning!,alice,+1h,Europe/Berlin,daily\n"
        ",Once a year!,alice,2027-01-01 10:00,Europe/Berlin,FREQ=YEARLY\n"
    )
    dry = import_file(store, listed, now=NOW, dry_run=True)
    assert (2, []) == (len(dry.accepted), store.read(series.every))

    first = import_file(store, listed, now=NOW)
    again = import_file(store, listed, now=NOW + timedelta(minutes=5))

    assert (2, 0) == (len(first.accepted), len(first.refused))
    assert (0, 2, 0) == (len(again.accepted), len(again.already), len(again.refused))
    assert (2, 7) == (len(store.read(series.every)), len(due(store)))
    for other in (draft(key="morning", text="Good night!"), draft(key="morning", repeat="", text="Once!")):
        refused = enter(store, other, now=NOW, source="cli")
        assert (RowOutcome.REFUSED, "key") == (refused.outcome, refused.refusals[0].field)


@pytest.mark.parametrize(
    ("more", "told", "remedy"),
    [
        ({"text": "Good evening!"}, "text", "edit --series 1 --text TEXT"),
        ({"accounts": ["alice", "bob"]}, "accounts", "edit --series 1 --add-account NAME"),
        ({"repeat": "weekdays"}, "repeat", "series --end 1"),
        ({"when": "2026-03-05 09:00"}, "when", "series --end 1"),
    ],
)
def test_a_row_that_says_otherwise_than_its_series_is_told_with_what_to_do(store, more, told, remedy):
    """Neither passed over as the same, nor sent to begin a second one."""
    begin(store, when="2026-03-04 09:00", key="morning")

    assert RowOutcome.ALREADY is begin(store, when="2026-03-04 09:00", key="morning").outcome
    [problem] = begin(store, **{"when": "2026-03-04 09:00", "key": "morning", **more}).refusals
    assert told in problem.why
    assert remedy in problem.remedy
    assert 1 == len(store.read(series.every))


def test_a_row_is_the_same_once_its_accounts_joined(store):
    """As it began, and as it is by now."""
    begin(store, when="2026-03-04 09:00", key="morning")
    bob = series_changes.Members(joining=("bob",))
    store.write(
        series_changes.reword, 1, None, members=bob, since="2026-03-06", by=By(name="eve", why=""), now=NOW
    )

    for accounts in (["alice"], ["alice", "bob"]):
        again = begin(store, when="2026-03-04 09:00", key="morning", accounts=accounts)
        assert RowOutcome.ALREADY is again.outcome


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("every Monday", "FREQ=WEEKLY;BYDAY=MO"),
        ("Mondays", "FREQ=WEEKLY;BYDAY=MO"),
        ("fri, mon and Wed", "FREQ=WEEKLY;BYDAY=MO,WE,FR"),
        ("montag und freitag", "FREQ=WEEKLY;BYDAY=MO,FR"),
        ("every day", "FREQ=DAILY"),
    ],
)
def test_days_of_the_week_are_written_as_people_name_them(store, written, rule):
    """NOW is a Monday."""
    begin(store, repeat=written)

    assert [rule] == [one.rule for one in store.read(series.every)]


def test_a_key_of_a_series_that_is_far_off_is_taken(store):
    """It has no delivery yet by which one could know it."""
    begin(store, key="year", when="2027-01-01 10:00", repeat="FREQ=YEARLY")

    refused = enter(store, draft(key="year", repeat=""), now=NOW, source="cli")

    assert (RowOutcome.REFUSED, "key") == (refused.outcome, refused.refusals[0].field)


def test_its_late_rule_goes_with_every_time(store):
    """As it was written once."""
    begin(store, late_within="30m", when_late="ask")

    told = {(one.delivery.late_after, one.delivery.when_late) for one in store.read(reading.queue, limit=100)}
    assert {(timedelta(minutes=30), WhenLate.ASK)} == told


def test_ending_a_series(store):
    """What nobody began to send is taken back, under the name of who ended it; nothing more follows."""
    begun = begin(store)
    [claim] = store.claim(
        worker="w", now=NOW + 2 * timedelta(hours=1), lease=DAY, at_most=1, accounts=["alice"]
    )

    taken_back = store.write(series.end, begun.series, by=By(name="carol", why="holidays"), now=NOW + DAY / 2)

    assert 6 == len(taken_back)
    assert claim.delivery_id not in taken_back
    story = store.read(reading.show, taken_back[0])
    assert (State.CANCELLED, "carol", "holidays") == (
        story.delivery.state,
        story.acts[0].by,
        story.acts[0].why,
    )
    assert [] == plan(store, now=NOW + 3 * DAY)
    assert ([], "ended by carol: holidays") == (
        store.read(series.every),
        store.read(series.every, also_ended=True)[0].ended_why,
    )
    assert [] == store.write(series.end, begun.series, by=By(name="dave", why="again"), now=NOW + DAY)
    with pytest.raises(UnknownSeries):
        store.write(series.end, 99, by=By(), now=clock.now())


def test_it_needs_a_zone(store):
    """Else nobody knows whose clocks it follows."""
    refused = enter(store, draft(zone="", when="2026-12-01T10:00+01:00"), now=NOW, source="cli")

    assert ["zone"] == [one.field for one in refused.refusals]
    given = enter(store, draft(zone=""), now=NOW, source="cli", zone="Europe/Paris")
    assert RowOutcome.ACCEPTED is given.outcome


@pytest.mark.parametrize("written", ["ask", "MISS", ""])
def test_what_becomes_of_it_when_it_is_too_late(store, written):
    """Missed unless said otherwise."""
    enter(store, draft(repeat="", when_late=written), now=NOW, source="cli")

    expected = WhenLate.ASK if written == "ask" else WhenLate.MISS
    assert expected is store.read(reading.queue)[0].delivery.when_late


def test_what_cannot_become_of_it_is_refused(store):
    """By field, value and remedy."""
    refused = enter(store, draft(when_late="post it anyway"), now=NOW, source="cli")

    assert ["when_late"] == [one.field for one in refused.refusals]


def test_a_list_that_was_imported_by_an_earlier_version_is_known_again():
    """The mark of a row is not moved by fields that came later and say nothing: else all of it entered twice."""
    plain = Draft(text="A good day.", accounts=["alice"], when="2026-12-01T10:00+01:00")

    assert "c2ea3da5" == plain.content_key[:8]
    assert (
        plain.content_key
        == plain.model_copy(update={"when_late": "miss", "repeat": "", "labels": []}).content_key
    )
    assert plain.content_key != plain.model_copy(update={"repeat": "daily"}).content_key
