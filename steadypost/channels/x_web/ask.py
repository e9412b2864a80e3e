"""The ask: the one job that may cause a post. Runs in a browser lane.

Everything up to arming is preparation and may end at any line with nothing sent. After arming there is one
click, and from then on only what X answers counts.
"""

from __future__ import annotations

import contextlib

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PageTimeout

from steadypost.browser.desk import Desk
from steadypost.channels.port import Access, Order
from steadypost.channels.x_web import selectors
from steadypost.channels.x_web.answers import Asked, Received, interpret, whole
from steadypost.channels.x_web.compose import ACTION_WITHIN, dialog, write_all
from steadypost.channels.x_web.errand import ARM, KNOWN, AskErrand, AskReport, Halt, TargetGone
from steadypost.channels.x_web.gate import Gate, Heard, Lost, Turns, makes_a_post
from steadypost.channels.x_web.opening import (
    check_signed_in,
    explain_missing,
    go,
    leave,
    seat,
    tell_drift,
    time_for,
    uncover,
)
from steadypost.channels.x_web.selectors import Purpose
from steadypost.channels.x_web.survey import Survey, Want, survey
from steadypost.channels.x_web.waiting import LOOK_EVERY_MS, Patience
from steadypost.domain.clock import now
from steadypost.domain.outcome import Cause, NotSubmitted, Outcome, Phase, Published, Refused, Unconfirmed
from steadypost.domain.snowflake import RemoteId

COMPOSER_WITHIN = 30.0
"""Seconds from the beginning of X's answer to a composer that can be used."""

ROOM_TO_ANSWER = 5.0
"""Seconds that must be left of the deadline for the click to be worth giving: X takes one to thirty."""

KEEP = 8.0
"""Seconds of the deadline that opening leaves for writing and asking."""

CLICK_WITHIN = 5.0
"""Seconds in which the one click has to land. It takes 0.05."""


def ask(desk: Desk, errand: AskErrand) -> AskReport:
    """Make the order live, once. The parent is told of every part's outcome the moment it is known."""
    order = errand.order
    try:
        _check_media(order)
        page = seat(desk, errand.access)
        seen = _open_composer(desk, page, errand)
        ready = write_all(desk, page, seen, order.parts)
        desk.step(Phase.COMPOSED)
        tell_drift(desk, ready.hits)
        _last_check(desk, seen, ready, errand)
        return AskReport(_submit(desk, page, ready, errand))
    except TargetGone as gone:
        return AskReport((Refused(cause=gone.cause, code="-", why=gone.why),) * len(order.parts))
    except Halt as halt:
        leave(desk, errand.access, halt)
        return AskReport((_not_submitted(desk, halt),) * len(order.parts))


def _not_submitted(desk: Desk, halt: Halt) -> NotSubmitted:
    return NotSubmitted(cause=halt.cause, why=halt.why, phase=Phase(desk.last_step or Phase.CLAIMED))


def _check_media(order: Order) -> None:
    """Refuse before a browser is troubled: a picture that is not there cannot be attached."""
    missing = [item.path.name for part in order.parts for item in part.media if not item.path.is_file()]
    if missing:
        raise Halt(Cause.MEDIA_MISSING, f"{', '.join(missing)} cannot be read")


# --- opening


def _open_composer(desk: Desk, page: Page, errand: AskErrand) -> Survey:
    """Come to an empty composer of the right account, with the right reply context or none."""
    access, target = errand.access, errand.order.reply_to
    if target is None:
        go(desk, page, f"{access.base_url}/compose/post", keep=KEEP)
        desk.step(Phase.OPENED)
        seen = _await_composer(desk, page, access.handle)
    else:
        seen = _open_reply(desk, page, access, target)
    if seen.composer and seen.composer.cover:
        uncover(page, seen.composer.cover)
        seen = survey(page, Want.COMPOSER, within=ACTION_WITHIN, focus=0)
    return seen


def _await_composer(desk: Desk, page: Page, handle: str) -> Survey:
    allowed = time_for(desk, COMPOSER_WITHIN, keep=KEEP)
    seen = survey(page, Want.COMPOSER, within=allowed, focus=0)
    check_signed_in(seen, handle)
    if not seen.met:
        raise explain_missing(seen, "no composer", allowed=allowed)
    desk.step(Phase.SIGNED_IN)
    tell_drift(desk, seen.hits)
    return seen


def _open_reply(desk: Desk, page: Page, access: Access, target: RemoteId) -> Survey:
    """Answer from the target's own page.

    The intent address would be one step less, but it takes any number for a post: only the target's page says
    whether it still exists, whose it is, and so what the reply dialog has to show.
    """
    go(desk, page, f"{access.base_url}/i/status/{target}", keep=KEEP)
    desk.step(Phase.OPENED)
    allowed = time_for(desk, COMPOSER_WITHIN, keep=KEEP)
    seen = survey(page, Want.POST, within=allowed, target=target)
    check_signed_in(seen, access.handle)
    if seen.target is None:
        raise TargetGone if seen.gone else explain_missing(seen, "no post to answer", allowed=allowed)
    if seen.target.cover:
        uncover(page, seen.target.cover)
    _click_reply(page, seen, target)
    opened = _await_composer(desk, page, access.handle)
    _check_context(opened, seen.target.author, target)
    return opened


def _click_reply(page: Page, seen: Survey, target: RemoteId) -> None:
    post = selectors.locator(page, Purpose.POST, seen.hits["post"])
    ours = post.filter(has=page.locator(f'a[href$="/status/{target}"]:has(time)'))
    button = selectors.locator(ours.first, Purpose.REPLY, seen.hits["reply"]).first
    try:
        button.click(timeout=ACTION_WITHIN * 1000)
    except PlaywrightError:
        if page.is_closed():
            raise
        raise Halt(Cause.UI_DRIFT, "the reply button cannot be clicked") from None


