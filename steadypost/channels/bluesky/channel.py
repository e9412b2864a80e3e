"""The channel ``bluesky``: prepare everything, arm, write once; look by name; probe."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from steadypost.channels import executor as executors
from steadypost.channels.bluesky import answers, limits, xrpc
from steadypost.channels.bluesky.fetching import Fetcher
from steadypost.channels.bluesky.identity import Resolver, is_here
from steadypost.channels.bluesky.looking import Looking, check_home
from steadypost.channels.bluesky.options import Options
from steadypost.channels.bluesky.preparing import Preparing, Ready
from steadypost.channels.bluesky.removing import remove
from steadypost.channels.bluesky.session import InMemory, Session, SignIn
from steadypost.channels.bluesky.trouble import Never, NotReady
from steadypost.channels.confirmed import Confirmed
from steadypost.channels.port import (
    Access,
    Arm,
    Kind,
    LookRequest,
    Means,
    Needs,
    Order,
    Probe,
    Progress,
    RemoveReport,
)
from steadypost.channels.wire import Heard, NotSent, Unknown, Wire
from steadypost.domain import clock
from steadypost.domain.clock import Clock, Offset
from steadypost.domain.evidence import Appearance, Sighting
from steadypost.domain.network import Place
from steadypost.domain.outcome import Answer, Cause, NotSubmitted, Outcome, Phase, Unconfirmed
from steadypost.domain.remote_id import RemoteId
from steadypost.domain.token import Tokens
from steadypost.networks.bluesky import NETWORK
from steadypost.networks.bluesky.uri import POSTS, NotAPost, parse

logger = logging.getLogger(__name__)

Wires = Callable[[str], Wire]
"""Gives a client for a server's address."""


