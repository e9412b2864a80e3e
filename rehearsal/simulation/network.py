"""A simulated network: the sandbox's ledger and lists in simulated time, answering as X does (status, headers, JSON)."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any, cast

from rehearsal.simulation import reading
from rehearsal.simulation.odds import Odds
from rehearsal.simulation.reading import Answered
from rehearsal.truth import Made
from sandbox import shapes
from sandbox.clock import Clock
from sandbox.faults import FAULTS
from sandbox.ledger import Ledger, NoSuchAccount, NoSuchPost, Post
from sandbox.lists import Sky
from sandbox.looking import Look
from sandbox.snowflake import first_of
from sandbox.telling import Shaper
from sandbox.weather import Gust
from steadypost.channels.port import LookRequest, Order
from steadypost.channels.x_web.waiting import ANSWER_WITHIN
from steadypost.domain.clock import Offset
from steadypost.domain.evidence import Sighting
from steadypost.domain.network import Place
from steadypost.domain.outcome import Answer, Cause, NotSubmitted, Phase
from steadypost.domain.span import Span

PATIENCE = timedelta(seconds=ANSWER_WITHIN)
"""How long an answer is waited for."""

REMEMBERED = timedelta(hours=30)
"""How long lists have a post: longer than any delivery stays unconfirmed."""

FORGET_FROM = 900
"""So many posts are no burden to a list."""

KEPT = 40
"""So many of each account's youngest posts are never forgotten."""

ODD = ("moved_id", "not_json", "empty", "errors_and_data", "legacy_only", "result_wrapper")
"""The shapes of another day. Some of them name the post, and the product reads those."""

VIEWS = {Place.PROFILE: "profile", Place.REPLIES: "replies", Place.THREAD: "status"}


class ShortLedger(Ledger):
    """A ledger whose lists have an end: days of posts would be gone through for each look."""

    def forget_before(self, moment_ms: int) -> None:
        """Forget what is older, but for the youngest of each account. Not deleted: no look goes back as far as that."""
        many: Counter[str] = Counter()
        for post in sorted(self.posts.values(), key=lambda one: int(one.id), reverse=True):
            many[post.author] += 1
            if post.made_at_host < moment_ms and many[post.author] > KEPT and post.superseded_by is None:
                for version in self.versions(post):
                    self._drop(self.posts.pop(version))

    def _drop(self, post: Post) -> None:
        self._answers.pop(post.id, None)
        if post.reply_to in self._answers:
            self._answers[post.reply_to].remove(post.id)


@dataclass(slots=True, kw_only=True)
class Asked:
    """What became of one ask, and when the asker will know it."""

    answer: Answer
    takes: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks, and for what: the network never tells, and the judge wants to know."""

    handle: str
    order: Order
    delivery_id: int
    host: Callable[[], datetime]
    """The asker's clock."""
    ahead: Offset | None
    """How far the network's clock was ahead of that, as the page's own answers had told."""


@dataclass(slots=True, kw_only=True)
class Truth:
    """One post, and whose it is in truth."""

    made: Made
    delivery_id: int | None = None
    n: int = 0


