"""What the network's lists tell of one post: the `result` of its GraphQL answers, as public readers document it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from sandbox.ledger import Account, Ledger, Media, Post, Repost
from sandbox.wording import (
    Json,
    People,
    Person,
    Rewritten,
    cut_at,
    cut_to_limit,
    is_long,
    link_of,
    mention,
    no_entities,
    rewrite,
    short_link,
    spans_of,
)

REPOST_LIMIT: Final = 140
"""The first limit of all lives on in what is told of a repost."""

EDITABLE_MS: Final = 3_600_000
EDITS: Final = 5

SOURCE: Final = '<a href="https://mobile.twitter.com" rel="nofollow">Twitter Web App</a>'

CARD_HOSTS: Final = re.compile(
    r"(^|\.)(news|blog|shop|shows)\.|(^|\.)(example\.org|github\.com|youtube\.com)$"
)
"""Sites whose pages carry what a card is made of; a link to any other stays a link."""

POST_ADDRESS: Final = re.compile(
    r"^https?://(?:www\.|mobile\.)?(?:x|twitter)\.com/(?:i/web|i|\w+)/status/(\d+)", re.IGNORECASE
)

GIF: Final = "image/gif"

SIZES: Final = (
    ("large", 2048, "fit"),
    ("medium", 1200, "fit"),
    ("small", 680, "fit"),
    ("thumb", 150, "crop"),
)

PROMPT: Final = {"__typename": "CtaLimitedActionPrompt", "cta_type": "SeeConversation"}

LEGAL: Final = "https://help.twitter.com/rules-and-policies/notices-on-twitter"

GRAVE_WORDS: Final = {
    "deleted": "This Post was deleted by the Post author. Learn more",
    "limited": (
        "You’re unable to view this Post because this account owner limits who can view their Posts. Learn more"
    ),
}
"""What stands in place of a post that cannot be shown."""


def user(account: Account) -> Json:
    """An account, with an id of its own that is easily mistaken for a post's."""
    return {
        "__typename": "User",
        "id": _opaque(f"User:{account.user_id}"),
        "rest_id": account.user_id,
        "is_blue_verified": account.premium,
        "core": {"name": account.name, "screen_name": account.handle},
        "legacy": {"name": account.name, "screen_name": account.handle},
    }


def when(ms: int) -> str:
    """A time as the network writes it in posts: whole seconds."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%a %b %d %H:%M:%S +0000 %Y")


def tombstone(why: str = "deleted") -> Json:
    """What stands in place of a post that is gone, or that this viewer may not see."""
    words = GRAVE_WORDS[why]
    begins = words.rindex("Learn more")
    ref = {"type": "TimelineUrl", "url": LEGAL, "urlType": "ExternalUrl"}
    entities = [{"fromIndex": begins, "toIndex": len(words), "ref": ref}]
    return {
        "__typename": "TweetTombstone",
        "tombstone": {
            "__typename": "TextTombstone",
            "text": {"rtl": False, "text": words, "entities": entities},
        },
    }


def unavailable() -> Json:
    """A post that the network does not show, without a word why."""
    return {"__typename": "TweetUnavailable", "reason": "Unspecified"}


def wrapped(result: Json) -> Json:
    """A post with limited answers: one level deeper."""
    return {
        "__typename": "TweetWithVisibilityResults",
        "tweet": result,
        "limitedActionResults": {"limited_actions": [{"action": "Reply", "prompt": PROMPT}]},
    }


def lean(result: Json) -> Json:
    """The same without empty lists of entities, and with the account's names at one place, as recorded in 2026."""
    entities = {name: found for name, found in result["legacy"]["entities"].items() if found}
    account = result["core"]["user_results"]["result"]
    bare = {key: value for key, value in account.items() if key != "legacy"}
    return {
        **result,
        "core": {"user_results": {"result": bare}},
        "legacy": {**result["legacy"], "entities": entities},
    }


