"""What X tells its own page: the answers that fill a list, read as data. Pure: bodies in, posts out.

A painted list leaves things out: the names before a reply, a link that became a card, what is folded away. The answer
that the list was painted from has all of it. Its form is not documented; it is read the way public clients of 2025
and 2026 do (``instructions`` with entries, a result with ``rest_id`` and ``legacy``), and what has another form is kept
as an entry that cannot be read, because it may be anything.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

from steadypost.domain.evidence import SeenPost
from steadypost.domain.likeness import Link, Piece, Said
from steadypost.domain.network import Place
from steadypost.domain.reaching import reached
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.x.snowflake import NotASnowflake, made_at, remote_id

OPERATIONS: Mapping[str, Place] = {
    "UserTweets": Place.PROFILE,
    "UserTweetsAndReplies": Place.REPLIES,
    "TweetDetail": Place.THREAD,
    "TweetResultByRestId": Place.THREAD,
    "TweetResultsByRestIds": Place.THREAD,
}
"""The last word of an answer's address, and the place that it fills. What stands before it changes with every release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One answer to the page, as it came."""

    url: str
    asked: str = ""
    """The body of the request, where it had one."""
    status: int = 200
    body: str = ""
    date: str = ""
    """Its ``Date`` header; empty when it had none, or when a cache gave it."""
    sent_at: datetime | None = None
    came_at: datetime | None = None
    """When it was asked for and when it came, by this machine's clock."""
    kept: bool = False
    """Whether a cache gave it: it says what was there some time ago."""

    @property
    def place(self) -> Place | None:
        """Which list it fills; ``None`` when it fills none."""
        return OPERATIONS.get(urlsplit(self.url).path.rpartition("/")[2])

    @property
    def variables(self) -> Mapping[str, Any]:
        """What was asked for."""
        found = _json(parse_qs(urlsplit(self.url).query).get("variables", [""])[0])
        if not isinstance(found, dict):
            found = _at(_json(self.asked), ("variables",))
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the answers to one list say together."""

    posts: tuple[SeenPost, ...] = ()
    reached_back_to: datetime | None = None
    """How far back it is without a gap, by the network's clock."""
    ended: bool = False
    """Whether there is nothing more to come; of a post's own page, whether what stands around it was told."""
    failed: bool = False
    """Whether one of its answers was a failure, or not readable."""
    missing: frozenset[RemoteId] = frozenset()
    """What there is nothing of, as the network says."""
    hidden: frozenset[RemoteId] = frozenset()
    """What is gone or withheld: a tombstone says the same of what was deleted and of what is not for every age."""


def read(
    heard: Sequence[Heard], place: Place, handle: str, *, user_id: str = "", post: RemoteId | None = None
) -> Told | None:
    """Read a list from the answers that filled it; ``None`` when no answer of it was heard.

    ``user_id`` is who is signed in, where that is known: the list of somebody else is none of ours.
    """
    answers = [one for one in heard if one.place is place and _is_about(one, handle, user_id, post)]
    if not answers:
        return None
    told = _thread(answers, handle, post) if place is Place.THREAD else _list(answers, handle)
    if any(one.kept for one in answers):
        return replace(told, reached_back_to=None, ended=False, failed=True, missing=frozenset())
    return told


def dated(header: str) -> datetime | None:
    """Read a ``Date`` header; ``None`` when it is none."""
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, TypeError):
        return None
    return date if date.tzinfo is not None else None


def _is_about(heard: Heard, handle: str, user_id: str, post: RemoteId | None) -> bool:
    """Whether the page asked for the list, or the post, that we mean. What it does not name is no contradiction."""
    asked = heard.variables
    if (_word(asked.get("screen_name")) or handle).casefold() != handle.casefold():
        return False
    if user_id and str(asked.get("userId", user_id)) != user_id:
        return False
    several = asked.get("tweetIds")
    if post is not None and isinstance(several, list):
        return [post] == several
    about = asked.get("focalTweetId", asked.get("tweetId", post))
    return post is None or str(about) == post


# --- lists


def _list(answers: Sequence[Heard], handle: str) -> Told:
    """Put the pages of a list together: each begins where the cursor of the one before points."""
    pages = [_Page.of(answer, handle) for answer in answers]
    first = next((page for page in reversed(pages) if page.cursor is None), None)
    if first is None or first.failed:
        return Told(posts=_posts(pages), failed=True)
    chain, following = [first], {page.cursor: page for page in pages if page.cursor is not None}
    while (cursor := chain[-1].next) and (page := following.get(cursor)) is not None and page not in chain:
        chain.append(page)
    failed = any(page.failed for page in pages)
    whole = [page for page in chain if not page.failed]
    ended = not failed and (whole[-1].next is None or not whole[-1].posts)
    return Told(
        posts=_posts(pages),
        reached_back_to=_reach([place for page in whole for place in page.places], ended=ended),
        ended=ended,
        failed=failed,
    )


