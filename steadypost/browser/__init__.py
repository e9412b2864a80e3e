"""Living browsers: runners that are lent, killed and recycled. Knows no site.

A job is an importable ``job(desk, payload)``; it runs in a runner's process, at a `steadypost.browser.desk.Desk`.
"""

from steadypost.browser.errors import (
    BrowserError,
    BrowserUnavailable,
    JobBroke,
    LoanEnded,
    NoFreeSlot,
    PoolClosed,
    RunnerBusy,
    RunnerDied,
    RunnerError,
    RunnerOverran,
    StillAlive,
)
from steadypost.browser.launch import LaunchSettings, Reason, find_browser
from steadypost.browser.messages import Fault, Job, Step
from steadypost.browser.pool import Backoff, Pool, Recycle, Renewal, SlotIs
from steadypost.browser.processes import BrowserIdentity, end_browser, is_dead, orphans, reap_orphans
from steadypost.browser.runner import BrowserRunner

__all__ = [
    "Backoff",
    "BrowserError",
    "BrowserIdentity",
    "BrowserRunner",
    "BrowserUnavailable",
    "Fault",
    "Job",
    "JobBroke",
    "LaunchSettings",
    "LoanEnded",
    "NoFreeSlot",
    "Pool",
    "PoolClosed",
    "Reason",
    "Recycle",
    "Renewal",
    "RunnerBusy",
    "RunnerDied",
    "RunnerError",
    "RunnerOverran",
    "SlotIs",
    "Step",
    "StillAlive",
    "end_browser",
    "find_browser",
    "is_dead",
    "orphans",
    "reap_orphans",
]
