"""What is really there: accounts, tokens, files, posts, and every request that asked for one."""

from __future__ import annotations

import calendar
import html
import itertools
import re
import secrets
import threading
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.clock import Clock
from sandbox.snowflake import Snowflakes, time_of

DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
CLOSED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author "
    "of the post you are replying to."
)
GONE = "You attempted to reply to a Tweet that is deleted or not visible to you."

LINK = re.compile(r"https?://[^\s]+")


class Refusal(Exception):
    """X says no: an HTTP status and a problem."""

    def __init__(self, status: int, title: str, detail: str, kind: str = "", **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {
            "title": title,
            "detail": detail,
            "type": f"https://api.x.com/2/problems/{kind}" if kind else "about:blank",
            "status": status,
            **more,
        }


@dataclass
class Person:
    """One account."""

    handle: str
    user_id: str
    api_key: str
    api_secret: str
    access_token: str
    access_secret: str
    client_id: str
    bearer: str = ""
    bearer_until: float = 0.0
    refresh: str = ""
    spent: set[str] = field(default_factory=set)
    family_lives: bool = True
    renewals: int = 0
    revoked: bool = False


@dataclass
class File:
    """One upload."""

    id: str
    owner: str
    category: str
    size: int
    alt: str = ""
    pieces: dict[int, bytes] = field(default_factory=dict)
    state: str = "succeeded"
    polls: int = 0
    done: bool = True
    digest: str = ""
    """SHA-256 of its content."""

    @property
    def key(self) -> str:
        """What X calls it beside a post: the number tells its kind."""
        return f"{'13' if self.kind == 'video' else '3'}_{self.id}"

    @property
    def kind(self) -> str:
        """What X calls its kind."""
        return "video" if self.category == "tweet_video" else "photo"


@dataclass
class Post:
    """One post."""

    id: str
    author: str
    text: str
    reply_to: str | None
    media: tuple[str, ...]
    made_at: float
    """By the host's clock, for lag and windows."""
    live: bool = True
    by_hand: bool = False
    versions: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


class World:
    """The truth."""

    def __init__(
        self,
        accounts: tuple[str, ...],
        clock: Clock,
        *,
        lag_s: float,
        duplicate_window_s: float,
        token_s: float,
        polls: int,
        own_threads: bool,
    ) -> None:
        self.clock = clock
        self.lag_s = lag_s
        self.duplicate_window_s = duplicate_window_s
        self.token_s = token_s
        self.polls = polls
        """How often a video or GIF is still in the making when it is asked after."""
        self.own_threads = own_threads
        """Whether an account may answer its own posts without being named."""
        self.lock = threading.RLock()
        self.ids = Snowflakes(clock)
        self.people = {name: _person(name, n) for n, name in enumerate(accounts, start=1)}
        self.posts: dict[str, Post] = {}
        self.files: dict[str, File] = {}
        self.asks: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self._media = itertools.count(1900000000000000001)
        for person in self.people.values():
            person.refresh = secrets.token_hex(12)

    # -- who

    def by_user_id(self, user_id: str) -> Person | None:
        """Find an account by its id."""
        return next((one for one in self.people.values() if one.user_id == user_id), None)

    def people_by_handle(self, handle: str) -> Person:
        """Find an account by its handle."""
        return next(one for one in self.people.values() if one.handle == handle)

    def by_bearer(self, bearer: str) -> Person | None:
        """Find whose token this is, while it is good."""
        with self.lock:
            good = (
                one
                for one in self.people.values()
                if one.bearer == bearer and bearer and one.family_lives and time.time() < one.bearer_until
            )
            return next(good, None)

    def renew(self, refresh: str, client_id: str) -> dict[str, Any] | None:
        """Give the next tokens. A refresh token lives once; a second use ends the family."""
        with self.lock:
            for person in self.people.values():
                if refresh in person.spent:
                    person.family_lives = False
                if refresh == person.refresh and person.family_lives and client_id == person.client_id:
                    person.spent.add(refresh)
                    person.renewals += 1
                    return self._tokens(person)
            return None

    def sign_in(self, account: str) -> dict[str, Any]:
        """Give the first tokens of a new family."""
        with self.lock:
            person = self.people[account]
            person.family_lives = True
            return self._tokens(person)

    def _tokens(self, person: Person) -> dict[str, Any]:
        person.refresh, person.bearer = secrets.token_hex(12), secrets.token_hex(12)
        person.bearer_until = time.time() + self.token_s
        return {
            "token_type": "bearer",
            "access_token": person.bearer,
            "refresh_token": person.refresh,
            "expires_in": int(self.token_s),
            "scope": "tweet.read tweet.write users.read media.write offline.access",
        }

    # -- posts

    def create(self, person: Person, body: Mapping[str, Any], *, without_media: bool = False) -> Post:
        """Make a post, or raise what X says against it."""
        with self.lock:
            text = str(body.get("text", ""))
            media = tuple(body.get("media", {}).get("media_ids", ()))
            parent = body.get("reply", {}).get("in_reply_to_tweet_id")
            self._judge(person, text, media, parent)
            post = Post(
                id=self.ids.now(),
                author=person.handle,
                text=text,
                reply_to=parent,
                media=() if without_media else media,
                made_at=time.time(),
                options={key: body[key] for key in body if key not in {"text", "media", "reply"}},
            )
            self.posts[post.id] = post
            return post

    def _judge(self, person: Person, text: str, media: tuple[str, ...], parent: str | None) -> None:
        if not text.strip() and not media:
            raise Refusal(
                400,
                "Invalid Request",
                "One or more parameters to your request was invalid.",
                "invalid-request",
            )
        for one in media:
            found = self.files.get(one)
            if found is None or found.owner != person.handle or not found.done or found.state != "succeeded":
                errors = [
                    {"parameters": {"media.media_ids": [one]}, "message": "Your media IDs are invalid."}
                ]
                detail = "One or more parameters to your request was invalid."
                raise Refusal(400, "Invalid Request", detail, "invalid-request", errors=errors)
        if parent is not None:
            self._judge_reply(person, parent)
        since = time.time() - self.duplicate_window_s
        if any(
            post.live
            and post.author == person.handle
            and post.made_at > since
            and _same(post.text, text)
            and post.reply_to == parent
            for post in self.posts.values()
        ):
            raise Refusal(403, "Forbidden", DUPLICATE)

    def _judge_reply(self, person: Person, parent: str) -> None:
        answered = self.posts.get(parent)
        if answered is None or not answered.live:
            raise Refusal(403, "Forbidden", GONE)
        own = answered.author == person.handle and self.own_threads
        if not own and f"@{person.handle}".casefold() not in answered.text.casefold():
            raise Refusal(403, "Forbidden", CLOSED)

    def by_hand(
        self, account: str, text: str, *, reply_to: str | None = None, at_ms: int | None = None
    ) -> str:
        """Post as a person would, from elsewhere."""
        with self.lock:
            made = self.ids.now() if at_ms is None else self.ids.at(at_ms)
            self.posts[made] = Post(
                id=made,
                author=self.people[account].handle,
                text=text,
                reply_to=reply_to,
                media=(),
                made_at=time.time(),
                by_hand=True,
            )
            return made

    def edit(self, post_id: str, text: str) -> str:
        """Say something else in a post: it gets another id and keeps the old ones."""
        with self.lock:
            old = self.posts.pop(post_id)
            made = self.ids.now()
            self.posts[made] = Post(
                id=made,
                author=old.author,
                text=text,
                reply_to=old.reply_to,
                media=old.media,
                made_at=old.made_at,
                versions=(*(old.versions or (old.id,)), made),
            )
            return made

    def delete(self, post_id: str) -> None:
        """Take a post down."""
        self.posts[post_id].live = False

    def listed(self, person: Person, query: Mapping[str, str]) -> list[Post]:
        """List own posts, the newest first, without what a list does not show yet."""
        shown_until = time.time() - self.lag_s
        start = _moment_ms(query.get("start_time"))
        since = int(query.get("since_id", "0"))
        bare = "replies" in query.get("exclude", "").split(",")
        with self.lock:
            mine = [
                post
                for post in self.posts.values()
                if post.live
                and post.author == person.handle
                and post.made_at <= shown_until
                and time_of(post.id) >= start
                and int(post.id) > since
                and not (bare and post.reply_to)
            ]
        return sorted(mine, key=lambda post: -int(post.id))

    # -- files

    def upload(self, person: Person, category: str, size: int, *, done: bool = True) -> File:
        """Take a file, or the announcement of one."""
        with self.lock:
            made = File(
                id=str(next(self._media)), owner=person.handle, category=category, size=size, done=done
            )
            self.files[made.id] = made
            return made

    def finish(self, made: File) -> None:
        """Begin to make a file over, where that is done."""
        made.done = True
        if made.category != "tweet_image" and self.polls:
            made.state, made.polls = "pending", self.polls


# -- how X writes it


def written(world: World, post: Post) -> dict[str, Any]:
    """Write a post as the API tells it."""
    text, urls = _shortened(world, post)
    lead = _lead(world, post)
    told: dict[str, Any] = {
        "id": post.id,
        "text": lead + text,
        "author_id": world.people_by_handle(post.author).user_id,
        "created_at": _iso(time_of(post.id)),
        "conversation_id": _root(world, post),
        "edit_history_post_ids": list(post.versions or (post.id,)),
        "display_text_range": [len(lead), len(lead + text)],
    }
    if urls:
        told["entities"] = {"urls": [_shifted(one, len(lead)) for one in urls]}
    if post.reply_to:
        told["referenced_posts"] = [{"type": "replied_to", "id": post.reply_to}]
    if post.media:
        told["attachments"] = {"media_keys": [world.files[one].key for one in post.media]}
    return told


def _shortened(world: World, post: Post) -> tuple[str, list[dict[str, Any]]]:
    """Put X's own short links into a text, escape it, and add the link of its pictures."""
    urls: list[dict[str, Any]] = []
    escaped, last = "", 0
    for n, match in enumerate(LINK.finditer(post.text)):
        escaped += html.escape(post.text[last : match.start()], quote=False)
        short = f"https://t.co/{post.id[-6:]}{n}"
        urls.append(
            {"start": len(escaped), "end": len(escaped) + len(short), "url": short, "expanded_url": match[0]}
        )
        escaped, last = escaped + short, match.end()
    escaped += html.escape(post.text[last:], quote=False)
    if post.media:
        short = f"https://t.co/m{post.id[-6:]}"
        start = len(escaped) + (1 if escaped else 0)
        escaped = f"{escaped} {short}" if escaped else short
        urls += [
            {
                "start": start,
                "end": start + len(short),
                "url": short,
                "expanded_url": f"https://x.com/{post.author}/status/{post.id}/{one.kind}/1",
                "media_key": one.key,
            }
            for one in map(world.files.__getitem__, post.media)
        ]
    return escaped, urls


def _shifted(url: dict[str, Any], by: int) -> dict[str, Any]:
    return url | {"start": url["start"] + by, "end": url["end"] + by}


def _lead(world: World, post: Post) -> str:
    """Give the name that X puts before an answer to another person."""
    answered = world.posts.get(post.reply_to or "")
    return f"@{answered.author} " if answered is not None and answered.author != post.author else ""


def _root(world: World, post: Post) -> str:
    above = world.posts.get(post.reply_to or "")
    if post.reply_to is None:
        return (post.versions or (post.id,))[0]
    return post.reply_to if above is None else _root(world, above)


def _same(one: str, other: str) -> bool:
    return unicodedata.normalize("NFC", one).strip() == unicodedata.normalize("NFC", other).strip()


def _iso(moment_ms: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment_ms / 1000)) + f".{moment_ms % 1000:03d}Z"


def _moment_ms(named: str | None) -> int:
    return calendar.timegm(time.strptime(named[:19], "%Y-%m-%dT%H:%M:%S")) * 1000 if named else 0


def _person(name: str, n: int) -> Person:
    user_id = str(1000 + n)
    return Person(
        handle=name,
        user_id=user_id,
        api_key=secrets.token_hex(8),
        api_secret=secrets.token_hex(16),
        access_token=f"{user_id}-{secrets.token_hex(12)}",
        access_secret=secrets.token_hex(16),
        client_id=secrets.token_hex(8),
    )
