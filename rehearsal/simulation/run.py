"""Simulates days, and reports them as a drill is reported: week by week, each in a world of its own."""

from __future__ import annotations

import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy import select

from blocks import Switch, Switches
from rehearsal import truth
from rehearsal.drill.lines import Line, refused_code, said_id, signs_of
from rehearsal.drill.report import (
    blocked_as_dict,
    by_fault,
    due_post_of,
    is_lost,
    never_back,
    refusals,
    spread,
)
from rehearsal.drill.stage import Happened
from rehearsal.drill.waits import Blocked, blocked
from rehearsal.simulation.network import Network
from rehearsal.simulation.odds import NAMED
from rehearsal.simulation.world import LIMITS, SPACING, World, make, schedule
from rehearsal.truth import Made, Rules, Timing
from steadypost.domain.delivery import State, WhenLate
from steadypost.domain.figures import ON_TIME, DuePost, End, Figures, figures, outages
from steadypost.domain.span import Span
from steadypost.store import Store
from steadypost.store import notices as notice_rows
from steadypost.store.attempts import Attempt, attempt_of
from steadypost.store.schema import attempts, delivery_parts, post_parts, posts
from steadypost.store.schema import deliveries as delivery_table

BEGAN = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday. The last week of the month has the night in which clocks jump."""

PER_DAY = 720.0
"""Posts that fall due in a day, on all accounts: four weeks are twenty thousand."""

PIECE_DAYS = 2.0
"""Each world lives so long, and then another begins: small stores are quick, and both cores have work."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One stretch to simulate."""

    n: int
    seed: int
    days: float
    odds: str
    off: tuple[str, ...] = ()
    """The switches that are off."""

    @property
    def began(self) -> datetime:
        """When it begins."""
        return BEGAN + timedelta(days=self.n * PIECE_DAYS)


@dataclass(kw_only=True)
class Told:
    """What one stretch showed."""

    piece: Piece
    due_posts: list[DuePost] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    happened: list[Happened] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)
    not_now: dict[str, list[Span]] = field(default_factory=dict)
    duplicates: int = 0
    false_status: int = 0
    lost: int = 0
    messages: int = 0
    asks: int = 0
    wrong: list[str] = field(default_factory=list)
    broken_rules: list[str] = field(default_factory=list)
    """Breaches of quotas, spacing, due times and late rules, by the ledger."""
    twins: int = 0
    by_hand: dict[str, int] = field(default_factory=dict)

    @property
    def window(self) -> Span:
        """The time in which posts fell due."""
        return Span(self.piece.began, self.piece.began + timedelta(days=self.piece.days))

    def falsely_blocked(self) -> list[Blocked]:
        """Give the posts that waited for nothing."""
        return list(blocked(self.lines, self.happened, self.not_now, spacing=SPACING))


def simulate(piece: Piece) -> Told:
    """Live through one stretch, and hold the store against what is really live."""
    shm = Path("/dev/shm")  # noqa: S108 - memory, where there is some: a simulation may forget
    with tempfile.TemporaryDirectory(
        prefix="simulated-", dir=shm if os.access(shm, os.W_OK) else None
    ) as folder:
        seconds = piece.days * 86_400
        world = make(
            Path(folder),
            odds=NAMED[piece.odds],
            seed=f"{piece.seed}:{piece.n}",
            began=piece.began,
            seconds=seconds,
            switches=Switches(**{name: Switch(on=False) for name in piece.off}),
        )
        with world.store:
            numbers = schedule(world, piece.began, seconds, PER_DAY)
            world.run()
            return _told(piece, world, numbers)


