"""On an independent server: one copy each, with the right ids, whatever happens to the lines."""

from __future__ import annotations

import hashlib
import io
import secrets
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from PIL import Image

from rehearsal.real.bluesky import RealServer, why_not
from rehearsal.real.relay import Handling, Relay, relaying
from steadypost.channels.bluesky.channel import Bluesky, Confirmed
from steadypost.channels.bluesky.fetching import Fetcher
from steadypost.channels.bluesky.session import InMemory
from steadypost.channels.port import Access, LookRequest, Order
from steadypost.channels.wire import Wire
from steadypost.domain.network import Place
from steadypost.domain.outcome import Cause, Published, Refused, Unconfirmed
from steadypost.domain.post import Media, Part
from steadypost.networks.bluesky import record, tid

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.skipif(why_not() is not None, reason=why_not() or ""),
]

SIGNED_IN = "signed in"

WRITES = ("com.atproto.repo.putRecord", "com.atproto.repo.applyWrites")


@pytest.fixture(scope="module")
def server():
    running = RealServer()
    yield running
    running.stop()


@pytest.fixture
def relay(server):
    with relaying(server.pds) as passing:
        yield passing


@dataclass
class Person:
    """An account on the real server, reached through the relay."""

    server: RealServer
    relay: Relay
    account: dict
    options: dict = field(default_factory=dict)
    tokens: InMemory = field(default_factory=InMemory)
    confirmed: Confirmed = field(default_factory=Confirmed)

    @property
    def access(self):
        return Access(
            account=self.account["handle"],
            handle=self.account["handle"],
            base_url=self.server.pds,
            secret={"app_password": self.account["password"]},
            options={"directory": self.server.plc, "cards": False} | self.options,
        )

    def channel(self):
        return Bluesky(
            tokens=self.tokens,
            confirmed=self.confirmed,
            wire=lambda address: Wire(self.relay.url if address == self.server.pds else address),
            fetcher=Fetcher(allowed=lambda ip, _: ip.is_loopback),
        )

    def ask(self, order):
        return self.channel().ask(
            self.access, order, arm=lambda: True, deadline=time.monotonic() + 60, progress=lambda _: None
        )

    def look_for(self, order):
        request = LookRequest(
            place=Place.NAMED,
            back_to=datetime.now(UTC),
            names=tuple(order.name(n) for n in range(len(order.parts))),
        )
        return self.channel().look(self.access, request, deadline=time.monotonic() + 60)

    def posts(self):
        """List what is there, but for the post with which somebody signed in."""
        every = self.server.posts(self.account["did"])
        return [one for one in every if one["value"]["text"] != SIGNED_IN]


@pytest.fixture
def alice(server, relay):
    handle = f"alice{secrets.token_hex(3)}.test"
    return Person(server, relay, server.account(handle))


def order(*parts, **more):
    whole = tuple(part if isinstance(part, Part) else Part(text=part) for part in parts)
    now = datetime.now(UTC)
    keyed_at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return Order(**{"parts": whole, "key": secrets.token_hex(16), "keyed_at": keyed_at} | more)


def lost(when):
    """Cut every line on which a post is asked for."""
    return lambda _method, path: when if any(write in path for write in WRITES) else Handling.PASS


def settled(person, wanted):
    """Do what the house does with an unconfirmed delivery: look by name, and ask again when it is not there."""
    for _ in range(5):
        named = person.look_for(wanted).named
        if named and all(named.values()):
            return tuple(named.values())
        person.relay.decide = lambda _method, _path: Handling.PASS
        person.ask(wanted)
    pytest.fail("never settled")


def test_every_answer_is_lost(alice):
    """Twenty-four posts, not one answer: one copy of each, with its own id."""
    alice.ask(order(SIGNED_IN))
    alice.relay.decide = lost(Handling.CUT_AFTER)
    wanted = [order(f"post {n}") for n in range(24)]
    answers = [alice.ask(one).headline for one in wanted]
    found = [alice.look_for(one).named for one in wanted]
    written = {one["value"]["text"]: one["uri"] for one in alice.posts()}

    assert {(type(one), one.cause) for one in answers} == {(Unconfirmed, Cause.NO_ANSWER)}
    assert 24 == len([one for one in alice.relay.seen if one.handling is Handling.CUT_AFTER])
    assert 24 == len(alice.posts())
    assert [list(one.values()) for one in found] == [[written[f"post {n}"]] for n in range(24)]


