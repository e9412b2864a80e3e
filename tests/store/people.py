"""Alice and Bob, their posts, and the answers their network gives."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

from steadypost.domain.outcome import Answer, Cause, NotSubmitted, Phase, Published, Refused, Unconfirmed
from steadypost.domain.post import Media, Part, Post
from steadypost.domain.quota import Limits
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.x.snowflake import id_at
from steadypost.store import AccountRecord, Claim, Store, intake, settling

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
LEASE = timedelta(seconds=30)

_numbers = itertools.count(1)


def person(name: str, **limits: object) -> AccountRecord:
    """An account with the given limits, else with none."""
    return AccountRecord(name=name, channel="x_web", handle=name.title(), limits=Limits(**limits))


def saying(*texts: str, **more: object) -> Post:
    """A post with these parts; without any, one that says what nothing else says."""
    return Post(
        parts=tuple(Part(text=text) for text in texts or (f"Good morning {next(_numbers)}!",)), **more
    )


def with_picture() -> Post:
    """A thread whose first part has a picture."""
    picture = Media(path=Path("/pictures/dawn.png"), kind="image/png", alt="Dawn over the harbour")
    return Post(parts=(Part(text="Look", media=(picture,)), Part(text="up")), source="posts.csv:7")


def scheduled(
    store: Store, post: Post | None = None, *, account: str = "alice", due_at=NOON, now=NOON - HOUR, **more
) -> int:
    """Take a post in for one account; answer its delivery."""
    [added] = store.write(intake.add, post or saying(), accounts=[account], due_at=due_at, now=now, **more)
    return added.delivery_id


def claims(store: Store, now=NOON, *, worker="worker", at_most=100, accounts=("alice", "bob")) -> list[Claim]:
    """Claim what is due for everybody."""
    return store.claim(worker=worker, now=now, lease=LEASE, at_most=at_most, accounts=accounts)


def claimed(store: Store, now=NOON, **more) -> Claim:
    """Claim the one delivery that is due."""
    [claim] = claims(store, now, **more)
    return claim


def armed(store: Store, now=NOON, *, executor: str = "", **more) -> Claim:
    """Claim the one delivery that is due, and say that it is about to be asked, and what acts for it."""
    claim = claimed(store, now, **more)
    assert store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=now, executor=executor)
    return claim


def an_id(at=NOON) -> RemoteId:
    """An id nobody has yet, of a post made at that moment."""
    return id_at(at + SECOND, sequence=next(_numbers))


def published(*ids: RemoteId, first: int = 0) -> Answer:
    """The network answered with these ids."""
    return Answer(outcomes=tuple(Published(remote_id=one) for one in ids or (an_id(),)), first=first)


UNHEARD = Unconfirmed(cause=Cause.NO_ANSWER, why="no answer within 30 s", phase=Phase.CLICKED)
NEVER = NotSubmitted(cause=Cause.EARLIER_PART, why="an earlier part is not live", phase=Phase.CLAIMED)
BROKEN = NotSubmitted(
    cause=Cause.COMPOSER_DIFFERS, why="the page was about to send another text", phase=Phase.CLICKED
)
TOO_LONG = Refused(cause=Cause.TOO_LONG, code="186", why="the text is too long")


def answer(*outcomes, first: int = 0) -> Answer:
    """These outcomes, part by part."""
    return Answer(outcomes=outcomes, first=first)
