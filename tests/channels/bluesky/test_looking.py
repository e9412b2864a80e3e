"""A look on Bluesky: posts by their own names, and the account's list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain.network import Place
from steadypost.domain.outcome import Cause
from tests.channels.bluesky.conftest import BOB, names, order


def test_a_post_by_its_name(alice):
    wanted = order("one", "two")
    published = [one.remote_id for one in alice.ask(wanted).outcomes]
    seen = alice.look_for(wanted)

    assert (seen.account, seen.told, seen.trouble) == ("alice.test", True, None)
    assert seen.named == dict(zip(names(wanted), published, strict=True))
    assert [(one.id, one.text, one.reply_to) for one in seen.posts] == [
        (published[0], "one", None),
        (published[1], "two", published[0]),
    ]


def test_a_name_that_nothing_was_written_under(alice):
    wanted = order("one")

    assert alice.look_for(wanted).named == {names(wanted)[0]: None}


def test_a_post_that_a_person_deleted_is_not_there_and_the_look_says_only_that(alice, sandbox):
    """That it had been published is what the store knows; the network has forgotten it."""
    wanted = order("one")
    published = alice.ask(wanted).outcomes[0].remote_id
    sandbox.delete(published)
    seen = alice.look(Place.THREAD, post=published)

    assert alice.look_for(wanted).named == {names(wanted)[0]: None}
    assert seen.missing == {published}


def test_a_post_whose_words_somebody_changed(alice, sandbox):
    """It is there, under its name, and what it says is told beside it."""
    wanted = order("one")
    published = alice.ask(wanted).outcomes[0].remote_id
    sandbox.call("change", uri=published, text="something else")
    seen = alice.look_for(wanted)

    assert list(seen.named.values()) == [published]
    assert [one.text for one in seen.posts] == ["something else"]


def test_the_accounts_own_posts(alice, sandbox, picture):
    by_hand = sandbox.hand_post(alice.handle, "by hand")
    sandbox.hand_post(BOB, "somebody else's")
    from steadypost.domain.post import Part  # noqa: PLC0415 - for this test only

    published = alice.ask(order(Part(text="with a map", media=(picture(alt="a map"),)))).outcomes[0].remote_id
    seen = alice.look(Place.PROFILE)

    assert {one.id: (one.text, one.media) for one in seen.posts} == {
        by_hand["uri"]: ("by hand", ()),
        published: ("with a map", ("a map",)),
    }
    assert seen.reached_back_to < datetime(2000, 1, 1, tzinfo=UTC)
    assert {one.author for one in seen.posts} == {"alice.test"}


def test_a_long_list_is_read_as_far_back_as_it_is_needed(alice, sandbox):
    for n in range(230):
        sandbox.hand_post(alice.handle, f"post {n}")
    far = alice.look(Place.PROFILE, back_to=datetime.now(UTC) - timedelta(days=1))
    near = alice.look(Place.PROFILE, back_to=datetime.now(UTC) + timedelta(days=1))

    assert len({one.id for one in far.posts}) == 230
    assert far.reached_back_to < datetime(2000, 1, 1, tzinfo=UTC)
    assert len(near.posts) == 100
    assert near.reached_back_to > datetime(2000, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("method", ["getRecord", "getSession"])
@pytest.mark.parametrize("fault", ["unavailable", "hang_up", "too_many"])
def test_a_look_that_failed_is_none(alice, sandbox, method, fault):
    wanted = order("one")
    alice.ask(wanted)
    sandbox.weather({"fault": fault, "method": method})
    seen = alice.look_for(wanted)

    assert seen.trouble is not None
    assert seen.named == {}


def test_a_list_that_breaks_off_shows_nothing(alice, sandbox):
    for n in range(120):
        sandbox.hand_post(alice.handle, f"post {n}")
    sandbox.weather({"fault": "hang_up", "method": "listRecords", "skip": 1})
    seen = alice.look(Place.PROFILE, back_to=datetime.now(UTC) - timedelta(days=1))

    assert (seen.trouble is not None, seen.posts) == (True, ())


def test_the_server_that_the_account_has_left_is_not_believed(alice, sandbox):
    """Its answer would be "nothing of that name", for a post that lives on elsewhere."""
    wanted = order("one")
    published = alice.ask(wanted).outcomes[0].remote_id
    sandbox.call("move", account=alice.handle)

    assert list(alice.look_for(wanted).named.values()) == [published]


def test_another_handle_is_the_same_account(alice, sandbox):
    wanted = order("one")
    published = alice.ask(wanted).outcomes[0].remote_id
    sandbox.call("rename", account=alice.handle, handle="alice-the-second.test")
    seen = alice.look_for(wanted)

    assert (seen.account, list(seen.named.values())) == ("alice.test", [published])


def test_the_clocks_are_compared(alice, sandbox):
    sandbox.set_clock(offset_s=-240)
    seen = alice.look_for(order("one"))

    assert abs(seen.offset.ahead + timedelta(seconds=240)) < timedelta(seconds=3)


def test_a_suspended_account_shows_nothing(alice, sandbox):
    wanted = order("one")
    alice.ask(wanted)
    sandbox.call("status", account=alice.handle, status="suspended")

    assert alice.look_for(wanted).trouble is Cause.SUSPENDED