def test_asked_again_although_it_was_there(alice):
    """Even without the look a second ask, and a third one, make no second copy."""
    alice.ask(order(SIGNED_IN))
    wanted = order("one")
    alice.relay.decide = lost(Handling.CUT_AFTER)
    alice.ask(wanted)
    alice.relay.decide = lambda _method, _path: Handling.PASS
    again = [alice.ask(wanted).headline for _ in range(2)]

    assert ["one"] == [one["value"]["text"] for one in alice.posts()]
    assert all(isinstance(one, Published) for one in again)


@pytest.mark.parametrize("when", [Handling.CUT_BEFORE, Handling.CUT_AFTER])
@pytest.mark.parametrize("parts", [1, 4])
def test_a_cut_line_is_settled(alice, when, parts):
    alice.ask(order(SIGNED_IN))
    wanted = order(*[f"part {n}" for n in range(parts)])
    alice.relay.decide = lost(when)
    answer = alice.ask(wanted)
    ids = settled(alice, wanted)
    posts = alice.posts()

    assert isinstance(answer.headline, Unconfirmed)
    assert sorted(one["value"]["text"] for one in posts) == [f"part {n}" for n in range(parts)]
    assert [one["uri"] for one in posts] == list(ids)


@pytest.mark.parametrize("parts", [1, 3])
def test_eight_publishers_race_on_one_delivery(alice, parts):
    alice.ask(order(SIGNED_IN))
    wanted = order(*[f"part {n}" for n in range(parts)])
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(alice.ask(wanted))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 8 == len(answers)
    assert len(alice.posts()) == parts
    assert any(isinstance(answer.headline, Published) for answer in answers)
    assert all(isinstance(one, Published | Unconfirmed) for answer in answers for one in answer.outcomes)


def test_other_words_under_the_same_name(alice):
    wanted = order("one")
    alice.ask(wanted)
    again = alice.ask(replace(wanted, parts=(Part(text="two"),))).headline

    assert (type(again), again.cause) == (Unconfirmed, Cause.DUPLICATE)
    assert ["one"] == [one["value"]["text"] for one in alice.posts()]


def test_a_thread_over_a_name_that_is_taken(alice):
    wanted = order("one", "two", "three")
    alice.ask(replace(wanted, parts=(Part(text="alone"),), first=2, live=()))
    answer = alice.ask(wanted)

    assert {type(one) for one in answer.outcomes} == {Unconfirmed}
    assert ["alone"] == [one["value"]["text"] for one in alice.posts()]


def test_what_the_server_refuses(alice):
    alice.options["languages"] = "not a language"
    answer = alice.ask(order("one")).headline

    assert (type(answer), answer.code) == (Refused, "InvalidRequest")
    assert [] == alice.posts()


