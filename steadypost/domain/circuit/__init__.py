"""Circuits: what fails is left alone until it is well, and all processes agree on it."""

from steadypost.domain.circuit.judging import (
    Came,
    Event,
    Go,
    Left,
    No,
    Noted,
    Passed,
    Position,
    Renewed,
    Said,
    Ticket,
    Wants,
    judge,
    open_time,
)
from steadypost.domain.circuit.memory import LETS_THROUGH, NEW, Memory, Permit, State
from steadypost.domain.circuit.revisions import (
    Move,
    Revision,
    View,
    newest,
    outdated,
)
from steadypost.domain.circuit.settings import InARow, LastCalls, LastWhile, Settings, UnmeantSetting

__all__ = [
    "LETS_THROUGH",
    "NEW",
    "Came",
    "Event",
    "Go",
    "InARow",
    "LastCalls",
    "LastWhile",
    "Left",
    "Memory",
    "Move",
    "No",
    "Noted",
    "Passed",
    "Permit",
    "Position",
    "Renewed",
    "Revision",
    "Said",
    "Settings",
    "State",
    "Ticket",
    "UnmeantSetting",
    "View",
    "Wants",
    "judge",
    "newest",
    "open_time",
    "outdated",
]
