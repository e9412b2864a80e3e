"""How posts come in, and what a person can do to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from steadypost.domain.delivery import ImpossibleMove, State
from steadypost.domain.post import Media, Part, Post, Variant
from steadypost.store import (
    Added,
    InHand,
    UnknownAccount,
    UnknownDelivery,
    intake,
    persons,
    reading,
    settling,
)
from steadypost.store.acts import By
from tests.store.people import (
    HOUR,
    NOON,
    an_id,
    armed,
    claims,
    published,
    saying,
    scheduled,
    with_picture,
)
from tests.store.racing import together

DAY = timedelta(days=1)


def test_one_post_for_two_accounts(store):
    """One post, one delivery for each account, each on its own."""
    added = store.write(intake.add, with_picture(), accounts=["bob", "alice"], due_at=NOON, now=NOON)

    assert [("bob", State.SCHEDULED), ("alice", State.SCHEDULED)] == [
        (one.account, one.state) for one in added
    ]
    assert with_picture() == store.read(reading.show, added[0].delivery_id).post
    assert 1 == len({store.read(reading.show, one.delivery_id).delivery.post_id for one in added})


@pytest.mark.parametrize(
    "network", ["x", "mastodon"], ids=["where it is shown another one", "everywhere else"]
)
def test_a_picture_keeps_its_digest(store, network):
    """Alice's account is on X."""
    common, own = (Media(path=Path(f"/{name}.png"), kind="image/png", digest=name * 64) for name in "ab")
    variant = Variant(network=network, parts=(Part(text="Look there", media=(own,)),))
    post = Post(parts=(Part(text="Look", media=(common,)),), variants=(variant,))
    [added] = store.write(intake.add, post, accounts=["alice"], due_at=NOON, now=NOON)

    kept = store.read(reading.show, added.delivery_id).post

    shown = own if network == "x" else common
    assert [shown.digest] == [one.digest for one in kept.parts[0].media]


@pytest.mark.parametrize(
    "again", ["Good morning!", "good  morning!", "1/ Good\nmorning!", "Good morning! #hello"]
)
def test_a_repetition_is_held(store, again):
    """
    What says the same, in whatever case, spacing, numbering or with another hashtag, is held for a person,
    with a reference to the first; the same for another account is not.
    """
    first = scheduled(store, saying("Good morning!"))

    added = store.write(intake.add, saying(again), accounts=["alice", "bob"], due_at=NOON, now=NOON)

    assert [(State.HELD, first), (State.SCHEDULED, None)] == [(one.state, one.repeats) for one in added]
    assert 2 == len(claims(store))


def test_a_repetition_that_is_wanted(store):
    """Whoever means it says so."""
    scheduled(store, saying("Good morning!"))

    [added] = store.write(
        intake.add, saying("Good morning!"), accounts=["alice"], due_at=NOON, allow_repeat=True, now=NOON
    )

    assert State.SCHEDULED is added.state


def test_a_published_post_may_be_said_again_after_a_month(store):
    """A month after it was published a post may be said again; a day before that it is held."""
    scheduled(store, saying("Good morning!"))
    store.write(settling.answered, armed(store).attempt_id, published(an_id()), now=NOON, jitter=0.5)
    month = NOON + timedelta(days=30)

    states = [
        store.write(intake.add, saying("Good morning!"), accounts=["alice"], due_at=month, now=now)[0].state
        for now in (month - DAY, month)
    ]

    assert [State.HELD, State.SCHEDULED] == states


def test_what_was_taken_back_is_no_repetition(store):
    """A post that will never go out does not stand in the way of the same post."""
    store.write(persons.cancel, scheduled(store, saying("Good morning!")), now=NOON, by=By())

    [added] = store.write(intake.add, saying("Good morning!"), accounts=["alice"], due_at=NOON, now=NOON)

    assert State.SCHEDULED is added.state


def test_the_same_key_adds_nothing(store):
    """Reading the same file twice brings nothing in twice."""
    [first] = store.write(
        intake.add, saying("one"), accounts=["alice"], due_at=NOON, key="posts.csv:7", now=NOON
    )
    again = store.write(
        intake.add, saying("two"), accounts=["alice"], due_at=NOON, key="posts.csv:7", now=NOON
    )

    assert [Added(delivery_id=first.delivery_id, account="alice", state=State.SCHEDULED, known=True)] == again
    assert 1 == store.read(reading.counts)[State.SCHEDULED]


def test_the_same_key_many_times_at_once(store):
    """Eight that read the same file at the same moment bring it in once."""
    got = together(
        8,
        lambda _: store.write(
            intake.add, saying("one"), accounts=["alice"], due_at=NOON, key="posts.csv:7", now=NOON
        ),
    )

    assert 1 == len({one.delivery_id for added in got for one in added})
    assert 7 == sum(added[0].known for added in got)


def test_the_same_text_many_times_at_once(store):
    """Eight that bring the same text at the same moment see each other: one goes out, seven are held."""
    together(
        8, lambda _: store.write(intake.add, saying("one"), accounts=["alice", "bob"], due_at=NOON, now=NOON)
    )

    assert (1, 7) == tuple(
        store.read(reading.counts, "alice")[state] for state in (State.SCHEDULED, State.HELD)
    )


def test_an_account_nobody_knows(store):
    """All or nothing: with one unknown account, nothing comes in."""
    with pytest.raises(UnknownAccount, match="Known accounts: alice, bob"):
        store.write(intake.add, saying("one"), accounts=["alice", "carol"], due_at=NOON, now=NOON)

    assert 0 == sum(store.read(reading.counts).values())


def test_a_time_without_zone(store):
    """Nobody can know what it means, so it is refused."""
    with pytest.raises(Exception, match="without zone"):
        store.write(intake.add, saying("one"), accounts=["alice"], due_at=datetime(2026, 3, 2, 12), now=NOON)  # noqa: DTZ001

    assert 0 == sum(store.read(reading.counts).values())


def test_times_come_back_as_they_went_in(store):
    """To the microsecond, in UTC, wherever they came from."""
    kolkata = datetime.fromisoformat("2026-03-02T17:30:00.123457+05:30")

    delivery_id = scheduled(store, due_at=kolkata)

    due_at = store.read(reading.show, delivery_id).delivery.due_at
    assert (kolkata, timedelta(0)) == (due_at, due_at.utcoffset())


def test_release_and_cancel(store):
    """A person lets a held delivery go, or takes one back; what is on its way cannot be taken back."""
    scheduled(store, saying("one"))
    held = scheduled(store, saying("ONE"))

    assert State.SCHEDULED is store.write(persons.release, held, now=NOON + HOUR, by=By()).state
    assert NOON + HOUR == store.read(reading.show, held).delivery.next_at
    assert State.CANCELLED is store.write(persons.cancel, held, now=NOON, by=By()).state
    with pytest.raises(ImpossibleMove):
        store.write(persons.release, held, now=NOON, by=By())
    [claim] = claims(store)
    with pytest.raises(InHand, match="12:00:30 UTC"):
        store.write(persons.cancel, claim.delivery_id, now=NOON, by=By())
    with pytest.raises(UnknownDelivery):
        store.write(persons.cancel, 4711, now=NOON, by=By())
