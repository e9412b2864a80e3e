"""The probe: whether publishing could go ahead now, found out without publishing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steadypost.channels.mastodon.answers import before
from steadypost.channels.mastodon.api import Api
from steadypost.channels.mastodon.knowledge import Knowledge
from steadypost.channels.mastodon.preparing import Halt, identity
from steadypost.channels.port import Access, Probe
from steadypost.channels.wire import Answered
from steadypost.domain import clock
from steadypost.domain.outcome import Cause
from steadypost.networks.mastodon.limits import limits_of

NEEDED = ("read:accounts", "read:statuses", "write:media", "write:statuses")
"""What an access token must be allowed to do."""


def probe(api: Api, access: Access, knowledge: Knowledge, now: clock.Clock) -> Probe:
    """See that the token is good, that it is the right account's, that it may post, and that limits are told."""
    try:
        who = identity(api, access, now())
    except Halt as halt:
        return Probe(well=False, handle="", cause=halt.outcome.cause, why=halt.outcome.why)
    if missing := not_allowed(scopes(api)):
        why = f"the access token lacks {', '.join(missing)}: make a new one with the scopes read and write"
        return Probe(well=False, handle=who.handle, cause=Cause.SESSION_UNUSABLE, why=why)
    heard = api.instance()
    if (stopped := before(heard, now(), "the server's limits could not be read")) is not None:
        return Probe(well=False, handle=who.handle, cause=stopped.cause, why=stopped.why)
    told = limits_of(heard.json()) if isinstance(heard, Answered) else None
    if told is not None:
        knowledge.learn(access.base_url, told, now())
    return Probe(well=True, handle=who.handle, drift=() if told else ("the server does not tell its limits",))


def scopes(api: Api) -> tuple[str, ...] | None:
    """Read what the token's program may do; ``None`` where the server does not say (before Mastodon 4.3)."""
    heard = api.app()
    told: Any = heard.json() if isinstance(heard, Answered) and heard.status == 200 else None
    named = told.get("scopes") if isinstance(told, Mapping) else None
    if isinstance(named, str):
        named = named.split()
    return tuple(one for one in named if isinstance(one, str)) if isinstance(named, list) and named else None


def not_allowed(told: tuple[str, ...] | None) -> list[str]:
    """Name the scopes that are missing: ``write`` covers ``write:statuses``."""
    if told is None:
        return []
    return [one for one in NEEDED if one not in told and one.split(":", maxsplit=1)[0] not in told]
