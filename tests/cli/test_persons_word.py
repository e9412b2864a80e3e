"""A person's word on the command line: what it does, what it refuses, and the story it leaves."""

from datetime import timedelta

import pytest

from steadypost.cli import signing
from steadypost.domain.delivery import State
from steadypost.domain.outcome import Answer, Cause, NotSubmitted, Phase, Unconfirmed
from steadypost.domain.post import Part, Post
from steadypost.domain.quota import Limits
from steadypost.networks.x.snowflake import id_at
from steadypost.store import AccountRecord, intake, reading, settling
from steadypost.store import accounts as account_rows
from tests.cli.conftest import NOW

AGO = NOW - timedelta(minutes=30)
LEASE = timedelta(seconds=30)
FOUND = id_at(AGO + timedelta(seconds=2))
UNHEARD = Unconfirmed(cause=Cause.NO_ANSWER, why="no answer within 30 s", phase=Phase.CLICKED)
BROKEN = NotSubmitted(cause=Cause.MEDIA_MISSING, why="sunrise.png is not there", phase=Phase.OPENED)


@pytest.fixture
def sending(store):
    """A delivery that a worker has armed half an hour ago."""

    def send(*texts, account="alice", lease=LEASE):
        post = Post(
            parts=tuple(Part(text=text) for text in texts or ("The ferry is late.",)), source="posts.csv:7"
        )
        store.write(
            intake.add, post, accounts=[account], due_at=AGO, allow_repeat=True, now=AGO - timedelta(hours=1)
        )
        [claim] = store.claim(worker="w1", now=AGO, lease=lease, at_most=9, accounts=[account])
        store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=AGO)
        return claim

    return send


@pytest.fixture
def leave_unconfirmed(store, sending):
    """One of which nothing was learnt."""

    def leave(*texts, **more):
        claim = sending(*texts, **more)
        answer = Answer.same_for_all(UNHEARD, claim.total)
        store.write(settling.answered, claim.attempt_id, answer, now=AGO + timedelta(seconds=5), jitter=0.5)
        return str(claim.delivery_id)

    return leave


@pytest.fixture
def quarantined(store):
    """One that broke its attempts too often."""

    def wreck(account="alice"):
        post = Post(parts=(Part(text="With a picture"),))
        long_ago = NOW - timedelta(days=1)
        [added] = store.write(
            intake.add, post, accounts=[account], due_at=long_ago, allow_repeat=True, now=long_ago
        )
        moment = long_ago
        while store.read(reading.show, added.delivery_id).delivery.state is State.SCHEDULED:
            [claim] = store.claim(worker="w1", now=moment, lease=LEASE, at_most=1, accounts=[account])
            store.write(
                settling.answered, claim.attempt_id, Answer(outcomes=(BROKEN,)), now=moment, jitter=0.5
            )
            moment += timedelta(hours=1)
        return str(added.delivery_id)

    return wreck


def resolve(call, *words, why="I looked"):
    return call("resolve", *words, "--why", why, "--by", "Carol", "--json")


# -- resolve


def test_what_is_live_is_published_with_its_id(store, call, leave_unconfirmed):
    """By its address; who said so and why is shown, to people and to programs."""
    one = leave_unconfirmed()

    done = resolve(call, one, "--live", f"https://x.com/Alice_X/status/{FOUND}?s=20")

    assert (0, "published") == (done.code, done.json["delivery"]["state"])
    assert done.json["delivery"]["parts"] == [{"n": 0, "state": "live", "id": FOUND}]
    [act] = call("show", one, "--json").json["delivery"]["acts"]
    assert act.pop("at")
    assert {
        "by": "Carol",
        "did": "resolve --live",
        "why": "I looked",
        "before": "unconfirmed",
        "after": "published",
    } == act
    assert "Carol" == call("show", one, "--json").json["delivery"]["looked"][0]["by"]
    assert f"Carol pointed at {FOUND}: it, live" in call("why", one).out
    assert "Carol, resolve --live: I looked" in call("show", one).out.replace("\n", " ").replace("  ", "")


def test_a_thread_is_found_part_by_part(store, call, leave_unconfirmed):
    """Once for each part, or by its number."""
    one = leave_unconfirmed("one", "two")
    second = str(int(FOUND) + 1)

    half = call("resolve", one, "--live", f"2={second}", "--why", "seen")
    assert half.out.startswith(f"Delivery {one} is unconfirmed; of part 1 nothing is known yet.")
    assert "published" == resolve(call, one, "--live", FOUND).json["delivery"]["state"]


