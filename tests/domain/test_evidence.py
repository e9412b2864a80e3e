"""What looks prove, and what they do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain.absence import Missed, absent_since, proves_absence, was_watched
from steadypost.domain.by_hand import copies, foreign, newest_alike, strangers
from steadypost.domain.clock import Offset, offset_of
from steadypost.domain.evidence import Absent, CannotTell, Present, SeenPost, Sighting, Wanted
from steadypost.domain.likeness import Link, Said, plain
from steadypost.domain.matching import STEADY, TICK, UNKNOWN_CLOCK
from steadypost.domain.network import Name, Place
from steadypost.domain.outcome import Cause
from steadypost.domain.weighing import judge, left_out, still_there
from steadypost.networks.bluesky import NETWORK as BLUESKY
from steadypost.networks.file import NETWORK as FILE
from steadypost.networks.x import NETWORK as X
from steadypost.networks.x import SETTLE
from steadypost.networks.x.snowflake import id_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
FAR_BACK = NOON - timedelta(hours=1)
TEXT = "The harbour at dawn, seen from the old lighthouse on the pier"
AGREED = Offset(ahead=timedelta(0), within=timedelta(seconds=1))
EARLIEST = NOON - AGREED.within - TICK - STEADY


def off(seconds):
    """Clocks that differ: the network's is ahead by so much."""
    return Offset(ahead=seconds * SECOND, within=SECOND)


def wanted(text=TEXT, *, delivery_id=1, n=0, **more):
    told = {"offset": AGREED, **more}
    return Wanted(
        network=X,
        delivery_id=delivery_id,
        n=n,
        handle="alice",
        text=text,
        began_at=NOON,
        ended_at=NOON + 30 * SECOND,
        **told,
    )


def seen(text=TEXT, *, at=NOON + SECOND, number=1, **more):
    said = more.pop("said", None) or plain(text)
    return SeenPost(id=id_at(at, sequence=number), author=more.pop("author", "Alice"), said=said, **more)


def sighting(*posts, **more):
    told = {"reached_back_to": FAR_BACK, "told": True, "offset": AGREED, "account": "Alice", **more}
    return Sighting(**{"at": NOON + MINUTE, "posts": posts, **told})


def everywhere(*posts, parent=None, **more):
    """Every list that has to show a post, all of them showing the same."""
    lists = [sighting(*posts, place=place, **more) for place in (Place.PROFILE, Place.REPLIES)]
    return [*lists, sighting(*posts, place=Place.THREAD, post=parent, **more)]


def verdict(one, seen_there, taken=()):
    return judge([one], seen_there, taken)[one.key]


# Finding -----------------------------------------------------------------------------------------------------


def test_found():
    """Our account, our text, our time: that is it."""
    assert Present(remote_id=seen().id) == verdict(wanted(), sighting(seen()))


def test_found_among_others_and_in_two_lists():
    """Other posts do not confuse it, and two lists that show it show one post."""
    other = seen("Something else", number=2)

    assert Present(remote_id=seen().id) == verdict(wanted(), everywhere(other, seen()))


def test_found_though_one_list_failed():
    """A look that was none takes nothing from one that was."""
    failed = Sighting(account="", at=NOON, trouble=Cause.PAGE_UNREACHABLE)

    assert Present(remote_id=seen().id) == verdict(wanted(), [failed, sighting(seen())])


# As whom, and how --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("evidence", [[seen()], []])
def test_what_was_asked_for_as_another_is_neither_found_nor_absent_here(evidence):
    """A block that was given another server, or another handle's keys, leads to somebody else's list."""
    ours = wanted(identity="did:plc:alice")
    here = [replace(one, identity="did:plc:alice") for one in everywhere(*evidence)]
    elsewhere = [replace(one, identity="did:plc:mallory") for one in everywhere(*evidence)]

    assert CannotTell is not type(verdict(ours, here))
    told = verdict(ours, elsewhere)
    assert CannotTell is type(told)
    assert "did:plc:alice" in told.why
    assert verdict(replace(ours, identity=""), elsewhere) == verdict(ours, here)


