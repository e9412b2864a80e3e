"""What may come in comes in once, one transaction a row, and whoever brought it learns what became of it."""

import itertools
import os
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from steadypost.domain.delivery import State
from steadypost.intake import RowOutcome, enter, import_file
from steadypost.intake.telling import lines
from steadypost.store import StoreAway, approvals, late, reading, slots
from steadypost.store import accounts as account_rows
from steadypost.store.acts import By

EXAMPLES = Path(__file__).parents[2] / "examples" / "posts.csv"


def counts(report):
    """Only what is not none."""
    return {name: count for name, count in report.as_dict()["counts"].items() if count}


@pytest.fixture
def csv(tmp_path):
    def write(*lines, name="posts.csv", header="key,text,accounts,when"):
        path = tmp_path / name
        path.write_text("\n".join([header, *lines]) + "\n")
        return path

    return write


def test_a_draft_comes_in_with_a_delivery_for_each_account(store, draft, now):
    """And each has the moment that was asked for."""
    entered = enter(store, draft(accounts=["alice", "bob"], when="+20s"), now=now, source="cli")

    assert entered.outcome is RowOutcome.ACCEPTED
    assert ["alice", "bob"] == [one.account for one in entered.deliveries]
    story = store.read(reading.show, entered.deliveries[0].delivery_id)
    assert story.delivery.due_at == now + timedelta(seconds=20)
    assert "cli" == story.post.source


def test_a_refused_draft_leaves_no_trace(store, draft, now):
    """Not even for the accounts for which it would have been right."""
    entered = enter(store, draft(accounts=["alice", "nobody"]), now=now, source="cli")

    assert entered.outcome is RowOutcome.REFUSED
    assert [] == store.read(reading.queue)


def test_a_post_of_nobody_is_refused_where_a_second_person_says_yes(store, draft, csv, now):
    """The first has to be known; by a file as by a form. With a name it waits for the second."""
    store.write(account_rows.put, replace(store.read(account_rows.one, "alice"), approvers="bob"), now)

    for by in ("", "somebody"):
        [problem] = enter(store, draft(), now=now, source="compose", by=by).refusals
        assert ("by", True) == (problem.field, "Your name" in problem.remedy)
    report = import_file(store, csv("k,Hello,alice,+1h"), now=now)
    assert {"refused": 1} == counts(report)
    assert [] == store.read(reading.queue)

    [waits] = enter(store, draft(), now=now, source="compose", by="ann").deliveries
    assert (State.HELD, True) == (waits.state, "bob may give it" in waits.approval)


def test_a_repetition_is_held_unless_it_is_meant(store, draft, now):
    """Case, blanks and trailing hashtags make no other post of it."""
    first = enter(store, draft(text="A good day."), now=now, source="cli")
    again = enter(store, draft(text="a  GOOD day. #fine"), now=now, source="cli")
    meant = enter(store, draft(text="A good day.", allow_repeat=True), now=now, source="cli")
    elsewhere = enter(store, draft(text="A good day.", accounts=["bob"]), now=now, source="cli")

    assert (again.outcome, again.deliveries[0].repeats) == (RowOutcome.HELD, first.deliveries[0].delivery_id)
    assert meant.outcome is RowOutcome.ACCEPTED
    assert elsewhere.outcome is RowOutcome.ACCEPTED


def test_what_is_too_late_comes_in_and_is_missed(store, draft, now):
    """Its reason is kept with it, instead of a row that was never heard of."""
    entered = enter(store, draft(when="2026-03-02T08:00Z", late_within="2h"), now=now, source="cli")
    assert entered.outcome is RowOutcome.ACCEPTED
    assert entered.late

    late.put_aside(store._database, now)
    assert store.read(reading.show, entered.deliveries[0].delivery_id).delivery.state is State.MISSED


def test_good_rows_come_in_and_each_wrong_one_is_named(store, csv, now):
    """Row, field, value, remedy: nothing is to be searched for."""
    path = csv("a,One,alice,now", "b,Two,alyce,soon", "c,Three,bob,now")

    report = import_file(store, path, now=now)

    assert ["posts.csv:2", "posts.csv:4"] == [one.where for one in report.accepted]
    refusals = [one for entered in report.refused for one in entered.refusals]
    assert [
        ("posts.csv:3", "accounts", "alyce"),
        ("posts.csv:3", "when", "soon"),
    ] == [(one.where, one.field, one.value) for one in refusals]
    assert all(one.remedy for one in refusals)


