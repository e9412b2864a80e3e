"""On an independent server: one copy of every post, under its right id, whatever becomes of the answers."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from rehearsal.real.relay import Handling, lose
from steadypost.domain.absence import Missed, proves_absence
from steadypost.domain.evidence import Absent, Present, Wanted
from steadypost.domain.likeness import Grade
from steadypost.domain.network import Place
from steadypost.domain.outcome import Cause, Deferred, NotSubmitted, Published, Refused, Unconfirmed
from steadypost.domain.post import Part
from steadypost.domain.weighing import judge
from steadypost.networks.mastodon import NETWORK
from steadypost.networks.mastodon.likeness import compare
from tests.networks_real.mastodon.conftest import ASK

pytestmark = pytest.mark.network

POSTS = 24


def wanted(number: int, text: str, began: datetime, offset, **more) -> Wanted:
    return Wanted(
        delivery_id=number,
        n=more.pop("n", 0),
        network=NETWORK,
        handle="alice",
        text=text,
        began_at=began,
        ended_at=began,
        offset=offset,
        **more,
    )


def test_every_answer_lost_and_one_copy_of_each_under_its_right_id(server, relay, alice):
    relay.decide = lose(ASK, Handling.CUT_AFTER)
    began = datetime.now(UTC)
    texts = [f"Post {n} of {POSTS} https://example.com/{n}?a=1&b=2 日本語 👨‍👩‍👧‍👦" for n in range(POSTS)]
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda text: alice.ask(alice.order(text)).headline, texts))
    sighting = alice.look()
    wanteds = [wanted(n, text, began, sighting.offset) for n, text in enumerate(texts)]
    found = judge(wanteds, sighting)

    assert {Unconfirmed} == {type(one) for one in outcomes}
    live = server.statuses()
    assert sorted(texts) == sorted(server.source(one["id"]) for one in live)
    by_text = {server.source(one["id"]): one["id"] for one in live}
    assert [Present(remote_id=by_text[text]) for text in texts] == [found[n, 0] for n in range(POSTS)]
    assert POSTS == len(relay.asks(ASK))


@pytest.mark.parametrize("lost", [0, 1, 4])
def test_eight_publishers_race_on_one_delivery_with_one_key(server, relay, alice, lost):
    relay.decide = lose(ASK, Handling.CUT_AFTER, most=lost)
    order, together = alice.order("Only once"), Barrier(8)

    def ask(_: int):
        together.wait()
        return alice.ask(order).headline

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(ask, range(8)))

    live = server.statuses()
    assert ["Only once"] == [server.source(one["id"]) for one in live]
    ids = {one.remote_id for one in outcomes if isinstance(one, Published)}
    assert {live[0]["id"]} == ids
    assert lost == sum(isinstance(one, Unconfirmed) for one in outcomes)


def settle(alice, order, relay, *, looks: int = 2):
    """Do as reconciliation does: after an answer that is not known, look; ask again only when it is proven absent."""
    asks = 0
    while True:
        began = datetime.now(UTC)
        outcome, asks = alice.ask(order).headline, asks + 1
        if not isinstance(outcome, Unconfirmed):
            return outcome, asks
        gone, missed = datetime.now(UTC), []
        for _ in range(looks):
            at = datetime.now(UTC)
            sighting = alice.look(began - timedelta(minutes=1))
            item = wanted(1, order.parts[0].text, began, sighting.offset)
            evidence = judge([item], sighting)[1, 0]
            if isinstance(evidence, Present):
                return evidence, asks
            assert isinstance(evidence, Absent), evidence
            missed.append(Missed(at=at, network_at=at + sighting.offset.ahead))
        assert proves_absence(missed, gone_at=gone, settle=timedelta(0))


@pytest.mark.parametrize("dropped", [frozenset(), frozenset({"idempotency-key"})], ids=["key", "no key"])
@pytest.mark.parametrize(("handling", "expected"), [(Handling.CUT_AFTER, 1), (Handling.CUT_BEFORE, 2)])
def test_one_copy_on_a_server_that_ignores_the_key_because_a_look_comes_first(
    server, relay, alice, dropped, handling, expected
):
    alice.ask(alice.order("Something before"))
    relay.drop = dropped
    relay.decide = lose(ASK, handling, most=1)
    outcome, asks = settle(alice, alice.order("Only once"), relay)

    copies = [one["id"] for one in server.statuses() if server.source(one["id"]) == "Only once"]
    assert [outcome.remote_id] == copies
    assert expected == asks


def test_a_server_without_the_key_would_have_made_two(server, relay, alice):
    relay.drop = frozenset({"idempotency-key"})
    relay.decide = lose(ASK, Handling.CUT_AFTER, most=1)
    order = alice.order("Twice")
    alice.ask(order)
    alice.ask(order)

    assert 2 == len(server.statuses())


PARTS = [
    "1/8 A thread with everything: #Tag #Grüße 👨‍👩‍👧‍👦",
    "2/8 日本語のテキスト、そして 한국어 텍스트。",
    "3/8 https://example.com/ä_(b)?x=1&y=2 and https://www.example.org/a/very/long/path/that/is/cut/on/the/page",
    "4/8 @dave@remote.example says <b>hello</b> & \"goodbye\" &amp; 'so on'",
    "5/8 Two pictures",
    "6/8 One line\nanother line\n\nand a paragraph",
    "7/8 العربية עברית — “quotes” … 🇩🇪 🏳️‍🌈 ❤️",
    "8/8 Four pictures #last",
]
PICTURES = {4: ["Zwei Punkte", "日本の点 👨‍👩‍👧‍👦"], 7: ["a", "b", "c", "d"]}


def test_a_thread_of_eight_is_read_back_exactly(server, relay, alice):
    pictures = {n: tuple(alice.picture(alt) for alt in alts) for n, alts in PICTURES.items()}
    order = alice.order(*(Part(text=text, media=pictures.get(n, ())) for n, text in enumerate(PARTS)))
    outcomes = alice.ask(order).outcomes

    assert [Published] * 8 == [type(one) for one in outcomes]
    assert [""] * 8 == [one.lacking for one in outcomes]
    ids = [one.remote_id for one in outcomes]
    posts = {post.id: post for post in alice.look().posts}
    read = [posts[one] for one in ids]
    assert [Grade.SAME] * 8 == [compare(text, post.said) for text, post in zip(PARTS, read, strict=True)]
    assert [None, *ids[:-1]] == [post.reply_to for post in read]
    assert [tuple(PICTURES.get(n, ())) for n in range(8)] == [post.media for post in read]
    below = alice.look(place=Place.THREAD, post=ids[0])
    assert set(ids) == {post.id for post in below.posts}


def test_a_lost_answer_in_a_thread_is_found_and_the_thread_goes_on_under_it(server, relay, alice):
    began = datetime.now(UTC)
    asked = [0]

    def third(method: str, path: str) -> Handling:
        asked[0] += method == "POST" and path == ASK
        return Handling.CUT_AFTER if (method, path, asked[0]) == ("POST", ASK, 3) else Handling.PASS

    relay.decide = third
    order = alice.order(*PARTS[:4])
    outcomes = alice.ask(order).outcomes
    before = outcomes[1].remote_id
    sighting = alice.look()
    item = wanted(1, PARTS[2], began, sighting.offset, n=2, reply_to=before)
    taken = {one.remote_id for one in outcomes[:2]}
    found = judge([item], sighting, taken)[1, 2]
    rest = alice.order(PARTS[3], first=3, live=(*taken, found.remote_id), reply_to=found.remote_id)
    last = alice.ask(rest).headline

    assert [Published, Published, Unconfirmed, NotSubmitted] == [type(one) for one in outcomes]
    live = server.statuses()
    assert [one["id"] for one in live] == [
        *(one.remote_id for one in outcomes[:2]),
        found.remote_id,
        last.remote_id,
    ]
    assert [None, *[one["id"] for one in live[:-1]]] == [one["in_reply_to_id"] for one in live]


def test_what_the_server_refuses_is_refused_in_its_words(server, relay, alice):
    outcome = alice.ask(alice.order("")).headline

    assert (Refused, "422") == (type(outcome), outcome.code)
    assert "blank" in outcome.why
    assert [] == server.statuses()


def test_a_token_that_it_does_not_know_is_told(server, relay, alice):
    object.__setattr__(alice.access, "secret", {"access_token": "nobodys"})

    outcome = alice.ask(alice.order("Hello")).headline
    assert (Deferred, Cause.SIGNED_OUT) == (type(outcome), outcome.cause)
    assert Cause.SIGNED_OUT == alice.look().trouble


def test_a_probe_submits_nothing(server, relay, alice):
    probe = alice.channel.probe(alice.access, deadline=time.monotonic() + 60)

    assert (True, "alice") == (probe.well, probe.handle)
    assert [] == relay.asks(ASK)
