"""Signed in once, renewed in time by one of many, and at home wherever the account lives."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.channels.bluesky.channel import Bluesky
from steadypost.channels.confirmed import Confirmed
from steadypost.domain import clock
from steadypost.domain.outcome import Cause, NotSubmitted, Published
from steadypost.store import Store
from tests.channels.bluesky.conftest import order


def sessions(sandbox):
    return sandbox.counts()["sessions"]


def test_one_sign_in_for_many_posts(alice, sandbox):
    for n in range(5):
        alice.ask(order(f"post {n}"))

    assert {"created": 1, "refreshed": 0, "reused": 0} == sessions(sandbox)


def test_a_sign_in_that_was_confirmed_lately_is_not_confirmed_again(alice, sandbox):
    for n in range(5):
        alice.ask(order(f"post {n}"))
    requests = sandbox.counts()["requests"]

    assert (1, 5) == (requests["getSession"], requests["putRecord"])


def test_a_token_near_its_end_is_renewed_before_the_ask(alice, sandbox):
    sandbox.call("limits", access_seconds=300)
    outcomes = [alice.ask(order(f"post {n}")).headline for n in range(2)]

    assert [type(one) for one in outcomes] == [Published, Published]
    assert {"created": 1, "refreshed": 1, "reused": 0} == sessions(sandbox)


def test_a_network_whose_clock_is_wrong_ends_its_tokens_by_its_own_clock(alice, sandbox):
    """How long a token lives is read from it, and not when it ends: the two clocks need not agree."""
    sandbox.set_clock(offset_s=-590)
    sandbox.call("limits", access_seconds=620)
    outcomes = [alice.ask(order(f"post {n}")).headline for n in range(2)]

    assert [type(one) for one in outcomes] == [Published, Published]
    assert 0 == sessions(sandbox)["refreshed"]


def test_a_session_that_was_ended_is_begun_again(alice, sandbox):
    """Revoked access and refresh tokens: one more sign-in, and the post goes out in the same attempt."""
    alice.ask(order("one"))
    sandbox.call("revoke", account=alice.handle)
    alice.confirmed = Confirmed()

    assert isinstance(alice.ask(order("two")).headline, Published)
    assert 2 == sessions(sandbox)["created"]


def test_a_session_that_ends_while_a_file_is_uploaded(alice, sandbox, picture):
    from steadypost.domain.post import Part  # noqa: PLC0415 - for this test only

    alice.ask(order("one"))
    sandbox.weather({"fault": "expired_token", "method": "uploadBlob", "count": 1})
    answer = alice.ask(order(Part(text="two", media=(picture(),)))).headline

    assert isinstance(answer, Published)
    assert 2 == len(sandbox.asks())


def test_eight_at_once_renew_once(alice, sandbox):
    sandbox.call("limits", access_seconds=300)
    alice.ask(order("first"))
    sandbox.call("limits", access_seconds=7200)
    threads = [threading.Thread(target=lambda n=n: alice.ask(order(f"post {n}"))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {"created": 1, "refreshed": 1, "reused": 0} == sessions(sandbox)
    assert 9 == sandbox.counts()["live"]


def test_a_renewed_pair_is_kept_before_it_is_used(alice, sandbox):
    """At the moment of the first request with the new token, the store has it."""
    kept = []
    refresh = alice.tokens.refresh

    def watched(account, using, now, **how):
        def noted(old):
            token = using(old)
            kept.append(("made", token.secret["access"]))
            return token

        token = refresh(account, noted, now, **how)
        kept.append(("saved", alice.tokens.current(account).secret["access"]))
        return token

    alice.tokens.refresh = watched
    alice.ask(order("one"))

    assert ["made", "saved"] == [what for what, _ in kept]
    assert 1 == len({token for _, token in kept})


def test_a_renewal_whose_answer_was_lost(alice, sandbox):
    """The used token still gives the pair that came of it; no sign-in is spent."""
    sandbox.call("limits", access_seconds=300)
    alice.ask(order("one"))
    sandbox.weather({"fault": "hang_up", "method": "refreshSession", "count": 1})
    first, second = alice.ask(order("two")).headline, alice.ask(order("three")).headline

    assert isinstance(first, NotSubmitted)
    assert isinstance(second, Published)
    assert 1 == sessions(sandbox)["created"]


def test_an_account_that_moved(alice, sandbox):
    """The token of the server it left is not asked with: the directory says where it lives now."""
    alice.ask(order("one"))
    sandbox.call("move", account=alice.handle)
    alice.confirmed = Confirmed()

    assert isinstance(alice.ask(order("two")).headline, Published)
    assert alice.tokens.current("alice").secret["server"] == sandbox.second_url
    assert "refreshSession" not in sandbox.counts()["requests"]


def test_an_account_that_moves_just_before_the_ask(alice, sandbox):
    alice.ask(order("one"))
    sandbox.call("move", account=alice.handle)
    wanted = order("two")
    first, second = alice.ask(wanted).headline, alice.ask(wanted).headline

    assert first.cause is Cause.SIGN_IN_RENEWED
    assert isinstance(second, Published)


def test_a_password_that_is_not_taken(alice, sandbox):
    sandbox.call("password", account=alice.handle, password="another")
    answer = alice.ask(order("one")).headline

    assert (type(answer), answer.cause) == (NotSubmitted, Cause.SIGNED_OUT)
    assert "app password of alice.test" in answer.why
    assert sandbox.accounts[alice.handle]["password"] not in repr(answer)


def test_a_new_password_in_the_block_is_used_at_once(alice, sandbox):
    alice.ask(order("one"))
    sandbox.call("password", account=alice.handle, password="another")
    sandbox.call("revoke", account=alice.handle)
    changed = replace(alice.access, secret={"app_password": "another"})
    answer = alice.channel().ask(
        changed, order("two"), arm=lambda: True, deadline=time.monotonic() + 30, progress=lambda _: None
    )

    assert isinstance(answer.headline, Published)
    assert 2 == sessions(sandbox)["created"]


@pytest.mark.parametrize(
    ("status", "cause"),
    [("takendown", Cause.SUSPENDED), ("suspended", Cause.SUSPENDED), ("deactivated", Cause.LOCKED)],
)
def test_an_account_that_may_not_act(alice, sandbox, status, cause):
    sandbox.call("status", account=alice.handle, status=status)

    assert alice.ask(order("one")).headline.cause is cause
    assert [] == sandbox.asks()


def test_too_many_sign_ins(alice, sandbox):
    sandbox.weather({"fault": "too_many", "method": "createSession", "params": {"seconds": 200}})
    answer = alice.ask(order("one")).headline

    assert answer.cause is Cause.RATE_LIMIT
    assert abs(answer.until - datetime.now(UTC) - timedelta(seconds=200)) < timedelta(seconds=5)


def test_a_handle_that_is_nobodys(alice):
    alice.ask(order("one"))
    stranger = replace(alice.access, handle="nobody.test")
    answer = alice.channel().ask(
        stranger, order("two"), arm=lambda: True, deadline=time.monotonic() + 30, progress=lambda _: None
    )

    assert answer.headline.cause is Cause.SIGNED_OUT


def test_the_probe(alice, sandbox):
    def probe():
        return alice.channel().probe(alice.access, deadline=time.monotonic() + 30)

    well = probe()
    sandbox.call("status", account=alice.handle, status="takendown")
    ill = probe()

    assert (True, "alice.test") == (well.well, well.handle)
    assert (ill.well, ill.cause) == (False, Cause.SUSPENDED)
    assert [] == sandbox.asks()


def test_the_networks_clock_is_known_before_the_store_is_asked(alice, sandbox):
    sandbox.set_clock(offset_s=120)
    for _ in range(2):
        channel: Bluesky = alice.channel()
        known = []
        alice.ask(order("one"), channel=channel, arm=lambda c=channel, k=known: k.append(c.offset) or True)

        assert abs(known[0].ahead - timedelta(seconds=120)) < timedelta(seconds=3)


def test_nothing_secret_is_shown(alice):
    alice.ask(order("one"))
    token = alice.tokens.current("alice")
    shown = f"{token!r} {alice.access!r} {alice.channel()!r} {alice.tokens!r}"

    assert token.secret["access"] not in shown
    assert token.secret["refresh"] not in shown
    assert alice.access.secret["app_password"] not in shown
    assert clock.now().tzinfo is UTC


def test_the_stores_own_tokens(alice, sandbox, tmp_path):
    """Several processes with one store: one sign-in, one renewal, and the pair is there after a restart."""

    def process():
        return replace(alice, tokens=stores.enter_context(Store.create(url)).tokens(tmp_path / "home"))

    url = f"sqlite:///{tmp_path}/store.db"
    with contextlib.ExitStack() as stores:
        first = process()
        sandbox.call("limits", access_seconds=300)
        first.ask(order("first"))
        sandbox.call("limits", access_seconds=7200)
        others = [process() for _ in range(6)]
        threads = [
            threading.Thread(target=one.ask, args=(order(f"post {n}"),)) for n, one in enumerate(others)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert {"created": 1, "refreshed": 1, "reused": 0} == sessions(sandbox)
        assert 7 == sandbox.counts()["live"]
    with contextlib.ExitStack() as stores:
        assert isinstance(process().ask(order("after a restart")).headline, Published)
    assert 1 == sessions(sandbox)["created"]
