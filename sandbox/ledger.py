"""What is really live: accounts, posts and every ask. Nothing is forgotten, not even what was deleted or refused."""

from __future__ import annotations

import hashlib
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from sandbox.clock import Clock
from sandbox.pictures import size_of
from sandbox.snowflake import Snowflakes, time_of
from sandbox.wording import People, Person, as_stored

DAY_MS: Final = 86_400_000

SEED_TEXTS: Final = (
    "Morning walk along the river, {n} degrees and not a cloud.",
    "Chapter {n} is done. The hard part was leaving things out.",
    "Notes from the workshop, part {n}: https://example.org/notes/workshop/part-{n}?from=timeline",
    "Bread no. {n} 🍞 — finally the crust I wanted.",
    "Small fix, large relief. Release {n} is out.\n\nThanks to everybody who tested.",
    "Which of the {n} drafts should I keep? Tea & biscuits help <3",
    "今日の天気は晴れ。{n}日目。",
    "A question for the evening: what would you do with {n} free hours? 👩‍🚀",
)


OTHERS: Final[People] = {
    handle.casefold(): Person(handle, name, str(1_000_000 + n))
    for n, (handle, name) in enumerate(
        {
            "nasa": "NASA",
            "github": "GitHub",
            "BBCWorld": "BBC News (World)",
            "jack": "jack",
            "Bakers_Guild": "The Bakers’ Guild",
        }.items()
    )
}
"""People who exist on the network and do nothing here: they can be named, and are linked when they are."""


class NoSuchAccount(LookupError):
    """No account here has this name."""


class NoSuchPost(LookupError):
    """There is no live post with this id."""


@dataclass(slots=True, kw_only=True)
class Account:
    """A person with a profile; signed in wherever one of the tokens is shown."""

    handle: str
    user_id: str
    name: str
    premium: bool = False
    pinned: str | None = None
    tokens: dict[str, str] = field(default_factory=dict)
    """Every valid `auth_token`, with the `ct0` that must come along."""


@dataclass(slots=True, kw_only=True)
class Media:
    """An uploaded picture. It belongs to a post only once a post names it."""

    id: str
    owner: str
    content: bytes = field(repr=False)
    mime: str
    sha256: str
    alt: str | None = None
    size: tuple[int, int] = (1, 1)
    """Width and height, as its bytes say."""

    def entry(self) -> dict[str, Any]:
        """The media as the ledger tells of it: by its hash, never by its bytes."""
        return {
            "id": self.id,
            "mime": self.mime,
            "sha256": self.sha256,
            "alt": self.alt,
            "size": list(self.size),
            "bytes": len(self.content),
        }


@dataclass(slots=True, kw_only=True)
class Post:
    """A post that is, or was, live. An edit makes a further one, with an id of its own."""

    id: str
    author: str
    text: str
    """As it was sent. What the network keeps of it is `stored`."""
    created_at: int
    """By the network's clock, as its id and its answers say."""
    made_at_host: int
    """The same moment by the machine's clock: what lateness is measured by."""
    visible_at: int
    """When timelines begin to show it. Its own page shows it at once, as the network's does."""
    visible_at_host: int
    origin: str
    """`page` (a CreateTweet), `hand` (a person elsewhere) or `seed` (was there before)."""
    reply_to: str | None = None
    media: list[Media] = field(default_factory=list)
    likes: int = 0
    ask: str | None = None
    edit_of: str | None = None
    """The first version, if this is a later one."""
    superseded_by: str | None = None
    """The version after this one. A version stays at its own address; lists show the last."""
    deleted_at: int | None = None
    deleted_at_host: int | None = None

    @property
    def live(self) -> bool:
        """Whether it can still be seen."""
        return self.deleted_at is None

    @property
    def stored(self) -> str:
        """The text as the network keeps it."""
        return as_stored(self.text)

    @property
    def first_version(self) -> str:
        """The id that it had before any edit."""
        return self.edit_of or self.id


@dataclass(slots=True, kw_only=True)
class Repost:
    """A post of another account, shown on one's own timeline."""

    id: str
    account: str
    post: str
    at: int
    at_host: int


