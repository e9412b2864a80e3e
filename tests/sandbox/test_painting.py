"""What the page paints of a post: less than its text, or something else, and never more than lists tell."""

from __future__ import annotations

import random

import pytest
from playwright.sync_api import expect

from rehearsal.corpus import for_account
from sandbox.faults import PAINT_KINDS
from sandbox.painting import paint
from sandbox.shown import Picture, Said, show
from tests.sandbox.conftest import instructions, results, thread

READ_TEXT = """(article) => {
    const said = (node) => [...node.childNodes].map((child) =>
        child.nodeType === Node.TEXT_NODE ? child.data : child.nodeName === "IMG" ? child.alt : said(child)).join("");
    const own = [...article.querySelectorAll('[data-testid="tweetText"]')].filter((one) => !one.closest(".quote"));
    return own.length ? said(own[0]) : null;
}"""
"""The text of the document in an article: pieces of no size as well, emoji by their description."""


# -- without a browser


def test_a_link_is_there_in_pieces():
    """What is seen is short; the scheme and the rest are in the document, of no size, and an ellipsis."""
    painted = show(Said("See https://www.youtube.com/watch?v=dQw4w9WgXcQ, please"))

    assert "See youtube.com/watch?v=dQw4w9…, please" == painted.seen
    assert "See https://www.youtube.com/watch?v=dQw4w9WgXcQ…, please" == painted.text


def test_two_links_can_look_the_same():
    """What differs only after what is shown is the same to whoever sees the page."""
    one, other = (show(Said(f"Read https://example.com/a-long-path-to/{end}")) for end in ("one", "two"))

    assert (True, False) == (one.seen == other.seen, one.text == other.text)


def test_an_international_name_hides_where_it_leads():
    """The page cannot find the shown name in the address, and paints the name alone."""
    assert "münchen.de/ä" == show(Said("http://münchen.de/ä")).text


def test_the_last_link_is_left_out_where_it_became_a_card():
    """In the middle it stays."""
    last, middle = (
        show(Said("Read https://blog.example.com/one")),
        show(Said("https://blog.example.com/one is new")),
    )
    only = show(Said("https://blog.example.com/one"))

    assert ("Read", True) == (last.text, last.card is not None)
    assert "https://blog.example.com/one is new" == middle.text
    assert ((), True) == (only.pieces, only.card is not None)


def test_whom_a_reply_answers_is_not_part_of_its_text():
    """It stands above; a part of one's own thread says nothing of the kind."""
    reply, part = (
        show(Said("Yes", reply_to=("bob", "And @carol?"))),
        show(Said("2/2", reply_to=("alice", "1/2"))),
    )

    assert ("Yes", ("bob", "carol")) == (reply.text, reply.replying_to)
    assert ("2/2", ()) == (part.text, part.replying_to)


def test_signs_and_names_are_the_networks_own():
    """A tag gets a narrow sign, a name the letters of its account, whatever was typed."""
    assert "#パン by @bob" == show(Said("＃パン by ＠BOB")).text
    assert "＃bread by ＠bob" == show(Said("#bread by @bob"), kind="wide_signs").text


def test_a_long_text_is_whole_only_on_its_own_page():
    """The list ends it with an ellipsis and says Show more."""
    said = Said("Bread & butter. " * 20 + "The end", reply_to=("bob", "Well?"))

    listed, own = show(said), show(said, focal=True)

    assert (True, True, False) == (listed.more, listed.text.endswith("…"), own.more)
    assert own.text == said.text


def test_kinds_of_paint():
    """Translated words, a card alone, a quoted post alone."""
    linked = Said("Good morning https://example.com/one")
    quoting = Said("Good morning https://x.com/bob/status/1")

    assert "dooG gninrom example.com/one" == show(linked, kind="translated").seen
    assert () == show(linked, kind="card_only").pieces
    assert () == show(quoting, kind="quote_only").pieces
    assert "Good morning" == show(Said("Good morning"), kind="card_only").text


def test_descriptions_of_pictures():
    """Who described nothing sees `Image`."""
    assert ("A loaf", "Image") == show(Said("", media=(Picture(alt="A loaf"), Picture()))).pictures


# -- in a browser


def articles(page):
    return page.locator('article[data-testid="tweet"]')


@pytest.mark.browser
def test_the_page_paints_what_its_twin_says(sandbox, alice, page):
    """Of posts of the corpus, in lists and on their own pages."""
    items = random.Random(11).sample([i for i in for_account(3) if len(i.text) < 200], 18)  # noqa: S311
    for item in items:
        sandbox.hand_post("alice", item.text, media=[{"alt": alt} for alt in item.media])
    listed = results(alice.look("UserTweetsAndReplies", screen_name="alice").json())
    page.set_viewport_size({"width": 1280, "height": 20_000})

    page.goto("/alice/with_replies", wait_until="domcontentloaded")
    expect(articles(page)).to_have_count(len(listed))

    seen = articles(page).evaluate_all(f"(all) => all.map({READ_TEXT})")
    assert seen == [paint(result).text or None for result in listed]


