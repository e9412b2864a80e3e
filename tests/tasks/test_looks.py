"""Looking: one sighting settles what it can, and nothing else."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from prefect.client.schemas.objects import TaskRun
from prefect.states import Failed

from blocks import Switches
from blocks.switches import Switch
from flows.publish import may_publish
from flows.reconcile import accounts_to_look_at as unconfirmed_now
from steadypost.domain.clock import Offset
from steadypost.domain.delivery import State
from steadypost.domain.evidence import CannotTell, SeenPost, Sighting
from steadypost.domain.likeness import plain
from steadypost.domain.network import Place, Pointer
from steadypost.domain.outcome import Answer, Cause, Phase, Published, Unconfirmed
from steadypost.domain.post import Part, Post
from steadypost.domain.waits import MOST_LOOKS
from steadypost.networks.x.snowflake import id_at
from steadypost.store import StoreAway, intake, notices, persons, reading, settling, unconfirmed
from steadypost.store import attempts as attempt_rows
from steadypost.store import clocks as network_clocks
from steadypost.store import looks as look_rows
from steadypost.store.acts import By
from tasks.house import LEASE
from tasks.looks import LONGEST_INTERVAL, has_budget, interval, look
from tests.rooms import instead

AGREED = Offset(ahead=timedelta(0), within=timedelta(milliseconds=500))
"""Clocks that agree, compared as exactly as one answer allows."""

LOST = Unconfirmed(cause=Cause.NO_ANSWER, why="no answer came", phase=Phase.CLICKED)


@pytest.fixture
def unconfirmed_delivery(house, claimed, time):
    """A delivery that was asked for and never answered."""

    def unconfirmed(*texts, **named):
        claim = claimed(*texts, **named)
        assert house.store.write(
            settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock(), offset=AGREED
        )
        house.store.write(
            settling.answered,
            claim.attempt_id,
            Answer(outcomes=(LOST,) * len(texts)),
            now=house.clock(),
            jitter=0.5,
        )
        time.pass_by(seconds=30)
        return claim.delivery_id

    return unconfirmed


@pytest.fixture
def asked(house, claimed, time):
    """Ask while the clocks are compared as so many seconds apart; gives the delivery's number, and its live post.

    That is made a second later by the network's clock, ``made_s`` ahead of this machine's (else as compared).
    """

    def ask(text, compared_s, *, answers, made_s=None):
        claim, offset = claimed(text), apart(compared_s)
        assert house.store.write(
            settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock(), offset=offset
        )
        made = house.clock() + timedelta(seconds=(compared_s if made_s is None else made_s) + 1)
        post = SeenPost(id=id_at(made), author="alice", said=plain(text))
        time.pass_by(seconds=3)
        answer = Answer(outcomes=(Published(remote_id=post.id) if answers else LOST,))
        house.store.write(settling.answered, claim.attempt_id, answer, now=house.clock(), jitter=0.5)
        time.pass_by(seconds=30)
        return claim.delivery_id, post

    return ask


def apart(seconds):
    """The network's clock so much ahead of ours."""
    return Offset(ahead=timedelta(seconds=seconds), within=AGREED.within)


def state_of(house, delivery_id):
    return house.store.read(reading.show, delivery_id).delivery.state


def seen(house, *texts, author="alice", ago=25, **named):
    moment = house.clock() - timedelta(seconds=ago)
    return tuple(
        SeenPost(id=id_at(moment, sequence=n + 1), author=author, said=plain(text), **named)
        for n, text in enumerate(texts)
    )


def sighting(house, *posts, **named):
    told = {
        "account": "alice",
        "at": house.clock(),
        "reached_back_to": house.clock() - timedelta(days=1),
        "told": True,
        "offset": AGREED,
    }
    return Sighting(posts=posts, **{**told, **named})


def test_what_is_seen_is_adopted(house, channel, unconfirmed_delivery):
    """The post is on the timeline: it is published, with that id, and nothing was asked again."""
    delivery_id = unconfirmed_delivery("The lamp is lit.")
    (post,) = seen(house, "The lamp is lit.")
    channel.on_look = lambda _: sighting(house, post)

    look.fn("alice")
    delivery = house.store.read(reading.show, delivery_id).delivery

    assert (delivery.state, delivery.parts[0].remote_id) == (State.PUBLISHED, post.id)
    assert [] == channel.asked


def test_after_the_networks_clock_was_moved_lists_are_read_further_back(house, channel, unconfirmed_delivery):
    """By as much as it was moved: the first look tells of it, the next one reads past it."""
    unconfirmed_delivery("The lamp is lit.")
    asked = []

    def on_look(request):
        asked.append(request.back_to)
        moved = Offset(ahead=timedelta(minutes=-6), within=timedelta(seconds=1))
        return sighting(house, reached_back_to=None, offset=moved)

    channel.on_look = on_look
    look.fn("alice")
    look.fn("alice", at_once=True)

    assert timedelta(minutes=5) < asked[0] - asked[-1]


@pytest.mark.parametrize(
    ("trouble", "longest"),
    [
        (Cause.PAGE_UNREACHABLE, timedelta(minutes=1)),
        (Cause.NO_WAY_OUT, timedelta(minutes=1)),
        (Cause.BROWSER_UNAVAILABLE, timedelta(minutes=1)),
        (Cause.SIGNED_OUT, LONGEST_INTERVAL),
        (Cause.LOCKED, LONGEST_INTERVAL),
        (Cause.RATE_LIMIT, LONGEST_INTERVAL),
    ],
)
def test_after_an_outage_of_hours_the_next_look_comes_soon(
    house, channel, unconfirmed_delivery, time, trouble, longest
):
    """
    What was asked for as the network went away is looked for within a minute of its return, not of a quarter of an hour.

    An account whose sign-in or limit is in the way is left alone for longer.
    """
    unconfirmed_delivery("The lamp is lit.")
    channel.on_look = lambda _: sighting(house, trouble=trouble)
    for _ in range(20):
        time.pass_by(minutes=15)
        look.fn("alice")

    assert longest == house.looking.unseen["alice"].until - house.clock()


