"""The HTML that the server makes of a text: paragraphs, links with their ends hidden, mentions and hashtags."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import regex

from sandbox.mastodon.ledger import Person

SHOWN: Final = 30
"""How many letters of a link are shown."""

_HOST = r"(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+(?:xn--[a-z0-9-]+|\p{L}{2,})"
_ENTITY = regex.compile(
    rf"(?<![\p{{L}}\p{{N}}_@#/])(?P<url>https?://{_HOST}(?::\d+)?"
    r"(?:/(?:[^\s<>()]|\([^\s<>()]*\))*)?)"
    r"|(?<![\p{L}\p{N}_/&=])@(?P<name>[a-z0-9_]+(?:[a-z0-9_.-]*[a-z0-9_])?)(?:@(?P<domain>" + _HOST + r"))?"
    r"|(?<![\p{L}\p{N}_/&)])[#＃](?P<tag>[\p{L}\p{M}\p{N}_]*[\p{L}\p{M}_][\p{L}\p{M}\p{N}_·]*)",
    regex.IGNORECASE,
)
_AFTER_LINK = ".,:;!?'\"*"
"""What ends a sentence and not a link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """What the markup of this server needs to know."""

    address: str
    """Of the server, without a trailing slash."""
    person: Callable[[str, str | None], Person | None]
    """Whom a mention means; ``None``: it stays text."""


def page_of(person: Person, here: Here) -> str:
    """The address of a person's page."""
    if person.domain is None:
        return f"{here.address}/@{person.username}"
    return f"https://{person.web or person.domain}/@{person.username}"


def render(text: str, here: Here) -> str:
    """The HTML of a text."""
    marked, at = [], 0
    for found in _ENTITY.finditer(text):
        end = found.end() - _sentence_end(found)
        marked += [html.escape(text[at : found.start()]), _entity(found, text[found.start() : end], here)]
        at = end
    marked.append(html.escape(text[at:]))
    return _paragraphs("".join(marked))


def quoting(url: str) -> str:
    """The line that a quote puts above a text, for readers who know no quotes."""
    return f'<p class="quote-inline">RE: {_link(url)}</p>'


def mentioned(text: str, here: Here) -> list[Person]:
    """All whom a text mentions, once."""
    found = (here.person(one["name"], one["domain"]) for one in _ENTITY.finditer(text) if one["name"])
    return list(dict.fromkeys(one for one in found if one is not None))


def tags(text: str) -> list[str]:
    """The hashtags of a text."""
    return list(dict.fromkeys(one["tag"].casefold() for one in _ENTITY.finditer(text) if one["tag"]))


def _sentence_end(found: regex.Match[str]) -> int:
    whole = found[0]
    return len(whole) - len(whole.rstrip(_AFTER_LINK)) if found["url"] else 0


def _entity(found: regex.Match[str], written: str, here: Here) -> str:
    if found["url"]:
        return _link(written)
    if found["tag"]:
        url = html.escape(f"{here.address}/tags/{found['tag']}")
        tag = html.escape(found["tag"])
        return f'<a href="{url}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>'
    person = here.person(found["name"], found["domain"])
    if person is None:
        return html.escape(written)
    url = html.escape(page_of(person, here))
    return (
        f'<span class="h-card" translate="no"><a href="{url}" class="u-url mention">'
        f"@<span>{person.username}</span></a></span>"
    )


def _link(url: str) -> str:
    shown = regex.sub(r"\Ahttps?://(?:www\.)?", "", url)
    prefix = url[: len(url) - len(shown)]
    cut = ' class="ellipsis"' if len(shown) > SHOWN else ' class=""'
    parts = (html.escape(one) for one in (url, prefix, shown[:SHOWN], shown[SHOWN:]))
    whole, first, middle, last = parts
    return (
        f'<a href="{whole}" target="_blank" rel="nofollow noopener noreferrer">'
        f'<span class="invisible">{first}</span><span{cut}>{middle}</span><span class="invisible">{last}</span></a>'
    )


def _paragraphs(marked: str) -> str:
    even = marked.replace("\r\n", "\n").replace("\r", "\n")
    paragraphs = regex.split(r"\n\n+", even) if even else []
    return "".join(f"<p>{one.replace(chr(10), '<br />')}</p>" for one in paragraphs)
