"""Simulates days, and reports them as a drill is reported: week by week, each in a world of its own."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy import select

from blocks import Switch, Switches
from rehearsal.drill.report import Line, blocked, by_fault, spread
from rehearsal.drill.stage import Happened
from rehearsal.simulation.network import Network
from rehearsal.simulation.odds import NAMED
from rehearsal.simulation.world import SPACING, World, make, schedule
from steadypost.domain.delivery import State
from steadypost.domain.figures import End, Figures, Owed, figures, outages
from steadypost.domain.outcome import Published
from steadypost.domain.span import Span
from steadypost.store import Store
from steadypost.store.attempts import Attempt, attempt_of
from steadypost.store.schema import attempts, delivery_parts, post_parts
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
    owed: list[Owed] = field(default_factory=list)
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

    @property
    def window(self) -> Span:
        """The time in which posts fell due."""
        return Span(self.piece.began, self.piece.began + timedelta(days=self.piece.days))

    def falsely_blocked(self) -> list[Line]:
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
    lines = _lines(store, network, numbers)
    told = Told(piece=piece, lines=lines, happened=world.happened, asks=network.asks)
    notices = store.notices()
    told.messages = len(notices)
    about = {notice.delivery_id for notice in notices}
    told.owed = [
        Owed(
            account=line.account,
            at=line.due_at,
            state=line.state,
            live_at=line.live_at,
            recorded_at=line.recorded_at,
            twice=line.copies > 1,
            delivery_id=line.delivery_id,
        )
        for line in lines
    ]
    told.not_now = dict(network.not_now)
    told.duplicates = network.copies()
    told.ends = _ends(store)
    for line in lines:
        if line.state is State.PUBLISHED and line.live_at is None:
            told.wrong.append(f"{line.delivery_id} says published and is not live")
        if line.live_at is not None and line.state in {State.REFUSED, State.MISSED, State.CANCELLED}:
            told.wrong.append(f"{line.delivery_id} says {line.state} and is live")
        if line.copies > 1:
            told.wrong.append(f"{line.delivery_id} is live {line.copies} times")
    told.false_status = sum("says" in one for one in told.wrong)
    told.lost = sum(_is_lost(line, about) for line in lines)
    return told


def _is_lost(line: Line, about: Iterable[int | None]) -> bool:
    if line.live_at is not None or line.state in {State.REFUSED, State.MISSED, State.CANCELLED}:
        return False
    return not (line.state in {State.NEEDS_REVIEW, State.QUARANTINED} and line.delivery_id in set(about))


def _lines(store: Store, network: Network, numbers: Mapping[int, int]) -> list[Line]:
    """Give every delivery from both sides, in a few questions for all of them."""

    def read(connection: Any) -> list[Line]:
        parts: defaultdict[int, list[Any]] = defaultdict(list)
        for row in connection.execute(select(delivery_parts).order_by(delivery_parts.c.n)):
            parts[row.delivery_id].append(row)
        texts: defaultdict[int, list[str]] = defaultdict(list)
        for row in connection.execute(select(post_parts).order_by(post_parts.c.n)):
            texts[row.post_id].append(row.text)
        tries: defaultdict[int, list[Attempt]] = defaultdict(list)
        for row in connection.execute(select(attempts).order_by(attempts.c.id)):
            tries[row.delivery_id].append(attempt_of(row))
        rows = connection.execute(select(delivery_table).order_by(delivery_table.c.due_at)).all()
        return [
            _line(
                row,
                parts[row.id],
                texts[row.post_id],
                tries[row.id],
                network=network,
                n=numbers.get(row.id, -1),
            )
            for row in rows
        ]

    lines: list[Line] = store._read(read)  # noqa: SLF001 - twenty thousand stories one by one take minutes
    return lines


def _line(
    row: Any, parts: list[Any], texts: list[str], tries: list[Attempt], *, network: Network, n: int
) -> Line:
    made = [network.live.get(part.remote_id) for part in parts]
    right = [
        one.at
        for one, said in zip(made, texts, strict=True)
        if one is not None and one.handle == row.account and one.text == said
    ]
    doubts = [one for one in tries if one.armed_at and not _answered(one)]
    signs = [
        moment
        for one in tries
        for moment in (one.rescued_at, None if _answered(one) else one.answered_at)
        if moment is not None
    ]
    return Line(
        delivery_id=row.id,
        n=n,
        account=row.account,
        due_at=row.due_at,
        state=State(row.state),
        live_at=max(right) if len(right) == len(parts) else _unrecorded(row, texts, network),
        recorded_at=row.published_at,
        copies=max(network.said[row.account, said] for said in texts),
        attempts=len(tries),
        in_doubt=bool(doubts),
        asked_at=min((one.armed_at for one in tries if one.armed_at), default=None),
        signs=tuple(signs),
        why=row.why,
    )


def _unrecorded(row: Any, texts: list[str], network: Network) -> datetime | None:
    """When all of it was live, though the store has not every id of it."""
    if not all(network.said[row.account, said] for said in texts):
        return None
    if State(row.state) is State.PUBLISHED:
        return None  # it says so, with ids that are not its own
    return max(one.at for one in network.by_handle[row.account] if one.text in texts)


def _answered(attempt: Attempt) -> bool:
    return attempt.answer is not None and all(isinstance(one, Published) for one in attempt.answer.outcomes)


def _ends(store: Store) -> list[End]:
    from steadypost.store import figures as figure_rows  # noqa: PLC0415 - beside the domain's module of that name

    window = Span(BEGAN - timedelta(days=1), BEGAN + timedelta(days=400))
    found: list[End] = store._read(lambda connection: list(figure_rows.ends(connection, window)))  # noqa: SLF001
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
            [owed for one in self.told for owed in one.owed],
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
            "not_good_are": {str(fate): many for fate, many in found.availability.bad.items()},
            "left_out_are": {str(fate): many for fate, many in found.availability.left_out.items()},
            "lateness_s": found.lateness.as_dict(),
            "wrong": [wrong for one in self.told for wrong in one.wrong],
            "falsely_blocked": [
                f"{line.account} {line.n}, due {line.due_at:%Y-%m-%d %H:%M:%S}: {line.late_s():.0f} s late"
                for one in self.told
                for line in one.falsely_blocked()
            ],
        }


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