def test_a_name_is_not_asked_for_in_another_s_records():
    """Where posts are asked for by name, nobody else has anything of that name: it would be absent for certain."""
    name = Name(key="0" * 32, keyed_at=NOON, n=0)
    ours = replace(wanted(identity="did:plc:alice", name=name), network=BLUESKY)
    told = sighting(place=Place.NAMED, named={name: None}, identity="did:plc:mallory")

    assert Absent is type(verdict(ours, replace(told, identity="did:plc:alice")))
    assert CannotTell is type(verdict(ours, told))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, Present),
        ({"visibility": "unlisted", "warning": ""}, Present),
        ({"visibility": "direct", "warning": ""}, CannotTell),
        ({"visibility": "unlisted", "warning": "Food"}, CannotTell),
        ({"language": "fr"}, CannotTell),
    ],
)
def test_a_post_that_went_out_otherwise_is_not_taken_up_nor_is_ours_absent(told, expected):
    """By hand, with the same words; or ours, changed by its server. As far as the network tells."""
    ours = wanted(options={"visibility": "unlisted", "warning": "", "language": "de"})

    assert expected is type(verdict(ours, everywhere(seen(options=told))))


# Whether anybody may have deleted it -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([10], True),
        ([10, 100, 250, 500, 1500], True),
        ([10, 299, 580, 2000], True),
        ([301], False),
        ([3600, 4500], False),
        ([10, 900], False),
        ([10, 200, 900], False),
        ([], False),
    ],
)
def test_whether_somebody_looked_often_enough(looks, expected):
    """While it may come to life, five minutes without a look are enough for a person to see and delete a post."""
    missed = [Missed(at=NOON + at * SECOND, network_at=None) for at in looks]
    watched = was_watched(
        missed, began_at=NOON, gone_at=NOON + 5 * SECOND, alive_by=5 * MINUTE, unseen_for=5 * MINUTE
    )

    assert expected is watched


def test_a_look_at_what_may_still_act_is_none():
    """What is asked for after it is in no list."""
    missed = [Missed(at=NOON + 10 * SECOND, network_at=None)]

    for gone_at in (None, NOON + 20 * SECOND):
        assert not was_watched(
            missed, began_at=NOON, gone_at=gone_at, alive_by=5 * MINUTE, unseen_for=5 * MINUTE
        )


# Not ours ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        seen(reposted=True),
        seen(author="mallory"),
        seen(at=EARLIEST - SECOND),
        seen("Another text altogether"),
        seen(reply_to=id_at(NOON - SECOND, sequence=9)),
        seen(media=("A boat",)),
    ],
    ids=["repost", "another's", "before it began", "text", "a reply", "a picture more"],
)
def test_what_is_not_taken_for_ours(other):
    """None of these is the post we asked for; and as every list reaches back far enough, it is not there."""
    assert isinstance(verdict(wanted(), everywhere(other)), Absent)


def test_a_post_made_long_after_is_ours_all_the_same():
    """A network has brought posts to life ten minutes late. Who else would say the very same words?"""
    assert isinstance(
        verdict(wanted(), sighting(seen(at=NOON + 11 * MINUTE), at=NOON + 12 * MINUTE)), Present
    )


def test_an_id_that_is_taken():
    """A post that belongs to another delivery is not found again."""
    assert isinstance(verdict(wanted(), everywhere(seen()), taken={seen().id}), Absent)


def test_the_parent():
    """Under another parent, or under none, it is another post; and the parent itself, though it say the same, is not."""
    parent, other = id_at(NOON - SECOND, sequence=7), id_at(NOON - SECOND, sequence=8)
    answering = wanted(reply_to=parent)

    assert isinstance(verdict(answering, everywhere(seen(reply_to=other), parent=parent)), Absent)
    assert isinstance(verdict(answering, everywhere(seen(), parent=parent)), Absent)
    assert isinstance(verdict(answering, everywhere(seen(reply_to=parent), parent=parent)), Present)
    assert isinstance(verdict(answering, everywhere(replace(seen(), id=parent), parent=parent)), Absent)
    assert isinstance(verdict(wanted(), everywhere(seen(reply_to=parent))), Absent)


def test_where_a_link_leads():
    """The same words with another link are another post."""
    ours = "New on our blog: https://a.example/one"
    one, two = (Said(("New on our blog: ", Link(f"https://a.example/{name}"))) for name in ("one", "two"))

    assert isinstance(verdict(wanted(ours), everywhere(seen(said=two))), Absent)
    assert isinstance(verdict(wanted(ours), everywhere(seen(said=one))), Present)


