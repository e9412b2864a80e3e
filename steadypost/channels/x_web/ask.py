"""The ask: the one job that may cause a post. Runs in a browser runner.

Everything up to arming is preparation and may end at any line with nothing sent. After arming there is one
click, and from then on only what X answers counts.
"""

from __future__ import annotations

import contextlib
import time
from datetime import datetime, timedelta

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import JSHandle, Page
from playwright.sync_api import TimeoutError as PageTimeout

from steadypost.browser.desk import Desk
from steadypost.channels.port import Access, Order
from steadypost.channels.x_web.answers import Asked, Received, interpret, parent_missing, whole
from steadypost.channels.x_web.clicking import CLICK_WITHIN, ROOM_TO_ANSWER, click_until_something_leaves
from steadypost.channels.x_web.compose import write_all
from steadypost.channels.x_web.context import Says, says
from steadypost.channels.x_web.errand import ARM, CLOCK, KNOWN, REFUSES, AskErrand, AskReport, Halt
from steadypost.channels.x_web.gate import Gate
from steadypost.channels.x_web.hearing import Ear
from steadypost.channels.x_web.held import Heard, Lost
from steadypost.channels.x_web.opening import (
    check_signed_in,
    click,
    explain_missing,
    go,
    leave,
    once_more_if_broken,
    page_of,
    put_aside,
    tell_drift,
    time_for,
    uncover,
)
from steadypost.channels.x_web.requests import makes_a_post
from steadypost.channels.x_web.selectors import HARMLESS_COVERS
from steadypost.channels.x_web.sheets import Sheet
from steadypost.channels.x_web.survey import (
    Survey,
    Target,
    Want,
    boxes_within,
    point,
    survey,
    take_composer_within,
)
from steadypost.channels.x_web.told import Told, read
from steadypost.channels.x_web.turns import Turns
from steadypost.channels.x_web.waiting import LOOK_EVERY_MS, MARGIN, Patience
from steadypost.domain.clock import Offset, now
from steadypost.domain.network import Place
from steadypost.domain.outcome import Cause, NotSubmitted, Outcome, Phase, Published, Refused, Unconfirmed
from steadypost.domain.remote_id import RemoteId

COMPOSER_WITHIN = 30.0
"""Seconds from the beginning of X's answer to a composer that can be used."""

KEEP = 8.0
"""Seconds of the deadline that opening leaves for writing and asking."""

LISTEN_EVERY = 2.5
"""Seconds between two times of asking what the page was told of the post to answer."""

REPLIES_WITHIN = 2.0
"""Seconds in which a reply button comes to life that does."""

MOST_SHEETS = 4
"""How many sheets are put aside on the way to one composer."""


def ask(desk: Desk, errand: AskErrand) -> AskReport:
    """Make the order live, once. The parent is told of every part's outcome the moment it is known."""
    order = errand.order
    answering = order.reply_to is not None
    ear: Ear | None = None
    try:
        _check_media(order)
        page = page_of(desk, errand.access, as_left=not answering)
        ear = Ear(desk, page, errand.access.base_url, lists=answering)
        seen, target = _open_composer(desk, page, ear, errand)
        ready = write_all(desk, page, seen, order.parts, answering=answering)
        desk.step(Phase.COMPOSED)
        tell_drift(desk, ready.hits)
        _last_check(desk, seen, ready, errand, target)
        return AskReport(_submit(desk, page, errand, ear.offset()))
    except Halt as halt:
        leave(desk, errand.access, halt)
        return AskReport((_ended(desk, halt, order, ear),) * len(order.parts))


def _ended(desk: Desk, halt: Halt, order: Order, ear: Ear | None) -> Outcome:
    if halt.cause is Cause.TARGET_GONE:
        return parent_missing(own_parent(order), "-", halt.why, _at_x(ear))
    if halt.cause in REFUSES:
        return Refused(cause=halt.cause, code="-", why=halt.why)
    return _not_submitted(desk, halt)


