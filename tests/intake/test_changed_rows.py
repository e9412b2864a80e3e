"""A row that says otherwise than what came in under its key is told, and taken only when asked to and while it waits."""

from datetime import timedelta

import pytest

from steadypost.domain.delivery import State
from steadypost.domain.post import Part, Post
from steadypost.intake import import_file
from steadypost.store import (
    AccountRecord,
    Incoming,
    NotWaiting,
    changes,
    changing,
    late,
    persons,
    reading,
    undoing,
)
from steadypost.store import accounts as account_rows
from steadypost.store.acts import By
from steadypost.store.operations import Editing, New
from steadypost.store.selecting import Selection
from tests.rooms import instead

HEADER = "key,text,accounts,when,zone\n"


@pytest.fixture
def csv(tmp_path):
    def write(*lines, header=HEADER):
        path = tmp_path / "posts.csv"
        path.write_text(header + "\n".join(lines) + "\n")
        return path

    return write


@pytest.fixture
def first(store, csv, now):
    """One post for alice and bob, tomorrow."""
    [entered] = import_file(store, csv("a,One,alice|bob,2026-03-03 09:00,UTC"), now=now).accepted
    return [one.delivery_id for one in entered.deliveries]


def claimed(store, now):
    return store.claim(worker="w", accounts=["alice"], now=now, lease=timedelta(minutes=2), at_most=1)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("a,Two,alice|bob,2026-03-03 09:00,UTC", "text: One -> Two"),
        (
            "a,One,alice|bob,2026-03-04 10:00,UTC",
            "when: 2026-03-03 09:00 UTC -> 2026-03-04 10:00 UTC",
        ),
        ("a,One,alice|carol,2026-03-03 09:00,UTC", "accounts: alice, bob -> alice, carol"),
    ],
)
def test_without_update_what_differs_is_told_and_left(store, csv, now, first, line, told):
    """The same in a dry run; and the import is not whole."""
    for dry_run in (True, False):
        report = import_file(store, csv(line), now=now, dry_run=dry_run)

        [changed] = report.changed
        assert [told] == list(map(str, changed.differences))
        assert "--update" in changed.why
        assert not report.is_whole
    assert [("One", State.SCHEDULED)] * 2 == [
        (one.text, one.delivery.state) for one in store.read(reading.queue)
    ]


def test_with_update_what_waits_is_changed(store, csv, now, first):
    """Text and time at once, with an act that says where it came from; the deliveries keep their numbers."""
    report = import_file(store, csv("a,Two,alice|bob,2026-03-04 10:00,UTC"), now=now, update=True, by="dana")

    [updated] = report.updated
    assert first == [one.delivery_id for one in updated.deliveries]
    story = store.read(reading.show, first[0])
    assert "Two" == story.post.parts[0].text
    assert (now + timedelta(days=1, hours=22)) == story.delivery.due_at == story.delivery.next_at
    assert [("dana", "import --update", "posts.csv:2")] == [(one.by, one.did, one.why) for one in story.acts]
    assert report.is_whole
    again = import_file(store, csv("a,Two,alice|bob,2026-03-04 10:00,UTC"), now=now)
    assert 1 == len(again.already)


def test_accounts_come_and_go_with_update(store, csv, now, first):
    """Who is not named any more is taken back; who is new gets a delivery."""
    import_file(store, csv("a,One,alice|carol,2026-03-03 09:00,UTC"), now=now, update=True)

    found = {one.delivery.account: one.delivery.state for one in store.read(reading.queue)}
    assert {"alice": State.SCHEDULED, "bob": State.CANCELLED, "carol": State.SCHEDULED} == found
    assert 1 == len(import_file(store, csv("a,One,alice|carol,2026-03-03 09:00,UTC"), now=now).already)


def test_a_thread_may_grow_and_shrink_while_it_waits(store, csv, now, first):
    """Its parts are counted anew: by them it is sent and judged."""
    import_file(
        store, csv('a,"One\n---\nTwo\n---\nThree",alice|bob,2026-03-03 09:00,UTC'), now=now, update=True
    )

    [claim] = claimed(store, now + timedelta(days=1))
    assert (3, ["One", "Two", "Three"]) == (claim.total, [one.text for one in claim.parts])


def test_what_was_attempted_is_not_changed(store, csv, now, first):
    """Not for alice, who is at it, nor for bob, who waits: the post is one."""
    [claim] = claimed(store, now + timedelta(days=1))

    report = import_file(store, csv("a,Two,alice|bob,2026-03-03 09:00,UTC"), now=now, update=True)

    [changed] = report.changed
    assert f"delivery {claim.delivery_id} of alice is sending" in changed.why
    assert ["One", "One"] == [one.text for one in store.read(reading.queue)]


