"""A second person's yes: nothing goes out in words that nobody else has seen, by whatever way it came to wait."""

from dataclasses import replace

import pytest

from steadypost.domain import clock
from steadypost.domain.change import Op
from steadypost.domain.delivery import State, WhenLate
from steadypost.domain.outcome import Cause
from steadypost.domain.post import Post
from steadypost.store import (
    Incoming,
    approvals,
    approving,
    changes,
    changing,
    intake,
    notices,
    operations,
    persons,
    reading,
    series,
    series_changes,
    settling,
    undoing,
)
from steadypost.store import accounts as account_rows
from steadypost.store.acts import By
from steadypost.store.approvals import NeedsApproval
from steadypost.store.operations import Editing, Moving, New
from steadypost.store.selecting import Selection
from tests.store.people import BROKEN, HOUR, MINUTE, NOON, TOO_LONG, answer, armed, claims, person, saying

EARLY = NOON - HOUR
ANN, BOB, CAROL = (By(name=name) for name in ("Ann", "Bob", "Carol"))
WAITS = "waits for a second person's yes, of Ann's words: Bob or Carol may give it (the account alice)"


@pytest.fixture(autouse=True)
def rule(store):
    """Posts of alice need the yes of Bob or Carol."""
    store.write(account_rows.put, replace(person("alice"), approvers="Bob, Carol"), EARLY)


def taken_in(store, post=None, *, by="Ann", accounts=("alice",), **more):
    incoming = Incoming(post=post or saying(), accounts=accounts, due_at=NOON, by=by, **more)
    [added] = store.write(intake.add_all, [incoming], EARLY)
    return added[0].delivery_id


def those(*numbers):
    return Selection(ids=numbers)


def approve(store, *numbers, by=BOB, **more):
    return store.write(approving.approve, those(*numbers), by=by, now=EARLY, **more)


def edited(store, number, text, *, by=ANN, **more):
    one = store.read(reading.show, number).delivery
    new = {(one.post_id, one.account): New(post=saying(text))}
    work = Editing(new=new, **more)
    return store.write(changing.change, work, those(number), did="edit", by=by, now=EARLY)


def stands(store, number):
    one = store.read(reading.show, number).delivery
    return one.state, one.why


def told(store):
    return [one.title for one in store.read(notices.every)]


def test_it_waits_until_a_second_person_says_yes(store):
    """Nobody claims it; it says who may say yes; then it goes out, with who said it on record."""
    number = taken_in(store)
    assert (State.HELD, WAITS) == stands(store, number)
    assert [] == claims(store)

    done = approve(store, number)

    assert (State.SCHEDULED, "") == stands(store, number)
    assert [number] == [one.delivery_id for one in claims(store)]
    act = store.read(reading.show, number).acts[-1]
    assert ("Bob", "approve", "held", "scheduled") == (act.by, act.did, act.before, act.after)
    assert done.change_id is not None


@pytest.mark.parametrize("who", ["Ann", " ann ", "Mallory", "somebody"])
def test_nobody_else_can(store, who):
    """Least of all whoever wrote it."""
    number = taken_in(store)

    [stays] = approve(store, number, by=By(name=who)).stays

    assert "may not" in stays.bar.why
    assert (State.HELD, WAITS) == stands(store, number)


def test_release_is_no_yes(store):
    """It is refused with the command that is one."""
    number = taken_in(store)
    with pytest.raises(NeedsApproval, match=f"steadypost approve {number}"):
        store.write(persons.release, number, by=By(name="Bob"), now=clock.now())

    assert State.HELD is stands(store, number)[0]


def test_an_edit_waits_again_and_its_author_is_whoever_made_it(store):
    """Bob said yes and changed it then: now it is Bob's words, and Ann's account wants another."""
    number = taken_in(store)
    approve(store, number)

    edited(store, number, "Changed.", by=BOB)

    assert State.HELD is stands(store, number)[0]
    assert "of Bob's words: Carol may give it" in stands(store, number)[1]
    assert 1 == len(approve(store, number, by=BOB).stays)
    approve(store, number, by=CAROL)
    assert State.SCHEDULED is stands(store, number)[0]


def test_another_time_is_no_other_wording(store):
    number = taken_in(store)
    approve(store, number)
    store.write(
        changing.change, Moving(due=lambda _: NOON + HOUR), those(number), did="move", by=ANN, now=EARLY
    )

    assert State.SCHEDULED is stands(store, number)[0]


