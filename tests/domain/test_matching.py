"""How far a post agrees with what is wanted: the network's time, words, parent and pictures, and none of them alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.domain.clock import Offset
from steadypost.domain.evidence import Absent, CannotTell, Present, SeenPost, Sighting, Wanted
from steadypost.domain.likeness import Grade, plain
from steadypost.domain.matching import (
    CLOCK_SKEW,
    STEADY,
    TICK,
    UNKNOWN_CLOCK,
    earliest,
    grade,
    is_marked,
    made_when,
    text_grade,
    time_grade,
    widest_window,
    window,
)
from steadypost.domain.network import Place
from steadypost.domain.remote_id import RemoteId
from steadypost.domain.weighing import judge
from steadypost.networks.x import NETWORK as X
from steadypost.networks.x.snowflake import id_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND, MINUTE, MILLI = timedelta(seconds=1), timedelta(minutes=1), timedelta(milliseconds=1)
OTHER, UNCLEAR, SAME = Grade.OTHER, Grade.UNCLEAR, Grade.SAME
AGREED = Offset(ahead=timedelta(0), within=SECOND)
TEXT = "The harbour at dawn"


def ahead(by, within=SECOND):
    return Offset(ahead=by, within=within)


def wanted(text=TEXT, **more):
    told = {"offset": AGREED, "began_at": NOON, "ended_at": NOON + MINUTE, **more}
    return Wanted(network=X, delivery_id=1, n=0, handle="alice", text=text, **told)


def seen(text=TEXT, *, at=NOON + SECOND, **more):
    return SeenPost(**{"id": id_at(at), "author": "alice", "said": plain(text), "media": (), **more})


def look(offset=AGREED):
    return Sighting(account="alice", at=NOON + MINUTE, offset=offset)


def judged(*posts, offset):
    places = (Place.PROFILE, Place.REPLIES)
    told = {"account": "alice", "at": NOON + MINUTE, "told": True, "reached_back_to": NOON - 60 * MINUTE}
    seen_there = [Sighting(posts=posts, place=place, offset=offset, **told) for place in places]
    return judge([wanted(offset=offset)], seen_there)[1, 0]


def test_dates_that_the_network_s_own_ids_contradict_prove_nothing():
    """By the Date a post is of the future: whatever dates the answers is not the network, so its time is unknown."""
    behind = ahead(-10 * MINUTE)
    by_hand = seen(at=NOON - 5 * MINUTE)
    ours, another = seen(), seen("Good night", at=NOON + 30 * SECOND)

    assert isinstance(judged(by_hand, another, offset=behind), CannotTell)
    assert isinstance(judged(ours, by_hand, offset=behind), CannotTell)
    assert isinstance(judged(another, offset=behind), CannotTell)
    assert isinstance(judged(ours, by_hand, another, offset=AGREED), Present)
    assert isinstance(judged(by_hand, another, offset=AGREED), Absent)


class TestTheWindow:
    """From when on, by the network's clock, a post can be the one that was asked for."""

    def test_clocks_that_agree_leave_only_their_error(self):
        found = window(wanted(), AGREED)

        assert NOON - SECOND - TICK == found.surely
        assert found.surely - STEADY == found.perhaps
        assert found.is_known

    @pytest.mark.parametrize("by", [-600, -5, 0, 5, 600])
    def test_it_lies_where_the_network_s_clock_says(self, by):
        there, here = window(wanted(offset=ahead(by * SECOND)), ahead(by * SECOND)), window(wanted(), AGREED)

        assert by * SECOND == there.surely - here.surely
        assert min(0, by) * SECOND == there.perhaps - here.perhaps, "a Date ahead makes nothing too old"

    @pytest.mark.parametrize("sign", [1, -1])
    def test_a_clock_that_was_moved_widens_it_by_as_much(self, sign):
        found = window(wanted(), ahead(sign * MINUTE))

        assert MINUTE - 2 * SECOND == found.surely - found.perhaps

    @pytest.mark.parametrize(("armed", "looked"), [(None, AGREED), (AGREED, None)])
    def test_compared_once_the_clock_may_have_been_moved_by_anything_useful(self, armed, looked):
        found = window(wanted(offset=armed), looked)

        assert UNKNOWN_CLOCK == found.surely - found.perhaps
        assert not found.is_known

    def test_never_compared_it_reaches_as_far_both_ways(self):
        found = window(wanted(offset=None), None)

        assert (NOON + UNKNOWN_CLOCK, NOON - UNKNOWN_CLOCK, False) == (
            found.surely,
            found.perhaps,
            found.is_known,
        )

    @given(st.lists(st.integers(-300, 300).map(lambda n: ahead(n * SECOND)), min_size=1, max_size=4))
    def test_of_several_looks_none_finds_what_another_leaves_open(self, offsets):
        whole = widest_window(wanted(), [look(one) for one in offsets])

        for one in (window(wanted(), offset) for offset in offsets):
            assert whole.perhaps <= one.perhaps
            assert one.surely <= whole.surely

    def test_without_a_look_it_is_that_of_an_unknown_clock(self):
        assert window(wanted(), None) == widest_window(wanted(), [])