def own_parent(order: Order) -> RemoteId | None:
    """Name what the first part of an order answers, where that is a part of the same thread."""
    return order.reply_to if order.first > 0 else None


def _not_submitted(desk: Desk, halt: Halt) -> NotSubmitted:
    return NotSubmitted(cause=halt.cause, why=halt.why, phase=Phase(desk.last_step or Phase.CLAIMED))


def _check_media(order: Order) -> None:
    """Refuse before a browser is troubled: a picture that is not there cannot be attached."""
    missing = [item.path.name for part in order.parts for item in part.media if not item.path.is_file()]
    if missing:
        raise Halt(Cause.MEDIA_MISSING, f"{', '.join(missing)} cannot be read")


# --- opening


def _open_composer(desk: Desk, page: Page, ear: Ear, errand: AskErrand) -> tuple[Survey, Target | None]:
    """Come to an empty composer of the right account, with the right reply context or none."""
    access, post = errand.access, errand.order.reply_to
    target = None
    if post is None:
        address = f"{access.base_url}/compose/post"
        ear.opened(go(desk, page, address, keep=KEEP))
        desk.step(Phase.OPENED)
        seen = _await_composer(desk, page, access.handle, address)
    else:
        seen, target = _open_reply(desk, page, ear, access, post)
    if seen.composer and seen.composer.cover in HARMLESS_COVERS:
        uncover(page, seen.composer.cover)
        seen = survey(page, Want.COMPOSER, within=CLICK_WITHIN, focus=0, answering=post is not None)
    return seen, target


def _await_composer(desk: Desk, page: Page, handle: str, address: str | None) -> Survey:
    """Wait for the composer, putting aside what comes over it. Without an address it is the one of a reply."""
    allowed = time_for(desk, COMPOSER_WITHIN, keep=KEEP)
    answering = address is None
    seen = survey(page, Want.COMPOSER, within=allowed, focus=0, answering=answering)
    if address and once_more_if_broken(desk, page, seen, address, keep=KEEP):
        allowed = time_for(desk, COMPOSER_WITHIN, keep=KEEP)
        seen = survey(page, Want.COMPOSER, within=allowed, focus=0)
    put: list[Sheet] = []
    for _ in range(MOST_SHEETS):
        check_signed_in(seen, handle)
        if not seen.sheets:
            break
        put_aside(page, sheet := seen.sheets[-1], clicked=False, before=put)
        put.append(sheet)
        allowed = time_for(desk, COMPOSER_WITHIN, keep=KEEP)
        seen = survey(page, Want.COMPOSER, within=min(allowed, CLICK_WITHIN), focus=0, answering=answering)
    check_signed_in(seen, handle)
    if not seen.met and answering and any(not sheet.only_tells for sheet in put):
        raise Halt(
            Cause.TARGET_CLOSED, "the post takes no replies: a sheet came in the place of the composer"
        )
    if not seen.met:
        cause = Cause.NOT_OFFERED if answering else Cause.UI_DRIFT
        raise explain_missing(seen, "no composer", allowed=allowed, cause=cause)
    desk.step(Phase.SIGNED_IN)
    tell_drift(desk, seen.hits)
    return seen


def _open_reply(desk: Desk, page: Page, ear: Ear, access: Access, post: RemoteId) -> tuple[Survey, Target]:
    """Answer from the target's own page.

    The intent address would be one step less, but it takes any number for a post: only the target's page says
    whether it still exists, whose it is, and so what the reply dialog has to show.
    """
    go(desk, page, _page_of_post(access, post), keep=KEEP)
    desk.step(Phase.OPENED)
    target = _await_target(desk, page, ear, access, post)
    if target.cover in HARMLESS_COVERS:
        uncover(page, target.cover)
    button, before = point(page, "reply", source=post), boxes_within(page)
    if button is None:
        raise Halt(Cause.NOT_OFFERED, "the post's reply button went away")
    click(page, button, Cause.NOT_OFFERED, "a click on the post's reply button")
    _await_place(desk, page, before)
    opened = _await_composer(desk, page, access.handle, None)
    if opened.composer and says(opened.composer.context, target, post, ours=access.handle) is Says.ANOTHER:
        raise Halt(
            Cause.REPLY_CONTEXT_MISSING, f"the composer answers somebody else's post than @{target.author}'s"
        )
    return opened, target


