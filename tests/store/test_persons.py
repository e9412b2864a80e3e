"""A person's word is checked, acted on whole, and kept with who and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from steadypost.domain.clock import Offset
from steadypost.domain.delivery import ImpossibleMove, State, WhenLate
from steadypost.domain.evidence import Absent, CannotTell, Present
from steadypost.domain.network import Pointer
from steadypost.domain.outcome import Cause
from steadypost.domain.parts import PartState
from steadypost.domain.word import WordNotTaken
from steadypost.networks.bluesky import NETWORK as BLUESKY
from steadypost.networks.x import SLOWEST_CREATION
from steadypost.networks.x.snowflake import id_at
from steadypost.store import (
    InHand,
    MayBeLive,
    UnknownAccount,
    UnknownDelivery,
    looks,
    persons,
    reading,
    settling,
    unconfirmed,
)
from steadypost.store import accounts as account_rows
from steadypost.store import late as late_rows
from steadypost.store.acts import By
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


def unconfirmed_delivery(store, post=None, *outcomes, **more) -> int:
    """A delivery that was asked for, and of which nothing was learnt."""
    delivery_id = scheduled(store, post, **more)
    claim = armed(store)
    store.write(
        settling.answered,
        claim.attempt_id,
        answer(*(outcomes or (UNHEARD,) * claim.total)),
        now=NOON,
        jitter=0.5,
    )
    return delivery_id


def under_review(store, *texts) -> int:
    """The same, put before a person by looks that settled nothing."""
    delivery_id = unconfirmed_delivery(store, saying(*texts))
    parts = len(store.read(reading.show, delivery_id).delivery.parts)
    store.write(
        looks.saw, delivery_id, dict.fromkeys(range(parts), NOTHING), now=SOON, next_at=SOON, most_looks=1
    )
    return delivery_id


def said(store, delivery_id, *ids, now=LATER, **more):
    """Carol says it."""
    live = [one if isinstance(one, Pointer) else Pointer(id=one) for one in ids]
    return store.write(
        persons.resolve, delivery_id, live=live, by=By(name="Carol", why="I looked"), now=now, **more
    )


def ids(delivery):
    return [part.remote_id for part in delivery.parts]


def acts(store, delivery_id):
    return [
        (act.by, act.did, act.why, act.before, act.after)
        for act in store.read(reading.show, delivery_id).acts
    ]


# -- it is live


@pytest.mark.parametrize("make", [unconfirmed_delivery, under_review], ids=["unconfirmed", "needs_review"])
def test_a_post_that_a_person_found_is_published(store, make):
    """With its id, soon to be seen live, counted once, and kept with who and why."""
    store.write(account_rows.put, person("alice", per_hour=1), NOON)
    delivery_id = make(store)
    before = store.read(reading.show, delivery_id).delivery.state
    found = an_id()

    after = said(store, delivery_id, Pointer(id=found, handle="aLiCe"))

    story = store.read(reading.show, delivery_id)
    assert (State.PUBLISHED, [found], None, "") == (after.state, ids(after), after.cause, after.why)
    assert story.published_at is not None
    assert story.published_at < SOON
    assert story.verified_at is None
    assert [("Carol", "resolve --live", "I looked", before, State.PUBLISHED)] == acts(store, delivery_id)
    assert (Present(remote_id=found), "Carol") == (story.looks[-1].evidence, story.looks[-1].by)
    assert [(1, False)] == [(use.units, use.unknown) for use in store.read(reading.quota, "alice", SOON)]
    [waiting] = store.read(unconfirmed.due, "alice", LATER + MINUTE)
    assert waiting.published


TARGET = id_at(NOON + timedelta(seconds=2))
TAKEN = id_at(NOON + timedelta(seconds=3))

WRONG = [
    (Pointer(id=id_at(NOON - HOUR)), "before it was first asked for"),
    (Pointer(id=id_at(LATER + HOUR)), "no post can have the id"),
    (Pointer(id=id_at(SOON), handle="Bob"), "is @Bob's"),
    (Pointer(id=TAKEN), "belongs to delivery 1"),
    (Pointer(id=TARGET), "is the one that delivery 2 answers"),
    (Pointer(id=id_at(SOON), part=1), r"has 1 part\(s\)"),
]


@pytest.mark.parametrize(("wrong", "told"), WRONG, ids=[told for _, told in WRONG])
def test_what_cannot_be_it_is_refused(store, wrong, told):
    """Another's, an older one, one that cannot be, its own target: nothing is changed, nothing written down."""
    scheduled(store)
    store.write(settling.answered, armed(store).attempt_id, published(TAKEN), now=NOON, jitter=0.5)
    delivery_id = unconfirmed_delivery(store, saying("Indeed", reply_to=TARGET))
    before = store.read(reading.show, delivery_id)

    with pytest.raises(WordNotTaken, match=told):
        said(store, delivery_id, wrong)

    assert before == store.read(reading.show, delivery_id)


