"""Two texts are the same, or not, or cannot be told apart; a text is never made poorer to make it the same."""

from __future__ import annotations

import time

import pytest

from steadypost.domain.likeness import Grade, Link, Said, canonical, compare, plain

OTHER, UNCLEAR, SAME = Grade.OTHER, Grade.UNCLEAR, Grade.SAME
TEXT = "The harbour at dawn, seen from the old lighthouse on the pier"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Tea & cake", plain("Tea & cake")),
        ("one\r\n\r\ntwo", plain("one\n\ntwo")),
        ("  one two ", plain("one two")),
        ("café", plain("cafe\N{COMBINING ACUTE ACCENT}")),
        ("visit example.com, today only.", Said(("visit ", Link("http://example.com"), ", today only."))),
        ("(see https://a.example/x_(y))", Said(("(see ", Link("https://a.example/x_(y)"), ")"))),
        ("見て https://a.example/one。よ", Said(("見て ", Link("https://a.example/one"), "。よ"))),
        (
            "https://a.example/1 https://a.example/2",
            Said((Link("https://a.example/1"), " ", Link("https://a.example/2"))),
        ),
        ("https://MÜNCHEN.example/ä", Said((Link("https://xn--mnchen-3ya.example/%C3%A4"),))),
        ("https://a.example", Said((Link("https://a.example/"),))),
        ("http://a.example:80/%7euser", Said((Link("http://a.example/~user"),))),
        ("a.example/one", Said((Link("https://a.example/one"),))),
        ("https://a.example./p?", Said((Link("https://a.example./p?"),))),
        ("Visit a.example.", Said(("Visit ", Link("http://a.example"), "."))),
        ("Seen a.example?", Said(("Seen ", Link("http://a.example"), "?"))),
        ("Thank you!", Said(("Thank you!",), lead="@bob @carol ")),
        ("@bob thanks", Said(("@bob thanks",), lead="@bob ")),
        ("", Said(())),
        ("a.example:443/p", Said((Link("https://a.example:443/p"),))),
        ("see https://t.co/Ab1", Said(("see ", Link("https://a.example/p", short="https://t.co/Ab1")))),
    ],
)
def test_the_same(ours, theirs):
    """A network that replaces links, adds names and composes letters has changed nothing that was said."""
    assert SAME is compare(ours, theirs)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Good morning", plain("Good evening")),
        ("Good morning", plain("Good morning all")),
        ("10% off", plain("20% off")),
        ("New: https://a.example/one", Said(("New: ", Link("https://a.example/two")))),
        ("New: https://a.example/p?id=1", Said(("New: ", Link("https://a.example/p?id=2")))),
        ("New: https://a.example/p#one", Said(("New: ", Link("https://a.example/p#two")))),
        ("New: https://a.example/p", Said(("New: ", Link("https://b.example/p")))),
        ("New: https://a.example:81/p", Said(("New: ", Link("https://a.example.evil/p")))),
        ("New: https://a.example/%2Fp", Said(("New: ", Link("https://a.example//p")))),
        ("visit example.com, today", Said(("visit ", Link("http://example.com"), "! today"))),
        (
            "https://a.example/1 https://a.example/2",
            Said((Link("https://a.example/2"), " ", Link("https://a.example/1"))),
        ),
        ("https://a.example/one", plain("hello")),
        ("http://alice@a.example/p", Said((Link("http://bob@a.example/p"),))),
        ("a.example:8080/p", Said((Link("http://a.example:9090/p"),))),
        ("a.example/p", Said((Link("http://a.example:9090/p"),))),
        ("https://a.example/\ud800", Said((Link("https://a.example/p"),))),
        ("Hello", Said(("Hello @bob",), lead="@carol ")),
        ("Hello", Said(())),
        ("", plain("Hello")),
    ],
)
def test_another(ours, theirs):
    """Other words are another post, and so is another place that a link leads to."""
    assert OTHER is compare(ours, theirs)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("one two", plain("one  two")),
        ("@bob Thank you!", Said(("Thank you!",), lead="@bob ")),
        ("Thank you!", Said(("Thank you!",), lead="@bob ", guessed=True)),
        ("@carol Thank you!", Said(("Thank you!",), lead="@bob @carol ")),
        ("t.co/Ab1", Said((Link("https://a.example/p", short="https://t.co/Ab1"),))),
        ("https://straße.example/p", Said((Link("https://strasse.example/p"),))),
        ("https://straße.example/p", Said((Link("https://xn--strae-oqa.example/p"),))),
        (
            "https://x.com/b/status/1",
            Said((Link("https://twitter.com/b/status/1", also="https://x.com/b/status/1"),)),
        ),
        ("Tea & cake", Said(("Tea &amp; cake",), otherwise=("Tea & cake",))),
        ("one\n\ntwo", plain("one two")),
        ("heart ❤️", plain("heart ❤")),
        ("Hello", plain("HELLO")),
        ("＃tag", plain("#tag")),
        ("http://a.example/p", Said((Link("https://a.example/p"),))),
        ("https://www.a.example/p", Said((Link("https://a.example/p"),))),
        ("https://a.example/p/", Said((Link("https://a.example/p"),))),
        ("https://a.example/P", Said((Link("https://a.example/p"),))),
        ("https://a.example/p?utm=1", Said((Link("https://a.example/p"),))),
        # No program reads these as addresses, and a network may link them all the same.
        ("https://a.example:99999/p", Said((Link("https://a.example:99999/p/"),))),
        ("https://a.example＃b", Said((Link("http://a.example＃b"),))),
        ("Seen https://a.example/p?", Said(("Seen ", Link("https://a.example/p")))),
        ("Seen https://a.example/p#", Said(("Seen ", Link("https://a.example/p")))),
        ("Seen https://a.example/p?!", Said(("Seen ", Link("https://a.example/p"), "!"))),
        ("Visit https://a.example.", Said(("Visit ", Link("https://a.example")))),
        ("Visit a.example.", Said(("Visit ", Link("http://a.example/")))),
        ("a。example", Said((Link("http://a.example"),))),
        ("see https://a.example/p", Said(("see ", Link(None)))),
        (TEXT * 5, Said(((TEXT * 5)[:200] + "…",), cut=True)),
        ("a.example/p", Said((Link("http://a.example/p", "http://a.example/p"),))),
        ("https://a.example/パン", Said((Link("https://a.example", "https://a.example"), "パン"))),
    ],
)
def test_not_told_apart(ours, theirs):
    """What agrees only after something was taken from both is neither the same nor another."""
    assert UNCLEAR is compare(ours, theirs)


