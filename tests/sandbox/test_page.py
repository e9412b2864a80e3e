"""The page does what the real one does with posts, replies, threads and pictures, in whatever build it comes.

Every test meets a drawn build; `SANDBOX_VARIANT_SEED` brings the builds of a run back.
"""

from __future__ import annotations

import hashlib
import re

import pytest
from playwright.sync_api import expect

from sandbox.variant import words

from .conftest import Writing

pytestmark = pytest.mark.browser

WRONG = next(said for said in words("de") if said.startswith("Something went wrong, but"))

GONE = next(said for said in words("de") if "this page doesn’t exist" in said)

AUTOMATED = next(said for said in words("de") if "might be automated" in said)

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
PICTURE = {"name": "pixel.png", "mimeType": "image/png", "buffer": PNG}


def toast(page):
    return page.locator("its=toast")


def test_posting_from_the_dialog(sandbox, compose, build):
    """The toast leads to the post, the dialog goes, the home composer stays."""
    writing = compose()
    writing.write("Hello")

    answer = writing.send()

    [post] = sandbox.live("alice")
    assert 200 == answer.status
    view = toast(writing.page).get_by_role("link", name=build.say("View"))
    assert view.get_attribute("href") == f"/alice/status/{post['id']}"
    expect(writing.place).to_have_count(0)
    expect(writing.page.locator("its=tweetTextarea_0")).to_have_count(int(build["behind"] == "composer"))
    assert writing.page.url.endswith("/home")


def test_the_dialog_lies_over_a_home_page(compose, build):
    """Mostly one with a composer of its own: two boxes of one name, and three buttons that are called Post."""
    page = compose().page
    behind = int(build["behind"] == "composer")

    expect(page.locator("its=tweetTextarea_0")).to_have_count(1 + behind)
    expect(page.locator("its=dialog").locator("its=tweetTextarea_0")).to_have_count(1)
    called_post = page.get_by_role("button", name=build.say("Post"), exact=True, include_hidden=True)
    expect(called_post).to_have_count(2 + behind)


def test_posting_from_home(sandbox, page):
    """The inline composer empties itself and stays open; the timeline has the post."""
    page.goto("/home", wait_until="domcontentloaded")
    writing = Writing(page, page.get_by_test_id("primaryColumn"), "tweetButtonInline")
    writing.ready()
    writing.write("From home")

    page.locator("its=tweetButtonInline").click()

    toast(page).wait_for()
    expect(page.locator("its=tweetTextarea_0")).to_have_text("")
    expect(page.get_by_test_id("tweetText").first).to_have_text("From home")


def test_control_enter_submits(sandbox, compose):
    """The keyboard's way of clicking Post."""
    writing = compose()
    writing.write("Keys only")

    writing.page.keyboard.press("Control+Enter")

    toast(writing.page).wait_for()
    assert "Keys only" == sandbox.live()[0]["text"]


def test_who_is_signed_in_stands_beside(page, build):
    """How a channel knows who is signed in: the profile link names the account."""
    page.goto("/home", wait_until="domcontentloaded")

    assert "/alice" == page.locator("its=AppTabBar_Profile_Link").get_attribute("href")
    assert page.locator("its=SideNav_AccountSwitcher_Button").is_visible()
    expect(page.locator("its=SideNav_NewTweet_Button")).to_have_accessible_name(build.say("Post"))


def test_without_a_session_the_page_leads_to_sign_in(browser, sandbox, build):
    """Addresses of one's own lead away; there is nothing to write in."""
    context = browser.new_context(base_url=sandbox.url)
    page = context.new_page()

    for path in ("/home", "/compose/post", "/intent/post?text=x", "/"):
        page.goto(path, wait_until="domcontentloaded")

        expect(page.get_by_test_id("loginButton")).to_be_visible()
        assert page.url.endswith("/i/flow/login")
        assert 0 == page.locator("its=tweetTextarea_0").count()
    context.close()


def test_replying_from_the_dialog(sandbox, reply, build):
    """The dialog says whom it answers, the button says Reply, and the reply hangs on the post."""
    question = sandbox.hand_post("bob", "Any questions?")
    writing = reply(question)
    assert build.answers(writing.place, "bob")
    expect(writing.button).to_have_accessible_name(build.say("Reply"))

    writing.page.keyboard.insert_text("Just one")
    writing.button.click()

    toast(writing.page).wait_for()
    assert sandbox.live("alice")[0]["reply_to"] == question


