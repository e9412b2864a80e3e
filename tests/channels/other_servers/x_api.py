"""X's API, version 2, as it answers in 2026, with what its documentation leaves open drawn anew for each server.

Written after the published description of the API and what is known of its answers, without a look at Steadypost's
channel.
"""

from __future__ import annotations

import html
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.channels.other_servers.line import Manner, OtherServer, Posted, Reply, Request, Time

KEYS = {
    "api_key": "world-api-key-41",
    "api_secret": "world-api-secret-42",
    "access_token": "1000-world-access-token-43",
    "access_secret": "world-access-secret-44",
}
HANDLE, USER = "alice", "1000"
EPOCH_MS = 1_288_834_974_657
LINK = re.compile(
    r"(?<![\w@/.-])(?:https?://)?(?:[\w\u00c0-\u024f-]+\.)+(?:example|com|org)(?:/[^\s,()]*(?:\([^\s()]*\))?[^\s,()]*)?"
    r"(?<![.,;:!?])",
    re.IGNORECASE,
)
PROBLEMS = "https://api.twitter.com/2/problems/"


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How this server speaks."""

    page: int = 100
    """The most posts of a page, whatever was asked for."""
    refuses_duplicates: bool = True
    names: str = "tweets"
    """``tweets``, as fields were always called, or ``posts``, as its description calls them."""
    counts: str = "written"
    """Whether positions count the letters of ``&amp;`` as ``written`` or as ``shown``."""
    errors_beside: bool = False
    media_told: bool = True
    lag: timedelta = timedelta(0)
    leaves_out: float = 0.0
    unescaped: bool = False
    limits: bool = True
    repeats_at_borders: bool = False
    null_fields: str = "missing"
    scheme: str = "http"
    """What stands before an address that was written without one."""


def drawn(dice: random.Random) -> Dialect:
    """Draw one."""
    return Dialect(
        page=dice.choice([100, 100, 20, 5]),
        refuses_duplicates=dice.random() < 0.7,
        names=dice.choice(["tweets", "tweets", "posts"]),
        counts=dice.choice(["written", "shown"]),
        errors_beside=dice.random() < 0.3,
        media_told=dice.random() < 0.8,
        lag=timedelta(seconds=dice.choice([0, 0, 5, 20, 60])),
        leaves_out=dice.choice([0, 0, 0.15]),
        limits=dice.random() < 0.8,
        repeats_at_borders=dice.random() < 0.3,
        null_fields=dice.choice(["missing", "missing", "null", "extra"]),
        scheme=dice.choice(["http", "https"]),
    )


class OtherXApi(OtherServer):
    """X, with one account of ours."""

    writes = ("/2/tweets",)

    def __init__(self, time: Time, dice: random.Random, dialect: Dialect) -> None:
        super().__init__(time, dice)
        self.dialect = dialect
        self.latest_commit = timedelta(seconds=280)
        self._numbers = 0
        self._media: dict[str, dict[str, Any]] = {}
        self._retweets: list[Posted] = []

    def handle(self, request: Request) -> Reply:
        """Answer in calm weather."""
        for pattern, verb, action in self._routes:
            found = re.fullmatch(pattern, request.path)
            if found is not None and verb == request.method:
                return self._not_signed_in(request) or action(self, request, *found.groups())
        return self._problem(404, "Not Found", "not found")

    def _not_signed_in(self, request: Request) -> Reply | None:
        signed = request.headers.get("authorization", "")
        at = re.search(r'oauth_timestamp="(\d+)"', signed)
        if f'oauth_token="{KEYS["access_token"]}"' in signed and at is not None:
            off = abs(
                self.time().timestamp() + (self.date_ahead or timedelta(0)).total_seconds() - int(at.group(1))
            )
            if off < 300:
                return None
        return self._problem(401, "Unauthorized", "Unauthorized")

    def own_trouble(self, request: Request) -> Manner:
        """Say what only X says."""
        kind = self.dice.randrange(5)
        if kind == 0:
            told = {"title": "UsageCapExceeded", "detail": "Usage cap exceeded: Monthly product cap", "status": 429,
                    "type": PROBLEMS + "usage-capped", "period": "Monthly", "scope": "Product"}  # fmt: skip
            return Manner(carried_out=False, instead=Reply(status=429, told=told))
        if kind == 1:
            told = {"title": "CreditsDepleted", "detail": "Your account does not have any credits", "status": 402,
                    "type": PROBLEMS + "credits"}  # fmt: skip
            return Manner(carried_out=False, instead=Reply(status=402, told=told))
        if kind == 2:
            told = {"errors": [{"message": "Over capacity", "code": 130}]}
            return Manner(instead=Reply(status=503, told=told))
        if kind == 3:
            told = {"title": "Forbidden", "detail": "You are not permitted to perform this action.", "status": 403,
                    "type": "about:blank"}  # fmt: skip
            return Manner(carried_out=False, instead=Reply(status=403, told=told))
        return Manner(cut="after")

    def limit_headers(self) -> dict[str, str]:
        """Say when more may be asked, as X does, if it does."""
        until = int((self.time() + (self.date_ahead or timedelta(0))).timestamp()) + self.dice.randrange(
            1, 120
        )
        if not self.dialect.limits:
            return {}
        return {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "0", "x-rate-limit-reset": str(until)}

    # --- what it is asked

    def me(self, request: Request) -> Reply:
        """Say who is signed in."""
        return self._well({"data": self._user()})

    def by_name(self, request: Request, name: str) -> Reply:
        """Say who has a handle."""
        if name.casefold() != HANDLE:
            return self._well({"errors": [self._gone("user", name)]})
        return self._well({"data": self._user()})

    def _user(self) -> dict[str, Any]:
        return {
            "id": USER,
            "name": "Alice",
            "username": "Alice" if self.dialect.null_fields == "extra" else HANDLE,
        }

    def post(self, request: Request) -> Reply:
        """Make a post."""
        told = request.told
        text = told.get("text", "")
        parent = told.get("reply", {}).get("in_reply_to_tweet_id")
        if parent is not None and self._found(parent) is None:
            detail = "You attempted to reply to a Tweet that is deleted or not visible to you."
            return self._problem(403, "Forbidden", detail)
        recent = self.time() - timedelta(hours=12)
        if self.dialect.refuses_duplicates and any(
            one.text == text and one.reply_to == parent and one.at > recent and not one.gone and not one.alts
            for one in self.ledger
        ):
            return self._problem(
                403, "Forbidden", "You are not allowed to create a Tweet with duplicate content."
            )
        ids = told.get("media", {}).get("media_ids", [])
        if not all(one in self._media for one in ids):
            return self._problem(
                400, "Invalid Request", "Your media IDs are invalid.", kind="invalid-request"
            )
        made = self.make(text, reply_to=parent, alts=tuple(self._media[one].get("alt", "") for one in ids))
        shown = self._shown(made)
        data = {"id": made.id, "text": shown["text"], self._named("edit_history_tweet_ids"): [made.id]}
        answer: dict[str, Any] = {"data": data}
        if self.dialect.errors_beside:
            answer["errors"] = [
                {"title": "Field Hydration Failure", "detail": "partial", "type": PROBLEMS + "x"}
            ]
        return Reply(status=201, told=answer, headers=self._rate())

    def make(self, text: str, *, at: datetime | None = None, by_hand: bool = False, **more: Any) -> Posted:
        """Write one line of the ledger."""
        at = at or self.time()
        self._numbers += 1
        ms = int((at + (self.date_ahead or timedelta(0))).timestamp() * 1000) - EPOCH_MS
        made = Posted(
            id=str((ms << 22) | (self._numbers & 0x3FFFFF)),
            text=text,
            at=at,
            reply_to=more.pop("reply_to", None),
            alts=more.pop("alts", ()),
            by_hand=by_hand,
            more=more,
        )
        self.ledger.append(made)
        return made

    def show(self, request: Request, name: str) -> Reply:
        """Show one post."""
        found = self._found(name)
        if found is None:
            return self._well({"errors": [self._gone("tweet", name)]})
        return self._well({"data": self._shown(found), **self._included([found])})

    def show_many(self, request: Request) -> Reply:
        """Show posts by their ids."""
        asked = request.query.get("ids", "").split(",")
        found = [one for name in asked if (one := self._found(name)) is not None]
        told: dict[str, Any] = {"data": [self._shown(one) for one in found]} if found else {}
        gone = [self._gone("tweet", name) for name in asked if self._found(name) is None]
        if gone:
            told["errors"] = gone
        return self._well({**told, **self._included(found)})

    def timeline(self, request: Request, owner: str) -> Reply:
        """List an account's posts, the newest first."""
        query, dialect = request.query, self.dialect
        if owner != USER:
            return self._well({"errors": [self._gone("user", owner)]})
        asked = int(query.get("max_results", "10"))
        if not 5 <= asked <= 100:
            return self._problem(
                400, "Invalid Request", "max_results is not between 5 and 100", kind="invalid-request"
            )
        now = self.time()
        every = [one for one in self.ledger if not one.gone and now - one.at >= dialect.lag]
        every.sort(key=lambda one: int(one.id), reverse=True)
        left_out = query.get("exclude", "").split(",")
        if "replies" in left_out:
            every = [one for one in every if one.reply_to is None]
        if "since_id" in query:
            every = [one for one in every if int(one.id) > int(query["since_id"])]
        if "until_id" in query:
            every = [one for one in every if int(one.id) < int(query["until_id"])]
        if "start_time" in query:
            start = datetime.fromisoformat(query["start_time"]) - (self.date_ahead or timedelta(0))
            every = [one for one in every if one.at >= start]
        begin = int(query.get("pagination_token", "t0")[1:])
        size = min(asked, dialect.page)
        page = every[begin : begin + size]
        rest = every[begin + size :]
        page = self.without_one(page, dialect.leaves_out)
        meta: dict[str, Any] = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
        if rest:
            at = begin + size - (1 if dialect.repeats_at_borders and size > 1 else 0)
            meta["next_token"] = f"t{at}"
        if not page:
            empty = {"meta": meta}
            return self._well(empty if dialect.null_fields == "missing" else {**empty, "data": []})
        told: dict[str, Any] = {
            "data": [self._shown(one) for one in page],
            "meta": meta,
            **self._included(page),
        }
        if dialect.errors_beside:
            told["errors"] = [{**self._gone("tweet", "999"), "parameter": "referenced_tweets.id"}]
        return self._well(told)

    def delete(self, request: Request, name: str) -> Reply:
        """Take one down."""
        found = self._found(name)
        if found is not None:
            found.gone = True
        return self._well({"data": {"deleted": found is not None}})

    def upload(self, request: Request) -> Reply:
        """Take a picture."""
        self._numbers += 1
        name = str(7_000_000 + self._numbers)
        self._media[name] = {"key": f"3_{name}"}
        return self._well(
            {"data": {"id": name, "media_key": f"3_{name}", "size": 10, "expires_after_secs": 86400}}
        )

    def describe(self, request: Request) -> Reply:
        """Take a picture's description."""
        told = request.told
        name = str(told.get("id"))
        if name in self._media:
            self._media[name]["alt"] = told.get("metadata", {}).get("alt_text", {}).get("text", "")
        return self._well({"data": {"id": name}})

    _routes: tuple[tuple[str, str, Callable[..., Reply]], ...] = (
        (r"/2/users/me", "GET", me),
        (r"/2/users/by/username/([^/]+)", "GET", by_name),
        (r"/2/users/(\d+)/tweets", "GET", timeline),
        (r"/2/tweets", "POST", post),
        (r"/2/tweets", "GET", show_many),
        (r"/2/tweets/(\d+)", "GET", show),
        (r"/2/tweets/(\d+)", "DELETE", delete),
        (r"/2/media/upload", "POST", upload),
        (r"/2/media/metadata", "POST", describe),
    )

    # --- how it shows things

    def _found(self, name: str) -> Posted | None:
        return next((one for one in self.ledger if one.id == name and not one.gone), None)

    def _gone(self, kind: str, name: str) -> dict[str, Any]:
        return {
            "value": name,
            "detail": f"Could not find {kind} with ids: [{name}].",
            "title": "Not Found Error",
            "resource_type": kind,
            "parameter": "ids",
            "resource_id": name,
            "type": PROBLEMS + "resource-not-found",
        }

    def _problem(self, status: int, title: str, detail: str, kind: str = "") -> Reply:
        told = {
            "title": title,
            "detail": detail,
            "type": PROBLEMS + kind if kind else "about:blank",
            "status": status,
        }
        return Reply(status=status, told=told, headers=self._rate())

    def _well(self, told: Any) -> Reply:
        return Reply(told=json.dumps(told, ensure_ascii=False).encode(), headers=self._rate())

    def _rate(self) -> dict[str, str]:
        if not self.dialect.limits:
            return {}
        until = int(self.time().timestamp()) + 900
        return {
            "x-rate-limit-limit": "900",
            "x-rate-limit-remaining": "800",
            "x-rate-limit-reset": str(until),
        }

    def _named(self, field: str) -> str:
        return field.replace("tweet", "post") if self.dialect.names == "posts" else field

    def _shown(self, post: Posted) -> dict[str, Any]:
        text, urls = self._linked(post)
        at = (post.at + (self.date_ahead or timedelta(0))).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        told: dict[str, Any] = {
            "id": post.id,
            "text": text,
            "author_id": USER,
            "created_at": at,
            "conversation_id": post.id,
            self._named("edit_history_tweet_ids"): [post.id],
            "lang": "en",
        }
        if urls:
            told["entities"] = {"urls": urls}
        if post.reply_to is not None:
            told[self._named("referenced_tweets")] = [{"type": "replied_to", "id": post.reply_to}]
            told["in_reply_to_user_id"] = USER
        if post.alts:
            told["attachments"] = {"media_keys": [f"3_{post.id}{n}" for n in range(len(post.alts))]}
        if len(post.text) > 280:
            long = {"text": text, "entities": told.pop("entities", {})}
            told |= {
                self._named("note_tweet"): long,
                "text": f"{text[:270]}\u2026 https://t.co/note{post.id[-4:]}",
            }
        if self.dialect.null_fields == "null":
            told = {"entities": None, "attachments": None, "in_reply_to_user_id": None, **told}
        if self.dialect.null_fields == "extra":
            told |= {"source": "Other", "edit_controls": {"is_edit_eligible": False}, "x_other": [None]}
        return told

    def _linked(self, post: Posted) -> tuple[str, list[dict[str, Any]]]:
        """Put short addresses for long ones, and write ``&`` and its like out."""
        text, at = "", 0
        urls: list[dict[str, Any]] = []
        for n, one in enumerate(LINK.finditer(post.text)):
            text += html.escape(post.text[at : one.start()], quote=False)
            short = f"https://t.co/{post.id[-6:]}{n:04d}"
            bare = one.group(0)
            urls.append(self._url(text, short, bare if "://" in bare else f"{self.dialect.scheme}://{bare}"))
            text += short
            at = one.end()
        text += html.escape(post.text[at:], quote=False)
        if post.alts:
            text += " " if text else ""
            short = f"https://t.co/m{post.id[-6:]}"
            for n in range(len(post.alts)):
                url = self._url(text, short, f"https://x.com/{HANDLE}/status/{post.id}/photo/1")
                urls.append(
                    {**url, "media_key": f"3_{post.id}{n}", "display_url": f"pic.x.com/m{post.id[-6:]}"}
                )
            text += short
        return text, urls

    def _url(self, before: str, short: str, long: str) -> dict[str, Any]:
        begin = len(before if self.dialect.counts == "written" else html.unescape(before))
        shown = long.split("://", 1)[1]
        return {
            "start": begin,
            "end": begin + len(short),
            "url": short,
            "expanded_url": long,
            "display_url": shown if len(shown) < 28 else shown[:26] + "\u2026",
        }

    def _included(self, posts: list[Posted]) -> dict[str, Any]:
        media = [
            {"media_key": f"3_{post.id}{n}", "type": "photo", **({"alt_text": alt} if alt else {})}
            for post in posts
            for n, alt in enumerate(post.alts)
        ]
        users = [self._user()]
        return {
            "includes": {"users": users, **({"media": media} if media and self.dialect.media_told else {})}
        }