# Not known -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "odd",
    [
        seen(readable=False),
        seen(pinned=True),
        seen(promoted=True),
        seen(poll=True),
        seen(parent_known=False),
        seen(said=Said((TEXT[:30] + "…",), cut=True)),
        seen(TEXT.replace(" at ", "  at ")),
        seen("What somebody made of it", versions=(id_at(NOON + SECOND), id_at(NOON + MINUTE))),
    ],
    ids=["unreadable", "pinned", "promoted", "poll", "no word of a parent", "cut", "white space", "edited"],
)
def test_what_may_be_ours_forbids_absence(odd):
    """Of these nobody can say that they are ours, nor that they are not."""
    assert isinstance(verdict(wanted(), everywhere(odd)), CannotTell)


@pytest.mark.parametrize(
    ("theirs", "kind"),
    [
        (("A boat",), Present),
        ((None,), Present),
        (("",), CannotTell),
        (("A bear",), CannotTell),
        ((), CannotTell),
        (None, CannotTell),
        (("A boat", "A bear"), Absent),
    ],
)
def test_pictures(theirs, kind):
    """Pictures and their words count. A network may lose some; it adds none."""
    assert kind is type(verdict(wanted(media=("A boat",)), everywhere(seen(media=theirs))))


@pytest.mark.parametrize(
    ("theirs", "kind"),
    [(("",), CannotTell), ((None,), CannotTell), (("A bear",), CannotTell), ((), CannotTell)],
)
def test_a_picture_without_a_word_is_taken_up_by_nobody(theirs, kind):
    """Somebody's photo of the same minutes has nothing that could tell it from ours; with a description ours has."""
    posts = everywhere(seen("", said=Said(()), media=theirs))

    assert kind is type(verdict(wanted("", media=("",)), posts))
    assert isinstance(
        verdict(wanted("", media=("A boat",)), everywhere(seen("", said=Said(()), media=(None,)))), CannotTell
    )
    assert isinstance(
        verdict(wanted("", media=("A boat",)), everywhere(seen("", said=Said(()), media=("A boat",)))),
        Present,
    )


def test_two_that_fit():
    """Where two posts fit, nobody knows which of them is ours."""
    assert isinstance(verdict(wanted(), sighting(seen(), seen(number=2))), CannotTell)


def test_twins():
    """Two deliveries that say the same, and one post: nobody knows whose it is."""
    twins = [wanted(delivery_id=1), wanted(delivery_id=2)]

    assert {CannotTell} == {type(one) for one in judge(twins, everywhere(seen())).values()}


def test_neighbours():
    """Two deliveries whose beginnings are the same each get their own."""
    ours = [wanted(TEXT + " one", delivery_id=1), wanted(TEXT + " two", delivery_id=2)]
    posts = [seen(TEXT + " one", number=1), seen(TEXT + " two", number=2)]

    assert {(1, 0): Present(remote_id=posts[0].id), (2, 0): Present(remote_id=posts[1].id)} == judge(
        ours, sighting(*posts)
    )


def test_what_is_another_delivery_s_does_not_keep_this_one_unconfirmed():
    """A post that can hardly be told from ours, and is exactly what another delivery asked for, is accounted for."""
    ours = [wanted("one  two", delivery_id=1), wanted("one two", delivery_id=2)]
    post = seen("one two")

    assert {(1, 0): Absent, (2, 0): Present} == {
        key: type(one) for key, one in judge(ours, everywhere(post)).items()
    }


@pytest.mark.parametrize("account", ["bob", ""])
def test_signed_in_as_somebody_else(account):
    """A list that somebody else was shown says nothing, and one shown to nobody in particular says as little."""
    assert isinstance(verdict(wanted(), everywhere(seen(), account=account)), CannotTell)


@pytest.mark.parametrize("trouble", [Cause.SIGNED_OUT, Cause.CHALLENGE, Cause.PAGE_UNREACHABLE])
def test_a_look_that_is_none(trouble):
    """An error, a wall, an empty page: nothing is concluded."""
    assert isinstance(verdict(wanted(), sighting(seen(), trouble=trouble)), CannotTell)


# Threads -----------------------------------------------------------------------------------------------------


def test_a_part_whose_parent_the_same_look_found():
    """Both parts of a thread are unconfirmed: the second is known by the first."""
    first, second = seen("one", number=1), seen("two", number=2, reply_to=seen(number=1).id)
    parts = [wanted("one"), wanted("two", n=1, parent_known=False)]

    assert [Present(remote_id=first.id), Present(remote_id=second.id)] == list(
        judge(parts, sighting(first, second)).values()
    )


