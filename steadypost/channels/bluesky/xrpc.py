"""One request of the protocol: a result, an error that the server named, or neither.

An error without a name may come from a machine in between, and says nothing of the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from steadypost.channels.wire import Answered, Heard, NotSent, Unknown, Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The server did what it was asked, and this is what it says."""

    data: Mapping[str, Any] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)

    def text(self, name: str) -> str:
        """Give a field that has to be a text; empty when it is not there."""
        value = self.data.get(name)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """The server said no, in the protocol's own form."""

    status: int
    name: str
    """The protocol's name of the error."""
    message: str = ""
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    data: Mapping[str, Any] = field(repr=False, default_factory=dict)
    """All that it says."""

    def __str__(self) -> str:
        return f"{self.status} {self.name}" + (f": {self.message[:200]}" if self.message else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """Something answered, and not in the protocol's form."""

    status: int
    why: str
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)


Reply = Result | Wrong | Odd | NotSent | Unknown


def read(heard: Heard) -> Reply:
    """Say what an answer is."""
    if not isinstance(heard, Answered):
        return heard
    body = heard.json()
    if heard.status == 200 and isinstance(body, dict):
        return Result(data=body, headers=heard.headers)
    told = _error(body) if heard.status >= 400 else None
    if told is not None:
        message = told.get("message")
        return Wrong(
            status=heard.status,
            name=told["error"],
            message=message if isinstance(message, str) else "",
            headers=heard.headers,
            data=body,
        )
    kind = heard.headers.get("content-type", "no kind of content").partition(";")[0]
    return Odd(status=heard.status, why=f"it answered {heard.status} with {kind}", headers=heard.headers)


def _error(body: Any) -> Mapping[str, Any] | None:
    """Find what names the error: the body, or the job in it where a video's did not begin."""
    found = body.get("jobStatus", body) if isinstance(body, dict) else None
    return found if isinstance(found, dict) and isinstance(found.get("error"), str) else None


def query(
    wire: Wire, method: str, *, deadline: float, token: str = "", params: Mapping[str, Any] | None = None
) -> Reply:
    """Ask for something that changes nothing."""
    headers = _bearer(token)
    return read(wire.send("GET", f"/xrpc/{method}", deadline=deadline, headers=headers, params=params))


def call(wire: Wire, method: str, body: Any, *, deadline: float, token: str = "") -> Reply:
    """Have something done; ``body`` is JSON, or nothing."""
    return read(heard_of(wire, method, body, deadline=deadline, token=token))


def heard_of(wire: Wire, method: str, body: Any, *, deadline: float, token: str = "") -> Heard:
    """Have something done, and give the answer as it was heard."""
    return wire.send("POST", f"/xrpc/{method}", deadline=deadline, headers=_bearer(token), json=body)


def upload(
    wire: Wire,
    content: bytes,
    kind: str,
    *,
    deadline: float,
    token: str,
    method: str = "com.atproto.repo.uploadBlob",
    params: Mapping[str, Any] | None = None,
) -> Reply:
    """Leave a file with a server, for a record to refer to."""
    headers = {**_bearer(token), "content-type": kind}
    path = f"/xrpc/{method}"
    return read(wire.send("POST", path, deadline=deadline, headers=headers, params=params, content=content))


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"} if token else {}
