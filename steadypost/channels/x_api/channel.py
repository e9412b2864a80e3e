"""X through its API: one attempt, look or probe of one account."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from steadypost.channels import executor
from steadypost.channels.port import (
    Access,
    Arm,
    Kind,
    LookRequest,
    Means,
    Needs,
    Order,
    Probe,
    Progress,
    RemoveReport,
)
from steadypost.channels.wire import Answered, NotSent, Wire
from steadypost.channels.x_api import looking, requests, secret
from steadypost.channels.x_api.answers import Asked, Trouble, created, told_or_trouble
from steadypost.channels.x_api.line import Identity, Line, Memory
from steadypost.channels.x_api.media import Uploads
from steadypost.channels.x_api.sign_in import SignIn
from steadypost.channels.x_api.signing import Signer
from steadypost.domain.clock import Clock, Offset
from steadypost.domain.evidence import Appearance, Sighting
from steadypost.domain.outcome import (
    Answer,
    Cause,
    Deferred,
    NotSubmitted,
    Outcome,
    Phase,
    Published,
    Refused,
    Unconfirmed,
)
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.x import NETWORK

logger = logging.getLogger(__name__)

ASKED_WITHIN = 30.0
"""Seconds that X has to answer one ask. Past it the outcome is not known."""

LEFT_TO_ASK = 5.0
"""Seconds that must be left to begin another ask."""

GONE = 404
"""X's answer about a post that is not there: a look says whether that is so."""

MEMORY = Memory()
"""What this process knows of X from earlier attempts."""


class _Halt(Exception):
    """Something before the ask ended the attempt."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.why)
        self.trouble = trouble


class XApi:
    """X through its API, opened for one attempt, look or probe."""

    def __init__(
        self,
        means: Means,
        *,
        memory: Memory = MEMORY,
        wait: Callable[[float], object] = time.sleep,
        wire: Callable[..., Wire] = Wire,
        name: str = "",
    ) -> None:
        self._tokens = means.tokens
        self._now: Clock = means.now
        self._memory = memory
        self._wait = wait
        self._wire = wire
        self.executor = name
        self.offset: Offset | None = None
        self.appears = Appearance()

    # -- asking

    def ask(self, access: Access, order: Order, *, arm: Arm, deadline: float, progress: Progress) -> Answer:
        """Make the order live, once."""
        step = _Step(progress)
        try:
            sign_in, signer = self._signed_in(access, deadline)
            step(Phase.OPENED)
            line = self._opened(access, sign_in, signer)
            identity = _or_halt(line.whoami(deadline))
            _check(identity, access)
            self.appears = Appearance(
                identity=identity.user_id, options=requests.shown_options(access.options)
            )
            self.offset = line.offset
            step(Phase.SIGNED_IN)
            media = self._brought(line, order, deadline, step)
            _in_time(deadline)
            step(Phase.COMPOSED)
        except _Halt as halt:
            return Answer.same_for_all(
                _halted(halt.trouble, step.at), len(order.parts) + order.first, order.first
            )
        if (no := _armed(arm, step)) is not None:
            return Answer.same_for_all(no, len(order.parts) + order.first, order.first)
        asking = _Asking(line, access, order, armed_at=self._now(), deadline=deadline, step=step)
        outcomes = asking.all(media)
        return Answer(outcomes=tuple(_after(one, sign_in, signer) for one in outcomes), first=order.first)

    def _brought(self, line: Line, order: Order, deadline: float, step: _Step) -> list[list[str]]:
        """Bring every part's files before anything is asked."""
        uploads = Uploads(line, deadline, self._wait, lambda: step(Phase.SIGNED_IN))
        return [[_or_halt(uploads.bring(media)) for media in part.media] for part in order.parts]

    # -- looking

    def look(self, access: Access, request: LookRequest, *, deadline: float) -> Sighting:
        """Read the account's own posts, back past an instant."""
        began = self._now()
        try:
            line = self._opened(access, *self._signed_in(access, deadline))
            identity = _or_halt(line.whoami(deadline))
        except _Halt as halt:
            return looking.nothing(request, began, halt.trouble)
        seen = looking.sighting(line, identity, request, began, deadline)
        self.offset = line.offset
        return seen

    def probe(self, access: Access, *, deadline: float) -> Probe:
        """Say who the account is and what it may do."""
        try:
            sign_in, signer = self._signed_in(access, deadline)
            line = self._opened(access, sign_in, signer)
            identity = _or_halt(line.whoami(deadline, anew=True))
            self.offset = line.offset
            _check(identity, access)
            token = _or_halt(sign_in.token())
        except _Halt as halt:
            return Probe(well=False, handle="", cause=halt.trouble.cause, why=halt.trouble.why)
        missing = secret.missing_scopes(token) if token and isinstance(sign_in.secret, secret.Grant) else ()
        return _probed(identity, missing)

    # -- removing

    def remove(self, access: Access, post: RemoteId, *, deadline: float) -> RemoveReport:
        """Take one of the account's posts down."""
        try:
            line = self._opened(access, *self._signed_in(access, deadline))
            _check(_or_halt(line.whoami(deadline)), access)
        except _Halt as halt:
            return RemoveReport(asked=False, cause=halt.trouble.cause, why=halt.trouble.why)
        heard = line.delete(requests.post_path(post), deadline)
        told = told_or_trouble(heard, "taking the post down", line.now(), 200)
        if not isinstance(told, Trouble) or (isinstance(heard, Answered) and heard.status == GONE):
            return RemoveReport(asked=True)
        return RemoveReport(asked=not isinstance(heard, NotSent), cause=told.cause, why=told.why)

    # -- the way there

    def _signed_in(self, access: Access, deadline: float) -> tuple[SignIn, Signer]:
        read = secret.read(access.secret)
        if read is None:
            why = f"{access.account}: its block holds neither four keys nor an OAuth 2.0 sign-in: complete it"
            raise _Halt(Trouble(cause=Cause.SESSION_UNUSABLE, why=why))
        wire = self._wire(access.base_url, now=self._now)
        sign_in = SignIn(access.account, read, self._tokens, wire, self._now, deadline)
        return sign_in, _or_halt(sign_in.signer())

    def _opened(self, access: Access, sign_in: SignIn, signer: Signer) -> Line:
        return Line(sign_in.wire, access.base_url, signer, self._memory, self._now)


