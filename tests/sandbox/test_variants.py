"""Builds of the page: drawn by chance and repeatable, different where they say, and usable by a person in each case."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from sandbox.client import SandboxProcess
from sandbox.process import ROOT, SandboxError
from sandbox.variant import AXES, IDENTITY, RENAMES, BadVariant, Variant, read_variant, words

from .conftest import Writing
from .test_page import PICTURE, attach

browser_needed = pytest.mark.browser

PAGE = ROOT / "sandbox" / "page"

LANGUAGES = tuple(AXES["language"].choices)

CHOICES = [(axis, choice) for axis, one in AXES.items() for choice in one.choices if choice != one.todays]

CONTRACT = (
    "tweetTextarea_0",
    "tweetButton",
    "addButton",
    "fileInput",
    "toolBar",
    "app-bar-close",
    "mask",
    "SideNav_NewTweet_Button",
    "AppTabBar_Profile_Link",
    "SideNav_AccountSwitcher_Button",
)


# -- drawing


def test_the_build_that_nobody_asked_for_is_todays():
    """Whoever says nothing meets the page that everybody knows."""
    assert read_variant("todays", seed=3).choices == Variant().choices
    assert {} == read_variant("todays", seed=3).names


def test_the_same_seed_draws_the_same_build():
    """A build that broke something can be had again, and another seed is another build."""
    assert read_variant("random", seed=7) == read_variant("random", seed=7)
    assert 20 == len({tuple(read_variant("random", seed=n).choices.values()) for n in range(20)})


def test_chance_reaches_every_choice():
    """In a hundred draws nothing stays unseen."""
    drawn = [read_variant("random", seed=n) for n in range(100)]

    for axis, one in AXES.items():
        assert {build[axis] for build in drawn} == set(one.choices)


def test_holding_one_axis_leaves_the_others_as_drawn():
    """A failure can be narrowed down axis by axis."""
    free = read_variant("random", seed=11)
    held = read_variant("random,language=ar", seed=11)

    assert {**free.choices, "language": "ar"} == held.choices
    assert ("ar", "rtl") == (held.language, held.direction)


@pytest.mark.parametrize("kind", ["renamed", "absent"])
def test_about_half_of_the_test_ids_differ(kind):
    """Never all of them, and nobody loses sight of who is signed in."""
    for seed in range(50):
        names = read_variant({"testids": kind}, seed=seed).names
        assert 0 < len(names) < len(RENAMES)
        assert len(set(IDENTITY) - set(names)) >= 1
        assert all((to is None) == (kind == "absent") for to in names.values())


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("langage=de", "unknown axis langage"),
        ("language=fr", "language must be random or one of en, de, ja, ar"),
        ("surprise", "neither random, todays nor axis=choice"),
        (7, "a text or an object"),
    ],
)
def test_a_build_that_cannot_be_meant_is_refused(spec, said):
    """With what there is instead."""
    with pytest.raises(BadVariant, match=said):
        read_variant(spec, seed=1)


def test_every_way_to_ask_for_a_build(sandbox):
    """The start command, the client and the control port mean the same thing by the same words."""
    with SandboxProcess(
        accounts=("alice",), variant={"language": "ja", "buttons": "random"}, variant_seed=5
    ) as started:
        at_start = started.variant()
    over_the_port = sandbox.build({"language": "ja", "buttons": "random"}, seed=5)
    sandbox.build("todays")

    assert at_start == over_the_port
    assert "ja" == at_start["choices"]["language"]
    assert set(sandbox.axes()) == set(AXES)
    with pytest.raises(SandboxError, match="unknown axis"):
        sandbox.build({"colour": "red"})
    with pytest.raises(SandboxError, match="is neither"), SandboxProcess(variant="blue"):
        pass


# -- words and names


def scripts():
    return {path.name: path.read_text(encoding="utf-8") for path in PAGE.glob("*.js")}


def test_every_language_has_every_word():
    """And keeps the places for names and numbers."""
    for language in LANGUAGES[1:]:
        for english, other in words(language).items():
            assert other.strip()
            assert set(re.findall(r"\{\w+\}", other)) == set(re.findall(r"\{\w+\}", english))


SAID = (
    re.compile(r"""\bsay(?:Around)?\("([^"]+)\""""),
    re.compile(r"""\bsay\([\w.]+ \? "([^"]+)\""""),
    re.compile(r"""\bsay\([\w.]+ \? "[^"]+" : "([^"]+)\""""),
    re.compile(r"""\bwordButton\("([^"]+)\""""),
    re.compile(r"""\bface\([\w.]+, "([^"]+)\""""),
    re.compile(r"""\b(?:title|text|yes|no): "([^"]+)\""""),
    re.compile(r"""^  \d+: "([^"]+)",$""", re.MULTILINE),
)
"""The ways in which the page's scripts say a word."""


def test_every_word_that_is_said_is_in_the_table():
    """A word that is missing would be English in every language, and nobody would notice."""
    found = {word for text in scripts().values() for said in SAID for word in said.findall(text)}

    assert len(found) > 60
    assert found <= set(words("de"))


