"""Living browsers: lanes that are lent, killed and recycled. Knows no site.

A job is a function ``job(desk, payload)`` somewhere importable; it runs in a lane's process, at a
`steadypost.browser.desk.Desk` (not imported here: only that process needs Playwright).
"""

from steadypost.browser.errors import (
    BrowserError,
    BrowserUnavailable,
    JobBroke,
    LaneBusy,
    LaneDied,
    LaneError,
    LaneOverran,
    LoanEnded,
    NoFreeLane,
    PoolClosed,
    StillAlive,
)
from steadypost.browser.lane import Lane
from steadypost.browser.launch import LaunchSettings, Reason, find_browser
from steadypost.browser.messages import Fault, Job, Step
from steadypost.browser.pool import Backoff, Loan, PlaceIs, PlaceState, Pool, Recycle, Renewal
from steadypost.browser.processes import BrowserIdentity, end_browser, is_dead, orphans, reap_orphans

__all__ = [
    "Backoff",
    "BrowserError",
    "BrowserIdentity",
    "BrowserUnavailable",
    "Fault",
    "Job",
    "JobBroke",
    "Lane",
    "LaneBusy",
    "LaneDied",
    "LaneError",
    "LaneOverran",
    "LaunchSettings",
    "Loan",
    "LoanEnded",
    "NoFreeLane",
    "PlaceIs",
    "PlaceState",
    "Pool",
    "PoolClosed",
    "Reason",
    "Recycle",
    "Renewal",
    "Step",
    "StillAlive",
    "end_browser",
    "find_browser",
    "is_dead",
    "orphans",
    "reap_orphans",
]
