"""A person's word is checked, acted on whole, and kept with who and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from steadypost.domain.delivery import ImpossibleMove, PartState, State
from steadypost.domain.evidence import SLOWEST_CREATION, Absent, CannotTell, Present
from steadypost.domain.outcome import Cause
from steadypost.domain.snowflake import id_at
from steadypost.domain.word import Pointer, WordNotTaken
from steadypost.store import InHand, MayBeLive, UnknownAccount, UnknownDelivery
from tests.store.people import (
    BROKEN,
    HOUR,
    LEASE,
    MINUTE,
    NEVER,
    NOON,
    TOO_LONG,
    UNHEARD,
    an_id,
    answer,
    armed,
    claimed,
    claims,
    person,
    published,
    saying,
    scheduled,
)
from tests.store.racing import together

SOON = NOON + MINUTE
LATER = NOON + HOUR
NOTHING = Absent(why="not in the list")


def in_doubt(store, post=None, *outcomes, **more) -> int:
    """A delivery that was asked for, and of which nothing was learnt."""
    delivery_id = scheduled(store, post, **more)
    claim = armed(store)
    store.answered(claim.attempt_id, answer(*(outcomes or (UNHEARD,) * claim.total)), NOON, 0.5)
    return delivery_id


def under_review(store, *texts) -> int:
    """The same, put before a person by looks that settled nothing."""
    delivery_id = in_doubt(store, saying(*texts))
    parts = len(store.show(delivery_id).delivery.parts)
    store.saw(delivery_id, dict.fromkeys(range(parts), NOTHING), SOON, SOON, most_looks=1)
    return delivery_id


def said(store, delivery_id, *ids, now=LATER, **more):
    """Carol says it."""
    live = [one if isinstance(one, Pointer) else Pointer(id=one) for one in ids]
    return store.resolve(delivery_id, live=live, by="Carol", why="I looked", now=now, **more)


def ids(delivery):
    return [part.remote_id for part in delivery.parts]


def acts(store, delivery_id):
    return [(act.by, act.did, act.why, act.before, act.after) for act in store.show(delivery_id).acts]


# -- it is live


@pytest.mark.parametrize("doubtful", [in_doubt, under_review], ids=["unconfirmed", "needs_review"])
def test_a_post_that_a_person_found_is_published(store, doubtful):
    """With its id, soon to be seen with own eyes, counted once, and kept with who and why."""
    store.put_account(person("alice", per_hour=1), NOON)
    delivery_id = doubtful(store)
    before = store.show(delivery_id).delivery.state
    found = an_id()

    after = said(store, delivery_id, Pointer(id=found, handle="aLiCe"))

    story = store.show(delivery_id)
    assert (State.PUBLISHED, [found], None, "") == (after.state, ids(after), after.cause, after.why)
    assert story.published_at is not None
    assert story.published_at < SOON
    assert story.verified_at is None
    assert [("Carol", "resolve --live", "I looked", before, State.PUBLISHED)] == acts(store, delivery_id)
    assert (Present(remote_id=found), "Carol") == (story.looks[-1].evidence, story.looks[-1].by)
    assert [(1, False)] == [(use.units, use.unknown) for use in store.quota("alice", SOON)]
    [doubt] = store.looks_due(LATER + MINUTE)["alice"]
    assert doubt.published


TARGET = id_at(NOON + timedelta(seconds=2))
TAKEN = id_at(NOON + timedelta(seconds=3))

WRONG = [
    (Pointer(id=id_at(NOON - MINUTE)), "before it was first asked for"),
    (Pointer(id=id_at(LATER + MINUTE)), "no post can have the id"),
    (Pointer(id=id_at(SOON), handle="Bob"), "is @Bob's"),
    (Pointer(id=TAKEN), "belongs to delivery 1"),
    (Pointer(id=TARGET), "is the one that delivery 2 answers"),
    (Pointer(id=id_at(SOON), part=1), r"has 1 part\(s\)"),
]


@pytest.mark.parametrize(("wrong", "told"), WRONG, ids=[told for _, told in WRONG])
def test_what_cannot_be_it_is_refused(store, wrong, told):
    """Another's, an older one, one that cannot be, its own target: nothing is changed, nothing written down."""
    scheduled(store)
    store.answered(armed(store).attempt_id, published(TAKEN), NOON, 0.5)
    delivery_id = in_doubt(store, saying("Indeed", reply_to=TARGET))
    before = store.show(delivery_id)

    with pytest.raises(WordNotTaken, match=told):
        said(store, delivery_id, wrong)

    assert before == store.show(delivery_id)


