"""The composer's box holds exactly what real input put there, and nothing else.

Everything here is about one box in real Chromium: what is typed, inserted, pasted or filled in arrives character
by character in the ask; what is written into the DOM from outside does not exist.
"""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.browser

EDITORS = ("draft", "lexical", "spaced")


@pytest.fixture(
    autouse=True, params=[pytest.param(kind, marks=pytest.mark.build(editor=kind)) for kind in EDITORS]
)
def editor(request):
    """Whatever draws the box, what it holds is the same."""
    return request.param


MORE_BREAKS = {
    "draft": lambda text: text.split("\n").count(""),
    "lexical": lambda _: 0,
    "spaced": lambda text: text.count("\n") + text.split("\n").count(""),
}
"""How many more line breaks a browser reads out of a box than its text has."""

TEXTS = {
    "plain": "Good morning, everybody.",
    "joined emoji": "To space 👩‍🚀👨‍👩‍👧‍👦 and back 🏳️‍🌈👍🏽",
    "cjk": "今日の天気は晴れ。안녕하세요 你好",
    "rtl": "שלום עולם and مرحبا بالعالم",
    "blank lines": "first\n\n\nfourth\n\nsixth",
    "links": "Read https://example.org/a?b=1&c=2#d and x.com today",
    "markup": "a < b && c > d &amp; <script>alert(1)</script>",
    "spaces": "two  spaces   three",
    "accents": "Ünïcödé e\u0301 cafe\u0301",
    "long": "word " * 53 + "end",
}


def collapsed(text):
    return re.sub(r"\n+", "\n", text)


def said(sandbox):
    """What is live, in the order in which it was sent."""
    return [post["text"] for post in sandbox.live("alice")]


def test_inserted_text_arrives_exactly(sandbox, compose, editor):
    """`insert_text` with everything at once, line breaks included; blank lines show as more of them."""
    writing = compose()

    for text in TEXTS.values():
        writing.write(text)
        shown = writing.box.inner_text().replace("\xa0", " ")
        assert collapsed(shown) == collapsed(text)
        assert shown.count("\n") == text.count("\n") + MORE_BREAKS[editor](text)
        writing.send()
        writing.again()

    assert said(sandbox) == list(TEXTS.values())


def test_filled_text_arrives_exactly(sandbox, compose):
    """`fill` replaces what was there."""
    texts = [TEXTS[name] for name in ("joined emoji", "cjk", "rtl", "blank lines", "markup")]
    writing = compose()

    for text in texts:
        writing.write("something else\nentirely")
        writing.box.fill(text)
        writing.send()
        writing.again()

    assert said(sandbox) == texts


def test_typed_text_arrives_exactly(sandbox, compose):
    """Key by key, with Enter for line breaks."""
    texts = [TEXTS[name] for name in ("plain", "cjk", "blank lines", "accents")]
    writing = compose()

    for text in texts:
        writing.box.click()
        writing.page.keyboard.type(text)
        writing.send()
        writing.again()

    assert said(sandbox) == texts


def test_lines_with_enter_between_arrive_exactly(sandbox, compose):
    """Line by line with Enter in between is the same text."""
    writing = compose()
    lines = TEXTS["blank lines"].split("\n")

    writing.box.click()
    for number, line in enumerate(lines):
        if number:
            writing.page.keyboard.press("Enter")
        writing.page.keyboard.insert_text(line)
    writing.send()

    assert sandbox.live("alice")[0]["text"] == TEXTS["blank lines"]


def test_pasted_text_arrives_with_plain_line_breaks(sandbox, compose):
    """A paste is exact, and CRLF becomes LF."""
    writing = compose()

    writing.box.click()
    writing.box.evaluate(
        """(box) => {
            const clipboard = new DataTransfer();
            clipboard.setData("text/plain", "one\\r\\ntwo");
            box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: clipboard, bubbles: true }));
        }"""
    )
    writing.send()

    assert "one\ntwo" == sandbox.live("alice")[0]["text"]


def test_correcting_with_the_keyboard(sandbox, compose):
    """Backspace takes a whole joined emoji; arrows, Home, selections and Delete mean what they mean anywhere."""
    writing = compose()
    press = writing.page.keyboard.press

    writing.write("ab👩‍🚀")
    press("Backspace")
    writing.page.keyboard.type("cd")
    press("ArrowLeft")
    press("Backspace")
    press("Enter")
    press("Backspace")
    press("Home")
    writing.page.keyboard.type("x")
    press("Delete")
    press("End")
    press("Shift+ArrowLeft")
    writing.page.keyboard.type("z!")
    writing.send()

    assert "xbz!" == sandbox.live("alice")[0]["text"]


def test_select_all_and_delete_leaves_nothing(compose):
    """An emptied box is empty for the page too."""
    writing = compose()
    writing.write("one\n\ntwo")

    writing.page.keyboard.press("Control+A")
    writing.page.keyboard.press("Backspace")

    assert "" == writing.box.inner_text().strip()
    assert "true" == writing.button.get_attribute("aria-disabled")


@pytest.mark.parametrize(
    "script",
    [
        "(box) => { box.textContent = 'from outside'; }",
        "(box) => { box.textContent = 'from outside'; box.dispatchEvent(new InputEvent('input', {bubbles: true})); }",
        "(box) => { box.innerHTML = '<p>from outside</p>'; }",
    ],
)
def test_text_written_into_the_dom_does_not_exist(sandbox, compose, script):
    """The button stays disabled, and the next real key draws over it."""
    writing = compose()

    writing.box.evaluate(script)
    assert "from outside" == writing.box.inner_text()
    assert "true" == writing.button.get_attribute("aria-disabled")
    assert writing.button.is_disabled()

    writing.box.focus()
    writing.page.keyboard.type("k")
    writing.send()
    assert "k" == sandbox.live("alice")[0]["text"]


def test_composed_text_arrives(sandbox, context, compose):
    """An input method's composition counts when it ends."""
    writing = compose()
    writing.box.click()
    session = context.new_cdp_session(writing.page)

    session.send("Input.imeSetComposition", {"text": "にほ", "selectionStart": 2, "selectionEnd": 2})
    session.send("Input.insertText", {"text": "日本"})
    writing.page.keyboard.type("!")
    writing.send()

    assert "日本!" == sandbox.live("alice")[0]["text"]


def test_the_counter_disables_what_is_too_long(compose):
    """280 is enough, 281 is too much, and a link counts 23."""
    writing = compose()

    writing.write("x" * 280)
    assert writing.button.is_enabled()
    writing.page.keyboard.type("x")
    assert writing.button.is_disabled()
    writing.box.fill("x" * 256 + " https://example.org/" + "y" * 100)
    assert writing.button.is_enabled()


def test_a_mention_opens_a_list_that_swallows_enter(sandbox, compose):
    """Enter takes the suggestion instead of breaking the line; Escape closes the list and nothing else."""
    writing = compose()
    writing.box.click()

    writing.page.keyboard.type("hello @bo")
    writing.page.locator("its=Dropdown").wait_for()
    writing.page.keyboard.press("Enter")
    writing.page.keyboard.type("and @car")
    writing.page.locator("its=Dropdown").wait_for()
    writing.page.keyboard.press("Escape")
    assert 0 == writing.page.locator("its=Dropdown").count()
    writing.send()

    assert "hello @bob and @car" == sandbox.live("alice")[0]["text"]
