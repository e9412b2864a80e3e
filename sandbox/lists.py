"""Which posts a list shows: pure, from a ledger, a moment and the weather.

The posts tab has no replies and no post that begins with a name; those are on the replies tab. Both cut long threads.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sandbox.clock import Clock
from sandbox.ledger import Account, Ledger, Post
from sandbox.shapes import Row, Told
from sandbox.telling import Shaper, lean, tombstone, typed_first, unavailable, wrapped
from sandbox.weather import Gust
from sandbox.wording import Json

PARTS_SHOWN: Final = 3
"""Of a thread on a profile: the first so many parts, and then Show this thread."""

PARTS_BELOW: Final = 20
"""Of a thread under a post: the first so many parts, and then Show replies."""

RECENT: Final = 10
"""A post that is left out by chance is one of the newest so many."""


@dataclass(frozen=True, slots=True)
class Sky:
    """The weather over one look."""

    gusts: Sequence[Gust]
    clock: Clock

    def get(self, fault: str) -> Gust | None:
        """The gust of this name, if it blows."""
        return next((gust for gust in self.gusts if gust.name == fault), None)

    @property
    def cut_at(self) -> int | None:
        """How many characters of a text are shown."""
        gust = self.get("show_more_at")
        return None if gust is None else int(gust["n"])

    @property
    def moment(self) -> int:
        """The moment that timelines show, by the host's clock: how long something lags is no matter of whose clock."""
        gust = self.get("timeline_stale")
        return self.clock.host_ms() - (0 if gust is None else int(gust["seconds"] * 1000))

    def shows(self, post: Post) -> bool:
        """Whether a timeline has this post by now."""
        lag = self.get("timeline_lag")
        there = post.made_at_host + (0 if lag is None else int(lag["seconds"] * 1000))
        deleted = post.deleted_at_host is not None and post.deleted_at_host <= self.moment
        return not deleted and max(post.visible_at_host, there) <= self.moment

    def parts(self, usual: int) -> int:
        """How many parts of a thread are shown."""
        gust = self.get("thread_cut")
        return usual if gust is None else int(gust["n"])

    def thin(self, rows: list[Row]) -> list[Row]:
        """The rows that are left of a timeline."""
        if self.get("timeline_empty") is not None:
            return []
        if (partial := self.get("timeline_partial")) is not None:
            # The newest goes first: it is the one a person looks for.
            rows = [row for n, row in enumerate(rows) if n % partial["every"] != 0]
        if (cut := self.get("timeline_cut")) is not None:
            rows = rows[: cut["n"]]
        return rows


def chosen(posts: Sequence[Post], gust: Gust) -> frozenset[str]:
    """The posts that a fault is about: named, by text, or by a chance that stays until there is a newer post."""
    if gust["id"] is not None:
        return frozenset({str(gust["id"])})
    if gust["text"] is not None:
        return frozenset(post.id for post in posts if re.search(gust["text"], post.text))
    recent = sorted(posts, key=lambda post: int(post.id), reverse=True)[:RECENT]
    if not recent:
        return frozenset()
    if gust["which"] == "newest":
        return frozenset({recent[0].id})
    lot = int.from_bytes(hashlib.sha256(recent[0].id.encode()).digest()[:4], "big")
    return frozenset({recent[lot % len(recent)].id})


GRAVES: Final[Mapping[str, Callable[[], Json]]] = {
    "tombstone": tombstone,
    "limited": lambda: tombstone("limited"),
    "unavailable": unavailable,
    "empty": dict,
}
"""What can stand in place of a post."""

OTHER_SHAPES: Final[Mapping[str, Callable[[Json], Json]]] = {"wrapped": wrapped, "lean": lean}


