"""
A drill plays what its seed says, judges by the network's ledger, and finds what is wrong when something is.

The last test plays two minutes of everything for real; ``make drill`` plays a quarter of an hour.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from click.testing import CliRunner

from rehearsal.acts import ACTS, TWIN
from rehearsal.drill import others, waits
from rehearsal.drill import report as reports
from rehearsal.drill.__main__ import main as drill_program
from rehearsal.drill.hands import Hands
from rehearsal.drill.lines import Line
from rehearsal.drill.page import COLOURS, Run, draw
from rehearsal.drill.programme import EVERYBODY, LIMITS, PEOPLE, TIGHT, WEATHERS, programme
from rehearsal.drill.stage import SETTLE, Happened
from rehearsal.drill.troubles import HOST, X_SIDE, Kind, Place, Trouble
from rehearsal.texts import Shape
from sandbox.bluesky.weather import FAULTS as BLUESKY_FAULTS
from sandbox.faults import FAULTS
from sandbox.mastodon.faults import FAULTS as MASTODON_FAULTS
from sandbox.x_api.weather import FAULTS as X_API_FAULTS
from steadypost.domain.delivery import State
from steadypost.domain.figures import NEVER
from steadypost.domain.span import Span

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)

PROMISED = {
    "seed", "minutes", "due", "good", "availability", "availability_lower_95", "time_availability", "duplicates",
    "lost", "false_status", "false_blocks", "falsely_blocked", "never_back", "left_out", "refused", "lateness_s",
    "recovery_s", "detection_s", "messages", "channels", "by_fault",
}  # fmt: skip


# -- the programme


def test_a_seed_gives_the_same_programme():
    """With every protection on or off: only so can one run be held beside another."""
    assert programme(seed=7, minutes=15) == programme(seed=7, minutes=15)
    assert programme(seed=7, minutes=15) != programme(seed=8, minutes=15)


def test_three_hundred_posts_fall_due_in_a_quarter_of_an_hour():
    """At a steady pace, on all accounts."""
    posts = programme(seed=7, minutes=15).posts

    assert len(posts) >= 300
    assert {post.account for post in posts} == set(EVERYBODY)
    gaps = [
        later.at - earlier.at for earlier, later in pairwise(post for post in posts if post.account != TIGHT)
    ]
    assert max(gaps) < 6


def test_the_posts_are_alike_on_purpose():
    """In every way there is; and what nobody could tell apart is rare."""
    posts = programme(seed=7, minutes=15).posts

    assert {post.shape for post in posts} == set(Shape)
    said = Counter((post.account, post.texts) for post in posts if post.shape is not Shape.MEDIA_ONLY)
    repeated = sum(many - 1 for many in said.values())
    assert 5 < repeated < len(posts) / 5
    assert {True} == {post.is_reply for post in posts if post.shape is Shape.SAME_REPLY}
    assert all(post.picture and post.texts == ("",) for post in posts if post.shape is Shape.MEDIA_ONLY)


def test_somebody_does_everything_by_hand_and_no_two_clocks_agree():
    """The network's clock is minutes away: ahead for one seed, behind for another."""
    ahead = [programme(seed=seed, minutes=15).clock_offset_s for seed in range(8)]

    assert {act.what for act in programme(seed=7, minutes=15).by_hand} >= set(ACTS) - {TWIN}
    assert TIGHT not in {act.account for act in programme(seed=7, minutes=15).by_hand}
    assert min(ahead) < -60
    assert max(ahead) > 60
    assert max(map(abs, ahead)) <= 600


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_a_quarter_of_an_hour_has_every_place_where_trouble_sits(store):
    """Whatever the seed; and nothing begins that would not be over."""
    for seed in range(20):
        played = programme(seed=seed, minutes=15, store=store)

        assert {trouble.kind.place for trouble in played.troubles} == set(Place)
        assert max(trouble.at + trouble.lasts for trouble in played.troubles) < played.seconds - 30


def test_the_other_networks_have_posts_and_weather_of_their_own():
    """The same for the same seed; every kind of weather is one that its sandbox knows, and each account has its share."""
    sandboxes = {
        others.X_API: X_API_FAULTS,
        others.MASTODON: MASTODON_FAULTS,
        others.BLUESKY: BLUESKY_FAULTS,
    }
    changes = others.weather(7, 900)

    assert others.posts(7, 900) == others.posts(7, 900) != others.posts(8, 900)
    assert changes == others.weather(7, 900)
    assert set(others.ACCOUNTS) == {one.account for one in others.posts(7, 120)}
    for channel, known in sandboxes.items():
        played = {rule["fault"] for one in changes if one.channel == channel for rule in one.rules}
        assert {rule["fault"] for rule in others.WEATHER[channel]} == played
        assert played <= set(known)
        assert () == [one for one in changes if one.channel == channel][-1].rules