@pytest.mark.parametrize(
    "told",
    [
        {"trouble": Cause.SIGNED_OUT},
        {"trouble": Cause.PAGE_UNREACHABLE},
        {"account": "mallory"},
        {"account": ""},
        {"reached_back_to": None},
    ],
)
def test_a_look_that_is_none_changes_nothing(house, channel, unconfirmed_delivery, told):
    """Signed out, unreachable, somebody else's, cut short: unconfirmed it was, unconfirmed it stays."""
    delivery_id = unconfirmed_delivery("The lamp is lit.")
    channel.on_look = lambda _: sighting(house, **told)

    look.fn("alice")

    assert house.store.read(reading.show, delivery_id).delivery.state is State.UNCONFIRMED


def test_looks_that_saw_nothing_are_not_counted_and_grow_rarer(house, channel, unconfirmed_delivery):
    """A broken reader must not use up a delivery's looks, nor hammer a page that does not answer."""
    delivery_id = unconfirmed_delivery("The lamp is lit.")
    channel.on_look = lambda _: sighting(house, trouble=Cause.PAGE_UNREACHABLE)
    waits = []
    for _ in range(3):
        assert "alice" not in house.looking.unseen or house.looking.unseen["alice"].until > house.clock()
        look.fn("alice")
        waits.append(house.looking.unseen["alice"].until - house.clock())

    assert 0 == house.store.read(reading.show, delivery_id).delivery.looks
    assert [] == unconfirmed_now(house)
    assert waits == sorted(waits)
    assert waits[0] < waits[-1]

    channel.on_look = lambda _: sighting(house)
    look.fn("alice")

    assert {} == house.looking.unseen


def test_absence_alone_is_not_proof(house, channel, unconfirmed_delivery):
    """One look that did not show it: it waits for the next, and is not asked for again."""
    delivery_id = unconfirmed_delivery("The lamp is lit.")
    channel.on_look = lambda _: sighting(house)

    look.fn("alice")
    delivery = house.store.read(reading.show, delivery_id).delivery

    assert delivery.state is State.UNCONFIRMED
    assert delivery.next_at > house.clock()


def test_all_unconfirmed_are_settled_from_one_read(house, channel, unconfirmed_delivery):
    """Three deliveries, one timeline read."""
    ids = [unconfirmed_delivery(f"Lamp {n} is lit.") for n in range(3)]
    posts = [
        SeenPost(
            id=id_at(house.clock() - timedelta(seconds=85 - 30 * n)),
            author="alice",
            said=plain(f"Lamp {n} is lit."),
        )
        for n in range(3)
    ]
    channel.on_look = lambda _: sighting(house, *posts)

    look.fn("alice")

    assert [house.store.read(reading.show, one).delivery.state for one in ids] == [State.PUBLISHED] * 3
    assert 1 == len(channel.looked)


def test_a_thread_is_looked_for_where_replies_are_shown(house, channel, unconfirmed_delivery):
    """The list of plain posts leaves replies out; it is read as well before the first part can be said to be absent."""
    unconfirmed_delivery("One.", "Two.")
    channel.on_look = lambda request: sighting(house, place=request.place)

    look.fn("alice")

    assert [Place.REPLIES, Place.PROFILE] == [request.place for request in channel.looked]


def test_a_list_that_failed_is_not_read_again_by_the_same_look(house, channel, unconfirmed_delivery):
    """What the first list missed has to be missed by the second as well; when that one fails, the next look tries."""
    delivery_id = unconfirmed_delivery("The lamp is lit.")
    lists = {Place.PROFILE: sighting(house)}
    channel.on_look = lambda request: lists.get(request.place, sighting(house, trouble=Cause.SERVER_ERROR))

    look.fn("alice")

    assert [Place.PROFILE, Place.REPLIES] == [request.place for request in channel.looked]
    [found] = house.store.read(reading.show, delivery_id).looks
    assert isinstance(found.evidence, CannotTell)


def test_one_list_that_leaves_a_post_out_proves_nothing(house, channel, unconfirmed_delivery, time):
    """Lists have been seen to leave a single post out, again and again: another list shows it."""
    delivery_id = unconfirmed_delivery("The lamp is lit.")
    (post,) = seen(house, "The lamp is lit.")
    lists = {Place.PROFILE: (), Place.REPLIES: (post,)}
    channel.on_look = lambda request: sighting(house, *lists[request.place], place=request.place)

    look.fn("alice")

    assert State.PUBLISHED is house.store.read(reading.show, delivery_id).delivery.state


def test_the_one_under_way_is_weighed_too(house, channel, unconfirmed_delivery, claimed):
    """A post that fits an unconfirmed delivery and one that is being sent at this moment is given to neither."""
    delivery_id = unconfirmed_delivery("The lamp is lit.")
    [added] = house.store.write(
        intake.add,
        Post(parts=(Part(text="The lamp is lit."),)),
        accounts=["alice"],
        due_at=house.clock(),
        late_after=None,
        now=house.clock(),
    )
    house.store.write(persons.release, added.delivery_id, now=house.clock(), by=By())
    [claim] = house.store.claim(
        worker=house.worker, now=house.clock(), lease=LEASE, at_most=1, accounts=["alice"]
    )
    assert house.store.write(
        settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock(), offset=AGREED
    )
    (post,) = seen(house, "The lamp is lit.", ago=0)
    channel.on_look = lambda request: sighting(house, post, place=request.place)

    look.fn("alice")

    assert State.UNCONFIRMED is house.store.read(reading.show, delivery_id).delivery.state


