"""On a bad day the page itself differs, in the ways its kinds say, in whatever build it comes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import TimeoutError as Timeout
from playwright.sync_api import expect

from sandbox.faults import OPERATION_NAMES, SHEETS, UI_KINDS
from sandbox.variant import words

from .test_page import PICTURE, attach

pytestmark = pytest.mark.browser

SHORTLY = 600

WRONG = next(said for said in words("de") if said.startswith("Something went wrong, but"))

WATCH_THE_DIALOG = """
new MutationObserver(() => {
    const dialog = [...document.querySelectorAll("#layers *")].find((one) => one.sandboxName === "dialog");
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
    return page.locator("its=toast")


@pytest.mark.build(testids="todays", language="en")
def test_renamed_testid(ui, compose):
    """The element is there under another name; without one it has none."""
    ui("renamed_testid", **{"from": "tweetButton", "to": "postButton"})
    place = compose().place
    expect(place.get_by_test_id("postButton")).to_have_accessible_name("Post")
    assert 0 == place.get_by_test_id("tweetButton").count()

    ui("renamed_testid", **{"from": "tweetButton"})
    place = compose().place
    expect(place.get_by_role("button", name="Post", exact=True)).to_have_count(1)
    assert 0 == place.get_by_test_id("postButton").count()


@pytest.mark.parametrize("dismissable", [True, False])
@pytest.mark.build(hydration="at_once")
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
    assert "true" == writing.button.get_attribute("aria-disabled")


@pytest.mark.build(hydration="late")
def test_leftover_draft(ui, compose):
    """The dialog opens with somebody's text in it."""
    ui("leftover_draft", text="Old words")

    writing = compose()

    expect(writing.box).to_have_text("Old words")
    assert 1 == writing.place.locator("its=unsentButton").count()


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
    page.locator("its=dialog").locator("its=tweetTextarea_0").wait_for()

    assert page.evaluate("() => boxAt - dialogAt") > 450


def test_no_composer(ui, page):
    """Nowhere on the page is there a box."""
    ui("no_composer")

    page.goto("/compose/post", wait_until="domcontentloaded")

    page.locator("its=dialog").wait_for()
    assert 0 == page.locator("its=tweetTextarea_0").count()


@pytest.mark.parametrize("when", ["open", "typing", "click"])
def test_reply_context_dropped(sandbox, ui, reply, build, when):
    """At its moment the dialog forgets whom it answers, and the text becomes a post of its own."""
    ui("reply_context_dropped", when=when)
    writing = reply(sandbox.hand_post("bob", "Any questions?"))
    assert build.answers(writing.place, "bob") == (when != "open")

    writing.page.keyboard.insert_text("Just one")
    assert build.answers(writing.place, "bob") == (when == "click")
    writing.button.click()

    toast(writing.page).wait_for()
    assert sandbox.live("alice")[0]["reply_to"] is None


def test_keeps_text_after_success(sandbox, ui, compose, build):
    """Sent, and still there to be sent again."""
    ui("keeps_text_after_success")
    writing = compose()
    writing.write("Hello")

    writing.send()

    expect(toast(writing.page)).to_contain_text(build.say("Your post was sent."))
    expect(writing.box).to_have_text("Hello")
    assert writing.button.is_enabled()


def test_toast_generic_error(sandbox, ui, compose, build):
    """Live, although the page says that something went wrong."""
    ui("toast_generic_error")
    writing = compose()
    writing.write("Hello")

    writing.send()

    expect(toast(writing.page)).to_contain_text(build.say(WRONG))
    assert 1 == len(sandbox.live())


def test_silent_after_click(sandbox, ui, compose):
    """Live, and the page says nothing at all."""
    ui("silent_after_click")
    writing = compose()
    writing.write("Hello")

    writing.send()

    expect(writing.button).to_be_enabled()
    expect(writing.box).to_have_text("Hello")
    assert (0, 1) == (toast(writing.page).count(), len(sandbox.live()))


def test_page_error(sandbox, ui, compose, page):
    """Exceptions nobody catches, and a page that works all the same."""
    ui("page_error")
    errors = []
    page.on("pageerror", lambda error: errors.append(error))  # noqa: PLW0108 - a builtin cannot be hooked
    writing = compose()
    writing.write("Hello")

    writing.send()

    toast(page).wait_for()
    assert 2 == len(errors)
    assert 1 == len(sandbox.live())


def test_click_twice(sandbox, ui, compose):
    """One click is two asks; the guard refuses one of them."""
    ui("click_twice")
    writing = compose()
    writing.write("Hello")

    writing.button.click()
    toast(writing.page).wait_for()

    assert ["created", "refused:187"] == sorted(ask["outcome"] for ask in sandbox.asks())
    assert 1 == len(sandbox.live())


def test_dead_button(sandbox, ui, compose):
    """The button looks alive, and a click causes nothing."""
    ui("dead_button")
    writing = compose()
    writing.write("Hello")

    with pytest.raises(Timeout), writing.page.expect_request(re.compile("CreateTweet"), timeout=SHORTLY):
        writing.button.click()

    assert writing.button.is_enabled()
    assert [] == sandbox.asks()


def test_closes_after_click(sandbox, ui, compose):
    """The page leaves while the ask is on its way; the ask is carried out."""
    ui("closes_after_click")
    sandbox.add_weather({"fault": "delay_after_create", "params": {"seconds": 0.5}})
    writing = compose()
    writing.write("Hello")

    writing.button.click()

    writing.page.wait_for_url("**/home")
    expect(writing.page.locator("its=dialog")).to_have_count(0)
    sandbox.wait_until(lambda s: s.live(), description="the post is live")
    sandbox.wait_until(lambda s: s.asks()[0]["delivered"] is False, description="the answer found nobody")


def listed(page):
    """What the open list offers; there is no other on the page."""
    return page.locator("its=Dropdown").locator("its=typeaheadResult")


@pytest.mark.parametrize("word", ["@bo", "#bread", "$AB", "#朝"])
def test_late_suggestions(sandbox, ui, compose, build, word):
    """The list comes after a pause, Enter takes its first entry, and Escape leaves the text as it was."""
    ui("late_suggestions", seconds=0.4)
    writing = compose()
    writing.write(f"Hello {word}")
    assert 0 == listed(writing.page).count()

    listed(writing.page).first.wait_for()
    assert writing.place.locator("its=Dropdown").count() == int(build["lists"] == "inside")
    first = listed(writing.page).first.inner_text().split("\n")[-1]
    writing.page.keyboard.press("Enter")
    expect(writing.box).to_have_text(f"Hello {first} ", use_inner_text=True)

    writing.page.keyboard.press("Control+A")
    writing.page.keyboard.insert_text(f"Hello {word}")
    listed(writing.page).first.wait_for()
    writing.page.keyboard.press("Escape")
    expect(listed(writing.page)).to_have_count(0)
    writing.send()
    assert [post["text"] for post in sandbox.live()] == [f"Hello {word}"]


@pytest.mark.build(lists="mask")
def test_a_list_under_a_mask_keeps_the_click(ui, compose):
    """The first click only closes it."""
    ui("late_suggestions", seconds=0)
    writing = compose()
    writing.write("Hello @bo")
    listed(writing.page).first.wait_for()

    with pytest.raises(Timeout):
        writing.button.click(timeout=SHORTLY)

    writing.page.mouse.click(5, 5)
    expect(listed(writing.page)).to_have_count(0)
    writing.send()


@pytest.mark.parametrize("seconds", [0, 3])
def test_covered_at_click(sandbox, ui, compose, seconds):
    """What was free when it was looked at is covered when it is clicked; a cover that goes lets a later click through."""
    ui("covered_at_click", seconds=seconds)
    writing = compose()
    writing.write("Hello")
    assert 0 == writing.page.locator("its=HoverCard").count()

    middle = writing.button.bounding_box()
    writing.page.mouse.move(middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2)
    expect(writing.page.locator("its=HoverCard")).to_have_count(1)
    if seconds:
        writing.send()
    else:
        with pytest.raises(Timeout):
            writing.button.click(timeout=SHORTLY)

    assert len(sandbox.live()) == int(seconds > 0)


def test_redrawn_instead_of_another_part(ui, compose):
    """The text is gone, and so is what a part could be added to; written again, the next click adds it."""
    ui("redrawn", how="add")
    writing = compose()
    writing.write("Hello")
    writing.place.locator("its=addButton").click()
    expect(writing.box).to_have_text("")
    expect(writing.place.locator("its=tweetTextarea_1")).to_have_count(0)

    writing.write("Hello")
    writing.place.locator("its=addButton").click()
    expect(writing.place.locator("its=tweetTextarea_1")).to_have_count(1)


@pytest.mark.parametrize("how", ["click", "sheet"])
def test_redrawn(sandbox, compose, how):
    """What was written is gone when the page comes to send it; with a picture it asks without a word."""
    reminder = {"kind": "sheet", "which": "describe_pictures", "when": "click"}
    sandbox.weather(*({"fault": "ui", "params": one} for one in ({"kind": "redrawn", "how": how}, reminder)))
    writing = compose()
    attach(writing, PICTURE)
    writing.write("Hello")

    writing.button.click()
    answer(writing.page, NO)

    toast(writing.page).wait_for()
    assert [("", 1)] == [(post["text"], len(post["media"])) for post in sandbox.live()]


def answer(page, choice):
    page.locator("its=confirmationSheetDialog").locator(f"its={choice}").click()


YES, NO, CLOSE = "confirmationSheetConfirm", "confirmationSheetCancel", "SheetClose"

AFTER_CLICK = [
    ("public", YES, 1),
    ("public", CLOSE, 0),
    ("premium", NO, 0),
    ("premium", CLOSE, 0),
    ("drop_draft", NO, 0),
    ("shortcuts", YES, 1),
    ("notifications", NO, 0),
]


@pytest.mark.parametrize(("which", "choice", "sent"), AFTER_CLICK)
def test_sheet(sandbox, ui, compose, *, which, choice, sent):
    """It comes between the click and the request; some answers let the post go, after others a second click does."""
    ui("sheet", which=which, when="click")
    writing = compose()
    writing.write("Hello")

    writing.button.click()
    writing.page.locator("its=confirmationSheetDialog").wait_for()
    assert [] == sandbox.asks()
    answer(writing.page, choice)
    if not sent:
        expect(writing.box).to_have_text("Hello")
        assert [] == sandbox.asks()
        writing.button.click()

    toast(writing.page).wait_for()
    assert ["Hello"] == [post["text"] for post in sandbox.live()]
    assert [one["sheet"] for one in sandbox.sheets()] == [which]


def test_a_sheet_that_drops_the_draft_drops_it(sandbox, ui, compose):
    """The first answer of this one is the harmful one: everything that was written is gone."""
    ui("sheet", which="drop_draft", when="click")
    writing = compose()
    writing.write("Hello")

    writing.button.click()
    answer(writing.page, YES)

    expect(writing.place).to_have_count(0)
    assert [] == sandbox.asks()


@pytest.mark.parametrize("choice", [YES, NO])
def test_a_reminder_to_describe_pictures(sandbox, ui, compose, build, choice):
    """It comes with pictures that have no description: one answer opens their editor, the other posts."""
    ui("sheet", which="describe_pictures", when="click", times=9)
    writing = compose()
    attach(writing, PICTURE)
    writing.write("Look")

    writing.button.click()
    answer(writing.page, choice)
    if choice == YES:
        writing.page.locator("its=altTextInput").fill("A pixel")
        writing.page.locator("its=altTextSave").click()
        if build["describe"] != "sheet":
            expect(writing.page.locator("its=altTextSave")).to_be_disabled()
            build._close_descriptions(writing.page)
        writing.button.click()

    toast(writing.page).wait_for()
    assert [m["alt"] for m in sandbox.live()[0]["media"]] == [None if choice == NO else "A pixel"]


@pytest.mark.parametrize("when", ["open", "typing"])
def test_a_sheet_that_comes_earlier(sandbox, ui, compose, when):
    """With the dialog, or with the first letter; once it is closed everything goes on."""
    ui("sheet", which="notifications", when=when)
    writing = compose()
    if when == "typing":
        writing.write("Hello")

    answer(writing.page, CLOSE)
    if when == "open":
        writing.write("Hello")
    writing.send()

    assert ["Hello"] == [post["text"] for post in sandbox.live()]


def test_a_challenge_is_for_a_person(sandbox, ui, compose):
    """No post goes out behind it, and whoever closes it is written down."""
    ui("sheet", which="challenge", when="click", times=9)
    writing = compose()
    writing.write("Hello")
    writing.button.click()
    sheet = writing.page.locator("its=challengeSheet")

    sheet.locator("its=SheetClose").click()
    writing.button.click()
    sheet.locator("its=confirmationSheetConfirm").click()

    writing.page.wait_for_url("**/account/access")
    assert ([], ["dismissed"]) == (sandbox.asks(), [one["answer"] for one in sandbox.sheets()])


@pytest.mark.parametrize("how", ["button", "dialog", "sheet"])
def test_replies_limited(sandbox, ui, page, build, how):
    """Nobody can answer this post, and the page says so at some place on the way; others can be answered."""
    post = sandbox.hand_post("bob", "For friends only")
    ui("replies_limited", how=how, of=post)
    page.goto(f"/i/status/{post}", wait_until="domcontentloaded")
    action = page.locator("article").get_by_test_id("reply")
    if how == "button":
        expect(action).to_be_disabled()
        return
    action.click()

    if how == "sheet":
        expect(page.locator("its=confirmationSheetDialog")).to_contain_text("@bob")
        answer(page, YES)
        assert 0 == page.locator("its=dialog").count()
        return
    dialog = page.locator("its=dialog")
    expect(dialog).to_contain_text(build.say("You can’t reply to this conversation."))
    dialog.locator("its=tweetTextarea_0").fill("Hello")
    expect(dialog.locator("its=tweetButton")).to_be_disabled()


def test_other_posts_are_not_limited(sandbox, ui, reply):
    """A limit on one post leaves the others alone."""
    ui("replies_limited", how="dialog", of="1")
    writing = reply(sandbox.hand_post("bob", "Any questions?"))
    writing.write("Just one")

    writing.send()

    assert 1 == len(sandbox.live("alice"))


def test_retries_by_itself(sandbox, ui, compose, build):
    """One click, and two asks when the first was not answered; where no guard stands they are two copies."""
    ui("retries_by_itself")
    sandbox.add_weather({"fault": "create_then_5xx", "count": 1}, {"fault": "no_duplicate_guard"})
    writing = compose()
    writing.write("Hello")

    writing.button.click()

    toast(writing.page).wait_for()
    assert ["created", "created"] == [ask["outcome"] for ask in sandbox.asks()]
    assert [{"account": "alice", "text": "Hello", "live": 2}] == sandbox.counts()["copies"]


HOOKS = """() => {
    window.seen = [];
    const note = (name, address) => String(address).includes("CreateTweet") && seen.push(name);
    const really = { fetch, open: XMLHttpRequest.prototype.open };
    window.fetch = (...given) => (note("fetch", given[0]), really.fetch.apply(window, given));
    XMLHttpRequest.prototype.open = function (...given) {
        note("xhr", given[1]);
        return really.open.apply(this, given);
    };
}"""
"""What somebody may put over the page's own ways to send."""


@pytest.mark.parametrize("how", ["fetch", "xhr", "worker"])
def test_sends_by(sandbox, ui, compose, build, how):
    """However it is sent, the ask arrives with its session, and the answer is read."""
    ui("sends_by", how=how)
    writing = compose()
    writing.page.evaluate(HOOKS)
    writing.write("Hello")

    writing.button.click()

    expect(toast(writing.page)).to_contain_text(build.say("Your post was sent."))
    assert writing.page.evaluate("() => seen") == ([] if how == "worker" else [how])
    assert 1 == len(sandbox.live())


@pytest.mark.parametrize("name", OPERATION_NAMES)
def test_operation_name(sandbox, ui, compose, build, name):
    """The ask is one by any other name, and the ledger tells the name."""
    ui("operation_name", name=name)
    writing = compose()
    writing.write("Hello")

    writing.button.click()

    expect(toast(writing.page)).to_contain_text(build.say("Your post was sent."))
    assert [(ask["operation"], ask["sent_as"]) for ask in sandbox.asks()] == [("CreateTweet", name)]


def test_every_sheet_is_held_to_what_it_lets_through():
    """A sheet that is added without a test is noticed here."""
    tested = {which for which, *_ in AFTER_CLICK} | {"describe_pictures", "challenge"}

    assert set(SHEETS) == tested


def test_every_kind_is_held_to_its_sentence():
    """A kind that is added without a test of its own name is noticed here."""
    tests = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}

    assert set(UI_KINDS) <= tests