class Lists:
    """Lists of posts, as one look finds them."""

    def __init__(self, ledger: Ledger, sky: Sky) -> None:
        self._ledger = ledger
        self._shaper = Shaper(ledger)
        self._sky = sky
        everything = [post for post in self._newest_first() if self._is_shown(post)]
        self._omitted = self._concerned("timeline_omits", everything)
        self._dead = self._concerned("timeline_tombstone", everything)
        self._posts = [post for post in everything if post.id not in self._omitted]

    def _newest_first(self) -> list[Post]:
        return sorted(self._ledger.posts.values(), key=place_of, reverse=True)

    def _is_shown(self, post: Post) -> bool:
        after = self._ledger.posts.get(post.superseded_by or "")
        return self._sky.shows(post) and (after is None or not self._sky.shows(after))

    def _concerned(self, fault: str, posts: Sequence[Post]) -> frozenset[str]:
        gust = self._sky.get(fault)
        if gust is None:
            return frozenset()
        about = None if gust["author"] is None else self._ledger.account(gust["author"]).handle
        return chosen([post for post in posts if about in {None, post.author}], gust)

    def has(self, post: Post) -> bool:
        """Whether lists have this post now."""
        return any(one is post for one in self._posts)

    # -- profiles

    def posts_tab(self, account: Account) -> list[Row]:
        """What stands on a profile's first tab."""
        runs = [run for run in self._runs(account) if self._is_for_everybody(run[0])]
        return by_place([*(self._thread(run) for run in runs), *self._reposts(account)])

    def replies_tab(self, account: Account) -> list[Row]:
        """What stands on a profile's second tab: everything, and what it answers."""
        return by_place(self._conversation(run) for run in self._runs(account))

    def popular(self, account: Account, most: int) -> list[Row]:
        """What strangers see: what was liked most, and nothing that is new."""
        old = [p for p in self._by(account) if p.reply_to is None and p.likes > 0]
        old.sort(key=lambda post: post.likes, reverse=True)
        return [self._row(post) for post in old[:most]]

    def home(self) -> list[Row]:
        """What all wrote."""
        return [self._row(post) for post in self._posts if post.reply_to is None]

    def _by(self, account: Account) -> list[Post]:
        return [post for post in self._posts if post.author == account.handle]

    def _runs(self, account: Account) -> list[list[Post]]:
        """An account's posts, each with what the account itself went on to say under it, the oldest first."""
        runs: dict[str, list[Post]] = {}
        for post in reversed(self._by(account)):
            runs.setdefault(self._head(post), []).append(post)
        return list(runs.values())

    def _head(self, post: Post) -> str:
        """The first post of the author's own chain that this one belongs to, deleted or not."""
        parent = self._ledger.posts.get(post.reply_to or "")
        if parent is None or parent.author != post.author:
            return post.first_version
        return self._head(parent)

    def _is_for_everybody(self, first: Post) -> bool:
        """Whether a chain is on the posts tab: it answers no other account, and is addressed to none."""
        head = self._ledger.posts[self._head(first)]
        return head.reply_to is None and not typed_first(head.stored, self._ledger.people)

    def _thread(self, run: Sequence[Post], above: Sequence[Told] = ()) -> Row:
        if len(run) == 1 and not above:
            return self._row(run[0])
        shown = run[: self._sky.parts(PARTS_SHOWN)]
        told = [
            *above,
            *(self.told(post, display="SelfThread" if len(run) > 1 else "Tweet") for post in shown),
        ]
        ids = [*(one.id for one in above), *(post.id for post in run)]
        return Row(place_of(run[-1]), told, prefix="profile-conversation", all_ids=ids)

    def _conversation(self, run: Sequence[Post]) -> Row:
        above = self.above(run[0])
        return self._thread(run, above[-1:])

    def _reposts(self, account: Account) -> Iterable[Row]:
        for repost in self._ledger.reposts:
            mine = repost.account == account.handle and repost.at_host <= self._sky.moment
            if mine and self._ledger.exists(repost.post):
                result = self._shaper.repost(repost, shown=self._sky.cut_at)
                yield Row(int(repost.id), [Told(repost.id, result)])

    # -- a conversation

    def above(self, post: Post) -> list[Told]:
        """What a post answers, and what that answers, the first post first; a tombstone where one was deleted."""
        told: list[Told] = []
        while post.reply_to is not None and post.reply_to in self._ledger.posts:
            post = self._ledger.posts[post.reply_to]
            if not post.live:
                return [Told(post.id, tombstone()), *told]
            told.insert(0, self.told(post))
        return told

    def below(self, post: Post) -> list[Row]:
        """The replies to a post: first what its own author went on to say, then all others', the oldest first."""
        replies = [reply for reply in self._ledger.replies_to(post.id) if self.has(reply)]
        replies.sort(key=lambda reply: (reply.author != post.author, place_of(reply)))
        return [self._under(reply, own=reply.author == post.author) for reply in replies]

    def _under(self, reply: Post, *, own: bool) -> Row:
        """A reply, and below it what its own author went on to say."""
        chain = [reply]
        while (following := self._continuation(chain[-1])) is not None:
            chain.append(following)
        display = "SelfThread" if own else "Tweet"
        told = [self.told(post, display=display) for post in chain]
        return Row(place_of(reply), told, prefix="conversationthread", all_ids=[post.id for post in chain])

    def _continuation(self, post: Post) -> Post | None:
        own = (p for p in self._ledger.replies_to(post.id) if p.author == post.author and self.has(p))
        return next(own, None)

    # -- one post

    def _row(self, post: Post) -> Row:
        return Row(place_of(post), [self.told(post)])

    def told(self, post: Post, *, display: str = "Tweet", whole: bool = False) -> Told:
        """A post as a list tells of it; with `whole`, as its own page does."""
        if post.id in self._dead and not whole:
            gust = self._sky.get("timeline_tombstone")
            return Told(post.id, GRAVES[gust["kind"] if gust else "tombstone"]())
        result = self._shaper.tweet(post, shown=None if whole else self._sky.cut_at)
        return Told(post.id, self._shaped(result, post), display)

    def _shaped(self, result: Json, post: Post) -> Json:
        gust = self._sky.get("timeline_shape")
        if gust is None or gust["kind"] not in OTHER_SHAPES:
            return result
        nth: int = sorted(self._ledger.posts, key=int).index(post.id)
        return OTHER_SHAPES[gust["kind"]](result) if nth % gust["every"] == 0 else result


def place_of(post: Post) -> int:
    """Where a post stands in a list: a later version stays where the first one was."""
    return int(post.first_version)


def by_place(rows: Iterable[Row]) -> list[Row]:
    """Order the entries of a list, the newest first."""
    return sorted(rows, key=lambda row: row.place, reverse=True)
