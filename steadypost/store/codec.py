"""Answers as JSON, and back, without loss."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, assert_never

from steadypost.domain.clock import utc
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


def dumps(answer: Answer) -> str:
    """Write an answer as JSON."""
    told: dict[str, Any] = {"first": answer.first, "outcomes": [_told(one) for one in answer.outcomes]}
    if answer.at_large:
        told["at_large"] = True
    return json.dumps(told, ensure_ascii=False, sort_keys=True)


def loads(text: str) -> Answer:
    """Read an answer that ``dumps`` wrote."""
    told = json.loads(text)
    return Answer(
        outcomes=tuple(_outcome(one) for one in told["outcomes"]),
        first=told["first"],
        at_large=told.get("at_large", False),
    )


def _told(outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Published(remote_id=remote_id, lacking=lacking):
            return {"kind": "published", "remote_id": remote_id, **({"lacking": lacking} if lacking else {})}
        case Refused(cause=cause, code=code, why=why):
            return {"kind": "refused", "cause": cause, "code": code, "why": why}
        case Deferred(cause=cause, code=code, why=why, until=until):
            moment = utc(until).isoformat() if until else None
            return {"kind": "deferred", "cause": cause, "code": code, "why": why, "until": moment}
        case NotSubmitted(cause=cause, why=why, phase=phase):
            return {"kind": "not_submitted", "cause": cause, "why": why, "phase": phase}
        case Unconfirmed(cause=cause, why=why, phase=phase):
            return {"kind": "unconfirmed", "cause": cause, "why": why, "phase": phase}
        case _:
            assert_never(outcome)


def _outcome(told: dict[str, Any]) -> Outcome:
    if told["kind"] == "published":
        return Published(remote_id=RemoteId(told["remote_id"]), lacking=str(told.get("lacking", "")))
    cause, why = Cause(told["cause"]), str(told["why"])
    match told["kind"]:
        case "refused":
            return Refused(cause=cause, code=told["code"], why=why)
        case "deferred":
            until = datetime.fromisoformat(told["until"]) if told["until"] else None
            return Deferred(cause=cause, code=told["code"], why=why, until=until)
        case "not_submitted":
            return NotSubmitted(cause=cause, why=why, phase=Phase(told["phase"]))
        case "unconfirmed":
            return Unconfirmed(cause=cause, why=why, phase=Phase(told["phase"]))
        case unknown:
            raise ValueError(f"no outcome is called {unknown!r}")
