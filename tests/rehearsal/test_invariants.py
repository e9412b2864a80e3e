"""The checker finds what it is there for: a ledger and a store that disagree, by the number of the invariant."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from rehearsal.audit import audit
from rehearsal.invariants import judge
from steadypost.domain.evidence import Absent
from steadypost.domain.outcome import Answer, Cause, Phase, Published, Unconfirmed
from steadypost.domain.post import Part, Post
from steadypost.domain.quota import Limits
from steadypost.networks.x.snowflake import id_at
from steadypost.store import AccountRecord, Store, intake, looks, persons, settling
from steadypost.store import accounts as account_rows
from steadypost.store.acts import By
from steadypost.store.schema import deliveries, delivery_parts

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
SETTLE = timedelta(minutes=15)
UNHEARD = Unconfirmed(cause=Cause.NO_ANSWER, why="no answer", phase=Phase.CLICKED)


class Ledger:
    """A network whose truth is what a test says."""

    def __init__(self):
        self.posts = []
        self.arrived = []
        self._numbers = itertools.count(1)

    def made(self, text, at, *, author="alice", reply_to=None, asked=True, ahead=timedelta(0)):
        post_id = id_at(at + ahead, sequence=next(self._numbers))
        self.posts.append(
            {
                "id": post_id,
                "author": author,
                "text": text,
                "created_at": int((at + ahead).timestamp() * 1000),
                "made_at_host": int(at.timestamp() * 1000),
                "reply_to": reply_to,
                "ask": f"ask-{post_id}" if asked else None,
                "media": [],
                "live": True,
            }
        )
        if asked:
            self.asked(text, at, account=author, ask=f"ask-{post_id}")
        return post_id

    def asked(self, text, at, *, account="alice", ask="ask"):
        arrived = {"id": ask, "account": account, "text": text, "arrived_at_host": int(at.timestamp() * 1000)}
        self.arrived.append(arrived)

    def ledger(self, account=None):
        return self.posts

    def live(self, account=None):
        return [post for post in self.posts if post["live"]]

    def asks(self, account=None):
        return self.arrived


@pytest.fixture
def network():
    return Ledger()


@pytest.fixture
def store(tmp_path):
    with Store.create(f"sqlite:///{tmp_path}/store.db") as store:
        store.write(
            account_rows.put,
            AccountRecord(name="alice", channel="x_web", handle="alice", limits=Limits(per_hour=2)),
            now=NOON,
        )
        yield store


def asked(store, *texts, at=NOON):
    """A delivery that was claimed and armed."""
    post = Post(parts=tuple(Part(text=text) for text in texts))
    (added,) = store.write(intake.add, post, accounts=["alice"], due_at=at, now=at, allow_repeat=True)
    (claim,) = store.claim(worker="w", now=at, lease=MINUTE, at_most=1, accounts=["alice"])
    assert claim.delivery_id == added.delivery_id
    assert store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=at)
    return claim


def answered(store, claim, *outcomes, at=NOON + SECOND):
    return store.write(
        settling.answered, claim.attempt_id, Answer(outcomes=outcomes), now=at, jitter=0.5
    ).delivery


def published(store, network, text="Hello", at=NOON):
    claim = asked(store, text, at=at)
    remote_id = network.made(text, at + SECOND)
    answered(store, claim, Published(remote_id=remote_id), at=at + SECOND)
    return claim


def copied(network, at=NOON + MINUTE):
    """The network makes a second post of the first ask."""
    first = network.posts[0]
    post_id = id_at(at, sequence=999)
    network.posts.append({**first, "id": post_id, "made_at_host": int(at.timestamp() * 1000)})


def limited(store, **limits):
    store.write(
        account_rows.put,
        AccountRecord(name="alice", channel="x_web", handle="alice", limits=Limits(**limits)),
        now=NOON,
    )


def numbers(store, network, **more):
    return sorted({one.number for one in judge(store, network, **more)})


def test_what_is_right_breaks_nothing(store, network):
    """One ask, one live post, its id."""
    published(store, network)

    assert [] == judge(store, network)


def test_a_second_copy_breaks_the_first(store, network):
    """Two live copies; and of the second, nobody knows."""
    published(store, network)
    copied(network)

    assert [1, 2] == numbers(store, network)


def test_published_while_absent_breaks_the_second(store, network):
    """The store names an id, and the network has nothing of that id."""
    published(store, network)
    network.posts[0]["live"] = False

    assert [2] == numbers(store, network)


def test_an_id_of_somebody_else_breaks_the_eighth(store, network):
    """The id is live, and another account's."""
    published(store, network)
    network.posts[0]["author"] = "bob"

    assert 8 in numbers(store, network)


