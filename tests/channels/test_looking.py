"""A look cannot cause a post; what it says it saw is there, and what it claims to have covered has no gap."""

import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from steadypost.domain.evidence import Absent, CannotTell, Present
from steadypost.domain.network import Place
from steadypost.domain.outcome import Cause, Phase
from steadypost.networks.x.snowflake import made_at

pytestmark = pytest.mark.browser

LONG = "The first of many words, followed by a good many others that no list shows in full: " + "more " * 30


def rule(fault, **params):
    return {"fault": fault, "account": "alice", "params": params}


def fresh(sandbox, text, **more):
    """A post by Alice, made elsewhere just now."""
    return sandbox.hand_post("alice", text, **more)


def test_a_list_is_read_back_past_an_instant(alice, sandbox):
    seeded = sandbox.seed("alice", 60, every_s=600, youngest_s=600)
    back = timedelta(hours=4)
    sighting = alice.look(back=back)

    assert ("alice", None) == (sighting.account, sighting.trouble)
    assert sighting.reached_back_to < datetime.now(UTC) - back
    seen = [post.id for post in sighting.posts]
    due = [post_id for post_id in seeded if made_at(post_id) >= sighting.reached_back_to]
    assert len(due) > 20
    assert seen[: len(due)] == due


def test_a_list_of_many_hundred_posts_is_read_in_one_look(alice, sandbox):
    seeded = sandbox.seed("alice", 700, every_s=10, youngest_s=600)
    sighting = alice.look(back=timedelta(hours=2))

    assert sighting.reached_back_to < datetime.now(UTC) - timedelta(hours=2)
    assert [post.id for post in sighting.posts] == seeded[: len(sighting.posts)]
    assert len(sighting.posts) > 600


@pytest.mark.parametrize("kind", ["tombstone", "limited"])
def test_a_notice_at_a_posts_own_address_says_neither_that_it_is_there_nor_that_it_is_gone(
    alice, sandbox, kind
):
    post = fresh(sandbox, "Deleted, or withheld")
    sandbox.weather(rule("address_tombstone", id=post, kind=kind))
    sighting = alice.look(Place.THREAD, post=post)

    assert (None, frozenset({post}), frozenset()) == (sighting.trouble, sighting.hidden, sighting.missing)
    assert ((), False) == (sighting.posts, sighting.told)


def test_a_short_list_reaches_back_to_its_end(alice, sandbox):
    seeded = sandbox.seed("alice", 3, every_s=600)
    sighting = alice.look(back=timedelta(days=30))

    assert [post.id for post in sighting.posts] == seeded
    assert sighting.reached_back_to == made_at(seeded[-1])


def test_replies_are_read_with_their_parents_and_without_gap(alice, sandbox):
    sandbox.seed("alice", 30, every_s=60, youngest_s=60)
    parent = sandbox.hand_post("bob", "What do you say?")
    reply = fresh(sandbox, "This is what I say", reply_to=parent)
    sighting = alice.look(Place.REPLIES, back=timedelta(minutes=10))

    assert {parent, reply} <= {post.id for post in sighting.posts}
    assert "bob" == {post.id: post.author for post in sighting.posts}[parent]
    assert sighting.reached_back_to < datetime.now(UTC) - timedelta(minutes=10)


def test_a_thread_is_read_from_its_root(alice, sandbox):
    ids = [fresh(sandbox, "Part 1")]
    for n in range(2, 6):
        ids.append(fresh(sandbox, f"Part {n}", reply_to=ids[-1]))
    sighting = alice.look(Place.THREAD, post=ids[0])

    assert [post.id for post in sighting.posts] == ids
    assert [post.text for post in sighting.posts] == [f"Part {n}" for n in range(1, 6)]
    assert sighting.reached_back_to is None


def test_what_is_not_there_is_absent_only_when_the_list_reaches_back(alice, sandbox):
    sandbox.seed("alice", 12)
    alice.began_at = datetime.now(UTC)

    assert isinstance(alice.finds("Never said", *alice.looks_everywhere()), Absent)
    assert isinstance(alice.finds("Never said", alice.look()), CannotTell)

    sandbox.weather(rule("timeline_cut", n=0))
    assert isinstance(alice.finds("Never said", *alice.looks_everywhere()), CannotTell)