def test_a_claim_between_the_look_and_the_write_wins(store, csv, now, first, monkeypatch):
    """What the store judges under its locks counts, not what was read before."""
    seen = store.read(changes.known, ["a"])
    claimed(store, now + timedelta(days=1))
    instead(monkeypatch, store, changes.known, lambda _: seen)

    report = import_file(store, csv("a,Two,alice|bob,2026-03-03 09:00,UTC"), now=now, update=True)

    assert "is sending" in report.changed[0].why
    assert ["One", "One"] == [one.text for one in store.read(reading.queue)]


def test_a_time_counted_from_now_moves_nothing(store, csv, now):
    """A row of "in 20 minutes" came in with its own twenty; the text beside it may still change."""
    import_file(store, csv("a,One,alice,+20m,"), now=now)

    assert import_file(store, csv("a,One,alice,+20m,"), now=now + timedelta(minutes=5)).already
    import_file(store, csv("a,Two,alice,+20m,"), now=now + timedelta(minutes=5), update=True)

    [entry] = store.read(reading.queue)
    assert ("Two", now + timedelta(minutes=20)) == (entry.text, entry.delivery.due_at)


def test_what_repeats_nothing_any_more_goes_and_what_repeats_now_is_held(store, csv, now):
    """The hold follows the text."""
    import_file(store, csv("a,One,alice,2026-03-03 09:00,UTC", "b,one,alice,2026-03-04 09:00,UTC"), now=now)
    assert [State.SCHEDULED, State.HELD] == [one.delivery.state for one in store.read(reading.queue)]

    import_file(store, csv("b,Two,alice,2026-03-04 09:00,UTC"), now=now, update=True)
    assert [State.SCHEDULED, State.SCHEDULED] == [one.delivery.state for one in store.read(reading.queue)]

    import_file(store, csv("b,ONE,alice,2026-03-04 09:00,UTC"), now=now, update=True)
    assert [State.SCHEDULED, State.HELD] == [one.delivery.state for one in store.read(reading.queue)]


def test_a_new_text_answers_no_question_about_the_time(store, csv, now):
    """What is held for being late stays with its person; another time is the answer, as it is from a person."""
    header = "key,text,accounts,when,zone,when_late\n"
    import_file(store, csv("a,One,alice,2026-03-02 01:00,UTC,ask", header=header), now=now)
    late.put_aside(store._database, now)
    assert [State.HELD] == [one.delivery.state for one in store.read(reading.queue)]

    import_file(store, csv("a,Two,alice,2026-03-02 01:00,UTC,ask", header=header), now=now, update=True)
    assert [("Two", State.HELD)] == [(one.text, one.delivery.state) for one in store.read(reading.queue)]

    import_file(store, csv("a,Two,alice,2026-03-04 09:00,UTC,ask", header=header), now=now, update=True)
    assert [("Two", State.SCHEDULED)] == [(one.text, one.delivery.state) for one in store.read(reading.queue)]


def test_a_time_that_has_passed_is_not_taken(store, csv, now, first):
    """Nothing of the row is: it is told, with what to do."""
    report = import_file(store, csv("a,Two,alice|bob,2026-03-01 09:00,UTC"), now=now, update=True)

    assert "has passed" in report.changed[0].why
    assert [("One", now + timedelta(hours=21))] * 2 == [
        (one.text, one.delivery.due_at) for one in store.read(reading.queue)
    ]
    assert ([], 0) == store.read(undoing.history, limit=9)


def test_what_a_file_changed_is_undone_like_what_a_person_changed(store, csv, now, first):
    """The words that came in are still there; who came with the file goes with it."""
    import_file(store, csv("a,Two,alice|carol,2026-03-04 09:00,UTC"), now=now, update=True, by="dana")

    [listed], _ = store.read(undoing.history, limit=9)
    assert ("dana", "import --update", "posts.csv:2") == (listed.by, listed.did, listed.why)
    _, done = store.write(undoing.undo, None, by=By(name="dana"), now=now)

    assert () == done.stays
    assert {
        "alice": ("One", State.SCHEDULED),
        "bob": ("One", State.SCHEDULED),
        "carol": ("Two", State.CANCELLED),
    } == {one.delivery.account: (one.text, one.delivery.state) for one in store.read(reading.queue)}


# -- what a person changed since


def edited(store, now, delivery, text, **more):
    post = Post(parts=(Part(text=text),))
    before = store.read(reading.show, delivery).delivery
    work = Editing(new={(before.post_id, before.account): New(post=post)}, **more)
    return store.write(
        changing.change, work, Selection(ids=(delivery,)), did="edit", by=By(name="dana"), now=now
    )


def test_what_a_person_changed_is_found_by_its_key(store, csv, now, first):
    """The row that came in is another now; and a row that says the same as the person did is none."""
    edited(store, now, first[0], "Three")

    told = import_file(store, csv("a,One,alice|bob,2026-03-03 09:00,UTC"), now=now)
    assert [["text: Three -> One"]] == [list(map(str, one.differences)) for one in told.changed]

    edited(store, now, first[1], "Three")
    assert 1 == len(import_file(store, csv("a,Three,alice|bob,2026-03-03 09:00,UTC"), now=now).already)
    assert 2 == len(store.read(reading.queue))