def _await_place(desk: Desk, page: Page, before: JSHandle) -> None:
    """Wait until a reply's composer opens over the page; where none does, take the one that opened within it."""
    ends = time.monotonic() + time_for(desk, COMPOSER_WITHIN, keep=KEEP)
    while (left := ends - time.monotonic()) > 0:
        seen = survey(page, Want.COMPOSER, within=min(left, LISTEN_EVERY), answering=True)
        ended = seen.met or seen.sheets or seen.wall or seen.broken
        if ended or take_composer_within(page, before):
            return


def _page_of_post(access: Access, post: RemoteId) -> str:
    return f"{access.base_url}/i/status/{post}"


def _await_target(desk: Desk, page: Page, ear: Ear, access: Access, post: RemoteId) -> Target:
    """Wait for the post that is to be answered, and see that it takes answers."""
    allowed = time_for(desk, COMPOSER_WITHIN, keep=KEEP)
    seen = _await_post(page, ear, access, post, allowed)
    if once_more_if_broken(desk, page, seen, _page_of_post(access, post), keep=KEEP):
        allowed = time_for(desk, COMPOSER_WITHIN, keep=KEEP)
        seen = _await_post(page, ear, access, post, allowed)
    for _ in range(MOST_SHEETS):
        check_signed_in(seen, access.handle)
        if seen.met or not seen.sheets:
            break
        put_aside(page, seen.sheets[-1], clicked=False)
        seen = survey(page, Want.POST, within=time_for(desk, COMPOSER_WITHIN, keep=KEEP), target=post)
    if seen.target is None:
        told = _told(ear, access, post)
        # A page may call a post gone because it could not load it.
        if (seen.gone and not (told and told.failed)) or _shows_nothing(told, post):
            raise Halt(Cause.TARGET_GONE, "X says of the post to answer that it does not exist")
        raise explain_missing(seen, "no post to answer", allowed=allowed, cause=Cause.NOT_OFFERED)
    if not seen.target.takes_replies:
        seen = survey(page, Want.REPLYABLE, within=REPLIES_WITHIN, target=post)
    if seen.target is None or not seen.target.takes_replies:
        raise Halt(Cause.TARGET_CLOSED, "the post takes no replies: its reply button is off")
    return seen.target


def _await_post(page: Page, ear: Ear, access: Access, post: RemoteId, allowed: float) -> Survey:
    """Wait until the page shows the post, or has been told that there is none."""
    ends = time.monotonic() + allowed
    while True:
        left = ends - time.monotonic()
        seen = survey(page, Want.POST, within=max(0.0, min(left, LISTEN_EVERY)), target=post)
        ended = seen.met or seen.sheets or seen.wall or seen.broken or left <= LISTEN_EVERY
        if ended or _shows_nothing(_told(ear, access, post), post):
            return seen


def _told(ear: Ear, access: Access, post: RemoteId) -> Told | None:
    return read(ear.lists(), Place.THREAD, access.handle, post=post)


def _shows_nothing(told: Told | None, post: RemoteId) -> bool:
    """Whether X answered its page that there is no such post, or none for us, whatever the page makes of it."""
    return told is not None and post in told.missing | told.hidden


