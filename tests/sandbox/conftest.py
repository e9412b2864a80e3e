"""A sandbox for all of these tests, emptied before each; people with sessions; a browser per module."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from sandbox.client import SandboxProcess

CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
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
        """The ids on a timeline, from top to bottom."""
        return [result["rest_id"] for result in results(self.look(operation, **variables).json())]

    def profile(self, handle: str = "alice") -> list[str]:
        """The ids on a profile's first tab."""
        return self.sees(screen_name=handle)


def instructions(body: dict[str, Any]) -> list[dict[str, Any]]:
    data = body["data"]
    if "user" in data:
        return data["user"]["result"]["timeline"]["timeline"]["instructions"]
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
    return [content["tweet_results"]["result"] for content in contents if content]


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    # One per module: while it is open, nothing else in this process can run an event loop.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def context(browser, running) -> Iterator[BrowserContext]:
    context = browser.new_context(
        storage_state=running.accounts["alice"], viewport={"width": 1280, "height": 800}, base_url=running.url
    )
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def page(context, sandbox) -> Iterator[Page]:
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
        return self.place.get_by_test_id("tweetTextarea_0")

    @property
    def button(self):
        """The button that asks."""
        return self.place.get_by_test_id(self.button_name)

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
        self.page.get_by_test_id("SideNav_NewTweet_Button").click()
        self.box.wait_for()


@pytest.fixture
def compose(page):
    """Open the dialog on a page of Alice's."""

    def open_dialog(path: str = "/compose/post") -> Writing:
        page.goto(path, wait_until="domcontentloaded")
        writing = Writing(page, page.get_by_role("dialog"))
        writing.box.wait_for()
        return writing

    return open_dialog