def test_what_is_absent_goes_on_and_what_is_dropped_ends(store, call, leave_unconfirmed):
    """Dropping what may be live needs somebody who looked."""
    one = leave_unconfirmed()
    assert "may_be_live" == resolve(call, one, "--drop").json["error"]["kind"]
    told = call("resolve", one, "--drop", "--why", "late")
    assert 1 == told.code
    assert "--drop --absent" in told.err

    assert "scheduled" == resolve(call, one, "--absent").json["delivery"]["state"]
    assert "cancelled" == resolve(call, one, "--drop").json["delivery"]["state"]
    other = leave_unconfirmed()
    assert "cancelled" == resolve(call, other, "--absent", "--drop").json["delivery"]["state"]


def test_what_a_worker_holds_is_refused_with_the_end_of_its_lease(store, call, sending):
    """By resolve as by cancel."""
    claim = sending(lease=timedelta(hours=1))
    until = f"{claim.lease_until:%Y-%m-%d %H:%M:%S} UTC"

    for words in (["resolve", "--absent", "--why", "x"], ["cancel"], ["release", "--not-live"]):
        told = call(words[0], str(claim.delivery_id), *words[1:])
        assert 1 == told.code
        assert "worker w1" in told.err
        assert until in told.err
        document = call(words[0], str(claim.delivery_id), *words[1:], "--json")
        assert "in_hand" == document.json["error"]["kind"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--live", "https://example.com/1"], "neither a post's address nor its id"),
        (["--live", "12"], "15 to 20|neither"),
        ([], "nothing is said"),
        (["--absent", "--by", " "], "say who you are"),
        (["--absent", "--by", "x" * 101], "101 characters"),
    ],
)
def test_a_slip_ends_with_two_and_says_what_to_do(store, call, leave_unconfirmed, words, told):
    """Nothing is done."""
    one = leave_unconfirmed()

    wrong = call("resolve", one, *words, "--why", "I looked")

    assert (2, "") == (wrong.code, wrong.out)
    assert any(one in wrong.err for one in told.split("|"))
    assert 2 == len(wrong.err.splitlines())
    assert "usage" == call("resolve", one, *words, "--why", "I looked", "--json").json["error"]["kind"]
    assert () == store.read(reading.show, int(one)).acts


def test_what_cannot_be_it_ends_with_one(store, call, leave_unconfirmed):
    """Somebody else's post, for instance."""
    one = leave_unconfirmed()

    told = call("resolve", one, "--live", f"x.com/mallory/status/{FOUND}", "--why", "seen")

    assert 1 == told.code
    assert "@mallory's" in told.err
    assert "look for it among the posts of @alice_x on X" in told.err
    wrong = resolve(call, one, "--live", f"x.com/mallory/status/{FOUND}")
    assert "word_not_taken" == wrong.json["error"]["kind"]


def test_a_reason_has_to_be_given(store, call, leave_unconfirmed):
    """For resolve and retry; for release and cancel it may be."""
    one = leave_unconfirmed()

    for words in (["resolve", one, "--absent"], ["retry", "--cause", "overlay"]):
        assert 2 == call(*words).code
        assert 2 == call(*words, "--why", "  ").code
    call("release", one, "--not-live")
    call("cancel", one, "--why", "not needed any more")
    dids = [(act.by, act.did, act.why) for act in store.read(reading.show, int(one)).acts]
    me = signing.login_name()
    assert dids == [(me, "release --not-live", ""), (me, "cancel", "not needed any more")]


def test_a_user_without_a_name_is_a_number(monkeypatch):
    """As in a container that runs with any uid."""

    def nameless():
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(signing.getpass, "getuser", nameless)

    assert signing.login_name().startswith("uid ")


# -- retry


