"""What can be done about a failing check without a person."""

from __future__ import annotations

from enum import StrEnum


class Remedy(StrEnum):
    """What can be done without a person. A remedy never asks: none of these can cause a post."""

    GIVE_BACK_LEASES = "give_back_leases"
    """Take back what workers hold that fell silent."""
    REAP_BROWSERS = "reap_browsers"
    """End the browsers whose process is gone, and see them dead."""
    REVIVE_FLOW = "revive_flow"
    """End the run on watch that sends no heartbeat, and start another."""
    RENEW_BROWSERS = "renew_browsers"
    """Have the publishers relieved by a run with browsers of its own."""
    END_RUNS = "end_runs"
    """Mark runs that are not there as crashed, so that they hold no place."""
    GIVE_BACK_SLOTS = "give_back_slots"
    """Give back the places in Prefect's limits that the dead hold."""
    RELOAD_SESSION = "reload_session"
    """Read the account's block anew, and go on if its session is another one."""
    RESTART_WORKER = "restart_worker"
    """End a worker that hangs, and start one where none is."""
    HAND_OVER = "hand_over"
    """Bring the store the answers that wait on this machine."""
