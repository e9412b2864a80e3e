"""Taking one post down, for a person who said which."""

from __future__ import annotations

from steadypost.channels.mastodon.answers import before
from steadypost.channels.mastodon.api import Api
from steadypost.channels.mastodon.preparing import Halt, identity
from steadypost.channels.port import Access, RemoveReport
from steadypost.channels.wire import Answered, NotSent
from steadypost.domain import clock
from steadypost.domain.remote_id import RemoteId

GONE = frozenset({404, 410})
"""What a server answers about a post that is not there: a look says whether that is so."""


def remove(api: Api, access: Access, post: RemoteId, now: clock.Clock) -> RemoveReport:
    """See who is signed in, then ask once for the post to be taken down."""
    try:
        identity(api, access, now())
    except Halt as halt:
        return RemoveReport(asked=False, cause=halt.outcome.cause, why=halt.outcome.why)
    heard = api.delete(post)
    if isinstance(heard, Answered) and heard.status in {200, *GONE}:
        return RemoveReport(asked=True)
    asked = not isinstance(heard, NotSent)
    if (stopped := before(heard, now(), "the post could not be taken down")) is not None:
        return RemoveReport(asked=asked, cause=stopped.cause, why=stopped.why)
    return RemoveReport(asked=asked)