@pytest.mark.parametrize(
    ("weather", "whole"),
    [
        ({"fault": "timeline_error", "account": "alice", "skip": 1}, False),
        ({"fault": "timeline_error", "account": "alice", "skip": 2, "count": 1}, False),
        ({"fault": "latency", "account": "alice", "params": {"ms": 2500, "of": "timeline"}}, True),
    ],
    ids=["all but the first page fail", "one fails halfway", "every page is late"],
)
def test_a_list_reaches_no_further_than_its_answers(alice, sandbox, weather, whole):
    """What comes after a page that failed may be seen, and is behind a gap; what is late is waited for."""
    seeded = sandbox.seed("alice", 90, every_s=60, youngest_s=60)
    sandbox.weather(weather)
    sighting = alice.look(back=timedelta(minutes=75))
    seen = [post.id for post in sighting.posts]
    reached = sighting.reached_back_to

    assert seen == seeded[: len(seen)]
    assert whole is (reached < datetime.now(UTC) - timedelta(minutes=75))
    assert {one for one in seeded if made_at(one) >= reached} <= set(seen)


@pytest.mark.parametrize("place", [Place.PROFILE, Place.REPLIES])
def test_a_list_that_a_cache_on_the_way_kept_proves_nothing(alice, sandbox, place):
    """It reaches back past the attempt, and shows what was there before it was asked for."""
    sandbox.seed("alice", 5, every_s=600, youngest_s=600)
    fresh(sandbox, "Live, and not in what the cache kept")
    sandbox.weather(rule("timeline_stale", seconds=300, cached=True))
    sighting = alice.look(place, back=timedelta(minutes=10))

    assert (5, None, False) == (len(sighting.posts), sighting.reached_back_to, sighting.trouble is not None)


def test_pinned_reposted_and_promoted_posts_are_never_taken_for_ours(alice, sandbox):
    sandbox.seed("alice", 12)
    alice.began_at = datetime.now(UTC)
    theirs = sandbox.hand_post("bob", "The very same words")
    pinned = fresh(sandbox, "The very same words")
    sandbox.repost("alice", theirs)
    sandbox.pin("alice", pinned)
    sandbox.weather(rule("timeline_promoted", every=2))
    sighting = alice.look()

    assert [pinned] == [post.id for post in sighting.posts if post.pinned]
    assert 1 == sum(post.reposted for post in sighting.posts)
    assert any(post.promoted for post in sighting.posts)
    assert theirs not in {post.id for post in sighting.posts if post.author == "alice"}
    assert sighting.reached_back_to < alice.began_at


def test_a_repost_of_the_same_words_is_no_evidence(alice, sandbox):
    sandbox.seed("alice", 12)
    alice.began_at = datetime.now(UTC)
    sandbox.repost("alice", sandbox.hand_post("bob", "The very same words"))

    assert isinstance(alice.finds("The very same words", *alice.looks_everywhere()), Absent)


def test_an_old_pinned_post_does_not_make_a_list_look_long(alice, sandbox):
    seeded = sandbox.seed("alice", 40, every_s=600, youngest_s=600)
    sandbox.pin("alice", seeded[-1])
    sighting = alice.look(back=timedelta(hours=5))

    assert len(sighting.posts) > 25


def test_a_text_the_list_cuts_is_read_in_full(alice, sandbox):
    sandbox.seed("alice", 3)
    alice.began_at = datetime.now(UTC)
    post_id = fresh(sandbox, LONG.strip())
    sandbox.weather(rule("show_more_at", n=40))
    sighting = alice.look()

    (post,) = [post for post in sighting.posts if post.id == post_id]
    assert not post.said.cut
    assert alice.finds(LONG, sighting) == Present(remote_id=post_id)