def test_an_unknown_weather_is_refused_with_those_there_are():
    """A slip must not be calm weather in secret."""
    with pytest.raises(ValueError, match="'stormy' is not known; there are all, network, host"):
        programme(seed=7, minutes=15, weather="stormy")


def test_every_weather_can_be_drawn():
    """By its name, for both stores."""
    for weather in WEATHERS:
        assert programme(seed=3, minutes=15, weather=weather).weather == weather


def test_every_trouble_is_one_that_can_be_done():
    """X's side is weather that the sandbox takes; the host's is an act that there is."""
    for kind in X_SIDE:
        for rule in kind.rules:
            FAULTS[rule["fault"]].complete(rule.get("params", {}))
    for kind in (*HOST, *X_SIDE):
        assert bool(kind.hand) != bool(kind.rules)
        assert not kind.hand or hasattr(Hands, f"_{kind.hand}") or kind.hand.startswith("store_")
        assert str(kind.place) in COLOURS


def test_the_settle_window_is_longer_than_this_x_ever_hides_a_post():
    """A drill in which absence was 'proven' sooner than a post may show would prove nothing."""
    hidden = [
        rule["params"]["seconds"] + rule["params"].get("jitter", 0)
        for kind in X_SIDE
        for rule in kind.rules
        if rule["fault"] in {"timeline_delay", "timeline_stale", "delay_before_create"}
    ]
    assert max(hidden) * 1.5 < SETTLE.total_seconds()


def test_limits_of_the_drill_leave_room_for_every_post_but_the_tight_account_s():
    """What quota does not allow would not count as due: only she, whose limits are tried, hides behind that."""
    posts = programme(seed=7, minutes=15).posts
    units = Counter(
        {name: sum(len(post.texts) for post in posts if post.account == name) for name in EVERYBODY}
    )

    assert all(units[name] * 2 <= LIMITS[name]["per_hour"] for name in PEOPLE)
    assert units[TIGHT] > 2 * LIMITS[TIGHT]["per_hour"]
    short = [post for post in programme(seed=7, minutes=4).posts if post.account == TIGHT]
    assert len(short) > LIMITS[TIGHT]["per_hour"]
    assert all(post.late_after for post in short)
    assert {True, False} == {post.asks_when_late for post in short}


# -- the judgement


LINE = Line(
    delivery_id=1,
    n=0,
    account="alice",
    due_at=NOON,
    state=State.PUBLISHED,
    live_at=NOON + timedelta(seconds=2),
    recorded_at=NOON + timedelta(seconds=3),
    copies=1,
    attempts=1,
    unconfirmed=False,
    signs=(),
    why="",
)

DROPPED = Kind(name="dropped", place=Place.ANSWER, rules=({"fault": "drop_response"},))


def line(seconds, late, **more):
    due = NOON + timedelta(seconds=seconds)
    live = None if late is None else due + timedelta(seconds=late)
    return replace(LINE, due_at=due, live_at=live, recorded_at=live, **more)


def happened(begins, ends, *accounts, n=1):
    trouble = Trouble(n=n, kind=DROPPED, at=begins, lasts=ends - begins, accounts=accounts or ("alice",))
    return Happened(
        trouble=trouble,
        began_at=NOON + timedelta(seconds=begins),
        ended_at=NOON + timedelta(seconds=ends),
    )


def suffered(one, lines, *others):
    return reports._measured(one, lines, [one, *others])


def test_recovery_counts_from_the_end_of_the_trouble_to_the_first_post_that_goes_out_again():
    """What was waiting at its end waited for us."""
    told = suffered(happened(10, 20), [line(0, 1), line(12, 15), line(15, 25), line(30, 1)])

    assert 7 == told.recovery_s
    assert 20 == told.drained_s


def test_nobody_waits_before_a_post_is_due():
    """With nothing due at the trouble's end the time counts from the next due post."""
    assert 1.5 == suffered(happened(10, 20), [line(0, 1), line(50, 1.5)]).recovery_s


def test_the_slowest_account_is_the_one_that_counts():
    """An account that came back does not speak for one that did not."""
    told = suffered(happened(10, 20, *PEOPLE), [line(18, 4), line(18, 42, account="bob")])

    assert 40 == told.recovery_s


def test_an_account_that_is_never_back_is_the_figure():
    """One is back in two seconds and the other never: that is no recovery, and no gap in the table either."""
    told = suffered(
        happened(10, 20, *PEOPLE), [line(18, 4), line(25, None, account="bob", state=State.SCHEDULED)]
    )
    nobody = suffered(happened(10, 20), [line(18, None, state=State.SCHEDULED)])

    assert told.recovery_s == NEVER
    assert {"alice": 2.0, "bob": "never"} == told.as_dict(NOON)["recovery_by_account_s"]
    assert "never" == nobody.as_dict(NOON)["recovery_s"]
    faults = [told.as_dict(NOON), suffered(happened(10, 20), [line(25, 1)]).as_dict(NOON)]
    assert 1 == reports.never_back(faults)
    assert {
        "n": 2,
        "p50": 1.0,
        "p90": "never",
        "max": "never",
    } == reports.spread(faults, "recovery_s")["x_answer"]


