"""The look: reads the account's own posts and cannot cause one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from steadypost.channels.mastodon.answers import before, descriptions, is_the_servers_own, mentions
from steadypost.channels.mastodon.api import Api
from steadypost.channels.mastodon.preparing import Halt, Identity, identity
from steadypost.channels.port import Access, LookRequest
from steadypost.channels.wire import Answered
from steadypost.domain import clock
from steadypost.domain.clock import Offset
from steadypost.domain.evidence import SeenPost, Sighting
from steadypost.domain.likeness import Said
from steadypost.domain.matching import TICK
from steadypost.domain.network import Place
from steadypost.domain.outcome import Cause, Refused
from steadypost.domain.reaching import reached
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.mastodon.content import has_quote, said
from steadypost.networks.mastodon.ids import NotAStatusId, moment, remote_id
from steadypost.networks.mastodon.manner import LANGUAGE, SENSITIVE, VISIBILITY, WARNING, shown, spoken

MOST_PAGES = 25
"""How many pages of a list are read at most: a thousand posts."""

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""How far back a list reaches that has ended: no post is older."""


@dataclass(slots=True)
class Looking:
    """One look of one account."""

    api: Api
    access: Access
    request: LookRequest
    now: clock.Clock

    def run(self) -> Sighting:
        """Read the place that was asked for, and say what was seen and how far it reached."""
        about = Sighting(account="", at=self.now(), place=self.request.place, post=self.request.post)
        try:
            who = identity(self.api, self.access, self.now())
            found = self._thread() if self.request.place is Place.THREAD else self._list(who)
        except Halt as halt:
            return replace(about, trouble=halt.outcome.cause, why=halt.outcome.why)
        offset = agreed(self.api.offset, found.posts, self.now())
        return replace(
            about,
            account=who.handle,
            identity=who.on(self.access.network),
            posts=found.posts,
            reached_back_to=found.reached_back_to,
            told=True,
            offset=offset,
            missing=found.missing,
        )

    # -- a list

    def _list(self, who: Identity) -> Found:
        """Read the account's posts, page after page, until one is older than what is looked for."""
        read: dict[RemoteId, SeenPost] = {}
        last: str | None = None
        for _ in range(MOST_PAGES):
            page = self._page(who, last)
            if not page:
                return Found(_own(read), _end(who, read))
            read |= {one.id: one for one in map(self._seen, page)}
            before_this, last = last, _id(page[-1])
            come = _reached(read)
            if last in {None, before_this} or (come is not None and come < self.request.back_to):
                break
        return Found(_own(read), _reached(read))

    def _page(self, who: Identity, before_id: str | None) -> list[Mapping[str, Any]]:
        """Read one page, boosts included: a server that leaves them out after it has cut the page gives an empty one
        where only boosts stand, and that looks like the list's end.
        """
        answer = self._read(
            self.api.statuses(who.id, before=before_id), "the account's posts could not be read"
        )
        return _entries(answer.json())

    # -- one post and what is below it

    def _thread(self) -> Found:
        post = self.request.post or RemoteId("")
        heard = self.api.status(post)
        if isinstance(heard, Answered) and heard.status in {404, 410} and is_the_servers_own(heard):
            return Found((), None, missing=frozenset({post}))
        answer = self._read(heard, "the post could not be read")
        itself = self._seen(answer.json())
        context = self._read(self.api.context(post), "what is below the post could not be read").json()
        below = context.get("descendants") if isinstance(context, Mapping) else None
        if not isinstance(below, list):
            raise Halt(_odd("what is below the post is of an unknown shape"))
        return Found((itself, *map(self._seen, below)), None)

    # -- reading

    def _read(self, heard: Any, what: str) -> Answered:
        if (stopped := before(heard, self.now(), what)) is not None:
            raise Halt(stopped)
        if not isinstance(heard, Answered):
            raise TypeError(f"not an answer: {type(heard).__name__}")
        return heard

    def _seen(self, told: Any) -> SeenPost:
        """Read one post. One of which not even the id is known may be anything, so the whole look is none."""
        post = seen(told)
        if post is None:
            raise Halt(_odd("a post is of an unknown shape"))
        return self._first_version(post) if moment(told.get("edited_at")) else post

    def _first_version(self, post: SeenPost) -> SeenPost:
        """Read what an edited post said at first: an edit keeps the id. Where that is not told, it may be anything."""
        heard = self.api.history(post.id)
        versions = _entries(heard.json()) if isinstance(heard, Answered) and heard.status == 200 else []
        first = versions[0] if versions else {}
        content = first.get("content")
        if not isinstance(content, str):
            return replace(post, readable=False)
        files = descriptions(first)
        return replace(
            post, said=said(content, mentions(first)), media=files, options=options(first, post.options)
        )