def _told(piece: Piece, world: World, numbers: Mapping[int, int]) -> Told:
    world.store_down = False
    store, network = world.store, world.network
    judged = Judged.of(network)
    lines = judged.lines(store, numbers)
    told = Told(piece=piece, lines=lines, happened=world.happened, asks=network.asks)
    notices = store.read(notice_rows.every)
    told.messages = len(notices)
    about = {notice.delivery_id for notice in notices}
    told.due_posts = [due_post_of(line) for line in lines]
    told.not_now = judged.not_now()
    told.duplicates = sum(many - 1 for many in judged.copies.values() if many > 1)
    told.ends = _ends(store)
    told.wrong = [*judged.wrong, *(wrong for line in lines for wrong in _wrong(line))]
    told.false_status = len(judged.wrong) + sum("says" in one for one in told.wrong)
    told.broken_rules = judged.broken_rules(slack=2 * timedelta(seconds=world.odds.host_clock_s))
    told.twins = judged.twins
    told.by_hand = dict(world.person.did)
    told.lost = sum(is_lost(line, about) for line in lines)
    return told


def _wrong(line: Line) -> Iterator[str]:
    if line.state is State.PUBLISHED and line.live_at is None:
        yield f"{line.delivery_id} says published and is not live"
    if line.live_at is not None and line.state in {State.REFUSED, State.MISSED, State.CANCELLED}:
        yield f"{line.delivery_id} says {line.state} and is live"
    if line.copies > 1:
        yield f"{line.delivery_id} is live {line.copies} times"


@dataclass(kw_only=True)
class Judged:
    """A stretch, held against what this network knows: whose each post is."""

    network: Network
    copies: Mapping[tuple[int, int], int]
    wrong: list[str] = field(default_factory=list)
    """Ids that are not their delivery's."""
    twins: int = 0
    """Ids of posts that agree in everything that can be told, and are another's all the same."""
    unanswered_posts: list[Made] = field(default_factory=list)
    """Asks whose end was not known at first: they use quota until it is."""
    timings: list[Timing] = field(default_factory=list)

    @classmethod
    def of(cls, network: Network) -> Judged:
        """Begin with what the network knows."""
        return cls(network=network, copies=network.copies())

    def lines(self, store: Store, numbers: Mapping[int, int]) -> list[Line]:
        """Give every delivery from both sides, in a few questions for all of them."""

        def read(connection: Any) -> list[Line]:
            parts = _by(connection, delivery_parts, "delivery_id", delivery_parts.c.n)
            texts = _by(connection, post_parts, "post_id", post_parts.c.n)
            tries = _by(connection, attempts, "delivery_id", attempts.c.id)
            answered = dict(connection.execute(select(posts.c.id, posts.c.reply_to)).all())
            rows = connection.execute(select(delivery_table).order_by(delivery_table.c.due_at)).all()
            return [
                self._line(
                    row,
                    [(one.n, one.remote_id) for one in parts[row.id]],
                    [one.text for one in texts[row.post_id]],
                    [attempt_of(one) for one in tries[row.id]],
                    reply_to=answered[row.post_id],
                    n=numbers.get(row.id, -1),
                )
                for row in rows
            ]

        lines: list[Line] = store.read(read)
        return lines

    def _line(
        self,
        row: Any,
        parts: list[tuple[int, str | None]],
        texts: list[str],
        tries: list[Attempt],
        *,
        reply_to: str | None,
        n: int,
    ) -> Line:
        made = [
            self._own(row, part, remote_id, texts[part], reply_to if part == 0 else None)
            for part, remote_id in parts
        ]
        at = [one.at for one in made if one is not None]
        live_at = max(at) if len(at) == len(parts) else None
        unanswered = [one for one in tries if one.armed_at and not said_id(one)]
        self._add_unanswered(row, unanswered)
        if parts[0][1] is not None:
            late_after = None if row.late_after_s is None else timedelta(seconds=row.late_after_s)
            late_at = None if late_after is None else row.due_at + late_after
            self.timings.append(
                Timing(first=self.network.first(parts[0][1]), due_at=row.due_at, late_at=late_at)
            )
        state = State(row.state)
        is_late = live_at is None or live_at > row.due_at + ON_TIME
        return Line(
            delivery_id=row.id,
            n=n,
            account=row.account,
            due_at=row.due_at,
            state=state,
            live_at=live_at,
            recorded_at=row.published_at,
            copies=max(self.copies.get((row.id, part), 0) for part, _ in parts),
            attempts=len(tries),
            unconfirmed=bool(unanswered),
            no_capacity=is_late
            and self._no_capacity(row, [remote_id for _, remote_id in parts if remote_id]),
            held_late=state is State.HELD and row.when_late == WhenLate.ASK,
            refused_code=refused_code(tries),
            asked_at=min((one.armed_at for one in tries if one.armed_at), default=None),
            signs=tuple(signs_of(tries)),
            why=row.why,
        )

    def _own(
        self, row: Any, part: int, remote_id: str | None, text: str, reply_to: str | None
    ) -> Made | None:
        """Give the post that is this part's: by its id, else by what the network knows."""
        if remote_id is None:
            return self.network.made_for(row.id, part)
        truth_of = self.network.truth.get(self.network.first(remote_id))
        if truth_of is None:
            self.wrong.append(f"{row.id}, part {part + 1}: {remote_id} was never made")
            return None
        if (truth_of.delivery_id, truth_of.n) != (row.id, part):
            made = truth_of.made
            alike = (
                made.author == row.account and made.text == text and (part > 0 or made.reply_to == reply_to)
            )
            self.twins += alike
            if not alike:
                self.wrong.append(
                    f"{row.id}, part {part + 1}: {remote_id} says {made.text[:40]!r}, not {text[:40]!r}"
                )
                return None
        return truth_of.made

    def _add_unanswered(self, row: Any, unanswered: list[Attempt]) -> None:
        for one in unanswered:
            if one.armed_at is not None:
                self.unanswered_posts += [
                    Made(id="-", author=row.account, text="", reply_to=None, at=one.armed_at)
                ] * row.units

    def _no_capacity(self, row: Any, ids: list[str]) -> bool:
        own = [one for one in self.network.posts() if one.author == row.account]
        return truth.was_full(rules_of(row.account), own, row.due_at + ON_TIME, frozenset(ids))

    def not_now(self) -> dict[str, list[Span]]:
        """Say when each account had to wait: the network had said so, or its own limits."""
        every = [*self.network.posts(), *self.unanswered_posts]
        return {
            name: [
                *self.network.not_now.get(name, ()),
                *truth.full_spans(rules_of(name), [one for one in every if one.author == name]),
            ]
            for name in LIMITS
        }

    def broken_rules(self, *, slack: timedelta) -> list[str]:
        """Count what the ledger shows against quotas, spacing, due times and late rules."""
        later = frozenset(post_id for post_id, one in self.network.truth.items() if one.n > 0)
        every = {one.id: one for one in self.network.posts()}
        broken = list(truth.out_of_time(self.timings, every, slack))
        for name in LIMITS:
            own = [one for one in every.values() if one.author == name]
            broken += [f"{name}: {one}" for one in truth.over_quota(rules_of(name), own, slack)]
            broken += [f"{name}: {one}" for one in truth.too_near(rules_of(name), own, later, slack)]
        return broken