@pytest.mark.parametrize(
    "is_hidden", [True, False], ids=["pinned, and a twin by hand", "not shown, and a twin"]
)
def test_a_parent_that_may_be_another_s_is_none(is_hidden):
    """The first part cannot be told from a twin, by hand or of another delivery. Below that one the second is not."""
    first, twin = seen("one", number=1, pinned=True), seen("one", number=3)
    second = seen("two", number=2, reply_to=first.id)
    parts = [wanted("one"), wanted("two", n=1, parent_known=False)]
    others = [] if is_hidden else [wanted("one", delivery_id=5)]
    posts = [first, second, twin] if is_hidden else [second, twin]
    shown = [*everywhere(*posts), sighting(place=Place.THREAD, post=twin.id)]

    assert isinstance(judge([*parts, *others], shown)[1, 1], CannotTell)


def test_a_part_whose_parent_is_not_there_is_not_there_either():
    """A part is asked for only once the one before it has its id."""
    parts = [wanted("one"), wanted("two", n=1, parent_known=False)]

    assert [Absent, Absent] == [type(one) for one in judge(parts, everywhere()).values()]
    assert [CannotTell, CannotTell] == [type(one) for one in judge(parts, sighting()).values()]


# Absence -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("back_to", "kind"),
    [(None, CannotTell), (NOON, CannotTell), (EARLIEST + SECOND, CannotTell), (EARLIEST, Absent)],
)
def test_absence_needs_lists_that_reach_back(back_to, kind):
    """Not among the newest is not proof: the lists have to reach back past the attempt."""
    assert kind is type(verdict(wanted(), everywhere(reached_back_to=back_to)))


PARENT = id_at(NOON - MINUTE)


@pytest.mark.parametrize(
    ("one", "places"),
    [
        (wanted(), {(Place.PROFILE, None), (Place.REPLIES, None)}),
        (wanted("@bob, have you seen it?"), {(Place.REPLIES, None)}),
        (wanted(reply_to=PARENT), {(Place.REPLIES, None), (Place.THREAD, PARENT)}),
        (wanted(n=1, reply_to=PARENT), {(Place.REPLIES, None), (Place.THREAD, PARENT)}),
    ],
    ids=["plain", "begins with a name", "reply", "part of a thread"],
)
def test_absence_needs_every_list_that_must_show_it(one, places):
    """Each list that was not read is named, and only when all were is it absent."""
    every = {(look.place, look.post): look for look in everywhere(parent=PARENT)}

    assert isinstance(verdict(one, [every[place] for place in places]), Absent)
    for left in places:
        read = [every[place] for place in places - {left}]
        told = verdict(one, read) if read else verdict(one, [every[Place.THREAD, PARENT]])
        assert (left,) == told.unread


def test_what_a_page_paints_proves_no_absence():
    """It leaves things out; it can show a post, and not that there is none."""
    painted = Said((TEXT,), painted=True)

    assert isinstance(verdict(wanted(), everywhere(told=False)), CannotTell)
    assert isinstance(verdict(wanted(), everywhere(seen(said=painted), told=False)), Present)


# Clocks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [-600, -20, 0, 20, 600])
def test_a_clock_that_is_off_is_corrected_for(seconds):
    """The network's clock is the clock. What was made just before is not ours, what was made just after is.

    A ``Date`` that is ahead may be a proxy's: what this machine's clock calls young may be ours all the same.
    """
    one = wanted(offset=off(seconds))
    after, before = seen(at=NOON + (seconds + 1) * SECOND), seen(at=NOON + (min(0, seconds) - 9) * SECOND)
    between = seen(at=NOON + (seconds - 9) * SECOND)

    assert isinstance(verdict(one, everywhere(after, offset=off(seconds))), Present)
    assert isinstance(verdict(one, everywhere(before, offset=off(seconds))), Absent)
    told = verdict(one, everywhere(between, offset=off(seconds)))
    assert isinstance(told, CannotTell if seconds > 0 else Absent)


def test_a_step_too_small_to_be_seen_makes_nothing_absent():
    """A clock set forward by four seconds between the comparison and the arming dates the attempt after its post."""
    assert isinstance(verdict(wanted(), everywhere(seen(at=NOON - 4 * SECOND))), CannotTell)


def test_a_pinned_post_in_its_place_too():
    """A list that shows it both pinned and in its own place shows it in its own place."""
    assert isinstance(verdict(wanted(), sighting(seen(pinned=True), seen())), Present)