def test_one_armed_between_two_lists_of_a_look_is_weighed_too(house, channel, unconfirmed_delivery, claimed):
    """The second list shows what was armed after the first was read: that is not what was lost before."""
    delivery_id = unconfirmed_delivery("The lamp is lit.")
    [added] = house.store.write(
        intake.add,
        Post(parts=(Part(text="The lamp is lit."),)),
        accounts=["alice"],
        due_at=house.clock(),
        late_after=None,
        now=house.clock(),
    )
    house.store.write(persons.release, added.delivery_id, now=house.clock(), by=By())
    [claim] = house.store.claim(
        worker=house.worker, now=house.clock(), lease=LEASE, at_most=1, accounts=["alice"]
    )
    (post,) = seen(house, "The lamp is lit.", ago=0)

    def shown(request):
        if request.place is Place.PROFILE:
            return sighting(house, place=request.place)
        assert house.store.write(
            settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock(), offset=AGREED
        )
        return sighting(house, post, place=request.place)

    channel.on_look = shown

    look.fn("alice")

    assert State.UNCONFIRMED is house.store.read(reading.show, delivery_id).delivery.state


def test_the_post_of_an_unconfirmed_delivery_is_no_copy_of_a_published_one(
    house, channel, claimed, unconfirmed_delivery, time
):
    """A post that is repeated on purpose: nobody is told that it is live twice."""
    claim = claimed("The lamp is lit.")
    assert house.store.write(
        settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock(), offset=AGREED
    )
    own = SeenPost(id=id_at(house.clock()), author="alice", said=plain("The lamp is lit."))
    published = Answer(outcomes=(Published(remote_id=own.id),))
    house.store.write(settling.answered, claim.attempt_id, published, now=house.clock(), jitter=0.5)
    time.pass_by(minutes=1)
    [added] = house.store.write(
        intake.add,
        Post(parts=(Part(text="The lamp is lit."),)),
        accounts=["alice"],
        due_at=house.clock(),
        late_after=None,
        now=house.clock(),
    )
    house.store.write(persons.release, added.delivery_id, now=house.clock(), by=By())
    [again] = house.store.claim(
        worker=house.worker, now=house.clock(), lease=LEASE, at_most=1, accounts=["alice"]
    )
    assert house.store.write(
        settling.arm, again.attempt_id, fence=again.fence, now=house.clock(), offset=AGREED
    )
    house.store.write(
        settling.answered, again.attempt_id, Answer(outcomes=(LOST,)), now=house.clock(), jitter=0.5
    )
    time.pass_by(seconds=30)
    second = SeenPost(
        id=id_at(house.clock() - timedelta(seconds=28)), author="alice", said=plain("The lamp is lit.")
    )
    channel.on_look = lambda request: sighting(house, second, own, place=request.place)

    look.fn("alice")
    first, other = (
        house.store.read(reading.show, one).delivery for one in (claim.delivery_id, again.delivery_id)
    )

    assert (State.PUBLISHED, None) == (first.state, first.cause)
    assert (State.PUBLISHED, second.id) == (other.state, other.parts[0].remote_id)
    assert [] == house.store.read(notices.due, house.clock())


@pytest.mark.parametrize(
    ("gone", "state"), [(False, State.UNCONFIRMED), (True, State.SCHEDULED)], ids=["it lags", "deleted"]
)
def test_lists_that_lack_a_later_post_prove_nothing(
    house, channel, unconfirmed_delivery, claimed, time, gone, state
):
    """A copy of a network's tables may lag for an hour: what was published after the lost ask is not in it either."""
    delivery_id = unconfirmed_delivery("The lamp is lit.")
    claim = claimed("The lamp is out.")
    assert house.store.write(
        settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock(), offset=AGREED
    )
    later = id_at(house.clock() + timedelta(seconds=1))
    published = Answer(outcomes=(Published(remote_id=later),))
    house.store.write(settling.answered, claim.attempt_id, published, now=house.clock(), jitter=0.5)

    def shown(request):
        missing = frozenset({later} if gone and request.post == later else ())
        return sighting(house, place=request.place, post=request.post, missing=missing)

    channel.on_look = shown
    for _ in range(3):
        time.pass_by(minutes=16)
        look.fn("alice")

    assert state is house.store.read(reading.show, delivery_id).delivery.state


def test_what_a_look_tells_of_the_network_s_clock_is_kept(house, channel, unconfirmed_delivery):
    """By host and network, for whoever wants to know whether a clock is off."""
    unconfirmed_delivery("The lamp is lit.")
    behind = Offset(ahead=timedelta(seconds=-20), within=timedelta(seconds=1))
    channel.on_look = lambda request: sighting(house, place=request.place, offset=behind)

    look.fn("alice")

    assert [behind] == list(
        house.store.read(network_clocks.every, since=house.clock() - timedelta(minutes=1)).values()
    )


def test_a_second_copy_is_found_and_named(house, channel, claimed, time):
    """A browser may send a request twice, below everything a page sees: the look that verifies finds the copy."""
    claim = claimed("The lamp is lit.")
    assert house.store.write(
        settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock(), offset=AGREED
    )
    own, copy = (id_at(house.clock() + timedelta(seconds=1), sequence=n) for n in (1, 2))
    house.store.write(
        settling.answered,
        claim.attempt_id,
        Answer(outcomes=(Published(remote_id=own),)),
        now=house.clock(),
        jitter=0.5,
    )
    time.pass_by(seconds=60)
    posts = [SeenPost(id=one, author="alice", said=plain("The lamp is lit.")) for one in (own, copy)]
    channel.on_look = lambda _: sighting(house, *posts)

    look.fn("alice")
    delivery = house.store.read(reading.show, claim.delivery_id).delivery

    assert (State.PUBLISHED, Cause.DUPLICATE) == (delivery.state, delivery.cause)
    assert f"live twice, as {own} and as {copy}" in delivery.why
    (notice,) = house.store.read(notices.due, house.clock())
    assert f"copy:{claim.delivery_id}:0:{copy}" == notice.key
    assert all(one in notice.body for one in (own, copy, "asked for once", f"delete --copy {copy}"))


