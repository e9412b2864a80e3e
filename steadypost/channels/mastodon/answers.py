"""What a server's answers mean. Pure: what was heard in, one outcome out.

Statuses and places in the body decide, never words. What is not in the tables below is ``Unconfirmed``.
"""

from __future__ import annotations

import email.utils
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from steadypost.channels.wire import Answered, Heard, NotSent, Unknown
from steadypost.domain.clock import Offset
from steadypost.domain.likeness import Grade
from steadypost.domain.matching import TICK, UNKNOWN_CLOCK
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
from steadypost.networks.mastodon import DATED_APART
from steadypost.networks.mastodon.content import said
from steadypost.networks.mastodon.ids import NotAStatusId, moment, remote_id
from steadypost.networks.mastodon.likeness import compare
from steadypost.networks.mastodon.manner import Manner

RATE_LIMIT_PAUSE = timedelta(minutes=5)
"""How long to wait after a 429 that names no end: the length of a server's own window."""

LONGEST_PAUSE = timedelta(days=2)
"""A named end further away than this is not believed."""

SPREADS_WITHIN = timedelta(minutes=2)
"""How long an own part may not be found by every machine of its server."""

LONGEST_WORDS = 300
"""How much of a server's words is passed on."""

UNPROCESSABLE = "422"

PARENT_MISSING = frozenset({"400", "404", UNPROCESSABLE})
"""How servers say that the parent is not there: Mastodon 404, others one of these for whatever they do not take."""

REFUSED = frozenset({400, 404, 405, 406, 411, 413, 414, 415, 422})
"""A lasting no: the post has to be changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one ask was, to hold its answer against."""

    handle: str
    text: str
    how: Manner
    media: tuple[str, ...]
    """The descriptions of its files."""
    keyed_at: datetime
    """When the key was chosen, by this machine's clock: no post of this key is older."""
    reply_to: RemoteId | None = None
    own_parent_at: datetime | None = None
    """When the own part that it answers was made, at the latest, by this machine's clock."""
    offset: Offset | None = None


def interpret(heard: Heard, asked: Asked, now: datetime) -> Outcome:
    """Say what became of one ask."""
    match heard:
        case NotSent(cause=cause, why=why):
            return NotSubmitted(cause=cause, why=why, phase=Phase.ARMED)
        case Unknown(cause=cause, why=why):
            return Unconfirmed(cause=cause, why=why, phase=Phase.CLICKED)
        case Answered():
            return _answered(heard, asked, now)


def _answered(answer: Answered, asked: Asked, now: datetime) -> Outcome:
    status, code = answer.status, str(answer.status)
    if status == 200:
        return _made(answer.json(), asked)
    if status != 429 and not is_the_servers_own(answer):
        why = f"HTTP {status} came without the words of a Mastodon server, as from a proxy before it"
        return Unconfirmed(cause=Cause.ODD_ANSWER, why=why, phase=Phase.ANSWERED)
    if status == 401:
        return Deferred(cause=Cause.SIGNED_OUT, code=code, why=REVOKED)
    if status == 403:
        return Deferred(cause=Cause.SESSION_UNUSABLE, code=code, why=no(answer))
    if status == 404 and asked.reply_to is not None:
        why = "the server does not find the post that it answers"
        return Refused(cause=Cause.TARGET_GONE, code=code, why=why)
    if status == 429:
        return limited(answer, now)
    if status in REFUSED:
        return Refused(cause=Cause.REFUSED_OTHERWISE, code=code, why=no(answer))
    why = f"the server answered HTTP {status}, which does not say whether the post was made"
    return Unconfirmed(cause=Cause.ODD_ANSWER, why=why, phase=Phase.ANSWERED)


def is_the_servers_own(answer: Answered) -> bool:
    """Whether the server itself says no: it does so in JSON, and a proxy or firewall before it in a page of its own."""
    return isinstance(answer.json(), Mapping)


REVOKED = "the server does not know this access token any more: make a new one on the server, and put it into the block"