@pytest.mark.parametrize(("armed", "looked"), [(0, -600), (-600, 0), (0, 600), (600, 0)])
def test_a_clock_that_was_moved_in_between_proves_nothing_of_that_stretch(armed, looked):
    """Whosever clock it was: what is dated before the attempt by either may have been made after it."""
    one = wanted(offset=off(armed))
    between = seen(at=NOON + (min(armed, looked) + 60) * SECOND)
    told = verdict(one, everywhere(between, offset=off(looked)))

    assert isinstance(told, CannotTell if min(armed, looked) < armed else Present)


@pytest.mark.parametrize(("armed", "looked"), [(None, AGREED), (AGREED, None), (None, None)])
def test_an_unknown_clock_makes_no_proof(armed, looked):
    """Without a comparison nothing is absent, and what might be too old cannot be told."""
    one = wanted(offset=armed)

    assert isinstance(verdict(one, everywhere(offset=looked)), CannotTell)
    assert isinstance(verdict(one, everywhere(seen(at=NOON - MINUTE), offset=looked)), CannotTell)
    too_old = everywhere(seen(at=NOON - UNKNOWN_CLOCK - MINUTE), offset=looked)
    assert "was not compared" in verdict(one, too_old).why


@pytest.mark.parametrize("ahead", [0, -150])
def test_a_date_that_is_behind_takes_up_nothing_older(ahead):
    """Somebody posted the same words minutes before; the network's own numbers show that its ``Date`` is a proxy's."""
    twin = seen(at=NOON - 120 * SECOND)
    item = wanted(offset=off(ahead))
    every = everywhere(twin, offset=off(ahead), dated_behind=True)

    assert isinstance(verdict(item, every), CannotTell)
    assert isinstance(verdict(item, everywhere(offset=off(ahead), dated_behind=True)), CannotTell)


@pytest.mark.parametrize("armed", [None, AGREED])
def test_an_unknown_clock_keeps_no_list_from_being_read(armed):
    """A post that only its second list shows, such as one that begins with a name, is found without a comparison."""
    text = "@jack said that the ferry runs again"
    one, ours = wanted(text, offset=armed), seen(text, at=NOON + MINUTE * 25)
    at_first = sighting(place=Place.PROFILE, offset=None)

    assert ((Place.REPLIES, None),) == verdict(one, [at_first]).unread
    assert isinstance(verdict(one, [at_first, sighting(ours, place=Place.REPLIES)]), Present)


@pytest.mark.parametrize(
    ("ago", "kind"), [(10 * MINUTE, CannotTell), (MINUTE, CannotTell), (SECOND, Present), (-MINUTE, Present)]
)
def test_a_comparison_that_says_little_takes_up_nothing_older(ago, kind):
    """An answer that took long, or a backup whose clock nobody knows: the same words of ten minutes before by hand are
    not ours, and not known not to be.
    """
    slow = Offset(ahead=timedelta(0), within=UNKNOWN_CLOCK)
    one, before = wanted(offset=slow), seen(at=NOON - ago)

    assert isinstance(verdict(one, everywhere(before, offset=AGREED)), kind)


def test_what_somebody_posted_before_it_is_not_ours_without_any_clock():
    """Nothing tells then whether it was made before the arming or after."""
    one = wanted(offset=None)

    assert isinstance(verdict(one, everywhere(seen(at=NOON - 4 * MINUTE), offset=None)), CannotTell)


def test_an_offset_is_as_exact_as_the_answer_was_quick():
    """Half the way there and back, and half a second for a date that is cut to the second."""
    told = offset_of(NOON + 10 * SECOND, NOON, NOON + 4 * SECOND)

    assert Offset(ahead=timedelta(seconds=8.5), within=timedelta(seconds=2.5)) == told


def missed(*minutes, network=None):
    at = [NOON + minute * MINUTE for minute in minutes]
    theirs = [NOON + minute * MINUTE for minute in network] if network else at
    return [Missed(at=one, network_at=other) for one, other in zip(at, theirs, strict=True)]


def test_two_looks_a_settle_window_apart_prove_it():
    """By this machine's clock and by the network's: one of them may have been moved in between."""
    assert proves_absence(missed(0, 15), gone_at=NOON, settle=SETTLE)
    assert not proves_absence(missed(0, 14), gone_at=NOON, settle=SETTLE)
    assert not proves_absence(missed(0, 15, network=(0, 1)), gone_at=NOON, settle=SETTLE)
    assert not proves_absence(missed(0, 1, network=(0, 15)), gone_at=NOON, settle=SETTLE)


