"""What a runner and its parent say to each other: pickled values, since both run the same code."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from steadypost.browser.launch import LaunchSettings, Reason


class Fault(StrEnum):
    """What kind of thing broke a job, decided by type in the process where it was raised."""

    PAGE_TIMEOUT = "page_timeout"
    """Playwright waited for the page and gave up. The page may have acted all the same."""

    BROWSER_GONE = "browser_gone"
    """The page, its context or the whole browser was closed or died under the job."""

    PLAYWRIGHT = "playwright"
    """Playwright refused for another reason: a failed navigation, an error inside the page."""

    JOB = "job"
    """The job's own code raised, or its result could not be sent."""


@dataclass(frozen=True, slots=True)
class Job:
    """One function to run at a desk: ``function(desk, payload)``, named ``package.module:function``."""

    entry: str
    payload: Any = None


@dataclass(frozen=True, slots=True)
class Hello:
    """Parent's first words: how the browser is to be launched."""

    settings: LaunchSettings


@dataclass(frozen=True, slots=True)
class Order:
    """Parent: do this job. The deadline is monotonic time, which all processes of one machine share."""

    job: Job
    deadline: float


@dataclass(frozen=True, slots=True)
class Answer:
    """Parent: what was asked by a question."""

    value: Any


@dataclass(frozen=True, slots=True)
class Stop:
    """Parent: close the browser and end."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Child: the browser is up."""

    chromium_pid: int
    chromium_group: int
    browser_version: str
    executable: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Child: the browser did not start; the child ends."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Step:
    """Child: the job has got this far. ``at`` is monotonic time."""

    name: str
    at: float


@dataclass(frozen=True, slots=True)
class Question:
    """Child: may I? The job waits until the answer comes."""

    name: str
    data: Any


@dataclass(frozen=True, slots=True)
class Done:
    """Child: the job's result. Tidying comes after it and cannot change it."""

    result: Any


@dataclass(frozen=True, slots=True)
class Broke:
    """Child: the job raised."""

    fault: Fault
    kind: str
    message: str
    step: str | None
    trace: str


@dataclass(frozen=True, slots=True)
class Idle:
    """Child: tidied up and waiting. ``fit`` is false when this runner should not be lent again."""

    fit: bool


OnQuestion = Callable[[str, Any], Any]
OnStep = Callable[[Step], None]