def test_another_account_may_have_the_same_id(store):
    """Ids are unique within an account."""
    scheduled(store, account="bob")
    given = an_id()
    store.write(settling.answered, armed(store).attempt_id, published(given), now=NOON, jitter=0.5)

    assert State.PUBLISHED is said(store, unconfirmed_delivery(store), given).state


def test_what_was_never_asked_for_cannot_be_live(store):
    """A post made by hand is not this delivery's; whoever made it drops the delivery."""
    delivery_id = scheduled(store)
    with pytest.raises(WordNotTaken, match="nothing was ever asked for"):
        said(store, delivery_id, an_id(), now=NOON)

    assert State.CANCELLED is said(store, delivery_id, drop=True, now=NOON).state


def test_a_clock_that_differs_a_little_does_no_harm(store):
    """The network's clock may be some seconds behind ours."""
    assert (
        State.PUBLISHED is said(store, unconfirmed_delivery(store), id_at(NOON - timedelta(seconds=14))).state
    )


@pytest.mark.parametrize("ahead", [-600, -60, 60, 600])
def test_a_machine_s_clock_that_is_off_contradicts_no_person(store, ahead):
    """An id holds the network's time: what was asked for by a clock that is off is judged by how far it was."""
    offset = Offset(ahead=timedelta(seconds=ahead), within=timedelta(seconds=1))
    delivery_id = scheduled(store)
    claim = claimed(store)
    assert store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON, offset=offset)
    store.write(settling.answered, claim.attempt_id, answer(UNHEARD), now=NOON, jitter=0.5)
    found = id_at(NOON + offset.ahead + timedelta(seconds=2))

    # By neither clock can it be the one; what fits this machine's may be, for a `Date` can be that of a proxy.
    with pytest.raises(WordNotTaken, match="before it was first asked for"):
        said(store, delivery_id, id_at(NOON + min(offset.ahead, timedelta(0)) - MINUTE))
    assert State.PUBLISHED is said(store, delivery_id, found).state


def test_an_address_by_handle_is_the_post_that_its_did_names(store):
    """What people copy from Bluesky's app names the account by its handle; it is one post all the same."""
    did, page = "did:plc:alice", "https://bsky.app/profile/alice.test/post/3jui7kd54zh2y"
    record = replace(person("alice"), channel="bluesky", network="bluesky", handle="alice.test")
    store.write(account_rows.put, record, NOON)
    store.write(account_rows.note_identity, "alice", did)
    first, second = unconfirmed_delivery(store), unconfirmed_delivery(store)
    pasted = BLUESKY.read(page)

    after = said(store, first, pasted)
    assert ["at://did:plc:alice/app.bsky.feed.post/3jui7kd54zh2y"] == ids(after)
    with pytest.raises(WordNotTaken, match=f"belongs to delivery {first}"):
        said(store, second, pasted)


# -- threads


def test_a_thread_is_found_part_by_part(store):
    """In the order of its parts, whatever was known of some before."""
    first, second, third = an_id(), an_id(), an_id()
    delivery_id = unconfirmed_delivery(
        store, saying("one", "two", "three"), *published(first).outcomes, UNHEARD, UNHEARD
    )

    after = said(store, delivery_id, first, second, third)

    assert (State.PUBLISHED, [first, second, third]) == (after.state, ids(after))


def test_of_a_part_nobody_spoke_of_nothing_is_known(store):
    """One part found, the other still unconfirmed: it is looked for, and its quota stays taken."""
    store.write(account_rows.put, person("alice", per_hour=5), NOON)
    delivery_id = unconfirmed_delivery(store, saying("one", "two"))
    found = an_id()

    after = said(store, delivery_id, Pointer(id=found, part=1))

    assert (State.UNCONFIRMED, [None, found]) == (after.state, ids(after))
    assert [(2, True)] == [(use.units, use.unknown) for use in store.read(reading.quota, "alice", SOON)]
    assert ["alice"] == list(store.read(unconfirmed.accounts_due, LATER))
    # And the attempt's own answer is still listened to.
    claim_id = store.read(reading.show, delivery_id).attempts[0].id
    earlier = id_at(NOON)
    assert store.write(settling.answered, claim_id, published(earlier, found), now=LATER, jitter=0.5).applied
    assert State.PUBLISHED is store.read(reading.show, delivery_id).delivery.state


