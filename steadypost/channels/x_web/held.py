"""What a request that is held says, and what came back for it: read from the browser's own messages. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steadypost.channels.x_web.answers import HEADERS, Received
from steadypost.channels.x_web.turns import Stopped


@dataclass(frozen=True, slots=True)
class Lost:
    """A request that was let out and whose answer cannot come any more."""

    why: str


Heard = Received | Lost | Stopped

Message = Mapping[str, Any]

NOT_GIVEN_ON = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers of how an answer travelled: it is given on unpacked."""


def heard(event: Message, body: Message | None) -> Heard:
    """Say what an answer's event and its body mean."""
    if "responseErrorReason" in event:
        return Lost(f"the connection ended: {event['responseErrorReason']}")
    if body is None:
        return Lost("the connection ended within the answer")
    headers = {entry["name"].lower(): entry["value"] for entry in event.get("responseHeaders", ())}
    wanted = {name: headers[name] for name in HEADERS if name in headers}
    return Received(status=event["responseStatusCode"], body=decoded(body), headers=wanted)


def body_of(event: Message) -> str | None:
    """What a request says. A long text is left out of the event, and comes in pieces."""
    asked = event["request"]
    if "postData" in asked:
        body: str = asked["postData"]
        return body
    pieces = asked.get("postDataEntries", ())
    return (
        b"".join(base64.b64decode(piece.get("bytes", "")) for piece in pieces).decode(errors="replace")
        or None
    )


def is_readable(event: Message) -> bool:
    """Whether all that a request says is text that is seen here. What the browser tells as text leaves out the rest."""
    asked = event["request"]
    if not asked.get("hasPostData"):
        return True
    try:
        b"".join(base64.b64decode(piece["bytes"]) for piece in asked["postDataEntries"]).decode()
    except (KeyError, ValueError):
        return False
    return True


def name_of(event: Message) -> str:
    """What a request is called from its beginning to its answer."""
    name: str = event.get("networkId") or event["requestId"]
    return name


def decoded(answer: Message) -> str:
    """Read an answer's body."""
    body: str = answer["body"]
    return base64.b64decode(body).decode(errors="replace") if answer["base64Encoded"] else body
