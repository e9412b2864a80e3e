"""What a job works at: the contexts and pages of one browser, and a line to the parent."""

import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from steadypost.browser.messages import Answer, Question, Step

PARK_WITHIN_MS = 2000


class ParentGone(BaseException):
    """The parent hung up. Not an Exception, so that no job swallows it and goes on unsupervised."""


@dataclass
class KeptContext:
    """One account's context and the page kept in it."""

    context: BrowserContext
    fingerprint: str
    page: Page | None = None
    listeners: list[tuple[Any, str, Callable[..., Any]]] = field(default_factory=list)


class Desk:
    """Contexts by key, kept while their state stays the same: a new page costs 130-280 ms, a context 30.

    Between jobs pages are parked empty, but for one that a job left open, and the next is about to take elsewhere.
    After a job that broke, every context it used is closed.
    """

    def __init__(self, browser: Browser, line: Connection, *, keep: int) -> None:
        self.browser = browser
        self._line = line
        self._keep = keep
        self._contexts: OrderedDict[str, KeptContext] = OrderedDict()
        self._used: set[str] = set()
        self._left_open: set[str] = set()
        """The accounts whose pages were not parked yet."""
        self._deadline = float("inf")
        self.last_step: str | None = None

    # --- what jobs use

    def context(
        self, key: str, storage_state: dict[str, Any] | None = None, *, fresh: bool = False, **options: Any
    ) -> BrowserContext:
        """Return the account's context, kept if opened with this state and options (remembered as a digest)."""
        self.park()
        return self._open(key, storage_state, fresh=fresh, options=options).context

    def page(
        self,
        key: str,
        storage_state: dict[str, Any] | None = None,
        *,
        fresh: bool = False,
        as_left: bool = False,
        **options: Any,
    ) -> Page:
        """Return the page kept in an account's context, opening context and page where there is none.

        ``as_left``: as the last job left it, for one that listens to nothing before it has gone elsewhere.
        """
        if as_left:
            self._left_open.discard(key)
        self.park()
        kept = self._open(key, storage_state, fresh=fresh, options=options)
        if kept.page is None or kept.page.is_closed():
            kept.page = kept.context.new_page()
        return kept.page

    def state(self, key: str) -> dict[str, Any]:
        """Return an account's storage state; the kept context then counts as opened with it, for a job that signs in."""
        kept = self._contexts[key]
        state: dict[str, Any] = dict(kept.context.storage_state())
        kept.fingerprint = _refingerprint(kept.fingerprint, state)
        return state

    def listen(self, emitter: Any, event: str, handler: Callable[..., Any]) -> None:
        """Listen on a page or context until the end of this job. ``on()`` would go on into the next one."""
        emitter.on(event, handler)
        owner = emitter if isinstance(emitter, BrowserContext) else emitter.context
        kept = next(kept for kept in self._contexts.values() if kept.context == owner)
        kept.listeners.append((emitter, event, handler))

    def leave_open(self, key: str) -> None:
        """Have the account's page parked only if no other job follows at once: most of those would open it anew."""
        self._left_open.add(key)

    @property
    def is_left_open(self) -> bool:
        """Whether a page is to be parked yet."""
        return bool(self._left_open)

    def step(self, name: str) -> None:
        """Mark how far the job has got. The parent knows it even if nothing else is ever heard."""
        self.last_step = name
        self._say(Step(name, time.monotonic()))

    def question(self, name: str, data: Any = None) -> Any:
        """Ask the parent and wait until it answers: "arm" before a click that cannot be undone."""
        self._say(Question(name, data))
        return self._hear_answer()

    def remaining(self) -> float:
        """Return the seconds until this job will be killed; check them before acting."""
        return self._deadline - time.monotonic()

    def discard(self, key: str) -> None:
        """Close an account's context with everything in it."""
        self._left_open.discard(key)
        kept = self._contexts.pop(key, None)
        if kept is not None:
            kept.context.close()

    # --- what the runner does around each job

    def open_for(self, deadline: float) -> None:
        """Begin a job."""
        self._used.clear()
        self._deadline = deadline
        self.last_step = None

    def tidy(self, *, broke: bool) -> None:
        """Park what the job used and did not leave open, or close it when the job broke or parking fails."""
        for key in sorted(self._used & self._contexts.keys()):
            if broke or not self._park(self._contexts[key], leave=key in self._left_open):
                self.discard(key)
        while len(self._contexts) > self._keep:
            self.discard(next(iter(self._contexts)))

    def park(self) -> None:
        """Park what was left open."""
        for key in sorted(self._left_open):
            if not self._park(self._contexts[key]):
                self.discard(key)
        self._left_open.clear()

    def _park(self, kept: KeptContext, *, leave: bool = False) -> bool:
        """Empty the kept page unless it is to be left, and close all others. False when the browser did not do as it
        was told.
        """
        try:
            for emitter, event, handler in kept.listeners:
                emitter.remove_listener(event, handler)
            kept.listeners.clear()
            for extra in [page for page in kept.context.pages if page is not kept.page]:
                extra.close()
            if kept.page is not None and not kept.page.is_closed() and not leave:
                kept.page.unroute_all()
                kept.page.goto("about:blank", timeout=PARK_WITHIN_MS)
        except Exception:  # noqa: BLE001 - whatever it was, this context is not kept
            return False
        return True

    def _open(
        self, key: str, storage_state: dict[str, Any] | None, *, fresh: bool, options: dict[str, Any]
    ) -> KeptContext:
        fingerprint = _fingerprint(storage_state, options)
        kept = self._contexts.get(key)
        if kept is None or fresh or kept.fingerprint != fingerprint:
            self.discard(key)
            context = self.browser.new_context(storage_state=storage_state, **options)  # type: ignore[arg-type]
            kept = self._contexts[key] = KeptContext(context, fingerprint)
        self._contexts.move_to_end(key)
        self._used.add(key)
        return kept

    def _say(self, message: Step | Question) -> None:
        try:
            self._line.send(message)
        except OSError as error:
            raise ParentGone from error

    def _hear_answer(self) -> Any:
        try:
            heard = self._line.recv()
        except (EOFError, OSError) as error:
            raise ParentGone from error
        if not isinstance(heard, Answer):
            raise ParentGone
        return heard.value


def _fingerprint(storage_state: dict[str, Any] | None, options: dict[str, Any]) -> str:
    return f"{_digest(storage_state)} {_digest(options)}"


def _refingerprint(fingerprint: str, storage_state: dict[str, Any]) -> str:
    return f"{_digest(storage_state)} {fingerprint.partition(' ')[2]}"


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()
