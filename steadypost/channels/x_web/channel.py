"""X through its web page, from the side that decides: one attempt's channel, on a runner lent for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from steadypost.browser import (
    BrowserError,
    Fault,
    Job,
    JobBroke,
    RunnerDied,
    RunnerError,
    RunnerOverran,
    Step,
    StillAlive,
    end_browser,
    is_dead,
)
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
from steadypost.channels.x_web.answers import whole
from steadypost.channels.x_web.errand import (
    ARM,
    CLOCK,
    DRIFT,
    KNOWN,
    AskErrand,
    AskReport,
    LookErrand,
    ProbeErrand,
    Recording,
    RemoveErrand,
)
from steadypost.channels.x_web.session import UnusableSession, usable, user_id
from steadypost.channels.x_web.waiting import ANSWER_WITHIN
from steadypost.domain import clock
from steadypost.domain.clock import Offset
from steadypost.domain.evidence import Appearance, Sighting
from steadypost.domain.outcome import Answer, Cause, NotSubmitted, Outcome, Phase, Unconfirmed
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.x import NETWORK

logger = logging.getLogger(__name__)

ASK = "steadypost.channels.x_web.ask:ask"
LOOK = "steadypost.channels.x_web.look:look"
PROBE = "steadypost.channels.x_web.probe:probe"
RECORD = "steadypost.channels.x_web.record:record"
REMOVE = "steadypost.channels.x_web.remove:remove"


ASK_NEEDS, LOOK_NEEDS, PROBE_NEEDS = 68.0, 62.0, 66.0
"""Seconds that each of them must be given: what its own steps may take until it can tell what became of them. Less,
and the deadline would end it before it knew.
"""


class Browser(Protocol):
    """A runner, or the loan of one."""

    @property
    def identity(self) -> object:
        """Which browser it is, as a text to record."""
        ...

    def run(
        self,
        job: Job,
        *,
        deadline: float,
        on_question: Callable[[str, Any], Any] | None = None,
        on_step: Callable[[Step], None] | None = None,
    ) -> Any:
        """Do a job and return its result, or raise how it ended."""
        ...


class XWeb:
    """X through its web page. One runner, lent for one attempt."""

    def __init__(
        self, runner: Browser, *, now: clock.Clock = clock.now, answer_within: float = ANSWER_WITHIN
    ) -> None:
        self._runner = runner
        self.executor = str(runner.identity or "")
        self._now = now
        self._answer_within = answer_within
        self.drift: tuple[str, ...] = ()
        """What the last job found only by a fall-back."""
        self.offset: Offset | None = None
        self.appears = Appearance()

    def ask(self, access: Access, order: Order, *, arm: Arm, deadline: float, progress: Progress) -> Answer:
        """Make the order live, once. What happened is the answer; only a broken ``progress`` is silent."""
        try:
            access = _ready(access, self._now())
        except _NotReady as error:
            outcome = NotSubmitted(cause=error.cause, why=str(error), phase=Phase.CLAIMED)
            return _same_for_all(order, outcome)
        self.appears = Appearance(identity=user_id(access.secret) or "")
        talk = _Talk(arm, progress, self._note_offset)
        try:
            errand = AskErrand(access, order, self._answer_within)
            report: AskReport = self._run(ASK, errand, deadline, talk)
        except BrowserError as error:
            outcomes = talk.after(error, len(order.parts))
            return Answer(outcomes=outcomes, first=order.first, at_large=isinstance(error, StillAlive))
        finally:
            self._note_drift(talk.drift)
        if talk.store_trouble:
            return _same_for_all(order, talk.store_trouble)
        return Answer(outcomes=report.outcomes, first=order.first)

    def look(self, access: Access, request: LookRequest, *, deadline: float) -> Sighting:
        """Read a list of posts."""
        moment = self._now()
        try:
            access = _ready(replace(access, rules_accepted=True), moment)
            sighting: Sighting = self._run(LOOK, LookErrand(access, request), deadline, talk := _Talk())
        except _NotReady as error:
            return Sighting(account="", at=moment, trouble=error.cause, why=str(error))
        except BrowserError as error:
            cause, why = _cause_of(error)
            return Sighting(account="", at=moment, trouble=cause, why=why)
        self._note_drift(talk.drift)
        self.offset = sighting.offset
        return sighting

    def probe(self, access: Access, *, deadline: float) -> Probe:
        """Open the composer, check everything publishing needs, and submit nothing."""
        try:
            access = _ready(replace(access, rules_accepted=True), self._now())
            probe: Probe = self._run(PROBE, ProbeErrand(access), deadline, _Talk())
        except _NotReady as error:
            return Probe(well=False, handle="", cause=error.cause, why=str(error))
        except BrowserError as error:
            cause, why = _cause_of(error)
            return Probe(well=False, handle="", cause=cause, why=why)
        self._note_drift(probe.drift)
        return probe

    def remove(self, access: Access, post: RemoteId, *, deadline: float) -> RemoveReport:
        """Take a post of the account's down, for a person. Whether it is gone is asked of a look."""
        try:
            access = _ready(replace(access, rules_accepted=True), self._now())
            report: RemoveReport = self._run(REMOVE, RemoveErrand(access, post), deadline, _Talk())
        except _NotReady as error:
            return RemoveReport(asked=False, cause=error.cause, why=str(error))
        except BrowserError as error:
            # It may have left: whoever asks is told to look.
            cause, why = _cause_of(error)
            return RemoveReport(asked=True, cause=cause, why=why)
        return report

    def record(self, access: Access, *, deadline: float) -> Recording:
        """Walk the pages that publishing needs, submit nothing, and keep what they are made of."""
        try:
            access = _ready(replace(access, rules_accepted=True), self._now())
            recording: Recording = self._run(RECORD, ProbeErrand(access), deadline, _Talk())
        except _NotReady as error:
            return Recording(pages={}, cause=error.cause, why=str(error))
        except BrowserError as error:
            cause, why = _cause_of(error)
            return Recording(pages={}, cause=cause, why=why)
        return recording

    def _run(self, entry: str, errand: object, deadline: float, talk: _Talk) -> Any:
        return self._runner.run(
            Job(entry, errand), deadline=deadline, on_question=talk.answer, on_step=talk.note
        )

    def _note_offset(self, offset: Offset | None) -> None:
        self.offset = offset

    def _note_drift(self, drift: tuple[str, ...]) -> None:
        self.drift = drift
        if drift:
            logger.warning("X's page has changed, and fall-backs were used: %s", ", ".join(drift))


