"""What X's answer to one CreateTweet means. Pure: status and body in, one outcome out.

Only codes, statuses and places in the body are read. Messages are never searched: they are written for
people, and X rewords and translates them. What is not in the tables below is ``Unconfirmed``.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from steadypost.channels.x_web.told import dated
from steadypost.domain.clock import Offset
from steadypost.domain.matching import CLOCK_SKEW, STEADY, UNKNOWN_CLOCK, is_since
from steadypost.domain.outcome import (
    Cause,
    Deferred,
    NotSubmitted,
    Outcome,
    Phase,
    Published,
    Refused,
    Unconfirmed,
)
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.x.snowflake import NotASnowflake, made_at, remote_id

ROOTS = ("create_tweet", "notetweet_create")
"""Under ``data``: where an answer to CreateTweet, and to CreateNoteTweet, keeps its post."""

ID_PLACES = (
    ("rest_id",),
    ("legacy", "id_str"),
    ("tweet", "rest_id"),
    ("tweet", "legacy", "id_str"),
)
"""Below ``tweet_results.result``: every place where X has put the id. Never "the first rest_id": that is the
author's."""

RATE_LIMIT_PAUSE = timedelta(minutes=15)
"""How long to wait after a rate limit that names no end. X's windows are this long."""

AUTOMATION_PAUSE = timedelta(hours=6)
"""How long an account rests after 226. No machinery ends it sooner; a person may."""

LONGEST_PAUSE = timedelta(days=2)
"""A named end further away than this is not believed."""

DUPLICATE = 187
"""A copy may be live: the one refusal that is not proof of absence."""

REFUSALS: Mapping[int, Cause] = {
    186: Cause.TOO_LONG,
    323: Cause.MEDIA_REFUSED,
    324: Cause.MEDIA_REFUSED,
    325: Cause.MEDIA_REFUSED,
    144: Cause.TARGET_GONE,
    179: Cause.TARGET_GONE,
    385: Cause.TARGET_GONE,
    433: Cause.TARGET_CLOSED,
}
"""No, and no again: somebody has to change the post."""

NOT_SEEN_YET = frozenset({144, 179, 385})
"""What X answers when it does not find the parent, and what it also answers while a parent of seconds ago has not
come to all of its machines (node-twitter-api-v2#366)."""

SPREADS_WITHIN = timedelta(minutes=10)
"""How long an own part may not be found everywhere. Past it the answer means what it says."""

FOR_A_PERSON: Mapping[int, Cause] = {
    32: Cause.SIGNED_OUT,
    89: Cause.SIGNED_OUT,
    215: Cause.SIGNED_OUT,
    353: Cause.SIGNED_OUT,
    37: Cause.SUSPENDED,
    64: Cause.SUSPENDED,
    141: Cause.SUSPENDED,
    326: Cause.LOCKED,
    366: Cause.CHALLENGE,
}
"""Not posted, and nothing will be until somebody has seen to the account."""

RATE_LIMIT = 88
DAILY_LIMITS = frozenset({185, 344})
AUTOMATION = 226


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What came back for one request."""

    status: int
    body: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Only those that say when to come back, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What has to be true of an id that answers this request."""

    handle: str
    armed_at: datetime
    """When it was armed, by this machine's clock. The post cannot be older."""
    offset: Offset | None = None
    """How far X's clock was ahead of this machine's just before; ``None`` where that is not known."""
    others: frozenset[RemoteId] = frozenset()
    """Ids that belong to somebody else: the parent's, and those of the parts before."""
    own_parent: RemoteId | None = None
    """What it answers, where that is a part of the same thread."""


HEADERS = ("date", "x-rate-limit-reset", "x-rate-limit-remaining", "retry-after")
"""What of an answer's headers is worth carrying."""


def interpret(received: Received, asked: Asked, now: datetime) -> Outcome:
    """Say what this answer means for the part it answers."""
    body = _json(received.body)
    found = {value for result in _results(body) for value in _ids(result)}
    if found:
        ours = _published(found, body, asked, _window(received, asked, now), now)
        return ours or _odd("an id that cannot be this post's", received, body)
    codes = list(_codes(body))
    if DUPLICATE in codes:
        return Unconfirmed(
            cause=Cause.DUPLICATE, why="X says this text is live already (187)", phase=Phase.ANSWERED
        )
    if received.status >= 500:
        return _odd("a server error", received, body)
    if _says_something(_at(body, ("data",))):
        # What was made may have another name today, and the error beside it be a warning.
        return _odd("something we cannot read", received, body)
    by_code = (_by_code(code, received, asked, now) for code in codes)
    known: Outcome | None = _by_status(received, asked, now)
    if codes:
        known = next((outcome for outcome in by_code if outcome), None)
    return known or _odd("no answer we know", received, body)


# --- the id