def test_a_file_changes_what_a_person_changed_and_that_is_undone_in_turn(store, csv, now, first):
    """Both deliveries are found, both say the same again, and each change is taken back to what was before it."""
    edited(store, now, first[0], "Three")
    import_file(store, csv("a,Four,alice|bob,2026-03-03 09:00,UTC"), now=now, update=True)
    assert ["Four", "Four"] == [one.text for one in store.read(reading.queue)]

    store.write(undoing.undo, None, by=By(), now=now)
    assert ["Three", "One"] == [one.text for one in store.read(reading.queue)]

    store.write(undoing.undo, None, by=By(), now=now)
    assert ["One", "One"] == [one.text for one in store.read(reading.queue)]


def test_what_a_person_let_go_is_not_held_again_for_another_time(store, csv, now):
    """The words are the same: they were answered for."""
    import_file(store, csv("a,Dear {{name}},alice,2026-03-03 09:00,UTC"), now=now)
    [held] = store.read(reading.queue)
    assert State.HELD is held.delivery.state
    store.write(persons.release, held.delivery.id, now=now, by=By())

    import_file(store, csv("a,Dear {{name}},alice,2026-03-04 09:00,UTC"), now=now, update=True)

    assert [(now + timedelta(days=1, hours=21), State.SCHEDULED)] == [
        (one.delivery.due_at, one.delivery.state) for one in store.read(reading.queue)
    ]


def test_a_row_that_may_not_be_meant_is_held_and_one_that_says_so_is_not(store, csv, now):
    """In a dry run and for good; the column is as_is."""
    header = "key,text,accounts,when,zone,as_is\n"
    path = csv("a,Dear {{name}},alice,now,UTC,", "b,Hi {{user}},alice,now,UTC,yes", header=header)
    for dry_run in (True, False):
        report = import_file(store, path, now=now, dry_run=dry_run)

        assert (1, 1) == (len(report.held), len(report.accepted))
        assert "it may not be meant" in report.held[0].concern


def test_a_new_text_that_may_not_be_meant_is_held(store, csv, now, first):
    """A changed row is judged as a new one is."""
    import_file(store, csv("a,Dear {{name}},alice|bob,2026-03-03 09:00,UTC"), now=now, update=True)

    assert [State.HELD] * 2 == [one.delivery.state for one in store.read(reading.queue)]


def test_a_row_that_is_too_long_becomes_a_thread_where_it_says_so(store, csv, now):
    """The column is split."""
    text = "A sentence of some words. " * 15
    report = import_file(
        store, csv(f"a,{text},alice,now,UTC,yes", header="key,text,accounts,when,zone,split\n"), now=now
    )

    [entered] = report.accepted
    assert 2 == len(store.read(reading.show, entered.deliveries[0].delivery_id).post.parts)


def test_a_key_that_nothing_has_is_no_key_to_change(store, csv, now, first):
    """The store refuses it by itself."""
    wanted = Incoming(post=Post(parts=(Part(text="Hi"),)), accounts=("alice",), due_at=now, key="none")
    with pytest.raises(NotWaiting):
        store.write(changes.update_waiting, wanted, did="import --update", now=now, by=By())


# -- a text for each network


def test_each_account_gets_the_text_of_its_network(store, csv, now):
    """From the file to the claim and the look; and the other network's text is no repetition."""
    store.write(
        account_rows.put,
        AccountRecord(name="marta", channel="mastodon", network="mastodon", handle="marta"),
        now,
    )
    header = "key,text,text@mastodon,accounts,when\n"
    path = csv('a,For all,"Longer\n---\nand two",alice|marta,now', "b,Other,for ALL,marta,now", header=header)

    report = import_file(store, path, now=now)

    assert 2 == len(report.accepted)
    claims = store.claim(
        worker="w",
        accounts=["alice", "marta"],
        now=now,
        lease=timedelta(minutes=2),
        at_most=2,
        at_most_each={"alice": 1, "marta": 1},
    )
    said = {one.account: [part.text for part in one.parts] for one in claims}
    assert {"alice": ["For all"], "marta": ["Longer", "and two"]} == said
    assert ["For all", "Longer", "for ALL"] == [one.text for one in store.read(reading.queue)]
    assert 2 == len(import_file(store, path, now=now).already)


def test_a_network_without_a_text_is_named(store, csv, now):
    """The text for everywhere may be left out only where every account has its own."""
    store.write(
        account_rows.put,
        AccountRecord(name="marta", channel="mastodon", network="mastodon", handle="marta"),
        now,
    )
    header = "key,text@mastodon,accounts,when\n"

    report = import_file(store, csv("a,Hi,marta,now", "b,Ho,alice|marta,now", header=header), now=now)

    assert ["posts.csv:2"] == [one.where for one in report.accepted]
    [problem] = report.refused[0].refusals
    assert ("posts.csv:3", "text", "there is nothing to read") == (problem.where, problem.field, problem.why)
