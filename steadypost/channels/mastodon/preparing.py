"""Everything before the ask: who we are, what the server allows, and the files, uploaded and processed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from steadypost.channels import pictures
from steadypost.channels.mastodon.answers import before, descriptions, no
from steadypost.channels.mastodon.api import Api
from steadypost.channels.mastodon.knowledge import Knowledge
from steadypost.channels.port import Access
from steadypost.channels.wire import Answered, Heard
from steadypost.domain import clock
from steadypost.domain.network import Objection
from steadypost.domain.outcome import Cause, Deferred, NotSubmitted, Phase, Refused
from steadypost.domain.post import Media, Part
from steadypost.networks.mastodon import NETWORK
from steadypost.networks.mastodon.ids import NotAStatusId, remote_id
from steadypost.networks.mastodon.limits import USUAL, Limits, limits_of
from steadypost.networks.mastodon.rules import objections

KEEP = 40.0
"""Seconds of the deadline that are kept for the ask itself: no file is waited for into them."""

FIRST_PAUSE, LONGEST_PAUSE = 0.3, 5.0
"""Seconds between two questions whether a file is processed; the pause grows by half each time."""

REFUSES_FILE = frozenset({400, 413, 415, 422})
"""What a server answers to a file that it will not take, now or later."""

CAUSES: Mapping[str, Cause] = {"text": Cause.TOO_LONG, "images": Cause.MEDIA_REFUSED}
"""What it is called when a post does not fit what the server allows."""

Stopped = NotSubmitted | Deferred | Refused
"""Why the preparation ended before the ask."""


class Halt(Exception):
    """The preparation ended: nothing was asked for. Carries the outcome; never shown."""

    def __init__(self, outcome: Stopped) -> None:
        super().__init__(outcome.why)
        self.outcome = outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whose token this is, as the server says."""

    id: str
    handle: str
    posts: int | None
    """How many posts the account has, boosts included; ``None`` when that is not told."""
    visibility: str = ""
    """Who may see its posts where nothing is said; empty when that is not told."""
    server: str = ""
    """What its server calls itself; it may be reached by other names too. Empty when that is not told."""

    def on(self, network: str) -> str:
        """Name it as no other account is named: its number counts on its own server alone."""
        return f"{self.server or network}/{self.id}"


def identity(api: Api, access: Access, now: datetime) -> Identity:
    """See that the token is good and the account the one that is meant, or raise ``Halt``."""
    told = _answer(api.account(), now, "the account could not be read").json()
    if not isinstance(told, Mapping) or not isinstance(told.get("id"), str):
        why = f"{access.base_url} does not answer as a Mastodon server does: correct the address in the block"
        raise Halt(NotSubmitted(cause=Cause.PAGE_UNREACHABLE, why=why, phase=Phase.OPENED))
    handle = str(told.get("acct") or told.get("username") or "")
    if handle.casefold() != access.handle.casefold():
        why = f"the access token is that of @{handle}, not of @{access.handle}: put the right one into the block"
        raise Halt(NotSubmitted(cause=Cause.OTHER_ACCOUNT, why=why, phase=Phase.OPENED))
    posts, source = told.get("statuses_count"), told.get("source")
    usual = source.get("privacy") if isinstance(source, Mapping) else None
    return Identity(
        id=told["id"],
        handle=handle,
        posts=posts if isinstance(posts, int) else None,
        visibility=usual if isinstance(usual, str) else "",
        server=_server(told.get("url")),
    )


def _server(page: object) -> str:
    """Read which server an account's own page is on; empty where that is not told."""
    try:
        parts = urlsplit(page if isinstance(page, str) else "")
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host = host.encode("idna").decode()
    except ValueError:
        return ""
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return host if port in {None, usual} else f"{host}:{port}"