def unless_unseen(refused: Refused, asked: Asked, now: datetime) -> Refused | Deferred:
    """Call no refusal what may be said of an own part of just now that not every machine of the server finds yet."""
    may_be_the_parent = refused.code in PARENT_MISSING and refused.cause in {
        Cause.TARGET_GONE,
        Cause.REFUSED_OTHERWISE,
    }
    made_at = asked.own_parent_at
    if not may_be_the_parent or made_at is None or now - made_at > SPREADS_WITHIN:
        return refused
    told = f"the part above it is ours and only just made, and may not be found everywhere yet: {refused.why}"
    return Deferred(cause=Cause.PARENT_UNSEEN, code=refused.code, why=told)


def about_files(heard: Iterable[Heard]) -> Unconfirmed | Deferred | None:
    """Say what a 422 means by what the server says of the post's files; ``None``: it is about something else.

    Its words do not tell a file that has lapsed from one that a post has already, which may be this one: a machine in
    between can have sent the ask twice. A file that is not ready belongs to no post.
    """
    for one in heard:
        if isinstance(one, Answered) and one.status == 404:
            why = "the server refused it (HTTP 422) and has one of its files no more: it lapsed, or a post has it"
            return Unconfirmed(cause=Cause.MEDIA_NOT_ATTACHED, why=why, phase=Phase.ANSWERED)
        if isinstance(one, Answered) and one.status == 206:
            why = "the server is still processing one of its files"
            return Deferred(cause=Cause.MEDIA_NOT_ATTACHED, code=UNPROCESSABLE, why=why)
    return None


# --- a post in the answer


def _made(told: Any, asked: Asked) -> Outcome:
    """Take the post that a success names, if it can be this one."""
    if not isinstance(told, Mapping):
        return _odd("it names no post")
    try:
        ours = remote_id(told.get("id"))
    except NotAStatusId:
        return _odd("it names no post")
    if not _is_by(told, asked.handle):
        return _odd("the post that it names is not by this account")
    if ours == asked.reply_to or _is_older(told, asked):
        return _odd("the post that it names is older than this delivery")
    return Published(remote_id=ours, lacking=lacking(told, asked))


def _odd(why: str) -> Unconfirmed:
    told = f"the server answered with a success, and {why}"
    return Unconfirmed(cause=Cause.ODD_ANSWER, why=told, phase=Phase.ANSWERED)


def _is_by(told: Mapping[str, Any], handle: str) -> bool:
    """Whether the answer names us as the author: only our own post can be the one we made."""
    account = told.get("account")
    return isinstance(account, Mapping) and str(account.get("acct", "")).casefold() == handle.casefold()


def _is_older(told: Mapping[str, Any], asked: Asked) -> bool:
    """Whether a post was made before its delivery had a key. A repeated key brings one of an earlier attempt."""
    made = moment(told.get("created_at"))
    if made is None:
        return False
    ahead, within = (
        (asked.offset.ahead, asked.offset.within) if asked.offset else (timedelta(0), UNKNOWN_CLOCK)
    )
    earliest = asked.keyed_at + ahead - within - TICK
    if _text_grade(told, asked) is not Grade.OTHER:
        # Its words say that it is this one, and what dates posts is not always what dates answers.
        earliest -= DATED_APART
    return made < earliest


def lacking(told: Mapping[str, Any], asked: Asked) -> str:
    """Say what of a live post is not as it was ordered; nothing where all is."""
    wrong = []
    shown = descriptions(told)
    if shown is not None and len(shown) != len(asked.media):
        wrong.append(f"{len(shown)} of its {len(asked.media)} files are there")
    elif shown is not None and any(
        ours.strip() != (theirs or "").strip() for ours, theirs in zip(asked.media, shown, strict=True)
    ):
        wrong.append("a description of a file differs")
    if _text_grade(told, asked) is Grade.OTHER:
        wrong.append("it says something else")
    if asked.how.warning and str(told.get("spoiler_text", "")).strip() != asked.how.warning:
        wrong.append("its content warning differs")
    visibility = str(told.get("visibility", ""))
    if asked.how.visibility and visibility and visibility != asked.how.visibility:
        wrong.append(f"it is {visibility}, not {asked.how.visibility}")
    if asked.reply_to is not None and told.get("in_reply_to_id", asked.reply_to) != asked.reply_to:
        wrong.append("it does not answer the post that it was to answer")
    return "; ".join(wrong)


def _text_grade(told: Mapping[str, Any], asked: Asked) -> Grade:
    content = told.get("content")
    if not isinstance(content, str):
        return Grade.UNCLEAR
    return compare(asked.text, said(content, mentions(told)))