def test_a_look_before_the_executor_was_gone_counts_for_nothing():
    """What is still to come is in no list; and a look whose network's time is unknown proves nothing either."""
    unknown = [Missed(at=NOON + 20 * MINUTE, network_at=None)]

    assert not proves_absence(missed(0, 15), gone_at=NOON + MINUTE, settle=SETTLE)
    assert not proves_absence(missed(0, 15), gone_at=None, settle=SETTLE)
    assert not proves_absence([*missed(0), *unknown], gone_at=NOON, settle=SETTLE)
    assert absent_since(unknown, gone_at=NOON) is None
    assert NOON + 15 * MINUTE == absent_since(missed(0, 15), gone_at=NOON + MINUTE)


# Known ids, hands, copies ------------------------------------------------------------------------------------


def test_a_known_id_is_asked_for_at_its_own_address():
    """A list may leave it out. Only the network's word about that very id says that it is gone."""
    known = seen().id

    assert Present(remote_id=known) == still_there(known, [sighting(seen())], "alice")
    assert ((Place.THREAD, known),) == still_there(known, everywhere(), "alice").unread
    left = still_there(known, [sighting(seen(readable=False))], "alice")
    assert ((Place.THREAD, known),) == left.unread
    gone = sighting(place=Place.THREAD, post=known, missing=frozenset({known}))
    assert isinstance(still_there(known, [gone], "alice"), Absent)
    assert isinstance(still_there(known, [replace(gone, account="")], "alice"), CannotTell)
    edited = seen("Better", at=NOON + MINUTE, versions=(known, id_at(NOON + MINUTE, sequence=1)))
    assert Present(remote_id=known) == still_there(known, [sighting(edited)], "alice")


def test_what_a_notice_stands_for_is_said_by_its_author_s_lists():
    """The same stands for what its author deleted and for what is withheld; what is withheld keeps its place."""
    ours = seen()
    grave = sighting(place=Place.THREAD, post=ours.id, hidden=frozenset({ours.id}), told=False)

    def said(*more):
        return still_there(ours.id, [grave, *more], "alice", wanted())

    assert ((Place.PROFILE, None), (Place.REPLIES, None)) == said().unread
    assert ((Place.REPLIES, None),) == said(sighting()).unread
    assert isinstance(said(*everywhere()), Absent)
    assert isinstance(
        said(sighting(), sighting(replace(ours, readable=False), place=Place.REPLIES)), CannotTell
    )
    assert Present(remote_id=ours.id) == said(*everywhere(ours))
    short = [replace(one, reached_back_to=NOON + 30 * MINUTE) for one in everywhere()]
    assert isinstance(said(*short), CannotTell)
    assert isinstance(still_there(ours.id, [grave, *everywhere()], "alice"), CannotTell)


def test_somebody_s_hand():
    """What belongs to no delivery and can be none's was made by hand; what may be ours is left alone."""
    by_hand, ours, odd = seen("By hand", number=1), seen(number=2), seen(number=3, readable=False)

    assert (by_hand,) == foreign([wanted()], everywhere(by_hand, ours, odd), {}, "alice")
    assert () == foreign([wanted()], everywhere(by_hand, account="bob"), {}, "alice")
    assert () == foreign([wanted()], everywhere(by_hand), {by_hand.id}, "alice")


@pytest.mark.parametrize(
    ("made", "may_be_it"),
    [
        (NOON - timedelta(hours=2), False),
        (NOON + MINUTE, True),
        # Clocks that were never compared may be twenty minutes apart.
        (NOON + 2 * MINUTE + UNKNOWN_CLOCK, True),
        (NOON + 2 * MINUTE + UNKNOWN_CLOCK + SECOND, False),
    ],
)
def test_which_posts_by_hand_may_be_a_reworded_one(made, may_be_it):
    """Those made between its ask and the restore of the backup."""
    post = seen("Reworded by hand", at=made)

    found = strangers(wanted(), [wanted()], everywhere(post), {}, until=NOON + 2 * MINUTE)

    assert ((post.id,) if may_be_it else ()) == found


def test_absence_says_how_far_the_lists_reach_back():
    """All of them: the one that reaches back least counts."""
    near, far = everywhere(), everywhere(reached_back_to=FAR_BACK - 90 * SECOND)

    told = verdict(wanted(), [*near, *far])

    assert "they reach back to 11:00:00" in told.why