def test_every_test_id_that_may_change_is_on_the_page():
    """A name that the page no longer uses changes nothing."""
    everything = "".join(scripts().values())

    assert [] == [name for name in RENAMES if f'"{name}"' not in everything and f"`{name}$" not in everything]


# -- the page itself


@browser_needed
@pytest.mark.build(**{name: axis.todays for name, axis in AXES.items()})
def test_todays_build_has_the_test_ids_that_tools_rely_on(compose):
    """X's page, as tools of the day know it."""
    page = compose().page

    for name in CONTRACT:
        assert page.get_by_test_id(name).count() >= 1, name
    assert 1 == page.get_by_role("dialog").get_by_test_id("tweetTextarea_0").count()


def recognise(page, reply, build, sandbox):
    """What a reply with pictures, in two parts, shows of each axis. Ends with everything sent."""
    question = sandbox.hand_post("bob", "Any questions?")
    sandbox.weather({"fault": "ui", "params": {"kind": "sheet", "which": "public", "when": "click"}})
    writing = reply(question)
    place, seen = writing.place, {}
    attach(writing, PICTURE, PICTURE)
    controls = place.locator("its=altTextLabel")
    seen["media"] = {2: "each", 1: "carousel"}[controls.count()]
    controls.first.click()
    page.locator("its=altTextInput").wait_for()
    seen["describe"] = how_described(page)
    if seen["describe"] == "inline":
        page.get_by_role("button", name=build.say("Done"), exact=True).click()
    else:
        page.locator("its=altTextSheet").get_by_role("button", name=build.say("Close")).click()
    writing.write("one")
    seen |= place.evaluate(LOOK)
    place.locator("its=addButton").click()
    seen["controls"] = "active" if place.locator(".part").locator("its=toolBar").count() else "shared"
    place.locator("its=tweetTextarea_1").click()
    page.keyboard.insert_text("two @bo")
    page.locator("its=Dropdown").wait_for()
    seen["lists"] = page.locator("its=Dropdown").evaluate(
        "(list) => !list.closest('.list-layer') ? 'inside' : list.previousElementSibling ? 'mask' : 'layer'"
    )
    page.keyboard.press("Escape")
    writing.button.click()
    sheet = page.locator("its=confirmationSheetDialog")
    sheet.wait_for()
    seen["sheets"] = sheet.evaluate(
        """(sheet) => !sheet.previousElementSibling ? 'bare'
            : sheet.parentElement.parentElement.id === 'layers' ? 'layer' : 'inside'"""
    )
    sheet.locator("its=confirmationSheetConfirm").click()
    page.locator("its=toast").wait_for()
    return seen


def how_described(page):
    sheet = page.locator("its=altTextSheet")
    if sheet.count() == 0:
        return "inline"
    return "modal" if sheet.locator("its=app-bar-close").count() else "sheet"


LOOK = """(dialog) => {
    const its = (name, root = document) => [...root.querySelectorAll("*")].find((one) => one.sandboxName === name);
    const own = ["dialog", "composer", undefined];
    const named = [...document.querySelectorAll("*")].filter((one) => !own.includes(one.sandboxName));
    const post = its("tweetButton"), box = its("tweetTextarea_0", dialog);
    const context = dialog.querySelector(".reply-context");
    const order = its("toolBar", dialog), tools = dialog.querySelector("nav");
    const shape = () => {
        if (!dialog.hasAttribute("role")) return "loose";
        if (its("mask", dialog)) return "flat";
        return dialog.hasAttribute("aria-labelledby") ? "deep" : "nested";
    };
    const ids = () => {
        if (named.some((one) => one.dataset.testid === undefined)) return "absent";
        return named.some((one) => one.dataset.testid !== one.sandboxName) ? "renamed" : "todays";
    };
    const answered = () => {
        if (context.querySelector("a[href='/bob']")) return "links";
        if (context.querySelector("button, [role=button]")) return "button";
        if (dialog.textContent.includes("Any questions?")) return "parent";
        return box.ariaLabel.includes("@bob") ? "aria" : "nothing";
    };
    const lines = () => {
        if (box.querySelector("[data-block]")) return "draft";
        return box.querySelector("[data-lexical-text]") ? "lexical" : "spaced";
    };
    return {
        buttons: post.tagName.toLowerCase(),
        testids: ids(),
        dialog: shape(),
        language: document.documentElement.lang,
        tools: !order.contains(post) ? "split" : tools.compareDocumentPosition(post) & 4 ? "usual" : "reversed",
        faces: post.querySelector("svg") ? "icons" : "words",
        editor: lines(),
        reply: answered(),
    };
}"""

ELSEWHERE = {"behind", "hydration"}
"""Axes that a reply does not show: they have tests of their own."""


def todays_but(axis, choice):
    return {**{name: one.todays for name, one in AXES.items()}, axis: choice}