def _posts(pages: Sequence[_Page]) -> tuple[SeenPost, ...]:
    seen: dict[tuple[RemoteId, bool], SeenPost] = {}
    for post in (post for page in pages for post in page.posts):
        key = (post.id, post.pinned or post.reposted)
        if key not in seen or not seen[key].readable:
            seen[key] = post
    return tuple(seen.values())


def _reach(places: Sequence[RemoteId], *, ended: bool) -> datetime | None:
    """Say how far back a list is without a gap.

    It is ordered by each conversation's last post. So an entry shows how far the list has come only when an older one
    follows it.
    """
    own = [made_at(post) for post in dict.fromkeys(places)]
    come = reached(own)
    return min(one for one in (come, own[-1]) if one is not None) if ended and own else come


def _place(posts: Sequence[SeenPost], handle: str) -> RemoteId | None:
    """Give the post by which an entry stands in its place: its last, before any edit, and shown or not."""
    if not any(_is_plain(post, handle) for post in posts):
        return None
    return max((min((post.id, *post.versions), key=int) for post in posts if not post.promoted), key=int)


def _is_plain(post: SeenPost, handle: str) -> bool:
    marked = post.pinned or post.reposted or post.promoted or not post.readable
    return not marked and post.author.casefold() == handle.casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """One answer of a list."""

    cursor: str | None
    """Where it was asked to begin; ``None`` for the beginning of the list."""
    next: str | None = None
    """Where the next one begins; ``None`` when there is none."""
    posts: tuple[SeenPost, ...] = ()
    places: tuple[RemoteId, ...] = ()
    """By which post each of the account's entries stands where it stands."""
    failed: bool = False

    @classmethod
    def of(cls, heard: Heard, handle: str) -> _Page:
        """Read an answer."""
        cursor = _word(heard.variables.get("cursor")) or None
        body = _json(heard.body) if heard.status == 200 else None
        told = _instructions(body)
        if told is None:
            return cls(cursor=cursor, failed=True)
        entries = list(_entries(told))
        bottom = next((value for entry, _ in entries for value in _bottom(entry)), None)
        each = [tuple(_of_entry(entry, handle, pinned=pinned)) for entry, pinned in entries]
        return cls(
            cursor=cursor,
            next=bottom if bottom != "0" else None,
            posts=tuple(post for posts in each for post in posts),
            places=tuple(place for posts in each if (place := _place(posts, handle)) is not None),
            failed=_has_gap(body, told),
        )


def _thread(answers: Sequence[Heard], handle: str, post: RemoteId | None) -> Told:
    """Read a post's own page: the post itself, and what stands above and below it."""
    posts: list[SeenPost] = []
    missing, hidden = set[RemoteId](), set[RemoteId]()
    failed = False
    for answer in answers:
        body = _json(answer.body) if answer.status == 200 else None
        told = _instructions(body)
        single = _single(body)
        if told is not None:
            posts += [one for entry, _ in _entries(told) for one in _of_entry(entry, handle, pinned=False)]
        elif isinstance(single, dict) and single.get("result"):
            posts += [one for one in [_of_result(single["result"])] if one is not None]
        if post is not None and _says_missing(body, told, single):
            missing.add(post)
        if post is not None and _hides_it(told, single, post):
            hidden.add(post)
        failed = failed or (_has_gap(body, told) if told is not None else single is None and not missing)
    seen = {one.id for one in posts if one.readable}
    conversation = any(_instructions(_json(one.body)) is not None for one in answers if one.status == 200)
    return Told(
        posts=tuple(one for one in posts if one.readable or one.id not in missing | hidden),
        failed=failed,
        ended=conversation and not failed,
        missing=frozenset(missing - seen),
        hidden=frozenset(hidden - seen),
    )


def _single(body: Any) -> Any:
    """Give what an answer holds of one post; of a list of one, the one."""
    found = _at(body, ("data", "tweetResult"))
    return found[0] if isinstance(found, list) and len(found) == 1 else found


NOT_FOUND = frozenset({34, 144})
"""X's codes for a page, and for a post, that is not there."""


def _says_missing(body: Any, told: Any, single: Any) -> bool:
    """Whether the answer itself says that there is no such post: by code, or by an empty result."""
    if any(map(_is_not_found, _many(_at(body, ("errors",))))):
        # Beside an answer that holds posts, it may speak of one that is quoted there.
        return next(_entries(told or ()), None) is None and not _at(single, ("result",))
    return isinstance(single, dict) and not single.get("result")


