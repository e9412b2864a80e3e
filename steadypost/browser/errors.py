"""What can go wrong with a runner, as values, so that no message is searched."""

from collections.abc import Sequence

from steadypost.browser.launch import Reason
from steadypost.browser.messages import Fault


class BrowserError(Exception):
    """Something about a runner or its browser."""


class BrowserUnavailable(BrowserError):
    """No browser could be started. Never a timeout of a job: no job has begun."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


class NoFreeSlot(BrowserError):
    """Every runner stayed taken for as long as the caller was willing to wait. No job has begun."""

    def __init__(self, pool: str, waited: float) -> None:
        super().__init__(f"no free browser in {pool!r} after {waited:.1f} s")
        self.pool = pool
        self.waited = waited


class PoolClosed(BrowserError):
    """The pool lends no more. No job has begun."""


class LoanEnded(BrowserError):
    """The runner has gone back to its pool; its borrower may not use it any more. No job has begun."""


class RunnerBusy(BrowserError):
    """A runner was given a second job while it does the first. The second has not begun."""


class RunnerError(BrowserError):
    """A job ended without a result. ``step`` is the last mark it set, or None."""

    def __init__(self, message: str, step: str | None) -> None:
        super().__init__(message)
        self.step = step


class RunnerOverran(RunnerError):
    """The deadline passed. The runner and its browser were killed and seen dead before this was raised."""

    def __init__(self, step: str | None) -> None:
        super().__init__(f"the deadline passed at step {step!r}", step)


class RunnerDied(RunnerError):
    """The runner's process ended under the job. What was left of it is seen dead."""

    def __init__(self, step: str | None, code: int | None, last_words: str = "") -> None:
        super().__init__(f"the runner died with {code} at step {step!r} {last_words}".rstrip(), step)
        self.exit = code
        self.last_words = last_words


class JobBroke(RunnerError):
    """The job raised; its pages are closed, or its runner seen dead. ``fault`` says whose error of class ``kind`` it
    was.
    """

    def __init__(self, fault: Fault, kind: str, message: str, step: str | None, trace: str = "") -> None:
        super().__init__(f"{kind} at step {step!r}: {message}", step)
        self.fault = fault
        self.kind = kind
        self.message = message
        self.trace = trace


class StillAlive(RunnerError):
    """Killed, and not seen dead in time: it may still act, and its slot is not given on."""

    def __init__(self, pids: Sequence[int], step: str | None = None) -> None:
        super().__init__(f"processes {sorted(pids)} outlived their killing at step {step!r}", step)
        self.pids = tuple(pids)
