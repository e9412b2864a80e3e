"""A server that speaks Mastodon's API, in the dialects of those that do.

Written after their documentation and what they are known to answer, without a look at Steadypost's channel.
"""

from __future__ import annotations

import html
import random
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from markdown_it import MarkdownIt

from tests.channels.other_servers.line import Manner, OtherServer, Posted, Reply, Request, Time, bodies

TOKEN = "world-token-5d1f0c8e7b"
OTHERS_TOKEN = "world-token-bob-9a8b7c"
HANDLE = "alice"

BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
TAG = re.compile(r"(?<![\w/&])#(\w*[^\W\d]\w*)")
MENTION = re.compile(r"(?<![\w/@.])@(bob)(@far\.example)?\b")
CODE = re.compile(r":(blobcat):")


def in_base(number: int, signs: str, length: int) -> str:
    """Write a number with these signs."""
    found = ""
    while number:
        number, rest = divmod(number, len(signs))
        found = signs[rest] + found
    return found.rjust(length, signs[0])


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How one server speaks."""

    family: str
    ids: str
    idempotency: str = "ignored"
    """``kept``, ``ignored``, ``brief``, ``500``, ``422`` or ``202``."""
    most: int = 40
    usual: int = 20
    link: str = "both"
    replies_only_if_asked: bool = False
    pinned_first: bool = False
    boosts_always: bool = False
    repeats_at_borders: bool = False
    filters_after: bool = False
    created: str = "ms"
    tells_source: bool = True
    instance: tuple[str, ...] = ("v1", "v2")
    null_fields: str = "null"
    limits: str = "iso"
    media: str = "now"
    lag: timedelta = timedelta(0)
    """How long a list lacks what was just made."""
    leaves_out: float = 0.0
    """How often one answer of a list lacks one of its posts."""
    created_ahead: timedelta = timedelta(0)
    names_mentioned: bool = True
    status: int = 200


FAMILIES: dict[str, dict[str, Any]] = {
    "mastodon": {"ids": "snowflake"},
    "gotosocial": {"ids": "ulid", "usual": 30},
    "pleroma": {"ids": "flake", "limits": "none"},
    "akkoma": {"ids": "flake", "limits": "none", "tells_source": False},
    "pixelfed": {
        "ids": "big",
        "instance": ("v1",),
        "created": "us",
        "tells_source": False,
        "limits": "epoch",
    },
    "hollo": {"ids": "uuid"},
    "sharkey": {"ids": "aid", "tells_source": False},
    "snac": {"ids": "stamp", "link": "none", "tells_source": False, "created": "s", "limits": "none"},
    "friendica": {"ids": "small", "created": "ms", "tells_source": False, "limits": "seconds"},
    "takahe": {"ids": "small", "created": "offset"},
}


def drawn(dice: random.Random, family: str | None = None) -> Dialect:
    """Draw one server."""
    name = family or dice.choice(list(FAMILIES))
    own = FAMILIES[name]
    often = {
        "most": dice.choice([40, 40, 20, 5]),
        "link": dice.choice(["both", "both", "next", "none"]),
        "pinned_first": dice.random() < 0.2,
        "boosts_always": dice.random() < 0.3,
        "repeats_at_borders": dice.random() < 0.3,
        "filters_after": dice.random() < 0.3,
        "null_fields": dice.choice(["null", "missing", "extra"]),
        "media": dice.choice(["now", "later", "fails", "lost"]),
        "lag": timedelta(seconds=dice.choice([0, 0, 5, 20, 60])),
        "leaves_out": dice.choice([0, 0, 0.15]),
        "names_mentioned": dice.random() < 0.7,
        "replies_only_if_asked": dice.random() < 0.2,
        "status": 200 if name == "mastodon" else dice.choice([200, 200, 200, 201, 202]),
        "idempotency": dice.choice(["kept", "ignored", "brief", "500", "422", "202"]),
        "tells_source": dice.random() < 0.6,
        "created_ahead": timedelta(seconds=dice.choice([0, 0, 0, 1, -1, 20, -20, -90])),
    }
    return Dialect(family=name, **{**often, **own})


class OtherMastodon(OtherServer):
    """One such server, with one account of ours."""

    writes = ("/api/v1/statuses",)

    def __init__(self, time: Time, dice: random.Random, dialect: Dialect) -> None:
        super().__init__(time, dice)
        self.dialect = dialect
        self.latest_commit = timedelta(seconds=110)
        self.token_ends: datetime | None = None
        self._keys: dict[str, tuple[datetime, Posted]] = {}
        self._media: dict[str, dict[str, Any]] = {}
        self._numbers = 0
        self._pinned: str | None = None

    # --- what it is asked

    def handle(self, request: Request) -> Reply:
        """Answer in calm weather."""
        path, method = request.path, request.method
        for pattern, verb, open_to_all, action in self._routes:
            found = re.fullmatch(pattern, path)
            if found is None or verb != method:
                continue
            if not open_to_all and (refused := self._not_signed_in(request)) is not None:
                return refused
            return action(self, request, *found.groups())
        return Reply(status=404, told={"error": "Record not found"})

    def _not_signed_in(self, request: Request) -> Reply | None:
        ended = self.token_ends is not None and self.time() >= self.token_ends
        if request.token in {TOKEN, OTHERS_TOKEN} and not ended:
            return None
        return Reply(status=401, told={"error": "The access token is invalid"})

    def own_trouble(self, request: Request) -> Manner:
        """Lose a picture, or the token."""
        if self.dice.random() < 0.3:
            self.token_ends = self.time()
            return Manner(instead=None)
        return Manner(cut="after")

    def recovers(self) -> None:
        """Have the token be good again."""
        self.token_ends = None

    def verify(self, request: Request) -> Reply:
        """Say who is signed in."""
        name = HANDLE if request.token == TOKEN else "bob"
        return self._well(
            {**self._account(name), "source": {"privacy": "public", "sensitive": False, "language": None}}
        )

    def lookup(self, request: Request) -> Reply:
        """Say who has a handle."""
        name = request.query.get("acct", "").split("@")[0]
        if name not in {HANDLE, "bob"}:
            return Reply(status=404, told={"error": "Record not found"})
        return self._well(self._account(name))

    def instance_v2(self, request: Request) -> Reply:
        """Tell the limits, in the newer form."""
        if "v2" not in self.dialect.instance:
            return Reply(status=404, told={"error": "Record not found"})
        return self._well({"domain": "other.test", "version": "4.5.2", "configuration": self._limits()})

    def instance_v1(self, request: Request) -> Reply:
        """Tell the limits, in the older form."""
        if "v1" not in self.dialect.instance:
            return Reply(status=404, told={"error": "Record not found"})
        told: dict[str, Any] = {
            "uri": "other.test",
            "version": "2.7.2 (compatible; Other 1.0)",
            "max_toot_chars": 5000,
        }
        if self.dialect.family not in {"pleroma", "akkoma"}:
            told["configuration"] = self._limits()
        return self._well(told)

    def _limits(self) -> dict[str, Any]:
        kinds = ["image/jpeg", "image/png", "image/gif", "image/webp"]
        return {
            "statuses": {
                "max_characters": 500,
                "max_media_attachments": 4,
                "characters_reserved_per_url": 23,
            },
            "media_attachments": {
                "supported_mime_types": kinds,
                "image_size_limit": 16_777_216,
                "image_matrix_limit": 33_177_600,
                "description_limit": 1500,
            },
        }

    # --- media

    def upload(self, request: Request) -> Reply:
        """Take a picture."""
        if not isinstance(request.told.get("file"), bytes):
            return Reply(status=422, told={"error": "Validation failed: File can't be blank"})
        media = {
            "id": self._next_id(self.time()),
            "type": "image",
            "alt": request.told.get("description"),
            "ready_at": self.time() + timedelta(seconds=self.dice.choice([0.2, 0.5])),
        }
        self._media[media["id"]] = media
        if self.dialect.media in {"later", "fails"}:
            return Reply(status=202, told=self._shown_media(media) | {"url": None})
        return self._well(self._shown_media(media))

    def media(self, request: Request, name: str) -> Reply:
        """Say how far a picture is."""
        media = self._media.get(name)
        if media is None:
            return Reply(status=404, told={"error": "Record not found"})
        if request.method == "PUT":
            media["alt"] = request.told.get("description")
        if self.dialect.media == "fails" and self.dice.random() < 0.3:
            return Reply(status=422, told={"error": "Error processing thumbnail for uploaded media"})
        if self.dialect.media in {"later", "fails"} and self.time() < media["ready_at"]:
            return Reply(status=206, told=self._shown_media(media) | {"url": None})
        return self._well(self._shown_media(media))

    def _shown_media(self, media: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": self._said_id(media["id"]),
            "type": media["type"],
            "url": f"{self.url}/media/{media['id']}.png",
            "description": media["alt"],
            "meta": None if self.dice.random() < 0.5 else {"original": {"width": 1, "height": 1}},
        }

    # --- statuses

    def post(self, request: Request) -> Reply:
        """Make a post."""
        told = request.told
        ids = [str(one) for one in told.get("media_ids", ())]
        text = told.get("status") or ""
        if not text.strip() and not ids:
            return Reply(status=422, told={"error": "Validation failed: Text can't be blank"})
        parent = told.get("in_reply_to_id")
        if parent is not None and self._found(str(parent)) is None:
            return Reply(status=404, told={"error": "Record not found"})
        known = self._known(request)
        if isinstance(known, Reply):
            return known
        alts = tuple(str(self._media[one]["alt"] or "") for one in ids if one in self._media)
        if self.dialect.media == "lost" and self.dice.random() < 0.5:
            alts = ()
        made = self.make(
            text,
            reply_to=None if parent is None else str(parent),
            alts=alts,
            visibility=told.get("visibility") or "public",
            warning=told.get("spoiler_text") or "",
            sensitive=bool(told.get("sensitive")),
            language=told.get("language"),
            by=HANDLE if request.token == TOKEN else "bob",
        )
        if (key := request.headers.get("idempotency-key")) is not None:
            self._keys[key] = (self.time(), made)
        return Reply(status=self.dialect.status, told=self._shown(made), headers=self._rate())

    def _known(self, request: Request) -> Reply | None:
        key = request.headers.get("idempotency-key")
        if key not in self._keys:
            return None
        at, made = self._keys[key]
        match self.dialect.idempotency:
            case "kept" if self.time() - at < timedelta(hours=1):
                return self._well(self._shown(made))
            case "brief" if self.time() - at < timedelta(seconds=1):
                return self._well(self._shown(made))
            case "202" if self.time() - at < timedelta(hours=1):
                return Reply(status=202, told=self._shown(made))
            case "500" | "422" as status if self.time() - at < timedelta(hours=1):
                return bodies(self.dice, int(status))
        return None

    def make(
        self, text: str, *, at: datetime | None = None, by: str = HANDLE, by_hand: bool = False, **more: Any
    ) -> Posted:
        """Write one line of the ledger."""
        at = at or self.time()
        made = Posted(
            id=self._next_id(at),
            text=text,
            at=at,
            reply_to=more.pop("reply_to", None),
            alts=more.pop("alts", ()),
            by_hand=by_hand,
            more={"by": by, "visibility": "public", "created_at": self._created(at), **more},
        )
        self.ledger.append(made)
        return made

    def boost(self) -> None:
        """Have the account pass on somebody else's post."""
        other = self.make("Somebody else's words", by="bob", by_hand=True)
        self.make("", by_hand=True, reblog=other)

    def pin(self, name: str) -> None:
        """Put a post at the top of the profile."""
        self._pinned = name

    def show(self, request: Request, name: str) -> Reply:
        """Show one post."""
        found = self._found(name)
        if found is None:
            gone = any(one.id == name for one in self.ledger) and self.dialect.family in {
                "sharkey",
                "friendica",
            }
            return Reply(status=410 if gone else 404, told={"error": "Record not found"})
        return self._well(self._shown(found))

    def edit(self, words: str) -> None:
        """Have a person put right what was posted last by a program."""
        made = [one for one in self._live() if not one.by_hand]
        if made and self.dialect.tells_source:
            made[-1].more |= {"edited": words, "edited_at": self._created(self.time())}

    def history(self, request: Request, name: str) -> Reply:
        """Tell what an edited post said at first."""
        found = self._found(name)
        if found is None or not self.dialect.tells_source:
            return Reply(status=404, told={"error": "Record not found"})
        last = self._shown(found)
        first = {**last, "content": written(self.dialect.family, found.text, self.url)}
        return self._well([first, last] if "edited" in found.more else [first])

    def source(self, request: Request, name: str) -> Reply:
        """Tell what was written."""
        found = self._found(name)
        if found is None or not self.dialect.tells_source:
            return Reply(status=404, told={"error": "Record not found"})
        return self._well(
            {"id": self._said_id(found.id), "text": found.text, "spoiler_text": found.more.get("warning", "")}
        )

    def context(self, request: Request, name: str) -> Reply:
        """Tell what is above and below a post."""
        found = self._found(name)
        if found is None:
            return Reply(status=404, told={"error": "Record not found"})
        above: list[Posted] = []
        one: Posted | None = found
        while one is not None and one.reply_to is not None:
            one = self._found(one.reply_to)
            if one is not None:
                above.insert(0, one)
        below, level = [], [found.id]
        while level:
            next_ones = [one for one in self._live() if one.reply_to in level]
            below += next_ones
            level = [one.id for one in next_ones]
        return self._well(
            {
                "ancestors": [self._shown(one) for one in above],
                "descendants": [self._shown(one) for one in below],
            }
        )

    def delete(self, request: Request, name: str) -> Reply:
        """Take one down."""
        found = self._found(name)
        owner = HANDLE if request.token == TOKEN else "bob"
        if found is None or found.more["by"] != owner:
            return Reply(status=404, told={"error": "Record not found"})
        shown = self._shown(found)
        found.gone = True
        return self._well({**shown, "text": found.text})

    def statuses(self, request: Request, owner: str) -> Reply:
        """List an account's posts, the newest first."""
        query, dialect = request.query, self.dialect
        name = HANDLE if owner == self._account_id(HANDLE) else "bob"
        every = [one for one in self._live() if one.more["by"] == name]
        now = self.time()
        shown = [one for one in every if now - one.at >= dialect.lag]
        if query.get("pinned") == "true":
            return self._well([self._shown(one) for one in shown if one.id == self._pinned])
        shown.sort(key=lambda one: (one.at, len(one.id), one.id), reverse=True)
        shown = self._between(shown, query)
        limit = min(int(query.get("limit", dialect.usual)), dialect.most)
        if not dialect.filters_after:
            shown = self._filtered(shown, query)
        page = shown[:limit]
        rest = shown[limit:]
        if dialect.filters_after:
            last = page[-1:] if page else []
            page = self._filtered(page, query)
        else:
            last = page[-1:]
        headers = self._links(request.path, query, page[:1], last if rest else [])
        page = self.without_one(page, dialect.leaves_out)
        if dialect.pinned_first and "max_id" not in query and self._pinned is not None:
            page = [one for one in every if one.id == self._pinned] + page
        told = [self._shown(one) for one in page]
        return Reply(told=told, headers={**headers, **self._rate()})

    def _between(self, shown: list[Posted], query: dict[str, str]) -> list[Posted]:
        def place(name: str) -> int:
            at = [n for n, one in enumerate(shown) if one.id == name]
            if at:
                return at[0]
            known = next((one.at for one in self.ledger if one.id == name), None)
            return next((n for n, one in enumerate(shown) if known is None or one.at <= known), len(shown))

        if "max_id" in query:
            begin = place(query["max_id"])
            shown = shown[
                begin if self.dialect.repeats_at_borders and begin + 1 < len(shown) else begin + 1 :
            ]
        for word in ("since_id", "min_id"):
            if word in query:
                shown = shown[: place(query[word])]
        return shown

    def _filtered(self, shown: list[Posted], query: dict[str, str]) -> list[Posted]:
        dialect = self.dialect
        found = shown
        if query.get("exclude_reblogs") in {"true", "1"} and not dialect.boosts_always:
            found = [one for one in found if "reblog" not in one.more]
        hides = query.get("exclude_replies") in {"true", "1"}
        if dialect.replies_only_if_asked and query.get("exclude_replies") not in {"false", "0"}:
            hides = True
        if hides:
            found = [one for one in found if one.reply_to is None]
        return found

    def _links(
        self, path: str, query: dict[str, str], first: list[Posted], last: list[Posted]
    ) -> dict[str, str]:
        if self.dialect.link == "none":
            return {}
        kept = "".join(
            f"&{name}={value}"
            for name, value in query.items()
            if name not in {"max_id", "min_id", "since_id"}
        )
        links = [f'<{self.url}{path}?max_id={one.id}{kept}>; rel="next"' for one in last]
        if self.dialect.link == "both":
            links += [f'<{self.url}{path}?min_id={one.id}{kept}>; rel="prev"' for one in first]
        return {"Link": ", ".join(links)} if links else {}

    _routes: tuple[tuple[str, str, bool, Callable[..., Reply]], ...] = (
        (r"/api/v1/accounts/verify_credentials", "GET", False, verify),
        (r"/api/v1/accounts/lookup", "GET", True, lookup),
        (r"/api/v2/instance", "GET", True, instance_v2),
        (r"/api/v1/instance", "GET", True, instance_v1),
        (r"/api/v2/media", "POST", False, upload),
        (r"/api/v1/media", "POST", False, upload),
        (r"/api/v1/media/([^/]+)", "GET", False, media),
        (r"/api/v1/media/([^/]+)", "PUT", False, media),
        (r"/api/v1/statuses", "POST", False, post),
        (r"/api/v1/statuses/([^/]+)", "GET", False, show),
        (r"/api/v1/statuses/([^/]+)", "DELETE", False, delete),
        (r"/api/v1/statuses/([^/]+)/source", "GET", False, source),
        (r"/api/v1/statuses/([^/]+)/history", "GET", False, history),
        (r"/api/v1/statuses/([^/]+)/context", "GET", False, context),
        (r"/api/v1/accounts/([^/]+)/statuses", "GET", False, statuses),
    )

    # --- how it shows things

    def _live(self) -> list[Posted]:
        return [one for one in self.ledger if not one.gone]

    def _found(self, name: str) -> Posted | None:
        return next((one for one in self._live() if one.id == name), None)

    def _well(self, told: Any) -> Reply:
        return Reply(told=told, headers=self._rate())

    def _rate(self) -> dict[str, str]:
        until = self.time() + timedelta(minutes=5)
        many = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "250"}
        match self.dialect.limits:
            case "iso":
                return {**many, "X-RateLimit-Reset": until.isoformat().replace("+00:00", "Z")}
            case "epoch":
                return {**many, "X-RateLimit-Reset": str(int(until.timestamp()))}
            case "seconds":
                return {**many, "X-RateLimit-Reset": "300"}
            case _:
                return {}

    def _account_id(self, name: str) -> str:
        number = 109_000_000_000_000_000 + (1 if name == HANDLE else 2)
        match self.dialect.ids:
            case "small":
                return "1" if name == HANDLE else "2"
            case "ulid":
                return in_base(number, BASE32, 26)
            case "flake":
                return in_base(number << 40, BASE62, 18)
            case "uuid":
                return str(uuid.UUID(int=number << 60))
            case _:
                return str(number)

    def _account(self, name: str) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": self._said_id(self._account_id(name)),
            "username": name,
            "acct": name,
            "display_name": name.title(),
            "url": f"{self.url}/@{name}",
            "bot": False,
            "locked": False,
            "statuses_count": sum(one.more["by"] == name for one in self._live()),
            "emojis": [],
            "fields": [],
        }
        if self.dialect.family in {"pleroma", "akkoma"}:
            told["pleroma"] = {"is_admin": False}
        return told

    def _said_id(self, name: str) -> Any:
        return name

    def _next_id(self, at: datetime) -> str:
        self._numbers += 1
        ms = int(at.timestamp() * 1000)
        match self.dialect.ids:
            case "snowflake":
                return str((ms << 16) | (self._numbers & 0xFFFF))
            case "big":
                return str(((ms - 1_546_300_800_000) << 22) | (self._numbers & 0xFFF))
            case "ulid":
                return in_base(ms, BASE32, 10) + in_base(
                    (self._numbers << 60) | self.dice.getrandbits(60), BASE32, 16
                )
            case "flake":
                return in_base((ms << 64) | self._numbers, BASE62, 18)
            case "uuid":
                top = (
                    (ms << 80)
                    | (0x7 << 76)
                    | ((self._numbers & 0xFFF) << 64)
                    | (0b10 << 62)
                    | self.dice.getrandbits(62)
                )
                return str(uuid.UUID(int=top))
            case "aid":
                return in_base(ms - 946_684_800_000, BASE36, 8) + in_base(self._numbers % 1296, BASE36, 2)
            case "stamp":
                return f"{ms / 1000:.6f}"[:-3] + f"{self._numbers % 1000:03d}"
            case _:
                return str(1000 + self._numbers)

    def _page_of(self, far: str) -> str:
        return "https://far.example/@bob" if far else f"{self.url}/@bob"

    def _created(self, at: datetime) -> str:
        at = (at + self.dialect.created_ahead + (self.date_ahead or timedelta(0))).astimezone(UTC)
        match self.dialect.created:
            case "ms":
                return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
            case "us":
                return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            case "s":
                return at.strftime("%Y-%m-%dT%H:%M:%SZ")
            case _:
                return at.isoformat()

    def _shown(self, post: Posted) -> dict[str, Any]:
        by = post.more["by"]
        parent = post.reply_to
        told: dict[str, Any] = {
            "id": self._said_id(post.id),
            "uri": f"{self.url}/users/{by}/statuses/{post.id}",
            "url": f"{self.url}/@{by}/{post.id}",
            "created_at": post.more["created_at"],
            "edited_at": post.more.get("edited_at"),
            "account": self._account(by),
            "content": written(self.dialect.family, post.more.get("edited", post.text), self.url),
            "visibility": post.more.get("visibility", "public"),
            "sensitive": bool(post.more.get("sensitive") or post.more.get("warning")),
            "spoiler_text": post.more.get("warning", ""),
            "language": post.more.get("language") or "en",
            "in_reply_to_id": None if parent is None else self._said_id(parent),
            "in_reply_to_account_id": None if parent is None else self._said_id(self._account_id(HANDLE)),
            "reblog": self._shown(post.more["reblog"]) if "reblog" in post.more else None,
            "media_attachments": [
                {"id": str(n), "type": "image", "url": f"{self.url}/m/{n}.png", "description": alt or None}
                for n, alt in enumerate(post.alts)
            ],
            "mentions": [
                {"id": f"{n}", "username": "bob", "acct": f"bob{far}", "url": self._page_of(far)}
                for n, far in enumerate({one.group(2) or "" for one in MENTION.finditer(post.text)})
            ]
            if self.dialect.names_mentioned
            else [],
            "tags": [
                {"name": tag.lower(), "url": f"{self.url}/tags/{tag}"} for tag in TAG.findall(post.text)
            ],
            "emojis": [{"shortcode": "blobcat", "url": f"{self.url}/e.png"}]
            if ":blobcat:" in post.text
            else [],
            "card": None,
            "poll": None,
            "application": {"name": "Steadypost", "website": None},
            "pinned": post.id == self._pinned,
        }
        if self.dialect.null_fields == "missing":
            told = {name: value for name, value in told.items() if value is not None}
        if self.dialect.null_fields == "extra":
            told |= {
                "filtered": [],
                "quote": None,
                "quotes_count": 0,
                "text": None,
                "x_other": {"a": [1, None]},
            }
        if self.dialect.family in {"pleroma", "akkoma"}:
            told["pleroma"] = {"content": {"text/plain": post.text}, "local": True, "quote": None}
        return told


