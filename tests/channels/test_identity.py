"""Identity: what X tells of a post is the post that was asked for exactly when it is.

The posts, and what X makes of them, were written by people who did not write the matcher.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import sys
import unicodedata
from collections import Counter
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from rehearsal.corpus import Item, corpus, pairs
from sandbox.shown import MOMENT_MS, Picture, Said, parent_id, tell
from sandbox.wording import spans_of
from steadypost.channels.x_web.told import Heard, read
from steadypost.domain.clock import Offset
from steadypost.domain.evidence import Absent, CannotTell, Present, Sighting, Wanted
from steadypost.domain.network import Place
from steadypost.domain.weighing import judge
from steadypost.networks.x import NETWORK as X
from steadypost.networks.x.snowflake import id_at, made_at

PAIRS = int(os.environ.get("IDENTITY_PAIRS", "10000"))
SEED = int(os.environ.get("IDENTITY_SEED", "7"))
AGREED = Offset(ahead=timedelta(0), within=timedelta(seconds=1))
MADE = datetime.fromtimestamp(MOMENT_MS / 1000, UTC)
SECOND = timedelta(seconds=1)


def off(ahead):
    return Offset(ahead=ahead, within=SECOND)


def told(item: Item, *, post_id=None, by="alice", cut=None):
    """What X's lists say of a post; ``cut`` after so many characters."""
    said = Said(
        item.text,
        by=by,
        reply_to=item.parent,
        media=tuple(Picture(alt=alt) for alt in item.media),
        **({"post_id": post_id} if post_id else {}),
    )
    found = tell(said, shown=cut)
    if cut and "note_tweet" in found:
        found["note_tweet"] = {"is_expandable": True}
    entry = {
        "entryId": f"tweet-{found['rest_id']}",
        "content": {"itemContent": {"itemType": "TimelineTweet", "tweet_results": {"result": found}}},
    }
    instructions = [{"type": "TimelineAddEntries", "entries": [entry]}]
    body = {"data": {"user": {"result": {"timeline": {"timeline": {"instructions": instructions}}}}}}
    heard = Heard(url="https://x.com/i/api/graphql/q/UserTweets?variables=%7B%7D", body=json.dumps(body))
    return read([heard], Place.PROFILE, "alice").posts


def wanted(item: Item, *, armed=MADE - 2 * SECOND, offset=AGREED):
    return Wanted(
        network=X,
        delivery_id=1,
        n=0,
        handle="alice",
        text=item.text,
        began_at=armed,
        ended_at=armed + 30 * SECOND,
        reply_to=parent_id(item.parent) if item.parent else None,
        media=tuple(alt or "" for alt in item.media),
        offset=offset,
    )


def lists(*posts, parent=None, offset=AGREED):
    """Every list that has to show a post, each showing the same posts."""
    shared = {"account": "alice", "at": MADE, "posts": posts, "told": True, "offset": offset}
    reached = {"reached_back_to": MADE - timedelta(hours=2)}
    return [
        Sighting(place=Place.PROFILE, **reached, **shared),
        Sighting(place=Place.REPLIES, **reached, **shared),
        Sighting(place=Place.THREAD, post=parent, **shared),
    ]


def verdict(one: Wanted, posts, **how):
    return judge([one], lists(*posts, parent=one.reply_to, **how))[one.key]


