"""The corpus: everything by hand, and what rules make of it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import product
from typing import Final

from rehearsal.corpus import words
from rehearsal.corpus.items import PARENTS, Item
from sandbox.length import NOTE_LIMIT, weighted_length
from sandbox.wording import is_long

Rng = random.Random
Source = Callable[[Rng], Iterator[Item]]

SHORT_ANSWERS: Final = (
    "Thank you!",
    "Yes",
    "👍",
    "@bob Yes",
    "https://example.com/one",
    "Sent.",
    "Thanks to @bob",
)

FORBIDDEN: Final = re.compile("[\ufeff\ufffe\uffff]")
"""Signs that make a text invalid, as twitter-text says."""

BLANK: Final = re.compile(r"[\s\u200b-\u200f\u2060\u00ad\u2800\u3164]*")


def corpus(seed: int) -> list[Item]:
    """Give all posts, in an order of this seed."""
    items = list(_corpus(seed))
    random.Random(f"{seed}:order").shuffle(items)  # noqa: S311 - repeatable, not secret
    return items


def for_account(seed: int, *, premium: bool = False) -> list[Item]:
    """Give the posts that an account may make: within the limit, with no forbidden sign, and with something in them."""
    return [item for item in corpus(seed) if is_postable(item, premium=premium)]


def is_postable(item: Item, *, premium: bool = False) -> bool:
    """Whether the network would take a post."""
    if FORBIDDEN.search(item.text) or len(item.media) > 4:
        return False
    if not item.media and BLANK.fullmatch(item.text):
        return False
    if not is_long(item.text):
        return True
    return premium and weighted_length(item.text) <= NOTE_LIMIT


@lru_cache(maxsize=4)
def _corpus(seed: int) -> tuple[Item, ...]:
    return tuple(
        item
        for source in SOURCES
        for item in source(random.Random(f"{seed}:{source.__name__}"))  # noqa: S311 - the same
    )


# -- links


def address(rng: Rng, *, hosts: Sequence[str] = words.HOSTS) -> str:
    """Make an address of the parts that are known to be difficult."""
    scheme, host, port = rng.choice(words.SCHEMES), rng.choice(hosts), rng.choice(words.PORTS)
    rest = rng.choice(words.PATHS) + rng.choice(words.QUERIES) + rng.choice(words.FRAGMENTS)
    return scheme + host + port + (rest if rest.startswith("/") or not rest else f"/{rest}")


def _every_neighbour(rng: Rng) -> Iterator[Item]:
    """Each thing that may stand beside a link, with a bare and with a whole address."""
    for (before, after), scheme in product(words.BESIDE, ("", "https://")):
        where = f"{scheme}example.com{rng.choice(('', '/one', '/wiki/Bread_(food)'))}"
        yield Item(text=f"Read{before}{where}{after}".strip(), kind="link_beside")


def _links(rng: Rng) -> Iterator[Item]:
    for _ in range(420):
        before, after = rng.choice(words.BESIDE)
        yield Item(text=f"{rng.choice(words.PLAIN)}{before}{address(rng)}{after}", kind="link")


def _foreign_links(rng: Rng) -> Iterator[Item]:
    for _ in range(120):
        before, after = rng.choice(words.BESIDE)
        where = address(rng, hosts=words.IDN_HOSTS)
        yield Item(text=f"{rng.choice(words.PLAIN)}{before}{where}{after}", kind="link_international")


def _links_at_an_end(rng: Rng) -> Iterator[Item]:
    for _ in range(120):
        text, where = rng.choice(words.PLAIN), address(rng)
        yield Item(text=f"{where} {text}", kind="link_first")
        yield Item(text=f"{text} {where}", kind="link_last")


def _only_links(rng: Rng) -> Iterator[Item]:
    for host, path in product(words.HOSTS, words.PATHS):
        yield Item(text=f"{rng.choice(words.SCHEMES)}{host}{path}", kind="only_link")


def _odd_addresses(rng: Rng) -> Iterator[Item]:
    for where in words.ODD_ADDRESSES:
        before, after = rng.choice(words.BESIDE)
        yield Item(text=where, kind="odd_address")
        yield Item(text=f"{rng.choice(words.PLAIN)}{before}{where}{after}", kind="odd_address")
        yield Item(text=f"{where}, {rng.choice(words.PLAIN)} {where}", kind="odd_address")


def _links_side_by_side(rng: Rng) -> Iterator[Item]:
    for both in words.SIDE_BY_SIDE:
        yield Item(text=both, kind="side_by_side")
        yield Item(text=f"{rng.choice(words.PLAIN)} {both} {rng.choice(words.EMOJI)}", kind="side_by_side")


def _several_links(rng: Rng) -> Iterator[Item]:
    for _ in range(80):
        yield Item(text=f"{address(rng)} {rng.choice(words.PLAIN)} {address(rng)}", kind="links")


def _quotes(rng: Rng) -> Iterator[Item]:
    for _ in range(40):
        where = f"https://{rng.choice(('x', 'twitter'))}.com/bob/status/{rng.randrange(10**18, 2 * 10**18)}"
        yield Item(text=f"{rng.choice(words.PLAIN)} {where}", kind="quote")
        yield Item(text=where, kind="only_quote")


def _other_links(rng: Rng) -> Iterator[Item]:
    """The same words again and again, each time with another link."""
    for text in ("New on our blog: {}", "{} is worth a visit", "Today: {}, tomorrow more"):
        for path, query in product(words.PATHS, words.QUERIES[:6]):
            where = f"https://{rng.choice(words.HOSTS)}{path}{query}"
            yield Item(text=text.format(where), kind="same_words_other_link")


# -- names, tags, emoji, scripts


def _names(rng: Rng) -> Iterator[Item]:
    for name in words.NAMES:
        yield Item(text=name, kind="only_name")
        yield Item(text=f"{name} {rng.choice(words.PLAIN)}", kind="begins_with_name")
        yield Item(text=f"{rng.choice(words.PLAIN)} {name}", kind="name")
        yield Item(text=f"{name} {address(rng)}", kind="begins_with_name")


def _tags(rng: Rng) -> Iterator[Item]:
    for tag in words.TAGS:
        yield Item(text=tag, kind="only_tag")
        yield Item(text=f"{rng.choice(words.PLAIN)} {tag}", kind="tag")
        yield Item(text=f"{tag}{rng.choice(words.EMOJI)} {rng.choice(words.PLAIN)}", kind="tag")


def _emoji(rng: Rng) -> Iterator[Item]:
    for emoji in words.EMOJI:
        yield Item(text=emoji, kind="only_emoji")
        yield Item(text=f"{rng.choice(words.PLAIN)} {emoji}", kind="emoji")
        yield Item(text=f"{emoji}{rng.choice(words.EMOJI)}{rng.choice(words.PLAIN)}", kind="emoji")
    for _ in range(60):
        yield Item(text="".join(rng.choices(words.EMOJI, k=rng.randrange(2, 7))), kind="only_emoji")


def _scripts(rng: Rng) -> Iterator[Item]:
    for text in words.TWO_WAYS:
        yield Item(text=text, kind="two_ways")
        yield Item(text=f"{text} {address(rng)} {rng.choice(words.PLAIN)}", kind="two_ways")
    for one, other in product(words.PLAIN[15:], repeat=2):
        yield Item(text=f"{one} {other}", kind="scripts")


# -- what is nearly the same


def _plain(_: Rng) -> Iterator[Item]:
    yield from (Item(text=text, kind="plain") for text in words.PLAIN)


def _repeated(rng: Rng) -> Iterator[Item]:
    for text in rng.sample(words.PLAIN, 12):
        yield from (Item(text=text, kind="repeated") for _ in range(3))


def _prefixes(rng: Rng) -> Iterator[Item]:
    for _ in range(40):
        text = f"{rng.choice(words.PLAIN)} {rng.choice(words.EMOJI)} {rng.choice(words.PLAIN)} {address(rng)}"
        for end in sorted({len(text), *(rng.randrange(1, len(text)) for _ in range(3))}):
            yield Item(text=text[:end], kind="prefix")


def _like_html(rng: Rng) -> Iterator[Item]:
    for text in words.LIKE_HTML:
        yield Item(text=text, kind="like_html")
        yield Item(text=f"{text} {address(rng)} {rng.choice(words.LIKE_HTML)}", kind="like_html")


def _spaced(rng: Rng) -> Iterator[Item]:
    for text in words.SPACED:
        yield Item(text=text, kind="white_space")
        yield Item(text=f"{text}\n\n{address(rng)}\n\n{rng.choice(words.TAGS)}", kind="white_space")


def _composed(rng: Rng) -> Iterator[Item]:
    for pair in words.COMPOSED:
        for text in pair:
            yield Item(text=text, kind="composition")
            yield Item(text=f"#{text} {address(rng)}", kind="composition")


def _answers(_: Rng) -> Iterator[Item]:
    for parent, text in product(PARENTS, SHORT_ANSWERS):
        yield Item(text=text, kind="same_answer", reply_to=parent)


def _answers_with_more(rng: Rng) -> Iterator[Item]:
    for _ in range(120):
        text = f"{rng.choice(words.NAMES)} {rng.choice(words.PLAIN)} {address(rng)}"
        yield Item(text=text, kind="answer", reply_to=rng.choice(list(PARENTS)))


def _pictures(rng: Rng) -> Iterator[Item]:
    for count in (1, 2, 3, 4):
        for _ in range(12):
            media = tuple(rng.choices(words.DESCRIPTIONS, k=count))
            yield Item(text="", kind="only_pictures", media=media)
            yield Item(text=rng.choice(words.PLAIN), kind="pictures", media=media)
            text = f"{rng.choice(words.PLAIN)} {address(rng)}"
            yield Item(text=text, kind="pictures", media=media, reply_to=rng.choice([None, *PARENTS]))


def _long(rng: Rng) -> Iterator[Item]:
    """Texts whose first 280 are the same, and that end differently; some end just about the limit."""
    for stem in words.LONG_STEMS:
        begun = (stem * 300)[:400]
        for ending in rng.sample(words.PLAIN, 8):
            yield Item(text=f"{begun} {ending}", kind="long")
            yield Item(text=f"{begun} {address(rng)}", kind="long", reply_to=rng.choice([None, *PARENTS]))
        for length in (139, 140, 141, 278, 279, 280, 281, 282):
            yield Item(text=(stem * 300)[:length].strip(), kind="at_the_limit")
    for stem in words.LONG_STEMS:
        yield Item(text=(stem * 300)[:4000], kind="very_long")


def _refused(_: Rng) -> Iterator[Item]:
    """What no account may post: nothing to see, or a sign that is not allowed."""
    for text in ("", " ", "\n\n", "\u3164", "\u2800", "\u200b", "Bread\ufeff", "Bread\uffff", "\u200e\u200f"):
        yield Item(text=text, kind="refused")
    yield Item(text="Too many pictures", kind="refused", media=(None,) * 5)


SOURCES: Final[tuple[Source, ...]] = (
    _plain,
    _every_neighbour,
    _links,
    _foreign_links,
    _links_at_an_end,
    _only_links,
    _odd_addresses,
    _links_side_by_side,
    _several_links,
    _quotes,
    _other_links,
    _names,
    _tags,
    _emoji,
    _scripts,
    _repeated,
    _prefixes,
    _like_html,
    _spaced,
    _composed,
    _answers,
    _answers_with_more,
    _pictures,
    _long,
    _refused,
)