class _Step:
    """Where the attempt is."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.at = Phase.CLAIMED

    def __call__(self, phase: Phase) -> None:
        self.at = phase
        with contextlib.suppress(Exception):  # of the report: the attempt goes on without it
            self._progress(phase)


class _Asking:
    """The asks of one attempt, part by part: the next one only when the one before it is live."""

    def __init__(
        self, line: Line, access: Access, order: Order, *, armed_at: datetime, deadline: float, step: _Step
    ) -> None:
        self._line = line
        self._access = access
        self._order = order
        self._armed_at = armed_at
        self._deadline = deadline
        self._step = step

    def all(self, media: Sequence[Sequence[str]]) -> tuple[Outcome, ...]:
        """Ask for every part."""
        outcomes: list[Outcome] = []
        parent = self._order.reply_to
        for n, ids in enumerate(media):
            outcome = self._outcome(n, ids, parent)
            outcomes.append(outcome)
            if not isinstance(outcome, Published):
                break
            parent = outcome.remote_id
        never = NotSubmitted(
            cause=Cause.EARLIER_PART, why="a part before it is not live", phase=Phase.ANSWERED
        )
        return (*outcomes, *[never] * (len(media) - len(outcomes)))

    def _outcome(self, n: int, media: Sequence[str], parent: RemoteId | None) -> Outcome:
        left = self._deadline - time.monotonic()
        if left < LEFT_TO_ASK:
            return NotSubmitted(
                cause=Cause.DEADLINE, why="too little time was left to ask", phase=self._step.at
            )
        body = requests.create_body(self._order.parts[n], media, parent, self._access.options)
        self._step(Phase.CLICKED)
        own = parent if n > 0 or self._order.first > 0 else None
        asked = Asked(
            armed_at=self._armed_at,
            offset=self._line.offset,
            is_dated=self._line.is_dated,
            parent=parent,
            own_parent=own,
            media=frozenset(media),
            others=frozenset((*self._order.live, *([parent] if parent else []))),
        )
        try:
            heard = self._line.once(requests.CREATE, body, time.monotonic() + min(ASKED_WITHIN, left))
            outcome = created(heard, asked, self._line.now())
        except Exception as error:
            # A defect of ours after the request may have left. The parts before keep their ids.
            logger.exception("an answer was not understood")
            why = f"a defect of Steadypost ({type(error).__name__}) while it was asked"
            return Unconfirmed(cause=Cause.DEFECT, why=why, phase=Phase.CLICKED)
        self._step(Phase.ANSWERED)
        return outcome


def _armed(arm: Arm, step: _Step) -> NotSubmitted | None:
    """Ask the store, once; anything but a yes is a no."""
    try:
        said = arm() is True
    except Exception as error:
        logger.exception("arming failed")
        why = f"arming failed ({type(error).__name__}), so nothing was sent"
        return NotSubmitted(cause=Cause.STORE_AWAY, why=why, phase=step.at)
    if not said:
        return NotSubmitted(cause=Cause.LEASE_LOST, why="the lease was lost before the ask", phase=step.at)
    step(Phase.ARMED)
    return None


# --- pure


def _in_time(deadline: float) -> None:
    """Refuse to be armed with too little time left to ask."""
    if deadline - time.monotonic() < LEFT_TO_ASK:
        raise _Halt(Trouble(cause=Cause.DEADLINE, why="too little time was left to ask"))


def _or_halt(found: Any) -> Any:
    if isinstance(found, Trouble):
        raise _Halt(found)
    return found


def _check(identity: Identity, access: Access) -> None:
    """Refuse to act as any other account."""
    if identity.handle.casefold() != access.handle.casefold():
        why = f"{access.account}: its keys are those of @{identity.handle}, not of @{access.handle}"
        raise _Halt(Trouble(cause=Cause.OTHER_ACCOUNT, why=why))


def _halted(trouble: Trouble, at: Phase) -> Outcome:
    """Say what it means for the post that a step before the ask came to nothing."""
    match trouble.cause:
        case Cause.MEDIA_REFUSED:
            return Refused(cause=trouble.cause, code="-", why=trouble.why)
        case Cause.RATE_LIMIT | Cause.DAILY_LIMIT | Cause.CREDIT_USED:
            return Deferred(cause=trouble.cause, code="-", why=trouble.why, until=trouble.until)
        case _:
            return NotSubmitted(cause=trouble.cause, why=trouble.why, phase=at)


def _after(outcome: Outcome, sign_in: SignIn, signer: Signer) -> Outcome:
    """Renew a token that X refused, now that the ask is over: nothing was posted, and the post goes again."""
    if not isinstance(outcome, Deferred) or outcome.cause is not Cause.SIGNED_OUT:
        return outcome
    trouble = sign_in.renew_refused(signer)
    if trouble is not None:
        return replace(outcome, cause=trouble.cause, why=f"{outcome.why}: {trouble.why}")
    return replace(
        outcome, cause=Cause.SIGN_IN_RENEWED, why=f"{outcome.why}: its token was replaced meanwhile"
    )


def _probed(identity: Identity, missing: Sequence[str]) -> Probe:
    if not identity.may_write:
        why = "these keys may only read: give the app 'Read and write' at console.x.com and make new keys"
        return Probe(well=False, handle=identity.handle, cause=Cause.SESSION_UNUSABLE, why=why)
    if missing:
        why = f"the sign-in lacks {', '.join(missing)}: sign the account in again and allow them"
        return Probe(well=False, handle=identity.handle, cause=Cause.SESSION_UNUSABLE, why=why)
    why = "may post, answer, add pictures with descriptions and videos, and read its own posts"
    return Probe(well=True, handle=identity.handle, why=why)


@contextmanager
def _open(means: Means) -> Iterator[XApi]:
    with executor.acting() as name:
        yield XApi(means, name=name)


KIND = Kind(
    name="x_api",
    network=NETWORK,
    open=_open,
    needs=Needs(ask=timedelta(seconds=60), look=timedelta(seconds=40), probe=timedelta(seconds=40)),
    may_still_act=executor.may_still_act,
)
