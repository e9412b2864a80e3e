"""Taking one post down, for a person who said which."""

from __future__ import annotations

from steadypost.channels.bluesky import xrpc
from steadypost.channels.bluesky.session import Session
from steadypost.channels.bluesky.trouble import NotReady, unanswered
from steadypost.channels.bluesky.xrpc import Result
from steadypost.channels.port import RemoveReport
from steadypost.channels.wire import NotSent, Wire
from steadypost.domain.outcome import Cause
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.bluesky.uri import POSTS, NotAPost, parse


def remove(session: Session, server: Wire, post: RemoteId, *, deadline: float) -> RemoveReport:
    """Ask once for the record to be deleted. A server answers the same for one that is not there."""
    try:
        uri = parse(post)
    except NotAPost as error:
        raise NotReady(Cause.TARGET_GONE, str(error)) from error
    if uri.repo != session.did:
        raise NotReady(Cause.OTHER_ACCOUNT, f"the post {post} is not this account's")
    body = {"repo": session.did, "collection": POSTS, "rkey": uri.rkey}
    reply = xrpc.call(server, "com.atproto.repo.deleteRecord", body, deadline=deadline, token=session.access)
    if isinstance(reply, Result):
        return RemoveReport(asked=True)
    trouble = unanswered("taking the post down", reply)
    return RemoveReport(asked=not isinstance(reply, NotSent), cause=trouble.cause, why=str(trouble))
