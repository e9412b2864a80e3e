"""Which lists a look reads: as few as show everything, then what fails is read elsewhere, and absence needs all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain.clock import Offset
from steadypost.domain.evidence import Absent, CannotTell, Present, Sighting, Wanted
from steadypost.domain.matching import window
from steadypost.domain.network import Name, Place
from steadypost.domain.outcome import Cause, Phase
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.bluesky import NETWORK as BLUESKY
from steadypost.networks.x import NETWORK as X
from steadypost.networks.x.snowflake import id_at
from steadypost.store.attempts import Attempt
from steadypost.store.unconfirmed import Unsettled
from tasks.looks import MOST_THREADS, Plan, back_to, by_name, first_plan, names, plans_beside, plans_to_prove

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
AGREED = Offset(ahead=timedelta(0), within=timedelta(seconds=1))
PARENT = id_at(NOON - timedelta(hours=1))
ATTEMPT = Attempt(
    id=1,
    delivery_id=1,
    n=1,
    fence=1,
    worker="w",
    executor="",
    first_part=0,
    phase=Phase.CLICKED,
    claimed_at=NOON,
    lease_until=NOON + MINUTE,
    armed_at=NOON,
    answered_at=None,
    rescued_at=NOON + MINUTE,
    answer=None,
    gone_at=NOON + MINUTE,
)
KEY = Name(key="0" * 32, keyed_at=NOON, n=0)


def item(*wanted, number=1, published=False, ids=None):
    """A delivery to look for."""
    return Unsettled(
        delivery_id=number,
        account="alice",
        channel="x_web",
        handle="alice",
        published=published,
        looks=0,
        next_at=NOON,
        wanted=wanted or (part(),),
        ids=ids or {},
        attempt=ATTEMPT,
    )


def part(n=0, *, network=X, began_at=NOON, **more):
    told = {"offset": AGREED, "text": "The harbour at dawn", **more}
    return Wanted(
        network=network,
        delivery_id=1,
        n=n,
        handle="alice",
        began_at=began_at,
        ended_at=began_at + MINUTE,
        **told,
    )


def read(place, post=None):
    return Sighting(account="alice", at=NOON, place=place, post=post)


def unread(*needs):
    return CannotTell(why="not read", unread=tuple(needs))


def test_posts_of_an_account_s_own_are_on_its_profile():
    assert Plan(place=Place.PROFILE) == first_plan([item(), item(number=2)])


@pytest.mark.parametrize(
    "answers",
    [part(reply_to=PARENT), part(n=1), part(text="@bob the harbour at dawn")],
    ids=["a reply", "a thread's second part", "a post that begins with a name"],
)
def test_one_that_answers_is_only_on_the_list_with_replies(answers):
    assert Plan(place=Place.REPLIES) == first_plan([item(), item(answers, number=2)])


def test_what_has_names_is_asked_for_by_them():
    named = item(part(network=BLUESKY, name=KEY))

    assert by_name([named])
    assert Plan(place=Place.NAMED) == first_plan([named])
    assert (KEY,) == names([named, named])


def test_one_without_a_name_makes_all_be_read_from_lists():
    assert not by_name([item(part(network=BLUESKY, name=KEY)), item(part(network=BLUESKY))])


def test_where_a_network_takes_no_names_none_is_asked_for():
    assert not by_name([item(part(name=KEY))])


def test_beside_a_list_with_replies_that_fails_the_profile_and_the_posts_above_are_read():
    plans = plans_beside([item(), item(part(reply_to=PARENT))], Cause.PAGE_UNREACHABLE)

    assert [Plan(place=Place.PROFILE), Plan(place=Place.THREAD, post=PARENT)] == plans


def test_a_thread_whose_parent_is_unknown_is_read_at_its_own_page():
    live = RemoteId("17")
    plans = plans_beside([item(part(n=1), ids={0: live})], Cause.PAGE_UNREACHABLE)

    assert [Plan(place=Place.THREAD, post=live)] == plans


def test_a_part_above_which_nothing_is_known_has_no_page():
    assert [] == plans_beside([item(part(n=1))], Cause.PAGE_UNREACHABLE)


def test_a_wall_before_the_account_is_one_before_all_of_its_pages():
    assert [] == plans_beside([item(part(reply_to=PARENT))], Cause.SIGNED_OUT)


def test_where_nothing_answers_the_profile_was_all_there_is():
    assert [] == plans_beside([item()], Cause.PAGE_UNREACHABLE)


def test_a_few_pages_are_read_at_a_time():
    replies = [item(part(reply_to=RemoteId(str(n))), number=n) for n in range(1, MOST_THREADS + 4)]

    assert MOST_THREADS == len(plans_beside(replies, Cause.PAGE_UNREACHABLE))


def test_to_prove_absence_what_was_not_read_is_read_lists_first():
    post = RemoteId("5")
    verdicts = [
        unread((Place.THREAD, post), (Place.REPLIES, None)),
        unread((Place.PROFILE, None), (Place.REPLIES, None)),
    ]
    plans = plans_to_prove(verdicts, but=[read(Place.PROFILE)])

    assert [Plan(place=Place.REPLIES), Plan(place=Place.THREAD, post=post)] == plans


def test_what_is_settled_needs_no_more_reading():
    settled = [Present(remote_id=RemoteId("5")), Absent(why="every list was read")]

    assert [] == plans_to_prove(settled, but=[])


def test_every_list_but_only_some_pages_are_read_to_prove_absence():
    pages = [(Place.THREAD, RemoteId(str(n))) for n in range(MOST_THREADS + 3)]
    plans = plans_to_prove([unread((Place.PROFILE, None), (Place.REPLIES, None), *pages)], but=[])

    assert [Place.PROFILE, Place.REPLIES, *[Place.THREAD] * MOST_THREADS] == [plan.place for plan in plans]


def test_a_page_that_was_read_is_not_read_again():
    post, other = RemoteId("5"), RemoteId("6")
    plans = plans_to_prove(
        [unread((Place.THREAD, post), (Place.THREAD, other))], but=[read(Place.THREAD, post)]
    )

    assert [Plan(place=Place.THREAD, post=other)] == plans


def test_a_list_is_read_back_past_the_first_that_is_looked_for():
    early, late = item(part(began_at=NOON - MINUTE)), item(part(began_at=NOON))

    assert back_to([late, early]) == back_to([early]) < NOON - MINUTE
    assert back_to([late]) > back_to([early])


@pytest.mark.parametrize("moved", [-400, 400])
def test_a_list_is_read_as_far_back_as_a_clock_that_was_moved_makes_it_needed(moved):
    """Else it is judged again and again as one that does not reach back past the attempt."""
    wanted = part()
    now = Offset(ahead=timedelta(seconds=moved), within=timedelta(seconds=1))

    assert back_to([item(wanted)], now) < window(wanted, now).perhaps
    assert back_to([item(wanted)], now) < window(wanted, AGREED).perhaps


def test_of_what_is_published_the_list_is_read_back_to_its_post():
    """Its id tells when it was made, however long ago it was asked for."""
    made = NOON - 5 * MINUTE
    shown = item(part(began_at=NOON - timedelta(days=2)), published=True, ids={0: id_at(made)})

    assert timedelta(0) <= made - back_to([shown]) < MINUTE