def test_of_a_lost_answer_that_made_two_posts_a_person_hears_with_the_first_look(
    house, channel, unconfirmed_delivery, time
):
    """Neither is adopted: which of them is ours no look can say. Whoever says it is told of the other as a copy."""
    delivery_id = unconfirmed_delivery("The lamp is lit.")
    one, other = seen(house, "The lamp is lit.", "The lamp is lit.")
    channel.on_look = lambda request: sighting(house, one, other, place=request.place)

    look.fn("alice")
    (notice,) = house.store.read(notices.due, house.clock())

    assert State.UNCONFIRMED is house.store.read(reading.show, delivery_id).delivery.state
    assert all(told in notice.body for told in (one.id, other.id, "asked for once", f"resolve {delivery_id}"))

    told = {"by": By(name="Dora", why="the later one has more likes"), "now": house.clock()}
    house.store.write(persons.resolve, delivery_id, live=[Pointer(id=other.id)], **told)
    time.pass_by(minutes=2)
    look.fn("alice")

    assert f"copy:{delivery_id}:0:{one.id}" in [told.key for told in house.store.read(notices.every)]


def test_a_post_that_a_list_folds_up_is_read_at_its_own_address(house, channel, unconfirmed_delivery):
    """Of a long thread by one author the list names posts without telling them: found all the same, in one look."""
    delivery_id = unconfirmed_delivery("The lamp is lit.")
    (post,) = seen(house, "The lamp is lit.")
    folded = replace(post, readable=False)
    channel.on_look = lambda request: sighting(
        house, post if request.post == post.id else folded, place=request.place, post=request.post
    )

    look.fn("alice")

    assert State.PUBLISHED is house.store.read(reading.show, delivery_id).delivery.state


def test_nothing_is_absent_while_its_attempt_may_still_act(house, channel, claimed, time):
    """A browser that was not seen dead may send its request after the look: the lists do not show it, twice, and that
    proves nothing. The moment its end is known the same looks count.
    """
    claim = claimed("The lamp is lit.")
    assert house.store.write(
        settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock(), offset=AGREED
    )
    answer = Answer(outcomes=(LOST,), at_large=True)
    house.store.write(settling.answered, claim.attempt_id, answer, now=house.clock(), jitter=0.5)
    channel.on_look = lambda request: sighting(house, place=request.place, post=request.post)
    for _ in range(3):
        time.pass_by(minutes=8)
        look.fn("alice")

    story = house.store.read(reading.show, claim.delivery_id)
    assert {CannotTell(why="its executor was not seen dead when the look began")} == {
        one.evidence for one in story.looks
    }

    house.store.write(look_rows.note_gone, claim.attempt_id, house.clock())
    for minutes in (1, 20):
        time.pass_by(minutes=minutes)
        look.fn("alice")
    assert State.SCHEDULED is house.store.read(reading.show, claim.delivery_id).delivery.state


def test_a_published_post_is_gone_only_when_its_own_address_says_so(house, channel, claimed, time):
    """Lists that leave it out, for hours, prove nothing; two words of the network about the id itself do."""
    claim = claimed("The lamp is lit.")
    own = id_at(house.clock() + timedelta(seconds=1))
    assert house.store.write(
        settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock(), offset=AGREED
    )
    house.store.write(
        settling.answered,
        claim.attempt_id,
        Answer(outcomes=(Published(remote_id=own),)),
        now=house.clock(),
        jitter=0.5,
    )
    missing = frozenset()
    channel.on_look = lambda request: sighting(
        house, place=request.place, post=request.post, missing=missing if request.post else frozenset()
    )
    for _ in range(3):
        time.pass_by(minutes=20)
        look.fn("alice")
    assert (Place.THREAD, own) == (channel.looked[-1].place, channel.looked[-1].post)
    assert State.PUBLISHED is house.store.read(reading.show, claim.delivery_id).delivery.state

    missing = frozenset({own})
    for _ in range(2):
        time.pass_by(minutes=20)
        look.fn("alice")

    assert State.REMOVED is house.store.read(reading.show, claim.delivery_id).delivery.state


def test_a_published_post_whose_place_is_empty_is_removed_where_no_list_shows_it(
    house, channel, claimed, time
):
    """A notice at its address says the same of what was deleted and of what is withheld; the lists tell them apart."""
    claim = claimed("The lamp is lit.")
    own = id_at(house.clock() + timedelta(seconds=1))
    assert house.store.write(
        settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock(), offset=AGREED
    )
    house.store.write(
        settling.answered,
        claim.attempt_id,
        Answer(outcomes=(Published(remote_id=own),)),
        now=house.clock(),
        jitter=0.5,
    )
    (post,) = seen(house, "The lamp is lit.")
    places = (replace(post, id=own, readable=False),)

    def looked(request):
        if request.place is Place.THREAD:
            return sighting(house, place=request.place, post=own, hidden=frozenset({own}), told=False)
        return sighting(house, *places, place=request.place, reached_back_to=request.back_to)

    channel.on_look = looked
    for _ in range(3):
        time.pass_by(minutes=20)
        look.fn("alice")
    assert State.PUBLISHED is house.store.read(reading.show, claim.delivery_id).delivery.state

    places = ()
    for _ in range(2):
        time.pass_by(minutes=20)
        look.fn("alice")

    assert State.REMOVED is house.store.read(reading.show, claim.delivery_id).delivery.state


