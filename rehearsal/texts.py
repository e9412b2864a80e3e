"""What the posts of a rehearsal say: alike in every way in which two posts of one account can be alike."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from rehearsal.corpus import for_account
from steadypost.domain.post import Media, Part
from steadypost.intake.content import is_blank, unsendable


class Shape(StrEnum):
    """In what a post is like others, or unlike what is simple."""

    PLAIN = "plain"
    """Nothing else says it."""
    CORPUS = "corpus"
    """Words as people write them, with whatever they hold."""
    OTHER_LINK = "other_link"
    """The words of another post of the account, and another link."""
    PREFIX = "prefix"
    """Another post of the account begins with all of it, or it with all of another."""
    REPEATED = "repeated"
    """Exactly what another post of the account says, on purpose."""
    MENTION = "mention"
    """It begins with a person's name: the list of plain posts leaves it out."""
    SAME_REPLY = "same_reply"
    """The same words under different posts."""
    REPLY = "reply"
    """It answers a person, with words of its own."""
    THREAD = "thread"
    LONG = "long"
    """Longer than a plain account may be: where the account may."""
    MEDIA_ONLY = "media_only"
    """A picture, and not a word."""


ODDS: Mapping[Shape, float] = {
    Shape.PLAIN: 0.22,
    Shape.CORPUS: 0.20,
    Shape.OTHER_LINK: 0.14,
    Shape.PREFIX: 0.08,
    Shape.REPEATED: 0.05,
    Shape.MENTION: 0.06,
    Shape.SAME_REPLY: 0.06,
    Shape.REPLY: 0.04,
    Shape.THREAD: 0.09,
    Shape.LONG: 0.03,
    Shape.MEDIA_ONLY: 0.03,
}
"""How often each is drawn; together one."""

REPLIES = frozenset({Shape.SAME_REPLY, Shape.REPLY})

OPENINGS = ("Seen from the pier:", "Harbour notes:", "Overheard at the bakery:", "Ferry log:", "From the workshop:",
            "Small news:", "Tide table:", "Letter from the lighthouse:")  # fmt: skip
MIDDLES = ("a heron on the bow", "two boats racing home", "the fog bell out of tune", "a crab with an attitude",
           "fresh rope on the quay", "the cat that owns the dock", "three kites and no wind", "a very patient seal",
           "somebody's left glove", "the mailboat, on time")  # fmt: skip

SITES = ("https://news.example/harbour/{n}", "harbour.example/log/{n}?from=x&n={n}", "https://shop.example/ropes/{n}#new",
         "http://www.lighthouse.example/letters/{n}", "https://blog.example/a/very/long/way/to/an/entry/{n}/index.html",
         "bücher.example/{n}")  # fmt: skip

STANDING = ("New on our blog: {link}", "Today's tide table: {link}.", "Read all of it ({link}), please!",
            "{link} – still our favourite", "visit {link}, today only.")  # fmt: skip
"""What is said again and again, with another link each time."""

THANKS = ("Thank you!", "Thanks, we have mended it.", "🙏", "So glad you liked it & came by <3")

SHARED = ("The pier is closed today", "Fresh bread at seven", "No ferry on Sunday")
"""Beginnings that are whole posts, too."""

REPEATED = ("Good morning, harbour.", "We are open.", "Last call for the evening ferry!")

NAMES = ("@nasa", "@github", "@jack", "@Bakers_Guild")


CORPUS_SEED = 7


@lru_cache(maxsize=1)
def corpus() -> Sequence[str]:
    """Give texts as people write them: those that the intake takes, as it takes them."""
    taken = (item.text.replace("\r\n", "\n").strip() for item in for_account(CORPUS_SEED) if not item.media)
    return tuple(text for text in taken if not is_blank(text) and unsendable(text) is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What one post is to be."""

    shape: Shape
    parts: tuple[Part, ...]
    is_reply: bool = False


@dataclass(kw_only=True)
class Writer:
    """Writes an account's posts, one after the other; the same chance writes the same."""

    chance: random.Random
    corpus: Sequence[str] = ()
    """Texts as people write them."""
    longest: int = 280
    picture: Path | None = None
    """A picture for posts that have no words; without it there are none such."""
    _n: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000_000)))

    def next(self, tag: str, *, odds: Mapping[Shape, float] = ODDS) -> Draft:
        """Write one. ``tag`` is what nothing else of the rehearsal says."""
        shape = self._shape(odds)
        parts = self._thread(tag) if shape is Shape.THREAD else (self._part(shape, tag),)
        return Draft(shape=shape, parts=parts, is_reply=shape in REPLIES)

    def _shape(self, odds: Mapping[Shape, float]) -> Shape:
        (shape,) = self.chance.choices(list(odds), weights=list(odds.values()))
        cannot = {
            Shape.CORPUS: not self.corpus,
            Shape.LONG: self.longest <= 280,
            Shape.MEDIA_ONLY: self.picture is None,
        }
        return Shape.PLAIN if cannot.get(shape, False) else shape

    def _part(self, shape: Shape, tag: str) -> Part:
        if shape is Shape.MEDIA_ONLY and self.picture is not None:
            picture = Media(path=self.picture, kind="image/png", alt=f"The harbour, {tag}")
            return Part(text="", media=(picture,))
        return Part(text=self._words(shape, tag))

    def _words(self, shape: Shape, tag: str) -> str:
        pick = self.chance.choice
        match shape:
            case Shape.CORPUS:
                return pick(self.corpus)
            case Shape.OTHER_LINK:
                return pick(STANDING).format(link=pick(SITES).format(n=next(self._n)))
            case Shape.PREFIX:
                return pick(SHARED) + pick(("", ".", f": {tag}", f", says {pick(NAMES)} ({tag})"))
            case Shape.REPEATED:
                return pick(REPEATED)
            case Shape.MENTION:
                return f"{pick(NAMES)} {pick(MIDDLES)}, {tag}"
            case Shape.SAME_REPLY:
                return pick(THANKS)
            case Shape.LONG:
                return " ".join(f"{pick(OPENINGS)} {pick(MIDDLES)}, {tag}." for _ in range(9))
            case _:
                return f"{pick(OPENINGS)} {pick(MIDDLES)}, {tag}."

    def _thread(self, tag: str) -> tuple[Part, ...]:
        """Write a thread; some end every time with the same words."""
        many = self.chance.choice((2, 2, 3))
        first = [Part(text=self._words(Shape.PLAIN, f"{tag} {n + 1}/{many}")) for n in range(many - 1)]
        last = (
            self._words(Shape.PLAIN, f"{tag} {many}/{many}") if self.chance.random() < 0.5 else "That is all."
        )
        return (*first, Part(text=last))


def other_link(text: str, n: int) -> str:
    """Give the same words with another link, as another person would who posts by hand; unlike where there is none."""
    words = text.split()
    if not any("." in word.strip(".,!()") and "/" in word for word in words):
        return f"{text} https://elsewhere.example/{n}"
    return " ".join(
        f"https://elsewhere.example/{n}" if "." in word.strip(".,!()") and "/" in word else word
        for word in words
    )