WORDS_CHANGED = [
    lambda text: text.replace(" ", "  "),
    lambda text: text.replace("\n\n", "\n\n\n\n").replace(" ", "\N{NO-BREAK SPACE}"),
    lambda text: text.replace(" ", "\N{ZERO WIDTH SPACE} "),
    lambda text: "\N{RIGHT-TO-LEFT MARK}" + text.replace("❤", "❤\N{VARIATION SELECTOR-16}"),
    lambda text: text.upper(),
    lambda text: text.replace("#", "＃"),
]
"""What a network may even out in the words of a text."""

LINKS_CHANGED = [
    ("https://a.example/p", Link("https://a.example/p", short="https://t.co/Ab1")),
    ("www.a.example/p", Link("http://www.a.example/p", short="https://t.co/Ab1")),
    ("a.example", Link("http://a.example/", short="https://t.co/Ab1")),
    ("https://a.example/p?utm=1", Link("https://a.example/p", short="https://t.co/Ab1")),
    ("https://a.example/Ü", Link("https://a.example/%C3%9C", short="https://t.co/Ab1")),
    ("https://straße.example/p", Link("https://xn--strae-oqa.example/p", short="https://t.co/Ab1")),
    ("https://t.co/Ab1", Link("https://a.example/p", short="https://t.co/Ab1")),
    ("https://a.example/p", Link(None, short="https://t.co/Ab1")),
]
"""And what it may tell of a link."""


@pytest.mark.parametrize("change", WORDS_CHANGED)
@pytest.mark.parametrize(("typed", "link"), LINKS_CHANGED)
def test_two_small_differences_together_make_no_other_post(change, typed, link):
    """What each of them leaves untold is not told by both: it may be live, and is not asked for again."""
    first, rest = "Today ❤ it:\n\n#news at ", " and so on"
    ours = change(first) + typed + change(rest)

    for theirs in (
        Said((first, link, rest)),
        Said((first, link, rest[:6] + "…"), cut=True),
        Said((first, link, rest), lead="@bob "),
    ):
        assert UNCLEAR is compare(ours, theirs)
    assert OTHER is compare(ours, Said((first, Link("https://a.example/another"), rest)))
    assert OTHER is compare(ours, Said((first, link, " and no more")))