def _hides_it(told: Any, single: Any, post: RemoteId) -> bool:
    """Whether a tombstone stands in the post's own place."""
    own = [
        _at(content, ("tweet_results", "result"))
        for entry, _ in _entries(told or ())
        for name, content in _contents(entry)
        if _id_in(name) == post
    ]
    return any(_is_hidden(result) for result in (_at(single, ("result",)), *own))


def _is_hidden(result: Any) -> bool:
    """Whether X shows nothing in a post's place. What it withholds for a reason that it names is there."""
    return _word(_at(result, ("__typename",))) in _HIDDEN and not _at(result, ("reason",))


_HIDDEN = frozenset({"TweetTombstone", "TweetUnavailable"})


# --- entries


def _instructions(body: Any) -> list[Any] | None:
    """Find what the page is told to do with a list; ``None`` when the answer holds no list."""
    data = _at(body, ("data",))
    for path in (
        ("user", "result", "timeline", "timeline"),
        ("user", "result", "timeline_v2", "timeline"),
        ("threaded_conversation_with_injections_v2",),
        ("threaded_conversation_with_injections",),
    ):
        found = _at(data, (*path, "instructions"))
        if isinstance(found, list):
            return found
    return None


def _entries(told: Sequence[Any]) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """Give every entry, and whether it is the pinned one."""
    for instruction in told:
        if not isinstance(instruction, dict):
            continue
        pinned = instruction.get("type") == "TimelinePinEntry"
        single = instruction.get("entry")
        more = _many(instruction.get("entries")) or _many(instruction.get("moduleItems"))
        for entry in [single, *more]:
            if isinstance(entry, dict):
                yield entry, pinned


def _has_gap(body: Any, told: Sequence[Any]) -> bool:
    """Whether something may be left out of a list that came: an entry that is null, or an error beside the list.

    An error that names one entry took only something of that entry, which is read as far as it can be; one that names
    the list, or nothing, may have taken any post (GraphQL specification, 7.1.2 and 6.4.4).
    """
    given = [one for part in told if isinstance(part, dict) for one in _many(part.get("entries"))]
    if any(not isinstance(one, dict) or any(_hides(*item) for item in _contents(one)) for one in given):
        return True
    errors = [one for one in _many(_at(body, ("errors",))) if not _is_not_found(one)]
    return any(not _is_within_an_entry(_many(_at(one, ("path",)))) for one in errors)


def _hides(name: str, content: Mapping[str, Any]) -> bool:
    """Whether this has a post's place in it, and says neither what post nor which."""
    results = content.get("tweet_results", content.get("post_results"))
    named = _id_in(name) is not None or "promotedMetadata" in content or "promoted" in name
    return results is not None and not named and _of_result(_at(results, ("result",))) is None


def _is_not_found(error: Any) -> bool:
    code = _at(error, ("code",)) or _at(error, ("extensions", "code"))
    return isinstance(code, int) and code in NOT_FOUND


def _is_within_an_entry(path: Sequence[Any]) -> bool:
    for name, place in pairwise(path):
        if name in {"entries", "entry", "moduleItems"}:
            return name == "entry" or isinstance(place, int)
    return False