def test_replying_inline(sandbox, page):
    """The composer under a post answers it, and the answer appears below."""
    question = sandbox.hand_post("bob", "Any questions?")
    page.goto(f"/bob/status/{question}", wait_until="domcontentloaded")
    writing = Writing(page, page.get_by_test_id("primaryColumn"), "tweetButtonInline")
    writing.ready()
    writing.write("Inline")

    writing.button.click()

    toast(page).wait_for()
    assert sandbox.live("alice")[0]["reply_to"] == question
    expect(page.get_by_test_id("tweetText").nth(1)).to_have_text("Inline")


def test_opening_an_address_drops_what_a_dialog_replied_to(sandbox, reply, build):
    """After a navigation the dialog stands alone: the text would be a post of its own."""
    writing = reply(sandbox.hand_post("bob", "Any questions?"))
    assert writing.page.url.endswith("/compose/post")

    writing.page.reload(wait_until="domcontentloaded")

    writing.ready()
    expect(writing.button).to_have_accessible_name(build.say("Post"))
    assert not build.answers(writing.place, "bob")


def test_an_intent_opens_the_dialog_with_its_text_and_parent(sandbox, page, build):
    """`/intent/post` fills in both; a build that draws the box anew fills it with nothing."""
    question = sandbox.hand_post("bob", "Any questions?")

    page.goto(f"/intent/post?text=Yes%20%26%20no&in_reply_to={question}", wait_until="domcontentloaded")

    writing = Writing(page, page.locator("its=dialog"))
    writing.ready()
    expect(writing.box).to_have_text("" if build["hydration"] == "replaced" else "Yes & no")
    assert build.answers(writing.place, "bob")


def attach(writing, *pictures, part=0):
    """Attach pictures to the part that has the caret, and wait until they have arrived."""
    writing.place.locator("its=fileInput").set_input_files(list(pictures))
    group = writing.place.locator(".part").nth(part).locator("its=attachments")
    expect(group.get_by_role("img")).to_have_count(len(pictures))
    expect(group.get_by_role("progressbar")).to_have_count(0)


def thread(writing, *texts):
    """Write a thread, one part per text."""
    writing.write(texts[0])
    for number, text in enumerate(texts[1:], start=1):
        writing.place.locator("its=addButton").click()
        writing.place.locator(f"its=tweetTextarea_{number}").click()
        writing.page.keyboard.insert_text(text)


def test_a_thread_is_one_ask_per_part_in_a_chain(sandbox, compose, build):
    """Each part answers the one before it, in order."""
    writing = compose()
    thread(writing, "one", "two", "three")
    expect(writing.button).to_have_accessible_name(build.say("Post all"))

    writing.button.click()
    toast(writing.page).wait_for()

    posts = sandbox.live("alice")
    assert ["one", "two", "three"] == [post["text"] for post in posts]
    assert [post["reply_to"] for post in posts] == [None, posts[0]["id"], posts[1]["id"]]
    assert 3 == len(sandbox.asks())


def test_a_thread_ends_at_the_first_part_that_fails(sandbox, compose, build):
    """What was live stays, what comes after is never asked, and the dialog closes all the same."""
    sandbox.weather({"fault": "error_code", "match": "two", "params": {"code": 226}})
    writing = compose()
    thread(writing, "one", "two", "three")

    writing.button.click()

    expect(toast(writing.page)).to_contain_text(build.say(AUTOMATED))
    expect(writing.place).to_have_count(0)
    assert ["created", "refused:226"] == [ask["outcome"] for ask in sandbox.asks()]


def test_a_picture_with_its_description(sandbox, compose, build):
    """Attached first, described wherever this build has it, and kept by its hash."""
    writing = compose()

    attach(writing, PICTURE)
    build.describe(writing.place, ["One grey pixel"])
    writing.write("With a picture")
    writing.send()

    [kept] = sandbox.live("alice")[0]["media"]
    assert (kept["sha256"], kept["alt"]) == (hashlib.sha256(PNG).hexdigest(), "One grey pixel")