def test_an_account_with_nothing_due_any_more_has_no_figure():
    """What was refused, or lies before a person since before the trouble was over, shows nothing of recovery."""
    refused = line(18, None, state=State.REFUSED)
    before_a_person = line(18, None, state=State.NEEDS_REVIEW)

    told = suffered(happened(10, 20), [line(0, 1), refused, before_a_person])

    assert told.recovery_s is None
    assert told.trouble.ended_at is None


def test_what_the_weather_refused_is_shown():
    """It is left out of the share, and must not be out of sight."""
    lines = [line(0, None, state=State.REFUSED, refused_code="186"), line(1, 1)]

    assert {"186": 1} == reports.refusals(lines)


def test_troubles_that_overlap_are_over_together():
    """The one that ended first is not blamed, nor praised, for what the other still did."""
    one, other = happened(10, 20), happened(15, 40, n=2)

    told = suffered(one, [line(12, 33)], other)

    assert told.overlapped
    assert 5 == told.recovery_s


def test_detection_is_the_first_sign_in_the_trouble_s_own_time():
    """Signs of earlier troubles are not its own."""
    early, own = NOON + timedelta(seconds=2), NOON + timedelta(seconds=14)

    told = suffered(happened(10, 20), [line(0, 1, signs=(early,)), line(11, 30, signs=(own,))])

    assert told.trouble.detected_at == own


def asked(post, second):
    return replace(post, asked_at=NOON + timedelta(seconds=second))


def blocked(lines, *troubles, told=None, **more):
    return [one.line for one in waits.blocked(lines, troubles, told, **more)]


def test_a_post_that_waits_in_calm_weather_is_falsely_blocked():
    """A minute and more, with nothing wrong around it; in its own trouble's time it is not."""
    waits = line(100, 90)

    assert blocked([waits]) == [waits]
    assert [] == blocked([waits], happened(100, 150))
    assert blocked([waits], happened(100, 150, "bob")) == [waits]
    assert [] == blocked([line(100, 50)])


def test_a_post_behind_others_waits_for_its_account_s_spacing():
    """After an outage what waited goes out one by one, oldest first: nobody is blocked by that, unless overtaken."""
    spaced = timedelta(seconds=80)
    first, waiting = asked(line(90, 10), 100), line(100, 90)

    assert blocked([first, waiting]) == [waiting]
    assert [] == blocked([first, waiting], spacing=spaced)
    assert blocked([replace(first, account="bob"), waiting], spacing=spaced) == [waiting]
    overtakes = replace(first, due_at=waiting.due_at + timedelta(seconds=1))
    assert blocked([overtakes, waiting], spacing=spaced) == [waiting]


def test_a_false_block_tells_its_wait_and_what_was_on_record():
    """Only what covers half of the wait is its cause; nothing excuses it."""
    waiting = line(100, 90)
    due = waiting.due_at
    reasons = {
        "alice": [
            ("delivery 7 of the same account was under way", Span(due + 10 * SECOND, due + 80 * SECOND)),
            ("incident due alice", Span(due + 70 * SECOND, due + 95 * SECOND)),
        ]
    }

    [told] = waits.blocked([waiting], [], reasons=reasons)
    [unexplained] = waits.blocked([waiting], [], reasons={"alice": reasons["alice"][1:]})

    assert (90.0, "delivery 7 of the same account was under way") == (told.waited_s, told.cause)
    assert unexplained.cause == waits.NO_REASON


def test_an_unconfirmed_post_waits_for_its_own_settling():
    """The settle window stands before it: that is no block, and is told as lateness."""
    assert [] == blocked([line(100, 90, unconfirmed=True)])


def test_a_post_that_was_asked_for_or_told_to_wait_is_not_blocked():
    """An attempt that failed, an account that was told to wait, an X that takes its time: each is on record."""
    waits = line(100, 90)
    failed = replace(waits, signs=(NOON + timedelta(seconds=101),))
    told = {"alice": [Span(NOON + timedelta(seconds=95), NOON + timedelta(seconds=160))]}

    assert [] == blocked([failed])
    assert [] == blocked([replace(waits, asked_at=waits.due_at + timedelta(seconds=2))])
    assert [] == blocked([waits], told=told)
    assert blocked([waits], told={"bob": told["alice"]}) == [waits]