@pytest.mark.browser
@pytest.mark.parametrize("kind", PAINT_KINDS)
def test_the_page_paints_otherwise(sandbox, alice, page, kind):
    """Each kind of `painted`, as the twin has it; the list tells the same as ever."""
    quoted = sandbox.hand_post("bob", "Quoted #words by @carol")
    sandbox.hand_post("alice", f"Look at this #bread https://x.com/bob/status/{quoted}")
    sandbox.hand_post("alice", "Read @bob https://example.com/one")
    before = results(alice.look("UserTweets", screen_name="alice").json())
    sandbox.weather({"fault": "painted", "params": {"kind": kind}})

    page.goto("/alice", wait_until="domcontentloaded")
    expect(articles(page)).to_have_count(2)

    seen = articles(page).evaluate_all(f"(all) => all.map({READ_TEXT})")
    assert seen == [paint(result, kind=kind).text or None for result in before]
    assert seen != [paint(result).text for result in before]
    after = results(alice.look("UserTweets", screen_name="alice").json())
    assert [one["legacy"] for one in after] == [one["legacy"] for one in before]


@pytest.mark.browser
def test_a_quoted_post_is_much_like_an_article(sandbox, page):
    """It has a name, a time and a text of its own, and no link that leads to it; a text of its quoter may be missing."""
    quoted = sandbox.hand_post("bob", "I said this")
    sandbox.hand_post("alice", f"https://x.com/bob/status/{quoted}")

    page.goto("/alice", wait_until="domcontentloaded")

    [article] = articles(page).all()
    expect(article.get_by_test_id("tweetText")).to_have_count(1)
    expect(article.get_by_test_id("tweetText")).to_have_text("I said this")
    expect(article.get_by_test_id("User-Name")).to_have_count(2)
    box = article.locator('[role="link"][tabindex="0"]')
    expect(box.locator("time")).to_have_count(1)
    expect(box.locator('a[href*="/status/"]')).to_have_count(0)


@pytest.mark.browser
def test_a_link_on_the_page_has_pieces_of_no_size(sandbox, page):
    """They are hidden from readers aloud, and there for whoever reads the document."""
    sandbox.hand_post("alice", "See https://www.example.com/a/long/path/to/somewhere now")

    page.goto("/alice", wait_until="domcontentloaded")

    link = page.get_by_test_id("tweetText").locator("a")
    expect(link).to_have_text("https://www.example.com/a/long/path/to/somewhere…")
    hidden = link.locator('span[aria-hidden="true"]')
    assert ["https://www.", "/somewhere", "…"] == hidden.all_text_contents()
    sizes = hidden.evaluate_all("(all) => all.map((one) => getComputedStyle(one).fontSize)")
    assert [True, True, False] == [size == "0px" for size in sizes]


@pytest.mark.browser
def test_a_long_thread_says_that_there_is_more(sandbox, page):
    """The profile shows three parts and a way to the rest; under the first part are all of them, in two steps."""
    parts = thread(sandbox, 23)

    page.goto("/alice", wait_until="domcontentloaded")
    expect(articles(page)).to_have_count(3)
    # By their place and not by their words: a page may be in any language.
    page.locator("a.thread-link").click()
    page.set_viewport_size({"width": 1280, "height": 20_000})

    expect(articles(page)).to_have_count(21)
    page.locator(".thread-link").click()
    expect(articles(page)).to_have_count(len(parts))
    expect(page.get_by_test_id("tweetText").last).to_have_text("23/23 of a thread")


@pytest.mark.browser
def test_what_cannot_be_shown_is_no_article(sandbox, page):
    """A notice stands there, without an id and without a text to read."""
    question = sandbox.hand_post("bob", "Why?")
    reply = sandbox.hand_post("alice", "Because", reply_to=question)
    sandbox.delete(question)

    page.goto(f"/alice/status/{reply}", wait_until="domcontentloaded")

    expect(articles(page)).to_have_count(1)
    expect(page.get_by_test_id("primaryColumn")).to_contain_text("This Post was deleted by the Post author.")
    expect(articles(page).locator(".replying a")).to_have_text("@bob")


@pytest.mark.browser
def test_nobody_is_signed_in_on_the_page(sandbox, alice, page):
    """No name, no way to sign in, and a list all the same."""
    past = sandbox.seed("alice", 3)
    sandbox.weather({"fault": "nobody_signed_in"})

    page.goto("/alice", wait_until="domcontentloaded")

    expect(articles(page)).to_have_count(len(past))
    for name in ("AppTabBar_Profile_Link", "SideNav_AccountSwitcher_Button", "loginButton", "BottomBar"):
        expect(page.get_by_test_id(name)).to_have_count(0)


def test_instructions_are_read_as_the_page_reads_them(sandbox, alice):
    """A last page has nothing but cursors, so the page stops asking."""
    told = instructions(alice.look("UserTweets", screen_name="alice").json())[-1]["entries"]

    assert ["Top", "Bottom"] == [entry["content"]["cursorType"] for entry in told]
