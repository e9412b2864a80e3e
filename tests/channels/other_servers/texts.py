"""What is posted there: alike, linked, marked up, in all letters, as people write."""

from __future__ import annotations

import random

PLAIN = (
    "The lamp is lit.",
    "Fresh bread at seven",
    "Two lines\nand a third\n\nafter a gap",
    "Signs: <b>&amp;</b> \"quoted\" 'so' & so < 5 > 6",
    (
        "Stra\u00dfe, na\u00efve, \u65e5\u672c\u8a9e, \u05e2\u05d1\u05e8\u05d9\u05ea, "
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 and a dash \u2013 all"
    ),
    "\u0639\u0644\u064a\u0643\u0645 \u0627\u0644\u0633\u0644\u0627\u0645 \u2013 and \u05e9\u05dc\u05d5\u05dd",
    "Let's meet at #harbour #Gr\u00fc\u00dfe, or #not",
    "Hello @bob, how are you?",
    "@bob thank you!",
    'So glad :-) we <3 it -- "really"...',
    "Thanks @bob@far.example, and @bob too",
    "A :blobcat: and a :) and 12:30:45",
    "1. first\n2. second\n* star *bold* _under_ `code` ~~gone~~ [a](b)",
    "# not a heading\n> not a quote\n---",
    "caf\u00e9 and cafe\u0301 are two",
    "Too   many  spaces\tand a tab",
    "\U0001f64f",
    "5 > 4 && 3 < 4 \\ backslash \\n",
)

LINKED = (
    "New on our blog: {link}",
    "{link}",
    "Read all of it ({link}), please!",
    "{link} is our favourite. And {link}2 too",
    "visit {link}, today only. #news",
)

LINKS = (
    "https://a.example/{n}",
    "https://www.example.org/a/very/long/way/to/an/entry/{n}/index.html?from=x&n={n}#end",
    "http://shop.example/ropes/{n}",
    "https://en.example/wiki/Lamp_({n})",
    "https://b\u00fccher.example/\u00e4/{n}",
    "example.com/{n}",
)


class Texts:
    """Draws what is to be said; now and then what was said before, with another link or once more."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.said: list[str] = []
        self._n = 0

    def one(self) -> str:
        """Draw one text."""
        dice = self._dice
        self._n += 1
        kind = dice.random()
        if kind < 0.35:
            text = dice.choice(LINKED).format(link=dice.choice(LINKS).format(n=self._n))
        elif kind < 0.45 and self.said:
            # The beginning of another, or another with something behind it.
            other = dice.choice(self.said)
            text = (
                other + " And more."
                if dice.random() < 0.5
                else other[: max(3, len(other) // 2)].strip() or other
            )
        elif kind < 0.50 and self.said:
            text = dice.choice(self.said)
        elif kind < 0.8:
            text = f"{dice.choice(PLAIN)} {self._n}"
        else:
            text = dice.choice(PLAIN)
        self.said.append(text)
        return text