def test_asking_again_unseen_breaks_the_third(store, network):
    """An unconfirmed attempt was followed by another, and between them nobody proved anything."""
    claim = asked(store, "Hello")
    answered(store, claim, UNHEARD)
    network.asked("Hello", NOON)
    with store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET state = 'scheduled'")
    (again,) = store.claim(worker="w", now=NOON + MINUTE, lease=MINUTE, at_most=1, accounts=["alice"])
    store.write(settling.arm, again.attempt_id, fence=again.fence, now=NOON + MINUTE)
    remote_id = network.made("Hello", NOON + MINUTE + SECOND)
    answered(store, again, Published(remote_id=remote_id), at=NOON + MINUTE + SECOND)

    assert [3] == numbers(store, network)


@pytest.mark.parametrize(("apart", "broken"), [(SETTLE, []), (SETTLE - SECOND, [3])])
def test_two_looks_a_settle_window_apart_are_a_proof(store, network, apart, broken):
    """And a second less is none."""
    claim = asked(store, "Hello")
    answered(store, claim, UNHEARD)
    network.asked("Hello", NOON)
    for at in (NOON + MINUTE, NOON + MINUTE + apart):
        store.write(looks.saw, claim.delivery_id, {0: Absent(why="-")}, now=at, next_at=at)
    late = NOON + timedelta(hours=1)
    with store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET state = 'scheduled', next_at = due_at")
    (again,) = store.claim(worker="w", now=late, lease=MINUTE, at_most=1, accounts=["alice"])
    store.write(settling.arm, again.attempt_id, fence=again.fence, now=late)
    answered(store, again, Published(remote_id=network.made("Hello", late)), at=late)

    assert broken == numbers(store, network)


def test_an_ask_without_an_intent_breaks_the_third(store, network):
    """The network was asked before anybody had written that it would be."""
    claim = asked(store, "Hello")
    remote_id = network.made("Hello", NOON - SECOND)
    answered(store, claim, Published(remote_id=remote_id))

    # It was asked for before it was due, too.
    assert [3, 6] == numbers(store, network)


def test_an_ask_from_an_attempt_that_is_over_breaks_the_third(store, network):
    """One attempt, two requests: a worker that woke late has clicked."""
    published(store, network)
    network.asked("Hello", NOON + MINUTE)

    assert [3] == numbers(store, network)


def test_what_does_not_come_to_rest_breaks_the_fourth(store, network):
    """It is still unconfirmed when nothing moves any more."""
    answered(store, asked(store, "Hello"), UNHEARD)

    assert [4] == numbers(store, network)


def test_an_innocent_that_is_late_breaks_the_fifth(store, network):
    """A post nothing was wrong with went out, but not when it was due."""
    claim = published(store, network)

    assert [] == numbers(store, network, prompt={claim.delivery_id: timedelta(seconds=2)})
    assert [5] == numbers(store, network, prompt={claim.delivery_id: timedelta(seconds=0.5)})


def test_more_than_the_quota_breaks_the_sixth(store, network):
    """Three within an hour, where two may be; counted by the network's own times."""
    for n, text in enumerate(("One", "Two")):
        published(store, network, text, at=NOON + n * MINUTE)
    with store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE accounts SET per_hour = 1")

    assert [6] == numbers(store, network)


def test_two_posts_nearer_than_the_spacing_break_the_sixth(store, network):
    """By the ledger's own times: a minute apart is far enough for thirty seconds, and not for two minutes."""
    for n, text in enumerate(("One", "Two")):
        published(store, network, text, at=NOON + n * MINUTE)

    limited(store, spacing=MINUTE / 2)
    assert [] == numbers(store, network)
    limited(store, spacing=2 * MINUTE)
    assert [6] == numbers(store, network)
    assert [] == numbers(store, network, slack=MINUTE)


def test_the_parts_of_a_thread_keep_no_distance(store, network):
    """They are one delivery."""
    claim = asked(store, "One", "Two")
    first = network.made("One", NOON + SECOND)
    second = network.made("Two", NOON + 2 * SECOND, reply_to=first)
    answered(store, claim, Published(remote_id=first), Published(remote_id=second), at=NOON + 3 * SECOND)
    limited(store, spacing=MINUTE)

    assert [] == numbers(store, network)


@pytest.mark.parametrize(("late_after", "broken"), [(HOUR, []), (MINUTE, [6])])
def test_what_goes_out_after_its_late_rule_ended_it_breaks_the_sixth(store, network, late_after, broken):
    """It was asked for half an hour late."""
    claim = asked(store, "Hello")
    remote_id = network.made("Hello", NOON + 30 * MINUTE)
    answered(store, claim, Published(remote_id=remote_id), at=NOON + 30 * MINUTE)
    with store._database.writing() as connection:
        rule = {"late_after_s": late_after.total_seconds(), "late_at": NOON + late_after}
        connection.execute(update(deliveries).values(**rule))

    assert broken == numbers(store, network)