def test_copies_of_what_is_published():
    """A second live post that is the same in everything, and nobody's, is a copy."""
    first, second, other = seen(number=1), seen(number=2), seen("Else", number=3)

    assert (second.id,) == copies(wanted(), first.id, everywhere(first, second, other), {first.id})
    assert () == copies(wanted(), first.id, everywhere(first, second), {first.id, second.id})


def test_what_may_be_another_delivery_s_is_no_copy():
    """Two deliveries say the same on purpose: one is published, the other one's post has not been adopted yet."""
    first, second = seen(number=1), seen(number=2)
    other = wanted(delivery_id=2)

    assert () == copies(wanted(), first.id, everywhere(first, second), {first.id}, [other])
    assert (second.id,) == copies(
        wanted(), first.id, everywhere(first, second), {first.id}, [wanted("Else", delivery_id=2)]
    )


def test_a_list_that_lacks_a_known_post_is_named_by_it():
    """Only a list that has to show it counts, and none counts when it is gone at its own address."""
    known = seen("Else")
    posts, replies, page = everywhere(seen("Third", number=3), parent=known.id)
    part = wanted("Else", delivery_id=7)

    assert (known.id,) == left_out({known.id: part}, [posts, replies])
    assert () == left_out({known.id: part}, everywhere(known))
    assert () == left_out({known.id: replace(part, reply_to=id_at(NOON))}, [posts])
    assert () == left_out({known.id: part}, [replace(posts, told=False)])
    assert () == left_out({known.id: part}, [replace(posts, reached_back_to=NOON + MINUTE)])
    assert () == left_out({known.id: part}, [posts, replies, replace(page, missing=frozenset({known.id}))])


def test_a_post_that_lost_its_picture_is_given_to_nobody_who_says_the_same():
    """One delivery has a picture, the other none; the network lost the picture of the one that is live."""
    ours = [wanted(delivery_id=1, media=("A boat",)), wanted(delivery_id=2)]

    assert {CannotTell} == {type(one) for one in judge(ours, everywhere(seen())).values()}


# What every one of several sightings, and of several rivals, has to bear --------------------------------------


def test_what_two_others_asked_for_accounts_for_nothing():
    """Only what exactly one other part fits, and that part fits no other, is kept from being ours."""
    ours = [wanted("one  two", delivery_id=1), wanted("one two", delivery_id=2)]
    twin = wanted("one two", delivery_id=3)
    post, second = seen("one two"), seen("one two", number=2)

    assert isinstance(judge([*ours, twin], everywhere(post))[1, 0], CannotTell)
    assert isinstance(judge(ours, everywhere(post, second))[1, 0], CannotTell)


def test_the_parent_is_not_the_reply():
    """Though it say the same, and a painted list does not say what it answers itself."""
    parent = id_at(NOON + SECOND, sequence=7)
    above = replace(seen(), id=parent, parent_known=False)

    assert isinstance(verdict(wanted(reply_to=parent), everywhere(above, parent=parent)), Absent)


def test_an_edited_post_is_as_old_as_its_first_version():
    """Somebody made an old post say the same: it was there before."""
    old = seen(at=NOON + SECOND, versions=(id_at(NOON - MINUTE), id_at(NOON + SECOND)))

    assert isinstance(verdict(wanted(), everywhere(old)), Absent)


def test_an_edited_post_is_its_delivery_s_under_its_first_id():
    """Another delivery's post, edited by hand to say what ours says, has a new id. It is not ours, nor a stranger's."""
    first, edited = id_at(NOON + 31 * SECOND), id_at(NOON + 3 * MINUTE)
    post = SeenPost(id=edited, author="alice", said=plain(TEXT), versions=(first, edited))

    assert isinstance(verdict(wanted(), everywhere(post), taken={first}), Absent)
    assert () == foreign([wanted()], everywhere(post), {first}, "alice")
    assert () == copies(wanted(), id_at(NOON, sequence=9), everywhere(post), {first})


def test_what_was_edited_to_say_the_same_is_not_taken_for_ours():
    """What it said when it was made is not told any more."""
    made, edited = id_at(NOON + SECOND), id_at(NOON + MINUTE)
    post = seen(at=NOON + MINUTE, versions=(made, edited))

    assert isinstance(verdict(wanted(), everywhere(post)), CannotTell)