def test_a_published_post_is_known_by_its_id_alone(house, channel, claimed, time):
    """Another post that says the same is not the one we published."""
    claim = claimed("The lamp is lit.")
    own = id_at(house.clock() + timedelta(seconds=1))
    assert house.store.write(
        settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock(), offset=AGREED
    )
    house.store.write(
        settling.answered,
        claim.attempt_id,
        Answer(outcomes=(Published(remote_id=own),)),
        now=house.clock(),
        jitter=0.5,
    )
    time.pass_by(seconds=60)
    (twin,) = seen(house, "The lamp is lit.", ago=50)
    channel.on_look = lambda _: sighting(house, twin)
    look.fn("alice")
    unseen = house.store.read(reading.show, claim.delivery_id)

    assert unseen.verified_at is None
    assert unseen.delivery.parts[0].remote_id == own

    time.pass_by(minutes=30)
    channel.on_look = lambda _: sighting(
        house, SeenPost(id=own, author="alice", said=plain("The lamp is lit."))
    )
    look.fn("alice")

    assert house.store.read(reading.show, claim.delivery_id).verified_at is not None


@pytest.fixture
def fell_silent(house, claimed, time):
    """A delivery whose worker fell silent after it was armed, rescued; its browser is called ``browser``."""

    def silent(browser):
        claim = claimed("The lamp is lit.")
        assert house.store.write(
            settling.arm,
            claim.attempt_id,
            fence=claim.fence,
            now=house.clock(),
            executor=browser,
            offset=AGREED,
        )
        time.pass_by(seconds=60)
        house.store.rescue(house.clock())
        time.pass_by(seconds=10)
        return claim.delivery_id

    return silent


@pytest.mark.parametrize(
    ("armed", "state", "due"), [(True, State.UNCONFIRMED, ["alice"]), (False, State.SCHEDULED, [])]
)
def test_what_a_silent_worker_held_is_taken_back_though_no_publisher_lives(
    house, claimed, time, armed, state, due
):
    """Once its lease has run out, and not before: armed it is looked for, else it waits to be asked for."""
    claim = claimed("The lamp is lit.")
    if armed:
        asks = {"fence": claim.fence, "now": house.clock(), "offset": AGREED}
        house.store.write(settling.arm, claim.attempt_id, **asks)
    unconfirmed_now(house)
    before = house.store.read(reading.show, claim.delivery_id).delivery.state
    time.pass_by(seconds=LEASE.total_seconds() + 1)
    unconfirmed_now(house)
    time.pass_by(seconds=60)

    assert (State.SENDING, state) == (
        before,
        house.store.read(reading.show, claim.delivery_id).delivery.state,
    )
    assert due == unconfirmed_now(house)


def gone_at(house, delivery_id):
    return house.store.read(reading.show, delivery_id).attempts[-1].gone_at


def test_absence_is_proven_only_after_the_silent_workers_browser_is_dead(house, channel, fell_silent, time):
    """While it lives it may still click: looks that miss the post are kept, and prove nothing."""
    channel.acts["browser-1"] = True
    delivery_id = fell_silent("browser-1")
    channel.on_look = lambda request: sighting(house, place=request.place)

    look.fn("alice")
    assert gone_at(house, delivery_id) is None

    channel.acts["browser-1"] = False
    time.pass_by(minutes=1)
    look.fn("alice")
    assert gone_at(house, delivery_id) == house.clock()
    time.pass_by(minutes=16)
    look.fn("alice")

    assert house.store.read(reading.show, delivery_id).delivery.state is State.SCHEDULED


def test_a_clock_that_jumps_between_two_looks_proves_nothing(house, channel, unconfirmed_delivery, time):
    """By this machine's clock they are an hour apart, by the network's a minute."""
    delivery_id = unconfirmed_delivery("The lamp is lit.")
    ahead = timedelta(0)
    channel.on_look = lambda request: sighting(
        house, place=request.place, offset=Offset(ahead=ahead, within=AGREED.within)
    )
    look.fn("alice")
    time.pass_by(hours=1)
    ahead = timedelta(minutes=-59)
    look.fn("alice")

    assert house.store.read(reading.show, delivery_id).delivery.state is State.UNCONFIRMED


@pytest.mark.parametrize("published_first", [True, False])
def test_a_proxy_s_clock_that_our_own_ids_contradict_proves_nothing(
    house, channel, asked, time, published_first
):
    """It is ten minutes ahead: by its dates the live post is older than its ask. Another's id shows that it is not."""
    said = [("The lamp is out.", True), ("The lamp is lit.", False)]
    made = dict(
        asked(text, 600, answers=answers, made_s=0)
        for text, answers in (said if published_first else said[::-1])
    )
    channel.on_look = lambda request: sighting(house, *made.values(), place=request.place, offset=apart(600))
    for _ in range(4):
        look.fn("alice", at_once=True)
        time.pass_by(minutes=16)

    assert {State.PUBLISHED, State.UNCONFIRMED} == {state_of(house, one) for one in made}


@pytest.mark.parametrize("seconds", [20, 90, 600, 3500])
def test_a_clock_ahead_that_no_id_has_confirmed_makes_no_live_post_too_old(
    house, channel, asked, time, seconds
):
    """The first post of a day, its answer lost, behind a proxy whose ``Date`` is ahead: no second copy."""
    delivery_id, live = asked("The lamp is lit.", seconds, answers=False, made_s=0)
    channel.on_look = lambda request: sighting(house, live, place=request.place, offset=apart(seconds))
    for _ in range(4):
        look.fn("alice", at_once=True)
        time.pass_by(minutes=16)

    assert State.UNCONFIRMED is state_of(house, delivery_id)