@browser_needed
@pytest.mark.parametrize(
    "differs",
    [
        pytest.param(f"{axis}={choice}", marks=pytest.mark.build(**todays_but(axis, choice)))
        for axis, choice in CHOICES
        if axis not in ELSEWHERE
    ],
)
def test_each_choice_shows_and_works(sandbox, page, reply, build, differs):
    """One axis differs from today's page, and everything that a reply in two parts with pictures needs still works."""
    seen = recognise(page, reply, build, sandbox)

    assert seen == {axis: one for axis, one in build.made_of["choices"].items() if axis not in ELSEWHERE}
    assert ["one", "two @bo"] == [post["text"] for post in sandbox.live("alice")]


@browser_needed
@pytest.mark.parametrize("draw", range(3))
def test_builds_by_chance_show_and_work(sandbox, page, reply, build, draw):
    """All axes at once."""
    seen = recognise(page, reply, build, sandbox)

    drawn = {axis: one for axis, one in build.made_of["choices"].items() if axis not in ELSEWHERE}
    # Half of the test ids may be a half that this walk does not meet.
    assert {**seen, "testids": drawn["testids"]} == drawn
    assert ["one", "two @bo"] == [post["text"] for post in sandbox.live("alice")]


COMES_TO_LIFE = """() => {
    window.told = [];
    const tell = (what) => told.includes(what) || told.push(what);
    let first = null;
    new MutationObserver(() => {
        const layers = document.getElementById("layers");
        const box = layers?.querySelector("[role=textbox]");
        if (layers?.querySelector("[aria-busy=true]")) tell("skeleton");
        if (box?.getAttribute("contenteditable") === "false") tell("inert");
        if (box?.getAttribute("contenteditable") === "true") tell("box");
        if (box && !layers.querySelector("nav")) tell("box without controls");
        if (box && first && box !== first) tell("another box");
        first ??= box;
    }).observe(document, { childList: true, subtree: true, attributes: true });
}"""


@browser_needed
@pytest.mark.parametrize(
    ("kind", "told"),
    [
        pytest.param(kind, told, marks=pytest.mark.build(hydration=kind))
        for kind, told in {
            "at_once": ["box"],
            "late": ["skeleton", "box", "box without controls"],
            "inert": ["inert", "box"],
            "replaced": ["box", "another box"],
        }.items()
    ],
)
def test_how_a_composer_comes_to_life(page, kind, told):
    """What comes first, what comes later, and what is replaced."""
    page.add_init_script(f"({COMES_TO_LIFE})()")

    page.goto("/compose/post", wait_until="domcontentloaded")
    Writing(page, page.locator("its=dialog")).ready()

    assert page.evaluate("() => told") == told


@browser_needed
@pytest.mark.build(hydration="replaced")
def test_what_was_typed_too_early_is_gone(browser, sandbox, build):
    """A box that is replaced takes its text along."""
    # A clock that has stopped does so for every page of its context.
    context = browser.new_context(storage_state=sandbox.accounts["alice"], base_url=sandbox.url)
    page = context.new_page()
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.goto("/compose/post", wait_until="domcontentloaded")
    writing = Writing(page, page.locator("its=dialog"))
    writing.write("too early")
    expect(writing.box).to_have_text("too early")

    page.clock.run_for(2000)
    writing.ready()

    expect(writing.box).to_have_text("")
    expect(writing.button).to_be_disabled()
    context.close()


@browser_needed
@pytest.mark.parametrize(
    "language", [pytest.param(one, marks=pytest.mark.build(language=one)) for one in LANGUAGES]
)
def test_a_person_finds_everything_by_role_and_word(sandbox, page, build, language):
    """Without test ids and without knowing the page's inside, in each language."""
    page.goto("/home", wait_until="domcontentloaded")
    page.get_by_role("banner").get_by_role("button", name=build.say("Post"), exact=True).click()
    over = page.locator("#layers")
    box = over.get_by_role("textbox", name=build.say("Post text"))
    box.wait_for()
    Writing(page, over).ready()

    for label in ("Close", "Add photos or video", "Add post", "Add emoji"):
        expect(over.get_by_role("button", name=build.say(label), exact=True)).to_have_count(1)
    box.fill("Hello")
    over.get_by_role("button", name=build.say("Post"), exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text(build.say("Your post was sent."))
    assert ["Hello"] == [post["text"] for post in sandbox.live("alice")]


@browser_needed
@pytest.mark.build(language="ar")
def test_a_page_that_reads_from_right_to_left(compose):
    """The navigation stands on the right."""
    page = compose().page

    left = "(one) => one.getBoundingClientRect().left"
    assert "rtl" == page.evaluate("() => document.documentElement.dir")
    assert page.get_by_role("banner").evaluate(left) > page.locator("main").first.evaluate(left)


@browser_needed
@pytest.mark.parametrize(
    "kind", [pytest.param(one, marks=pytest.mark.build(buttons=one)) for one in AXES["buttons"].choices]
)
def test_a_button_is_a_button_whatever_it_is_made_of(sandbox, compose, kind):
    """Enter on it is a click, and while it is disabled neither does anything."""
    writing = compose()
    writing.button.dispatch_event("click")
    writing.write("Hello")
    writing.button.focus()

    with writing.page.expect_response(lambda answer: answer.url.endswith("/CreateTweet")):
        writing.page.keyboard.press("Enter")

    assert ["Hello"] == [ask["text"] for ask in sandbox.asks()]
