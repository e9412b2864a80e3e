"""An operator's stop keeps back what it is of, and nothing else, until it is lifted or its time is over."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from steadypost.domain.delivery import State
from steadypost.domain.post import LONGEST_TAG, Post
from steadypost.store import (
    AccountRecord,
    AlreadyStruck,
    NotStruck,
    Of,
    Store,
    UnknownAccount,
    UnknownChannel,
    reading,
    settling,
    strikes,
    tables,
)
from steadypost.store import accounts as account_rows
from steadypost.store.acts import By
from steadypost.store.schema import post_parts, post_tags, posts
from steadypost.store.strikes import Strike
from tests.store.people import HOUR, MINUTE, NOON, armed, claimed, claims, saying, scheduled

BY = {"by": By(name="carol", why="the sponsor has left")}


def struck(store, of, name, **more):
    return store.write(strikes.put, of, name, **{**BY, "now": NOON, **more})


def out(store, now=NOON):
    return {claim.delivery_id for claim in claims(store, now)}


@pytest.fixture
def three(store):
    """Alice has a post with a hashtag and one without, Bob has one."""
    return {
        "launch": scheduled(store, saying("The boat is in the water #Launch")),
        "plain": scheduled(store, saying("A quiet morning at the pier")),
        "bob": scheduled(store, account="bob"),
    }


def test_an_account_is_struck(store, three):
    """Everything of it waits, whatever it says; the other goes out."""
    struck(store, Of.ACCOUNT, "alice")

    assert out(store) == {three["bob"]}
    assert store.read(reading.show, three["plain"]).delivery.state is State.SCHEDULED


def test_a_channel_is_struck(store, three):
    """Every account of it waits; one that goes another way does not."""
    store.write(account_rows.put, AccountRecord(name="anna", channel="mastodon", handle="Anna"), NOON)
    elsewhere = scheduled(store, account="anna")
    struck(store, Of.CHANNEL, "x_web")

    assert {claim.delivery_id for claim in claims(store, accounts=("alice", "bob", "anna"))} == {elsewhere}


@pytest.mark.parametrize("written", ["launch", "#launch", "Launch", " #LAUNCH "])
def test_a_tag_is_struck(store, three, written):
    """With the sign or without, whatever the case; what the account has beside it goes out, though due later."""
    struck(store, Of.TAG, written)

    assert out(store) == {three["plain"], three["bob"]}


def test_a_label_is_a_tag_too(store):
    """What an author files a post under stands beside the hashtags in its text."""
    filed = scheduled(store, saying("No hashtag here", labels=("Summer sale",)))
    struck(store, Of.TAG, "summer sale")

    assert out(store) == set()
    store.write(strikes.lift, Of.TAG, "Summer Sale", **BY, now=NOON)
    assert out(store) == {filed}


def test_what_is_struck_keeps_its_place(store, three):
    """Lifted, the oldest goes first."""
    struck(store, Of.ACCOUNT, "alice")
    store.write(strikes.lift, Of.ACCOUNT, "alice", by=By(name="dave", why="they are back"), now=NOON)

    assert [claim.delivery_id for claim in claims(store, at_most=1)] == [three["launch"]]


def test_a_strike_ends_with_its_time(store, three):
    """By itself, at its instant."""
    struck(store, Of.ACCOUNT, "alice", until=NOON + HOUR)

    assert out(store, NOON + HOUR - MINUTE) == {three["bob"]}
    assert out(store, NOON + HOUR) == {three["launch"], three["plain"]}


def test_a_strike_is_heard_before_the_click(store):
    """What is being prepared may not be armed; it goes back, uncharged."""
    delivery_id = scheduled(store)
    claim = claimed(store)
    struck(store, Of.ACCOUNT, "alice")

    assert not store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON)
    assert store.read(reading.show, delivery_id).attempts[0].armed_at is None


def test_what_is_armed_is_not_recalled(store):
    """It may be live by now: its answer is taken down as ever."""
    scheduled(store)
    claim = armed(store)
    struck(store, Of.ACCOUNT, "alice")

    assert store.read(reading.show, claim.delivery_id).delivery.state is State.SENDING


def test_who_struck_and_who_lifted_stay_on_record(store):
    """With their reasons; nothing is taken out."""
    struck(store, Of.TAG, "launch", until=NOON + HOUR)
    store.write(strikes.lift, Of.TAG, "launch", by=By(name="dave", why="false alarm"), now=NOON + MINUTE)

    assert [] == store.read(strikes.every, now=NOON + MINUTE)
    [kept] = store.read(strikes.every, also_over=True, now=NOON + MINUTE)
    assert (kept.by, kept.why, kept.since, kept.until) == ("carol", BY["by"].why, NOON, NOON + HOUR)
    assert (kept.lifted_by, kept.lifted_why, kept.lifted_at) == ("dave", "false alarm", NOON + MINUTE)


def test_one_strike_at_a_time(store):
    """A second would outlive the first unseen; when the first is over there may be another."""
    struck(store, Of.ACCOUNT, "alice", until=NOON + HOUR)

    with pytest.raises(
        AlreadyStruck, match=r"carol has struck the account alice: the sponsor has left\. Lift it"
    ):
        struck(store, Of.ACCOUNT, "alice")
    struck(store, Of.ACCOUNT, "alice", now=NOON + HOUR)


def test_what_there_is_not_cannot_be_struck(store):
    """An account or a channel that nobody has; a tag may come to be used."""
    with pytest.raises(UnknownAccount, match=r"'alcie'.*alice, bob"):
        struck(store, Of.ACCOUNT, "alcie")
    with pytest.raises(UnknownChannel, match=r"'x'.*There are: x_web"):
        struck(store, Of.CHANNEL, "x")
    struck(store, Of.TAG, "nobody-yet")


def test_what_is_not_struck_cannot_be_lifted(store):
    """A slip of the hand is told, not swallowed."""
    with pytest.raises(NotStruck, match=r"the account alice is not struck\. 'steadypost strikes'"):
        store.write(strikes.lift, Of.ACCOUNT, "alice", **BY, now=NOON)


def test_the_strikes_against_a_delivery(store, three):
    """All of them, and no other's: they are why it waits."""
    struck(store, Of.TAG, "launch")
    struck(store, Of.ACCOUNT, "alice")
    struck(store, Of.TAG, "other")

    def against(name):
        return [
            one.of
            for one in store.read(strikes.against, store.read(reading.show, three[name]).delivery, NOON)
        ]

    assert [against(name) for name in ("launch", "plain", "bob")] == [[Of.TAG, Of.ACCOUNT], [Of.ACCOUNT], []]