def test_two_texts_that_begin_alike_are_told_apart_though_cut(alice, sandbox):
    sandbox.seed("alice", 3)
    alice.began_at = datetime.now(UTC)
    start = "The same beginning for both of these posts, word by word, until "
    fresh(sandbox, start + "here")
    wanted = fresh(sandbox, start + "there")
    sandbox.weather(rule("show_more_at", n=50))

    assert alice.finds(start + "there", alice.look()) == Present(remote_id=wanted)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (rule("timeline_empty"), Cause.ODD_ANSWER),
        (rule("timeline_error"), Cause.SERVER_ERROR),
        (rule("timeline_login_wall"), Cause.SIGNED_OUT),
        (rule("login", state="expired"), Cause.SIGNED_OUT),
        (rule("login", state="challenge"), Cause.CHALLENGE),
        (rule("login", state="locked"), Cause.LOCKED),
        (rule("login", state="suspended"), Cause.SUSPENDED),
        (rule("login", state="consent"), Cause.CONSENT),
        (rule("login", state="other_account"), Cause.OTHER_ACCOUNT),
        (rule("page_reset"), Cause.PAGE_UNREACHABLE),
        (rule("page_error_status", status=502), Cause.SERVER_ERROR),
    ],
    ids=lambda value: str(value) if isinstance(value, Cause) else "",
)
def test_a_look_that_is_none_says_why(alice, sandbox, fault, cause):
    fresh(sandbox, "Here all the time")
    sandbox.weather(fault)
    sighting = alice.look(within=15.0)

    assert sighting.trouble is cause
    assert ((), None) == (sighting.posts, sighting.reached_back_to)
    assert [] == sandbox.asks()


def test_a_post_that_is_gone_has_no_page(alice, sandbox):
    post_id = fresh(sandbox, "Soon gone")
    sandbox.delete(post_id)

    sighting = alice.look(Place.THREAD, post=post_id)
    assert (None, "", frozenset({post_id})) == (sighting.trouble, sighting.why, sighting.missing)


def test_a_look_with_an_unusable_session_troubles_no_browser(alice):
    sighting = alice.but(secret={"cookies": []}).look()

    assert sighting.trouble is Cause.SESSION_UNUSABLE


def test_a_look_needs_no_accepted_rules(alice, sandbox):
    fresh(sandbox, "To be seen")

    assert 1 == len(alice.but(rules_accepted=False).look().posts)


def test_a_look_that_overran_says_so(alice):
    assert alice.look(within=-1.0).trouble is Cause.DEADLINE


# --- the probe


def probe(person, within=20.0):
    return person.open().probe(person.access, deadline=time.monotonic() + within)


def test_a_probe_finds_everything_and_sends_nothing(alice, sandbox):
    found = probe(alice)

    assert (True, "alice", ()) == (found.well, found.handle, found.drift)
    assert [] == sandbox.asks()


def test_a_probe_names_drift_before_it_hurts(alice, sandbox):
    sandbox.weather(
        rule("ui", kind="renamed_testid", **{"from": "tweetButton"}),
        rule("ui", kind="renamed_testid", **{"from": "fileInput", "to": "file"}),
    )
    found = probe(alice)

    assert found.well
    assert {"submit: words on a button", "file: file input"} == set(found.drift)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (rule("ui", kind="no_composer"), Cause.UI_DRIFT),
        (rule("ui", kind="overlay", dismissable=False), Cause.OVERLAY),
        (rule("login", state="expired"), Cause.SIGNED_OUT),
        (rule("login", state="other_account"), Cause.OTHER_ACCOUNT),
        (rule("page_error_status", status=500), Cause.SERVER_ERROR),
    ],
    ids=lambda value: str(value) if isinstance(value, Cause) else "",
)
def test_a_probe_says_what_stands_in_the_way(alice, sandbox, fault, cause):
    sandbox.weather(fault)
    found = probe(alice, within=30.0)

    assert (found.well, found.cause) == (False, cause), found.why
    assert [] == sandbox.asks()


@pytest.mark.parametrize(
    ("address", "cause"),
    [
        ("https://x.nowhere.invalid", Cause.NO_WAY_THERE),
        ("http://127.0.0.1:9", Cause.PAGE_UNREACHABLE),
    ],
    ids=["a name nobody knows", "a port nobody listens on"],
)
def test_a_missing_way_out_is_ours_and_no_fault_of_x(alice, address, cause):
    """Without a name service no circuit of X's may open; a network that answers nothing is another matter."""
    domain = urlsplit(address).hostname
    cookies = [{**cookie, "domain": domain} for cookie in alice.access.secret["cookies"]]
    lost = alice.but(base_url=address, secret={"cookies": cookies, "origins": []})
    found = probe(lost, within=30.0)

    assert (found.well, found.cause) == (False, cause)
    assert lost.say("From nowhere.").cause is cause
    assert "ERR_" in found.why


def test_a_probe_leaves_no_draft_behind(alice, sandbox):
    probe(alice)
    alice.say("After the probe")

    assert ["After the probe"] == [post["text"] for post in alice.ledger()]
    assert Phase.CLICKED in alice.phases
