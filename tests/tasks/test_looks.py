"""Looking: one sighting settles what it can, and nothing else."""

from datetime import timedelta

import pytest

from flows.reconcile import in_doubt as in_doubt_now
from steadypost.channels.port import Place
from steadypost.domain.delivery import State
from steadypost.domain.evidence import SeenPost, Sighting
from steadypost.domain.outcome import Answer, Cause, Phase, Published, Unconfirmed
from steadypost.domain.snowflake import id_at
from tasks.looks import LONGEST_INTERVAL, interval, look

LOST = Unconfirmed(cause=Cause.NO_ANSWER, why="no answer came", phase=Phase.CLICKED)


@pytest.fixture
def in_doubt(house, claimed, time):
    """A delivery that was asked for and never answered."""

    def doubt(*texts, **named):
        claim = claimed(*texts, **named)
        assert house.store.arm(claim.attempt_id, claim.fence, house.clock())
        house.store.answered(
            claim.attempt_id, Answer(outcomes=(LOST,) * len(texts)), now=house.clock(), jitter=0.5
        )
        time.pass_by(seconds=30)
        return claim.delivery_id

    return doubt


def seen(house, *texts, author="alice", ago=25, **named):
    moment = house.clock() - timedelta(seconds=ago)
    return tuple(
        SeenPost(id=id_at(moment, sequence=n + 1), author=author, text=text, **named)
        for n, text in enumerate(texts)
    )


def sighting(house, *posts, **named):
    told = {"account": "alice", "at": house.clock(), "reached_back_to": house.clock() - timedelta(days=1)}
    return Sighting(posts=posts, **{**told, **named})


def test_what_is_seen_is_adopted(house, channel, in_doubt):
    """The post is on the timeline: it is published, with that id, and nothing was asked again."""
    delivery_id = in_doubt("The lamp is lit.")
    (post,) = seen(house, "The lamp is lit.")
    channel.on_look = lambda _: sighting(house, post)

    look.fn("alice")
    delivery = house.store.show(delivery_id).delivery

    assert (delivery.state, delivery.parts[0].remote_id) == (State.PUBLISHED, post.id)
    assert channel.asked == []


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
def test_a_look_that_is_none_changes_nothing(house, channel, in_doubt, told):
    """Signed out, unreachable, somebody else's, cut short: in doubt it was, in doubt it stays."""
    delivery_id = in_doubt("The lamp is lit.")
    channel.on_look = lambda _: sighting(house, **told)

    look.fn("alice")

    assert house.store.show(delivery_id).delivery.state is State.UNCONFIRMED


def test_looks_that_saw_nothing_are_not_counted_and_grow_rarer(house, channel, in_doubt):
    """A broken reader must not use up a delivery's looks, nor hammer a page that does not answer."""
    delivery_id = in_doubt("The lamp is lit.")
    channel.on_look = lambda _: sighting(house, trouble=Cause.PAGE_UNREACHABLE)
    waits = []
    for _ in range(3):
        assert "alice" not in house.unseen or house.unseen["alice"].until > house.clock()
        look.fn("alice")
        waits.append(house.unseen["alice"].until - house.clock())

    assert house.store.show(delivery_id).delivery.looks == 0
    assert in_doubt_now(house) == []
    assert waits == sorted(waits)
    assert waits[0] < waits[-1]

    channel.on_look = lambda _: sighting(house)
    look.fn("alice")

    assert house.unseen == {}


def test_absence_alone_is_not_proof(house, channel, in_doubt):
    """One look that did not show it: it waits for the next, and is not asked for again."""
    delivery_id = in_doubt("The lamp is lit.")
    channel.on_look = lambda _: sighting(house)

    look.fn("alice")
    delivery = house.store.show(delivery_id).delivery

    assert delivery.state is State.UNCONFIRMED
    assert delivery.next_at > house.clock()


def test_all_in_doubt_are_settled_from_one_read(house, channel, in_doubt):
    """Three deliveries, one timeline read."""
    ids = [in_doubt(f"Lamp {n} is lit.") for n in range(3)]
    posts = [
        SeenPost(
            id=id_at(house.clock() - timedelta(seconds=85 - 30 * n)), author="alice", text=f"Lamp {n} is lit."
        )
        for n in range(3)
    ]
    channel.on_look = lambda _: sighting(house, *posts)

    look.fn("alice")

    assert [house.store.show(one).delivery.state for one in ids] == [State.PUBLISHED] * 3
    assert len(channel.looked) == 1


def test_a_thread_is_looked_for_where_replies_are_shown(house, channel, in_doubt):
    """The profile's own page leaves replies out."""
    in_doubt("One.", "Two.")
    channel.on_look = lambda _: sighting(house)

    look.fn("alice")

    assert [request.place for request in channel.looked] == [Place.REPLIES]


def test_a_published_post_is_known_by_its_id_alone(house, channel, claimed, time):
    """Another post that says the same is not the one we published."""
    claim = claimed("The lamp is lit.")
    own = id_at(house.clock() + timedelta(seconds=1))
    assert house.store.arm(claim.attempt_id, claim.fence, house.clock())
    house.store.answered(
        claim.attempt_id, Answer(outcomes=(Published(remote_id=own),)), now=house.clock(), jitter=0.5
    )
    time.pass_by(seconds=60)
    (twin,) = seen(house, "The lamp is lit.", ago=50)
    channel.on_look = lambda _: sighting(house, twin)
    look.fn("alice")
    unseen = house.store.show(claim.delivery_id)

    assert unseen.verified_at is None
    assert unseen.delivery.parts[0].remote_id == own

    time.pass_by(minutes=30)
    channel.on_look = lambda _: sighting(house, SeenPost(id=own, author="alice", text="The lamp is lit."))
    look.fn("alice")

    assert house.store.show(claim.delivery_id).verified_at is not None


def test_looks_grow_rarer():
    """Soon at first, then ever more rarely, and never more rarely than the cap."""
    waits = [interval(looks) for looks in range(20)]

    assert waits == sorted(waits)
    assert waits[0] <= timedelta(seconds=10)
    assert waits[-1] == LONGEST_INTERVAL