def test_another_account_may_have_the_same_id(store):
    """Ids are unique within an account."""
    scheduled(store, account="bob")
    given = an_id()
    store.answered(armed(store).attempt_id, published(given), NOON, 0.5)

    assert State.PUBLISHED is said(store, in_doubt(store), given).state


def test_what_was_never_asked_for_cannot_be_live(store):
    """A post made by hand is not this delivery's; whoever made it drops the delivery."""
    delivery_id = scheduled(store)
    with pytest.raises(WordNotTaken, match="nothing was ever asked for"):
        said(store, delivery_id, an_id(), now=NOON)

    assert State.CANCELLED is said(store, delivery_id, drop=True, now=NOON).state


def test_a_clock_that_differs_a_little_does_no_harm(store):
    """The network's clock may be some seconds behind ours."""
    assert State.PUBLISHED is said(store, in_doubt(store), id_at(NOON - timedelta(seconds=14))).state


# -- threads


def test_a_thread_is_found_part_by_part(store):
    """In the order of its parts, whatever was known of some before."""
    first, second, third = an_id(), an_id(), an_id()
    delivery_id = in_doubt(store, saying("one", "two", "three"), *published(first).outcomes, UNHEARD, UNHEARD)

    after = said(store, delivery_id, first, second, third)

    assert (State.PUBLISHED, [first, second, third]) == (after.state, ids(after))


def test_of_a_part_nobody_spoke_of_nothing_is_known(store):
    """One part found, the other still in doubt: it is looked for, and its quota stays taken."""
    store.put_account(person("alice", per_hour=5), NOON)
    delivery_id = in_doubt(store, saying("one", "two"))
    found = an_id()

    after = said(store, delivery_id, Pointer(id=found, part=1))

    assert (State.UNCONFIRMED, [None, found]) == (after.state, ids(after))
    assert [(2, True)] == [(use.units, use.unknown) for use in store.quota("alice", SOON)]
    assert ["alice"] == list(store.looks_due(LATER))
    # And the attempt's own answer is still listened to.
    claim_id = store.show(delivery_id).attempts[0].id
    earlier = id_at(NOON)
    assert store.answered(claim_id, published(earlier, found), LATER, 0.5).applied
    assert State.PUBLISHED is store.show(delivery_id).delivery.state


def test_a_thread_goes_on_behind_the_parts_a_person_found(store):
    """The rest was never sent, or is absent by their word: it goes on at the first missing part."""
    found = an_id()
    one = in_doubt(store, saying("one", "two", "three"), UNHEARD, NEVER, NEVER)
    assert State.PARTIAL is said(store, one, found).state
    other = in_doubt(store, saying("one", "two", "three"), account="bob")
    assert State.PARTIAL is said(store, other, found, absent=True).state

    for claim in claims(store, LATER + HOUR):
        assert (1, 2, found) == (claim.first, len(claim.parts), claim.reply_to)