class TestTheTime:
    """A post older than the ask is another; one that is surely younger may be ours."""

    @pytest.mark.parametrize(
        ("made", "grades"),
        [
            (NOON + SECOND, SAME),
            (NOON - SECOND - TICK, SAME),
            (NOON - SECOND - TICK - MILLI, UNCLEAR),
            (NOON - SECOND - TICK - STEADY, UNCLEAR),
            (NOON - SECOND - TICK - STEADY - MILLI, OTHER),
        ],
    )
    def test_to_the_millisecond(self, made, grades):
        assert grades is time_grade(wanted(), seen(at=made), [look()])

    def test_where_clocks_are_not_known_only_what_is_far_away_is_told_apart(self):
        """A post of minutes before may be by hand, and newer than the newest that was known."""
        unknown = wanted(offset=None)

        assert UNCLEAR is time_grade(unknown, seen(at=NOON), [look(None)])
        assert UNCLEAR is time_grade(unknown, seen(at=NOON - 2 * MINUTE), [look(None)])

    def test_with_known_clocks_what_is_older_is_another(self):
        assert SAME is time_grade(wanted(), seen(at=NOON + SECOND), [look()])
        assert UNCLEAR is time_grade(wanted(), seen(at=NOON - 5 * SECOND), [look()])

    def test_an_edited_post_is_as_old_as_its_first_version(self):
        first = id_at(NOON - 10 * MINUTE)

        assert NOON - 10 * MINUTE == made_when(X, seen(versions=(first, id_at(NOON + SECOND))))
        assert OTHER is time_grade(wanted(), seen(versions=(first, id_at(NOON + SECOND))), [look()])

    @given(st.integers(-3600, 3600), st.integers(-3600, 3600))
    def test_a_younger_post_never_agrees_less(self, one, other):
        older, younger = sorted((one, other))
        grades = [time_grade(wanted(), seen(at=NOON + n * SECOND), [look()]) for n in (older, younger)]

        assert grades[0] <= grades[1]


class TestTheRest:
    """All that is known of both has to agree; what is not known proves nothing."""

    def test_a_post_that_agrees_in_all_is_the_same(self):
        assert SAME is grade(wanted(), seen(), [look()])

    @pytest.mark.parametrize(
        ("post", "item"),
        [
            ({"author": "bob"}, {}),
            ({"text": "Another harbour altogether"}, {}),
            ({"reply_to": RemoteId("5")}, {}),
            ({}, {"reply_to": RemoteId("5")}),
            ({"media": ("a pier", "a gull")}, {"media": ("a pier",)}),
        ],
        ids=["another's", "other words", "answers something", "answers nothing", "a picture more"],
    )
    def test_what_differs_is_another(self, post, item):
        assert OTHER is grade(wanted(**item), seen(**post), [look()])

    @pytest.mark.parametrize(
        ("post", "item"),
        [
            ({"readable": False}, {}),
            ({"pinned": True}, {}),
            ({"promoted": True}, {}),
            ({"parent_known": False}, {}),
            ({"reply_to": RemoteId("5")}, {"parent_known": False}),
            ({"media": ()}, {"media": ("a pier",)}),
            ({"media": ("a boat",)}, {"media": ("a pier",)}),
            ({"media": None}, {"media": ("a pier",)}),
            ({"options": {"visibility": "private"}}, {"options": {"visibility": "public"}}),
        ],
        ids=["unreadable", "pinned", "promoted", "no parent told", "no parent known", "a picture lost",
             "another description", "no number of pictures", "another visibility"],
    )  # fmt: skip
    def test_what_cannot_be_told_apart_is_unclear(self, post, item):
        assert UNCLEAR is grade(wanted(**item), seen(**post), [look()])

    def test_a_handle_s_case_makes_no_other_account(self):
        assert SAME is grade(wanted(), seen(author="Alice"), [look()])

    def test_what_it_answers_is_never_taken_for_it(self):
        parent = id_at(NOON + SECOND)

        assert OTHER is grade(wanted(reply_to=parent), seen(id=parent, reply_to=parent), [look()])

    def test_a_picture_without_a_word_could_be_any_other(self):
        wordless = wanted("", media=("",))

        assert UNCLEAR is grade(wordless, seen("", media=("",)), [look()])
        assert SAME is grade(wanted("", media=("a pier",)), seen("", media=("a pier",)), [look()])

    def test_an_edited_text_is_unclear_whatever_it_says_now(self):
        edited = seen(versions=(id_at(NOON + SECOND), id_at(NOON + MINUTE)))

        assert UNCLEAR is text_grade(wanted(), edited)
        assert SAME is text_grade(wanted(), seen())

    def test_marked_is_what_a_list_shows_out_of_its_place(self):
        assert [True, True, False] == [
            is_marked(seen(pinned=True)),
            is_marked(seen(promoted=True)),
            is_marked(seen()),
        ]


def test_the_earliest_instant_leaves_room_for_what_clocks_may_differ():
    assert NOON - UNKNOWN_CLOCK == earliest(NOON, None)
    assert NOON + MINUTE - SECOND - CLOCK_SKEW == earliest(NOON, ahead(MINUTE))
