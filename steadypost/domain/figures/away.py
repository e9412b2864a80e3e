"""When the network itself was away, as attempts to publish met it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from steadypost.domain.outcome import Cause
from steadypost.domain.span import Span, joined


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How one attempt ended: what the network showed of itself."""

    account: str
    began_at: datetime
    ended_at: datetime
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A stretch in which the network was away; ``account`` is ``None`` when for all."""

    span: Span
    account: str | None = None


AWAY = frozenset({Cause.PAGE_UNREACHABLE, Cause.SERVER_ERROR})
"""The network's own causes: no answer, or an answer that it cannot. A changed page or expired sign-in is not one."""

SILENCE = timedelta(minutes=30)
"""Twice the longest wait between attempts. Between two ends further apart it is unknown."""


def outages(ends: Iterable[End]) -> list[Outage]:
    """Find when the network was away, by account: from the first attempt that met it so to the last."""
    by_account: defaultdict[str, list[End]] = defaultdict(list)
    for end in sorted(ends, key=lambda one: (one.ended_at, one.began_at)):
        by_account[end.account].append(end)
    return [
        Outage(span=span, account=account)
        for account, line in sorted(by_account.items())
        for span in joined(_away(line))
    ]


def _away(line: Sequence[End]) -> Iterable[Span]:
    """Give the stretches of one account, each up to the attempt that found the network back."""
    for n, end in enumerate(line):
        if end.cause not in AWAY:
            continue
        following = line[n + 1] if n + 1 < len(line) else end
        known = following.ended_at - end.ended_at <= SILENCE
        yield Span(min(end.began_at, end.ended_at), following.ended_at if known else end.ended_at)


def holes(outages: Iterable[Outage], account: str) -> list[Span]:
    """Give the stretches in which the network was away for one account."""
    return [outage.span for outage in outages if outage.account in {None, account}]
