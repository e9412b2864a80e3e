"""Answers in the network's own shapes."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sandbox.faults import ERROR_CODES
from sandbox.telling import wrapped
from sandbox.wording import Json

# -- timelines


@dataclass(frozen=True, slots=True)
class Told:
    """One post of a list: its id, and what is told of it, which may be that it cannot be shown."""

    id: str
    result: Json
    display: str = "Tweet"
    """`SelfThread` for a part of the author's own thread."""


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of a list: a post, or a conversation of several."""

    place: int
    """Where it belongs: lists run from the highest to the lowest."""
    told: Sequence[Told]
    prefix: str = "tweet"
    promoted: bool = False
    all_ids: Sequence[str] = ()
    """Every post of the conversation, also those that the list does not show."""


def entry(row: Row, sort_index: int) -> Json:
    """One entry of a timeline. Its sort index is a number of this answer: no id, though it looks like one."""
    if row.prefix in {"tweet", "promoted-tweet"}:
        [told] = row.told
        return {
            "entryId": f"{row.prefix}-{told.id}",
            "sortIndex": str(sort_index),
            "content": {
                "entryType": "TimelineTimelineItem",
                "__typename": "TimelineTimelineItem",
                "itemContent": _content(told, promoted=row.promoted),
            },
        }
    return _module(row, sort_index)


def _content(told: Told, *, promoted: bool = False) -> Json:
    content: Json = {
        "itemType": "TimelineTweet",
        "__typename": "TimelineTweet",
        "tweet_results": {"result": told.result} if told.result else {},
        "tweetDisplayType": told.display,
    }
    if promoted:
        content["promotedMetadata"] = {"advertiser_results": {"result": {}}, "impressionId": told.id}
    return content


def _module(row: Row, sort_index: int) -> Json:
    """Several posts that belong together, as one entry."""
    first_id = row.told[0].id
    name = f"{row.prefix}-{first_id if row.prefix == 'conversationthread' else sort_index}"
    content: Json = {
        "entryType": "TimelineTimelineModule",
        "__typename": "TimelineTimelineModule",
        "displayType": "VerticalConversation",
        "items": module_items(name, row.told),
    }
    if row.all_ids:
        content["metadata"] = {
            "conversationMetadata": {"allTweetIds": list(row.all_ids), "enableDeduplication": True}
        }
    return {"entryId": name, "sortIndex": str(sort_index), "content": content}


def module_items(name: str, told: Iterable[Told]) -> list[Json]:
    """The posts of a conversation."""
    return [
        {"entryId": f"{name}-tweet-{one.id}", "dispensable": False, "item": {"itemContent": _content(one)}}
        for one in told
    ]


def show_more(module: Json, value: str) -> None:
    """Put at the end of a conversation where the rest of it begins."""
    content = {
        "itemType": "TimelineTimelineCursor",
        "__typename": "TimelineTimelineCursor",
        "value": value,
        "cursorType": "ShowMore",
        "displayTreatment": {"actionText": "Show replies"},
    }
    name = f"{module['entryId']}-cursor-showmore-{module['sortIndex']}"
    module["content"]["items"].append({"entryId": name, "item": {"itemContent": content}})


def rest_of_module(name: str, told: Iterable[Told]) -> list[Json]:
    """What comes after Show replies: more posts for a conversation that is there already."""
    added = {
        "type": "TimelineAddToModule",
        "moduleItems": module_items(name, told),
        "moduleEntryId": name,
        "prepend": False,
    }
    return [added]


def cursor(kind: str, value: str, sort_index: int) -> Json:
    """Where the next page of a timeline begins, in a form that only the network reads."""
    return {
        "entryId": f"cursor-{kind.lower()}-{sort_index}",
        "sortIndex": str(sort_index),
        "content": {
            "entryType": "TimelineTimelineCursor",
            "__typename": "TimelineTimelineCursor",
            "value": value,
            "cursorType": kind,
        },
    }


def instructions(entries: list[Json], pinned: Json | None = None) -> list[Json]:
    """What the page is told to do with the entries."""
    pin = [] if pinned is None else [{"type": "TimelinePinEntry", "entry": pinned}]
    return [{"type": "TimelineClearCache"}, *pin, {"type": "TimelineAddEntries", "entries": entries}]


def pinned(told: Told, sort_index: int) -> Json:
    """A post that stands above all others."""
    shown = entry(Row(0, [told]), sort_index)
    shown["content"]["itemContent"]["socialContext"] = {
        "type": "TimelineGeneralContext",
        "contextType": "Pin",
        "text": "Pinned",
    }
    return shown


def where(value: str | None) -> str | None:
    """Read a cursor."""
    try:
        return None if value is None else base64.b64decode(value, validate=True).decode()
    except (ValueError, UnicodeDecodeError):
        return None


def opaque(place: str) -> str:
    """Write a cursor."""
    return base64.b64encode(place.encode()).decode()


def user_timeline(told: list[Json], *, name: str = "timeline") -> Json:
    """A profile's timeline; in older answers it is called `timeline_v2`."""
    return {"data": {"user": {"result": {"__typename": "User", name: {"timeline": {"instructions": told}}}}}}


def home_timeline(told: list[Json]) -> Json:
    """The home timeline."""
    return {"data": {"home": {"home_timeline_urt": {"instructions": told}}}}


def conversation(told: list[Json]) -> Json:
    """A post with what is above and below it."""
    return {"data": {"threaded_conversation_with_injections_v2": {"instructions": told}}}


def single(result: Json | None) -> Json:
    """A post by its id; nothing where there is none."""
    return {"data": {"tweetResult": {} if result is None else {"result": result}}}


def missing() -> Json:
    """The answer about a post or a person that does not exist."""
    described = {"name": "GenericError", "source": "Server", "code": 144, "kind": "NonFatal"}
    error = {"message": "_Missing: No status found with that ID.", "extensions": described, **described}
    return {"data": {}, "errors": [error]}


# -- answers to an ask


ROOTS: Final[Mapping[str, str]] = {"CreateTweet": "create_tweet", "CreateNoteTweet": "notetweet_create"}


def created(operation: str, result: Json) -> Json:
    """The usual success."""
    return {"data": {ROOTS[operation]: {"tweet_results": {"result": result}}}}


def empty_result(operation: str) -> Json:
    """A success that names nothing."""
    return {"data": {ROOTS[operation]: {"tweet_results": {}}}}


def refusal(
    code: int, operation: str | None = "CreateTweet", *, with_data: bool = True, moment: int = 0
) -> Json:
    """The network's error body, which mostly travels with HTTP 200."""
    described = {
        "name": "AuthorizationError" if code not in (88, 324) else "GenericError",
        "source": "Client",
        "code": code,
        "kind": "Permissions",
        "tracing": {"trace_id": f"{moment:016x}"},
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
            return created(operation, wrapped(result))
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
