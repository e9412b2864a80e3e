"""What is really live on this server: accounts, posts, files and every ask. Nothing is forgotten."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sandbox.clock import Clock
from sandbox.ledger import SEED_TEXTS, Ask, NoSuchAccount, NoSuchPost, normalised

SCOPES: Final = ("read", "write", "profile")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person who can be mentioned: on this server, or on another."""

    username: str
    domain: str | None
    """`None` for this server."""
    web: str = ""
    """Where its server has its pages, when that is another name than the accounts have."""

    @property
    def acct(self) -> str:
        """How the API names an account."""
        return self.username if self.domain is None else f"{self.username}@{self.domain}"


REMOTE: Final = (
    Person(username="bob", domain="remote.example"),
    Person(username="Grete", domain="bücher.example"),
    Person(username="news", domain="daily.example"),
    Person(username="mia", domain="split.example", web="social.split.example"),
)
"""People of other servers who are known here."""


def _ascii(host: str) -> str:
    return host.casefold().encode("idna").decode()


@dataclass(slots=True, kw_only=True)
class Account:
    """A person of this server."""

    id: str
    username: str
    tokens: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Every valid access token with its scopes."""
    pinned: set[str] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class Media:
    """An uploaded file. It belongs to a post only once a post names it."""

    id: str
    owner: str
    content: bytes = field(repr=False)
    mime: str
    sha256: str
    description: str | None = None
    ready_at: float = 0.0
    """When it is processed, by the host's monotonic clock."""
    is_broken: bool = False
    status: str | None = None
    """The post that holds it."""

    @property
    def type(self) -> str:
        """What the API calls its kind."""
        if self.mime == "image/gif":
            return "gifv"
        return self.mime.split("/", maxsplit=1)[0]

    def entry(self) -> dict[str, Any]:
        """The file as the ledger tells of it: by its hash, never by its bytes."""
        return {
            "id": self.id,
            "mime": self.mime,
            "sha256": self.sha256,
            "alt": self.description,
            "bytes": len(self.content),
            "status": self.status,
        }


@dataclass(slots=True, kw_only=True)
class Wish:
    """What a post is to be, as a person asked for it."""

    text: str
    warning: str = ""
    visibility: str = "public"
    language: str | None = None
    sensitive: bool = False
    reply_to: str | None = None
    media: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Status:
    """A post that is, or was, live."""

    id: str
    author: str
    wish: Wish
    media: list[Media]
    created_at: int
    """By the server's clock; `made_at_host` is the same moment by the machine's."""
    made_at_host: int
    visible_at: int
    """When lists begin to show it."""
    origin: str
    ask: str | None = None
    edited_at: int | None = None
    before: list[str] = field(default_factory=list)
    """What it said before each edit, the first text first."""
    reblog_of: str | None = None
    deleted_at: int | None = None

    @property
    def live(self) -> bool:
        """Whether it can still be seen."""
        return self.deleted_at is None

    def entry(self) -> dict[str, Any]:
        """The post as plain data."""
        return {
            "id": self.id,
            "author": self.author,
            "text": self.wish.text,
            "warning": self.wish.warning,
            "visibility": self.wish.visibility,
            "language": self.wish.language,
            "sensitive": self.wish.sensitive,
            "reply_to": self.wish.reply_to,
            "media": [media.entry() for media in self.media],
            "created_at": self.created_at,
            "made_at_host": self.made_at_host,
            "visible_at": self.visible_at,
            "origin": self.origin,
            "ask": self.ask,
            "edited_at": self.edited_at,
            "live": self.live,
            "deleted_at": self.deleted_at,
        }


@dataclass(slots=True, kw_only=True)
class StatusAsk(Ask):
    """One request that may have caused a post."""

    key: str | None = None
    """Its Idempotency-Key."""
    warning: str = ""
    visibility: str = ""


