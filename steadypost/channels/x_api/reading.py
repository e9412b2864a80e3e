"""A page of an account's own posts, as X tells it: what each says, answers and shows. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from steadypost.channels.x_api.requests import REPLIES, answerable
from steadypost.domain.evidence import SeenPost
from steadypost.domain.likeness import Link, Piece, Said
from steadypost.domain.remote_id import NotAnId, RemoteId
from steadypost.networks.x.snowflake import remote_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list."""

    posts: tuple[SeenPost, ...]
    following: str | None
    """The token of the next page; ``None`` on the last."""
    has_gap: bool = False
    """Whether an error beside it may have taken a post."""


def page_of(told: Any, handle: str) -> Page | None:
    """Read one page; ``None`` when it has no form that is known: then nothing is known of the list."""
    entries, meta = _at(told, "data"), _at(told, "meta")
    if not isinstance(meta, dict) or not isinstance(meta.get("result_count"), int):
        return None
    found = _many(entries)
    if len(found) != meta["result_count"]:
        return None
    names = _names(told)
    media = _media_of(told)
    posts = tuple(_post(one, handle, names, media) for one in found)
    if None in posts:
        return None
    following = meta.get("next_token")
    return Page(
        posts=tuple(post for post in posts if post is not None),
        following=following if isinstance(following, str) and following else None,
        has_gap=not all(_is_about_what_it_refers_to(one) for one in _many(_at(told, "errors"))),
    )


def _is_about_what_it_refers_to(error: Any) -> bool:
    """Whether an error is about what a post refers to, as it names one of the expansions that were asked for."""
    return str(_at(error, "parameter")).partition(".")[0] in _EXPANDED


_EXPANDED = frozenset(
    {"attachments", "author_id", "edit_history_post_ids", "edit_history_tweet_ids", "entities"}
    | {"referenced_posts", "referenced_tweets"}
)
"""X has called some of them by two names."""


def single(told: Any, post: RemoteId, handle: str) -> SeenPost | None:
    """Read the answer to a question for one post; ``None`` when X did not tell it."""
    names, media = _names(told), _media_of(told)
    found = (_post(one, handle, names, media) for one in _many(_at(told, "data")))
    return next((one for one in found if one is not None and post in {one.id, *one.versions}), None)


def is_missing(told: Any, post: RemoteId) -> bool:
    """Whether X says that there is nothing at a post's address."""
    return any(
        str(_at(error, "type")).endswith("/problems/resource-not-found")
        and post in {_at(error, "resource_id"), _at(error, "value")}
        for error in _many(_at(told, "errors"))
    )


def _names(told: Any) -> dict[str, str]:
    """Give the handle of each author that X told."""
    users = _many(_at(told, "includes", "users"))
    return {str(one.get("id")): str(one["username"]) for one in users if _at(one, "username")}


def _media_of(told: Any) -> dict[str, str | None]:
    """Give the description of each picture that X told; X leaves the word out where there is none. A video has none."""
    found = [one for one in _many(_at(told, "includes", "media")) if isinstance(one, dict)]
    return {
        str(one.get("media_key")): None if one.get("type") == "video" else str(one.get("alt_text") or "")
        for one in found
    }


def _post(
    one: Any, handle: str, names: Mapping[str, str], media: Mapping[str, str | None]
) -> SeenPost | None:
    own = _id(_at(one, "id"))
    if own is None:
        return None
    author = names.get(str(_at(one, "author_id")), handle)
    if not isinstance(_at(one, "text"), str):
        return SeenPost(id=own, author=author, said=Said(()), readable=False)
    refers = _references(one)
    parent = refers.get("replied_to")
    quotes = "quoted" in refers and not _leads_to(one, refers["quoted"])
    return SeenPost(
        id=own,
        author=author,
        said=_said(one, is_reply=parent is not None or not _is_root(one, own), quotes=quotes),
        reply_to=parent,
        parent_known=parent is not None or _is_root(one, own),
        media=_pictures(one, media),
        quotes=quotes,
        poll=bool(_at(one, "attachments", "poll_ids")),
        reposted="retweeted" in refers,
        versions=_versions(one),
        made=_moment(_at(one, "created_at")),
        options=_options(one),
    )


def _options(one: Any) -> dict[str, str]:
    settings = _at(one, "reply_settings")
    return {REPLIES: answerable(settings)} if isinstance(settings, str) and settings else {}


def _references(one: Any) -> dict[str, RemoteId]:
    """Say which posts it refers to, and how. X has called the field by two names."""
    told = _many(_at(one, "referenced_posts")) or _many(_at(one, "referenced_tweets"))
    ids = {str(_at(each, "type")): _id(_at(each, "id")) for each in told}
    return {how: given for how, given in ids.items() if given is not None}


def _leads_to(one: Any, post: RemoteId) -> bool:
    """Whether a link among its words leads to a post."""
    urls = _many(_at(one, "entities", "urls")) + _many(_at(one, "note_tweet", "entities", "urls"))
    urls += _many(_at(one, "note_post", "entities", "urls"))
    return any(f"/status/{post}" in str(_at(each, "expanded_url")) for each in urls)