def test_a_thread_of_eight_read_back_exactly(alice, server, tmp_path):
    """
    Pictures, links, tags, a mention, Chinese, Japanese and Korean, a family emoji: what the server holds is, field by
    field and byte by byte, what was meant; and the names of the contents are those that were computed before.
    """
    alice.options |= {"languages": "en,ja", "labels": "sexual"}
    bob = server.account(f"bob{secrets.token_hex(3)}.test")
    texts = [
        "One https://example.com/ä_(b). #Grüße (example.org)",
        "二：日本語のテキスト ＃タグ 한국어 中文",
        "Three 👨‍👩‍👧‍👦 family, 🏳️‍🌈 flag, e\u0301 composed",
        f"Four @{bob['handle']} and @nobody-at-all.test",
        "हिन्दी #हिन्दी and #2026",
        "Six\n\nwith lines\n  and spaces  within",
        "Seven $AAPL https://例え.jp/パス",
        "家" * 299 + "!",
    ]
    pictures = {n: picture(tmp_path / f"{n}.jpg", n) for n in (2, 5)}
    parts = [Part(text=text, media=pictures.get(n, ())) for n, text in enumerate(texts)]
    wanted = order(*parts)
    answer = alice.ask(wanted)
    posts = alice.posts()
    raw = texts[0].encode()

    assert [type(one) for one in answer.outcomes] == [Published] * 8
    assert [one.remote_id for one in answer.outcomes] == [one["uri"] for one in posts]
    assert [one["value"]["text"] for one in posts] == texts
    assert [record.cid(one["value"]) for one in posts] == [one["cid"] for one in posts]
    assert [one["value"]["createdAt"] for one in posts] == [
        tid.created_at(wanted.keyed_at, n) for n in range(8)
    ]
    for n in range(1, 8):
        assert posts[n]["value"]["reply"] == {
            "root": {"uri": posts[0]["uri"], "cid": posts[0]["cid"]},
            "parent": {"uri": posts[n - 1]["uri"], "cid": posts[n - 1]["cid"]},
        }
    assert ["https://example.com/ä_(b)", "#Grüße", "example.org"] == [
        raw[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode()
        for one in posts[0]["value"]["facets"]
    ]
    assert [one["features"][0].get("did") for one in posts[3]["value"]["facets"]] == [bob["did"]]
    assert ["en", "ja"] == posts[0]["value"]["langs"]
    for n, media in pictures.items():
        images = posts[n]["value"]["embed"]["images"]

        assert [one["alt"] for one in images] == [one.alt for one in media]
        for image in images:
            content = server.blob(alice.account["did"], image["image"]["ref"]["$link"])

            assert len(content) == image["image"]["size"]
            assert Image.open(io.BytesIO(content)).size == tuple(image["aspectRatio"].values())
            assert b"Rue de la Paix" not in content
            assert hashlib.sha256(content).digest()


def picture(path, n):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "Rue de la Paix"
    Image.effect_noise((90 + n, 60), 90).convert("RGB").save(path, "JPEG", quality=95, exif=exif)
    return (Media(path=path, kind="image/jpeg", alt=f"map {n} “ä”"),)


def test_a_picture_that_was_too_large(alice, tmp_path):
    """The server says what it takes only by refusing: what goes out fits everywhere."""
    path = tmp_path / "large.jpg"
    Image.effect_noise((1500, 1100), 90).convert("RGB").save(path, "JPEG", quality=98)
    answer = alice.ask(order(Part(text="a map", media=(Media(path=path, kind="image/jpeg", alt="a map"),))))

    assert path.stat().st_size > 1_000_000
    assert isinstance(answer.headline, Published)


def test_a_thread_that_goes_on(alice):
    whole = order("one", "two", "three")
    first = alice.ask(replace(whole, parts=whole.parts[:1]))
    rest = alice.ask(replace(whole, parts=whole.parts[1:], first=1, live=(first.outcomes[0].remote_id,)))
    posts = alice.posts()

    assert [one.remote_id for one in (*first.outcomes, *rest.outcomes)] == [one["uri"] for one in posts]
    assert posts[2]["value"]["reply"]["root"] == {"uri": posts[0]["uri"], "cid": posts[0]["cid"]}


def test_a_session_that_was_ended(alice, server):
    """The app password was revoked and made anew: the old pair is not taken, and one more sign-in helps."""
    alice.ask(order("one"))
    server.xrpc("com.atproto.server.revokeAppPassword", {"name": "steadypost"}, alice.account["access"])
    made = server.xrpc("com.atproto.server.createAppPassword", {"name": "again"}, alice.account["access"])
    alice.account["password"] = made["password"]
    alice.confirmed.drop(alice.account["handle"])

    assert isinstance(alice.ask(order("two")).headline, Published)
    assert 2 == len(alice.posts())


def test_a_session_is_renewed(alice):
    """A real refresh: the pair that follows is used, and the post goes out."""
    alice.ask(order("one"))
    before = alice.tokens.current(alice.account["handle"])
    kept = alice.tokens._kept
    kept[alice.account["handle"]] = replace(before, expires_at=datetime.now(UTC))

    assert isinstance(alice.ask(order("two")).headline, Published)
    assert alice.tokens.current(alice.account["handle"]).secret["refresh"] != before.secret["refresh"]


def test_a_deleted_post_is_missing(alice, server):
    wanted = order("one")
    published = alice.ask(wanted).outcomes[0].remote_id
    body = {
        "repo": alice.account["did"],
        "collection": "app.bsky.feed.post",
        "rkey": published.rpartition("/")[2],
    }
    server.xrpc("com.atproto.repo.deleteRecord", body, alice.account["access"])

    assert [None] == list(alice.look_for(wanted).named.values())
