"""The network has a clock of its own, and tells every time by it; the ledger knows both."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import pytest

from sandbox.client import SandboxProcess
from sandbox.clock import BadClock, Clock
from sandbox.process import SandboxError
from sandbox.snowflake import Snowflakes, time_of

HOUR_MS = 3_600_000


class Host:
    """A machine's clock that stands until it is set."""

    def __init__(self):
        self.ms = 1_000_000

    def __call__(self):
        """What it shows."""
        return self.ms


@pytest.fixture
def host():
    return Host()


@pytest.fixture(autouse=True)
def afterwards_the_right_time(running):
    yield
    running.set_clock(offset_s=0, drift_ppm=0)


def test_an_offset_a_drift_and_a_jump(host):
    """Each counts from what the clock showed when it was set."""
    clock = Clock(offset_s=20, host=host)
    assert 20_000 == clock.now_ms() - host.ms

    clock.set(drift_ppm=1000)
    host.ms += HOUR_MS
    assert clock.now_ms() - host.ms == 20_000 + 3600

    clock.jump(-30)
    assert clock.now_ms() - host.ms == 20_000 + 3600 - 30_000
    host.ms += HOUR_MS
    assert clock.now_ms() - host.ms == 20_000 + 7200 - 30_000
    assert clock.to_host(clock.now_ms()) == host.ms


@pytest.mark.parametrize("how", [{"offset_s": 601}, {"offset_s": -601}, {"drift_ppm": 600_000}])
def test_a_clock_that_no_network_has_is_refused(host, how):
    """Beyond ten minutes it is a mistake in a test."""
    with pytest.raises(BadClock, match="at most"):
        Clock(host=host, **how)


def test_ids_follow_the_clock_and_never_repeat(host):
    """Also when the clock is put back: an id tells what the clock showed, and no id is given twice."""
    clock = Clock(host=host)
    ids = Snowflakes(clock)
    first = [ids.now() for _ in range(3)]
    host.ms += 50
    clock.jump(-0.05)
    second = [ids.now() for _ in range(3)]

    assert 6 == len({*first, *second})
    assert [int(one) for one in first] == sorted(int(one) for one in first)
    assert {1_000_000} == {time_of(one) for one in [*first, *second]}


@pytest.mark.parametrize("offset", [-600, -20, 20, 600])
def test_every_time_that_the_network_tells_is_its_own(sandbox, alice, stranger, offset):
    """Ids, `created_at`, the end of a rate limit, and the date of every answer: pages, lists, files, errors."""
    sandbox.set_clock(offset_s=offset)
    page = alice.http.get("/home")
    script = page.text.split('src="', 1)[1].split('"', 1)[0]
    answers = [
        page,
        alice.http.get(script),
        alice.http.get("/favicon.ico"),
        alice.look("UserTweets", screen_name="alice"),
        stranger.http.get("/home"),
        alice.ask("By my clock"),
    ]
    sandbox.weather({"fault": "http_status", "params": {"status": 429, "reset_seconds": 60}})
    answers.append(alice.ask("too often"))
    now = time.time()

    [post] = sandbox.live()
    assert script.startswith("/assets/")
    assert abs(time_of(post["id"]) / 1000 - now - offset) < 30
    assert post["created_at"] == time_of(post["id"])
    assert abs(int(answers[-1].headers["x-rate-limit-reset"]) - now - offset - 60) < 30
    for answer in answers:
        assert answer.headers.get_list("date") == [answer.headers["date"]]
        assert abs(parsedate_to_datetime(answer.headers["date"]).timestamp() - now - offset) < 30
    told = alice.look("TweetResultByRestId", tweetId=post["id"]).json()["data"]["tweetResult"]["result"]
    told_at = time.strptime(told["legacy"]["created_at"], "%a %b %d %H:%M:%S +0000 %Y")
    assert time.strftime("%H:%M:%S", told_at) == time.strftime(
        "%H:%M:%S", time.gmtime(post["created_at"] / 1000)
    )


def test_the_ledger_tells_both_times(sandbox, alice):
    """By the host's clock an ask and its post lie beside each other, whatever the network's clock does in between."""
    sandbox.set_clock(offset_s=-300)
    before = time.time() * 1000
    alice.ask("first")
    sandbox.set_clock(jump_s=600)
    alice.ask("second")
    after = time.time() * 1000

    asks, posts = sandbox.asks(), sorted(sandbox.live(), key=lambda one: one["made_at_host"])
    assert ["first", "second"] == [post["text"] for post in posts]
    for told in (*(a["arrived_at_host"] for a in asks), *(p["made_at_host"] for p in posts)):
        assert before - 1 <= told <= after + 1
    assert asks[1]["arrived_at"] - asks[0]["arrived_at"] > 590_000
    assert posts[1]["created_at"] - posts[0]["created_at"] > 590_000
    assert all(ask["answered_at_host"] >= ask["arrived_at_host"] for ask in asks)


def test_a_jump_hides_nothing(sandbox, alice):
    """How long something takes to show is no matter of the clock's hands: put back, it still shows at once."""
    sandbox.hand_post("alice", "before")
    sandbox.set_clock(jump_s=-400)
    sandbox.hand_post("alice", "after")

    seen = alice.profile()

    assert {post["id"] for post in sandbox.live()} == set(seen)
    # The later one has the smaller id, and stands below.
    assert ["after", "before"] == [post["text"] for post in sandbox.live()]
    assert seen[0] == sandbox.live()[1]["id"]


def test_the_clock_of_a_whole_sandbox():
    """`--clock-offset` and `--clock-drift-ppm` set it at the start, for what was there before as well."""
    with SandboxProcess(accounts=("alice",), clock_offset_s=120, clock_drift_ppm=200_000) as sandbox:
        [post] = sandbox.seed("alice", 1, youngest_s=0)
        first = sandbox.clock()
        later = sandbox.wait_until(
            lambda s: (c := s.clock())["host_ms"] - first["host_ms"] > 200 and c,
            description="a moment passed",
        )

        assert first["offset_s"] >= 120
        assert time_of(post) - first["host_ms"] > 100_000
        gained = later["network_ms"] - first["network_ms"] - (later["host_ms"] - first["host_ms"])
        assert gained >= 0.15 * (later["host_ms"] - first["host_ms"])


def test_the_control_port_refuses_a_clock_in_words(sandbox):
    """A misspelt clock is an error, never the right time."""
    with pytest.raises(SandboxError, match="at most 600"):
        sandbox.set_clock(offset_s=1000)
    with pytest.raises(SandboxError, match="the clock takes numbers for offset_s"):
        sandbox.set_clock(offset=1)
    assert 0 == sandbox.clock()["offset_s"]