def _is_root(one: Any, own: RemoteId) -> bool:
    """Whether X says that it answers nothing. A missing reference alone does not say so: X may not have told it."""
    conversation = _id(_at(one, "conversation_id"))
    return conversation is not None and conversation in {own, *_versions(one)}


def _pictures(one: Any, media: Mapping[str, str | None]) -> tuple[str | None, ...]:
    return tuple(media.get(str(key)) for key in _many(_at(one, "attachments", "media_keys")))


def _versions(one: Any) -> tuple[RemoteId, ...]:
    told = _many(_at(one, "edit_history_post_ids")) or _many(_at(one, "edit_history_tweet_ids"))
    return tuple(found for found in map(_id, told) if found is not None)


# --- what it says


def _said(one: Any, *, is_reply: bool, quotes: bool) -> Said:
    note = _at(one, "note_post") or _at(one, "note_tweet")
    whole = _at(note, "text")
    source = note if isinstance(whole, str) else one
    text, entities = str(source["text"]), _at(source, "entities")
    start, is_known = _lead(one, text, is_reply=is_reply)
    urls = [each for each in _many(_at(entities, "urls")) if isinstance(_at(each, "url"), str)]
    own = frozenset(filter(None, (_id(_at(one, "id")), *_versions(one))))
    links = {
        each["url"]: each["expanded_url"]
        for each in urls
        if isinstance(_at(each, "expanded_url"), str) and not _is_media(each, own)
    }
    told = _without(text[start:], [each["url"] for each in urls if _is_media(each, own)])
    is_note = source is note
    return Said(
        # A list's text is escaped in three signs. Whether a long post's is, is not documented: both ways are given.
        pieces=_pieces(told, links, decode=not is_note),
        # The link to a quoted post may have been typed, and taken out of the text.
        otherwise=(*_pieces(told, links, decode=True), *((" ", Link(None)) if quotes else ()))
        if is_note or quotes
        else (),
        lead=html.unescape(text[:start]),
        guessed=not is_known,
    )


def _lead(one: Any, text: str, *, is_reply: bool) -> tuple[int, bool]:
    """Say where the text begins behind the names that X put before it, and whether X itself says so."""
    if not is_reply:
        return 0, True
    shown = _at(one, "display_text_range")
    if isinstance(shown, list) and shown and isinstance(shown[0], int) and 0 <= shown[0] <= len(text):
        return shown[0], True
    found = _LEADING_NAMES.match(text)
    return (0, True) if found is None else (found.end(), False)


_LEADING_NAMES = re.compile(r"(?:@\w{1,20}\s+)+")


def _is_media(url: Any, own: Collection[RemoteId]) -> bool:
    """Whether a short link stands for the post's own pictures: X says so, or it leads to them. Of a long post X tells
    no keys of media; and an address that holds the post's own id cannot have been typed.
    """
    page = _OWN_MEDIA.search(str(_at(url, "expanded_url") or ""))
    return bool(_at(url, "media_key")) or (page is not None and page[1] in own)


_OWN_MEDIA = re.compile(r"/status/(\d+)/(?:photo|video)/\d+$")


def _without(text: str, shorts: Iterable[str]) -> str:
    """Take short links away, with the white space before them."""
    for short in shorts:
        if short:
            text = re.sub(rf"\s*{re.escape(short)}(?![A-Za-z0-9])", "", text)
    return text


_SHORT = r"https?://t\.co/[A-Za-z0-9]+"


def _pieces(text: str, links: Mapping[str, str], *, decode: bool) -> tuple[Piece, ...]:
    """Cut a text at its short links. They are found by their words: what X counts in its indices has changed before."""
    known = [f"{re.escape(one)}(?![A-Za-z0-9])" for one in sorted(links, key=len, reverse=True)]
    words = html.unescape if decode else str
    pieces: list[Piece] = []
    last = 0
    for match in re.finditer("|".join([*known, _SHORT]), text):
        pieces += [words(text[last : match.start()]), _link(match[0], links)]
        last = match.end()
    return tuple(piece for piece in (*pieces, words(text[last:])) if piece != "")


def _link(short: str, links: Mapping[str, str]) -> Link:
    whole = links.get(short)
    own = _OWN_HOST.match(whole or "")
    also = f"{own[1]}{_RENAMED[own[2].lower()]}{own[3]}{(whole or '')[own.end() :]}" if own else None
    return Link(whole, short=short, also=also)


_OWN_HOST = re.compile(r"(https?://(?:www\.|mobile\.)?)(x\.com|twitter\.com)(/|$)", re.IGNORECASE)
_RENAMED = {"x.com": "twitter.com", "twitter.com": "x.com"}
"""X tells links to itself by either name, whichever was typed."""


# --- JSON


def _id(value: Any) -> RemoteId | None:
    try:
        return remote_id(value)
    except NotAnId:
        return None


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