def _results(body: Any) -> Iterator[Any]:
    for root in ROOTS:
        result = _at(body, ("data", root, "tweet_results", "result"))
        if result is not None:
            yield result


def _ids(result: Any) -> Iterator[str]:
    values = [value for place in ID_PLACES if (value := _at(result, place)) is not None]
    strings = [value for value in values if isinstance(value, str)]
    yield from strings
    yield from (
        f"not a string: {type(value).__name__}"
        for value in values
        if not isinstance(value, str) and not _may_be_rounded_from(strings, value)
    )


def _may_be_rounded_from(strings: Sequence[str], value: Any) -> bool:
    """Whether a number can be the id beside it, a string, rounded by a language without large integers."""
    return isinstance(value, int) and any(one.isdecimal() and float(one) == float(value) for one in strings)


def _published(
    found: set[Any], body: Any, asked: Asked, within: tuple[datetime, datetime], now: datetime
) -> Published | None:
    """The post, if every place names one and the same id and it can be this post's."""
    if len(found) != 1 or not _by_us(body, asked.handle):
        return None
    try:
        ours = remote_id(found.pop())
    except NotASnowflake:
        return None
    earliest, latest = within
    made = made_at(ours)
    # A ``Date`` that contradicts both this machine's clock and the id is a proxy's.
    fresh = earliest <= made <= latest or is_since(made, asked.armed_at, now)
    return Published(remote_id=ours) if fresh and ours not in asked.others else None


def _window(received: Received, asked: Asked, now: datetime) -> tuple[datetime, datetime]:
    """Say between which instants, by X's clock, a post that this answers was made.

    The answer's own date is the best there is: X wrote it with the clock of this very moment. Without one, the
    comparison before arming serves; without that, nothing is known of X's clock, and an id is held to twenty minutes.
    """
    date = dated(received.headers.get("date", ""))
    if date is not None:
        latest, within = date, STEADY
    elif asked.offset is not None:
        latest, within = now + asked.offset.ahead, asked.offset.within + STEADY
    else:
        latest, within = now, UNKNOWN_CLOCK
    return latest - (now - asked.armed_at) - within, latest + within


def _by_our_clock(moment: datetime, received: Received, asked: Asked, now: datetime) -> datetime:
    """Bring an instant that X named by its own clock to this machine's."""
    ahead = _ahead(received, asked, now)
    return moment if abs(ahead) < STEADY else moment - ahead


def _ahead(received: Received, asked: Asked, now: datetime) -> timedelta:
    """Say how far X's clock is ahead of this machine's; nothing where neither the answer nor an earlier one tells."""
    date = dated(received.headers.get("date", ""))
    if date is not None:
        return date - now
    return asked.offset.ahead if asked.offset else timedelta(0)


def _by_us(body: Any, handle: str) -> bool:
    """Whether nobody else is named as the author. An answer that names no author is no contradiction."""
    authors = (author for result in _results(body) for author in _authors(result))
    return all(author.casefold() == handle.casefold() for author in authors)


def _authors(result: Any) -> Iterator[str]:
    for post in (result, _at(result, ("tweet",))):
        for place in ("core", "legacy"):
            name = _at(post, ("core", "user_results", "result", place, "screen_name"))
            if isinstance(name, str):
                yield name


# --- the codes


def _codes(body: Any) -> Iterator[int]:
    errors = _at(body, ("errors",))
    for error in errors if isinstance(errors, list) else ():
        code = _at(error, ("code",)) or _at(error, ("extensions", "code"))
        yield code if isinstance(code, int) else -1


def parent_missing(parent: RemoteId | None, code: str, why: str, at_x: datetime) -> Refused | Deferred:
    """Say what it means that X does not find the parent: not yet, while that is our own part of minutes ago, by X's
    clock (``at_x``).
    """
    if parent is not None and -CLOCK_SKEW <= at_x - made_at(parent) <= SPREADS_WITHIN:
        told = f"{why}; the part above it is ours and young, and may not be found everywhere yet"
        return Deferred(cause=Cause.PARENT_UNSEEN, code=code, why=told)
    return Refused(cause=Cause.TARGET_GONE, code=code, why=why)


def _by_code(code: int, received: Received, asked: Asked, now: datetime) -> Outcome | None:
    name, why = str(code), f"X answered {code} (HTTP {received.status})"
    if code in NOT_SEEN_YET:
        return parent_missing(asked.own_parent, name, why, now + _ahead(received, asked, now))
    if code in REFUSALS:
        return Refused(cause=REFUSALS[code], code=name, why=why)
    if code in FOR_A_PERSON:
        return Deferred(cause=FOR_A_PERSON[code], code=name, why=why)
    if code == RATE_LIMIT:
        return _rate_limited(name, why, received, asked, now)
    if code in DAILY_LIMITS:
        until = _named_end(received, asked, now) or _next_day(now)
        return Deferred(cause=Cause.DAILY_LIMIT, code=name, why=why, until=until)
    if code == AUTOMATION:
        until = now + AUTOMATION_PAUSE
        return Deferred(cause=Cause.AUTOMATION_SUSPECTED, code=name, why=why, until=until)
    return None