def test_a_thread_goes_on_behind_the_parts_a_person_found(store):
    """The rest was never sent, or is absent by their word: it goes on at the first missing part."""
    found = an_id()
    one = unconfirmed_delivery(store, saying("one", "two", "three"), UNHEARD, NEVER, NEVER)
    assert State.PARTIAL is said(store, one, found).state
    other = unconfirmed_delivery(store, saying("one", "two", "three"), account="bob")
    assert State.PARTIAL is said(store, other, found, absent=True).state

    goes_on = [(claim.first, len(claim.parts), claim.reply_to) for claim in claims(store, LATER + HOUR)]

    assert [(1, 2, found)] * 2 == goes_on


def test_parts_that_are_not_in_order_are_refused(store):
    """A thread is published in order, so its ids rise."""
    delivery_id = unconfirmed_delivery(store, saying("one", "two"))
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
    delivery_id = unconfirmed_delivery(store, saying("one", "two"), TOO_LONG, *published(found).outcomes)

    with pytest.raises(WordNotTaken, match="a later one is"):
        store.write(persons.release, delivery_id, now=LATER, by=By())
    with pytest.raises(WordNotTaken, match="a later one is"):
        said(store, delivery_id, absent=True)
    after = said(store, delivery_id, drop=True)

    assert (State.CANCELLED, [None, found]) == (after.state, ids(after))
    assert "part 2 of 2 stay live" in after.why


# -- it is not there, it is not to be


@pytest.mark.parametrize("make", [unconfirmed_delivery, under_review], ids=["unconfirmed", "needs_review"])
def test_what_is_absent_is_asked_for_anew(store, make):
    """As a new attempt, when X can no longer bring the first to life; what it took of the quota is given back."""
    store.write(account_rows.put, person("alice", per_hour=1), NOON)
    delivery_id = make(store)

    after = said(store, delivery_id, absent=True, now=SOON)

    assert (State.SCHEDULED, [PartState.WAITING]) == (after.state, [part.state for part in after.parts])
    assert NOON + SLOWEST_CREATION == after.next_at
    assert [] == store.read(reading.quota, "alice", SOON)
    assert [] == claims(store, SOON)
    again = armed(store, NOON + SLOWEST_CREATION)
    assert 2 == again.n
    assert store.write(
        settling.answered, again.attempt_id, published(an_id(LATER)), now=LATER, jitter=0.5
    ).applied
    assert ["resolve --absent"] == [act.did for act in store.read(reading.show, delivery_id).acts]


def test_what_may_be_live_is_not_dropped_unseen(store):
    """Nothing ends as cancelled while it is there for everybody to see."""
    for delivery_id in (unconfirmed_delivery(store), under_review(store)):
        with pytest.raises(MayBeLive):
            said(store, delivery_id, drop=True)
        with pytest.raises(MayBeLive):
            store.write(persons.cancel, delivery_id, now=LATER, by=By())
        with pytest.raises(MayBeLive):
            store.write(persons.release, delivery_id, now=LATER, by=By())

        after = said(store, delivery_id, drop=True, absent=True)

        assert (State.CANCELLED, "taken back by Carol: I looked") == (after.state, after.why)
        assert ["resolve --absent --drop"] == [act.did for act in store.read(reading.show, delivery_id).acts]
    assert [] == claims(store, LATER + HOUR)


def test_what_is_all_live_cannot_be_dropped(store):
    """It would be two words that contradict each other."""
    delivery_id = unconfirmed_delivery(store)

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
        lambda: store.write(persons.release, delivery_id, not_live=True, now=NOON, by=By()),
    ):
        with pytest.raises(InHand, match="worker worker, whose lease ends at 2026-03-02 12:00:30 UTC"):
            act()
    assert () == store.read(reading.show, delivery_id).acts