class Ledger:
    """All accounts, posts, files and asks of this server."""

    def __init__(self, handles: Iterable[str], *, seed: int, clock: Clock, lag_ms: int = 0) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._last_ms, self._sequence = 0, 0
        self.clock = clock
        self.lag_ms = lag_ms
        self.accounts = {handle: Account(id=self.next_id(), username=handle) for handle in handles}
        self.statuses: dict[str, Status] = {}
        self.asks: list[StatusAsk] = []
        self.media: dict[str, Media] = {}
        self.keys: dict[tuple[str, str], tuple[str, int]] = {}
        """Every Idempotency-Key with its post and when it was written down, by the server's clock."""

    def next_id(self, at_ms: int | None = None) -> str:
        """Give an id as Mastodon does: milliseconds since 1970 and sixteen bits more."""
        moment = self.clock.now_ms() if at_ms is None else at_ms
        self._sequence = (self._sequence + 1) % 65_536 if moment <= self._last_ms else 0
        self._last_ms = moment = max(moment, self._last_ms) if at_ms is None else moment
        return str((moment << 16) + self._sequence)

    # -- accounts

    def account(self, handle: str) -> Account:
        """The account of this name, whatever the case of its letters."""
        for account in self.accounts.values():
            if account.username.casefold() == handle.casefold():
                return account
        raise NoSuchAccount(f"no account {handle!r}; there are {', '.join(self.accounts)}")

    def sign_in(self, handle: str, scopes: Iterable[str] = SCOPES) -> str:
        """Give an account a new access token."""
        token = f"{self._rng.getrandbits(256):064x}"
        self.account(handle).tokens[token] = tuple(scopes)
        return token

    def revoke(self, handle: str) -> None:
        """End every access token of an account."""
        self.account(handle).tokens.clear()

    def holder(self, token: str) -> Account | None:
        """Whose access token this is."""
        return next((one for one in self.accounts.values() if token in one.tokens), None)

    def person(self, name: str, domain: str | None, here: Iterable[str]) -> Person | None:
        """Find whom a mention means: a server answers to each of its names, in whichever letters."""
        at = {_ascii(one) for one in here} if domain is None else {_ascii(domain)}
        own = [Person(username=one.username, domain=None) for one in self.accounts.values()]
        known = (one for one in (*own, *REMOTE) if one.username.casefold() == name.casefold())
        servers = ((one, here if one.domain is None else (one.domain, one.web)) for one in known)
        return next((one for one, names in servers if at & set(map(_ascii, filter(None, names)))), None)

    # -- posts

    def create(
        self,
        author: str,
        wish: Wish,
        *,
        origin: str = "api",
        ask: str | None = None,
        hidden_ms: int | None = None,
        at_ms: int | None = None,
        loses_media: bool = False,
    ) -> Status:
        """Make a post live."""
        made = self.clock.now_ms() if at_ms is None else at_ms
        status = Status(
            id=self.next_id(at_ms),
            author=self.account(author).username,
            wish=wish,
            media=[] if loses_media else [self.media[name] for name in wish.media],
            created_at=made,
            made_at_host=self.clock.to_host(made),
            visible_at=made + (self.lag_ms if hidden_ms is None else hidden_ms),
            origin=origin,
            ask=ask,
        )
        for media in status.media:
            media.status = status.id
        self.statuses[status.id] = status
        return status

    def live(self, status_id: str) -> Status:
        """The live post with this id."""
        status = self.statuses.get(status_id)
        if status is None or not status.live:
            raise NoSuchPost(f"no live post {status_id!r}")
        return status

    def exists(self, status_id: str) -> bool:
        """Whether a post with this id is live."""
        return status_id in self.statuses and self.statuses[status_id].live

    def delete(self, status_id: str) -> None:
        """Take a post down; the ledger keeps it, with the time."""
        self.live(status_id).deleted_at = self.clock.now_ms()

    def edit(self, status_id: str, text: str) -> Status:
        """Say something else in a post: it keeps its id."""
        status = self.live(status_id)
        status.before.append(status.wish.text)
        status.wish.text, status.edited_at = text, self.clock.now_ms()
        return status

    def reblog(self, handle: str, status_id: str) -> Status:
        """Let an account show another's post."""
        self.live(status_id)
        status = self.create(handle, Wish(text=""), origin="reblog")
        status.reblog_of = status_id
        return status

    def seed(self, author: str, count: int, *, every_s: float, youngest_s: float) -> list[Status]:
        """Give an account a past: `count` posts, the youngest first."""
        start = self.clock.now_ms() - int(youngest_s * 1000)
        moments = [start - int(n * every_s * 1000) for n in range(count)]
        texts = [SEED_TEXTS[n % len(SEED_TEXTS)].format(n=n + 1) for n in range(count)]
        return [
            self.create(author, Wish(text=text), origin="seed", at_ms=moment, hidden_ms=0)
            for text, moment in zip(texts, moments, strict=True)
        ]

    def replies_to(self, status_id: str) -> list[Status]:
        """The live answers to a post, the oldest first."""
        return [one for one in self.newest_first()[::-1] if one.wish.reply_to == status_id]

    def newest_first(self) -> list[Status]:
        """Every live post."""
        return sorted(
            (one for one in self.statuses.values() if one.live), key=lambda s: int(s.id), reverse=True
        )

    # -- keys

    def remembered(self, account: Account, key: str, *, for_ms: int) -> str | None:
        """The post that a key stands for, while it is remembered."""
        found = self.keys.get((account.id, key))
        if found is None or self.clock.now_ms() - found[1] > for_ms:
            return None
        return found[0]

    def remember(self, account: Account, key: str, status_id: str) -> None:
        """Write a key down."""
        self.keys[account.id, key] = (status_id, self.clock.now_ms())

    # -- files and asks

    def keep_media(self, owner: str, content: bytes, mime: str, *, description: str | None = None) -> Media:
        """Take in an uploaded file."""
        digest = hashlib.sha256(content).hexdigest()
        media = Media(
            id=self.next_id(), owner=owner, content=content, mime=mime, sha256=digest, description=description
        )
        self.media[media.id] = media
        return media

    def open_ask(self, account: str | None, wish: Wish, *, key: str | None) -> StatusAsk:
        """Record an ask, before anything is decided."""
        ask = StatusAsk(
            id=f"ask-{len(self.asks) + 1}",
            arrived_at=self.clock.now_ms(),
            arrived_at_host=self.clock.host_ms(),
            operation="POST /api/v1/statuses",
            account=account,
            text=wish.text,
            reply_to=wish.reply_to,
            media=list(wish.media),
            key=key,
            warning=wish.warning,
            visibility=wish.visibility,
        )
        self.asks.append(ask)
        return ask

    def forget(self) -> None:
        """Start over with the same accounts and tokens: no posts, no asks."""
        for kept in (self.statuses, self.asks, self.media, self.keys):
            kept.clear()

    # -- telling

    def entries(self, handle: str | None = None) -> list[dict[str, Any]]:
        """Every post ever made, the oldest first, as plain data."""
        posts = sorted(self.statuses.values(), key=lambda one: int(one.id))
        return [one.entry() for one in posts if handle in {None, one.author} and one.reblog_of is None]

    def ask_entries(self, handle: str | None = None) -> list[dict[str, Any]]:
        """Every ask, in the order of arrival, as plain data."""
        return [asdict(ask) for ask in self.asks if handle in {None, ask.account}]

    def counts(self) -> dict[str, Any]:
        """The sums a test or a demo looks at first; `copies` must stay empty."""
        live = [one for one in self.statuses.values() if one.live and one.reblog_of is None]
        said = Counter((one.author, normalised(one.wish.text)) for one in live if one.origin != "seed")
        copies = [{"account": who, "text": text, "live": n} for (who, text), n in said.items() if n > 1]
        return {
            "asks": len(self.asks),
            "live": len(live),
            "deleted": sum(1 for one in self.statuses.values() if not one.live),
            "by_account": {h: sum(1 for one in live if one.author == h) for h in self.accounts},
            "by_origin": dict(Counter(one.origin for one in live)),
            "outcomes": dict(Counter(ask.outcome for ask in self.asks)),
            "copies": copies,
        }
