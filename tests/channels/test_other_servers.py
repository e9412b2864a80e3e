"""
Servers that know nothing of Steadypost, in foul weather: judged by what is on them, no post is doubled, lost or lied of.

Each case is drawn from a seed: the server's dialect, its weather, both clocks, and what is said. ``OTHER_SERVERS_SEED``
plays one again, or others with ``random``; any seed has to hold.
"""

from __future__ import annotations

import logging
import os
import random
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

import steadypost.channels.mastodon.ask
import steadypost.store.looks
from steadypost.channels.wire import Unknown, Wire
from steadypost.domain.delivery import State
from steadypost.domain.likeness import Grade
from steadypost.domain.outcome import Cause, Published, Refused
from steadypost.domain.post import Part
from steadypost.networks.mastodon.content import said
from steadypost.networks.mastodon.likeness import compare
from steadypost.store import Store
from tests.channels.other_servers import bluesky, mastodon, x_api
from tests.channels.other_servers.line import CALM, Manner, Time
from tests.channels.other_servers.texts import Texts
from tests.channels.other_servers.worlds import NETWORKS, Case, living, play
from tests.drawn import seed_from

SEED = seed_from("OTHER_SERVERS_SEED")
CASES = int(os.environ.get("OTHER_SERVERS_CASES", "3"))


@pytest.fixture(scope="module")
def time() -> Time:
    return Time(datetime(2026, 5, 4, 12, 0, tzinfo=UTC))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.create(f"sqlite:///{tmp_path_factory.mktemp('store') / 'store.db'}") as store:
        yield store


@pytest.fixture
def played(store, time, tmp_path):
    """Plays the case of a seed."""

    def play_one(seed: str, network: str, **given: object) -> Case:
        with living(seed, network, store=store, time=time, folder=tmp_path, **given) as case:
            return play(case)

    return play_one


@pytest.mark.parametrize("network", NETWORKS)
def test_what_is_told_of_posts_is_what_the_server_has(played, network, caplog):
    """Whatever it speaks, and whatever becomes of requests: one copy, its own id, and no secret in a log."""
    for n in range(CASES):
        # Every word of every library, in one case: that takes longer than all else.
        with caplog.at_level(logging.DEBUG if n == 0 else logging.INFO):
            case = played(f"{SEED}-{n}", network)

        assert [] == case.verdict.broken, str(case)
        assert [] == case.verdict.waiting, str(case)
        assert [] == [one for one in case.secrets if one in caplog.text], str(case)
        caplog.clear()


@pytest.mark.parametrize("family", mastodon.FAMILIES)
def test_what_a_server_writes_of_a_text_is_known_again(family):
    """With those whom it mentions named, or not; and no other text is taken for it."""
    texts = Texts(random.Random(f"{SEED}:{family}"))  # noqa: S311 - repeatable, and no secret hangs on it
    said_before = ""
    for text in (texts.one() for _ in range(60)):
        content = mastodon.written(family, text, "https://here.example")
        named = [
            {"url": f"https://{far.removeprefix('@') or 'here.example'}/@bob", "acct": f"bob{far}"}
            for far in (one.group(2) or "" for one in mastodon.MENTION.finditer(text))
        ]
        for mentions in (named, []):
            theirs = said(content, mentions)

            assert compare(text, theirs) is not Grade.OTHER, (SEED, text, content)
            assert text == said_before or compare(said_before, theirs) is not Grade.SAME, (
                SEED,
                text,
                said_before,
            )
        said_before = text


# --- what broke once


@pytest.fixture
def alice(store, time, tmp_path):
    """Her account on a server of one dialect, with clocks that agree, in fair weather."""

    @contextmanager
    def living_on(network: str, dialect: object):
        with living(f"once-{next(NUMBERS)}", network, store=store, time=time, folder=tmp_path, dialect=dialect,
                    clocks=False) as case:  # fmt: skip
            yield case.life

    return living_on


NUMBERS = count()


def loses_first(server, monkeypatch):
    """Have the answer to the first post be lost, the post being made."""
    manners = iter([Manner(cut="after")])
    for one in getattr(server, "servers", [server]):
        monkeypatch.setattr(
            one, "manner", lambda request, one=one: next(manners, CALM) if one.is_write(request) else CALM
        )