def test_what_is_published_is_not_said_again(store):
    """The same id changes nothing, another is refused, and what is gone is never posted again by itself."""
    delivery_id = unconfirmed_delivery(store)
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
        delivery_id = unconfirmed_delivery(store)
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
    delivery_id = unconfirmed_delivery(store)

    def say(number):
        try:
            return said(store, delivery_id, absent=True, drop=number % 2 == 0).state
        except (ImpossibleMove, WordNotTaken):
            return None

    got = [state for state in together(6, say) if state is not None]

    told = [after for *_, after in acts(store, delivery_id)]
    assert got
    assert sorted(told) == sorted(got)
    assert told[-1] == store.read(reading.show, delivery_id).delivery.state


# -- what was done before there was a name to it


def test_release_and_cancel_are_written_down_too(store):
    """With or without a name."""
    scheduled(store, saying("one"))
    held = scheduled(store, saying("ONE"))

    store.write(persons.release, held, by=By(name="Alice", why="it is another one"), now=NOON)
    after = store.write(persons.cancel, held, now=NOON, by=By())

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
    while store.read(reading.show, delivery_id).delivery.state is State.SCHEDULED:
        claim = claimed(store, moment, accounts=[account])
        store.write(
            settling.answered, claim.attempt_id, answer(replace(BROKEN, cause=cause)), now=moment, jitter=0.5
        )
        moment += HOUR
    return delivery_id


def retry(store, cause=Cause.MEDIA_MISSING, **more):
    return store.write(
        persons.retry, cause, by=By(name="Carol", why="the disk is back"), now=NOON + 10 * HOUR, **more
    )


def test_a_retry_lets_go_what_broke_for_one_cause(store):
    """And nothing else; a rehearsal says the same and does nothing."""
    mine, bobs = broken(store), broken(store, account="bob")
    other = broken(store, cause=Cause.OVERLAY)

    rehearsed = retry(store, dry_run=True)
    assert {State.QUARANTINED: 3} == {k: n for k, n in store.read(reading.counts).items() if n}
    assert () == store.read(reading.show, mine).acts
    [alices] = retry(store, account="alice").let_go
    done = retry(store)

    assert [mine, bobs] == [one.id for one in rehearsed.let_go]
    assert ([mine], [bobs]) == ([alices.id], [one.id for one in done.let_go])
    assert State.QUARANTINED is store.read(reading.show, other).delivery.state
    assert [("Carol", "retry --cause media_missing", "the disk is back", "quarantined", "scheduled")] == acts(
        store, bobs
    )
    assert {mine, bobs} == {claim.delivery_id for claim in claims(store, NOON + 10 * HOUR)}
    assert (0, None) == (
        store.read(reading.show, mine).delivery.broken,
        store.read(reading.show, mine).delivery.cause,
    )


def test_a_retry_refuses_what_is_unknown_and_what_is_final(store):
    """Nobody looks at fifty posts with one command; and the network would say no again."""
    looked_for = unconfirmed_delivery(store)
    reviewed = under_review(store)
    assert Cause.NO_ANSWER is store.read(reading.show, reviewed).delivery.cause
    refused = scheduled(store)
    store.write(settling.answered, armed(store).attempt_id, answer(TOO_LONG), now=NOON, jitter=0.5)

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

    assert {State.QUARANTINED} == {store.read(reading.show, one).delivery.state for one in every}
    assert all(acts(store, one) == [] for one in every)


def test_the_lease_is_what_counts(store):
    """When the worker fell silent and its delivery was taken back, a person may speak."""
    delivery_id = scheduled(store)
    armed(store)
    store.rescue(NOON + LEASE)

    assert State.PUBLISHED is said(store, delivery_id, an_id()).state


def test_looks_from_before_a_person_s_word_do_not_contradict_it(store):
    """They missed it; somebody found it. Only looks that come after can prove that it is gone again."""
    delivery_id = unconfirmed_delivery(store)
    for moment in (SOON, NOON + 30 * MINUTE):
        store.write(looks.saw, delivery_id, {0: CannotTell(why="two fit")}, now=moment, next_at=moment)
    store.write(looks.saw, delivery_id, {0: NOTHING}, now=NOON + 40 * MINUTE, next_at=NOON + 40 * MINUTE)
    said(store, delivery_id, an_id())

    one_look = store.write(looks.saw, delivery_id, {0: NOTHING}, now=LATER, next_at=LATER)

    assert State.PUBLISHED is one_look.state


# -- a person sees it live, whatever was believed


