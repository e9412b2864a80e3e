"""On a bad day the page itself differs, in the ways its kinds say."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import TimeoutError as Timeout
from playwright.sync_api import expect

from sandbox.faults import UI_KINDS

pytestmark = pytest.mark.browser

SHORTLY = 600

WATCH_THE_DIALOG = """
new MutationObserver(() => {
    const dialog = document.querySelector("[role=dialog]");
    if (dialog) window.dialogAt ??= performance.now();
    if (dialog?.querySelector("[role=textbox]")) window.boxAt ??= performance.now();
}).observe(document, { childList: true, subtree: true });
"""


@pytest.fixture
def ui(sandbox):
    def put(kind, **params):
        sandbox.weather({"fault": "ui", "params": {"kind": kind, **params}})

    return put


def toast(page):
    return page.get_by_test_id("toast")


def test_renamed_testid(ui, compose):
    """The element is there under another name; without one it has none."""
    ui("renamed_testid", **{"from": "tweetButton", "to": "postButton"})
    place = compose().place
    expect(place.get_by_test_id("postButton")).to_have_text("Post")
    assert place.get_by_test_id("tweetButton").count() == 0

    ui("renamed_testid", **{"from": "tweetButton"})
    place = compose().place
    expect(place.get_by_role("button", name="Post", exact=True)).to_have_count(1)
    assert place.get_by_test_id("postButton").count() == 0


@pytest.mark.parametrize("dismissable", [True, False])
def test_overlay(sandbox, ui, compose, dismissable):
    """A click on Post does not get through until the cover is gone, and not every cover goes."""
    ui("overlay", dismissable=dismissable)
    writing = compose()
    writing.box.focus()
    writing.page.keyboard.insert_text("Hello")

    with pytest.raises(Timeout):
        writing.button.click(timeout=SHORTLY)
    accept = writing.page.get_by_test_id("twc-cc-mask").get_by_role("button")
    assert accept.count() == int(dismissable)
    if dismissable:
        accept.click()
        writing.send()
    assert len(sandbox.live()) == int(dismissable)


def test_disabled_button(ui, compose):
    """Inserted text does not enable it; with `unless_typed`, keys do."""
    ui("disabled_button", unless_typed=True)
    writing = compose()
    writing.write("Hello")
    assert writing.button.is_disabled()
    writing.page.keyboard.type("!")
    assert writing.button.is_enabled()

    ui("disabled_button")
    writing = compose()
    writing.box.click()
    writing.page.keyboard.type("Hello")
    assert writing.button.get_attribute("aria-disabled") == "true"


def test_leftover_draft(ui, compose):
    """The dialog opens with somebody's text in it."""
    ui("leftover_draft", text="Old words")

    writing = compose()

    expect(writing.box).to_have_text("Old words")
    assert writing.place.get_by_test_id("unsentButton").count() == 1


def test_dropped_characters(sandbox, ui, compose):
    """Inserted text loses something; typed keys do not, unless the rule says so."""
    ui("dropped_characters", characters="://")
    writing = compose()
    writing.write("See https://example.org")
    expect(writing.box).to_have_text("See httpsexample.org")
    writing.page.keyboard.press("Control+A")
    writing.page.keyboard.type("See https://example.org")
    expect(writing.box).to_have_text("See https://example.org")

    ui("dropped_characters", every=2, bulk_only=False)
    writing = compose()
    writing.write("abcdef")
    expect(writing.box).to_have_text("ace")


def test_autocomplete(ui, compose):
    """A mention that nobody asked for."""
    ui("autocomplete", text="@somebody")
    writing = compose()

    writing.write("Hello")

    expect(writing.box).to_have_text("Hello @somebody")


def test_slow_composer(ui, page):
    """The dialog is there before its box is."""
    ui("slow_composer", seconds=0.5)
    page.add_init_script(WATCH_THE_DIALOG)

    page.goto("/compose/post", wait_until="domcontentloaded")
    page.get_by_role("dialog").get_by_test_id("tweetTextarea_0").wait_for()

    assert page.evaluate("() => boxAt - dialogAt") > 450