class Shaper:
    """Tells of posts as the network's JSON does."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def tweet(self, post: Post, *, shown: int | None = None, quoting: bool = True) -> Json:
        """A post. With `shown` a text of more characters is cut there, and the whole one is a note."""
        account = self._ledger.account(post.author)
        before = "".join(f"@{person.handle} " for person in self._named_before(post))
        text = post.stored
        short = _shortened(text, shown)
        told = rewrite(short, post.id, self._ledger.people, before=before)
        begins, ends = len(before), len(told.text)
        self._name_first(told, post)
        legacy = self._legacy(post, account, told)
        _attach(legacy, told, post)
        legacy["full_text"], legacy["entities"] = told.text, told.entities
        legacy["display_text_range"] = [begins, ends]
        result: Json = {
            "__typename": "Tweet",
            # The author comes first: the first `rest_id` of an answer is the wrong one.
            "core": {"user_results": {"result": user(account)}},
            "rest_id": post.id,
            "unmention_data": {},
            "edit_control": self._edit_control(post),
            "is_translatable": False,
            "views": {"count": str(post.likes * 31), "state": "EnabledWithCount"},
            "source": SOURCE,
            "legacy": legacy,
        }
        if short != text:
            result["note_tweet"] = self._note(post, before)
        self._quote(result, post, quoting=quoting)
        if (card := self._card(post, quoted="quoted_status_id_str" in legacy)) is not None:
            result["card"] = card
        return result

    def repost(self, repost: Repost, *, shown: int | None = None) -> Json:
        """A repost: a post of its own, that holds the other one."""
        account = self._ledger.account(repost.account)
        original = self._ledger.posts[repost.post]
        whole = rewrite(
            original.stored, original.id, self._ledger.people, before=f"RT @{original.author}: "
        ).text
        text = whole if len(whole) <= REPOST_LIMIT else whole[: REPOST_LIMIT - 1] + "…"
        return {
            "__typename": "Tweet",
            "rest_id": repost.id,
            "core": {"user_results": {"result": user(account)}},
            "source": SOURCE,
            "legacy": {
                "created_at": when(repost.at),
                "conversation_id_str": repost.id,
                "display_text_range": [0, len(text)],
                "entities": no_entities(),
                "full_text": text,
                "id_str": repost.id,
                "is_quote_status": False,
                "user_id_str": account.user_id,
                "retweeted_status_result": {"result": self.tweet(original, shown=shown)},
            },
        }

    # -- whom it answers

    def _named_before(self, post: Post) -> list[Person]:
        """Whom a reply's head names: who is answered, and whom that post names; each once, never its own author."""
        parent = self._ledger.posts.get(post.reply_to or "")
        if parent is None:
            return []
        people = self._ledger.people
        known = {post.author, *(person.handle for person in typed_first(post.stored, people))}
        found = [people[parent.author.casefold()], *self._named_in(parent)]
        return [person for person in dict.fromkeys(found) if person.handle not in known]

    def _named_in(self, post: Post) -> list[Person]:
        people = self._ledger.people
        spans = (span.value.casefold() for span in spans_of(post.stored) if span.kind == "mention")
        return [*self._named_before(post), *(people[name] for name in spans if name in people)]

    def _name_first(self, told: Rewritten, post: Post) -> None:
        at, names = 0, []
        for person in self._named_before(post):
            names.append({**mention(person), "indices": [at, at + len(person.handle) + 1]})
            at += len(person.handle) + 2
        told.entities["user_mentions"] = [*names, *told.entities["user_mentions"]]

    def _answers(self, post: Post) -> Json:
        people = self._ledger.people
        parent = self._ledger.posts.get(post.reply_to or "")
        if post.reply_to is not None:
            ids: Json = {"in_reply_to_status_id_str": post.reply_to}
            return ids if parent is None else {**ids, **_to(people[parent.author.casefold()])}
        # A post that begins with a name is addressed to a person, and answers no post.
        typed = typed_first(post.stored, people)
        return _to(typed[0]) if typed else {}

    # -- its parts

    def _legacy(self, post: Post, account: Account, told: Rewritten) -> Json:
        known = self._ledger.posts
        replies = len(self._ledger.replies_to(post.id)) if post.id in known else 0
        legacy: Json = {
            "bookmark_count": 0,
            "bookmarked": False,
            "created_at": when(post.created_at),
            "conversation_id_str": self._ledger.root(post),
            "favorite_count": post.likes,
            "favorited": False,
            "full_text": told.text,
            "id_str": post.id,
            "is_quote_status": False,
            "lang": _language(post.stored),
            "quote_count": 0,
            "reply_count": replies,
            "retweet_count": sum(1 for r in self._ledger.reposts if r.post == post.id),
            "retweeted": False,
            "user_id_str": account.user_id,
            **self._answers(post),
        }
        if told.entities["urls"] or post.media:
            legacy["possibly_sensitive"] = False
        root = known.get(legacy["conversation_id_str"])
        if root is not None and root.author == post.author and self._is_thread(post):
            legacy["self_thread"] = {"id_str": root.id}
        return legacy

    def _is_thread(self, post: Post) -> bool:
        parent = self._ledger.posts.get(post.reply_to or "")
        if parent is not None:
            return parent.author == post.author
        return any(reply.author == post.author for reply in self._ledger.replies_to(post.id))

    def _edit_control(self, post: Post) -> Json:
        ids = self._ledger.versions(post) if post.id in self._ledger.posts else [post.id]
        first = self._ledger.posts.get(ids[0], post)
        control: Json = {
            "edit_tweet_ids": ids,
            "editable_until_msecs": str(first.created_at // 1000 * 1000 + EDITABLE_MS),
            "is_edit_eligible": self._ledger.account(post.author).premium and post.reply_to is None,
            "edits_remaining": str(max(0, EDITS - (len(ids) - 1))),
        }
        if post.edit_of is None:
            return control
        return {"initial_tweet_id": post.edit_of, "edit_control_initial": control}

    def _note(self, post: Post, before: str) -> Json:
        """The whole of a long text. Unlike the list's text it has no entities for `&`, `<` and `>`."""
        whole = rewrite(post.stored, post.id, self._ledger.people, before=before, escape=str)
        self._name_first(whole, post)
        note = {
            "id": _opaque(f"NoteTweet:{post.id}"),
            "text": whole.text,
            "entity_set": whole.entities,
            "richtext": {"richtext_tags": []},
            "media": {"inline_media": []},
        }
        return {"is_expandable": True, "note_tweet_results": {"result": note}}

    def _quote(self, result: Json, post: Post, *, quoting: bool) -> None:
        """Show the post that this one links to, beside the link."""
        link = _quoted_link(post.stored)
        if link is None:
            return
        address, quoted_id = link
        short = short_link(post.id, address)
        result["legacy"] |= {
            "is_quote_status": True,
            "quoted_status_id_str": quoted_id,
            "quoted_status_permalink": {
                "url": short,
                "expanded": address,
                "display": link_of(address).display,
            },
        }
        if not quoting:
            # A post in a post does not bring a third one along, only its id.
            result["quotedRefResult"] = {"result": {"__typename": "Tweet", "rest_id": quoted_id}}
            return
        quoted = self._ledger.posts.get(quoted_id)
        if quoted is not None:
            told = self.tweet(quoted, quoting=False) if quoted.live else tombstone()
            result["quoted_status_result"] = {"result": told}

    def _card(self, post: Post, *, quoted: bool) -> Json | None:
        """The card of the last link that has one. Pictures and a quoted post leave no room for it."""
        if post.media or quoted:
            return None
        links = [span.value for span in spans_of(post.stored) if span.kind == "url"]
        fitting = [link for link in links if CARD_HOSTS.search(_host(link))]
        return None if not fitting else _card_of(short_link(post.id, fitting[-1]), _host(fitting[-1]))


def _shortened(text: str, shown: int | None) -> str:
    if shown is not None and len(text) > shown:
        return cut_at(text, shown)
    return cut_to_limit(text) if is_long(text) else text


def typed_first(text: str, people: People) -> list[Person]:
    """Whom a text begins with, one name after the other."""
    found: list[Person] = []
    at = 0
    for span in spans_of(text):
        if span.kind != "mention" or span.start != at or span.value.casefold() not in people:
            break
        found.append(people[span.value.casefold()])
        at = span.end + 1
    return found


def _to(person: Person) -> Json:
    return {"in_reply_to_screen_name": person.handle, "in_reply_to_user_id_str": person.user_id}


def _language(text: str) -> str:
    """The language of the text, or `zxx` of one without words."""
    return "en" if any(sign.isalpha() for sign in _without_spans(text)) else "zxx"


def _without_spans(text: str) -> str:
    rest, last = "", 0
    for span in spans_of(text):
        rest, last = rest + text[last : span.start], span.end
    return rest + text[last:]


def _attach(legacy: Json, told: Rewritten, post: Post) -> None:
    """Put the short address of the pictures at the end of the text; all pictures share one."""
    if not post.media:
        return
    short = short_link(post.id, "media")
    gap = " " if told.text else ""
    indices = [len(told.text) + len(gap), len(told.text) + len(gap) + len(short)]
    told.text += gap + short
    described = [_picture(media, post, number, short, indices) for number, media in enumerate(post.media)]
    told.entities["media"] = described
    legacy["extended_entities"] = {"media": described}


def _picture(media: Media, post: Post, number: int, short: str, indices: Iterable[int]) -> Json:
    width, height = media.size
    told: Json = {
        "display_url": f"pic.x.com/{short.rsplit('/', 1)[-1]}",
        "expanded_url": f"https://x.com/{post.author}/status/{post.id}/photo/{number + 1}",
        "id_str": media.id,
        "indices": list(indices),
        "media_key": f"3_{media.id}",
        # The real address is on another host; this one can be loaded here.
        "media_url_https": f"/media/{media.id}",
        "type": "animated_gif" if media.mime == GIF else "photo",
        "url": short,
        "ext_media_availability": {"status": "Available"},
        "features": {},
        "sizes": {
            name: {"h": min(height, most), "w": min(width, most), "resize": how} for name, most, how in SIZES
        },
        "original_info": {"height": height, "width": width, "focus_rects": []},
    }
    if media.alt:
        told["ext_alt_text"] = media.alt
    return told


def _quoted_link(text: str) -> tuple[str, str] | None:
    """The last link to a post in a text, and that post's id."""
    links = [span.value for span in spans_of(text) if span.kind == "url"]
    found = [(link, match[1]) for link in links if (match := POST_ADDRESS.match(link))]
    return found[-1] if found else None


def _card_of(short: str, host: str) -> Json:
    strings = {"title": f"What stands on {host}", "vanity_url": host, "domain": host, "card_url": short}
    values = [
        {"key": key, "value": {"string_value": said, "type": "STRING"}} for key, said in strings.items()
    ]
    return {"rest_id": short, "legacy": {"name": "summary", "url": short, "binding_values": values}}


@lru_cache(maxsize=4096)
def _host(address: str) -> str:
    return (urlsplit(address if "://" in address else f"http://{address}").hostname or "").removeprefix(
        "www."
    )


def _opaque(words: str) -> str:
    return base64.b64encode(words.encode()).decode()