def test_a_short_address_that_was_typed_is_held_against_each_post_s_own():
    """Of two posts that lead to one address by two short ones, what is known of one is not said of the other."""
    ours = "Today  at https://t.co/Ab1"
    kinds = {"https://t.co/Ab1": UNCLEAR, "https://t.co/Ab2": OTHER}

    for short in (*kinds, *reversed(kinds)):
        assert kinds[short] is compare(ours, Said(("Today at ", Link("https://a.example/p", short=short))))


@pytest.mark.parametrize(
    "begun", ["Today  we said…", "TODAY we s…", "Today we \ud83d…", "Today\N{ZERO WIDTH SPACE} we said…"]
)
def test_a_text_that_is_cut_and_evened_out_may_be_ours(begun):
    assert UNCLEAR is compare(
        "Today we said 👍 and more", Said((begun.replace("said", "said 👍"),), cut=True)
    )


@pytest.mark.parametrize("tail", ["…", " …", ""])
def test_a_cut_text_never_proves_anything(tail):
    """Of a text that is cut, the end may be anything; but another beginning is another text."""
    assert UNCLEAR is compare(TEXT * 5, Said(((TEXT * 5)[:200] + tail,), cut=True))
    assert OTHER is compare(TEXT * 5, Said(("X" + (TEXT * 5)[:200] + tail,), cut=True))


@pytest.mark.parametrize(
    ("ours", "theirs", "grade"),
    [
        ("heart ❤️  and\nmore", Said(("heart ❤ and more",), painted=True), SAME),
        ("See https://www.a.example/p", Said(("See ", Link(None, "a.example/p")), painted=True), SAME),
        (
            "See a.example/p today",
            Said(("See ", Link(None, "https://a.example/p"), " today"), painted=True),
            SAME,
        ),
        (
            "See https://a.example/a/very/long",
            Said(("See ", Link(None, "a.example/a/ve…")), painted=True),
            UNCLEAR,
        ),
        ("See https://a.example/one", Said(("See ", Link(None, "a.example/two")), painted=True), OTHER),
        ("See https://a.example/one", Said(("See ", Link(None, "b.example…")), painted=True), OTHER),
        ("See there", Said(("See ", Link(None, "there")), painted=True), UNCLEAR),
    ],
)
def test_painted(ours, theirs, grade):
    """A page paints less than was said; what is complete counts, and what is cut does not decide."""
    assert grade is compare(ours, theirs)


def test_canonical_twice_is_canonical_once():
    """A form that has been reached stays."""
    for text in (TEXT, "  a\r\nb ", "cafe\N{COMBINING ACUTE ACCENT}", "❤️"):
        assert canonical(text) == canonical(canonical(text))


def test_a_long_text_of_many_links_is_compared_in_bearable_time():
    """No text makes the comparison try every way of cutting it."""
    links = [f"https://a.example/{'x/' * n}" for n in range(300)]
    pieces = tuple(piece for link in links for piece in (Link(link), " "))

    assert SAME is compare(" ".join(links), Said(pieces))
    assert OTHER is compare(" ".join(links) + "x", Said((*pieces, "y")))


MANY = tuple(piece for _ in range(20) for piece in (Link(None), "。"))


@pytest.mark.parametrize(
    ("ours", "pieces"),
    [
        ("a.b。" * 60 + "x", (*MANY, "y")),
        ("a.b" * 400 + " x", (*(Link(None),) * 12, "y")),
        ("a." * 12_500, (Link(None), "a", Link(None), "z")),
        ("https://a.example/" + "x" * 24_000, (Link("https://a.example/" + "y" * 24_000), "x")),
    ],
    ids=["no space between", "side by side", "one long word", "one long link"],
)
def test_links_that_can_end_anywhere_are_given_up_in_time(ours, pieces):
    """There are more ways to lay them than anybody can try. What was not tried is not told apart."""
    began = time.process_time()

    assert UNCLEAR is compare(ours, Said(pieces))
    assert time.process_time() - began < 5


def test_a_thousand_links():
    """More pieces than a function may call itself."""
    links = [f"https://a.example/{n}" for n in range(1000)]
    pieces = tuple(piece for link in links for piece in (Link(link), " "))

    assert SAME is compare(" ".join(links), Said(pieces))
