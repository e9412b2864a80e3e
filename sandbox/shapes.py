"""Answers in the network's own shapes."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from sandbox.faults import ERROR_CODES
from sandbox.ledger import Account, Ledger, Post, Repost
from sandbox.length import LIMIT, links_in
from sandbox.snowflake import now_ms

DISPLAY_LIMIT: Final = 27
"""Longer addresses are shown cut, with an ellipsis."""

Json: TypeAlias = dict[str, Any]


def user(account: Account) -> Json:
    """An account, with an id of its own that is easily mistaken for a post's."""
    return {
        "__typename": "User",
        "id": base64.b64encode(f"User:{account.user_id}".encode()).decode(),
        "rest_id": account.user_id,
        "is_blue_verified": account.premium,
        "core": {"name": account.name, "screen_name": account.handle},
        "legacy": {"name": account.name, "screen_name": account.handle},
    }


def when(ms: int) -> str:
    """A time as the network writes it in posts."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%a %b %d %H:%M:%S +0000 %Y")


def _short(url: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(url.encode()).digest()).decode()
    return "https://t.co/" + re.sub(r"[-_]", "x", digest)[:10]


def _display(url: str) -> str:
    bare = re.sub(r"^https?://(www\.)?", "", url)
    return bare if len(bare) <= DISPLAY_LIMIT else bare[:DISPLAY_LIMIT] + "…"


def shortened(text: str) -> tuple[str, list[Json]]:
    """A text with its links rewritten, and the entities that tell what they were."""
    out, urls, last = "", [], 0
    for link in links_in(text):
        out += html.escape(text[last : link.start], quote=False)
        expanded = link.url if link.url.startswith("http") else f"http://{link.url}"
        entity = {"url": _short(link.url), "expanded_url": expanded, "display_url": _display(link.url)}
        start = len(out)
        out += entity["url"]
        urls.append({**entity, "indices": [start, len(out)]})
        last = link.end
    return out + html.escape(text[last:], quote=False), urls


def _photo(post: Post, number: int) -> Json:
    media = post.media[number]
    return {
        "id_str": media.id,
        "media_key": f"3_{media.id}",
        "type": "photo",
        "media_url_https": f"/media/{media.id}",
        "ext_alt_text": media.alt,
        "expanded_url": f"https://x.com/{post.author}/status/{post.id}/photo/{number + 1}",
    }


class Shaper:
    """Tells of posts as the network's JSON does."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def tweet(self, post: Post, *, cut_at: int | None = None) -> Json:
        """A post. With `cut_at` its text is the short one, and the whole one waits behind Show more."""
        account = self._ledger.account(post.author)
        limit = cut_at if cut_at is not None else LIMIT
        is_long = len(post.text) > limit
        shown = post.text[:limit].rstrip() + "…" if is_long else post.text
        text, urls = shortened(shown)
        result: Json = {
            "__typename": "Tweet",
            "core": {"user_results": {"result": user(account)}},
            "rest_id": post.id,
            "views": {"count": str(post.likes * 31), "state": "EnabledWithCount"},
            "legacy": {
                "created_at": when(post.created_at),
                "conversation_id_str": self._root(post),
                "entities": {"urls": urls, "hashtags": [], "user_mentions": []},
                "favorite_count": post.likes,
                "full_text": text,
                "id_str": post.id,
                "lang": "en",
                "reply_count": len(self._ledger.replies_to(post.id)),
                "retweet_count": sum(1 for r in self._ledger.reposts if r.post == post.id),
                "user_id_str": account.user_id,
            },
        }
        if is_long:
            whole, whole_urls = shortened(post.text)
            note = {"id": post.id, "text": whole, "entity_set": {"urls": whole_urls}}
            result["note_tweet"] = {"is_expandable": True, "note_tweet_results": {"result": note}}
        if post.media:
            result["legacy"]["extended_entities"] = {
                "media": [_photo(post, number) for number in range(len(post.media))]
            }
        return self._with_parent(result, post)

    def _root(self, post: Post) -> str:
        chain = self._ledger.ancestors(post)
        return chain[0].id if chain else post.id

    def _with_parent(self, result: Json, post: Post) -> Json:
        if post.reply_to is None:
            return result
        parent = self._ledger.posts.get(post.reply_to)
        result["legacy"]["in_reply_to_status_id_str"] = post.reply_to
        if parent is not None:
            author = self._ledger.account(parent.author)
            result["legacy"]["in_reply_to_screen_name"] = author.handle
            result["legacy"]["in_reply_to_user_id_str"] = author.user_id
        return result

    def repost(self, repost: Repost, *, cut_at: int | None = None) -> Json:
        """A repost: a post of its own, that holds the other one."""
        account = self._ledger.account(repost.account)
        original = self._ledger.posts[repost.post]
        text = html.escape(f"RT @{original.author}: {original.text}"[:140], quote=False)
        return {
            "__typename": "Tweet",
            "core": {"user_results": {"result": user(account)}},
            "rest_id": repost.id,
            "legacy": {
                "created_at": when(repost.at),
                "full_text": text,
                "id_str": repost.id,
                "user_id_str": account.user_id,
                "retweeted_status_result": {"result": self.tweet(original, cut_at=cut_at)},
            },
        }