def mentions(told: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give whom a post mentions."""
    found = told.get("mentions")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def descriptions(told: Mapping[str, Any]) -> tuple[str | None, ...] | None:
    """Give the description of each file of a post; ``None`` when its files are not told."""
    found = told.get("media_attachments")
    if not isinstance(found, list):
        return None
    return tuple(_description(one) for one in found)


def _description(one: Any) -> str | None:
    told = one.get("description") if isinstance(one, Mapping) else None
    return told if isinstance(told, str) else ""


# --- before the ask, and limits


def before(heard: Heard, now: datetime, what: str) -> NotSubmitted | Deferred | Refused | None:
    """Say why a step of preparation failed; ``None`` when it did not. Nothing has been asked for by then."""
    match heard:
        case NotSent(cause=cause, why=why) | Unknown(cause=cause, why=why):
            # Without an answer the server was there, and did not answer in time: a matter of the network.
            known = Cause.PAGE_UNREACHABLE if cause is Cause.NO_ANSWER else cause
            return NotSubmitted(cause=known, why=f"{what}: {why}", phase=Phase.OPENED)
        case Answered(status=status) if 200 <= status < 300:
            return None
        case Answered(status=401) if is_the_servers_own(heard):
            return Deferred(cause=Cause.SIGNED_OUT, code="401", why=REVOKED)
        case Answered(status=403) if is_the_servers_own(heard):
            return Deferred(cause=Cause.SESSION_UNUSABLE, code="403", why=f"{what}: {no(heard)}")
        case Answered(status=429):
            return limited(heard, now)
        case Answered(status=301 | 302 | 303 | 307 | 308):
            why = f"{what}: HTTP {heard.status}, {_leads_to(heard)}: correct the address in its block"
            return NotSubmitted(cause=Cause.PAGE_UNREACHABLE, why=why, phase=Phase.OPENED)
        case Answered(status=status):
            cause = Cause.SERVER_ERROR if status >= 500 else Cause.PAGE_UNREACHABLE
            return NotSubmitted(cause=cause, why=f"{what}: HTTP {status}", phase=Phase.OPENED)


def _leads_to(answer: Answered) -> str:
    """Say where a redirect leads: the host alone, as an address may hold a secret."""
    try:
        host = urlsplit(answer.headers.get("location", "")).hostname
    except ValueError:
        host = None
    return f"which leads to {host}" if host else "which leads elsewhere"


def limited(answer: Answered, now: datetime) -> Deferred:
    """Read until when a 429 lets nothing through."""
    until = _named_end(answer, now) or now + RATE_LIMIT_PAUSE
    why = "the server takes no more for now (HTTP 429)"
    return Deferred(cause=Cause.RATE_LIMIT, code="429", why=why, until=until)


def _named_end(answer: Answered, now: datetime) -> datetime | None:
    """When the answer says that the limit ends, by this machine's clock."""
    ahead = answer.offset.ahead if answer.offset else timedelta(0)
    try:
        reset = moment(answer.headers.get("x-ratelimit-reset"))
        named = (
            reset - ahead
            if reset is not None
            else _retry_after(answer.headers.get("retry-after", ""), now, ahead)
        )
    except OverflowError:
        return None  # the end of the calendar, as some write "never"
    return named.astimezone(UTC) if named is not None and now < named <= now + LONGEST_PAUSE else None


def _retry_after(told: str, now: datetime, ahead: timedelta) -> datetime | None:
    """Read a proxy's word: seconds, or a date."""
    if told.isascii() and told.isdigit() and len(told) < 8:
        return now + timedelta(seconds=int(told))
    try:
        named = email.utils.parsedate_to_datetime(told)
    except ValueError:
        return None
    # A date without a zone is one of the server's, and none of this machine's.
    return (named if named.tzinfo else named.replace(tzinfo=UTC)).astimezone(UTC) - ahead


def no(answer: Answered) -> str:
    """Pass a refusal on in the server's own words."""
    told = answer.json()
    words = told.get("error") if isinstance(told, Mapping) else None
    shown = " ".join(str(words).split())[:LONGEST_WORDS] if isinstance(words, str) and words.strip() else ""
    return f"the server said no (HTTP {answer.status})" + (f": {shown}" if shown else "")