def ask(item: Item):
    """What makes two posts the same ask: the words as they are stored, the parent, and the pictures' descriptions.

    Links are compared where they lead: whoever types ``a.example`` or ``HTTP://A.example/`` asks for the same.
    """
    text = unicodedata.normalize("NFC", item.text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    pieces, last = [], 0
    for span in spans_of(text):
        if span.kind == "url":
            pieces += [text[last : span.start], _place(span.value)]
            last = span.end
    return (*pieces, text[last:]), item.reply_to, tuple(alt or "" for alt in item.media)


def _place(typed):
    """Where a link leads: scheme, host and the digits of percent-encoding have no letter case, and a scheme has a usual
    port (RFC 3986, 6.2.2.1 and 6.2.3).
    """
    parts = urlsplit(typed if "://" in typed else f"http://{typed}")
    host = parts.hostname or ""
    with contextlib.suppress(UnicodeError):
        host = host.encode("idna").decode()
    rest = [re.sub("%..", lambda code: code[0].upper(), one) for one in (parts.path or "/", parts.query)]
    port = None if parts.port == {"http": 80, "https": 443}.get(parts.scheme.lower()) else parts.port
    return parts.scheme.lower(), host, port, *rest, parts.fragment


def is_told_apart(item: Item) -> bool:
    """Whether its words tell it from any other post: a picture without a word may be any picture."""
    return has_one_name(item) and bool(item.text.strip() or any((alt or "").strip() for alt in item.media))


def has_one_name(item: Item) -> bool:
    """Whether every host in it has one name. Of ``straße.de`` two standards make two, and the post is not told apart
    from one about ``strasse.de``.
    """
    typed = "".join(span.value for span in spans_of(item.text) if span.kind == "url")
    return not any(sign in typed for sign in "ßẞς\u200c\u200d")


def test_every_post_of_the_corpus_is_known_again():
    """Whatever people write, the post that X tells of it is recognised as that."""
    known = {True: Present, False: (Present, CannotTell)}
    lost = [
        item
        for item in corpus(SEED)
        if not isinstance(verdict(wanted(item), told(item)), known[is_told_apart(item)])
    ]

    assert [] == [(item.kind, item.text[:60]) for item in lost]
    assert len([item for item in corpus(SEED) if not is_told_apart(item)]) < len(corpus(SEED)) // 100


def test_a_post_is_taken_for_another_in_no_pair():
    """Two near-equal posts: the one that is live is the an unconfirmed one exactly when both are the same ask."""
    counts: Counter[str] = Counter()
    wrong = []
    for one, other in pairs(SEED, PAIRS):
        found, same = verdict(wanted(one), told(other)), ask(one) == ask(other)
        counts[f"{'same' if same else 'another'}: {type(found).__name__}"] += 1
        if isinstance(found, Present) != same and (is_told_apart(one) or not isinstance(found, CannotTell)):
            wrong.append((other.kind, one.text[:80], other.text[:80], type(found).__name__))

    sys.stderr.write(f"identity: {PAIRS} pairs, {dict(sorted(counts.items()))}\n")
    assert [] == wrong[:20]
    assert sum(counts.values()) == PAIRS
    assert all(
        counts[kind] > PAIRS // 50 for kind in ("same: Present", "another: Absent", "another: CannotTell")
    )


def test_a_text_that_the_list_cut_is_never_absent_and_never_proof():
    """Wherever "Show more" falls: within a link, a sign, an emoji or a name. What comes after may be anything."""
    rng = random.Random("cut")  # noqa: S311 - repeatable, not secret
    counts: Counter[str] = Counter()
    wrong = []
    for item in rng.sample(corpus(SEED), 600):
        if len(item.text) < 3:
            continue
        at = rng.randrange(1, len(item.text))
        (post,) = told(item, cut=at)
        found = verdict(wanted(item), [post])
        counts[f"{'cut' if post.said.cut else 'whole'}: {type(found).__name__}"] += 1
        if isinstance(found, Absent) or (post.said.cut and isinstance(found, Present)):
            wrong.append((item.text[:80], at, post.said.pieces, type(found).__name__))

    sys.stderr.write(f"cut: {dict(sorted(counts.items()))}\n")
    assert [] == wrong[:20]
    assert counts["cut: CannotTell"] > 200


@pytest.mark.parametrize("seed", range(3))
def test_no_clock_makes_a_live_post_absent(seed):
    """Whatever the two clocks say when it is armed and when it is looked for, a post that is there is never absent,
    and somebody's older post with the same words is never taken for it while the clocks stand as they stood.
    """
    rng = random.Random(f"{seed}:clocks")  # noqa: S311 - repeatable, not secret
    items = corpus(seed)
    for _ in range(2000):
        item, armed, looked = rng.choice(items), off(_span(rng)), off(_span(rng))
        host = MADE
        made = id_at(host + SECOND + armed.ahead, sequence=7)
        found = verdict(wanted(item, armed=host, offset=armed), told(item, post_id=made), offset=looked)
        assert not isinstance(found, Absent)
        older = id_at(host - 10 * SECOND + armed.ahead, sequence=7)
        found = verdict(wanted(item, armed=host, offset=armed), told(item, post_id=older), offset=armed)
        # A clock that is ahead may be a proxy's: then the post may be younger than the ask.
        assert isinstance(found, CannotTell if armed.ahead > 5 * SECOND else Absent | CannotTell)
        oldest = id_at(host - 10 * SECOND + min(timedelta(0), armed.ahead), sequence=7)
        found = verdict(wanted(item, armed=host, offset=armed), told(item, post_id=oldest), offset=armed)
        assert isinstance(found, Absent)


def test_a_clock_that_nobody_compared_proves_nothing():
    """Not that it is absent, and not that it is there."""
    rng = random.Random("unknown clocks")  # noqa: S311 - the same
    for item in rng.sample(corpus(SEED), 300):
        made = id_at(MADE + _span(rng), sequence=7)
        one = wanted(item, armed=MADE, offset=None)
        found = verdict(one, told(item, post_id=made), offset=None)
        if abs(made_at(made) - MADE) < timedelta(minutes=15):
            assert isinstance(found, CannotTell)


def _span(rng):
    return timedelta(seconds=rng.uniform(-600, 600))