@pytest.mark.parametrize("between", [True, False])
def test_a_clock_behind_makes_no_older_twin_ours(house, channel, asked, time, between):
    """A proxy's ``Date`` is behind, and what a person posted minutes before seems young enough. A post of ours that
    was there before the ask and is younger rules it out; so does one whose id that ``Date`` puts into the future.
    """

    def by_hand():
        time.pass_by(seconds=20)
        return SeenPost(id=id_at(house.clock()), author="alice", said=plain("The lamp is lit."))

    twin = by_hand() if between else None
    time.pass_by(seconds=20)
    _, ours = asked("The lamp is out.", -150, answers=True, made_s=0)
    twin = twin or by_hand()
    time.pass_by(seconds=20)
    delivery_id, _ = asked("The lamp is lit.", -150, answers=False, made_s=0)
    time.pass_by(minutes=2)
    channel.on_look = lambda request: sighting(house, twin, ours, place=request.place, offset=apart(-150))
    for _ in range(4):
        look.fn("alice", at_once=True)
        time.pass_by(minutes=16)

    assert State.UNCONFIRMED is state_of(house, delivery_id)


@pytest.mark.parametrize("answered", [True, False])
def test_a_clock_that_moves_twice_makes_no_live_post_absent(house, channel, asked, time, answered):
    """It was moved just before the ask, and again between two looks: by the last comparison the post is too old. The
    first look saw the clock elsewhere, and an answer that is not believed names the post all the same.
    """
    delivery_id, live = asked("The lamp is lit.", 20, answers=answered, made_s=-72)
    for seconds in ([] if answered else [-72]) + [-18] * 4:
        time.pass_by(minutes=16)
        channel.on_look = lambda request, seconds=seconds: sighting(
            house, live, place=request.place, offset=apart(seconds)
        )
        look.fn("alice", at_once=True)

    assert State.UNCONFIRMED is state_of(house, delivery_id)


def test_a_post_that_went_out_as_the_clock_was_moved_leaves_a_later_one_alone(house, channel, asked):
    """Its id and its comparison of clocks are from either side of the move. What was asked for after that is found."""
    _, before = asked("The lamp is out.", -700, answers=True, made_s=-400)
    delivery_id, post = asked("The lamp is lit.", -400, answers=False)
    channel.on_look = lambda request: sighting(house, before, post, place=request.place, offset=apart(-400))
    look.fn("alice", at_once=True)

    assert State.PUBLISHED is state_of(house, delivery_id)


def test_a_post_that_was_made_late_says_nothing_of_the_dates(house, channel, asked, time):
    """Its answer was lost, and the network made it ten minutes later: no ``Date`` is wrong, and the next one is found."""
    posts = []
    channel.on_look = lambda request: sighting(house, *posts, place=request.place, offset=apart(-200))
    late, post = asked("The lamp is out.", -200, answers=False, made_s=400)
    posts.append(post)
    time.pass_by(minutes=11)
    look.fn("alice", at_once=True)
    next_one, post = asked("The lamp is lit.", -200, answers=False)
    posts.append(post)
    look.fn("alice", at_once=True)

    assert [State.PUBLISHED, State.PUBLISHED] == [state_of(house, one) for one in (late, next_one)]


@pytest.mark.parametrize("later", [True, False], ids=["with a later post", "without"])
def test_a_network_s_clock_that_was_put_back_settles_by_a_later_post(house, channel, asked, time, later):
    """Ids of minutes ago are greater than those made now. A later post of ours shows that it is the clock; without
    one the older id may just as well be an older post, and nothing is adopted.
    """
    _, before = asked("The lamp is out.", 400, answers=True)
    delivery_id, ours = asked("The lamp is lit.", -200, answers=False)
    posts = [before, ours, *([asked("The lamp is blue.", -200, answers=True)[1]] if later else [])]
    time.pass_by(minutes=12)
    channel.on_look = lambda request: sighting(house, *posts, place=request.place, offset=apart(-200))
    look.fn("alice", at_once=True)

    after = house.store.read(reading.show, delivery_id).delivery
    assert (State.PUBLISHED if later else State.UNCONFIRMED) is after.state
    assert (ours.id if later else None) == after.parts[0].remote_id


def test_what_the_network_refused_as_a_repetition_names_the_older_post(house, channel, claimed, time):
    """Proven absent, and an older live post says the same: asking again would bring the same answer."""
    (older,) = seen(house, "The lamp is lit.", ago=3600)
    claim = claimed("The lamp is lit.")
    assert house.store.write(
        settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock(), offset=AGREED
    )
    copy = Unconfirmed(cause=Cause.DUPLICATE, why="X says that it has it (187)", phase=Phase.ANSWERED)
    house.store.write(
        settling.answered, claim.attempt_id, Answer(outcomes=(copy,)), now=house.clock(), jitter=0.5
    )
    channel.on_look = lambda request: sighting(house, older, place=request.place, post=request.post)
    for _ in range(3):
        time.pass_by(minutes=16)
        look.fn("alice", at_once=True)

    after = house.store.read(reading.show, claim.delivery_id).delivery
    assert (State.REFUSED, Cause.DUPLICATE) == (after.state, after.cause)
    assert older.id in after.why


@pytest.mark.parametrize("seconds", [-600, -20, 0, 20])
def test_what_is_ours_is_taken_up_after_others_whatever_the_clock(house, channel, claimed, time, seconds):
    """This machine's clock is off, and another post of ours went out before: no reason to ask a person."""
    off = Offset(ahead=timedelta(seconds=seconds), within=AGREED.within)
    given = []
    for text in ("The lamp is out.", "The lamp is lit."):
        claim = claimed(text)
        house.store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock(), offset=off)
        given.append(id_at(house.clock() + off.ahead + timedelta(seconds=1)))
        outcome = LOST if len(given) == 2 else Published(remote_id=given[0])
        time.pass_by(seconds=3)
        house.store.write(
            settling.answered, claim.attempt_id, Answer(outcomes=(outcome,)), now=house.clock(), jitter=0.5
        )
        time.pass_by(seconds=30)
    posts = [
        SeenPost(id=one, author="alice", said=plain(text))
        for one, text in zip(given, ("The lamp is out.", "The lamp is lit."), strict=True)
    ]
    channel.on_look = lambda request: sighting(house, *posts, place=request.place, offset=off)
    look.fn("alice", at_once=True)

    assert house.store.read(reading.show, claim.delivery_id).delivery.state is State.PUBLISHED