def limits(api: Api, access: Access, knowledge: Knowledge, now: datetime) -> Limits:
    """Give what the server allows: as it said within a day, or says now; the usual where it does not say."""

    def ask() -> Limits | None:
        heard = api.instance()
        return limits_of(heard.json()) if isinstance(heard, Answered) and heard.status == 200 else None

    return knowledge.of(access.base_url, now, ask) or USUAL


def refusal(parts: Sequence[Part], allowed: Limits, access: Access) -> Refused | None:
    """Say what the server would refuse, before it is asked."""
    found: Objection | None = next(iter(objections(tuple(parts), allowed, access.options)), None)
    if found is None:
        return None
    cause = CAUSES.get(found.field, Cause.REFUSED_OTHERWISE)
    return Refused(cause=cause, code="-", why=f"{found.why}: {found.remedy}")


# --- files


@dataclass(frozen=True, slots=True)
class Uploads:
    """Hands files in and waits until they can be posted."""

    api: Api
    allowed: Limits
    now: clock.Clock
    wait: Callable[[float], None] = time.sleep

    def of(self, part: Part) -> tuple[str, ...]:
        """Hand in the files of a part; their names on the server. Raises ``Halt``."""
        return tuple(self._one(media) for media in part.media)

    def _one(self, media: Media) -> str:
        name = media.path.name
        try:
            limit = self.allowed.takes[media.kind]
            ready = pictures.ready(media, limit, self.allowed.pixels, moving=NETWORK.moving)
        except pictures.Unusable as error:
            raise Halt(Refused(cause=error.cause, code="-", why=f"{name}: {error}")) from error
        heard = self.api.upload(ready, media.alt)
        if isinstance(heard, Answered) and heard.status in REFUSES_FILE:
            raise Halt(_file_refused(heard, name))
        told = _answer(heard, self.now(), f"{name} could not be handed in").json()
        given = _name(told, name)
        if isinstance(heard, Answered) and heard.status == 202:
            told = self._processed(given, name)
        _check_description(told, media)
        return given

    def _processed(self, given: str, name: str) -> Any:
        """Wait until a file is processed, and give what the server then says of it."""
        pause = FIRST_PAUSE
        while True:
            heard = self.api.media(given)
            if isinstance(heard, Answered) and heard.status in REFUSES_FILE:
                raise Halt(_file_refused(heard, name))
            answer = _answer(heard, self.now(), f"{name} is being processed")
            if answer.status == 200:
                return answer.json()
            if self.api.left < KEEP + pause:
                why = f"{name}: the server did not finish processing it in time"
                raise Halt(NotSubmitted(cause=Cause.MEDIA_NOT_ATTACHED, why=why, phase=Phase.SIGNED_IN))
            self.wait(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)


def _name(told: Any, name: str) -> str:
    try:
        return remote_id(told.get("id") if isinstance(told, Mapping) else None)
    except NotAStatusId:
        why = f"{name}: the server took it, and did not say under which name"
        raise Halt(NotSubmitted(cause=Cause.SERVER_ERROR, why=why, phase=Phase.SIGNED_IN)) from None


def _check_description(told: Any, media: Media) -> None:
    """See that the server kept the description: by it a post is known again, and some readers have nothing else."""
    kept = descriptions({"media_attachments": [told]})
    if kept is not None and (kept[0] or "").strip() != media.alt.strip():
        why = f"{media.path.name}: the server did not keep its description"
        raise Halt(NotSubmitted(cause=Cause.MEDIA_NOT_ATTACHED, why=why, phase=Phase.SIGNED_IN))


def _file_refused(answer: Answered, name: str) -> Refused:
    return Refused(cause=Cause.MEDIA_REFUSED, code=str(answer.status), why=f"{name}: {no(answer)}")


def _answer(heard: Heard, now: datetime, what: str) -> Answered:
    """Give the answer of a step of preparation, or raise ``Halt``."""
    if (stopped := before(heard, now, what)) is not None:
        raise Halt(stopped)
    if not isinstance(heard, Answered):
        raise TypeError(f"not an answer: {type(heard).__name__}")
    return heard