def test_several_pictures_of_several_parts(sandbox, compose, build):
    """Each part has pictures of its own, and each picture its own description."""
    writing = compose()
    attach(writing, PICTURE, PICTURE)
    build.describe(writing.place, ["first", "second"])
    writing.write("one")
    writing.place.locator("its=addButton").click()
    attach(writing, PICTURE, part=1)
    build.describe(writing.place, ["third"], part=1)
    writing.place.locator("its=tweetTextarea_1").click()
    writing.page.keyboard.insert_text("two")

    writing.button.click()
    toast(writing.page).wait_for()

    told = [[media["alt"] for media in post["media"]] for post in sandbox.live("alice")]
    assert [["first", "second"], ["third"]] == told


def test_attaching_drops_the_text_that_was_there(compose):
    """The part is drawn anew, so pictures come before text."""
    writing = compose()
    writing.write("typed too early")

    writing.place.locator("its=fileInput").set_input_files(PICTURE)
    writing.place.locator("its=attachments").get_by_role("img").wait_for()

    assert "" == writing.box.inner_text().strip()


@pytest.mark.parametrize(
    ("choice", "kept"), [("confirmationSheetConfirm", 1), ("confirmationSheetCancel", 0)]
)
def test_closing_with_text_asks_whether_to_keep_it(compose, choice, kept):
    """A kept draft waits behind a button in the next dialog, and goes in when it is chosen."""
    writing = compose()
    writing.write("Not yet")
    writing.place.locator("its=app-bar-close").click()
    writing.page.locator("its=confirmationSheetDialog").locator(f"its={choice}").click()

    writing = compose()

    assert writing.place.locator("its=unsentButton").count() == kept
    if kept:
        writing.place.locator("its=unsentButton").click()
        writing.page.locator("its=unsentTweet").click()
        expect(writing.box).to_have_text("Not yet")


def test_a_refusal_is_told_and_reported(sandbox, compose, build):
    """The toast has the page's words, the text stays, and the page reports the rejection by itself."""
    told = {
        187: "Whoops! You already said that.",
        344: "You are over the daily limit for sending posts.",
        186: "Your post is too long: it is over the character limit.",
        88: "Rate limit exceeded. Please slow down and try again later.",
    }
    writing = compose()
    writing.write("Hello")

    for code, words_of_it in told.items():
        sandbox.weather({"fault": "error_code", "params": {"code": code}})
        writing.send()

        expect(toast(writing.page).last).to_contain_text(build.say(words_of_it))
        expect(writing.box).to_have_text("Hello")
        expect(writing.button).to_be_enabled()
    sandbox.wait_until(lambda s: len(s.error_logs()) == 4, description="the page has reported each")
    assert [log["code"] for log in sandbox.error_logs()] == list(told)


def test_a_locked_account_is_led_to_where_it_is_unlocked(sandbox, compose):
    """Code 326 ends on /account/access."""
    sandbox.weather({"fault": "error_code", "params": {"code": 326}})
    writing = compose()
    writing.write("Hello")

    writing.send()

    writing.page.wait_for_url("**/account/access")


@pytest.mark.parametrize("fault", ["drop_response", "reset_connection"])
def test_a_dropped_ask_stays_one_ask(sandbox, compose, build, fault):
    """The browser does not repeat it by itself, so the ledger has one ask and one post."""
    sandbox.weather({"fault": fault})
    writing = compose()
    writing.write("Once")

    writing.button.click()

    expect(toast(writing.page)).to_contain_text(build.say(WRONG))
    assert (1, 1) == (len(sandbox.asks()), len(sandbox.live()))
    expect(writing.box).to_have_text("Once")


# -- looking


def test_only_what_is_near_the_screen_exists(sandbox, page):
    """However long the timeline, the page holds about ten cells; scrolling reaches every post."""
    past = sandbox.seed("alice", 45)
    page.goto("/alice", wait_until="domcontentloaded")
    page.get_by_test_id("cellInnerDiv").first.wait_for()
    seen, most = set(), 0

    def read():
        nonlocal most
        links = page.locator("article a:has(time)").evaluate_all("(all) => all.map((one) => one.href)")
        seen.update(re.search(r"/status/(\d+)", link).group(1) for link in links)
        most = max(most, page.get_by_test_id("cellInnerDiv").count())
        return past[-1] in seen

    for _ in range(40):
        if read():
            break
        page.mouse.wheel(0, 500)
        page.wait_for_function("() => new Promise((done) => requestAnimationFrame(() => done(true)))")
    assert seen == set(past)
    assert most <= 14