@pytest.mark.parametrize("seconds", [-600, 20, 600])
def test_a_clock_that_is_off_still_lets_absence_be_proven(house, channel, claimed, time, seconds):
    """Nothing of its words is in any list: it goes out again."""
    off = Offset(ahead=timedelta(seconds=seconds), within=AGREED.within)
    claim = claimed("The lamp is lit.")
    house.store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock(), offset=off)
    house.store.write(
        settling.answered, claim.attempt_id, Answer(outcomes=(LOST,)), now=house.clock(), jitter=0.5
    )
    channel.on_look = lambda request: sighting(house, place=request.place, offset=off)
    for _ in range(3):
        time.pass_by(minutes=16)
        look.fn("alice", at_once=True)

    assert house.store.read(reading.show, claim.delivery_id).delivery.state is State.SCHEDULED


def test_a_look_says_which_attempt_it_was_about(house, channel, unconfirmed_delivery, monkeypatch):
    """So that it is not held against a later one that was made while it looked."""
    delivery_id = unconfirmed_delivery("The lamp is lit.")
    (attempt,) = house.store.read(reading.show, delivery_id).attempts
    told, saw = [], partial(house.store.write, look_rows.saw)

    def spied(*given, **named):
        told.append(named.get("attempt_id"))
        return saw(*given, **named)

    instead(monkeypatch, house.store, look_rows.saw, spied)
    channel.on_look = lambda request: sighting(house, place=request.place)
    look.fn("alice")

    assert told == [attempt.id]


def test_a_silent_workers_browser_is_ended_when_nobody_can_wait_for_it_any_more(
    house, channel, fell_silent, time
):
    """A worker that is asleep for longer than an attempt may take will wake to a dead browser."""
    channel.acts["browser-1"], channel.acts_after_end = True, False
    delivery_id = fell_silent("browser-1")
    channel.on_look = lambda _: sighting(house)

    look.fn("alice")
    assert [] == channel.ended

    time.pass_by(minutes=5)
    look.fn("alice")
    assert ["browser-1"] == channel.ended
    assert gone_at(house, delivery_id) == house.clock()


def test_a_browser_of_another_machine_cannot_be_judged(house, channel, fell_silent, time):
    """Nobody here can see it dead, so nothing is asked again; in the end a person decides."""
    delivery_id = fell_silent("elsewhere")
    channel.on_look = lambda _: sighting(house)
    for _ in range(30):
        time.pass_by(minutes=16)
        look.fn("alice")

    assert gone_at(house, delivery_id) is None
    assert house.store.read(reading.show, delivery_id).delivery.state is State.NEEDS_REVIEW


def test_what_somebody_posted_by_hand_counts(house, channel, unconfirmed_delivery):
    """Seen on the way, kept as foreign, and counted against the quota; matched with nothing."""
    unconfirmed_delivery("The lamp is lit.")
    (ours,) = seen(house, "The lamp is lit.")
    (by_hand,) = seen(house, "Typed on a phone.", ago=20)
    (shared,) = seen(house, "Somebody else's.", ago=10, reposted=True)
    channel.on_look = lambda _: sighting(house, ours, by_hand, shared)

    look.fn("alice")

    assert 2 == sum(use.units for use in house.store.read(reading.quota, "alice", house.clock()))


def test_what_may_be_ours_is_not_foreign(house, channel, unconfirmed_delivery, claimed):
    """Two posts fit one unconfirmed delivery, and another is just being sent: none of them is a stranger's."""
    unconfirmed_delivery("The lamp is lit.")
    twins = seen(house, "The lamp is lit.", "The lamp is lit.")
    claim = claimed("Just being sent.")
    assert house.store.write(
        settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock(), offset=AGREED
    )
    (fresh,) = seen(house, "Just being sent.", ago=0)
    channel.on_look = lambda _: sighting(house, *twins, fresh)

    look.fn("alice")

    assert 2 == sum(use.units for use in house.store.read(reading.quota, "alice", house.clock()))


def test_where_the_list_with_replies_fails_others_are_read_beside_it(house, channel, unconfirmed_delivery):
    """X's list with replies often fails to load: singles are looked for on the profile, replies at their target."""
    target = id_at(house.clock() - timedelta(hours=1))
    single = unconfirmed_delivery("The lamp is lit.")
    reply = unconfirmed_delivery("So it is.", reply_to=target)
    (one,) = seen(house, "The lamp is lit.", ago=50)
    (other,) = seen(house, "So it is.", ago=20, reply_to=target)
    lists = {Place.PROFILE: sighting(house, one), Place.THREAD: sighting(house, other, reached_back_to=None)}
    channel.on_look = lambda request: lists.get(request.place, sighting(house, trouble=Cause.SERVER_ERROR))

    look.fn("alice")

    assert [(request.place, request.post) for request in channel.looked] == [
        (Place.REPLIES, None),
        (Place.PROFILE, None),
        (Place.THREAD, target),
    ]
    assert [house.store.read(reading.show, one).delivery.state for one in (single, reply)] == [
        State.PUBLISHED
    ] * 2


def test_a_wall_is_not_walked_around(house, channel, unconfirmed_delivery):
    """Signed out, challenged or locked: no other page of the account is opened either."""
    unconfirmed_delivery("The lamp is lit.")
    unconfirmed_delivery("One.", "Two.")
    channel.on_look = lambda _: sighting(house, trouble=Cause.CHALLENGE)

    look.fn("alice")

    assert 1 == len(channel.looked)


def test_on_demand_everything_unconfirmed_is_looked_for(house, channel, unconfirmed_delivery, time):
    """Whenever its next look was planned."""
    delivery_id = unconfirmed_delivery("The lamp is lit.")
    channel.on_look = lambda _: sighting(house)
    look.fn("alice")
    assert [] == unconfirmed_now(house)
    assert ["alice"] == unconfirmed_now(house, at_once=True)

    (post,) = seen(house, "The lamp is lit.")
    time.pass_by(seconds=1)
    channel.on_look = lambda _: sighting(house, post)
    look.fn("alice", at_once=True)

    assert house.store.read(reading.show, delivery_id).delivery.state is State.PUBLISHED