# --- before the browser


class _NotReady(Exception):
    """No browser has to be troubled to know that this cannot be done."""

    def __init__(self, cause: Cause, why: str) -> None:
        super().__init__(why)
        self.cause = cause


def _ready(access: Access, now: datetime) -> Access:
    if not access.rules_accepted:
        raise _NotReady(Cause.RULES_NOT_ACCEPTED, "X's rules are not accepted for this account")
    try:
        return replace(access, secret=usable(access.secret, access.base_url, now=now))
    except UnusableSession as error:
        raise _NotReady(Cause.SESSION_UNUSABLE, str(error)) from None


def _same_for_all(order: Order, outcome: Outcome) -> Answer:
    return Answer.same_for_all(outcome, order.first + len(order.parts), order.first)


# --- during


class _Talk:
    """The parent's end of the talk with a job. It knows whether it said yes: that decides, nothing else."""

    def __init__(
        self,
        arm: Arm | None = None,
        progress: Progress | None = None,
        on_clock: Callable[[Offset | None], None] = lambda _: None,
    ) -> None:
        self._arm = arm
        self._on_clock = on_clock
        self._progress = progress or (lambda _: None)
        self.armed = False
        self.phase = Phase.CLAIMED
        self.known: dict[int, Outcome] = {}
        self.drift: tuple[str, ...] = ()
        self.store_trouble: NotSubmitted | None = None

    def answer(self, name: str, data: Any) -> Any:
        """Answer the job's question."""
        match name:
            case _ if name == ARM:
                return self._may_arm()
            case _ if name == KNOWN:
                n, outcome = data
                self.known[n] = outcome
                self._reach(Phase.ANSWERED)
                return None
            case _ if name == CLOCK:
                self._on_clock(data)
                return None
            case _ if name == DRIFT:
                self.drift = tuple(dict.fromkeys((*self.drift, *data)))
                return None
            case _:
                raise LookupError(f"no answer to {name!r}")

    def _may_arm(self) -> bool:
        """Ask the store, once. A second question is a defect, and gets a no."""
        arm, self._arm = self._arm, None
        if arm is None:
            return False
        try:
            said = arm() is True
        except Exception as error:
            # It may have been written down. But the job was told no, and a no is a no: nothing is clicked.
            logger.exception("arming failed")
            why = f"arming failed ({type(error).__name__}), so nothing was clicked"
            self.store_trouble = NotSubmitted(cause=Cause.STORE_AWAY, why=why, phase=self.phase)
            return False
        if said:
            self.armed = True
            self._reach(Phase.ARMED)
        return said

    def note(self, step: Step) -> None:
        """Take a mark of the job's."""
        self._reach(Phase(step.name))

    def _reach(self, phase: Phase) -> None:
        self.phase = phase
        try:
            self._progress(phase)
        except Exception:
            # Who only watches cannot be let spoil what is watched.
            logger.exception("progress was not taken")

    def after(self, error: BrowserError, parts: int) -> tuple[Outcome, ...]:
        """Say what became of every part when the job ended without a report."""
        cause, why = _cause_of(error)
        if not self.armed:
            return (NotSubmitted(cause=cause, why=why, phase=self.phase),) * parts
        unconfirmed = Unconfirmed(cause=cause, why=why, phase=self.phase)
        return whole(self.known, range(parts), parts, stopped=False, fallback=unconfirmed)