def test_no_composer(ui, page):
    """Nowhere on the page is there a box."""
    ui("no_composer")

    page.goto("/compose/post", wait_until="domcontentloaded")

    page.get_by_role("dialog").wait_for()
    assert page.get_by_role("textbox", name="Post text").count() == 0


@pytest.mark.parametrize("when", ["open", "typing", "click"])
def test_reply_context_dropped(sandbox, ui, page, when):
    """At its moment the dialog forgets whom it answers, and the text becomes a post of its own."""
    ui("reply_context_dropped", when=when)
    question = sandbox.hand_post("bob", "Any questions?")
    page.goto(f"/i/status/{question}", wait_until="domcontentloaded")
    page.get_by_test_id("reply").click()
    dialog = page.get_by_role("dialog")
    assert ("Replying to" in dialog.inner_text()) == (when != "open")

    page.keyboard.insert_text("Just one")
    assert ("Replying to" in dialog.inner_text()) == (when == "click")
    dialog.get_by_test_id("tweetButton").click()

    toast(page).wait_for()
    assert sandbox.live("alice")[0]["reply_to"] is None


def test_keeps_text_after_success(sandbox, ui, compose):
    """Sent, and still there to be sent again."""
    ui("keeps_text_after_success")
    writing = compose()
    writing.write("Hello")

    writing.send()

    expect(toast(writing.page)).to_contain_text("was sent")
    expect(writing.box).to_have_text("Hello")
    assert writing.button.is_enabled()


def test_toast_generic_error(sandbox, ui, compose):
    """Live, although the page says that something went wrong."""
    ui("toast_generic_error")
    writing = compose()
    writing.write("Hello")

    writing.send()

    expect(toast(writing.page)).to_contain_text("Something went wrong")
    assert len(sandbox.live()) == 1


def test_silent_after_click(sandbox, ui, compose):
    """Live, and the page says nothing at all."""
    ui("silent_after_click")
    writing = compose()
    writing.write("Hello")

    writing.send()

    expect(writing.button).to_be_enabled()
    expect(writing.box).to_have_text("Hello")
    assert (toast(writing.page).count(), len(sandbox.live())) == (0, 1)


def test_page_error(sandbox, ui, compose, page):
    """Exceptions nobody catches, and a page that works all the same."""
    ui("page_error")
    errors = []
    page.on("pageerror", lambda error: errors.append(error))  # noqa: PLW0108 - a builtin cannot be hooked
    writing = compose()
    writing.write("Hello")

    writing.send()

    toast(page).wait_for()
    assert len(errors) == 2
    assert len(sandbox.live()) == 1


def test_click_twice(sandbox, ui, compose):
    """One click is two asks; the guard refuses one of them."""
    ui("click_twice")
    writing = compose()
    writing.write("Hello")

    writing.button.click()
    toast(writing.page).wait_for()

    assert sorted(ask["outcome"] for ask in sandbox.asks()) == ["created", "refused:187"]
    assert len(sandbox.live()) == 1


def test_dead_button(sandbox, ui, compose):
    """The button looks alive, and a click causes nothing."""
    ui("dead_button")
    writing = compose()
    writing.write("Hello")

    with pytest.raises(Timeout), writing.page.expect_request(re.compile("CreateTweet"), timeout=SHORTLY):
        writing.button.click()

    assert writing.button.is_enabled()
    assert sandbox.asks() == []


def test_closes_after_click(sandbox, ui, compose):
    """The page leaves while the ask is on its way; the ask is carried out."""
    ui("closes_after_click")
    sandbox.add_weather({"fault": "delay_after_create", "params": {"seconds": 0.5}})
    writing = compose()
    writing.write("Hello")

    writing.button.click()

    writing.page.wait_for_url("**/home")
    expect(writing.page.get_by_role("dialog")).to_have_count(0)
    sandbox.wait_until(lambda s: s.live(), description="the post is live")
    sandbox.wait_until(lambda s: s.asks()[0]["delivered"] is False, description="the answer found nobody")


def test_every_kind_is_held_to_its_sentence():
    """A kind that is added without a test of its own name is noticed here."""
    tests = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}

    assert set(UI_KINDS) <= tests