def test_a_retry_says_of_each_what_becomes_of_it(store, call, quarantined, leave_unconfirmed):
    """A rehearsal the same, and does nothing."""
    mine, bobs = quarantined(), quarantined("bob")
    leave = leave_unconfirmed(account="carol")
    words = ["retry", "--cause", "media_missing", "--why", "the disk is back"]

    rehearsed = call(*words, "--dry-run")
    assert "would go on" in rehearsed.out
    assert "2 would go on, 0 left." in rehearsed.out
    assert 2 == store.read(reading.counts)[State.QUARANTINED]
    done = call(*words, "--account", "alice", "--json").json
    assert [one["id"] for one in done["let_go"]] == [int(mine)]
    assert "1 goes on, 0 left." in call(*words).out
    assert store.read(reading.show, int(bobs)).delivery.state is State.SCHEDULED

    unknown = call("retry", "--cause", "no_answer", "--why", "now", "--json").json
    assert (unknown["let_go"], [one["id"] for one in unknown["left"]]) == ([], [int(leave)])
    assert f"'steadypost resolve {leave}'" in unknown["left"][0]["left_because"]
    assert "0 goes on, 1 left." in call("retry", "--cause", "no_answer", "--why", "now").out
    assert "Nothing waits for overlay." in call("retry", "--cause", "overlay", "--why", "now").out


def test_a_retry_of_what_there_is_not(store, call):
    """A cause or an account nobody knows is a slip, not an empty answer."""
    assert 2 == call("retry", "--cause", "bad_luck", "--why", "x").code
    assert 1 == call("retry", "--cause", "overlay", "--account", "alyce", "--why", "x").code


# -- why


def test_the_story_is_told_in_the_order_it_happened(store, call, leave_unconfirmed):
    """From coming in to what comes next, in sentences."""
    one = leave_unconfirmed()
    resolve(call, one, "--absent", why="not on the profile")

    told = call("why", one, "--json").json
    kinds = [event["kind"] for event in told["story"]]
    assert ["came_in", "claimed", "armed", "answered", "act"] == kinds
    assert [event["at"] for event in told["story"]] == sorted(event["at"] for event in told["story"])
    assert ["goes_out"] == [step["kind"] for step in told["next"]]

    out = call("why", one).out
    for sentence in (
        "came in from posts.csv:7, for alice",
        "attempt 1: claimed by worker w1, 1 of the quota reserved",
        "armed: about to ask",
        "asked, and never learnt: no answer within 30 s",
        "Carol: resolve --absent: not on the profile; unconfirmed, now scheduled",
        "next: goes out, now",
    ):
        assert sentence in out
    assert "\x1b" not in out


def test_what_holds_it_up_is_told_with_its_end(store, call, monkeypatch):
    """A pause, a quota: until when, in the zone of this machine."""
    monkeypatch.setenv("STEADYPOST_ZONE", "Asia/Tokyo")
    until, lease = NOW + timedelta(hours=2), timedelta(hours=1)
    store.write(
        account_rows.put,
        AccountRecord(name="alice", channel="x_web", handle="alice_x", limits=Limits(per_hour=1)),
        NOW,
    )
    for text in ("A good day.", "A better one."):
        store.write(intake.add, Post(parts=(Part(text=text),)), accounts=["alice"], due_at=NOW, now=NOW)
    [claim] = store.claim(worker="w1", now=NOW, lease=lease, at_most=1, accounts=["alice"])
    store.write(
        account_rows.pause,
        "alice",
        until=until,
        cause=Cause.LOCKED,
        why="X locked it",
        session_mark="m",
        now=NOW,
    )

    out = call("why", "2").out
    ends = f"{until + timedelta(hours=9):%Y-%m-%d %H:%M:%S} (Asia/Tokyo)"
    assert f"the account is left alone (X locked it): a person has to correct that, until {ends}" in out
    assert "waits: its quota (1 an hour) is used up" in out
    held = call("why", "1", "--json").json["next"]
    assert (held[0]["kind"], held[0]["at"]) == ("in_hand", claim.lease_until.isoformat())


def test_what_is_unconfirmed_is_looked_for(store, call, leave_unconfirmed):
    """And names the command for whoever looks first; its quota stays taken."""
    one = leave_unconfirmed()

    out = call("why", one).out

    assert "takes 1 of the account's quota" in out
    assert "not knowing whether all of it is live" in out
    assert "next: is looked for on the network" in out
    assert f"'steadypost resolve {one}'" in out


def test_why_of_what(store, call):
    """Without a delivery it says why nothing goes out at all; one that is not there is not found."""
    told = call("why")
    assert 0 == told.code
    assert told.out.startswith("Nothing goes out")
    assert "not_found" == call("why", "99", "--json").json["error"]["kind"]
