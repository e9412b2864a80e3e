"""Identity on every network: what it tells of a post is the post that was asked for exactly when it is.

What X's page tells is in ``test_identity``; here X's API, Mastodon, Bluesky and a file are held to the same posts.
"""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from rehearsal.corpus import Item, corpus, pairs
from rehearsal.corpus.items import PARENTS
from sandbox.mastodon import markup
from sandbox.mastodon.entities import status_entity
from sandbox.mastodon.ledger import Media, Wish
from sandbox.mastodon.world import Settings, World
from sandbox.shown import Picture, parent_id, tell
from sandbox.shown import Said as Spoken
from steadypost.channels.bluesky.looking import Looking
from steadypost.channels.file import channel as file_channel
from steadypost.channels.mastodon.look import seen as read_status
from steadypost.channels.x_api.reading import page_of
from steadypost.domain.clock import Offset
from steadypost.domain.evidence import Absent, CannotTell, Present, SeenPost, Sighting, Wanted
from steadypost.domain.weighing import judge, needed
from steadypost.networks.bluesky import tid
from steadypost.networks.bluesky.rules import NETWORK as BLUESKY
from steadypost.networks.file import NETWORK as FILE
from steadypost.networks.mastodon import NETWORK as MASTODON
from steadypost.networks.x import NETWORK as X
from tests.channels import test_identity

SEED = int(os.environ.get("IDENTITY_SEED", "7"))
PAIRS = int(os.environ.get("IDENTITY_PAIRS", "10000"))
SECOND = timedelta(seconds=1)
AGREED = Offset(ahead=timedelta(0), within=SECOND)
DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"


class XApi:
    """A page of the API, made of what X tells of a post in its page."""

    network, made = X, test_identity.MADE

    def told(self, item: Item) -> SeenPost:
        media = tuple(Picture(alt=alt) for alt in item.media)
        found = tell(Spoken(item.text, reply_to=item.parent, media=media))
        legacy, note = found["legacy"], found.get("note_tweet")
        one = {
            "id": found["rest_id"],
            "text": legacy["full_text"],
            "author_id": "42",
            "conversation_id": legacy.get("in_reply_to_status_id_str") or found["rest_id"],
            "edit_history_post_ids": [found["rest_id"]],
            "entities": {"urls": legacy["entities"]["urls"]},
        }
        if "display_text_range" in legacy:
            one["display_text_range"] = legacy["display_text_range"]
        if note:
            whole = note["note_tweet_results"]["result"]
            one["note_post"] = {"text": whole["text"], "entities": {"urls": whole["entity_set"]["urls"]}}
        shown = legacy["entities"].get("media", [])
        if shown:
            link = {
                "url": shown[0]["url"],
                "expanded_url": shown[0]["expanded_url"].replace(shown[0]["id_str"], "1"),
            }
            one["entities"]["urls"] = [*one["entities"]["urls"], {**link, "media_key": "3_1"}]
            one["attachments"] = {"media_keys": [each["media_key"] for each in shown]}
        refers = []
        if parent := legacy.get("in_reply_to_status_id_str"):
            refers.append({"type": "replied_to", "id": parent})
        if quoted := legacy.get("quoted_status_id_str"):
            refers.append({"type": "quoted", "id": quoted})
        one["referenced_posts"] = refers
        files = [
            {"media_key": each["media_key"], "type": "photo"}
            | ({"alt_text": each["ext_alt_text"]} if each.get("ext_alt_text") else {})
            for each in shown
        ]
        body = {
            "data": [one],
            "includes": {"users": [{"id": "42", "username": "alice"}], "media": files},
            "meta": {"result_count": 1},
        }
        page = page_of(json.loads(json.dumps(body)), "alice")
        assert page is not None
        (post,) = page.posts
        return post

    def parent(self, item: Item) -> str | None:
        return parent_id(item.parent) if item.parent else None

    def ask(self, item: Item):
        return test_identity.ask(item)

    def is_told_apart(self, item: Item) -> bool:
        return test_identity.is_told_apart(item)


class Mastodon:
    """A status, as the server writes it."""

    network = MASTODON
    made = datetime(2026, 3, 2, 12, tzinfo=UTC)

    def __init__(self) -> None:
        self.world = World(Settings(accounts=("alice", "bob", "carol", "dora", "erik")))
        self.world.address = "https://social.town.example"
        self.world.also_called = ("town.example",)
        self.parents = {}
        for name, (by, text) in PARENTS.items():
            self.parents[name] = self.world.ledger.create(by, Wish(text=text)).id

    def told(self, item: Item) -> SeenPost:
        files = [
            Media(id=f"{n}", owner="alice", content=b"", mime="image/png", sha256="", description=alt)
            for n, alt in enumerate(item.media)
        ]
        ledger = self.world.ledger
        made = ledger.create("alice", Wish(text=stored(item.text), reply_to=self.parent(item)))
        made.media[:] = files
        told = json.loads(json.dumps(status_entity(self.world, made, None)))
        del ledger.statuses[made.id]
        post = read_status(told)
        assert post is not None
        return replace(post, made=self.made)

    def parent(self, item: Item) -> str | None:
        return self.parents[item.reply_to] if item.reply_to else None

    def ask(self, item: Item):
        """Any number of empty lines is one, a name has no letter case, and links are compared where they lead."""
        text = re.sub(r"\n{2,}", "\n\n", stored(item.text))
        pieces, last = [], 0
        for found in markup._ENTITY.finditer(text):
            whole = found[0].rstrip(markup._AFTER_LINK) if found["url"] else found[0]
            pieces += [text[last : found.start()], self._meant(found, whole)]
            last = found.start() + len(whole)
        return (*pieces, text[last:]), item.reply_to, described(item)

    def _meant(self, found, whole):
        if found["url"]:
            # What is typed is told: also whether there is a slash at the end, which may be the text's own.
            return *test_identity._place(whole), whole.endswith("/")
        if found["tag"]:
            return "#", found["tag"]
        return self.world.person(found["name"], found["domain"]) or whole

    def is_told_apart(self, item: Item) -> bool:
        """Whether each server in it has one name: which further ones it answers to, it does not say."""
        aliases = ("@town.example", "@social.split.example")
        one_name = not any(alias in item.text.casefold() for alias in aliases)
        return has_words(item) and one_name and test_identity.has_one_name(item)


