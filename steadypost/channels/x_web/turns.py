"""Which request of the page is for which part: decided from what each request says, one after the other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from steadypost.domain.likeness import canonical
from steadypost.domain.outcome import Cause
from steadypost.domain.remote_id import RemoteId


def same_text(sent: str, composed: str) -> bool:
    r"""Whether the page sends what was composed. Line ends and forms of accents are the same, outer space is none.

    >>> same_text("cafe\u0301\n\nx", " caf\u00e9\r\n\r\nx ")
    True
    >>> same_text("a  b", "a b")
    False
    """
    return canonical(sent) == canonical(composed)


@dataclass(frozen=True, slots=True)
class Stopped:
    """A request that was not let out, and why."""

    cause: Cause
    why: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a request would make live."""

    text: str
    parent: str | None
    pictures: int


@dataclass(slots=True)
class Turns:
    """Whose turn it is. Pure: decides of one request after the other whether it is the next part's."""

    texts: Sequence[str]
    reply_to: RemoteId | None
    pictures: Sequence[int] = ()
    """How many pictures each part has; none, where it is left out."""
    ids: dict[int, RemoteId] = field(default_factory=dict)
    """The ids of the parts so far, where known."""
    passed: int = 0
    """How many parts have been let out."""

    def judge(self, body: str | None) -> int | Stopped | None:
        """Give the part this request is for, or why it must not leave; ``None`` for one too many."""
        said = said_in(body)
        if said is None:
            return Stopped(Cause.UI_DRIFT, "the page's request cannot be read")
        n = self.passed
        due = n < len(self.texts) and same_text(said.text, self.texts[n])
        if due and self._follows(n, said.parent) and said.pictures == self._pictures(n):
            self.passed += 1
            return n
        if n >= len(self.texts) or any(same_text(said.text, before) for before in self.texts[:n]):
            return None
        if not due:
            return Stopped(Cause.COMPOSER_DIFFERS, "the page was about to send another text")
        if not self._follows(n, said.parent):
            return Stopped(Cause.REPLY_CONTEXT_MISSING, "the page was about to send it under another parent")
        expected = self._pictures(n)
        return Stopped(
            Cause.MEDIA_NOT_ATTACHED, f"the page was about to send {said.pictures} of {expected} pictures"
        )

    def _pictures(self, n: int) -> int:
        return self.pictures[n] if self.pictures else 0

    def _follows(self, n: int, parent: str | None) -> bool:
        """Whether this is the parent the part must have. One that is not known is not the right one."""
        return parent == (self.reply_to if n == 0 else self.ids.get(n - 1, ""))


def said_in(body: str | None) -> Said | None:
    """What a request's body says; ``None`` when it has another form than we know."""
    try:
        variables = json.loads(body or "")["variables"]
        text, reply = variables["tweet_text"], variables.get("reply") or {}
        parent = reply.get("in_reply_to_tweet_id")
        pictures = len((variables.get("media") or {}).get("media_entities") or ())
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    known = isinstance(text, str) and isinstance(parent, str | None)
    return Said(text, parent, pictures) if known else None