def test_undone_it_waits_again(store):
    """The yes is taken back with the change that gave it."""
    number = taken_in(store)
    change = approve(store, number).change_id
    store.write(undoing.undo, change, by=BOB, now=EARLY)
    assert (State.HELD, WAITS) == stands(store, number)

    approve(store, number, by=CAROL)
    assert State.SCHEDULED is stands(store, number)[0]


def test_undoing_an_edit_brings_the_yes_back(store):
    """What was approved was these words."""
    number = taken_in(store)
    approve(store, number)
    change = edited(store, number, "Changed.").change_id
    store.write(undoing.undo, change, by=ANN, now=EARLY)

    assert State.SCHEDULED is stands(store, number)[0]


def test_a_dry_run_says_what_would_become_of_it(store):
    number = taken_in(store)

    [changed] = approve(store, number, dry_run=True).changed

    assert (State.SCHEDULED, State.HELD) == (changed.after.state, stands(store, number)[0])
    [stays] = approve(store, number, by=ANN, dry_run=True).stays
    assert "may not" in stays.bar.why


# Every other way to go out -----------------------------------------------------------------------------------


def missed(store):
    """It waited for its yes until it was too late."""
    number = taken_in(store, late_after=MINUTE)
    assert [] == claims(store, NOON + HOUR)
    return number


def test_what_was_missed_waits_when_it_gets_another_time(store):
    number = missed(store)
    work = Moving(due=lambda _: NOON + 3 * HOUR, op=Op.RESCHEDULE)
    store.write(changing.change, work, those(number), did="reschedule", by=ANN, now=NOON + 2 * HOUR)

    assert (State.HELD, WAITS) == stands(store, number)


def refused(store):
    number = taken_in(store)
    approve(store, number)
    claim = armed(store)
    store.write(settling.answered, claim.attempt_id, answer(TOO_LONG), now=NOON, jitter=0.5)
    return number


def test_what_was_refused_waits_when_it_is_changed(store):
    number = refused(store)
    edited(store, number, "Short.", retry=True)

    assert State.HELD is stands(store, number)[0]
    approve(store, number)
    assert State.SCHEDULED is stands(store, number)[0]


def test_what_broke_its_attempts_waits_when_it_was_changed_meanwhile(store):
    """Changed while it was quarantined, and only then released: in new words it waits."""
    number = taken_in(store)
    approve(store, number)
    for n in range(5):
        claim = armed(store, NOON + n * HOUR)
        store.write(settling.answered, claim.attempt_id, answer(BROKEN), now=NOON + n * HOUR, jitter=0.5)
    assert State.QUARANTINED is stands(store, number)[0]
    edited(store, number, "Simpler.")
    assert State.QUARANTINED is stands(store, number)[0]

    [left] = store.write(persons.retry, Cause.COMPOSER_DIFFERS, by=By(name="Ann", why=""), now=NOON).left
    after = store.write(persons.release, number, by=By(name="Ann"), now=clock.now())

    assert "waits for a second person's yes" in left.why
    assert State.HELD is after.state
    approve(store, number)
    assert State.SCHEDULED is stands(store, number)[0]


def test_a_copy_waits(store):
    copied = store.write(
        operations.copy,
        saying(),
        of=1,
        accounts=["alice"],
        due_at=NOON,
        late_after=None,
        when_late=WhenLate.MISS,
        allow_repeat=False,
        concern="",
        by=BOB,
        now=EARLY,
    )

    [one] = copied.added
    assert (State.HELD, True) == (one.state, "of Bob's words: Carol may" in one.approval)


def test_what_a_file_changes_waits_again(store):
    number = taken_in(store, saying("One."), key="k")
    approve(store, number)
    incoming = Incoming(post=saying("Two."), accounts=("alice", "bob"), due_at=NOON, key="k", by="Ann")

    added = store.write(changes.update_waiting, incoming, did="import --update", by=By(name="Ann"), now=EARLY)

    assert {"alice": State.HELD, "bob": State.SCHEDULED} == {one.account: one.state for one in added}