class Bluesky:
    """A record, which holds what was written."""

    network, made = BLUESKY, datetime(2026, 3, 2, 12, tzinfo=UTC)

    def told(self, item: Item) -> SeenPost:
        value = {"text": stored(item.text), "createdAt": self.made.isoformat()}
        if item.reply_to:
            value["reply"] = {"parent": {"uri": self.parent(item)}}
        if item.media:
            images = [{"alt": alt or ""} for alt in item.media]
            value["embed"] = {"$type": "app.bsky.embed.images", "images": images}
        key = tid.name("0" * 32, self.made, 0)
        record = {"uri": f"at://{DID}/app.bsky.feed.post/{key}", "value": value}
        looking = Looking(session=SimpleNamespace(did=DID), server=None, handle="alice", deadline=0.0)
        post = looking._seen(json.loads(json.dumps(record)))
        assert post is not None
        return post

    def parent(self, item: Item) -> str | None:
        return (
            f"at://{DID}/app.bsky.feed.post/{sorted(PARENTS).index(item.reply_to)}" if item.reply_to else None
        )

    def ask(self, item: Item):
        return stored(item.text), item.reply_to, described(item)

    def is_told_apart(self, item: Item) -> bool:
        return has_words(item)


class File(Bluesky):
    """A line, which holds what was written."""

    network, made = FILE, datetime(2026, 3, 2, 12, tzinfo=UTC)

    def told(self, item: Item) -> SeenPost:
        line = {
            "id": "1" * 32,
            "at": self.made.isoformat(),
            "handle": "alice",
            "text": stored(item.text),
            "reply_to": self.parent(item),
            "pictures": [{"file": "x", "alt": alt or ""} for alt in item.media],
        }
        return file_channel._seen(json.loads(json.dumps(line)))


def stored(text: str) -> str:
    """Write a text as it is kept before anything is asked."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def described(item: Item) -> tuple[str, ...]:
    return tuple(alt or "" for alt in item.media)


def has_words(item: Item) -> bool:
    return bool(stored(item.text) or any((alt or "").strip() for alt in item.media))


@pytest.fixture(scope="module", params=[XApi, Mastodon, Bluesky, File], ids=lambda one: one.__name__)
def shown(request):
    return request.param()


def wanted(shown, item: Item) -> Wanted:
    armed = shown.made - 2 * SECOND
    return Wanted(
        network=shown.network,
        delivery_id=1,
        n=0,
        handle="alice",
        text=stored(item.text),
        began_at=armed,
        ended_at=armed + 30 * SECOND,
        reply_to=shown.parent(item),
        media=described(item),
        offset=AGREED,
    )


def verdict(shown, one: Item, other: Item):
    """Judge by every list that has to show it: the other is live, and the one is looked for, its name being lost."""
    item, post = wanted(shown, one), shown.told(other)
    seen = [
        Sighting(
            place=place,
            post=of,
            account="alice",
            at=shown.made,
            posts=(post,),
            told=True,
            offset=AGREED,
            reached_back_to=shown.made - timedelta(hours=2),
        )
        for place, of in needed(item)
    ]
    return judge([item], seen)[item.key]


def test_every_post_of_the_corpus_is_known_again(shown):
    """Whatever people write: what is told of it is recognised as that, or cannot be told apart, and is never absent."""
    found = [(item, verdict(shown, item, item)) for item in corpus(SEED)]
    lost = [item for item, one in found if isinstance(one, Absent)]
    missed = [item for item, one in found if not isinstance(one, Present) and shown.is_told_apart(item)]

    assert [] == [(item.kind, item.text[:60]) for item in lost]
    assert [] == [(item.kind, item.text[:60]) for item in missed]


def test_a_post_is_taken_for_another_in_no_pair(shown):
    """Two near-equal posts: the live one is the unconfirmed one exactly when both are the same ask."""
    counts: Counter[str] = Counter()
    wrong = []
    for one, other in pairs(SEED, PAIRS):
        found, same = verdict(shown, one, other), shown.ask(one) == shown.ask(other)
        counts[f"{'same' if same else 'another'}: {type(found).__name__}"] += 1
        if isinstance(found, Present) != same and (
            shown.is_told_apart(one) or not isinstance(found, CannotTell)
        ):
            wrong.append((other.kind, one.text[:80], other.text[:80], type(found).__name__))

    sys.stderr.write(f"{shown.network.name}: {PAIRS} pairs, {dict(sorted(counts.items()))}\n")
    assert [] == wrong[:20]
    assert sum(counts.values()) == PAIRS