def _last_check(desk: Desk, opened: Survey, ready: Survey, errand: AskErrand, target: Target | None) -> None:
    """What can go wrong while one writes: the account changes, the reply context gets lost, time runs out.

    The gate would stop a reply without its context, too; seen here it costs no click.
    """
    check_signed_in(ready, errand.access.handle)
    post = errand.order.reply_to
    if post is not None and target is not None and opened.composer and ready.composer:
        before, after = (
            says(seen.composer.context, target, post, ours=errand.access.handle)
            for seen in (opened, ready)
            if seen.composer
        )
        if after is Says.ANOTHER or (before is Says.THIS and after is not Says.THIS):
            raise Halt(Cause.REPLY_CONTEXT_MISSING, "the composer lost what it answers")
    if desk.remaining() < ROOM_TO_ANSWER:
        raise Halt(Cause.DEADLINE, "too little time was left for X to answer")


# --- asking


def _submit(desk: Desk, page: Page, errand: AskErrand, offset: Offset | None) -> tuple[Outcome, ...]:
    """Arm, click once, and listen."""
    order = errand.order
    texts = [part.text for part in order.parts]
    turns = Turns(texts=texts, reply_to=order.reply_to, pictures=[len(part.media) for part in order.parts])
    gate = Gate(desk, page, turns, _Listener(errand.access.handle, turns, offset, own_parent(order)))
    desk.question(CLOCK, offset)
    if desk.question(ARM) is not True:
        raise Halt(Cause.LEASE_LOST, "it may not be asked any more")
    desk.step(Phase.CLICKED)
    with gate:
        hindrance = click_until_something_leaves(desk, page, gate, texts)
        if hindrance is not None and _end_without_a_request(desk, gate, errand):
            raise hindrance
        _listen(desk, page, gate, errand)
        return _conclude(desk, gate, errand, len(texts))


def _end_without_a_request(desk: Desk, gate: Gate, errand: AskErrand) -> bool:
    """Close the gate and the page; say whether it is certain that nothing has left and nothing can."""
    gate.shut()
    if gate.has_decided() or not _close(desk, errand.access.account):
        return False
    return not (gate.passed_by or gate.unheard)


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
            _hear_more(page, within=desk.remaining() - MARGIN)
        except PlaywrightError:
            return  # the page is gone, and with it every answer still to come


def _hear_more(page: Page, *, within: float) -> None:
    """Let the page go on until an answer has come, or for a moment. Asking it again and again takes processor time
    from the very page that is waited for. The gate has read an answer before the page is told of it.
    """
    with contextlib.suppress(PageTimeout):
        page.wait_for_event(
            "response",
            lambda response: makes_a_post(response.request.method, response.url),
            timeout=min(LOOK_EVERY_MS, max(1.0, 1000 * within)),
        )


def _all_said(gate: Gate, parts: int) -> bool:
    failed = any(not isinstance(outcome, Published) for outcome in gate.outcomes.values())
    return len(gate.outcomes) >= parts or (failed and not gate.waiting)


def _conclude(desk: Desk, gate: Gate, errand: AskErrand, parts: int) -> tuple[Outcome, ...]:
    """Say of every part what became of it. Tidying comes after the answers and cannot change them."""
    if len(gate.outcomes) == parts and all(isinstance(o, Published) for o in gate.outcomes.values()):
        desk.leave_open(errand.access.account)
        return tuple(gate.outcomes[n] for n in range(parts))
    stopped = _close(desk, errand.access.account) and not gate.passed_by
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


def _at_x(ear: Ear | None) -> datetime:
    """Say what time it is by X's clock, as well as anybody knows."""
    offset = ear.offset() if ear else None
    return now() + (offset.ahead if offset else timedelta(0))


class _Listener:
    """Understands what the gate hears."""

    def __init__(self, handle: str, turns: Turns, offset: Offset | None, own_parent: RemoteId | None) -> None:
        self._handle = handle
        self._turns = turns
        self._offset = offset
        self._own_parent = own_parent
        self._armed = time.monotonic()

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
        # By the clock that nobody sets: this machine's own may be moved while X answers.
        elapsed = timedelta(seconds=time.monotonic() - self._armed)
        return Asked(
            handle=self._handle,
            armed_at=now() - elapsed,
            offset=self._offset,
            others=frozenset(others),
            own_parent=self._turns.ids.get(n - 1, self._own_parent if n == 0 else None),
        )