def rules_of(account: str) -> Rules:
    """Give what an account's operator allows, as the judge reads it."""
    limits = LIMITS[account]
    return Rules(per_hour=limits.per_hour, per_day=limits.per_day, spacing=limits.spacing)


def _by(connection: Any, table: Any, key: str, order: Any) -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(select(table).order_by(order)):
        found[getattr(row, key)].append(row)
    return found


def _ends(store: Store) -> list[End]:
    from steadypost.store import figures as figure_rows  # noqa: PLC0415 - beside the domain's module of that name

    window = Span(BEGAN - timedelta(days=1), BEGAN + timedelta(days=400))
    found: list[End] = store.read(lambda connection: list(figure_rows.ends(connection, window)))
    return found


# --- all of it


@dataclass(kw_only=True)
class Simulation:
    """Every stretch together."""

    seed: int
    days: float
    odds: str
    told: list[Told]

    def figures(self) -> Figures:
        """Everything there is to say of it, outages of the network included."""
        last = max(one.window.until for one in self.told)
        return figures(
            [due_posts for one in self.told for due_posts in one.due_posts],
            Span(BEGAN, last),
            now=last + timedelta(days=30),
            outages=outages([end for one in self.told for end in one.ends]),
        )

    def as_dict(self) -> dict[str, Any]:
        """Give the figures in the drill's own shape."""
        found = self.figures()
        faults = [fault for one in self.told for fault in by_fault(one.happened, one.lines, one.piece.began)]
        return {
            "seed": self.seed,
            "minutes": self.days * 1440,
            "due": found.availability.due,
            "good": found.availability.good,
            "availability": _rounded(found.availability.ratio),
            "availability_lower_95": _rounded(found.availability.lower_95),
            "time_availability": _rounded(found.time),
            "duplicates": sum(one.duplicates for one in self.told),
            "lost": sum(one.lost for one in self.told),
            "false_status": sum(one.false_status for one in self.told),
            "false_blocks": sum(len(one.falsely_blocked()) for one in self.told),
            "falsely_blocked": [blocked_as_dict(late) for one in self.told for late in one.falsely_blocked()],
            "broken_rules": sum(len(one.broken_rules) for one in self.told),
            "never_back": never_back(faults),
            "left_out": {str(outcome): many for outcome, many in found.availability.left_out.items()},
            "refused": _added(refusals(one.lines) for one in self.told),
            "lateness_s": {"p50": found.lateness.p50, "p95": found.lateness.p95},
            "recovery_s": spread(faults, "recovery_s"),
            "detection_s": spread(faults, "detection_s"),
            "messages": sum(one.messages for one in self.told),
            "by_fault": faults,
        }

    def details(self) -> dict[str, Any]:
        """Give what stands behind the figures."""
        found = self.figures()
        return {
            "simulated_days": self.days,
            "odds": self.odds,
            "asks": sum(one.asks for one in self.told),
            "without_outages": found.availability_without_outages.as_dict(),
            "not_good_are": {str(outcome): many for outcome, many in found.availability.bad.items()},
            "left_out_are": {str(outcome): many for outcome, many in found.availability.left_out.items()},
            "lateness_s": found.lateness.as_dict(),
            "wrong": [wrong for one in self.told for wrong in one.wrong],
            "broken_rules": [broken for one in self.told for broken in one.broken_rules],
            "twins": sum(one.twins for one in self.told),
            "by_hand": _added(one.by_hand for one in self.told),
            "not_good": [
                f"{line.account} {line.n}, due {line.due_at:%Y-%m-%d %H:%M:%S}: {line.state}, {line.attempts} attempts, "
                f"{_asked(line)}, {line.late_s()} s late; {line.why}"
                for one in self.told
                for line in one.lines
                if (late := line.late_s()) is None or late > ON_TIME.total_seconds()
                if not line.no_capacity
            ],
        }


