"""Looking: one sighting settles what it can, and nothing else."""

from datetime import timedelta

import pytest
from prefect.client.schemas.objects import TaskRun
from prefect.states import Failed

from blocks import Switches
from blocks.switches import Switch
from flows.publish import may_publish
from flows.reconcile import in_doubt as in_doubt_now
from steadypost.channels.port import Place
from steadypost.domain.delivery import State
from steadypost.domain.evidence import SeenPost, Sighting
from steadypost.domain.outcome import Answer, Cause, Phase, Published, Unconfirmed
from steadypost.domain.snowflake import id_at
from steadypost.store import StoreAway
from tasks.looks import LONGEST_INTERVAL, has_budget, interval, look

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


@pytest.fixture
def fell_silent(house, claimed, time):
    """A delivery whose worker fell silent after it was armed, rescued; its browser is called ``browser``."""

    def silent(browser):
        claim = claimed("The lamp is lit.")
        assert house.store.arm(claim.attempt_id, claim.fence, house.clock(), browser)
        time.pass_by(seconds=60)
        house.store.rescue(house.clock())
        time.pass_by(seconds=10)
        return claim.delivery_id

    return silent


def gone_at(house, delivery_id):
    return house.store.show(delivery_id).attempts[-1].gone_at


def test_absence_is_proven_only_after_the_silent_workers_browser_is_dead(
    house, channel, fell_silent, time, monkeypatch
):
    """While it lives it may still click: looks that miss the post are kept, and prove nothing."""
    dead = {"browser-1": False}
    monkeypatch.setattr("tasks.looks.is_dead", dead.get)
    delivery_id = fell_silent("browser-1")
    channel.on_look = lambda _: sighting(house)

    look.fn("alice")
    assert gone_at(house, delivery_id) is None

    dead["browser-1"] = True
    time.pass_by(minutes=1)
    look.fn("alice")
    assert gone_at(house, delivery_id) == house.clock()
    time.pass_by(minutes=16)
    look.fn("alice")

    assert house.store.show(delivery_id).delivery.state is State.SCHEDULED


def test_a_silent_workers_browser_is_ended_when_nobody_can_wait_for_it_any_more(
    house, channel, fell_silent, time, monkeypatch
):
    """A worker that is asleep for longer than an attempt may take will wake to a dead browser."""
    ended = []
    monkeypatch.setattr("tasks.looks.is_dead", lambda _: False)
    monkeypatch.setattr("tasks.looks.end_browser", lambda browser: ended.append(browser) or True)
    delivery_id = fell_silent("browser-1")
    channel.on_look = lambda _: sighting(house)

    look.fn("alice")
    assert ended == []

    time.pass_by(minutes=5)
    look.fn("alice")
    assert ended == ["browser-1"]
    assert gone_at(house, delivery_id) == house.clock()


def test_a_browser_of_another_machine_cannot_be_judged(house, channel, fell_silent, time, monkeypatch):
    """Nobody here can see it dead, so nothing is asked again; in the end a person decides."""
    monkeypatch.setattr("tasks.looks.is_dead", lambda _: None)
    delivery_id = fell_silent("elsewhere")
    channel.on_look = lambda _: sighting(house)
    for _ in range(30):
        time.pass_by(minutes=16)
        look.fn("alice")

    assert gone_at(house, delivery_id) is None
    assert house.store.show(delivery_id).delivery.state is State.NEEDS_REVIEW


def test_what_somebody_posted_by_hand_counts(house, channel, in_doubt):
    """Seen on the way, kept as foreign, and counted against the quota; matched with nothing (F06-S3)."""
    in_doubt("The lamp is lit.")
    (ours,) = seen(house, "The lamp is lit.")
    (by_hand,) = seen(house, "Typed on a phone.", ago=20)
    (shared,) = seen(house, "Somebody else's.", ago=10, reposted=True)
    channel.on_look = lambda _: sighting(house, ours, by_hand, shared)

    look.fn("alice")

    assert sum(use.units for use in house.store.quota("alice", house.clock())) == 2