def test_parts_that_are_not_in_order_are_refused(store):
    """A thread is published in order, so its ids rise."""
    delivery_id = in_doubt(store, saying("one", "two"))
    first, second = an_id(), an_id()

    with pytest.raises(WordNotTaken, match="not younger"):
        said(store, delivery_id, second, first)
    with pytest.raises(WordNotTaken, match="named twice"):
        said(store, delivery_id, first, first)
    with pytest.raises(WordNotTaken, match="no room"):
        said(store, delivery_id, first, second, an_id())
    with pytest.raises(WordNotTaken, match="two posts are said to be part 1"):
        said(store, delivery_id, Pointer(id=first, part=0), Pointer(id=second, part=0))


def test_a_thread_with_a_hole_is_never_sent_into(store):
    """A part that is live behind one that is not would be sent a second time."""
    found = an_id()
    delivery_id = in_doubt(store, saying("one", "two"), TOO_LONG, *published(found).outcomes)

    with pytest.raises(WordNotTaken, match="a later one is"):
        store.release(delivery_id, now=LATER)
    with pytest.raises(WordNotTaken, match="a later one is"):
        said(store, delivery_id, absent=True)
    after = said(store, delivery_id, drop=True)

    assert (State.CANCELLED, [None, found]) == (after.state, ids(after))
    assert "part 2 of 2 stay live" in after.why


# -- it is not there, it is not to be


@pytest.mark.parametrize("doubtful", [in_doubt, under_review], ids=["unconfirmed", "needs_review"])
def test_what_is_absent_is_asked_for_anew(store, doubtful):
    """As a new attempt, when X can no longer bring the first to life; what it took of the quota is given back."""
    store.put_account(person("alice", per_hour=1), NOON)
    delivery_id = doubtful(store)

    after = said(store, delivery_id, absent=True, now=SOON)

    assert (State.SCHEDULED, [PartState.WAITING]) == (after.state, [part.state for part in after.parts])
    assert NOON + SLOWEST_CREATION == after.next_at
    assert [] == store.quota("alice", SOON)
    assert [] == claims(store, SOON)
    again = armed(store, NOON + SLOWEST_CREATION)
    assert 2 == again.n
    assert store.answered(again.attempt_id, published(an_id(LATER)), LATER, 0.5).applied
    assert ["resolve --absent"] == [act.did for act in store.show(delivery_id).acts]


def test_what_may_be_live_is_not_dropped_unseen(store):
    """Nothing ends as cancelled while it is there for everybody to see."""
    for delivery_id in (in_doubt(store), under_review(store)):
        with pytest.raises(MayBeLive):
            said(store, delivery_id, drop=True)
        with pytest.raises(MayBeLive):
            store.cancel(delivery_id, now=LATER)
        with pytest.raises(MayBeLive):
            store.release(delivery_id, now=LATER)

        after = said(store, delivery_id, drop=True, absent=True)

        assert (State.CANCELLED, "taken back by Carol: I looked") == (after.state, after.why)
        assert ["resolve --absent --drop"] == [act.did for act in store.show(delivery_id).acts]
    assert [] == claims(store, LATER + HOUR)


def test_what_is_all_live_cannot_be_dropped(store):
    """It would be two words that contradict each other."""
    delivery_id = in_doubt(store)

    with pytest.raises(WordNotTaken, match="nothing is left"):
        said(store, delivery_id, an_id(), drop=True)


def test_what_a_worker_holds_is_nobody_elses(store):
    """It may be at the click; the refusal says until when."""
    delivery_id = scheduled(store)
    armed(store)

    for act in (
        lambda: said(store, delivery_id, an_id(), now=NOON),
        lambda: said(store, delivery_id, absent=True, now=NOON),
        lambda: said(store, delivery_id, drop=True, absent=True, now=NOON),
        lambda: store.release(delivery_id, not_live=True, now=NOON),
    ):
        with pytest.raises(InHand, match="worker worker, whose lease ends at 2026-03-02 12:00:30 UTC"):
            act()
    assert () == store.show(delivery_id).acts


