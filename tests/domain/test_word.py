"""A person's word: it is believed where it can be true, and never ends as cancelled what may be live."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.domain.clock import Offset
from steadypost.domain.delivery import Delivery, ImpossibleMove, State, WhenLate
from steadypost.domain.matching import CLOCK_SKEW, UNKNOWN_CLOCK
from steadypost.domain.network import Pointer
from steadypost.domain.outcome import Cause
from steadypost.domain.parts import DeliveryPart, PartState
from steadypost.domain.remote_id import RemoteId
from steadypost.domain.word import (
    StillUnconfirmed,
    Word,
    WordNotTaken,
    came_to_light,
    check_age,
    heard,
    placed,
    retried,
    unconfirmed_parts,
)
from steadypost.networks.x import NETWORK as X
from steadypost.networks.x.snowflake import id_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
AGREED = Offset(ahead=timedelta(0), within=SECOND)
FIRST, SECOND_ID, THIRD = (id_at(NOON, sequence=n) for n in range(3))
WAITING, ASKED, LIVE = PartState.WAITING, PartState.ASKED, PartState.LIVE
IDS = (FIRST, SECOND_ID, THIRD)


def delivery(state, *parts, **more):
    told = {"due_at": NOON, "next_at": NOON, **more}
    made = tuple(
        DeliveryPart(n=n, state=one, remote_id=IDS[n] if one is LIVE else None) for n, one in enumerate(parts)
    )
    return Delivery(id=7, post_id=3, account="alice", state=state, parts=made, **told)


def lost(*parts, **more):
    return delivery(State.UNCONFIRMED, *(parts or (ASKED,)), **more)


class TestHeard:
    """What a word makes of a delivery."""

    def test_an_id_for_every_part_publishes_it(self):
        after = heard(lost(ASKED, ASKED, looks=4, why="lost"), Word(live={0: FIRST, 1: SECOND_ID}), NOON)

        assert (State.PUBLISHED, "", 0) == (after.state, after.why, after.looks)
        assert [FIRST, SECOND_ID] == [part.remote_id for part in after.parts]

    def test_what_is_absent_goes_out_again(self):
        after = heard(
            lost(broken=2, deferred=3, cause=Cause.NO_ANSWER, why="lost"), Word(absent=True), NOON + HOUR
        )

        assert (State.SCHEDULED, NOON + HOUR, 0, 0, None) == (
            after.state,
            after.next_at,
            after.broken,
            after.deferred,
            after.cause,
        )
        assert [WAITING] == [part.state for part in after.parts]

    def test_never_before_a_first_copy_could_still_come_to_life(self):
        assert NOON + HOUR == heard(lost(), Word(absent=True), NOON, NOON + HOUR).next_at

    def test_the_rest_of_a_thread_that_is_absent_is_sent_on(self):
        after = heard(lost(ASKED, ASKED), Word(live={0: FIRST}, absent=True), NOON)

        assert (State.PARTIAL, [LIVE, WAITING]) == (after.state, [part.state for part in after.parts])

    @pytest.mark.parametrize("word", [Word(), Word(drop=True)])
    def test_without_a_look_nothing_that_may_be_live_moves(self, word):
        with pytest.raises(StillUnconfirmed, match="part 1"):
            heard(lost(), word, NOON)

    def test_dropped_and_absent_it_ends(self):
        assert State.CANCELLED is heard(lost(), Word(absent=True, drop=True), NOON).state

    def test_dropped_half_live_it_says_what_stays(self):
        after = heard(delivery(State.NEEDS_REVIEW, LIVE, WAITING), Word(drop=True), NOON)

        assert (State.CANCELLED, "taken back; part 1 of 2 stay live") == (after.state, after.why)

    def test_some_parts_live_and_nothing_said_of_the_rest_it_waits_for_a_word(self):
        after = heard(lost(ASKED, ASKED), Word(live={0: FIRST}), NOON)

        assert State.UNCONFIRMED is after.state
        assert [2] == unconfirmed_parts(after)

    def test_a_part_has_one_id(self):
        with pytest.raises(WordNotTaken, match="known as"):
            heard(delivery(State.NEEDS_REVIEW, LIVE, WAITING), Word(live={0: THIRD}), NOON)

    def test_of_a_delivery_that_is_published_nothing_new_can_be_said(self):
        with pytest.raises(WordNotTaken, match="nothing that was said is new"):
            heard(delivery(State.PUBLISHED, LIVE), Word(live={0: FIRST}), NOON)

    @pytest.mark.parametrize("more", [{"absent": True}, {"drop": True}])
    def test_all_live_leaves_nothing_to_be_absent_or_dropped(self, more):
        with pytest.raises(WordNotTaken, match="every part"):
            heard(lost(), Word(live={0: FIRST}, **more), NOON)

    def test_a_later_part_without_an_earlier_cannot_be_put_in_order(self):
        with pytest.raises(WordNotTaken, match="cannot put them in order"):
            heard(lost(ASKED, ASKED), Word(live={1: SECOND_ID}, absent=True), NOON)

    def test_what_was_seen_gone_is_there_again_only_whole(self):
        gone = delivery(State.REMOVED, LIVE, LIVE)

        with pytest.raises(WordNotTaken, match="part 2"):
            heard(gone, Word(live={0: FIRST}), NOON)
        assert State.PUBLISHED is heard(gone, Word(live={0: FIRST, 1: SECOND_ID}), NOON).state

    def test_it_may_be_there_under_another_id(self):
        after = heard(delivery(State.REMOVED, LIVE), Word(live={0: THIRD}), NOON)

        assert [THIRD] == [part.remote_id for part in after.parts]

    @pytest.mark.parametrize("state", [State.REFUSED, State.MISSED, State.CANCELLED])
    def test_what_ended_goes_out_again_only_by_a_change(self, state):
        with pytest.raises(ImpossibleMove):
            heard(delivery(state, WAITING), Word(absent=True), NOON)

    def test_who_was_asked_because_it_is_late_has_answered_its_late_rule(self):
        late = delivery(State.HELD, WAITING, late_after=MINUTE, when_late=WhenLate.ASK)

        assert heard(late, Word(), NOON + HOUR).late_after is None
        assert MINUTE == heard(late, Word(), NOON).late_after

    @given(
        st.lists(st.sampled_from(PartState), min_size=1, max_size=3), st.booleans(), st.booleans(), st.data()
    )
    def test_no_word_loses_an_id_or_cancels_what_may_be_live(self, parts, absent, drop, data):
        before = lost(*parts)
        live = {n: IDS[n] for n in data.draw(st.sets(st.integers(0, len(parts) - 1)))}
        try:
            after = heard(before, Word(live=live, absent=absent, drop=drop), NOON)
        except (WordNotTaken, ImpossibleMove):
            return

        known = {part.n: part.remote_id for part in before.parts if part.remote_id} | live
        assert known == {part.n: part.remote_id for part in after.parts if part.remote_id}
        if after.state in {State.CANCELLED, State.SCHEDULED, State.PARTIAL}:
            assert [] == unconfirmed_parts(after)


class TestPlaced:
    """Which part a post is."""

    def test_unnamed_posts_fill_what_is_missing_in_order(self):
        pointers = [Pointer(id=FIRST), Pointer(id=SECOND_ID)]

        assert {0: FIRST, 1: SECOND_ID} == placed(lost(ASKED, ASKED), pointers, X)

    def test_an_id_that_is_known_is_its_own_part(self):
        before = delivery(State.NEEDS_REVIEW, LIVE, ASKED)

        assert {0: FIRST, 1: SECOND_ID} == placed(before, [Pointer(id=SECOND_ID), Pointer(id=FIRST)], X)

    def test_a_named_part_is_taken_before_the_rest(self):
        pointers = [Pointer(id=THIRD), Pointer(id=FIRST, part=0)]

        assert {0: FIRST, 1: THIRD} == placed(lost(ASKED, ASKED), pointers, X)

    @pytest.mark.parametrize(
        ("pointers", "why"),
        [
            ([Pointer(id=FIRST), Pointer(id=FIRST)], "named twice"),
            ([Pointer(id=FIRST, part=0), Pointer(id=THIRD, part=0)], "said to be part 1"),
            ([Pointer(id=FIRST, part=5)], "no room"),
            ([Pointer(id=FIRST), Pointer(id=SECOND_ID), Pointer(id=THIRD)], "no room"),
            ([Pointer(id=SECOND_ID), Pointer(id=FIRST)], "not younger"),
        ],
    )
    def test_what_cannot_be_is_refused_with_a_remedy(self, pointers, why):
        with pytest.raises(WordNotTaken, match=why) as refused:
            placed(lost(ASKED, ASKED), pointers, X)
        assert refused.value.remedy


class TestAge:
    """A post is younger than the ask, and of a time that has come."""

    @pytest.mark.parametrize(
        ("made", "taken"),
        [
            (NOON, True),
            (NOON - SECOND - CLOCK_SKEW, True),
            (NOON - SECOND - CLOCK_SKEW - SECOND, False),
            (NOON + HOUR + UNKNOWN_CLOCK, True),
            (NOON + HOUR + UNKNOWN_CLOCK + SECOND, False),
        ],
    )
    def test_to_the_second(self, made, taken):
        pointer = Pointer(id=id_at(made))
        if taken:
            assert check_age(pointer, NOON, AGREED, NOON + HOUR, X) is None
        else:
            with pytest.raises(WordNotTaken):
                check_age(pointer, NOON, AGREED, NOON + HOUR, X)

    def test_where_the_clocks_were_never_compared_more_is_believed(self):
        pointer = Pointer(id=id_at(NOON - UNKNOWN_CLOCK))

        assert check_age(pointer, NOON, None, NOON, X) is None

    @pytest.mark.parametrize("ahead", [MINUTE, 30 * MINUTE])
    def test_a_date_ahead_of_the_ids_makes_no_seen_post_too_old(self, ahead):
        """It is a proxy's: by this machine's clock the post is of this ask, and a person sees it."""
        pointer, proxy = Pointer(id=id_at(NOON + SECOND)), Offset(ahead=ahead, within=SECOND)

        assert check_age(pointer, NOON, proxy, NOON + HOUR, X) is None
        with pytest.raises(WordNotTaken, match="before it was first asked for"):
            check_age(Pointer(id=id_at(NOON - MINUTE)), NOON, proxy, NOON + HOUR, X)

    def test_of_what_was_never_asked_for_no_post_can_be(self):
        with pytest.raises(WordNotTaken, match="nothing was ever asked for"):
            check_age(Pointer(id=FIRST), None, AGREED, NOON, X)

    def test_an_id_that_tells_no_time_is_believed(self):
        assert (
            check_age(Pointer(id=RemoteId("17")), NOON, AGREED, NOON, replace(X, made_at=lambda _: None))
            is None
        )


class TestRetried:
    """A retry of many lets go what waits for a person, and says why of the rest."""

    def test_what_broke_its_attempts_starts_anew(self):
        after = retried(delivery(State.QUARANTINED, WAITING, broken=3), NOON)

        assert (State.SCHEDULED, 0) == (after.state, after.broken)

    @pytest.mark.parametrize(
        ("state", "parts", "why"),
        [
            (State.NEEDS_REVIEW, (ASKED,), "part 1 may be live"),
            (State.REFUSED, (WAITING,), "would say no again"),
            (State.SCHEDULED, (WAITING,), "it does not wait for a person"),
            (State.PUBLISHED, (LIVE,), "it does not wait for a person"),
        ],
    )
    def test_the_rest_stays_and_says_why(self, state, parts, why):
        assert why in retried(delivery(state, *parts), NOON)

    def test_what_is_too_late_would_only_be_missed(self):
        late = delivery(State.QUARANTINED, WAITING, late_after=MINUTE)

        assert isinstance(retried(late, NOON + HOUR), str)


class TestCameToLight:
    """An id outweighs every other word."""

    @pytest.mark.parametrize(
        "state", [State.CANCELLED, State.REFUSED, State.MISSED, State.SCHEDULED, State.HELD]
    )
    def test_all_live_it_is_published_from_wherever_it_waits_or_ended(self, state):
        assert State.PUBLISHED is came_to_light(delivery(state, LIVE), "").state

    @pytest.mark.parametrize("state", [State.CANCELLED, State.REFUSED, State.MISSED, State.SCHEDULED])
    def test_in_part_it_goes_before_a_person(self, state):
        after = came_to_light(delivery(state, LIVE, WAITING), "part 1 came to light")

        assert (State.NEEDS_REVIEW, "part 1 came to light") == (after.state, after.why)

    def test_with_the_rest_unconfirmed_it_stays_so(self):
        before = lost(LIVE, ASKED)

        assert before == came_to_light(before, "part 1 came to light")