def _by_status(received: Received, asked: Asked, now: datetime) -> Outcome | None:
    """Read an answer that carries no code at all."""
    why = f"X answered HTTP {received.status}"
    match received.status:
        case 429:
            return _rate_limited("-", why, received, asked, now)
        case 401 | 403:
            return Deferred(cause=Cause.SIGNED_OUT, code="-", why=why)
        case 404:
            return Deferred(cause=Cause.UI_DRIFT, code="-", why=f"{why}: the operation has another name now")
        case _:
            return None


def _rate_limited(code: str, why: str, received: Received, asked: Asked, now: datetime) -> Deferred:
    until = _named_end(received, asked, now) or now + RATE_LIMIT_PAUSE
    return Deferred(cause=Cause.RATE_LIMIT, code=code, why=why, until=until)


def _named_end(received: Received, asked: Asked, now: datetime) -> datetime | None:
    """When the answer itself says to come back. A window with asks left in it is not the one that ended."""
    if received.headers.get("x-rate-limit-remaining", "0") == "0":
        named = _epoch(received.headers.get("x-rate-limit-reset", ""))
        reset = _by_our_clock(named, received, asked, now) if named else None
        if reset and now < reset <= now + LONGEST_PAUSE:
            return reset
    after = _retry_after(received, asked, now)
    return after if after and now < after <= now + LONGEST_PAUSE else None


def _epoch(text: str) -> datetime | None:
    digits = text.isascii() and text.isdigit() and len(text) < 12
    return datetime.fromtimestamp(int(text), UTC) if digits else None


def _retry_after(received: Received, asked: Asked, now: datetime) -> datetime | None:
    text = received.headers.get("retry-after", "")
    if text.isascii() and text.isdigit() and len(text) < 8:
        return now + timedelta(seconds=int(text))
    named = dated(text)
    return None if named is None else _by_our_clock(named.astimezone(UTC), received, asked, now)


def _next_day(now: datetime) -> datetime:
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=1)


# --- what we do not know


def _odd(what: str, received: Received, body: Any) -> Unconfirmed:
    why = f"{what}: HTTP {received.status}, {shape(body)}"
    return Unconfirmed(cause=Cause.ODD_ANSWER, why=why, phase=Phase.ANSWERED)


def shape(value: Any, *, depth: int = 7, limit: int = 400) -> str:
    """Describe JSON by its keys and types, without a single value: enough to learn a new form of answer."""
    return _shape(value, depth)[:limit]


def _shape(value: Any, depth: int) -> str:
    if value is _NOT_JSON:
        return "not JSON"
    if isinstance(value, dict):
        if depth == 0:
            return "{…}"
        inside = ", ".join(f"{_plain(key)}: {_shape(item, depth - 1)}" for key, item in value.items())
        return f"{{{inside}}}"
    if isinstance(value, list):
        return f"[{len(value)} × {_shape(value[0], depth - 1)}]" if value and depth else f"[{len(value)}]"
    return "null" if value is None else type(value).__name__


def _plain(key: str) -> str:
    """A key as it is if it looks like a name, else only that there was one: keys can be data, too."""
    return key if key.isidentifier() and len(key) <= 40 else "?"


_NOT_JSON = object()


def _json(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return _NOT_JSON


def _says_something(value: Any, depth: int = 40) -> bool:
    """Whether there is any value in this. What goes deeper than anybody would read is taken to hold one."""
    if depth and isinstance(value, dict | list):
        inside = value.values() if isinstance(value, dict) else value
        return any(_says_something(one, depth - 1) for one in inside)
    return value is not None


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


# --- a thread


def whole(
    known: Mapping[int, Outcome], sent: Collection[int], parts: int, *, stopped: bool, fallback: Unconfirmed
) -> tuple[Outcome, ...]:
    """Say of every part what became of it, from the answers that came.

    ``sent`` names the parts whose request was let out, ``stopped`` says that the page can send no more. The
    page asks for the parts in order and stops at the first failure. So a part without an answer never had its
    turn only if its request was not let out, none can follow, and a part before it failed for certain.
    """
    outcomes: list[Outcome] = []
    for n in range(parts):
        failed = any(isinstance(before, Refused | Deferred | NotSubmitted) for before in outcomes)
        if n in known:
            outcomes.append(known[n])
        elif failed and stopped and n not in sent:
            outcomes.append(_NEVER_ITS_TURN)
        else:
            outcomes.append(fallback)
    return tuple(outcomes)


_NEVER_ITS_TURN = NotSubmitted(
    cause=Cause.EARLIER_PART, why="a part before it was turned down", phase=Phase.ANSWERED
)