def test_what_is_published_is_not_said_again(store):
    """The same id changes nothing, another is refused, and what is gone is never posted again by itself."""
    delivery_id = in_doubt(store)
    found = an_id()
    said(store, delivery_id, found)

    with pytest.raises(WordNotTaken, match="is published"):
        said(store, delivery_id, found)
    with pytest.raises(WordNotTaken, match=f"known as {found}"):
        said(store, delivery_id, Pointer(id=an_id(), part=0))
    with pytest.raises(WordNotTaken, match="is published"):
        said(store, delivery_id, absent=True)
    assert 1 == len(acts(store, delivery_id))


def test_a_person_who_was_wrong_can_say_so(store):
    """What was dropped, or asked for anew, and is found after all, is published: no status stays false."""
    for words in ({"absent": True}, {"absent": True, "drop": True}):
        delivery_id = in_doubt(store)
        said(store, delivery_id, now=SOON, **words)

        assert State.PUBLISHED is said(store, delivery_id, an_id()).state
    assert [] == claims(store, LATER + HOUR)


def test_what_waits_for_nobody_is_left_alone(store):
    """Absent says nothing of what was never asked for."""
    delivery_id = scheduled(store)

    with pytest.raises(ImpossibleMove):
        said(store, delivery_id, absent=True)
    with pytest.raises(UnknownDelivery):
        said(store, 4711, absent=True)


def test_of_two_words_at_the_same_moment_one_is_taken(store):
    """Under the delivery's lock the second meets what the first made of it."""
    delivery_id = in_doubt(store)

    def say(number):
        try:
            return said(store, delivery_id, absent=True, drop=number % 2 == 0).state
        except (ImpossibleMove, WordNotTaken):
            return None

    got = [state for state in together(6, say) if state is not None]

    told = [after for *_, after in acts(store, delivery_id)]
    assert got
    assert sorted(told) == sorted(got)
    assert told[-1] == store.show(delivery_id).delivery.state


# -- what was done before there was a name to it


def test_release_and_cancel_are_written_down_too(store):
    """With or without a name."""
    scheduled(store, saying("one"))
    held = scheduled(store, saying("ONE"))

    store.release(held, by="Alice", why="it is another one", now=NOON)
    after = store.cancel(held, now=NOON)

    assert [
        ("Alice", "release", "it is another one", State.HELD, State.SCHEDULED),
        ("somebody", "cancel", "", State.SCHEDULED, State.CANCELLED),
    ] == acts(store, held)
    assert "taken back by a person" == after.why


# -- many at once


def broken(store, *, account="alice", cause=Cause.MEDIA_MISSING) -> int:
    """A delivery that broke its attempts until it was quarantined."""
    delivery_id = scheduled(store, account=account)
    moment = NOON
    while store.show(delivery_id).delivery.state is State.SCHEDULED:
        claim = claimed(store, moment, accounts=[account])
        store.answered(claim.attempt_id, answer(replace(BROKEN, cause=cause)), moment, 0.5)
        moment += HOUR
    return delivery_id


def retry(store, cause=Cause.MEDIA_MISSING, **more):
    return store.retry(cause, by="Carol", why="the disk is back", now=NOON + 10 * HOUR, **more)


def test_a_retry_lets_go_what_broke_for_one_cause(store):
    """And nothing else; a rehearsal says the same and does nothing."""
    mine, bobs = broken(store), broken(store, account="bob")
    other = broken(store, cause=Cause.OVERLAY)

    rehearsed = retry(store, dry_run=True)
    assert {State.QUARANTINED: 3} == {k: n for k, n in store.counts().items() if n}
    assert () == store.show(mine).acts
    [alices] = retry(store, account="alice").let_go
    done = retry(store)

    assert [mine, bobs] == [one.id for one in rehearsed.let_go]
    assert ([mine], [bobs]) == ([alices.id], [one.id for one in done.let_go])
    assert State.QUARANTINED is store.show(other).delivery.state
    assert [("Carol", "retry --cause media_missing", "the disk is back", "quarantined", "scheduled")] == acts(
        store, bobs
    )
    assert {mine, bobs} == {claim.delivery_id for claim in claims(store, NOON + 10 * HOUR)}
    assert (0, None) == (store.show(mine).delivery.broken, store.show(mine).delivery.cause)