# -- timelines


def item(result: Json, *, prefix: str = "tweet", promoted: bool = False) -> Json:
    """One entry of a timeline."""
    content: Json = {
        "itemType": "TimelineTweet",
        "__typename": "TimelineTweet",
        "tweet_results": {"result": result},
        "tweetDisplayType": "Tweet",
    }
    if promoted:
        content["promotedMetadata"] = {
            "advertiser_results": {"result": {}},
            "impressionId": result["rest_id"],
        }
    return {
        "entryId": f"{prefix}-{result['rest_id']}",
        "sortIndex": result["rest_id"],
        "content": {"entryType": "TimelineTimelineItem", "itemContent": content},
    }


def module(results: Iterable[Json], *, prefix: str) -> Json:
    """Several posts that belong together, as one entry."""
    entries = [item(result) for result in results]
    name = f"{prefix}-{entries[-1]['sortIndex']}"
    items = [
        {"entryId": f"{name}-{e['entryId']}", "item": {"itemContent": e["content"]["itemContent"]}}
        for e in entries
    ]
    return {
        "entryId": name,
        "sortIndex": entries[-1]["sortIndex"],
        "content": {
            "entryType": "TimelineTimelineModule",
            "displayType": "VerticalConversation",
            "items": items,
        },
    }


def cursor(kind: str, value: str) -> Json:
    """Where the next page of a timeline begins."""
    return {
        "entryId": f"cursor-{kind.lower()}-{value}",
        "sortIndex": value,
        "content": {"entryType": "TimelineTimelineCursor", "value": value, "cursorType": kind},
    }


def instructions(entries: list[Json], pinned: Json | None = None) -> list[Json]:
    """What the page is told to do with the entries."""
    pin = [] if pinned is None else [{"type": "TimelinePinEntry", "entry": pinned}]
    return [{"type": "TimelineClearCache"}, *pin, {"type": "TimelineAddEntries", "entries": entries}]


def user_timeline(told: list[Json]) -> Json:
    """A profile's timeline."""
    return {
        "data": {"user": {"result": {"__typename": "User", "timeline": {"timeline": {"instructions": told}}}}}
    }


def home_timeline(told: list[Json]) -> Json:
    """The home timeline."""
    return {"data": {"home": {"home_timeline_urt": {"instructions": told}}}}


def conversation(told: list[Json]) -> Json:
    """A post with what is above and below it."""
    return {"data": {"threaded_conversation_with_injections_v2": {"instructions": told}}}


# -- answers to an ask


ROOTS: Final[Mapping[str, str]] = {"CreateTweet": "create_tweet", "CreateNoteTweet": "notetweet_create"}


def created(operation: str, result: Json) -> Json:
    """The usual success."""
    return {"data": {ROOTS[operation]: {"tweet_results": {"result": result}}}}


def empty_result(operation: str) -> Json:
    """A success that names nothing."""
    return {"data": {ROOTS[operation]: {"tweet_results": {}}}}


def refusal(code: int, operation: str | None = "CreateTweet", *, with_data: bool = True) -> Json:
    """The network's error body, which mostly travels with HTTP 200."""
    described = {
        "name": "AuthorizationError" if code not in (88, 324) else "GenericError",
        "source": "Client",
        "code": code,
        "kind": "Permissions",
        "tracing": {"trace_id": f"{now_ms():016x}"},
    }
    path = [ROOTS[operation]] if operation else []
    error = {
        "message": ERROR_CODES[code],
        "locations": [{"line": 1, "column": 1}],
        "path": path,
        "extensions": described,
        **described,
    }
    return {"errors": [error], "data": {}} if with_data else {"errors": [error]}


def reshaped(kind: str, operation: str, result: Json) -> Json | str:
    """A success in a shape of another day."""
    match kind:
        case "result_wrapper":
            wrapper = {"__typename": "TweetWithVisibilityResults", "tweet": result}
            return created(operation, wrapper)
        case "legacy_only":
            return created(
                operation, {"__typename": "Tweet", "core": result["core"], "legacy": result["legacy"]}
            )
        case "errors_and_data":
            return {**refusal(187, operation), **created(operation, result)}
        case "not_json":
            return "<!doctype html><title>X</title><p>Over capacity. Please try again."
        case "moved_id":
            moved = {"core": result["core"], "identity": {"post": {"value": result["rest_id"]}}}
            return {"data": {ROOTS[operation]: {"post_results": {"result": moved}}}}
        case _:
            return created(operation, result)
