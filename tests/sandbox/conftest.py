"""A sandbox for all of these tests, emptied before each; people with sessions; a browser per module."""

from __future__ import annotations

import json
import re
import ssl
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from sandbox.client import SandboxProcess
from sandbox.variant import AXES, word
from steadypost.browser import LaunchSettings, find_browser
from tests.drawn import seed_from

PATIENCE_MS = 20_000
"""A loaded machine is no reason to fail."""
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Never used: it spares every client the reading of all certificates."""


@dataclass
class Person:
    """Somebody who speaks to the page port without a browser."""

    http: httpx.Client
    csrf: str

    def ask(
        self,
        text: str,
        *,
        reply_to: str | None = None,
        media: tuple[str, ...] = (),
        operation: str = "CreateTweet",
        timeout: float = 20,
    ) -> httpx.Response:
        """Ask for a post, as the page would."""
        variables: dict[str, Any] = {"tweet_text": text}
        if reply_to is not None:
            variables["reply"] = {"in_reply_to_tweet_id": reply_to}
        if media:
            variables["media"] = {"media_entities": [{"media_id": one} for one in media]}
        return self.http.post(
            f"/i/api/graphql/q/{operation}",
            json={"variables": variables, "features": {}, "queryId": "q"},
            headers={"x-csrf-token": self.csrf},
            timeout=timeout,
        )

    def look(self, operation: str, **variables: str) -> httpx.Response:
        """Ask for a timeline, as the page would."""
        return self.http.get(
            f"/i/api/graphql/q/{operation}", params={"variables": json.dumps(variables)}, timeout=20
        )

    def sees(self, operation: str = "UserTweets", **variables: str) -> list[str]:
        """The ids on a timeline, from top to bottom; of what cannot be shown there is none."""
        told = results(self.look(operation, **variables).json())
        return [result.get("tweet", result).get("rest_id", "-") for result in told]

    def replies(self, handle: str = "alice") -> list[str]:
        """The ids on a profile's second tab."""
        return self.sees("UserTweetsAndReplies", screen_name=handle)

    def profile(self, handle: str = "alice") -> list[str]:
        """The ids on a profile's first tab."""
        return self.sees(screen_name=handle)


def instructions(body: dict[str, Any]) -> list[dict[str, Any]]:
    data = body["data"]
    if "user" in data:
        user = data["user"]["result"]
        return user.get("timeline", user.get("timeline_v2"))["timeline"]["instructions"]
    if "home" in data:
        return data["home"]["home_timeline_urt"]["instructions"]
    return data["threaded_conversation_with_injections_v2"]["instructions"]