def _check_context(seen: Survey, author: str, target: RemoteId) -> None:
    """Raise unless the dialog says that it answers this author, and this post where it names one."""
    composer = seen.composer
    people = {name.casefold() for name in composer.people} if composer else set()
    if author.casefold() not in people:
        raise Halt(Cause.REPLY_CONTEXT_MISSING, f"the composer does not say that it answers @{author}")
    if composer and composer.posts and target not in composer.posts:
        raise Halt(Cause.REPLY_CONTEXT_MISSING, "the composer answers another post")


def _last_check(desk: Desk, opened: Survey, ready: Survey, errand: AskErrand) -> None:
    """What can go wrong while one writes: the account changes, the reply context gets lost, time runs out.

    The gate would stop a reply without its context, too; seen here it costs no click (faults.md, F03-S6).
    """
    check_signed_in(ready, errand.access.handle)
    before, after = opened.composer, ready.composer
    is_reply = errand.order.reply_to is not None
    if is_reply and not (before and after and set(before.people) <= set(after.people)):
        raise Halt(Cause.REPLY_CONTEXT_MISSING, "the composer lost what it answers")
    if desk.remaining() < ROOM_TO_ANSWER:
        raise Halt(Cause.DEADLINE, "too little time was left for X to answer")


# --- asking


def _submit(desk: Desk, page: Page, ready: Survey, errand: AskErrand) -> tuple[Outcome, ...]:
    """Arm, click once, and listen."""
    order = errand.order
    texts = [part.text for part in order.parts]
    turns = Turns(texts=texts, reply_to=order.reply_to, armed_at=now())
    gate = Gate(desk, page, turns, _Ear(errand.access.handle, turns))
    if desk.question(ARM) is not True:
        raise Halt(Cause.LEASE_LOST, "it may not be asked any more")
    with gate:
        _click_once(desk, page, ready)
        _listen(desk, page, gate, errand)
        return _conclude(desk, gate, errand, len(texts))


def _click_once(desk: Desk, page: Page, ready: Survey) -> None:
    """Give the one click. Whatever it raises, it may have taken effect; there is no second one."""
    desk.step(Phase.CLICKED)
    button = selectors.locator(dialog(page, ready), Purpose.SUBMIT, ready.hits["submit"]).first
    with contextlib.suppress(PlaywrightError):
        button.click(timeout=CLICK_WITHIN * 1000, no_wait_after=True)


def _listen(desk: Desk, page: Page, gate: Gate, errand: AskErrand) -> None:
    """Wait until every part is known, one has failed, or nothing more can be expected."""
    patience = Patience(desk.remaining, answer_within=errand.answer_within)
    parts = len(errand.order.parts)
    told: set[int] = set()
    while True:
        for n in sorted(gate.outcomes.keys() - told):
            desk.question(KNOWN, (n, gate.outcomes[n]))
            told.add(n)
        if _all_said(gate, parts) or patience.ended(waiting=bool(gate.waiting), answered=len(gate.outcomes)):
            return
        try:
            _hear_more(page)
        except PlaywrightError:
            return  # the page is gone, and with it every answer still to come


def _hear_more(page: Page) -> None:
    """Let the page go on until an answer has come, or for an instant. Asking it again and again takes processor time
    from the very page that is waited for. The gate has read an answer before the page is told of it.
    """
    with contextlib.suppress(PageTimeout):
        page.wait_for_event(
            "response",
            lambda response: makes_a_post(response.request.method, response.url),
            timeout=LOOK_EVERY_MS,
        )


def _all_said(gate: Gate, parts: int) -> bool:
    failed = any(not isinstance(outcome, Published) for outcome in gate.outcomes.values())
    return len(gate.outcomes) >= parts or (failed and not gate.waiting)


def _conclude(desk: Desk, gate: Gate, errand: AskErrand, parts: int) -> tuple[Outcome, ...]:
    """Say of every part what became of it. Tidying comes after the answers and cannot change them."""
    if len(gate.outcomes) == parts and all(isinstance(o, Published) for o in gate.outcomes.values()):
        return tuple(gate.outcomes[n] for n in range(parts))
    stopped = _close(desk, errand.access.account)
    fallback = Unconfirmed(cause=Cause.NO_ANSWER, why="clicked, and no answer was seen", phase=Phase.CLICKED)
    sent = range(gate.turns.passed)
    return whole(gate.outcomes, sent, parts, stopped=stopped, fallback=fallback)


def _close(desk: Desk, account: str) -> bool:
    """Close the page, so that it can send no more. Say whether that is certain."""
    try:
        desk.discard(account)
    except PlaywrightError:
        return False
    return True


class _Ear:
    """Understands what the gate hears."""

    def __init__(self, handle: str, turns: Turns) -> None:
        self._handle = handle
        self._turns = turns

    def __call__(self, n: int, heard: Heard) -> Outcome:
        if isinstance(heard, Received):
            return interpret(heard, self._asked(n), now())
        if isinstance(heard, Lost):
            return Unconfirmed(cause=Cause.NO_ANSWER, why=heard.why, phase=Phase.CLICKED)
        return NotSubmitted(cause=heard.cause, why=heard.why, phase=Phase.CLICKED)

    def _asked(self, n: int) -> Asked:
        others = {value for part, value in self._turns.ids.items() if part != n}
        if self._turns.reply_to is not None:
            others.add(self._turns.reply_to)
        return Asked(handle=self._handle, armed_at=self._turns.armed_at, others=frozenset(others))