def test_a_retry_refuses_what_is_unknown_and_what_is_final(store):
    """Nobody looks at fifty posts with one command; and the network would say no again."""
    looked_for = in_doubt(store)
    reviewed = under_review(store)
    assert Cause.NO_ANSWER is store.show(reviewed).delivery.cause
    refused = scheduled(store)
    store.answered(armed(store).attempt_id, answer(TOO_LONG), NOON, 0.5)

    unknown, final = retry(store, Cause.NO_ANSWER), retry(store, Cause.TOO_LONG)

    assert ((), ()) == (unknown.let_go, final.let_go)
    assert [looked_for, reviewed] == [left.delivery.id for left in unknown.left]
    assert all("may be live" in left.why for left in unknown.left)
    assert [(refused, True)] == [(left.delivery.id, "say no again" in left.why) for left in final.left]


def test_a_retry_leaves_what_would_only_be_missed(store):
    """By its own late rule."""
    delivery_id = broken(store)
    late = broken(store)
    with store._database.writing() as connection:
        from steadypost.store.schema import deliveries  # noqa: PLC0415 - only here

        connection.execute(
            deliveries.update()
            .where(deliveries.c.id == late)
            .values(late_after_s=3600, late_at=NOON + HOUR, due_at=NOON)
        )

    done = retry(store)

    assert [delivery_id] == [one.id for one in done.let_go]
    assert [(late, True)] == [(left.delivery.id, "too late" in left.why) for left in done.left]


def test_a_retry_of_an_account_nobody_knows(store):
    """Is an error, not an empty answer."""
    with pytest.raises(UnknownAccount):
        retry(store, account="alyce")


def test_two_retries_at_once_let_each_go_once(store):
    """Each is judged under its lock."""
    every = {broken(store) for _ in range(3)}

    got = [one.id for done in together(4, lambda _: retry(store)) for one in done.let_go]

    assert sorted(every) == sorted(got)
    assert all(len(acts(store, one)) == 1 for one in every)


def test_a_retry_that_breaks_on_its_way_has_done_nothing(store, monkeypatch):
    """All or none."""
    every = [broken(store) for _ in range(3)]
    from steadypost.store import acts as act_rows  # noqa: PLC0415 - only here

    real, calls = act_rows.record, []

    def breaks(*args, **more):
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("the power went")
        real(*args, **more)

    monkeypatch.setattr(act_rows, "record", breaks)
    with pytest.raises(RuntimeError):
        retry(store)

    assert {State.QUARANTINED} == {store.show(one).delivery.state for one in every}
    assert all(acts(store, one) == [] for one in every)


def test_the_lease_is_what_counts(store):
    """When the worker fell silent and its delivery was taken back, a person may speak."""
    delivery_id = scheduled(store)
    armed(store)
    store.rescue(NOON + LEASE)

    assert State.PUBLISHED is said(store, delivery_id, an_id()).state


def test_looks_from_before_a_person_s_word_do_not_contradict_it(store):
    """They missed it; somebody found it. Only looks that come after can prove that it is gone again."""
    delivery_id = in_doubt(store)
    for moment in (SOON, NOON + 30 * MINUTE):
        store.saw(delivery_id, {0: CannotTell(why="two fit")}, moment, moment)
    store.saw(delivery_id, {0: NOTHING}, NOON + 40 * MINUTE, NOON + 40 * MINUTE)
    said(store, delivery_id, an_id())

    one_look = store.saw(delivery_id, {0: NOTHING}, LATER, LATER)

    assert State.PUBLISHED is one_look.state