@dataclass(slots=True, kw_only=True)
class Ask:
    """One request that may have caused a post, written down before anything was decided about it."""

    id: str
    arrived_at: int
    """By the network's clock; `arrived_at_host` is the same moment by the machine's."""
    arrived_at_host: int
    operation: str
    account: str | None
    text: str
    reply_to: str | None
    media: list[str]
    connection: str | None = None
    """The connection it arrived on, by the address of its other end."""
    sized: bool = True
    """Whether it said how long it is."""
    sent_as: str | None = None
    """The name of the operation as the page sent it, where it is not the usual one."""
    outcome: str = "pending"
    """`created`, `refused:<code>`, `http:<status>`, `empty`, ... in the words of what decided."""
    post: str | None = None
    delivered: bool | None = None
    """Whether the answer left for the asker. `None` while it is still on its way."""
    answered_at: int | None = None
    answered_at_host: int | None = None
    weather: list[str] = field(default_factory=list)
    """The faults that touched it."""


def normalised(text: str) -> str:
    """A text as the duplicate guard sees it: composed, and with all white space the same."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


class Ledger:
    """All accounts, posts and asks of this sandbox."""

    def __init__(
        self,
        handles: Iterable[str],
        *,
        seed: int,
        lag_ms: int = 0,
        premium: Iterable[str] = (),
        clock: Clock | None = None,
    ) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.clock = clock or Clock()
        self._ids = Snowflakes(self.clock)
        self._premium = set(premium)
        self.lag_ms = lag_ms
        self.accounts: dict[str, Account] = {}
        self.posts: dict[str, Post] = {}
        self._answers: dict[str, list[str]] = {}
        self.reposts: list[Repost] = []
        self.asks: list[Ask] = []
        self.media: dict[str, Media] = {}
        self.error_logs: list[dict[str, Any]] = []
        self.sheets: list[dict[str, Any]] = []
        """What was answered to the sheets that came by themselves."""
        for handle in handles:
            self._open(handle)
        own = {handle.casefold(): Person(handle, a.name, a.user_id) for handle, a in self.accounts.items()}
        self.people: People = {**OTHERS, **own}
        """All who can be named in a text."""

    def _open(self, handle: str) -> None:
        user_id = str(self._rng.randrange(10**18, 2 * 10**18))
        name = handle.replace("_", " ").title()
        self.accounts[handle] = Account(
            handle=handle, user_id=user_id, name=name, premium=handle in self._premium
        )

    def account(self, handle: str) -> Account:
        """The account of this name, whatever the case of its letters."""
        for account in self.accounts.values():
            if account.handle.casefold() == handle.casefold():
                return account
        raise NoSuchAccount(f"no account {handle!r}; there are {', '.join(self.accounts)}")

    # -- sessions

    def sign_in(self, handle: str) -> tuple[str, str]:
        """Open a session; the pair is `auth_token` and `ct0`."""
        account = self.account(handle)
        token, csrf = f"{self._rng.getrandbits(160):040x}", f"{self._rng.getrandbits(640):0160x}"
        account.tokens[token] = csrf
        return token, csrf

    def revoke(self, handle: str) -> None:
        """End every session of an account, as the network does without saying why."""
        self.account(handle).tokens.clear()

    def signed_in(self, token: str | None) -> Account | None:
        """Whose session this token is."""
        return next((a for a in self.accounts.values() if token in a.tokens), None)

    # -- posts

    def create(
        self,
        author: str,
        text: str,
        *,
        reply_to: str | None = None,
        media: Iterable[str] = (),
        origin: str = "page",
        ask: str | None = None,
        hidden_ms: int | None = None,
        post_id: str | None = None,
    ) -> Post:
        """Make a post live: now, or at the moment that a given id tells."""
        made = post_id or self._ids.now()
        hidden = self.lag_ms if hidden_ms is None else hidden_ms
        post = Post(
            id=made,
            author=self.account(author).handle,
            text=text,
            **self._moments(time_of(made), hidden),
            origin=origin,
            reply_to=reply_to,
            media=[self.media[name] for name in media],
            ask=ask,
        )
        return self._keep(post)

    def _keep(self, post: Post) -> Post:
        self.posts[post.id] = post
        if post.reply_to is not None:
            self._answers.setdefault(post.reply_to, []).append(post.id)
        return post

    def _moments(self, moment: int, hidden_ms: int = 0) -> dict[str, Any]:
        """When something that the network made at a moment was made and shows, by both clocks."""
        host = self.clock.to_host(moment)
        return {
            "created_at": moment,
            "made_at_host": host,
            "visible_at": moment + hidden_ms,
            "visible_at_host": host + hidden_ms,
        }

    def edit(self, post_id: str, text: str) -> Post:
        """Say something else in a post: a new version with a new id, in the place of the one before."""
        before = self.last_version(post_id)
        made = self._ids.now()
        after = replace(
            before,
            id=made,
            text=text,
            **self._moments(time_of(made)),
            edit_of=before.first_version,
            # It was not asked for through the page: asks are compared with the first version.
            ask=None,
            origin="hand",
            media=list(before.media),
        )
        before.superseded_by = after.id
        return self._keep(after)

    def last_version(self, post_id: str) -> Post:
        """The version of a live post that lists show."""
        post = self.live(post_id)
        while post.superseded_by is not None:
            post = self.live(post.superseded_by)
        return post

    def versions(self, post: Post) -> list[str]:
        """The ids of all versions of a post, the first one first."""
        ids = [post.first_version]
        while (following := self.posts[ids[-1]].superseded_by) is not None:
            ids.append(following)
        return ids

    def seed(
        self, author: str, count: int, *, every_s: float = 3600.0, youngest_s: float = 3600.0
    ) -> list[Post]:
        """Give an account a past: `count` posts, the youngest `youngest_s` old, one each `every_s` before."""
        start = self.clock.now_ms() - int(youngest_s * 1000)
        return [self._seed_one(author, n, start - int(n * every_s * 1000)) for n in range(count)]

    def _seed_one(self, author: str, n: int, moment: int) -> Post:
        own = list(self.accounts).index(self.account(author).handle)
        text = SEED_TEXTS[(n + own * 3) % len(SEED_TEXTS)].format(n=n + 1)
        post = Post(
            id=self._ids.at(moment),
            author=self.account(author).handle,
            text=text,
            **self._moments(moment),
            origin="seed",
            likes=self._rng.randrange(5, 5000),
        )
        self.posts[post.id] = post
        return post

    def live(self, post_id: str) -> Post:
        """The live post with this id."""
        post = self.posts.get(post_id)
        if post is None or not post.live:
            raise NoSuchPost(f"no live post {post_id!r}")
        return post

    def exists(self, post_id: str) -> bool:
        """Whether a post with this id is live."""
        return post_id in self.posts and self.posts[post_id].live

    def delete(self, post_id: str) -> None:
        """Take a post down, whichever of its versions was named; the ledger keeps it, with the time."""
        for version in self.versions(self.live(post_id)):
            post = self.posts[version]
            post.deleted_at, post.deleted_at_host = self.clock.now_ms(), self.clock.host_ms()

    def pin(self, handle: str, post_id: str | None) -> None:
        """Put a post at the top of its author's profile, or take it from there."""
        if post_id is not None:
            self.live(post_id)
        self.account(handle).pinned = post_id

    def repost(self, handle: str, post_id: str) -> Repost:
        """Let an account show another's post on its own timeline."""
        self.live(post_id)
        repost = Repost(
            id=self._ids.now(),
            account=self.account(handle).handle,
            post=post_id,
            at=self.clock.now_ms(),
            at_host=self.clock.host_ms(),
        )
        self.reposts.append(repost)
        return repost

    def replies_to(self, post_id: str) -> list[Post]:
        """The live answers to a post, the oldest first, each in its last version."""
        asked = self.versions(self.posts[post_id]) if post_id in self.posts else [post_id]
        answers = (self.posts[answer] for version in asked for answer in self._answers.get(version, ()))
        return [post for post in answers if post.live and post.superseded_by is None]

    def root(self, post: Post) -> str:
        """The id of the conversation: its first post, also when that was deleted."""
        while post.reply_to is not None and post.reply_to in self.posts:
            post = self.posts[post.reply_to]
        return post.reply_to or post.first_version

    def copy_of(self, author: str, text: str, *, within_ms: int) -> Post | None:
        """A live post by this author that says the same, if it is young enough for the duplicate guard."""
        since, said = self.clock.host_ms() - within_ms, normalised(text)
        young = (p for p in self.posts.values() if p.author == author and p.live and p.made_at_host >= since)
        same = (post for post in young if normalised(post.text) == said)
        return next(same, None)

    def made_within(self, author: str, within_ms: int) -> int:
        """How many posts an account made in a time up to now, deleted ones included: limits count the making."""
        since = self.clock.host_ms() - within_ms
        return sum(1 for p in self.posts.values() if p.author == author and p.made_at_host >= since)

    # -- media and asks

    def keep_media(self, owner: str, content: bytes, mime: str, *, alt: str | None = None) -> Media:
        """Take in an uploaded picture."""
        digest = hashlib.sha256(content).hexdigest()
        media = Media(
            id=self._ids.now(),
            owner=owner,
            content=content,
            mime=mime,
            sha256=digest,
            alt=alt,
            size=size_of(content),
        )
        self.media[media.id] = media
        return media

    def open_ask(
        self, *, operation: str, account: str | None, text: str, reply_to: str | None, media: list[str]
    ) -> Ask:
        """Record an ask, before anything is decided."""
        ask = Ask(
            id=f"ask-{len(self.asks) + 1}",
            arrived_at=self.clock.now_ms(),
            arrived_at_host=self.clock.host_ms(),
            operation=operation,
            account=account,
            text=text,
            reply_to=reply_to,
            media=media,
        )
        self.asks.append(ask)
        return ask

    def forget(self) -> None:
        """Start over with the same accounts and sessions: no posts, no asks."""
        self.posts.clear()
        self._answers.clear()
        self.reposts.clear()
        self.asks.clear()
        self.media.clear()
        self.error_logs.clear()
        self.sheets.clear()
        for account in self.accounts.values():
            account.pinned = None

    # -- telling

    def entries(self, handle: str | None = None) -> list[dict[str, Any]]:
        """Every post ever made, the oldest first, as plain data."""
        posts = sorted(self.posts.values(), key=lambda p: int(p.id))
        return [_post_entry(p) for p in posts if handle in (None, p.author)]

    def ask_entries(self, handle: str | None = None) -> list[dict[str, Any]]:
        """Every ask, in the order of arrival, as plain data."""
        return [asdict(ask) for ask in self.asks if handle in (None, ask.account)]

    def counts(self) -> dict[str, Any]:
        """The sums a test or a demo looks at first; `copies` must stay empty."""
        live = [p for p in self.posts.values() if p.live and p.superseded_by is None]
        said = Counter((p.author, normalised(p.text)) for p in live if p.origin != "seed")
        copies = [{"account": who, "text": text, "live": n} for (who, text), n in said.items() if n > 1]
        return {
            "asks": len(self.asks),
            "live": len(live),
            "deleted": sum(1 for p in self.posts.values() if not p.live),
            "by_account": {h: sum(1 for p in live if p.author == h) for h in self.accounts},
            "by_origin": dict(Counter(p.origin for p in live)),
            "outcomes": dict(Counter(a.outcome for a in self.asks)),
            "copies": copies,
        }


def _post_entry(post: Post) -> dict[str, Any]:
    return {
        "id": post.id,
        "author": post.author,
        "text": post.text,
        "stored": post.stored,
        "created_at": post.created_at,
        "made_at_host": post.made_at_host,
        "visible_at": post.visible_at,
        "visible_at_host": post.visible_at_host,
        "reply_to": post.reply_to,
        "media": [media.entry() for media in post.media],
        "origin": post.origin,
        "ask": post.ask,
        "live": post.live,
        "deleted_at": post.deleted_at,
        "deleted_at_host": post.deleted_at_host,
        "edit_of": post.edit_of,
        "superseded_by": post.superseded_by,
    }
