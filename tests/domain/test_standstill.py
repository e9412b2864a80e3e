"""Why nothing goes out is one sentence, and it names the widest reason there is, by whom, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain.holding import Hold
from steadypost.domain.observed import AccountSeen, Cannot, CircuitSeen, Head, StoreSeen, SwitchSeen
from steadypost.domain.outcome import Cause
from steadypost.domain.quota import Full, Limits
from steadypost.domain.standstill import Facts, reasons, sentence

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
HEAD = Head(id=7, due_at=NOON - MINUTE, next_at=NOON - MINUTE, ready_since=NOON - 10 * SECOND)
ALICE = AccountSeen(name="alice", waiting=1, head=HEAD, limits=Limits(per_hour=2))
HEARTBEATS = {"publish": NOON - SECOND}


def facts(*accounts, **more):
    store = StoreSeen(accounts=accounts or (ALICE,), heartbeats=more.pop("heartbeats", HEARTBEATS))
    return Facts(at=NOON, **{"store": store, **more})


OFF = SwitchSeen(by="carol", reason="elections", since=NOON - HOUR)
PAUSED = replace(
    ALICE, paused_until=NOON + HOUR, pause_cause=Cause.CHALLENGE, pause_why="X wants a code from the mail"
)


@pytest.mark.parametrize(
    ("seen", "kind", "said"),
    [
        (
            facts(store=Cannot(why="connection refused")),
            "store_away",
            "Nothing goes out because the store cannot be reached: connection refused.",
        ),
        (facts(store=StoreSeen()), "no_account", "no account is known yet"),
        (
            facts(publish_off=OFF),
            "switched_off",
            "Nothing goes out because publishing is turned off, by carol since 2026-03-02 11:00 UTC: elections.",
        ),
        (
            facts(publish_off=replace(OFF, until=NOON + HOUR)),
            "switched_off",
            "until 2026-03-02 13:00:00 UTC.",
        ),
        (facts(heartbeats={}), "nobody_on_watch", "no run has ever been on watch"),
        (facts(heartbeats={"publish": NOON - HOUR}), "nobody_on_watch", "was 60 min ago"),
        (facts(replace(ALICE, head=None)), "nothing_due", "the queue is empty"),
        (
            facts(replace(ALICE, head=None), for_a_person=3),
            "nothing_due",
            "and 3 wait for a person's decision",
        ),
        (
            facts(replace(ALICE, head=None), next_due=("alice", NOON + HOUR)),
            "nothing_due",
            "Nothing goes out now because nothing is due: the next, of alice, is at 2026-03-02 13:00:00 UTC.",
        ),
        (facts(replace(ALICE, struck="carol: a mistake")), "struck", "because carol: a mistake"),
        (facts(PAUSED), "paused", "(X wants a code from the mail): a person has to correct that, until"),
        (facts(closed={"alice": "no auth_token in it"}), "closed", "no auth_token in it"),
        (
            facts(off_for={"alice": OFF}),
            "switched_off",
            "for alice because publishing is turned off, by carol since",
        ),
        (
            facts(judged={"alice": Hold(kind="circuit_open", why="the circuit browser is open")}),
            "circuit_open",
            "for alice because the circuit browser is open.",
        ),
        (
            facts(
                circuits=[
                    CircuitSeen(
                        name="x-page-alice",
                        since=NOON - 5 * MINUTE,
                        why="page_unreachable",
                        stops=frozenset({"alice"}),
                    )
                ]
            ),
            "circuit_open",
            "the circuit x-page-alice has been open for 5 min: page_unreachable",
        ),
        (
            facts(replace(ALICE, capacity=Full(reason="quota_used", until=NOON + HOUR))),
            "quota_used",
            "its quota (2 an hour) is used up, until 2026-03-02 13:00:00 UTC.",
        ),
        (
            facts(
                replace(ALICE, capacity=Full(reason="quota_used_by_unknown", until=None)),
                unconfirmed={"alice": 2},
            ),
            "quota_used_by_unknown",
            "its quota (2 an hour) is used up, 2 of it by unconfirmed posts.",
        ),
        (
            facts(replace(ALICE, capacity=Full(reason="spacing", until=NOON + MINUTE))),
            "spacing",
            "its last post is too fresh by its own spacing",
        ),
        (
            facts(replace(ALICE, head=replace(HEAD, next_at=NOON + MINUTE, why="the page did not open"))),
            "waits",
            "delivery 7 waits for its next attempt: the page did not open, until",
        ),
        (
            facts(replace(ALICE, head=replace(HEAD, ready_since=NOON - HOUR))),
            "stuck",
            "delivery 7 could have been taken up 60 min ago and was not",
        ),
    ],
)
def test_one_sentence_for_each_reason(seen, kind, said):
    """By what was seen, never by what anybody assumes."""
    assert [kind] == [one.kind for one in reasons(seen)]
    told = sentence(seen)
    assert said in told
    assert 1 == told.count("Nothing goes out")
    assert told.endswith(".")


def test_a_wider_reason_hides_the_narrower_ones():
    """Whoever turned it off does not want to hear of quotas."""
    everything = facts(replace(PAUSED, struck="x"), publish_off=OFF, closed={"alice": "y"})

    assert ["switched_off"] == [one.kind for one in reasons(everything)]
    away = replace(everything, store=Cannot(why="gone"))
    assert ["store_away"] == [one.kind for one in reasons(away)]


def test_accounts_that_wait_for_different_things_are_told_apart():
    """And those that wait for the same are told together."""
    bob = replace(ALICE, name="bob", capacity=Full(reason="quota_used", until=None))

    assert "by account: alice: the account is left alone" in sentence(facts(PAUSED, bob))
    carol = replace(bob, name="carol")
    assert "Nothing goes out for bob, carol because its quota" in sentence(facts(bob, carol))


def test_other_circuits_hold_nobody_up():
    """Neither another account's, nor another machine's: a circuit holds up those who wait for it, whatever its name."""
    others = [
        CircuitSeen(name="x-page-bob", since=NOON, why="away", stops=frozenset({"bob"})),
        CircuitSeen(name="browser-there", since=NOON, why="dies"),
    ]

    assert [] == reasons(facts(circuits=others))
    here = CircuitSeen(name="browser-here", since=NOON, why="dies", stops=frozenset({"alice"}))
    [browser] = reasons(facts(circuits=[here]))
    assert "browser-here" in browser.says


def test_when_posts_do_go_out_it_says_so():
    """No reason is made up."""
    assert "Posts are going out: 2 now." == sentence(facts(under_way=2))
    assert "taken up now" in sentence(facts())
    assert "Posts are going out" in sentence(facts(replace(ALICE, head=None), under_way=1))


@pytest.mark.parametrize(("ago", "kinds"), [(45 * SECOND, []), (46 * SECOND, ["stuck"])])
def test_what_may_go_is_given_forty_five_seconds_to_be_taken_up(ago, kinds):
    """Counted from when it was ready, or from the account's last claim, if that was later."""
    ready = replace(HEAD, ready_since=NOON - ago)

    assert kinds == [one.kind for one in reasons(facts(replace(ALICE, head=ready)))]
    assert kinds == [
        one.kind
        for one in reasons(
            facts(replace(ALICE, head=replace(HEAD, ready_since=NOON - HOUR), claimed_at=NOON - ago))
        )
    ]