def _own(read: Mapping[RemoteId, SeenPost]) -> tuple[SeenPost, ...]:
    return tuple(one for one in read.values() if not one.reposted)


def _reached(read: Mapping[RemoteId, SeenPost]) -> datetime | None:
    """Say how far a list that goes on has come. Some servers date a boost as what it boosts."""
    return reached(one.made for one in _own(read) if one.made is not None)


def _end(who: Identity, read: Mapping[RemoteId, SeenPost]) -> datetime | None:
    """Say how far back a list reaches whose last page was empty: to the beginning, if it held as many as there are.

    An empty page alone is no end. One that comes first, of an account that has posts, makes the look none.
    """
    if who.posts is not None and len(read) >= who.posts:
        return BEGINNING
    if not read:
        raise Halt(_odd(f"the list is empty, and the account has {who.posts} posts"))
    return _reached(read)


@dataclass(frozen=True, slots=True)
class Found:
    """What a place held."""

    posts: tuple[SeenPost, ...]
    reached_back_to: datetime | None
    missing: frozenset[RemoteId] = frozenset()


def seen(told: Any) -> SeenPost | None:
    """Read one post of the API; ``None`` for what is none."""
    if not isinstance(told, Mapping):
        return None
    try:
        given = remote_id(told.get("id"))
        parent = None if told.get("in_reply_to_id") is None else remote_id(told["in_reply_to_id"])
    except NotAStatusId:
        return None
    account, content = told.get("account"), told.get("content")
    author = str(account.get("acct", "")) if isinstance(account, Mapping) else ""
    made = moment(told.get("created_at"))
    return SeenPost(
        id=given,
        author=author,
        said=said(content, mentions(told)) if isinstance(content, str) else Said(()),
        reply_to=parent,
        # A server takes a parent's id out of its answers when the parent is deleted; whom they answer stays.
        parent_known=parent is not None or told.get("in_reply_to_account_id") is None,
        media=descriptions(told),
        reposted=told.get("reblog") is not None,
        quotes=_quotes(told),
        poll=told.get("poll") is not None,
        readable=isinstance(content, str) and made is not None,
        made=made,
        options=options(told, {}),
    )


def _quotes(told: Mapping[str, Any]) -> bool:
    """Whether it quotes a post: each kind of server says so in a place of its own."""
    places = [told, more] if isinstance(more := told.get("pleroma"), Mapping) else [told]
    named = any(one.get(name) for one in places for name in ("quote", "quote_id", "quote_url"))
    return named or has_quote(str(told.get("content")))


def options(told: Mapping[str, Any], otherwise: Mapping[str, str]) -> Mapping[str, str]:
    """Read back how a post went out, as far as the server tells."""
    named = {WARNING: told.get("spoiler_text"), VISIBILITY: told.get("visibility")}
    found = {name: value.strip() for name, value in named.items() if isinstance(value, str)}
    if isinstance(language := told.get("language"), str) and language:
        found[LANGUAGE] = spoken(language)
    if isinstance(sensitive := told.get("sensitive"), bool):
        found[SENSITIVE] = shown(value=sensitive)
    return {**otherwise, **found}


def agreed(offset: Offset | None, posts: tuple[SeenPost, ...], now: datetime) -> Offset | None:
    """Hold the clock of ``Date`` against that of the posts: the first may be a proxy's, and times of posts count.

    A post of the future shows that they differ. By how much is not known then, so nothing is said.
    """
    newest = max((one.made for one in posts if one.made is not None), default=None)
    if offset is None or newest is None:
        return offset
    return offset if newest <= now + offset.ahead + offset.within + TICK else None


def _entries(told: Any) -> list[Mapping[str, Any]]:
    if not isinstance(told, list) or not all(isinstance(one, Mapping) for one in told):
        raise Halt(_odd("a list of posts is of an unknown shape"))
    return told


def _odd(why: str) -> Refused:
    return Refused(cause=Cause.ODD_ANSWER, code="-", why=why)


def _id(entry: Mapping[str, Any]) -> str | None:
    found = entry.get("id")
    return found if isinstance(found, str) else None