def absent(store):
    delivery_id = unconfirmed_delivery(store)
    said(store, delivery_id, absent=True, now=SOON)
    return delivery_id


def taken_back(store):
    delivery_id = unconfirmed_delivery(store)
    said(store, delivery_id, absent=True, drop=True, now=SOON)
    return delivery_id


def turned_down(store):
    return unconfirmed_delivery(store, None, TOO_LONG)


def too_late(store, when_late=WhenLate.MISS):
    delivery_id = unconfirmed_delivery(store, late_after=10 * MINUTE, when_late=when_late)
    said(store, delivery_id, absent=True, now=SOON)
    late_rows.put_aside(store._database, NOON + 11 * MINUTE)
    return delivery_id


def held_for_being_late(store):
    return too_late(store, WhenLate.ASK)


def broken_too_often(store):
    delivery_id = scheduled(store)
    for n in range(5):
        store.write(
            settling.answered,
            armed(store, NOON + n * 20 * MINUTE).attempt_id,
            answer(BROKEN),
            now=NOON + n * 20 * MINUTE,
            jitter=0,
        )
    return delivery_id


def seen_gone(store, *texts):
    delivery_id = scheduled(store, saying(*texts))
    store.write(
        settling.answered,
        armed(store).attempt_id,
        published(*(an_id() for _ in texts or "x")),
        now=NOON,
        jitter=0.5,
    )
    for moment in (SOON, SOON + 20 * MINUTE):
        store.write(
            looks.saw, delivery_id, dict.fromkeys(range(len(texts) or 1), NOTHING), now=moment, next_at=moment
        )
    return delivery_id


@pytest.mark.parametrize(
    ("come_to", "state"),
    [
        (unconfirmed_delivery, State.UNCONFIRMED),
        (under_review, State.NEEDS_REVIEW),
        (absent, State.SCHEDULED),
        (held_for_being_late, State.HELD),
        (taken_back, State.CANCELLED),
        (turned_down, State.REFUSED),
        (too_late, State.MISSED),
        (broken_too_often, State.QUARANTINED),
        (seen_gone, State.REMOVED),
    ],
    ids=lambda given: str(given) if isinstance(given, State) else "",
)
def test_what_a_person_sees_is_live_whatever_was_believed(store, come_to, state):
    """From every state there is, a person who sees it is believed as much as the machine would be."""
    delivery_id = come_to(store)
    assert state is store.read(reading.show, delivery_id).delivery.state
    found = an_id(SOON)

    after = said(store, delivery_id, found, now=NOON + 3 * HOUR)

    assert (State.PUBLISHED, [found], None) == (after.state, ids(after), after.cause)
    assert [] == claims(store, NOON + 24 * HOUR)
    assert store.read(reading.show, delivery_id).verified_at is None


def test_a_post_that_is_shown_again_is_published_under_its_own_id(store):
    """X hid it and shows it again; it is soon seen live, and older looks count against it no more."""
    delivery_id = seen_gone(store)
    own = ids(store.read(reading.show, delivery_id).delivery)

    after = said(store, delivery_id, *own)

    assert (State.PUBLISHED, own) == (after.state, ids(after))
    assert (
        State.PUBLISHED
        is store.write(looks.saw, delivery_id, {0: NOTHING}, now=LATER + MINUTE, next_at=LATER).state
    )
    [found] = store.read(unconfirmed.due, "alice", LATER + HOUR)
    assert (True, delivery_id) == (found.published, found.delivery_id)


def test_a_thread_seen_gone_is_there_again_when_all_of_it_is(store):
    """One part named is not the thread: the rest stays seen gone, and so does the delivery."""
    delivery_id = seen_gone(store, "One.", "Two.")
    first, second = ids(store.read(reading.show, delivery_id).delivery)

    with pytest.raises(WordNotTaken, match="part 2 of it is not among"):
        said(store, delivery_id, first)
    with pytest.raises(WordNotTaken, match="absent or dropped"):
        said(store, delivery_id, first, second, drop=True)
    assert State.REMOVED is store.read(reading.show, delivery_id).delivery.state

    assert State.PUBLISHED is said(store, delivery_id, first, second).state


def test_nothing_else_moves_what_was_seen_gone(store):
    """It is not asked for again by a word that names no post."""
    delivery_id = seen_gone(store)

    for more in ({"absent": True}, {"drop": True}):
        with pytest.raises(WordNotTaken, match="nothing that was said is new"):
            said(store, delivery_id, **more)