# --- after


_CAUSES: Mapping[Fault, Cause] = {
    Fault.BROWSER_GONE: Cause.BROWSER_DIED,
    Fault.PAGE_TIMEOUT: Cause.UI_DRIFT,
    Fault.PLAYWRIGHT: Cause.UI_DRIFT,
    Fault.JOB: Cause.DEFECT,
}
"""Whose fault a broken job is. Navigation is told apart inside the runner; what is left here is a surprise."""


def _cause_of(error: BrowserError) -> tuple[Cause, str]:
    """Say by its type what ended a job. Its message may hold anything the page said, and stays out."""
    step = f" at step {error.step!r}" if isinstance(error, RunnerError) and error.step else ""
    match error:
        case RunnerOverran():
            return Cause.DEADLINE, f"the deadline passed{step}"
        case RunnerDied() | StillAlive():
            return Cause.BROWSER_DIED, f"the browser died{step}"
        case JobBroke():
            return _CAUSES.get(error.fault, Cause.DEFECT), f"{error.kind}{step}"
        case _:
            return Cause.BROWSER_UNAVAILABLE, type(error).__name__


# --- the kind of channel it is


@contextmanager
def _opened(means: Means) -> Iterator[XWeb]:
    with means.browser() as runner:
        yield XWeb(runner, now=means.now)


def _may_still_act(executor: str) -> bool | None:
    return _not(is_dead(executor))


def _end(executor: str) -> bool | None:
    return _not(end_browser(executor))


def _not(dead: bool | None) -> bool | None:
    return None if dead is None else not dead


KIND = Kind(
    name="x_web",
    network=NETWORK,
    open=_opened,
    needs=Needs(
        ask=timedelta(seconds=ASK_NEEDS),
        look=timedelta(seconds=LOOK_NEEDS),
        probe=timedelta(seconds=PROBE_NEEDS),
    ),
    needs_browser=True,
    may_still_act=_may_still_act,
    end=_end,
)