@pytest.mark.parametrize("key", ["k", ""])
def test_importing_twice_is_harmless(store, csv, now, key):
    """With keys of one's own or without, also from a copy elsewhere."""
    path = csv(f"{key},One,alice,+20m", "x,Two,bob,+20m")
    copy = csv(f"{key},One,alice,+20m", "x,Two,bob,+20m", name="copy.csv")

    import_file(store, path, now=now)
    again = import_file(store, copy, now=now + timedelta(hours=1))

    assert 2 == len(again.already)
    assert 2 == len(store.read(reading.queue))


def test_a_text_twice_in_a_file_is_held_the_second_time_and_known_the_third(store, csv, now):
    """Without keys: the second row is a repetition of the first, the second import one of the first."""
    path = csv(",One,alice,now", ",One,alice,now")

    first, second = import_file(store, path, now=now), import_file(store, path, now=now)

    assert (1, 1) == (len(first.accepted), len(first.held))
    assert 2 == len(second.already)


def test_another_post_under_a_known_key_is_told_not_dropped(store, csv, now):
    """Two files that both count from 1 must not lose each other's posts."""
    import_file(store, csv("1,One,alice,now"), now=now)

    report = import_file(store, csv("1,Quite another one,alice,now", name="b.csv"), now=now)

    [changed] = report.changed
    assert ("b.csv:2", "text: One -> Quite another one") == (changed.where, str(changed.differences[0]))
    assert not report.is_whole
    assert ["One"] == [one.text for one in store.read(reading.queue)]


def test_a_crash_in_the_middle_is_mended_by_importing_again(store, csv, now, monkeypatch):
    """Of a chunk everything is in or nothing."""
    monkeypatch.setattr("steadypost.intake.importing.CHUNK", 4)
    path = csv(*(f",Post number {n} says something,alice,now" for n in range(10)))
    seen = []

    def crash(entered):
        seen.append(entered)
        if len(seen) == 2:
            raise StoreAway("the store went away", remedy="wait")

    with pytest.raises(StoreAway):
        import_file(store, path, now=now, progress=crash)
    report = import_file(store, path, now=now)

    assert (4, 6) == (len(report.already), len(report.accepted))
    assert 10 == len(store.read(reading.queue))


def test_a_damaged_file_enters_nothing(store, tmp_path, now):
    """Not even the rows before the damage."""
    path = tmp_path / "posts.csv"
    path.write_text('text,accounts,when\nOne,alice,now\n"Two,alice,now\nThree,alice,now\n')

    report = import_file(store, path, now=now)

    assert "posts.csv:3" == report.refused[0].refusals[0].where
    assert [] == store.read(reading.queue)


def test_images_are_found_beside_their_file(store, csv, png, now, monkeypatch):
    """Wherever the command was typed."""
    sun = png("sun.png")
    monkeypatch.chdir("/")
    path = csv("One,alice,now,sun.png::A sun", header="text,accounts,when,images")

    report = import_file(store, path, now=now)

    [entered] = report.accepted
    [media] = store.read(reading.show, entered.deliveries[0].delivery_id).post.parts[0].media
    assert media.path == sun


def test_names_no_store_could_keep_do_no_harm(store, csv, png, now, tmp_path):
    """A file system allows names that are no text."""
    odd = os.fsdecode(b"po\xffsts\n.csv")
    png(os.fsdecode(b"su\xffn.png"))
    path = csv("One,alice,now,", "Two,alice,now,su\\udcffn.png", header="text,accounts,when,images", name=odd)
    lines = tmp_path / "posts.jsonl"
    lines.write_text(
        '{"text": "Three", "accounts": ["alice"], "when": "now", "images": [{"path": "su\\udcffn.png"}]}'
    )

    assert 1 == len(import_file(store, path, now=now).accepted)
    [refusal] = import_file(store, lines, now=now).refused[0].refusals
    assert "images" == refusal.field


