"""A look reads what X itself tells, reaches back without a gap, and costs as little as it can."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.x_api import desk, world
from steadypost.channels.port import LookRequest
from steadypost.channels.x_api import looking
from steadypost.domain.clock import Offset
from steadypost.domain.evidence import Absent, CannotTell, Present, Wanted
from steadypost.domain.likeness import Grade, compare
from steadypost.domain.network import Place
from steadypost.domain.outcome import Cause
from steadypost.domain.post import Part
from steadypost.domain.weighing import judge
from steadypost.networks.x import NETWORK

TEXTS = [
    "Good morning",
    "Straße & <Wege> → 日本語 👨‍👩‍👧‍👦",
    "See https://example.com/ä_(b)?q=1&r=2#c, and (https://example.org).",
    "https://twitter.com/alice https://x.com/alice",
    "@bob is named first",
    "&amp; as it stands",
    "1 < 2 && 3 > 2\n\n\tindented",
]


def wanted(text, *, reply_to=None, media=(), offset=None):
    now = datetime.now(UTC)
    return Wanted(
        delivery_id=1,
        n=0,
        network=NETWORK,
        handle="alice",
        text=text,
        began_at=now - timedelta(seconds=20),
        ended_at=now,
        reply_to=reply_to,
        media=media,
        offset=offset,
    )


@pytest.mark.parametrize("text", TEXTS)
def test_what_was_said_is_read_back_exactly(alice, sandbox, text):
    """Links, escapes, signs of all scripts: the same to the last character."""
    posted = alice.asks_one(text)

    [seen] = alice.looks().posts

    assert posted.remote_id == seen.id
    assert Grade.SAME == compare(text, seen.said)
    assert (None, True, ()) == (seen.reply_to, seen.parent_known, seen.media)


def test_what_it_answers_is_told(alice, sandbox):
    """An answer to somebody begins with a name that X put there."""
    theirs = sandbox.hand_post("bob", "Good evening @alice")
    alice.asks_one("Indeed", reply_to=theirs)

    [seen] = alice.looks().posts

    assert theirs == seen.reply_to
    assert Grade.SAME == compare("Indeed", seen.said)


def test_a_list_that_does_not_tell_parents_proves_nothing_of_them(alice, sandbox, monkeypatch):
    """A missing reference is no word that there is no parent."""

    def bare(*what):
        told = world.written(*what)
        return {key: told[key] for key in ("id", "text", "author_id")}

    monkeypatch.setattr(desk, "written", bare)
    alice.asks_one("Good morning")

    [seen] = alice.looks().posts

    assert not seen.parent_known


def test_pictures_and_their_descriptions_are_told(alice, picture):
    """As many as there are, each with its words."""
    alice.asks_one(Part(text="Look", media=(picture(), picture(name="b.png", alt=""))))

    [seen] = alice.looks().posts

    assert ("Dawn over the harbour", "") == seen.media
    assert Grade.SAME == compare("Look", seen.said)


def test_an_edited_post_keeps_its_ids(alice, sandbox):
    """What it said at first is not told any more; its first id dates it."""
    first = alice.asks_one("Good morning").remote_id
    second = sandbox.world.edit(first, "Good evening")

    [seen] = alice.looks().posts

    assert (second, (first, second)) == (seen.id, seen.versions)


def test_a_look_reads_no_further_back_than_it_must(alice, sandbox):
    """Each post that X tells costs money."""
    sandbox.world.by_hand("alice", "Long ago", at_ms=int(time.time() * 1000) - 3_600_000)
    alice.asks_one("Now")
    sandbox.requests.clear()

    sighting = alice.looks()

    assert ["Now"] == [post.text for post in sighting.posts]
    assert ["getUsersPosts"] == sandbox.requests


def test_a_list_of_several_pages_is_read_whole(alice, sandbox):
    """Without a gap back to where the look had to reach."""
    for n in range(150):
        sandbox.hand_post("alice", f"Post {n}")

    sighting = alice.looks()

    assert 150 == len(sighting.posts)
    assert sighting.reached_back_to <= datetime.now(UTC) - timedelta(minutes=5)


def test_a_list_that_goes_on_reaches_to_its_oldest_post(alice, sandbox, monkeypatch):
    """What lies behind that was not read."""
    monkeypatch.setattr("steadypost.channels.x_api.looking.MOST_PAGES", 1)
    for n in range(120):
        sandbox.hand_post("alice", f"Post {n}")

    sighting = alice.looks()

    assert sighting.reached_back_to > datetime.now(UTC) - timedelta(minutes=1)
    assert Cause.ODD_ANSWER == alice.looks(Place.THREAD, post=sighting.posts[0].id).trouble


def test_a_lost_answer_is_found(alice, sandbox):
    """The one post that agrees in everything is it."""
    sandbox.weather({"fault": "lost_after"})
    alice.asks_one("Good morning")
    sighting = alice.looks(Place.PROFILE)

    [evidence] = judge([wanted("Good morning", offset=sighting.offset)], [sighting]).values()

    assert Present(remote_id=sandbox.live()[0]["id"]) == evidence


def test_absence_needs_both_lists(alice, sandbox):
    """One list alone has been seen to leave a post out."""
    sandbox.weather({"fault": "lost_before"})
    alice.asks_one("Good morning")
    plain, all_of_them = alice.looks(Place.PROFILE), alice.looks(Place.REPLIES)
    item = wanted("Good morning", offset=plain.offset)

    [one] = judge([item], [plain]).values()
    [both] = judge([item], [plain, all_of_them]).values()

    assert (CannotTell, Absent) == (type(one), type(both))


def test_absence_of_an_answer(alice, sandbox):
    """The list of everything, and the post that was to be answered."""
    theirs = sandbox.hand_post("bob", "Good evening @alice")
    item = wanted("Indeed", reply_to=theirs, offset=alice.looks().offset)

    [evidence] = judge([item], [alice.looks(), alice.looks(Place.THREAD, post=theirs)]).values()

    assert Absent is type(evidence)


def test_a_post_at_its_own_address(alice, sandbox):
    """There, or certainly gone."""
    posted = alice.asks_one("Good morning").remote_id
    there = alice.looks(Place.THREAD, post=posted)
    sandbox.delete(posted)

    gone = alice.looks(Place.THREAD, post=posted)

    assert [posted] == [post.id for post in there.posts]
    assert (frozenset({posted}), ()) == (gone.missing, gone.posts)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("lost_before", Cause.NO_WAY_THERE),
        ("server_error", Cause.SERVER_ERROR),
        ("gateway_timeout", Cause.SERVER_ERROR),
        ("unauthorized", Cause.SIGNED_OUT),
        ("rate_limited", Cause.RATE_LIMIT),
        ("payment_required", Cause.CREDIT_USED),
        ("page", Cause.ODD_ANSWER),
    ],
)
def test_a_look_that_came_to_nothing(alice, sandbox, fault, cause):
    """It proves nothing, and says what was in the way."""
    alice.asks_one("Good morning")
    sandbox.weather({"fault": fault, "on": "getUsersPosts"})

    sighting = alice.looks()

    assert (cause, (), None) == (sighting.trouble, sighting.posts, sighting.reached_back_to)


def test_a_post_that_lists_do_not_show_yet(alice, sandbox):
    """The settle window is for this: a look does not see it, and a later one does."""
    sandbox.world.lag_s = 3600
    alice.asks_one("Good morning")
    assert () == alice.looks().posts
    sandbox.world.lag_s = 0

    assert 1 == len(alice.looks().posts)


@pytest.mark.parametrize("ahead", [-500, -60, 0, 60, 500])
def test_clocks_apart(sandbox, alice, ahead):
    """Ids, dates and signatures are by X's clock; keys sign with it, and lists are read by it."""
    sandbox.clock.set(offset_s=ahead)
    posted = alice.asks_one("Good morning").remote_id

    sighting = alice.looks(back=timedelta(seconds=10))

    assert [posted] == [post.id for post in sighting.posts]
    assert abs(sighting.offset.ahead - timedelta(seconds=ahead)) < timedelta(seconds=2)


def test_a_clock_that_is_moved_while_a_look_begins_breaks_no_look():
    """What was known of X's clock is gone between two glances at it."""

    class Line:
        def __init__(self):
            self._known = [Offset(ahead=timedelta(minutes=5), within=timedelta(seconds=1)), None]

        @property
        def offset(self):
            return self._known.pop(0)

    back_to = datetime(2026, 5, 4, 12, tzinfo=UTC)

    assert back_to - looking.BEFORE == looking._since(
        Line(), LookRequest(place=Place.PROFILE, back_to=back_to)
    )