def test_what_may_be_ours_is_not_foreign(house, channel, in_doubt, claimed):
    """Two posts fit one delivery in doubt, and another is just being sent: none of them is a stranger's."""
    in_doubt("The lamp is lit.")
    twins = seen(house, "The lamp is lit.", "The lamp is lit.")
    claimed("Just being sent.")
    (fresh,) = seen(house, "Just being sent.", ago=0)
    channel.on_look = lambda _: sighting(house, *twins, fresh)

    look.fn("alice")

    assert sum(use.units for use in house.store.quota("alice", house.clock())) == 2


def test_where_the_list_with_replies_fails_others_are_read_beside_it(house, channel, in_doubt):
    """X's list with replies often fails to load: singles are looked for on the profile, replies at their target."""
    target = id_at(house.clock() - timedelta(hours=1))
    single = in_doubt("The lamp is lit.")
    reply = in_doubt("So it is.", reply_to=target)
    (one,) = seen(house, "The lamp is lit.", ago=50)
    (other,) = seen(house, "So it is.", ago=20)
    lists = {Place.PROFILE: sighting(house, one), Place.THREAD: sighting(house, other, reached_back_to=None)}
    channel.on_look = lambda request: lists.get(request.place, sighting(house, trouble=Cause.SERVER_ERROR))

    look.fn("alice")

    assert [(request.place, request.post) for request in channel.looked] == [
        (Place.REPLIES, None),
        (Place.PROFILE, None),
        (Place.THREAD, target),
    ]
    assert [house.store.show(one).delivery.state for one in (single, reply)] == [State.PUBLISHED] * 2


def test_a_wall_is_not_walked_around(house, channel, in_doubt):
    """Signed out, challenged or locked: no other page of the account is opened either."""
    in_doubt("The lamp is lit.")
    in_doubt("One.", "Two.")
    channel.on_look = lambda _: sighting(house, trouble=Cause.CHALLENGE)

    look.fn("alice")

    assert len(channel.looked) == 1


def test_on_demand_everything_in_doubt_is_looked_for(house, channel, in_doubt, time):
    """Whenever its next look was planned."""
    delivery_id = in_doubt("The lamp is lit.")
    channel.on_look = lambda _: sighting(house)
    look.fn("alice")
    assert in_doubt_now(house) == []
    assert in_doubt_now(house, at_once=True) == ["alice"]

    (post,) = seen(house, "The lamp is lit.")
    time.pass_by(seconds=1)
    channel.on_look = lambda _: sighting(house, post)
    look.fn("alice", at_once=True)

    assert house.store.show(delivery_id).delivery.state is State.PUBLISHED


def test_a_doubt_holds_its_account_only_when_the_switch_says_so(house, in_doubt):
    """Off gives the old behaviour: one post in doubt holds the queue of its account, and of no other."""
    in_doubt("The lamp is lit.")
    assert may_publish(house) == ["alice", "bob"]

    house.switches = Switches(isolate_unconfirmed=Switch(on=False, reason="comparison", by="alice"))

    assert may_publish(house) == ["bob"]


def test_looks_grow_rarer():
    """Soon at first, then ever more rarely, and never more rarely than the cap."""
    waits = [interval(looks) for looks in range(20)]

    assert waits == sorted(waits)
    assert waits[0] <= timedelta(seconds=10)
    assert waits[-1] == LONGEST_INTERVAL


def test_looks_that_fail_are_repeated_within_the_budget(house, time):
    """While the browsers are away, retries of looks do not add up: five in vain, then they wait (F11)."""
    granted = []
    for second in range(40):
        granted += [second] if house.may_look_again(again=second > 0) else []
        time.pass_by(seconds=1)

    assert granted == [0, 1, 2, 3, 4]

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

    monkeypatch.setattr(house.store, "recent_tries", away)

    assert has_budget(look, run, Failed()) is False
    assert look.retry_condition_fn is has_budget