def test_one_yes_is_for_every_time_of_a_series(store):
    """Those that are planned, and those to come; from other words on, another."""
    begun = store.write(
        series.begin,
        saying("Daily."),
        accounts=["alice"],
        rule="FREQ=DAILY",
        zone="UTC",
        starts="2026-03-02T12:00:00",
        now=EARLY,
        by="Ann",
    )
    times = [(f"2026-03-0{day}T12:00:00", NOON + (day - 2) * 24 * HOUR) for day in (2, 3, 4)]
    first, second = store.write(series.place, begun.series_id, times[:2], until=times[1][1], now=EARLY)
    assert [State.HELD, State.HELD] == [first.state, second.state]

    approve(store, first.delivery_id)
    [third] = store.write(series.place, begun.series_id, times, until=times[2][1], now=EARLY)

    assert [State.SCHEDULED] * 2 == [stands(store, one.delivery_id)[0] for one in (first, second)]
    assert State.SCHEDULED is third.state
    store.write(
        series_changes.reword,
        begun.series_id,
        New(post=saying("Other.")),
        since=times[1][0],
        by=ANN,
        now=EARLY,
    )
    later = ("2026-03-05T12:00:00", NOON + 3 * 24 * HOUR)
    [fourth] = store.write(series.place, begun.series_id, [*times, later], until=later[1], now=EARLY)
    every = [one.delivery_id for one in (first, second, third, fourth)]
    assert [State.SCHEDULED, State.HELD, State.HELD, State.HELD] == [stands(store, one)[0] for one in every]
    approve(store, second.delivery_id)
    assert [State.SCHEDULED] * 4 == [stands(store, one)[0] for one in every]


def test_what_reads_like_another_one_and_waits_says_both(store):
    """The yes answers both: whoever gives it has read them."""
    store.write(account_rows.put, person("alice"), EARLY)
    first = taken_in(store, saying("The same."))
    store.write(account_rows.put, replace(person("alice"), approvers="Bob"), EARLY)
    second = taken_in(store, saying("The same."))

    assert f"says the same as delivery {first}; waits for" in stands(store, second)[1]
    approve(store, second)
    assert State.SCHEDULED is stands(store, second)[0]


def test_late_by_a_rule_that_asks_the_yes_answers_that_too(store):
    number = taken_in(store, late_after=MINUTE, when_late=WhenLate.ASK)
    store.write(approving.approve, those(number), by=BOB, now=NOON + HOUR)

    assert [number] == [one.delivery_id for one in claims(store, NOON + HOUR)]


# Labels ------------------------------------------------------------------------------------------------------


def test_a_label_has_a_rule_of_its_own(store):
    """Bob's yes for the account is not the lawyer's for the label."""
    store.write(approvals.require, "#Legal", ["Dora"], by=ANN, now=EARLY)
    post = Post(parts=saying("Terms.").parts, labels=("legal",))
    number = taken_in(store, post)
    assert "; Dora may give it (the label legal)" in stands(store, number)[1]

    approve(store, number)
    assert "of Ann's words: Dora may give it (the label legal)" in stands(store, number)[1]
    approve(store, number, by=By(name="Dora"))
    assert State.SCHEDULED is stands(store, number)[0]


def test_a_hashtag_counts_as_a_label_and_a_rule_can_go(store):
    store.write(approvals.require, "launch", ["*"], by=ANN, now=EARLY)
    number = taken_in(store, saying("Today! #launch"), accounts=("bob",))
    assert "any person but Ann may give it (the label launch)" in stands(store, number)[1]
    store.write(approvals.require, "launch", [], by=ANN, now=EARLY)

    other = taken_in(store, saying("Now! #launch"), accounts=("bob",))
    assert State.SCHEDULED is stands(store, other)[0]
    assert [] == store.read(approvals.of_labels)


# Telling -----------------------------------------------------------------------------------------------------


def test_somebody_is_told_once_of_all_that_came_together(store):
    """One message for a batch and an account; one more for each new wording; none for a yes."""
    many = [Incoming(post=saying(), accounts=("alice", "bob"), due_at=NOON, by="Ann") for _ in range(3)]
    every = [
        one.delivery_id
        for added in store.write(intake.add_all, many, EARLY)
        for one in added
        if one.account == "alice"
    ]
    assert ["3 posts of alice wait for a second person's yes"] == told(store)
    [notice] = store.read(notices.every)
    assert f"steadypost approve {' '.join(map(str, every))}" in notice.body
    assert 3 == notice.body.count(WAITS)

    approve(store, *every)
    edited(store, every[0], "Changed.")

    assert f"Delivery {every[0]} of alice waits for a second person's yes" == told(store)[1]
    assert 2 == len(told(store))


def test_accounts_and_labels_without_a_rule_are_as_before(store):
    number = taken_in(store, accounts=("bob",), by="")

    assert (State.SCHEDULED, []) == (stands(store, number)[0], told(store))
    [stays] = approve(store, number).stays
    assert "it is scheduled" == stays.bar.why