def _asked(line: Line) -> str:
    """Say how soon it was asked for: what was asked for at once and came late, the network made late or not at all."""
    if line.asked_at is None:
        return "never asked for"
    return f"first asked for {(line.asked_at - line.due_at).total_seconds():.0f} s after it was due"


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    whole: Counter[str] = Counter()
    for one in counts:
        whole.update(one)
    return dict(whole)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)


def pieces(*, seed: int, days: float, odds: str, off: tuple[str, ...] = ()) -> list[Piece]:
    """Cut a stretch into worlds."""
    whole: list[Piece] = []
    cut = days
    while cut > 0:
        whole.append(Piece(n=len(whole), seed=seed, days=min(PIECE_DAYS, cut), odds=odds, off=off))
        cut -= PIECE_DAYS
    return whole


def run(*, seed: int, days: float, odds: str, at_once: int | None = None) -> Iterator[Simulation]:
    """Simulate so many days, several worlds at a time; give what there is after each of them."""
    told: list[Told] = []
    hands = at_once or os.cpu_count() or 1
    with ProcessPoolExecutor(hands, mp_context=get_context("spawn")) as pool:
        for one in pool.map(simulate, pieces(seed=seed, days=days, odds=odds)):
            told.append(one)
            lived = sum(piece.piece.days for piece in told)
            yield Simulation(seed=seed, days=lived, odds=odds, told=list(told))