@dataclass(kw_only=True)
class Network:
    """Every account's posts, and the trouble that the network makes."""

    odds: Odds
    seed: str
    handles: Sequence[str]
    true: Callable[[], datetime]
    """The true time."""
    asks: int = 0
    away: set[str] = field(default_factory=set)
    """Accounts for which X does not answer at all now."""
    losing: set[str] = field(default_factory=set)
    """Accounts whose answers are all lost now."""
    signed_out: set[str] = field(default_factory=set)
    lists_away: bool = False
    not_now: defaultdict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    """When X had told an account to wait."""
    refused: Counter[int] = field(default_factory=Counter)
    """How often each delivery was refused."""
    truth: dict[str, Truth] = field(default_factory=dict)
    """Every post that was ever made, also those that lists have forgotten."""

    later: dict[str, str] = field(default_factory=dict)
    """The later versions of edited posts, and the first of each."""

    def __post_init__(self) -> None:
        self._chance = random.Random(f"{self.seed}:network")  # noqa: S311 - repeatable, not secret
        chance = self._chance
        self.clock = Clock(
            offset_s=chance.uniform(-1, 1) * self.odds.network_clock_s,
            drift_ppm=chance.uniform(-1, 1) * self.odds.network_drift_ppm,
            host=self._now_ms,
        )
        self.ledger = ShortLedger(self.handles, seed=chance.randrange(1 << 30), clock=self.clock)
        self._sequence = 0
        for handle in self.handles:
            self.ledger.seed(handle, 25)

    def _now_ms(self) -> int:
        return round(self.true().timestamp() * 1000)

    # --- asking

    def before(self, handle: str) -> NotSubmitted | None:
        """Say what keeps an attempt from its click, if anything does."""
        if handle in self.away:
            return NotSubmitted(cause=Cause.PAGE_UNREACHABLE, why="X does not answer", phase=Phase.CLAIMED)
        if handle in self.signed_out:
            return NotSubmitted(cause=Cause.SIGNED_OUT, why="signed out", phase=Phase.OPENED)
        if self._chance.random() < self.odds.page_trouble:
            cause = self._chance.choice([Cause.OVERLAY, Cause.UI_DRIFT, Cause.PAGE_UNREACHABLE])
            return NotSubmitted(cause=cause, why="the page cannot be used", phase=Phase.OPENED)
        return None

    def ask(self, asking: Asking) -> Asked:
        """Take a click, and do with it what chance says."""
        self.asks += 1
        takes = self._takes()
        roll, odds = self._chance.random(), self.odds
        for share, answering in (
            (odds.refused, self._refuse),
            (odds.not_now, self._defer),
            (odds.vanished, self._vanish),
            (odds.comes_late, self._come_late),
        ):
            if roll < share:
                return answering(asking, takes)
            roll -= share
        return self._make(asking, takes)

    def _takes(self) -> timedelta:
        usual, tenth, hundredth = self.odds.answer_takes
        roll = self._chance.random()
        seconds = hundredth if roll < 0.01 else tenth if roll < 0.10 else usual
        return timedelta(seconds=seconds * self._chance.uniform(0.7, 1.1))

    def _refuse(self, asking: Asking, takes: timedelta) -> Asked:
        self.refused[asking.delivery_id] += 1
        return self._told(asking, {0: self._said(shapes.refusal(186))}, takes, sent=1)

    def _defer(self, asking: Asking, takes: timedelta) -> Asked:
        wait = self._chance.uniform(10, 60)
        now = self.true()
        self.not_now[asking.handle].append(Span(now, now + takes + timedelta(seconds=wait)))
        reset = {
            "x-rate-limit-limit": "50",
            "x-rate-limit-remaining": "0",
            "x-rate-limit-reset": str(int(self.clock.now_ms() / 1000 + takes.total_seconds() + wait)),
        }
        return self._told(asking, {0: self._said(shapes.refusal(88), 429, reset)}, takes, sent=1)

    def _vanish(self, asking: Asking, _takes: timedelta) -> Asked:
        return self._told(asking, {}, timedelta(seconds=20), sent=len(asking.order.parts))

    def _come_late(self, asking: Asking, _takes: timedelta) -> Asked:
        """The request lies somewhere, and comes to life after its browser gave up: within the settle window."""
        least, most = self.odds.late_by
        self._bring_to_life(asking, timedelta(seconds=self._chance.uniform(least, most)), late=True)
        return self._told(asking, {}, timedelta(seconds=20), sent=len(asking.order.parts))

    def _make(self, asking: Asking, takes: timedelta) -> Asked:
        order = asking.order
        if order.reply_to is not None and not self.ledger.exists(order.reply_to):
            return self._told(asking, {0: self._said(shapes.refusal(385))}, takes, sent=1)
        made = self._bring_to_life(asking, takes * 0.8)
        answers = {n: self._said(self._created(post)) for n, post in enumerate(made)}
        roll = self._chance.random()
        if asking.handle in self.losing or roll < self.odds.answer_lost + self.odds.odd_answer:
            cut = self._chance.randrange(len(made))
            answers = {n: one for n, one in answers.items() if n < cut}
            if roll < self.odds.odd_answer:
                answers[cut] = self._odd(made[cut])
        if takes > PATIENCE:
            # The asker has stopped waiting by then, and does not hear the answer.
            answers, takes = {}, PATIENCE
        return self._told(asking, answers, takes, sent=len(made))

    def _created(self, post: Post) -> dict[str, Any]:
        return shapes.created("CreateTweet", Shaper(self.ledger).tweet(post))

    def _odd(self, post: Post) -> Answered:
        kind = self._chance.choice(ODD)
        if kind == "empty":
            return self._said(shapes.empty_result("CreateTweet"))
        return self._said(shapes.reshaped(kind, "CreateTweet", Shaper(self.ledger).tweet(post)))

    def _said(
        self, body: dict[str, Any] | str, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Answered:
        text = body if isinstance(body, str) else json.dumps(body)
        return Answered(status=status, body=text, headers=dict(headers or {}))

    def date(self) -> str:
        """This moment as the network's answers have it."""
        return self.clock.date()

    def _told(self, asking: Asking, answers: Mapping[int, Answered], takes: timedelta, *, sent: int) -> Asked:
        armed_at, order = asking.host(), asking.order
        # An answer is dated when it is given, and not when it was asked for.
        date = formatdate((self.clock.now_ms() / 1000) + takes.total_seconds(), usegmt=True)
        answers = {n: replace(one, headers={"date": date, **one.headers}) for n, one in answers.items()}
        found = reading.outcomes(
            answers,
            handle=asking.handle,
            parts=len(order.parts),
            sent=range(sent),
            armed_at=armed_at,
            heard_at=armed_at + takes,
            ahead=asking.ahead,
            reply_to=order.reply_to,
        )
        return Asked(answer=Answer(outcomes=found, first=order.first), takes=takes)

    def _bring_to_life(self, asking: Asking, after: timedelta, *, late: bool = False) -> list[Post]:
        made: list[Post] = []
        above = asking.order.reply_to
        for n, part in enumerate(asking.order.parts):
            post = self._create(
                asking.handle,
                part.text,
                after + timedelta(milliseconds=300 * n),
                reply_to=above,
                media=[
                    self.ledger.keep_media(asking.handle, one.path.read_bytes(), one.kind, alt=one.alt).id
                    for one in part.media
                ],
                # What came late is shown soon: a settle window longer than both together there cannot be.
                hidden=min(90.0, self._shows_after()) if late else self._shows_after(),
                ask=f"ask-{self.asks}",
            )
            self._remember(post, asking.delivery_id, asking.order.first + n)
            made.append(post)
            above = cast("Any", post.id)
        return made

    def _create(self, handle: str, text: str, after: timedelta, *, hidden: float, **more: Any) -> Post:
        self._sequence = (self._sequence + 1) % 4096
        moment = self.clock.now_ms() + round(after.total_seconds() * 1000)
        return self.ledger.create(
            handle,
            text,
            hidden_ms=round(hidden * 1000),
            post_id=str(first_of(moment) + self._sequence),
            **more,
        )

    def _remember(self, post: Post, delivery_id: int | None, n: int = 0) -> None:
        at = datetime.fromtimestamp(post.made_at_host / 1000, self.true().tzinfo)
        self.truth[post.id] = Truth(
            made=Made(
                id=post.id,
                author=post.author,
                text=post.text,
                reply_to=post.reply_to,
                media=tuple(one.sha256 for one in post.media),
                at=at,
                asked_at=None if delivery_id is None else self.true(),
            ),
            delivery_id=delivery_id,
            n=n,
        )

    def _shows_after(self) -> float:
        roll = self._chance.random()
        for share, seconds in self.odds.shows_after:
            if roll < share:
                return seconds
            roll -= share
        return self.odds.shows_after[-1][1]

    def clock_jumps(self) -> None:
        """Put the network's clock somewhere else, at once, within its bounds."""
        self.clock.set(offset_s=self._chance.uniform(-1, 1) * self.odds.network_clock_s)

    # --- a person's hands

    def by_hand(self, handle: str, text: str, reply_to: str | None = None) -> str:
        """Let a person post from elsewhere."""
        post = self._create(
            handle, text, timedelta(0), hidden=self._shows_after(), reply_to=reply_to, origin="hand"
        )
        self._remember(post, None)
        return post.id

    def take_down(self, post_id: str) -> None:
        """Let a person take a post down."""
        if self.ledger.exists(post_id):
            self.ledger.delete(post_id)

    def edit(self, post_id: str, text: str) -> None:
        """Let a person make a post say something else."""
        if self.ledger.exists(post_id):
            self.later[self.ledger.edit(post_id, text).id] = self.first(post_id)

    # --- looking

    def look(self, handle: str, request: LookRequest, at: datetime) -> Sighting:
        """Show an account's posts, or not."""
        roll = self._chance.random()
        about = Sighting(account="", at=at, place=request.place, post=request.post)
        if self.lists_away or handle in self.away or roll < self.odds.look_fails:
            return replace(about, trouble=Cause.PAGE_UNREACHABLE, why="no list")
        if handle in self.signed_out:
            return replace(about, trouble=Cause.SIGNED_OUT, why="signed out")
        self._forget()
        is_partial = roll < self.odds.look_fails + self.odds.look_partial
        gusts = [self._partial()] if is_partial else []
        visitor = SimpleNamespace(account=self.ledger.account(handle), is_veiled=False, handle=handle)
        world = SimpleNamespace(clock=self.clock, ledger=self.ledger)
        look = Look(cast("Any", world), cast("Any", visitor), Sky(gusts, self.clock))
        asked = {"screen_name": handle, "focalTweetId": str(request.post)}
        view = VIEWS[request.place]

        def fetch(cursor: str | None) -> dict[str, Any]:
            try:
                return look.answer(view, {**asked, "cursor": cursor})
            except (NoSuchPost, NoSuchAccount):
                return shapes.missing()

        return reading.sighting(fetch, handle=handle, request=request, at=at, date=self.clock.date)

    def _partial(self) -> Gust:
        """A list that ends early, or that is old."""
        kinds: list[tuple[str, dict[str, Any]]] = [
            ("timeline_cut", {"n": self._chance.randrange(1, 3)}),
            ("timeline_stale", {"seconds": 30.0}),
        ]
        name, params = self._chance.choice(kinds)
        return Gust(name=name, params=FAULTS[name].complete(params))

    def _forget(self) -> None:
        """Let the ledger's lists forget what is older than any look asks for: they are read from one end."""
        if len(self.ledger.posts) >= FORGET_FROM:
            self.ledger.forget_before(self._now_ms() - round(REMEMBERED.total_seconds() * 1000))

    # --- the truth

    def posts(self) -> list[Made]:
        """Every post that was made, in the judge's own shape, as it is now."""
        return [one.made for one in self.truth.values()]

    def first(self, post_id: str) -> str:
        """Give the id that a post had before any edit."""
        return self.later.get(post_id, post_id)

    def made_for(self, delivery_id: int, n: int) -> Made | None:
        """Give the first post that was made for a part of a delivery."""
        of_it = (one.made for one in self.truth.values() if (one.delivery_id, one.n) == (delivery_id, n))
        return next(of_it, None)

    def copies(self) -> Counter[tuple[int, int]]:
        """Count the posts that came of each part of each delivery: this network knows whose each of them is."""
        return Counter((one.delivery_id, one.n) for one in self.truth.values() if one.delivery_id is not None)