def _now_known_as(store, remote_id):
    """Whether the product believes such an id is its own matter; here it is on record."""
    with store._database.writing() as connection:
        connection.execute(update(delivery_parts).values(remote_id=remote_id))


@pytest.mark.parametrize("ahead", [timedelta(minutes=-10), timedelta(minutes=10)])
def test_the_network_s_clock_is_translated_and_not_believed(store, network, ahead):
    """Ten minutes before or behind ours, all is well; taken for true, it would not be."""
    claim = asked(store, "Hello")
    answered(store, claim, Published(remote_id=id_at(NOON + SECOND)))
    _now_known_as(store, network.made("Hello", NOON + SECOND, ahead=ahead))

    assert [] == numbers(store, network, prompt={claim.delivery_id: 2 * SECOND})
    network.posts[0]["made_at_host"] = network.posts[0]["created_at"]
    network.arrived[0]["arrived_at_host"] = network.posts[0]["created_at"]
    assert [] != numbers(store, network, prompt={claim.delivery_id: MINUTE})


def test_what_a_person_made_by_hand_is_no_copy(store, network):
    """The same words, by a person, from elsewhere: nobody here asked twice."""
    published(store, network)
    network.made("Hello", NOON + MINUTE, asked=False)

    assert [] == numbers(store, network)


def test_a_post_by_hand_that_is_taken_for_ours_breaks_the_eighth(store, network):
    """It says the same, and answers another post."""
    claim = asked(store, "Hello")
    elsewhere = network.made("Hello", NOON + SECOND, asked=False, reply_to=id_at(NOON - HOUR))
    answered(store, claim, Published(remote_id=elsewhere))

    assert [8] == numbers(store, network)


def test_a_twin_by_hand_cannot_be_told_apart_and_is_counted(store, network):
    """Same account, words, parent and pictures: nobody could know; the figure says how often."""
    claim = asked(store, "Hello")
    answered(store, claim, Published(remote_id=network.made("Hello", NOON + SECOND, asked=False)))

    assert [] == numbers(store, network)
    assert 1 == audit(store, network).twins


def test_a_post_that_somebody_took_down_is_no_lie(store, network):
    """It was live, and is not any more; to have seen it long after that would be one."""
    published(store, network)
    [post] = network.posts
    post |= {"live": False, "deleted_at": int((NOON + MINUTE).timestamp() * 1000)}

    assert [] == numbers(store, network)
    with store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET verified_at = '2026-03-02 13:00:00.000000'")
    assert [2] == numbers(store, network)


def test_a_post_that_was_never_there_for_anybody_is_not_live(store, network):
    """The network took it down as it made it: an answer with its id is no more than an answer."""
    published(store, network)
    [post] = network.posts
    post |= {"live": False, "deleted_at": post["made_at_host"]}

    assert [2] == numbers(store, network)


def test_a_post_that_somebody_edited_is_one_post(store, network):
    """Its later version has an id of its own, and neither is a copy of the other."""
    published(store, network)
    [post] = network.posts
    later = {**post, "id": id_at(NOON + MINUTE), "text": "Hello, all", "edit_of": post["id"]}
    network.posts.append(later)

    post["superseded_by"] = later["id"]

    assert [] == numbers(store, network)


def test_a_thread_that_was_sent_twice_is_two_copies_whatever_its_parts_answer(store, network):
    """The second part of each answers another first part."""
    claim = asked(store, "One", "Two")
    first, again = (network.made("One", NOON + n * SECOND) for n in (1, 2))
    second = network.made("Two", NOON + 3 * SECOND, reply_to=first)
    network.made("Two", NOON + 4 * SECOND, reply_to=again)
    answered(store, claim, Published(remote_id=first), Published(remote_id=second), at=NOON + 5 * SECOND)

    assert 2 == audit(store, network).duplicates


def test_the_same_words_wanted_twice_are_no_copy_and_a_third_is(store, network):
    """One for each delivery, whatever a cancelled one wanted once."""
    for minute in (0, 20):
        published(store, network, at=NOON + minute * MINUTE)
    [extra] = store.write(
        intake.add,
        Post(parts=(Part(text="Hello"),)),
        accounts=["alice"],
        due_at=NOON + HOUR,
        now=NOON,
        allow_repeat=True,
    )
    store.write(persons.cancel, extra.delivery_id, now=NOON, by=By())

    assert 0 == audit(store, network).duplicates
    copied(network)
    assert 1 == audit(store, network).duplicates


def test_a_person_who_was_not_told_breaks_the_seventh(store, network):
    """It waits for somebody, and nobody knows."""
    answered(store, asked(store, "Hello"), UNHEARD)
    with store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET state = 'needs_review'")

    assert [7] == numbers(store, network)
