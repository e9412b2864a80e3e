"""The flows whose runs stay on watch, and the silence after which each observer acts. One table, read by all of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

WATCH = "watch"
"""Judges the others in its rounds; is judged by its peers and from outside."""

JUDGED = ("publish", "reconcile")
"""Without these nothing goes out, and nothing is found out."""

FLOWS = (*JUDGED, WATCH)

FAILING_AFTER = timedelta(seconds=15)
"""A round of checks calls a run silent. One sends a heartbeat each second, and may wait five for a busy store."""

REPLACED_AFTER: Mapping[str, timedelta] = MappingProxyType(
    {"publish": timedelta(seconds=15), "reconcile": timedelta(seconds=30), WATCH: timedelta(seconds=30)}
)
"""Its peers replace it. ``watch`` heartbeats between the steps of a round."""

SUSPECTED_AFTER = timedelta(seconds=30)
"""``steadypost doctor`` names it: its peers should have replaced it."""

UNHEALTHY_AFTER = timedelta(seconds=90)
"""A container calls itself unhealthy: a run that died is replaced within a minute."""