def test_what_stands_around_posts(sandbox, page, build):
    """Pinned, reposted and promoted entries are labelled; links are short; emoji are pictures."""
    sandbox.weather({"fault": "timeline_promoted", "params": {"every": 10}})
    pinned = sandbox.hand_post("alice", "Pinned & old")
    sandbox.repost("alice", sandbox.hand_post("bob", "Worth reading"))
    sandbox.hand_post("alice", "New 🍞 https://example.com/a/very/long/path/to/somewhere")
    sandbox.pin("alice", pinned)

    page.goto("/alice", wait_until="domcontentloaded")
    cells = page.get_by_test_id("cellInnerDiv")

    expect(cells).to_have_count(5)
    expect(cells.nth(0).get_by_test_id("socialContext")).to_have_text(build.say("Pinned"))
    expect(cells.nth(0).get_by_test_id("tweetText")).to_have_text("Pinned & old")
    expect(cells.nth(1).get_by_test_id("placementTracking")).to_contain_text(build.say("Ad"))
    assert 0 == cells.nth(1).locator("time").count()
    newest = cells.nth(2).get_by_test_id("tweetText")
    expect(newest).to_have_text(re.compile(r"New\s+https://example\.com/a/very/long/path/to/somewhere…"))
    assert "🍞" == newest.locator("img").get_attribute("alt")
    assert newest.locator("a").get_attribute("href").startswith("https://t.co/")
    expect(cells.nth(3).get_by_test_id("socialContext")).to_have_text(
        build.say("{name} reposted", name="Alice")
    )
    assert cells.nth(3).locator("a:has(time)").get_attribute("href").startswith("/bob/status/")


def test_a_cut_text_is_whole_on_its_own_page(sandbox, page):
    """Show more leads there."""
    sandbox.weather({"fault": "show_more_at", "params": {"n": 12}})
    sandbox.hand_post("alice", "A text that is longer than it looks")
    page.goto("/alice", wait_until="domcontentloaded")
    expect(page.get_by_test_id("tweetText")).to_have_text("A text that…")

    page.get_by_test_id("tweet-text-show-more-link").click()

    expect(page.get_by_test_id("tweetText")).to_have_text("A text that is longer than it looks")


def test_every_address_of_a_post_leads_to_it(sandbox, page):
    """The name in the address does not matter, the id does; what is above it stands above."""
    question = sandbox.hand_post("bob", "Why?")
    answer = sandbox.hand_post("alice", "Because", reply_to=question)

    for path in ("/i/status", "/i/web/status", "/alice/status", "/wrong/status"):
        page.goto(f"{path}/{answer}", wait_until="domcontentloaded")

        expect(page.get_by_test_id("tweetText")).to_have_text(["Why?", "Because"])


def test_a_post_that_is_gone(sandbox, page, build):
    """The page says that it does not exist."""
    post = sandbox.hand_post("alice", "Oops")
    sandbox.delete(post)

    page.goto(f"/alice/status/{post}", wait_until="domcontentloaded")

    expect(page.get_by_test_id("primaryColumn")).to_contain_text(build.say(GONE))


def test_timelines_that_fail_say_so(sandbox, page, build):
    """An error offers to retry, a wall to sign in, and an empty list says that it is empty."""
    sandbox.weather({"fault": "timeline_error"})
    page.goto("/alice", wait_until="domcontentloaded")
    expect(page.get_by_role("button", name=build.say("Retry"))).to_be_visible()

    sandbox.weather({"fault": "timeline_login_wall"})
    page.get_by_role("button", name=build.say("Retry")).click()
    expect(page.get_by_test_id("loginButton")).to_be_visible()

    sandbox.weather({"fault": "timeline_empty"})
    page.reload(wait_until="domcontentloaded")
    expect(page.get_by_test_id("emptyState")).to_contain_text(
        build.say("{handle} hasn’t posted", handle="@alice")
    )
