"""What the page paints of a post, without a browser: the twin of `page/painting.js`, compared by a browser test."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from sandbox.wording import Json

LISTS: Final = ("urls", "user_mentions", "hashtags", "symbols")

SIGNS: Final = {"user_mentions": "@", "hashtags": "#", "symbols": "$"}

WIDE: Final = {"@": "\uff20", "#": "\uff03", "$": "$"}

Paint = Literal["", "translated", "card_only", "quote_only", "wide_signs"]
"""A kind of the fault `painted`, or none."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the painted text."""

    kind: Literal["text", "link", "word"]
    text: str
    before: str = ""
    """In the document and of no size: the scheme."""
    after: str = ""
    """In the document and of no size: what was cut."""
    ellipsis: bool = False
    href: str = ""

    @property
    def whole(self) -> str:
        """What copying the page gives, the pieces of no size with it."""
        return self.before + self.text + self.after + ("…" if self.ellipsis else "")

    @property
    def seen(self) -> str:
        """What a person sees."""
        return self.text + ("…" if self.ellipsis else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    """A post as the page shows it."""

    pieces: tuple[Piece, ...]
    """None where the text is not painted at all; there is no `tweetText` then."""
    replying_to: tuple[str, ...] = ()
    more: bool = False
    """Whether the text was cut and says Show more."""
    pictures: tuple[str, ...] = ()
    """The descriptions of its pictures; `Image` where none was given."""
    quoted: Painted | None = None
    card: str | None = None
    """The short address that a card stands for."""
    grave: str | None = None
    """What stands there instead of a post."""

    @property
    def text(self) -> str:
        """The text of the document: what is seen, and the pieces of no size."""
        return "".join(piece.whole for piece in self.pieces)

    @property
    def seen(self) -> str:
        """The text as a person sees it."""
        return "".join(piece.seen for piece in self.pieces)


def paint(result: Json, *, focal: bool = False, kind: Paint = "") -> Painted:
    """Paint a post from what the network tells of it; `focal` is its own page."""
    if (gone := grave(result)) is not None:
        return Painted(pieces=(), grave=gone)
    tweet = result.get("tweet", result)
    legacy = tweet["legacy"]
    quoted = tweet.get("quoted_status_result", {}).get("result")
    media = legacy.get("extended_entities", {}).get("media", [])
    return Painted(
        pieces=tuple(_pieces(tweet, focal=focal, kind=kind)),
        replying_to=_replying_to(tweet),
        more="note_tweet" in tweet and not focal,
        pictures=tuple(one.get("ext_alt_text", "Image") for one in media),
        quoted=None if quoted is None else paint(quoted, kind=kind),
        card=None if quoted is not None else tweet.get("card", {}).get("legacy", {}).get("url"),
    )


def grave(result: Json) -> str | None:
    """What stands where a post cannot be shown."""
    match result.get("__typename"):
        case None:
            return "This Post is unavailable."
        case "TweetTombstone":
            return str(result["tombstone"]["text"]["text"])
        case "TweetUnavailable":
            return "This Post is unavailable."
        case _:
            return None


def _replying_to(tweet: Json) -> tuple[str, ...]:
    legacy = tweet["legacy"]
    if "in_reply_to_status_id_str" not in legacy:
        return ()
    named = legacy["entities"].get("user_mentions", [])
    begins = legacy["display_text_range"][0]
    names = [one["screen_name"] for one in named if one["indices"][1] <= begins]
    to = names or [name for name in [legacy.get("in_reply_to_screen_name")] if name]
    own = _screen_name(tweet)
    return () if all(name == own for name in to) else tuple(to)


def _screen_name(tweet: Json) -> str:
    return str(tweet["core"]["user_results"]["result"]["core"]["screen_name"])


# -- the text


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The part of a text that is painted, with its entities."""

    text: str
    begins: int
    ends: int
    entities: Sequence[Json]
    is_escaped: bool

    def read(self, start: int, end: int) -> str:
        plain = self.text[start:end]
        return html.unescape(plain) if self.is_escaped else plain


def _stretch(tweet: Json, *, whole: bool) -> _Stretch:
    legacy = tweet["legacy"]
    begins, ends = legacy["display_text_range"]
    if not whole:
        found = _entities(legacy["entities"], begins, ends)
        return _Stretch(legacy["full_text"], begins, ends, found, is_escaped=True)
    note = tweet["note_tweet"]["note_tweet_results"]["result"]
    text, head = note["text"], legacy["full_text"][:begins]
    begins = len(head) if text.startswith(head) else 0
    return _Stretch(
        text, begins, len(text), _entities(note["entity_set"], begins, len(text)), is_escaped=False
    )


def _entities(entities: Json, begins: int, ends: int) -> list[Json]:
    found = [{"list": name, **one} for name in LISTS for one in entities.get(name, [])]
    within = [one for one in found if begins <= one["indices"][0] and one["indices"][1] <= ends]
    return sorted(within, key=lambda one: int(one["indices"][0]))


def _pieces(tweet: Json, *, focal: bool, kind: Paint) -> list[Piece]:
    found = _stretch(tweet, whole=focal and "note_tweet" in tweet)
    hidden = _redundant(found, tweet, kind)
    if _says_nothing(tweet, kind, hidden):
        return []
    painted = list(_painted(found, hidden, kind))
    return painted if hidden is None else _trimmed_end(painted)


def _painted(found: _Stretch, hidden: Json | None, kind: Paint) -> Iterator[Piece]:
    last, ends = found.begins, found.ends if hidden is None else hidden["indices"][0]
    for entity in found.entities:
        start, end = entity["indices"]
        if entity is hidden or start < last:
            continue
        yield from _plain(found.read(last, start), kind)
        yield _piece(entity, kind)
        last = end
    yield from _plain(found.read(last, ends), kind)


def _plain(text: str, kind: Paint) -> Iterator[Piece]:
    if text:
        yield Piece("text", _foreign(text) if kind == "translated" else text)


def _foreign(text: str) -> str:
    return re.sub(r"[^\W\d_]+", lambda word: word[0][::-1], text)


def _piece(entity: Json, kind: Paint) -> Piece:
    if entity["list"] == "urls":
        return _link(entity)
    sign = SIGNS[entity["list"]]
    word = entity.get("screen_name") or entity["text"]
    # The page writes the sign and the account's own way of writing its name, whatever was typed.
    return Piece("word", (WIDE[sign] if kind == "wide_signs" else sign) + word)


def _link(url: Json) -> Piece:
    shown = url["display_url"].removesuffix("…")
    before, found, after = url["expanded_url"].partition(shown)
    piece = Piece("link", shown, ellipsis=url["display_url"].endswith("…"), href=url["url"])
    return replace(piece, before=before, after=after) if found else piece


def _redundant(found: _Stretch, tweet: Json, kind: Paint) -> Json | None:
    """The link at the end that is shown as a quoted post or as a card, and so not painted."""
    last = found.entities[-1] if found.entities else None
    if last is None or last["list"] != "urls" or found.read(last["indices"][1], found.ends).strip():
        return None
    card = tweet.get("card", {})
    elsewhere = {
        tweet["legacy"].get("quoted_status_permalink", {}).get("url"),
        card.get("legacy", {}).get("url") or card.get("rest_id"),
    }
    return last if last["url"] in elsewhere or kind == "card_only" else None


def _says_nothing(tweet: Json, kind: Paint, hidden: Json | None) -> bool:
    if kind == "card_only":
        return hidden is not None
    return kind == "quote_only" and "quoted_status_id_str" in tweet["legacy"]


def _trimmed_end(painted: list[Piece]) -> list[Piece]:
    if not painted or painted[-1].kind != "text":
        return painted
    last = painted[-1].text.rstrip()
    return [*painted[:-1], *([Piece("text", last)] if last else [])]