def test_a_file_may_be_long(store, tmp_path, now):
    """It is read line by line, and a wrong row among many is still named."""
    lines = (f"{n},Post number {n} of a long file,nobody,now" for n in itertools.count(1))
    path = tmp_path / "long.csv"
    path.write_text("key,text,accounts,when\n" + "\n".join(itertools.islice(lines, 3000)) + "\n")

    report = import_file(store, path, now=now)

    assert 3000 == len(report.refused)
    assert "long.csv:3001" == report.refused[-1].where


# -- the dry run


def content_of(store):
    path = store.address.partition("///")[2]
    with sqlite3.connect(path) as connection:
        dump = list(connection.iterdump())
    connection.close()
    return dump


def test_a_dry_run_says_what_would_become_of_each_row_and_writes_nothing(store, csv, draft, now):
    """Down to the repetitions, in the file and in the queue."""
    enter(store, draft(text="Old", key="k"), now=now, source="cli")
    path = csv(
        "k,Old,alice,now",
        "k,Other,alice,now",
        "a,OLD,alice,now",
        ",New,bob,now",
        ",new,bob,now",
        ",Bad,x,now",
    )
    before = content_of(store)

    rehearsed = import_file(store, path, now=now, dry_run=True)

    assert before == content_of(store)
    assert counts(rehearsed) == counts(import_file(store, path, now=now))
    assert {"accepted": 1, "held": 2, "already": 1, "refused": 2} == counts(rehearsed)


def test_a_dry_run_gives_each_row_the_slot_it_then_takes(store, csv, now):
    """What stands further up in the file has taken its slot."""
    every_day = [slots.Slot(day=day, at="09:30", zone="Europe/Berlin") for day in range(7)]
    store.write(slots.put, "alice", every_day)
    path = csv("a,One,alice,next-slot", "b,Two,alice,next-slot", "c,Three,alice,next-slot")

    rehearsed, done = [import_file(store, path, now=now, dry_run=dry_run) for dry_run in (True, False)]

    assert [one.due_at for one in done.accepted] == [one.due_at for one in rehearsed.accepted]
    assert 3 == len({one.due_at for one in rehearsed.accepted})


def test_a_dry_run_knows_what_waits_for_a_second_person(store, csv, now):
    """And that it keeps nothing else back meanwhile."""
    store.write(approvals.require, "legal", ["dora"], by=By(name="Ann", why=""), now=now)
    path = csv("a,Read this #legal,alice,now", "b,Read this #legal,alice,now", "c,Something else,alice,now")

    rehearsed, done = [
        import_file(store, path, now=now, dry_run=dry_run, by="ann") for dry_run in (True, False)
    ]

    assert counts(done) == counts(rehearsed)
    assert [line.what.partition("; to let it go")[0] for line in lines(done)] == [
        line.what for line in lines(rehearsed)
    ]


def test_a_row_says_what_its_zone_means(store, tmp_path, now):
    """In a dry run and for good: an hour beside what was meant is seen by nobody afterwards."""
    path = tmp_path / "summer.csv"
    path.write_text(f"text,accounts,when,zone\nBeach,alice,{now.year + 1}-07-01 09:00,EST\n")

    for dry_run in (True, False):
        [line] = lines(import_file(store, path, now=now, dry_run=dry_run))
        assert "write America/New_York if you mean that" in line.what


# -- the examples


def test_the_examples_are_what_the_demo_says_of_them(store, now):
    """Thirty come in, one of them too late; one is held, one refused; a second time nothing happens."""
    at = now + timedelta(days=0)
    rehearsed = import_file(store, EXAMPLES, now=at, dry_run=True)
    report = import_file(store, EXAMPLES, now=at)
    again = import_file(store, EXAMPLES, now=at + timedelta(hours=1))

    assert counts(report) == counts(rehearsed)
    assert {"accepted": 30, "held": 1, "refused": 1, "late": 1} == counts(report)
    assert {"already": 31, "refused": 1} == counts(again)
    [refusal] = report.refused[0].refusals
    assert "X counts 370 and bob may post 280" in refusal.why


def test_the_examples_spread_over_little_more_than_a_minute(store, now):
    """Nobody watches a demo for longer."""
    report = import_file(store, EXAMPLES, now=now)

    moments = [one.due_at - now for one in report.accepted if not one.late]
    assert min(moments) >= timedelta(seconds=3)
    assert max(moments) <= timedelta(seconds=75)
    assert {
        "alice",
        "bob",
        "carol",
    } == {one.account for entered in report.accepted for one in entered.deliveries}