def _contents(entry: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give every item of an entry, with its name."""
    content = entry.get("content")
    content = content if isinstance(content, dict) else {}
    items = content.get("items")
    if isinstance(items, list):
        for one in items:
            found = _at(one, ("item", "itemContent"))
            if isinstance(found, dict):
                yield str(one.get("entryId", "")), found
        return
    single = content.get("itemContent") or _at(entry, ("item", "itemContent"))
    if isinstance(single, dict):
        yield str(entry.get("entryId", "")), single
    elif not content.get("cursorType"):
        yield str(entry.get("entryId", "")), {}


def _bottom(entry: Mapping[str, Any]) -> Iterator[str]:
    """Give the cursor of the next page, when the entry is one."""
    content = entry.get("content")
    inner = content if _at(content, ("cursorType",)) else _at(content, ("itemContent",))
    if _at(inner, ("cursorType",)) == "Bottom" and isinstance(_at(inner, ("value",)), str):
        yield str(inner["value"])  # type: ignore[index]  # just seen to hold it


def _of_entry(entry: Mapping[str, Any], handle: str, *, pinned: bool) -> Iterator[SeenPost]:
    for name, content in _contents(entry):
        promoted = "promotedMetadata" in content or "promoted" in name
        results = content.get("tweet_results")
        if results is None and (_id_in(name) is None or _word(content.get("itemType")) in _NO_POSTS):
            # Neither a post, nor anything else in the place of one.
            continue
        found = _of_result(_at(results, ("result",)))
        if found is None and (own_id := _id_in(name)) is not None and not promoted:
            # There is an entry for this id, and nobody can say what of.
            found = SeenPost(id=own_id, author=handle, said=Said(()), readable=False)
        if found is not None:
            yield replace(found, pinned=pinned, promoted=promoted)
    yield from _folded(entry, handle)


def _folded(entry: Mapping[str, Any], handle: str) -> Iterator[SeenPost]:
    """Give the posts of a conversation that the list folded away: it names them, and does not show them."""
    named = _at(entry, ("content", "metadata", "conversationMetadata", "allTweetIds"))
    shown = {_id_in(name) for name, _ in _contents(entry)}
    for one in named if isinstance(named, list) else ():
        folded = _id(one)
        if folded is not None and folded not in shown:
            yield SeenPost(id=folded, author=handle, said=Said(()), readable=False)


_NO_POSTS = frozenset({"TimelineUser", "TimelineTimelineCursor", "TimelineMessagePrompt", "TimelinePrompt"})
_NAMED_POST = re.compile(r"(?:^|-)(?:tweet|post|status|tombstone|interstitial)-(\d{15,20})$")


def _id_in(name: str) -> RemoteId | None:
    found = _NAMED_POST.search(name)
    return _id(found[1]) if found else None


# --- posts


def _of_result(result: Any) -> SeenPost | None:
    """Read one post; ``None`` when it has no form that we know."""
    post = _at(result, ("tweet",)) or result
    legacy = _at(post, ("legacy",))
    own_id = _id(_at(post, ("rest_id",)) or _at(legacy, ("id_str",)))
    if own_id is None or not isinstance(legacy, dict) or not isinstance(legacy.get("full_text"), str):
        return None
    author = _author(post)
    if author is None:
        return None
    parent = legacy.get("in_reply_to_status_id_str")
    said = _said(post, legacy, is_reply=bool(parent))
    leads = any("/status/" in (one.leads_to or "") for one in said.pieces if isinstance(one, Link))
    return SeenPost(
        id=own_id,
        author=author,
        said=said,
        reply_to=_id(parent),
        parent_known=parent is None or _id(parent) is not None,
        media=_media(legacy),
        quotes=bool(legacy.get("is_quote_status")) and not leads,
        poll=_word(_at(post, ("card", "legacy", "name"))).startswith("poll"),
        reposted="retweeted_status_result" in legacy or "retweeted_status_id_str" in legacy,
        versions=_versions(post),
    )


def _id(value: Any) -> RemoteId | None:
    try:
        return remote_id(value)
    except NotASnowflake:
        return None


def _author(post: Any) -> str | None:
    user = _at(post, ("core", "user_results", "result"))
    for place in ("core", "legacy"):
        name = _at(user, (place, "screen_name"))
        if isinstance(name, str) and name:
            return name
    return None


def _media(legacy: Mapping[str, Any]) -> tuple[str | None, ...]:
    """Read the description of each picture. X leaves the word out where there is none."""
    found = _many(_at(legacy, ("extended_entities", "media"))) or _many(_at(legacy, ("entities", "media")))
    return tuple(str(one.get("ext_alt_text") or "") for one in found if isinstance(one, dict))


def _versions(post: Any) -> tuple[RemoteId, ...]:
    control = _at(post, ("edit_control",))
    ids = _at(control, ("edit_tweet_ids",)) or _at(control, ("edit_control_initial", "edit_tweet_ids"))
    return tuple(one for one in map(_id, _many(ids)) if one is not None)


# --- what they say


def _said(post: Any, legacy: Mapping[str, Any], *, is_reply: bool) -> Said:
    note = _at(post, ("note_tweet", "note_tweet_results", "result"))
    whole = _at(note, ("text",))
    cut = not isinstance(whole, str) and (bool(legacy.get("truncated")) or "note_tweet" in post)
    if isinstance(whole, str):
        text, entities = whole, _at(note, ("entity_set",))
    else:
        text, entities = str(legacy["full_text"]), legacy.get("entities")
        text = _HALF.sub("…", text) if cut else text
    start, is_known = _lead(text, legacy, is_reply=is_reply)
    leads = {**_led_to(entities), **_quoted(legacy)}
    told = _without_media(text[start:], legacy)
    return Said(
        # A list's text has entities for three signs. A note's has none, as far as anybody has seen.
        pieces=_pieces(told, leads, decode=not isinstance(whole, str)),
        otherwise=_otherwise(told, leads, _quoted(legacy), is_note=isinstance(whole, str)),
        lead=html.unescape(text[:start]),
        guessed=not is_known,
        cut=cut,
    )


_HALF = re.compile(
    r"(?:&[a-z]{0,4}|(?<![A-Za-z0-9])ht{0,2}(?:ps?)?(?::(?:/(?:/(?:t(?:\.(?:co?(?:/\w*)?)?)?)?)?)?)?)…$"
)
"""The first half of what stands for something else, where X cut a text within it: a sign, or a short link."""


def _otherwise(
    told: str, leads: Mapping[str, str], quoted: Mapping[str, str], *, is_note: bool
) -> tuple[Piece, ...]:
    """Give the other way to read it: a note may be escaped, and a quoted post's link have been typed and taken out."""
    hidden = [_link(short, quoted) for short in quoted if short not in told]
    if not (hidden or is_note):
        return ()
    return (*_pieces(told, leads, decode=True), *(piece for link in hidden for piece in (" ", link)))


def _lead(text: str, legacy: Mapping[str, Any], *, is_reply: bool) -> tuple[int, bool]:
    """Say where the text begins behind the names that X put before it, and whether X itself says so."""
    if not is_reply:
        return 0, True
    shown = legacy.get("display_text_range")
    if isinstance(shown, list) and shown and isinstance(shown[0], int):
        lead = str(legacy["full_text"])[: shown[0]]
        return (shown[0] if text.startswith(lead) else 0), True
    found = _NAMES.match(text)
    return (0, True) if found is None else (found.end(), False)


_NAMES = re.compile(r"(?:@\w{1,20}\s+)+")


def _led_to(entities: Any) -> dict[str, str]:
    """Say where each short link leads."""
    urls = _at(entities, ("urls",))
    return {
        one["url"]: one["expanded_url"]
        for one in _many(urls)
        if isinstance(_at(one, ("url",)), str) and isinstance(_at(one, ("expanded_url",)), str)
    }


def _quoted(legacy: Mapping[str, Any]) -> dict[str, str]:
    """Say where the link to a quoted post leads, which is told apart from the others."""
    link = legacy.get("quoted_status_permalink")
    short, whole = _at(link, ("url",)), _at(link, ("expanded",))
    return {short: whole} if isinstance(short, str) and isinstance(whole, str) else {}


def _without_media(text: str, legacy: Mapping[str, Any]) -> str:
    """Take away the short links that stand for the post's own pictures."""
    for place in ("extended_entities", "entities"):
        for one in _many(_at(legacy, (place, "media"))):
            short = _at(one, ("url",))
            if isinstance(short, str) and short:
                text = re.sub(rf"\s*{re.escape(short)}(?![A-Za-z0-9])", "", text)
    return text


_SHORT = r"https?://t\.co/[A-Za-z0-9]+"
"""Latin letters and digits only: what follows a link without a space may be a letter of another script."""


def _pieces(text: str, leads: Mapping[str, str], *, decode: bool) -> tuple[Piece, ...]:
    """Cut a text at its short links. They are found by their words: what X counts in its indices has changed before."""
    known = sorted(map(re.escape, leads), key=len, reverse=True)
    words = html.unescape if decode else str
    pieces: list[Piece] = []
    last = 0
    for match in re.finditer(
        "|".join(f"{one}(?![A-Za-z0-9])" for one in known) + ("|" if known else "") + _SHORT, text
    ):
        pieces += [words(text[last : match.start()]), _link(match[0], leads)]
        last = match.end()
    return tuple(piece for piece in (*pieces, words(text[last:])) if piece != "")


def _link(short: str, leads: Mapping[str, str]) -> Link:
    whole = leads.get(short)
    own = _OWN_HOST.match(whole or "")
    also = f"{own[1]}{_RENAMED[own[2].lower()]}{own[3]}{(whole or '')[own.end() :]}" if own else None
    return Link(whole, short=short, also=also)


_OWN_HOST = re.compile(r"(https?://(?:www\.|mobile\.)?)(x\.com|twitter\.com)(/|$)", re.IGNORECASE)
_RENAMED = {"x.com": "twitter.com", "twitter.com": "x.com"}
"""X tells links to itself by either name, whichever was typed."""


# --- JSON


def _json(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _many(value: Any) -> list[Any]:
    """Take a value for a list, or for nothing."""
    return value if isinstance(value, list) else []


def _word(value: Any) -> str:
    """Take a value for a word, or for none."""
    return value if isinstance(value, str) else ""


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