@pytest.mark.parametrize("state", [State.SCHEDULED, State.SENDING, State.UNCONFIRMED, State.PARTIAL])
def test_what_is_not_live_and_has_no_end_is_lost(state):
    """Silence is what is counted."""
    assert reports.is_lost(line(0, None, state=state), [])


def test_what_lies_before_a_person_is_lost_only_when_nobody_was_told():
    """And what the network refused is not lost."""
    review = line(0, None, state=State.NEEDS_REVIEW)

    assert reports.is_lost(review, [])
    assert not reports.is_lost(review, [review.delivery_id])
    assert not reports.is_lost(line(0, None, state=State.REFUSED), [])


# -- for real


@pytest.mark.browser
@pytest.mark.prefect
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_minutes_of_everything(tmp_path):
    """
    Through the product's own command: browsers, workers, the store, Prefect and X go wrong for two minutes, and
    nothing is live twice, lost, falsely told or falsely blocked; what was due goes out.
    """
    words = ["drill", "--seed", "7", "--minutes", "2", "--out", str(tmp_path / "drill")]

    done = subprocess.run(
        [sys.executable, "-m", "steadypost.cli", *words],
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )

    assert 0 == done.returncode, done.stderr[-6000:]
    told = json.loads((tmp_path / "drill" / "report.json").read_text())
    details = json.loads((tmp_path / "drill" / "details.json").read_text())
    assert set(told) == PROMISED
    assert (0, 0, 0, 0) == (told["duplicates"], told["lost"], told["false_status"], told["false_blocks"])
    assert told["due"] >= 38
    assert told["availability"] >= 0.95
    assert [] == details["broken"]
    assert {"x_web", "x_api", "mastodon", "bluesky"} == set(told["channels"])
    for channel, figures in told["channels"].items():
        assert (channel, figures["duplicates"], figures["false_status"], figures["broken"]) == (
            channel,
            0,
            0,
            [],
        )
        assert figures["due"] >= 6
    assert [] == [one["failed"] for one in told["by_fault"] if one["failed"]]
    page = (tmp_path / "drill" / "report.html").read_text()
    assert page.count("<circle") == 2 * len(details["posts"])
    assert not re.search(r"https?://(?!127\.0\.0\.1)", page)


def test_a_run_is_drawn_beside_another(tmp_path):
    """Before beside after, each with its own figures, from the files that a run leaves."""
    spread = {"n": 1, "p50": 2.0, "p90": 2.0, "max": 2.0}
    fault = {
        "n": 1, "fault": "<dropped>", "class": "x_answer", "accounts": ["alice"], "at_s": 10, "lasted_s": 5, "due": 1,
        "recovery_s": "never", "drained_s": 2.0, "due_beside": 2, "on_time_beside": 2,
    }  # fmt: skip
    told = {
        "seed": 7, "minutes": 2, "due": 1, "good": 1, "availability": 1.0, "availability_lower_95": 0.2,
        "time_availability": None, "duplicates": 0, "lost": 0, "false_status": 0, "false_blocks": 0, "messages": 0,
        "lateness_s": {"p50": 1.0, "p95": 1.0}, "recovery_s": {"x_answer": spread}, "detection_s": {"x_answer": spread},
        "by_fault": [fault], "never_back": 1, "refused": {"186": 2},
        "falsely_blocked": [{"delivery": 9, "account": "alice", "waited_s": 61.0, "cause": "<nothing> on record"}],
    }  # fmt: skip
    post = {
        "delivery": 1,
        "account": "alice",
        "due_s": 12,
        "late_s": None,
        "state": "scheduled",
        "why": "<b>",
    }
    details = {
        "control": True, "weather": "all", "on_time_within_s": 300, "posts": [post], "not_good": [post],
        "recovery_s": spread, "drained_s": spread, "switches_off": ["repair"],
    }  # fmt: skip
    (tmp_path / "report.json").write_text(json.dumps({**told, "availability": 0.5}))
    (tmp_path / "details.json").write_text(json.dumps(details))

    page = draw(Run.of(told, {**details, "control": False}), Run.read(tmp_path))

    assert "50.00 %" in page
    assert "without repair: seed" in page
    assert "100.00 %" in page
    assert "<th>before</th><th>after</th>" in page
    assert "<dropped>" not in page
    assert "&lt;dropped&gt;" in page
    assert "<td>never</td>" in page
    assert "2 186" in page
    assert "&lt;nothing&gt; on record" in page


@pytest.mark.parametrize("other", [("--control",), ("--simulate", "1")])
def test_single_protections_are_not_turned_off_beside_what_has_its_own_idea_of_it(tmp_path, other):
    """It is refused before anything starts, and not silently left out."""
    done = CliRunner().invoke(drill_program, ["--off", "repair", *other, "--out", str(tmp_path / "out")])

    assert 2 == done.exit_code
    assert f"leave it out beside {other[0]}" in done.output
    assert not (tmp_path / "out").exists()