# --- how texts are written


def written(family: str, text: str, url: str) -> str:
    """Write a text as a server of this family does."""
    match family:
        case "pleroma" | "akkoma":
            return _linked(text, url, "pleroma").replace("\n", "<br/>")
        case "gotosocial":
            return _paragraphs(_linked(text.strip(), url, "gotosocial"), "<br>")
        case "pixelfed":
            return _linked(text, url, "plain").replace("\n", "<br />\n")
        case "sharkey":
            return "<p>" + _linked(text, url, "plain").replace("\n", "<br>") + "</p>"
        case "snac":
            for signs, emoji in ((":-)", "\U0001f642"), ("<3", "\U0001f497")):
                text = text.replace(signs, emoji)
            return "<p>" + _linked(text, url, "plain").replace("\n", "<br>") + "</p>\n"
        case "hollo":
            # It takes every text for Markdown; a line break within a paragraph stays one.
            return MarkdownIt("commonmark", {"breaks": True}).render(text)
        case "friendica":
            return _linked(text.strip(), url, "plain").replace("\n", "<br>")
        case _:
            return _paragraphs(_linked(text, url, "mastodon"), "<br />")


def _paragraphs(text: str, line: str) -> str:
    parts = re.split(r"\n\n+", text.replace("\r\n", "\n"))
    return "".join(f"<p>{part.replace(chr(10), line)}</p>" for part in parts)


