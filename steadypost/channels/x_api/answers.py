"""What X's answer to one request means. Pure: what was heard in, one named value out.

Statuses, codes, problem types, headers and places in the body decide. A 403 of the type ``about:blank`` without a code
has nothing else that tells a duplicate from a closed conversation: there, and only there, the whole sentence has to be
one of a table. It is compared, never searched, and what is not in a table leaves the post ``Unconfirmed``, because it may
be X's next wording for a duplicate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from steadypost.channels.wire import Answered, Heard, NotSent, Unknown
from steadypost.domain.clock import Offset
from steadypost.domain.matching import STEADY, UNKNOWN_CLOCK, is_since
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
from steadypost.domain.remote_id import NotAnId, RemoteId
from steadypost.networks.x.snowflake import made_at, remote_id

LONGEST_PAUSE = timedelta(days=2)
"""A named end further away than this is not believed."""

LATEST = 1 << 36
"""Seconds since 1970; a time beyond it, some thousand years from now, is none."""

LONGEST_WORDS = 300
"""How much of X's words is passed on."""

DUPLICATE = 187

OUT_OF_BOUNDS = 135
"""X's number for a signature that is dated too far off its clock."""

SKEWED = timedelta(seconds=20)
"""From how far off a date may be why a signature was refused: less than X allows, since a better date does no harm."""

CODES: Mapping[int, Cause] = {
    DUPLICATE: Cause.DUPLICATE,
    144: Cause.TARGET_GONE,
    179: Cause.TARGET_GONE,
    385: Cause.TARGET_GONE,
    433: Cause.TARGET_CLOSED,
}
"""X's own numbers, where a 403 brings one in ``errors``."""

TYPES: Mapping[str, Cause] = {
    "resource-not-found": Cause.TARGET_GONE,
    "resource-unavailable": Cause.TARGET_GONE,
    "not-authorized-for-resource": Cause.TARGET_CLOSED,
}
"""Problem types of a 403 that is about the post above, when they name that post: a picture is a resource, too."""

SENTENCES: Mapping[str, Cause] = {
    "You are not allowed to create a Tweet with duplicate content.": Cause.DUPLICATE,
    "You are not allowed to create a Post with duplicate content.": Cause.DUPLICATE,
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the "
    "author of the post you are replying to.": Cause.TARGET_CLOSED,
    "You attempted to reply to a Tweet that is deleted or not visible to you.": Cause.TARGET_GONE,
    "You attempted to reply to a Post that is deleted or not visible to you.": Cause.TARGET_GONE,
}
"""The whole ``detail`` of a 403 without a code, and without a problem type of its own."""

BEFORE_ANY_POST = frozenset({"client-forbidden", "unsupported-authentication", "oauth1-permissions"})
"""Problem types of a 403 that is about the app's or the account's rights: the post was not looked at."""

