"""Rows of a list whose time counts from when the list is taken in: after a restore, they may have gone out already.

A row with a moment of its own is due before the restore, and is looked for before it is asked for. "In two hours" would
be new.
"""

from __future__ import annotations

from datetime import datetime

from steadypost.intake.draft import Draft
from steadypost.intake.moment import due
from steadypost.intake.next_slot import wants_slot
from steadypost.store.repeats import REPETITION_WITHIN
from steadypost.store.restores import Restore


def concern_of(draft: Draft, restore: Restore | None, *, now: datetime, default_zone: str | None) -> str:
    """Say why a row may have gone out before a restore that does not know of it; empty where nothing speaks for it."""
    if restore is None or draft.as_is or now - restore.at > REPETITION_WITHIN:
        return ""

    def at(moment: datetime) -> object:
        return due(draft.when, zone=draft.zone, default_zone=default_zone, now=moment)

    if not wants_slot(draft) and at(restore.made_at) == at(now):
        return ""
    return (
        f"its time counts from when the list is taken in, and the store is a backup of {restore.made_at:%Y-%m-%d %H:%M} "
        "UTC: it may have come in since, and gone out"
    )