def _linked(text: str, url: str, manner: str) -> str:
    """Escape a text, with its links, tags and mentions marked."""
    marks = sorted(
        [(one.start(), one.end(), "link", one) for one in LINK.finditer(text)]
        + [(one.start(), one.end(), "tag", one) for one in TAG.finditer(text)]
        + [(one.start(), one.end(), "mention", one) for one in MENTION.finditer(text)],
        key=lambda mark: mark[0],
    )
    found, at = "", 0
    for begin, end, kind, one in marks:
        if begin < at:
            continue
        found += _escaped(text[at:begin], manner)
        found += _marked(kind, one, url, manner)
        at = end
    return found + _escaped(text[at:], manner)


def _escaped(text: str, manner: str) -> str:
    if manner == "plain":
        return html.escape(text, quote=True)
    return html.escape(text, quote=False).replace('"', "&quot;" if manner != "gotosocial" else "&#34;")


def _marked(kind: str, one: re.Match[str], url: str, manner: str) -> str:
    said = html.escape(one.group(0))
    if kind == "tag":
        tag = html.escape(one.group(1))
        if manner == "pleroma":
            return f'<a class="hashtag" data-tag="{tag.lower()}" href="{url}/tag/{tag.lower()}" rel="tag ugc">#{tag}</a>'
        if manner == "plain":
            return f'<a href="{url}/tags/{tag}" rel="tag">#{tag}</a>'
        return f'<a href="{url}/tags/{tag}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>'
    if kind == "mention":
        page = "https://far.example/@bob" if one.group(2) else f"{url}/@bob"
        if manner == "plain":
            return f'<a class="u-url mention" href="{page}" rel="external nofollow">@bob</a>'
        return f'<span class="h-card" translate="no"><a href="{page}" class="u-url mention">@<span>bob</span></a></span>'
    if manner == "gotosocial":
        # What it writes links with escapes what is not ASCII in the address, and not in the words.
        href = html.escape(quote(one.group(0), safe="%/?#[]@!$&'()*+,;=:-._~"))
        return f'<a href="{href}" rel="nofollow noreferrer noopener" target="_blank">{said}</a>'
    if manner != "mastodon":
        return f'<a href="{said}" rel="nofollow noreferrer noopener" target="_blank">{said}</a>'
    scheme, rest = one.group(0).split("://", 1)
    head = f"{scheme}://" + ("www." if rest.startswith("www.") else "")
    rest = rest.removeprefix("www.")
    shown, hidden = html.escape(rest[:30]), html.escape(rest[30:])
    ellipsis = "ellipsis" if hidden else ""
    return (
        f'<a href="{said}" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">{head}</span>'
        f'<span class="{ellipsis}">{shown}</span><span class="invisible">{hidden}</span></a>'
    )
