"""The bare script for X's page: the same asks and browsers, without queue, lease, reading back or looks."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping, Sequence
from queue import Empty, Queue
from typing import Any

from playwright.sync_api import sync_playwright

from steadypost.browser import LaunchSettings, find_browser


def post_all(
    url: str,
    sessions: Mapping[str, dict[str, Any]],
    posts: Sequence[tuple[str, str]],
    browsers: int,
    ready: Any,
) -> None:
    """Post every (account, text); ``ready`` is called when all browsers are up, before the first ask."""
    queue: Queue[tuple[str, str]] = Queue()
    for post in posts:
        queue.put(post)
    gate = threading.Barrier(browsers + 1)
    threads = [
        threading.Thread(target=_one_browser, args=(url, sessions, queue, gate)) for _ in range(browsers)
    ]
    for thread in threads:
        thread.start()
    gate.wait()
    ready()
    gate.wait()
    for thread in threads:
        thread.join()


def _one_browser(
    url: str, sessions: Mapping[str, dict[str, Any]], queue: Queue[tuple[str, str]], gate: threading.Barrier
) -> None:
    settings = LaunchSettings()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=list(settings.args))
        pages = {
            account: browser.new_context(storage_state=state).new_page()  # type: ignore[arg-type]
            for account, state in sessions.items()
        }
        for account, page in pages.items():
            # A page that shows X for the first time is not what is being measured.
            _post(page, url, f"warm {account} {threading.get_ident()}")
        gate.wait()
        gate.wait()
        while True:
            try:
                account, text = queue.get_nowait()
            except Empty:
                break
            _post(pages[account], url, text)
        browser.close()


def _post(page: Any, url: str, text: str) -> str:
    page.goto(f"{url}/compose/post", wait_until="domcontentloaded")
    dialog = page.locator('[role="dialog"]')
    dialog.locator('[data-testid="tweetTextarea_0"]').click()
    page.keyboard.insert_text(text)
    with page.expect_response(lambda response: response.url.endswith("/CreateTweet")) as answer:
        dialog.locator('[data-testid="tweetButton"]').click()
    told = answer.value.json()
    return str(told["data"]["create_tweet"]["tweet_results"]["result"]["rest_id"])


def main() -> None:
    """Read what to post as JSON from standard input, say when the browsers are up, post it all."""
    import json  # noqa: PLC0415 - only as a program

    told = json.load(sys.stdin)

    def ready() -> None:
        print("ready", flush=True)

    post_all(told["url"], told["sessions"], [tuple(post) for post in told["posts"]], told["browsers"], ready)


if __name__ == "__main__":
    main()