class Bluesky:
    """Bluesky, opened for one attempt, look or probe."""

    def __init__(
        self,
        executor: str = "",
        *,
        tokens: Tokens | None = None,
        confirmed: Confirmed[str] | None = None,
        now: Clock = clock.now,
        wire: Wires | None = None,
        fetcher: Fetcher | None = None,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self.executor = executor
        self._tokens = tokens or _IN_MEMORY
        self._confirmed = confirmed or Confirmed()
        self._now = now
        self._make_wire: Wires = wire or (lambda address: Wire(address, now=now))
        self._fetcher = fetcher or Fetcher()
        self._wait = wait
        self._wires: dict[str, Wire] = {}
        self.offset: Offset | None = None
        self.appears = Appearance()

    # --- ask

    def ask(self, access: Access, order: Order, *, arm: Arm, deadline: float, progress: Progress) -> Answer:
        """Make the order live, once."""
        stage = _Stage(progress)
        try:
            session, ready = self._prepared(access, order, deadline, stage)
        except NotReady as trouble:
            trouble.until = trouble.until or limits.until(trouble.headers, self.offset, self._now())
            return _same_for_all(order, trouble.outcome(stage.phase))
        except Exception as error:
            logger.exception("an attempt broke before anything was asked")
            why = f"a defect of Steadypost ({type(error).__name__}) before anything was asked"
            return _same_for_all(order, NotSubmitted(cause=Cause.DEFECT, why=why, phase=stage.phase))
        if (no := _armed(arm, stage)) is not None:
            return _same_for_all(order, no)
        try:
            outcomes = self._write(session, ready, deadline, stage)
        except Exception as error:
            logger.exception("an attempt broke after it was armed")
            why = f"a defect of Steadypost ({type(error).__name__}) while it was asked"
            return _same_for_all(order, Unconfirmed(cause=Cause.DEFECT, why=why, phase=stage.phase))
        return Answer(outcomes=outcomes, first=order.first)

    def _prepared(
        self, access: Access, order: Order, deadline: float, stage: _Stage
    ) -> tuple[Session, Ready]:
        """Do everything that can be done before the ask. A sign-in that ended too early is renewed once."""
        _check(order)
        stage.reach(Phase.OPENED)
        session = self._signed_in(access, deadline)
        self.appears = Appearance(identity=session.did, options=Options.read(access.options).shown())
        stage.reach(Phase.SIGNED_IN)
        try:
            ready = self._preparing(access, session, deadline, stage).prepare(order)
        except NotReady as trouble:
            if trouble.cause is not Cause.SIGN_IN_RENEWED:
                raise
            session = self._renewed(access, session, deadline)
            ready = self._preparing(access, session, deadline, stage).prepare(order)
        stage.reach(Phase.COMPOSED)
        return session, ready

    def _preparing(self, access: Access, session: Session, deadline: float, stage: _Stage) -> Preparing:
        return Preparing(
            session=session,
            server=self._wire(session.server),
            resolver=self._resolver(access),
            wire=self._wire,
            options=Options.read(access.options),
            deadline=deadline,
            fetcher=self._fetcher,
            now=self._now,
            wait=self._wait,
            tell=lambda: stage.reach(Phase.SIGNED_IN),
        )

    def _write(self, session: Session, ready: Ready, deadline: float, stage: _Stage) -> tuple[Outcome, ...]:
        """Send the one request that may cause the post."""
        stage.reach(Phase.CLICKED)
        method, body = request_of(session.did, ready)
        server = self._wire(session.server)
        heard: Heard = xrpc.heard_of(server, method, body, deadline=deadline, token=session.access)
        if not isinstance(heard, (NotSent, Unknown)):
            stage.reach(Phase.ANSWERED)
        reply = xrpc.read(heard)
        if answers.is_about_sign_in(reply):
            self._confirmed.drop(session.access)
        self._note_offset(server)
        return answers.outcomes(reply, ready.refs, offset=self.offset, now=self._now())

    # --- look

    def look(self, access: Access, request: LookRequest, *, deadline: float) -> Sighting:
        """Read posts by their names, one post at its address, or the account's own posts."""
        began = self._now()
        try:
            return self._looked(access, request, deadline, began)
        except NotReady as trouble:
            cause, why = trouble.cause, str(trouble)
        except Exception as error:
            logger.exception("a look broke")
            cause, why = Cause.DEFECT, f"a defect of Steadypost ({type(error).__name__})"
        return Sighting(account="", at=began, trouble=cause, why=why, place=request.place, post=request.post)

    def _looked(self, access: Access, request: LookRequest, deadline: float, began: datetime) -> Sighting:
        session = self._signed_in(access, deadline, afresh=True)
        server = self._wire(session.server)
        looking = Looking(session=session, server=server, handle=access.handle, deadline=deadline)
        found: dict[str, Any]
        match request.place:
            case Place.NAMED:
                named = looking.by_name(request.names)
                found = {"named": named.ids, "posts": named.posts}
            case Place.THREAD:
                found = _at_address(looking, request)
            case _:
                listed = looking.listed(request.back_to)
                found = {"posts": listed.posts, "reached_back_to": listed.reached_back_to}
        return Sighting(
            # The DID was confirmed: the handle is what this account is called here, whatever it is called there now.
            account=access.handle,
            identity=session.did,
            at=began,
            place=request.place,
            post=request.post,
            told=True,
            offset=self.offset,
            **found,
        )

    # --- probe

    def probe(self, access: Access, *, deadline: float) -> Probe:
        """Sign in, and have the server say who that is."""
        try:
            session = self._signed_in(access, deadline, afresh=True)
        except NotReady as trouble:
            return Probe(well=False, handle="", cause=trouble.cause, why=str(trouble))
        except Exception as error:
            logger.exception("a probe broke")
            why = f"a defect of Steadypost ({type(error).__name__})"
            return Probe(well=False, handle="", cause=Cause.DEFECT, why=why)
        return Probe(well=True, handle=session.handle)

    # --- remove

    def remove(self, access: Access, post: RemoteId, *, deadline: float) -> RemoveReport:
        """Take one of the account's posts down."""
        try:
            session = self._signed_in(access, deadline)
            return remove(session, self._wire(session.server), post, deadline=deadline)
        except NotReady as trouble:
            return RemoveReport(asked=False, cause=trouble.cause, why=str(trouble))

    # --- signed in

    def _signed_in(self, access: Access, deadline: float, *, afresh: bool = False) -> Session:
        """Give a session that the server confirms: as this account, and active."""
        session = self._sign_in(access).ready(deadline=deadline)
        proof = self._confirmed.lately(session.access, self._now())
        if proof is not None and not afresh:
            self.offset = proof.offset
            return session
        try:
            return self._confirm(session, deadline)
        except NotReady as trouble:
            if trouble.cause not in _PERHAPS_ENDED:
                raise
        return self._renewed(access, session, deadline)

    def _renewed(self, access: Access, session: Session, deadline: float) -> Session:
        """Sign in anew: the token ended before its time, or the account has moved to another server."""
        self._confirmed.drop(session.access)
        session = self._sign_in(access).ready(deadline=deadline, stale=session)
        return self._confirm(session, deadline)

    def _sign_in(self, access: Access) -> SignIn:
        return SignIn(
            access=access,
            tokens=self._tokens,
            resolver=self._resolver(access),
            wire=self._wire,
            now=self._now,
        )

    def _confirm(self, session: Session, deadline: float) -> Session:
        server = self._wire(session.server)
        handle = check_home(session, server, deadline=deadline)
        self._note_offset(server)
        self._confirmed.note(session.access, session.did, server.offset, self._now())
        return Session(did=session.did, server=session.server, handle=handle, token=session.token)

    def _resolver(self, access: Access) -> Resolver:
        return Resolver(
            resolver=self._wire(access.base_url),
            directory=Options.read(access.options).directory,
            fetcher=self._fetcher,
            here=is_here(access.base_url),
        )

    def _wire(self, address: str) -> Wire:
        if address not in self._wires:
            self._wires[address] = self._make_wire(address)
        return self._wires[address]

    def _note_offset(self, server: Wire) -> None:
        self.offset = server.offset or self.offset


_IN_MEMORY: Final = InMemory()

_PERHAPS_ENDED: Final = frozenset({Cause.SIGN_IN_RENEWED, Cause.LOCKED})
"""What the server answers to a token that has ended, and one that the account has left."""


def request_of(did: str, ready: Ready) -> tuple[str, dict[str, Any]]:
    """Give the one request: a record that is only created, or several that are written together.

    ``swapRecord: null`` says that nothing may be there yet. Libraries leave a field out that is null, and the same
    request then overwrites; so the body is written here.
    """
    if len(ready.records) == 1:
        body: dict[str, Any] = {
            "repo": did,
            "collection": POSTS,
            "rkey": ready.rkeys[0],
            "swapRecord": None,
            "record": ready.records[0],
        }
        return "com.atproto.repo.putRecord", body
    writes = [
        {
            "$type": "com.atproto.repo.applyWrites#create",
            "collection": POSTS,
            "rkey": rkey,
            "value": record,
        }
        for rkey, record in zip(ready.rkeys, ready.records, strict=True)
    ]
    return "com.atproto.repo.applyWrites", {"repo": did, "writes": writes}


def _at_address(looking: Looking, request: LookRequest) -> dict[str, Any]:
    """Read one own post at its address; the network says of one that is not there that it is missing."""
    try:
        uri = parse(request.post)
    except NotAPost as error:
        raise NotReady(Cause.TARGET_GONE, str(error)) from error
    if uri.repo != looking.session.did or request.post is None:
        return {}
    post = looking.at(uri)
    if post is None:
        return {"missing": frozenset({request.post})}
    return {"posts": (post,)}


def _check(order: Order) -> None:
    """Turn down what the network would turn down, before anything is sent."""
    objection = next(iter(NETWORK.objections(order.parts, NETWORK.allows)), None)
    if objection is not None:
        cause = Cause.TOO_LONG if objection.field == "text" else Cause.MEDIA_REFUSED
        raise Never(cause, f"{objection.field} {objection.value}: {objection.why}. {objection.remedy}")


def _same_for_all(order: Order, outcome: Outcome) -> Answer:
    return Answer.same_for_all(outcome, order.first + len(order.parts), order.first)


# --- arming


class _Stage:
    """How far an attempt has come."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.phase = Phase.CLAIMED

    def reach(self, phase: Phase) -> None:
        """Note a phase, and report it; a failing report must not spoil the attempt."""
        self.phase = phase
        with contextlib.suppress(Exception):  # of the report: the attempt goes on without it
            self._progress(phase)


def _armed(arm: Arm, stage: _Stage) -> NotSubmitted | None:
    """Ask the store, once; anything but a yes is a no."""
    try:
        said = arm() is True
    except Exception as error:
        logger.exception("arming failed")
        why = f"arming failed ({type(error).__name__}), so nothing was sent"
        return NotSubmitted(cause=Cause.STORE_AWAY, why=why, phase=stage.phase)
    if not said:
        return NotSubmitted(
            cause=Cause.LEASE_LOST, why="the lease was lost before the ask", phase=stage.phase
        )
    stage.reach(Phase.ARMED)
    return None


# --- how it is opened

_CONFIRMED: Final = Confirmed[str]()


@contextmanager
def _opened(means: Means) -> Iterator[Bluesky]:
    with executors.acting() as name:
        yield Bluesky(name, tokens=means.tokens, confirmed=_CONFIRMED, now=means.now)


KIND: Final = Kind(
    name="bluesky",
    network=NETWORK,
    open=_opened,
    needs=Needs(ask=timedelta(seconds=60), look=timedelta(seconds=30), probe=timedelta(seconds=30)),
    may_still_act=executors.may_still_act,
)
"""No browser. A request that is still open while it is asked for again does no harm: both meet the same name."""
