"""Jobs for these tests. They run in a runner's process, at a desk."""

import os
import signal
import struct
import threading
import time
from dataclasses import dataclass


@dataclass
class OnlyInTheParent:
    """A payload that can not be built by whoever lacks the flag."""

    word: str

    def __setstate__(self, state):
        if "STEADYPOST_RUNNER" in os.environ:
            raise LookupError("not here")
        self.__dict__.update(state)


def echo(desk, payload):
    return payload


def visit(desk, payload):
    """Open an address and say what its page shows."""
    page = desk.page(payload.get("key", "alice"), payload.get("state"), fresh=payload.get("fresh", False))
    page.goto(payload["url"])
    desk.step("opened")
    return {"text": page.inner_text("body"), "pages": len(page.context.pages)}


def look_around(desk, payload):
    """Say what the kept page was before this job did anything."""
    page = desk.page("alice")
    seen = {"url": page.url, "mark": page.evaluate("window.mark || null"), "pages": len(page.context.pages)}
    page.goto("data:text/html,<title>work</title>")
    page.evaluate("window.mark = 'left behind'")
    page.context.new_page()
    heard = []
    desk.listen(page, "console", lambda message: heard.append(message.text))
    page.evaluate("console.log('hello')")
    page.wait_for_timeout(50)
    return seen | {
        "object": id(page),
        "heard": heard,
        "listeners": page._impl_obj.listeners("console").__len__(),
    }


def leaves_open(desk, payload):
    """Open an address and leave it open; say where the page was before."""
    page = desk.page("alice", as_left=payload.get("as_left", False))
    before = page.url
    page.goto(payload["url"])
    desk.leave_open("alice")
    return before


def sign_in(desk, payload):
    """Set a cookie as a site would, and hand the state back."""
    context = desk.context("alice", payload)
    context.add_cookies(
        [
            {"name": "auth", "value": "signed-in", "url": payload["url"]}
            for payload in [{"url": "http://a.test"}]
        ]
    )
    return {"context": id(context), "state": desk.state("alice")}


def leaves_a_cookie(desk, payload):
    """Say what cookies were there, and leave one."""
    context = desk.context("alice")
    before = [cookie["name"] for cookie in context.cookies()]
    context.add_cookies([{"name": "left", "value": "behind", "url": "http://a.test"}])
    return before


def which_context(desk, payload):
    return id(desk.context("alice", **payload))


def raises(desk, payload):
    desk.step("typed")
    desk.page("alice")
    raise {"value": ValueError, "builtin": TimeoutError, "exit": SystemExit}[payload]("no good")


def waits_for_nothing(desk, payload):
    desk.step("looking")
    desk.page("alice").locator("#never").click(timeout=200)


def returns_a_lock(desk, payload):
    return threading.Lock()


def asks(desk, payload):
    desk.step("typed")
    armed = desk.question("arm", {"delivery": payload})
    desk.step("clicked" if armed else "gave way")
    return armed, round(desk.remaining())


def spins(desk, payload):
    desk.step("spinning")
    while True:
        pass


def stops_itself(desk, payload):
    desk.step("stopping")
    os.kill(os.getpid(), signal.SIGSTOP)


def works_on(desk, payload):
    """Use the page for ever: hangs when its browser does."""
    page = desk.page("alice")
    desk.step("working")
    while True:
        page.evaluate("1 + 1")


def stops_in_the_middle_of_a_word(desk, payload):
    desk.step("talking")
    os.write(desk._line.fileno(), struct.pack("!i", 1000) + b"and so")
    time.sleep(600)


def sleeps(desk, payload):
    desk.page("alice")
    desk.step("sleeping")
    time.sleep(600)


def leaks(desk, payload):
    """Hold memory in the runner for ever."""
    leaks.held = b"x" * (payload * 2**20)


def environment(desk, payload):
    return dict(os.environ)