def test_tags_of_a_text():
    """Whole hashtags, not what merely has a hash sign in it; each once."""
    post = saying("#One two #one, x#three &#39; #été #日本", "and #four", labels=("Five", "#Five", " "))

    assert {"one", "été", "日本", "four", "five"} == post.tags
    assert max(map(len, Post(parts=saying("#" + "a" * 300).parts).tags)) == LONGEST_TAG


def test_posts_from_before_have_their_tags(empty_url):
    """Whoever brings an older store up can strike what was in it."""
    store = Store.at(empty_url)
    tables.migrate(store._database, "0002")
    with store._database.writing() as connection:
        row = {"id": 1, "source": "before", "fingerprint": "x", "created_at": NOON}
        connection.execute(insert(posts).values(row))
        connection.execute(
            insert(post_parts).values({"post_id": 1, "n": 0, "text": "An old one #Launch, #launch"})
        )

    store.migrate()

    with store._database.reading() as connection:
        assert [(1, "launch")] == connection.execute(select(post_tags)).all()
    store.close()


@pytest.mark.parametrize(
    ("more", "holds"),
    [
        ({"until": None}, True),
        ({"until": NOON + timedelta(seconds=1)}, True),
        ({"until": NOON}, False),
        ({"until": None, "lifted_at": NOON - HOUR}, False),
        ({"until": NOON + HOUR, "lifted_at": NOON - HOUR}, False),
    ],
)
def test_a_strike_is_in_force_until_it_ends_or_is_lifted(more, holds):
    strike = Strike(id=1, of=Of.ACCOUNT, name="alice", by="carol", why="a test", since=NOON - HOUR, **more)

    assert holds is strike.is_in_force(NOON)