WORDS: Mapping[Cause, str] = {
    Cause.DUPLICATE: "X says that this text is live already",
    Cause.TARGET_CLOSED: (
        "X lets this account's app answer only posts whose author mentioned it or answered it: "
        "post it without a reply target, or answer by hand"
    ),
    Cause.TARGET_GONE: "the post that it answers is deleted, or not visible to this account",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What has to be true of an id that answers this request."""

    armed_at: datetime
    """When it was armed, by this machine's clock. The post cannot be older."""
    offset: Offset | None = None
    is_dated: bool = False
    """Whether the request was signed with a date."""
    parent: RemoteId | None = None
    """What it answers."""
    own_parent: RemoteId | None = None
    """What it answers, where that is a part of the same thread."""
    media: frozenset[str] = frozenset()
    """The ids of its files."""
    others: frozenset[RemoteId] = frozenset()
    """Ids that belong to other posts: the parent's, and those of the parts before."""


def created(heard: Heard, asked: Asked, now: datetime) -> Outcome:
    """Say what became of one ``POST /2/tweets``."""
    match heard:
        case NotSent(cause=cause, why=why):
            return NotSubmitted(cause=cause, why=why, phase=Phase.ARMED)
        case Unknown(cause=cause, why=why):
            return Unconfirmed(cause=cause, why=why, phase=Phase.CLICKED)
        case Answered():
            return _answered(heard, asked, now)


def _answered(heard: Answered, asked: Asked, now: datetime) -> Outcome:
    problem = problem_of(heard)
    why = f"X answered HTTP {heard.status}{f' ({problem.type})' if problem.type else ''}"
    if asked.is_dated and is_misdated(heard, asked.offset):
        return Deferred(cause=Cause.CLOCK_OFF, code="401", why=f"{why}: {misdated(heard)}")
    match heard.status:
        case 201:
            return _published(heard, asked, now) or _odd("an answer without a usable id", heard)
        case 400 if problem.is_x and _is_about_files(heard.json(), asked.media):
            told = f"{why}: it has one of the post's files no more, or cannot use it; they are brought anew"
            return Deferred(cause=Cause.MEDIA_NOT_ATTACHED, code="400", why=told)
        case 400 | 413 | 422 if problem.is_x:
            return _about_the_post(heard, problem, asked, now) or Refused(
                cause=Cause.REFUSED_OTHERWISE, code=str(heard.status), why=_with_detail(why, problem)
            )
        case 401 if problem.is_x:
            return Deferred(cause=Cause.SIGNED_OUT, code="401", why=why)
        case 402 if problem.is_x:
            return _credits_used("402", why)
        case 403:
            return _forbidden(heard, problem, asked, now) or _odd("a refusal that says nothing known", heard)
        case 429:
            return limited(heard, now)
        case _:
            return _odd("no answer we know", heard)


def _published(heard: Answered, asked: Asked, now: datetime) -> Published | None:
    """Take the id, if it can be this post's. ``errors`` beside it are about fields, and change nothing of that."""
    try:
        given = remote_id(_at(heard.json(), "data", "id"))
    except NotAnId:
        return None
    earliest, latest = _window(heard, asked, now)
    made = made_at(given)
    # A ``Date`` that contradicts both this machine's clock and the id is a proxy's.
    is_young = earliest <= made <= latest or is_since(made, asked.armed_at, now)
    return Published(remote_id=given) if is_young and given not in asked.others else None


def _window(heard: Answered, asked: Asked, now: datetime) -> tuple[datetime, datetime]:
    """Say between which instants, by X's clock, a post that this answers was made."""
    offset = heard.offset or asked.offset
    ahead, within = (offset.ahead, offset.within + STEADY) if offset else (timedelta(0), UNKNOWN_CLOCK)
    return asked.armed_at + ahead - within, now + ahead + within


def _forbidden(heard: Answered, problem: Problem, asked: Asked, now: datetime) -> Outcome | None:
    why = f"X answered HTTP 403{f' ({problem.type})' if problem.type else ''}"
    if problem.type in BEFORE_ANY_POST:
        return Deferred(cause=Cause.SESSION_UNUSABLE, code="403", why=_with_detail(why, problem))
    if problem.type == "usage-capped":
        return _credits_used("403", why)
    return _about_the_post(heard, problem, asked, now)


def _about_the_post(heard: Answered, problem: Problem, asked: Asked, now: datetime) -> Outcome | None:
    """Say what follows from a known reason why X takes no such post, with whatever status X gives it."""
    cause, code = _cause_of(heard, problem, asked), str(heard.status)
    if cause is None:
        return None
    if cause is Cause.DUPLICATE:
        return Unconfirmed(cause=cause, why=WORDS[cause], phase=Phase.ANSWERED)
    if cause is Cause.TARGET_GONE and _is_young(asked.own_parent, heard, asked, now):
        told = "X does not find the part above it, which is ours and young: it may not be everywhere yet"
        return Deferred(cause=Cause.PARENT_UNSEEN, code=code, why=told)
    return Refused(cause=cause, code=code, why=WORDS[cause])


def _cause_of(heard: Answered, problem: Problem, asked: Asked) -> Cause | None:
    """Say why X said no: by its number, else by the problem's type, and only where there is neither by its sentence."""
    codes = codes_of(heard.json())
    if codes:
        # One that is not known may be about anything; a duplicate outweighs whatever stands beside it.
        known = {CODES.get(code) for code in codes}
        if Cause.DUPLICATE in known:
            return Cause.DUPLICATE
        return known.pop() if len(known) == 1 else None
    if asked.parent is not None and _objects_to_parent(heard.json()):
        return Cause.TARGET_GONE
    if problem.type:
        return TYPES.get(problem.type) if _names(heard.json(), asked.parent) else None
    return SENTENCES.get(problem.detail)


def is_misdated(heard: Heard, dated_by: Offset | None) -> bool:
    """Whether a refusal may be about the date of a signature, made by X's clock as it was known then."""
    if not isinstance(heard, Answered) or heard.status != 401:
        return False
    if OUT_OF_BOUNDS in codes_of(heard.json()):
        return True
    if heard.offset is None or not problem_of(heard).is_x:
        return False  # a machine in between has another clock, and says nothing of the post
    before = dated_by.ahead if dated_by else timedelta(0)
    return abs(heard.offset.ahead - before) >= SKEWED


def misdated(heard: Answered) -> str:
    """Say what to do about it."""
    off = f"{-heard.offset.ahead.total_seconds():+.0f} s off X's" if heard.offset else "not X's"
    return f"the signature was dated wrongly, for this machine's clock is {off}: set it by NTP"


def codes_of(body: Any) -> frozenset[int]:
    """Read X's own numbers out of an error body."""
    errors = _at(body, "errors")
    told = [_at(one, "code") for one in errors] if isinstance(errors, list) else []
    return frozenset(code for code in told if isinstance(code, int) and not isinstance(code, bool))


def _objects_to_parent(body: Any) -> bool:
    """Whether it is the parameter with the post above that X does not take."""
    errors = _at(body, "errors")
    told = [_at(one, "parameters") for one in errors] if isinstance(errors, list) else []
    names = {name for one in told if isinstance(one, dict) for name in one}
    return bool(names & {"reply.in_reply_to_tweet_id", "reply.in_reply_to_post_id"})


def _names(body: Any, post: RemoteId | None) -> bool:
    """Whether a problem is about this post."""
    return post is not None and post in {_at(body, "resource_id"), _at(body, "value")}


def _is_about_files(body: Any, ours: frozenset[str]) -> bool:
    """Whether a refusal names files of this post, and nothing else."""
    errors = _at(body, "errors")
    named = [_at(one, "parameters") for one in errors] if isinstance(errors, list) else []
    return bool(named) and all(
        isinstance(one, dict)
        and one.keys() == {"media.media_ids"}
        and _are_some_of(one["media.media_ids"], ours)
        for one in named
    )


def _are_some_of(told: Any, ours: frozenset[str]) -> bool:
    return isinstance(told, list) and bool(told) and all(isinstance(one, str) and one in ours for one in told)


SPREADS_WITHIN = timedelta(minutes=10)
"""How long an own part may not be found everywhere. Past it the answer means what it says."""


def _is_young(parent: RemoteId | None, heard: Answered, asked: Asked, now: datetime) -> bool:
    offset = heard.offset or asked.offset
    at_x = now + (offset.ahead if offset else timedelta(0))
    return parent is not None and at_x - made_at(parent) <= SPREADS_WITHIN


def limited(heard: Answered, now: datetime) -> Deferred:
    """Read a 429: a spent budget at X ends by no waiting, a rate limit ends at the instant X names."""
    problem = problem_of(heard)
    if problem.type == "usage-capped":
        return _credits_used("429", "X answered HTTP 429 (usage-capped)")
    day = _header(heard, "x-user-limit-24hour-remaining") == 0
    reset = _header(heard, "x-user-limit-24hour-reset" if day else "x-rate-limit-reset")
    cause = Cause.DAILY_LIMIT if day else Cause.RATE_LIMIT
    until = _until(reset, heard.offset, now)
    return Deferred(cause=cause, code="429", why="X answered HTTP 429: too many requests", until=until)


def _credits_used(code: str, why: str) -> Deferred:
    told = f"{why}: the credit or the spending limit of the app at X is used up. Add credit at console.x.com"
    return Deferred(cause=Cause.CREDIT_USED, code=code, why=told)


def _until(reset: int | None, offset: Offset | None, now: datetime) -> datetime | None:
    """Bring an instant that X named to this machine's clock; ``None`` when it names none that can be believed."""
    if reset is None or not 0 < reset < LATEST:
        return None
    named = datetime.fromtimestamp(reset, UTC)
    until = named - offset.ahead if offset and abs(offset.ahead) > STEADY else named
    return until if now <= until <= now + LONGEST_PAUSE else None


def _header(heard: Answered, name: str) -> int | None:
    value = heard.headers.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 20 else None


def _odd(what: str, heard: Answered) -> Unconfirmed:
    return Unconfirmed(cause=Cause.ODD_ANSWER, why=f"{what} (HTTP {heard.status})", phase=Phase.ANSWERED)


# --- problems


@dataclass(frozen=True, slots=True)
class Problem:
    """What an error body says, in X's form; a proxy's page has none of it."""

    is_x: bool
    type: str = ""
    """The last word of its type: ``usage-capped``. Empty for ``about:blank``."""
    title: str = ""
    detail: str = ""


def problem_of(heard: Answered) -> Problem:
    """Read the error body of an answer."""
    told = heard.json()
    if not isinstance(told, dict) or not isinstance(told.get("title"), str):
        return Problem(is_x=False)
    kind = _word(told.get("type"))
    return Problem(
        is_x=True,
        type=kind.rpartition("/")[2] if "/problems/" in kind else "",
        title=told["title"],
        detail=_word(told.get("detail")),
    )


def _with_detail(why: str, problem: Problem) -> str:
    shown = " ".join(problem.detail.split())[:LONGEST_WORDS]
    return f"{why}: {shown}" if shown else why


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


# --- what may be read and asked again: everything but the ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a step before the ask, or a look, came to nothing."""

    cause: Cause
    why: str
    until: datetime | None = None


ALSO_BY_OTHERS = frozenset({429})
"""What a machine in between may answer for X, with the same meaning."""


def told_or_trouble(heard: Heard, what: str, now: datetime, *expected: int) -> Any | Trouble:
    """Give the body of an answer with one of these statuses, or why there is none."""
    if not isinstance(heard, Answered):
        return Trouble(
            cause=Cause.DEADLINE if heard.cause is Cause.DEADLINE else Cause.NO_WAY_THERE,
            why=f"{what}: {heard.why}",
        )
    told = heard.json()
    if heard.status in expected:
        # Some answers have no body, and need none.
        return told if isinstance(told, dict) else {}
    return _trouble(heard, what, now)


def _trouble(heard: Answered, what: str, now: datetime) -> Trouble:
    problem = problem_of(heard)
    why = _with_detail(f"{what}: X answered HTTP {heard.status}", problem)
    if heard.status == 401 and OUT_OF_BOUNDS in codes_of(heard.json()):
        return Trouble(cause=Cause.CLOCK_OFF, why=f"{why}: {misdated(heard)}")
    if heard.status not in ALSO_BY_OTHERS and not isinstance(heard.json(), dict):
        # A machine in between: no person can mend that in the account's block, and it is no fault of the post's.
        return Trouble(cause=Cause.SERVER_ERROR, why=f"{why}, and not as X does")
    match heard.status:
        case 401:
            return Trouble(cause=Cause.SIGNED_OUT, why=why)
        case 402:
            return Trouble(cause=Cause.CREDIT_USED, why=_credits_used("402", why).why)
        case 403:
            return Trouble(cause=Cause.SESSION_UNUSABLE, why=why)
        case 429:
            told = limited(heard, now)
            return Trouble(cause=told.cause, why=f"{what}: {told.why}", until=told.until)
        case status if status >= 500:
            return Trouble(cause=Cause.SERVER_ERROR, why=why)
        case _:
            return Trouble(cause=Cause.REFUSED_OTHERWISE, why=why)