@pytest.mark.parametrize("behind", [-20, -90, 20, 90])
def test_posts_dated_by_another_clock_than_answers_are_not_doubled(alice, monkeypatch, behind):
    """A proxy dates the answers, and a server at home, whose clock nobody sets, the posts."""
    dialect = mastodon.Dialect(family="gotosocial", ids="ulid", created_ahead=timedelta(seconds=behind))
    with alice("mastodon", dialect) as life:
        loses_first(life.server, monkeypatch)
        life.add(Part(text="The lamp is lit."))
        life.lasts(timedelta(minutes=30))

        made = [one.text for one in life.server.ledger if not one.by_hand]
        assert ["The lamp is lit."] == made
        assert [] == life.judged().broken


def test_a_post_dated_before_its_delivery_by_a_slow_clock_is_its_post(alice):
    """The server answered with it, and its words and author are those that were asked for."""
    dialect = mastodon.Dialect(family="gotosocial", ids="ulid", created_ahead=timedelta(seconds=-60))
    with alice("mastodon", dialect) as life:
        life.add(Part(text="The lamp is lit."))
        life.lasts(timedelta(minutes=10))

        assert [State.PUBLISHED] == list(life.states().values())
        assert 1 == len(life.server.writes_seen)


@pytest.mark.parametrize(
    "text",
    [
        "#lamp is lit",
        "1. one lamp\n2. two lamps",
        "Thanks @bob@far.example",
        "[it](https://b.example/1) is",
        "Glad :-)",
    ],
)
@pytest.mark.parametrize("family", ["sharkey", "hollo", "snac"])
def test_a_text_that_a_server_wrote_in_its_own_way_is_not_doubled(alice, monkeypatch, family, text):
    """Its answer was lost, and what the list shows is less than what was typed."""
    dialect = mastodon.Dialect(family=family, ids="ulid", names_mentioned=False)
    with alice("mastodon", dialect) as life:
        loses_first(life.server, monkeypatch)
        life.add(Part(text=text))
        life.lasts(timedelta(minutes=20))

        assert 1 == len(life.server.writes_seen)
        assert [] == life.judged().broken


# --- that the ledger would show it


@pytest.mark.parametrize("network", NETWORKS)
def test_a_request_that_is_sent_twice_would_be_found(alice, monkeypatch, network):
    """Something below us repeats what had no answer."""
    send = Wire.send

    def again(wire, method, path, **more):
        heard = send(wire, method, path, **more)
        return send(wire, method, path, **more) if isinstance(heard, Unknown) else heard

    with alice(network, PLAIN[network]) as life:
        loses_first(life.server, monkeypatch)
        monkeypatch.setattr(Wire, "send", again)
        life.add(Part(text="The lamp is lit."))
        life.lasts(timedelta(minutes=10))

        # Bluesky itself takes a name once, whatever repeats the request.
        assert 2 == len(life.server.writes_seen)
        assert (network == "bluesky") == (life.judged().broken == [])


def test_a_list_that_lags_taken_for_proof_would_be_found(alice, monkeypatch):
    """One look that does not show it is no proof."""
    monkeypatch.setattr(steadypost.store.looks, "proves_absence", lambda missed, **_: bool(missed))
    dialect = mastodon.Dialect(family="gotosocial", ids="ulid", lag=timedelta(seconds=60))
    with alice("mastodon", dialect) as life:
        loses_first(life.server, monkeypatch)
        for n in range(3):
            life.server.make(f"long ago {n}", at=life.true() - timedelta(days=3 - n), by_hand=True)
        life.add(Part(text="The lamp is lit."))
        life.lasts(timedelta(hours=1))

        assert any("copies" in one for one in life.judged().broken)


@pytest.mark.parametrize(
    ("takes_for", "says"),
    [
        (lambda _: Published(remote_id="1"), "never made"),
        (lambda server: Published(remote_id=server.targets[0]), "says 'What others say 0'"),
        (lambda _: Refused(cause=Cause.REFUSED_OTHERWISE, code="-", why="-"), "live and not told so"),
    ],
    ids=["never made", "another's", "denied"],
)
def test_an_answer_that_is_misread_would_be_found(alice, monkeypatch, takes_for, says):
    """An id that nobody gave, another's id, and a no where there was a yes."""
    with alice("mastodon", mastodon.Dialect(family="mastodon", ids="snowflake")) as life:
        outcome = takes_for(life.server)
        monkeypatch.setattr(steadypost.channels.mastodon.ask, "interpret", lambda *_: outcome)
        life.add(Part(text="The lamp is lit."))
        life.lasts(timedelta(minutes=1))

        assert [says in one for one in life.judged().broken].count(True)


PLAIN = {
    "mastodon": mastodon.Dialect(family="gotosocial", ids="ulid"),
    "x_api": x_api.Dialect(refuses_duplicates=False),
    "bluesky": bluesky.Dialect(),
}
"""A server of each network without anything odd."""