def test_looks_that_a_person_asks_for_do_not_use_up_the_planned_ones(
    house, channel, unconfirmed_delivery, time
):
    """Somebody who presses a key twenty-five times within a minute does not end the unconfirmed delivery, nor move the
    plan.
    """
    delivery_id = unconfirmed_delivery("The lamp is lit.")
    channel.on_look = lambda _: sighting(house)
    look.fn("alice")
    planned = house.store.read(reading.show, delivery_id).delivery.next_at
    for _ in range(MOST_LOOKS + 5):
        time.pass_by(seconds=0.2)
        look.fn("alice", at_once=True)
    delivery = house.store.read(reading.show, delivery_id).delivery

    assert (State.UNCONFIRMED, 1) == (delivery.state, delivery.looks)
    assert planned == delivery.next_at


def test_looks_on_demand_leave_a_published_post_the_looks_that_see_it(house, channel, claimed, time):
    """A post that was answered for and not seen yet is looked for as long as it was planned."""
    claim = claimed("The lamp is lit.")
    assert house.store.write(
        settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock(), offset=AGREED
    )
    given = id_at(house.clock() + timedelta(seconds=1))
    house.store.write(
        settling.answered,
        claim.attempt_id,
        Answer(outcomes=(Published(remote_id=given),)),
        now=house.clock(),
        jitter=0.5,
    )
    channel.on_look = lambda _: sighting(house)
    for _ in range(MOST_LOOKS + 5):
        time.pass_by(seconds=0.1)
        look.fn("alice", at_once=True)

    assert 0 == house.store.read(reading.show, claim.delivery_id).delivery.looks
    assert ["alice"] == list(house.store.read(unconfirmed.accounts_due, house.clock() + timedelta(hours=1)))


def test_an_unconfirmed_delivery_holds_its_account_only_when_the_switch_says_so(house, unconfirmed_delivery):
    """Off gives the old behaviour: one unconfirmed post holds the queue of its account, and of no other."""
    unconfirmed_delivery("The lamp is lit.")
    assert ["alice", "bob"] == may_publish(house)

    house.switches = Switches(isolate_unconfirmed=Switch(on=False, reason="comparison", by="alice"))

    assert ["bob"] == may_publish(house)


def test_looks_grow_rarer():
    """Soon at first, then ever more rarely, and never more rarely than the cap."""
    waits = [interval(looks) for looks in range(20)]

    assert waits == sorted(waits)
    assert waits[0] <= timedelta(seconds=10)
    assert waits[-1] == LONGEST_INTERVAL


def test_looks_that_fail_are_repeated_within_the_budget(house, time):
    """While the browsers are away, retries of looks do not add up: five in vain, then they wait."""
    granted = []
    for second in range(40):
        granted += [second] if house.may_look_again(again=second > 0) else []
        time.pass_by(seconds=1)

    assert [0, 1, 2, 3, 4] == granted

    time.pass_by(seconds=6)

    # Somebody has to find out that the trouble is over.
    assert house.may_look_again(again=False)


def test_looks_are_repeated_as_ever_without_backoff(house):
    """The switch turned off gives the naive behaviour back."""
    house.switches = Switches(backoff=Switch(on=False, reason="to compare"))

    assert all(house.may_look_again(again=True) for _ in range(50))


def test_no_look_is_repeated_while_the_store_is_away(house, monkeypatch):
    """Nothing it found could be written down."""
    run = TaskRun(task_key="look", dynamic_key="0", run_count=1)

    assert has_budget(look, run, Failed()) is True

    def away(_):
        raise StoreAway("it is away", remedy="wait")

    instead(monkeypatch, house.store, attempt_rows.recent, away)

    assert has_budget(look, run, Failed()) is False
    assert look.retry_condition_fn is has_budget


def test_a_duplicate_after_a_proof_of_absence_is_looked_for_in_the_other_places(
    house, channel, unconfirmed_delivery, time
):
    """The network contradicts what looks had proven: the list that left it out is not believed again, the other is read,
    and what the first attempt made is adopted. It is not asked a third time.
    """
    delivery_id = unconfirmed_delivery("The lamp is lit.")
    (post,) = seen(house, "The lamp is lit.")
    channel.on_look = lambda request: sighting(house, place=request.place, post=request.post)
    for _ in range(2):
        time.pass_by(minutes=20)
        look.fn("alice")
    assert State.SCHEDULED is house.store.read(reading.show, delivery_id).delivery.state

    time.pass_by(minutes=20)
    (again,) = house.store.claim(
        worker=house.worker, now=house.clock(), lease=LEASE, at_most=1, accounts=["alice"]
    )
    assert house.store.write(
        settling.arm, again.attempt_id, fence=again.fence, now=house.clock(), offset=AGREED
    )
    copy = Unconfirmed(cause=Cause.DUPLICATE, why="X says that it has it (187)", phase=Phase.ANSWERED)
    house.store.write(
        settling.answered, again.attempt_id, Answer(outcomes=(copy,)), now=house.clock(), jitter=0.5
    )
    channel.looked.clear()
    channel.on_look = lambda request: sighting(
        house, *([post] if request.place is Place.REPLIES else []), place=request.place, post=request.post
    )
    time.pass_by(seconds=30)
    look.fn("alice")

    assert [Place.PROFILE, Place.REPLIES] == [request.place for request in channel.looked]
    assert (State.PUBLISHED, post.id) == (
        (after := house.store.read(reading.show, delivery_id).delivery).state,
        after.parts[0].remote_id,
    )
    assert 2 == after.attempts
