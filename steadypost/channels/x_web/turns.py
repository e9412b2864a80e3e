"""Which request of the page is for which part: decided from what each request says, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from steadypost.channels.x_web.requests import said_in, same_text
from steadypost.domain.outcome import Cause
from steadypost.domain.remote_id import RemoteId


@dataclass(frozen=True, slots=True)
class Stopped:
    """A request that was not let out, and why."""

    cause: Cause
    why: str


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