@pytest.mark.parametrize("order", [1, -1])
def test_the_clock_of_every_sighting_counts(order):
    """One during which the clock was another, or not known, makes what the others say uncertain."""
    post = seen(at=NOON - MINUTE)
    moved = [*everywhere(post), sighting(post, place=Place.PROFILE, offset=off(-600))][::order]
    unknown = [*everywhere(), sighting(place=Place.PROFILE, offset=None)][::order]

    assert isinstance(verdict(wanted(), moved), CannotTell)
    assert isinstance(verdict(wanted(), unknown), CannotTell)


def test_every_sighting_is_of_the_right_account():
    """One list that somebody else was shown spoils the look."""
    assert isinstance(verdict(wanted(), [*everywhere(), sighting(account="bob")]), CannotTell)


def test_the_page_of_another_post_is_not_its_parent_s():
    """A reply is looked for below what it answers."""
    told = verdict(wanted(reply_to=PARENT), everywhere(parent=id_at(NOON - 2 * MINUTE)))

    assert ((Place.THREAD, PARENT),) == told.unread


def test_a_full_width_name_at_the_beginning():
    """X takes it for a name, and leaves the post out of the account's own list."""
    read = [one for one in everywhere() if one.place is Place.REPLIES]

    assert isinstance(verdict(wanted("＠bob, have you seen it?"), read), Absent)


def test_a_part_under_a_parent_nobody_knows():
    """It may be the one; what answers nothing is not."""
    part = wanted("two", n=1, parent_known=False)

    assert "cannot be told apart" in verdict(part, everywhere(seen("two", reply_to=PARENT))).why
    assert "unconfirmed as well" in verdict(part, everywhere(seen("two"))).why


def test_a_painted_copy_is_no_proof_of_one():
    """What a page paints may be less than the post says."""
    second = seen(number=2, said=Said((TEXT,), painted=True))

    assert () == copies(wanted(), seen().id, everywhere(second), {})


def test_a_post_of_which_only_the_id_is_told_is_read_at_its_own_address():
    """A list that folds a conversation up names a post and does not tell it. Its own page does, and then it is found."""
    one, folded = wanted(), seen(readable=False)
    at_first = verdict(one, everywhere(folded))

    assert ((Place.THREAD, folded.id),) == at_first.unread
    page = sighting(seen(), place=Place.THREAD, post=folded.id)
    assert Present(remote_id=folded.id) == verdict(one, [*everywhere(folded), page])


def test_what_cannot_be_told_apart_has_every_list_read():
    """A single list may tell less than another does."""
    unclear = seen(reply_to=None, parent_known=False)

    assert ((Place.REPLIES, None),) == verdict(wanted(), [sighting(unclear, place=Place.PROFILE)]).unread


def test_posts_that_fit_one_part_alike_are_named():
    """No look will ever say which of them is it: a person can, and needs both."""
    first, second = seen(number=1), seen(number=2)

    assert (first.id, second.id) == verdict(wanted(), everywhere(second, first)).twins
    rival = wanted(delivery_id=2)
    assert () == judge([wanted(), rival], everywhere(first, second))[rival.key].twins


def test_what_was_asked_for_by_name_is_judged_by_the_answer():
    """One answer about its name is proof either way; none is none."""
    name = Name(key="0" * 32, keyed_at=NOON, n=0)
    item = replace(wanted(), network=FILE, name=name)
    answered = Sighting(account=item.handle, at=NOON, told=True, place=Place.NAMED)

    for named, expected in (({name: "1"}, Present), ({name: None}, Absent), ({}, CannotTell)):
        (told,) = judge([item], replace(answered, named=named)).values()

        assert isinstance(told, expected)
    assert Present(remote_id="1") == still_there("1", [replace(answered, named={name: "1"})], item.handle)


def test_a_name_proves_nothing_to_somebody_else():
    """The list was read as another account."""
    name = Name(key="0" * 32, keyed_at=NOON, n=0)
    item = replace(wanted(), network=FILE, name=name)
    other = Sighting(account="somebody", at=NOON, told=True, place=Place.NAMED, named={name: None})

    assert isinstance(judge([item], other)[item.key], CannotTell)


def test_an_older_post_with_the_same_words_is_named_beside_an_absence():
    """What a network refuses as a repetition is explained by it: the newest one is told, whoever it belongs to."""
    older, newer = (seen(at=NOON - minutes * MINUTE) for minutes in (50, 20))
    others = (seen("Other words", at=NOON - 10 * MINUTE), seen(at=NOON - 15 * MINUTE, author="bob"))

    assert newer.id == newest_alike(wanted(), everywhere(newer, *others, older))
    assert newest_alike(wanted(), everywhere(*others)) is None