def results(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Every post of a timeline, the pinned one first."""
    entries = []
    for instruction in instructions(body):
        entries += [instruction["entry"]] if "entry" in instruction else instruction.get("entries", [])
    contents = []
    for entry in entries:
        items = entry["content"].get("items")
        contents += (
            [one["item"]["itemContent"] for one in items] if items else [entry["content"].get("itemContent")]
        )
    posts = [content for content in contents if content and "tweet_results" in content]
    return [content["tweet_results"].get("result", {}) for content in posts]


def thread(sandbox, count: int, *, by: str = "alice", under: str | None = None) -> list[str]:
    """Parts by one author, each under the one before; their ids."""
    parts: list[str] = []
    for n in range(1, count + 1):
        above = parts[-1] if parts else under
        parts.append(sandbox.hand_post(by, f"{n}/{count} of a thread", reply_to=above))
    return parts


@pytest.fixture(scope="session")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(accounts=("alice", "bob", "carol"), premium=("carol",)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.forget()
    return running


def _cookies(state: dict[str, Any]) -> dict[str, str]:
    return {cookie["name"]: cookie["value"] for cookie in state["cookies"]}


@pytest.fixture
def people(sandbox) -> Iterator[dict[str, Person]]:
    clients = {
        handle: httpx.Client(
            base_url=sandbox.url, cookies=_cookies(state), trust_env=False, verify=PLAIN, timeout=20
        )
        for handle, state in sandbox.accounts.items()
    }
    yield {handle: Person(client, client.cookies["ct0"]) for handle, client in clients.items()}
    for client in clients.values():
        client.close()


@pytest.fixture
def alice(people):
    return people["alice"]


@pytest.fixture
def bob(people):
    return people["bob"]


@pytest.fixture
def carol(people):
    """Carol pays, and may write long posts."""
    return people["carol"]


@pytest.fixture
def stranger(sandbox) -> Iterator[Person]:
    with httpx.Client(base_url=sandbox.url, trust_env=False, verify=PLAIN, timeout=20) as client:
        yield Person(client, "")


VARIANT_SEED = seed_from("SANDBOX_VARIANT_SEED")
"""Every state of the page draws builds of its own; a failure says the seed that brings them back."""

BY_NAME = """{
    query: (root, name) => [...root.querySelectorAll("*")].find((one) => one.sandboxName === name),
    queryAll: (root, name) => [...root.querySelectorAll("*")].filter((one) => one.sandboxName === name),
}"""
"""Finds what the page's own script calls by this name, whatever its test id is in a build."""

ALL_ALIVE = """() => [...document.querySelectorAll("*")]
    .filter((one) => one.sandboxName === "composer")
    .every((one) => one.sandboxAlive)"""


def pytest_configure(config):
    config.addinivalue_line("markers", "build(**choices): the build of the page that a test is about")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    # One per module: while it is open, nothing else in this process can run an event loop.
    with sync_playwright() as playwright:
        playwright.selectors.register("its", BY_NAME)
        # Found and started as the product does it: what is on this machine is not the test's to know.
        browser = playwright.chromium.launch(
            executable_path=find_browser(playwright.chromium.executable_path),
            args=LaunchSettings().chromium_args(),
        )
        yield browser
        browser.close()


@dataclass
class Build:
    """The build that a test meets, and how a person finds their way in it."""

    made_of: dict[str, Any]

    def __getitem__(self, axis: str) -> str:
        return self.made_of["choices"][axis]

    def say(self, english: str, **values: str) -> str:
        """A word of the page in its language."""
        text = word(self["language"], english)
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def in_words(self, english: str, **values: str) -> re.Pattern[str]:
        """The same as a pattern, for a part of a text."""
        return re.compile(re.escape(self.say(english, **values)))

    def answers(self, place: Any, handle: str) -> bool:
        """Whether a composer says, to the eye or to the ear, that it answers somebody."""
        heard = place.locator("its=tweetTextarea_0").get_attribute("aria-label") or ""
        return f"@{handle}" in place.inner_text() + heard

    def describe(self, place: Any, texts: list[str], *, part: int = 0) -> None:
        """Write the descriptions of a part's pictures."""
        page = place.page
        for number, text in enumerate(texts):
            if self["media"] == "each":
                self._control(place, part).nth(number).click()
            elif number == 0 or self["describe"] == "sheet":
                self._control(place, part).click()
                for _ in range(number if self["describe"] == "sheet" else 0):
                    page.get_by_role("button", name=self.say("Next"), exact=True).click()
            else:
                page.get_by_role("button", name=self.say("Next"), exact=True).click()
            page.locator("its=altTextInput").fill(text)
            page.locator("its=altTextSave").click()
            if self["describe"] == "sheet":
                page.locator("its=altTextInput").wait_for(state="detached")
                continue
            expect(page.locator("its=altTextSave")).to_be_disabled()
            if self["media"] == "each" or number == len(texts) - 1:
                self._close_descriptions(page)

    def _control(self, place: Any, part: int) -> Any:
        if self["controls"] == "active":
            # Only the part with the caret shows its controls.
            return place.locator("its=altTextLabel")
        return place.locator(".part").nth(part).locator("its=altTextLabel")

    def _close_descriptions(self, page: Page) -> None:
        if self["describe"] == "modal":
            page.locator("its=altTextSheet").locator("its=app-bar-close").click()
        else:
            page.get_by_role("button", name=self.say("Done"), exact=True).click()
        page.locator("its=altTextInput").wait_for(state="detached")


@pytest.fixture
def build(request, sandbox) -> Iterator[Build]:
    """A build drawn for this test alone, with what the test is about held fast."""
    seed = zlib.crc32(f"{VARIANT_SEED}:{request.node.name}".encode())
    fixed = {name: one for mark in request.node.iter_markers("build") for name, one in mark.kwargs.items()}
    made_of = sandbox.build({**dict.fromkeys(AXES, "random"), **fixed}, seed=seed)
    print(f"SANDBOX_VARIANT_SEED={VARIANT_SEED} drew {made_of['choices']} {made_of['names']}")  # noqa: T201 - pytest shows it with a failure
    yield Build(made_of)
    sandbox.build("todays")


@pytest.fixture(scope="module")
def context(browser, running) -> Iterator[BrowserContext]:
    context = browser.new_context(
        storage_state=running.accounts["alice"], viewport={"width": 1280, "height": 800}, base_url=running.url
    )
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def page(context, sandbox, build) -> Iterator[Page]:
    page = context.new_page()
    yield page
    if page.url.startswith(sandbox.url):
        page.evaluate("() => localStorage.clear()")
    page.close()


@dataclass
class Writing:
    """An open composer."""

    page: Page
    place: Any
    button_name: str = "tweetButton"

    @property
    def box(self):
        """The text box of the first part."""
        return self.place.locator("its=tweetTextarea_0")

    @property
    def button(self):
        """The button that asks."""
        return self.place.locator(f"its={self.button_name}")

    def ready(self) -> None:
        """Wait until the composer is what it will be."""
        self.box.wait_for()
        self.page.wait_for_function(ALL_ALIVE)

    def write(self, text: str) -> None:
        """Put text in at the caret."""
        self.box.click()
        self.page.keyboard.insert_text(text)

    def send(self) -> Any:
        """Click Post and wait for the answer."""
        with self.page.expect_response(lambda answer: answer.url.endswith("/CreateTweet")) as answer:
            self.button.click()
        return answer.value

    def again(self) -> None:
        """Open the dialog once more, on the same page."""
        self.place.wait_for(state="hidden")
        self.page.locator("its=SideNav_NewTweet_Button").click()
        self.ready()


@pytest.fixture
def compose(page):
    """Open the dialog on a page of Alice's."""

    def open_dialog(path: str = "/compose/post") -> Writing:
        page.goto(path, wait_until="domcontentloaded")
        writing = Writing(page, page.locator("its=dialog"))
        writing.ready()
        return writing

    return open_dialog


@pytest.fixture
def reply(page):
    """Open a post's page and its reply dialog."""

    def open_dialog(post: str) -> Writing:
        page.goto(f"/i/status/{post}", wait_until="domcontentloaded")
        article = page.locator("article").filter(has=page.locator(f'a[href$="/status/{post}"]'))
        article.get_by_test_id("reply").click()
        writing = Writing(page, page.locator("its=dialog"))
        writing.ready()
        return writing

    return open_dialog
