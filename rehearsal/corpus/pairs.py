"""Pairs of posts that are nearly the same: the ones that get taken for each other."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from rehearsal.corpus import words
from rehearsal.corpus.items import PARENTS, Item
from rehearsal.corpus.posts import Rng, address, corpus
from sandbox.wording import Span, spans_of

SAME: Final = 0.12
"""So many pairs are one post twice."""

STRANGERS: Final = 0.08
"""So many pairs are any two posts."""

Change = Callable[[Item, Rng], Item]


def pairs(seed: int, n: int) -> Iterator[tuple[Item, Item]]:
    """Give n pairs: most of them a post and the same with one small change, some equal, some unrelated."""
    rng = random.Random(f"{seed}:pairs")  # noqa: S311 - repeatable, not secret
    items = corpus(seed)
    for _ in range(n):
        yield _pair(rng, items)


def _pair(rng: Rng, items: Sequence[Item]) -> tuple[Item, Item]:
    one, lot = rng.choice(items), rng.random()
    if lot < SAME:
        return one, one
    if lot < SAME + STRANGERS:
        return one, rng.choice(items)
    return one, changed(one, rng)


def changed(item: Item, rng: Rng) -> Item:
    """Change one small thing. A change that finds nothing to change gives way to another."""
    for change in rng.sample(CHANGES, len(CHANGES)):
        other = change(item, rng)
        if other != item:
            return replace(other, kind=f"{item.kind}+{change.__name__.strip('_')}")
    return item


def _with_text(item: Item, text: str) -> Item:
    return replace(item, text=text)


# -- links


def _last_link(item: Item) -> Span | None:
    return next((span for span in reversed(spans_of(item.text)) if span.kind == "url"), None)


def _relinked(item: Item, make: Callable[[str], str]) -> Item:
    """The same post with its last link made into another."""
    link = _last_link(item)
    if link is None:
        return item
    return _with_text(item, item.text[: link.start] + make(link.value) + item.text[link.end :])


def _another_link(item: Item, rng: Rng) -> Item:
    return _relinked(item, lambda _: address(rng))


def _another_path(item: Item, rng: Rng) -> Item:
    return _relinked(item, lambda link: link.rstrip("/") + rng.choice(("/x", "/one", "/index.html")))


def _another_query(item: Item, rng: Rng) -> Item:
    end = rng.choice(("a=9", "utm_source=y"))
    return _relinked(
        item,
        lambda link: f"{link}{'&' if '?' in link else '?'}{end}" if "/" in link[8:] else f"{link}/?{end}",
    )


def _another_fragment(item: Item, _: Rng) -> Item:
    return _relinked(item, lambda link: f"{link.split('#')[0]}{'' if '/' in link[8:] else '/'}#elsewhere")


def _another_letter_case(item: Item, _: Rng) -> Item:
    return _relinked(item, lambda link: link[:8] + link[8:].swapcase())


def _another_slash(item: Item, _: Rng) -> Item:
    return _relinked(item, lambda link: link[:-1] if link.endswith("/") else f"{link}/")


def _beyond_what_is_shown(item: Item, rng: Rng) -> Item:
    """A difference that the page has in no size at all."""
    long = "/a-path-that-is-longer-than-what-is-shown-of-it-"
    return _relinked(
        item, lambda link: f"{link.split('?')[0].split('#')[0].rstrip('/')}{long}{rng.randrange(100)}"
    )


def _another_scheme(item: Item, _: Rng) -> Item:
    def make(link: str) -> str:
        if link.startswith("https://"):
            return link.replace("https://", "http://", 1)
        return link.replace("http://", "", 1) if link.startswith("http://") else f"http://{link}"

    return _relinked(item, make)


def _another_host(item: Item, _: Rng) -> Item:
    return _relinked(item, lambda link: link.replace("example", "examp1e", 1))


def _www(item: Item, _: Rng) -> Item:
    return _relinked(
        item,
        lambda link: re.sub(
            r"^(https?://)?(www\.)?", lambda m: f"{m[1] or ''}{'' if m[2] else 'www.'}", link
        ),
    )


def _another_port(item: Item, rng: Rng) -> Item:
    return _relinked(
        item,
        lambda link: re.sub(
            r"^(https?://)?([^/?#:]+)(:\d*)?",
            rf"\1\2:{rng.choice((80, 443, 8080, 8443))}",
            link,
            flags=re.IGNORECASE,
        ),
    )


def _links_in_another_order(item: Item, _: Rng) -> Item:
    links = [span for span in spans_of(item.text) if span.kind == "url"]
    if len(links) < 2:
        return item
    first, last, text = links[0], links[-1], item.text
    turned = text[: first.start] + last.value + text[first.end : last.start] + first.value + text[last.end :]
    return _with_text(item, turned)


def _no_link(item: Item, _: Rng) -> Item:
    return _relinked(item, lambda _: "")


def _a_link_more(item: Item, rng: Rng) -> Item:
    return _with_text(item, f"{item.text} {address(rng)}")


def _punctuation_beside(item: Item, rng: Rng) -> Item:
    link = _last_link(item)
    if link is None:
        return item
    return _with_text(item, item.text[: link.end] + rng.choice(",.;:!?)") + item.text[link.end :])


# -- words


def _a_sign_more(item: Item, rng: Rng) -> Item:
    return _with_text(item, item.text + rng.choice(("!", ".", "…", "s", "🍞", " 2", "\u200b")))


def _a_sign_less(item: Item, _: Rng) -> Item:
    return _with_text(item, item.text[:-1])


def _another_letter(item: Item, rng: Rng) -> Item:
    places = [n for n, sign in enumerate(item.text) if sign.isalpha()]
    if not places:
        return item
    at = rng.choice(places)
    return _with_text(item, item.text[:at] + rng.choice("xyzé") + item.text[at + 1 :])


def _letter_case(item: Item, rng: Rng) -> Item:
    return _with_text(item, rng.choice((item.text.lower(), item.text.upper(), item.text.swapcase())))


def _a_blank(item: Item, rng: Rng) -> Item:
    return _with_text(
        item, item.text.replace(" ", rng.choice(("  ", "\n", "\n\n", "\t", "\u00a0", "\u3000", "")), 1)
    )


def _edges(item: Item, rng: Rng) -> Item:
    space = rng.choice((" ", "\n", "\u3000", "\t"))
    return _with_text(item, rng.choice((space + item.text, item.text + space)))


def _line_ends(item: Item, rng: Rng) -> Item:
    return _with_text(item, item.text.replace("\n", rng.choice(("\r\n", "\n\n", " ", "\u2028", "\n \n"))))


def _composition(item: Item, rng: Rng) -> Item:
    return _with_text(item, unicodedata.normalize(rng.choice(("NFC", "NFD", "NFKC")), item.text))


def _variation(item: Item, rng: Rng) -> Item:
    """An emoji as text, as a picture, or without a word which."""
    if re.search("[\ufe0e\ufe0f]", item.text):
        return _with_text(item, re.sub("[\ufe0e\ufe0f]", rng.choice(("", "\ufe0e", "\ufe0f")), item.text))
    return _with_text(item, re.sub("([❤☎©™♀])", "\\1\ufe0f", item.text))


def _joiners(item: Item, _: Rng) -> Item:
    return _with_text(item, re.sub("[\u200c\u200d]", "", item.text))


def _skin(item: Item, rng: Rng) -> Item:
    return _with_text(item, re.sub("[\U0001f3fb-\U0001f3ff]", rng.choice(("", "🏻", "🏿")), item.text))


def _another_emoji(item: Item, rng: Rng) -> Item:
    return _with_text(item, item.text.replace("🍞", rng.choice(words.EMOJI), 1))


def _entities(item: Item, _: Rng) -> Item:
    """What an over-eager reader takes for the same: a sign and its entity."""
    if "&amp;" in item.text or "&lt;" in item.text:
        return _with_text(item, item.text.replace("&amp;", "&").replace("&lt;", "<"))
    return _with_text(item, item.text.replace("&", "&amp;").replace("<", "&lt;"))


def _wide_signs(item: Item, _: Rng) -> Item:
    return _with_text(
        item, item.text.translate({ord("#"): "\uff03", ord("@"): "\uff20", 0xFF03: "#", 0xFF20: "@"})
    )


def _name_in_front(item: Item, rng: Rng) -> Item:
    return _with_text(item, f"{rng.choice(('@bob', '@carol', '.@bob'))} {item.text}")


def _name_less(item: Item, _: Rng) -> Item:
    return _with_text(item, re.sub(r"^@\w+ ", "", item.text))


def _name_elsewhere(item: Item, rng: Rng) -> Item:
    """Somebody of the same name, on another server or on this one."""
    server = rng.choice(("", "@remote.example", "@split.example", "@social.split.example", "@town.example"))
    return _with_text(
        item, re.sub(r"(@\w+)(@[\w.-]+\w)?", lambda name: f"{name[1]}{server}", item.text, count=1)
    )


def _typeset(item: Item, rng: Rng) -> Item:
    """What a text processor makes of signs, or the other way round."""
    pairs = (("...", "…"), ("'", "’"), ('"', "“"), ("-", "–"), ("--", "—"), ("1/2", "½"), ("x", "×"))
    one, other = rng.choice((*pairs, *(pair[::-1] for pair in pairs)))
    return _with_text(item, item.text.replace(one, other, 1))


def _a_mark_that_is_not_seen(item: Item, rng: Rng) -> Item:
    at = rng.randrange(len(item.text) + 1)
    mark = rng.choice("\u200e\u200f\u061c\u00ad\u2060\u200c\u200d\ufe0e\ufe0f\u034f\u2069")
    return _with_text(item, item.text[:at] + mark + item.text[at:])


def _prefix(item: Item, rng: Rng) -> Item:
    return _with_text(item, item.text[: rng.randrange(len(item.text))]) if len(item.text) > 2 else item


def _another_end(item: Item, rng: Rng) -> Item:
    """Long texts that begin with the same 280 signs."""
    begun = item.text if len(item.text) > 300 else f"{item.text} " + rng.choice(words.LONG_STEMS) * 5
    return _with_text(item, f"{begun} {rng.choice(words.PLAIN)}")


# -- what is not words


def _another_parent(item: Item, rng: Rng) -> Item:
    return replace(item, reply_to=rng.choice([None, *PARENTS]))


def _another_picture(item: Item, rng: Rng) -> Item:
    return replace(item, media=tuple(rng.choice(words.DESCRIPTIONS) for _ in item.media))


def _pictures_in_another_order(item: Item, _: Rng) -> Item:
    return replace(item, media=item.media[::-1])


def _a_picture_more_or_less(item: Item, rng: Rng) -> Item:
    if len(item.media) == 4:
        return replace(item, media=item.media[:-1])
    return replace(item, media=(*item.media, rng.choice(words.DESCRIPTIONS)))


CHANGES: Final[tuple[Change, ...]] = (
    _another_link,
    _another_path,
    _another_query,
    _another_fragment,
    _another_letter_case,
    _another_slash,
    _beyond_what_is_shown,
    _another_scheme,
    _another_host,
    _www,
    _another_port,
    _links_in_another_order,
    _no_link,
    _a_link_more,
    _punctuation_beside,
    _a_sign_more,
    _a_sign_less,
    _another_letter,
    _letter_case,
    _a_blank,
    _edges,
    _line_ends,
    _composition,
    _variation,
    _joiners,
    _skin,
    _another_emoji,
    _entities,
    _wide_signs,
    _name_in_front,
    _name_less,
    _name_elsewhere,
    _typeset,
    _a_mark_that_is_not_seen,
    _prefix,
    _another_end,
    _another_parent,
    _another_picture,
    _pictures_in_another_order,
    _a_picture_more_or_less,
)
