"""The status board: how everything stands, as one page of Markdown, and the week as a picture."""

from __future__ import annotations

import html
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from steadypost.domain.delivery import State
from steadypost.domain.figures import Fate, Figures, Owed
from steadypost.domain.health import Check, Verdict, overall
from steadypost.domain.incident import Incident
from steadypost.domain.observed import AccountSeen, CircuitSeen
from steadypost.domain.quota import Full

MARK = {Verdict.OK: "🟢", Verdict.FAILING: "🔴", Verdict.UNKNOWN: "⚪"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything the page shows, as it was at one moment."""

    at: datetime
    zone: str
    sentence: str
    """Why nothing goes out, or that posts do."""
    checks: Sequence[Check] = ()
    accounts: Sequence[AccountSeen] = ()
    counts: Mapping[State, int] = field(default_factory=dict)
    circuits: Sequence[CircuitSeen] = ()
    incidents: Sequence[Incident] = ()
    """Those that are open."""
    figures: Mapping[str, Figures] = field(default_factory=dict)
    """By the name of their window."""


def page(board: Board) -> str:
    """Write the page."""
    told = overall(board.checks)
    parts = [
        f"# {MARK[told]} Steadypost: {told}",
        f"**{_text(board.sentence)}**",
        f"As of {_moment(board.at, board.zone)}; all times are of {board.zone}.",
        _accounts(board),
        _figures(board),
        _queue(board),
        _wrong(board),
    ]
    return "\n\n".join(part for part in parts if part)


def _accounts(board: Board) -> str:
    rows = [
        (
            f"{_light(one, board)} {_text(one.name)}",
            _stands(one, board),
            str(one.waiting),
            _moment(one.next_due_at, board.zone),
            _moment(one.published[-1].at if one.published else None, board.zone),
        )
        for one in board.accounts
    ]
    heads = ("account", "stands", "due", "next", "last out")
    return "## Accounts\n\n" + (_table(heads, rows) or "None is known yet.")


def _light(one: AccountSeen, board: Board) -> str:
    verdicts = [check.verdict for check in board.checks if check.about == one.name]
    if Verdict.FAILING in verdicts:
        return MARK[Verdict.FAILING]
    return MARK[Verdict.OK] if verdicts and set(verdicts) == {Verdict.OK} else MARK[Verdict.UNKNOWN]


def _stands(one: AccountSeen, board: Board) -> str:
    if one.paused_until is not None and one.paused_until > board.at:
        why = one.pause_why or str(one.pause_cause)
        return f"paused until {_moment(one.paused_until, board.zone)}: {_text(why)}"
    if isinstance(one.room, Full):
        until = f" until {_moment(one.room.until, board.zone)}" if one.room.until else ""
        return f"{one.room.reason.replace('_', ' ')}{until}"
    return "ready"


def _figures(board: Board) -> str:
    rows = [
        (
            name,
            "nothing was due"
            if told.availability.ratio is None
            else f"**{told.availability.ratio * 100:.2f} %** ({told.availability.good} of {told.availability.due})",
            "–" if told.availability.lower_95 is None else f"≥ {told.availability.lower_95 * 100:.1f} %",
            "–" if told.time is None else f"{told.time * 100:.2f} %",
            "–" if told.lateness.p50 is None else f"{told.lateness.p50:.0f} s / {told.lateness.p95:.0f} s",
            _budget(told.budget.left),
        )
        for name, told in board.figures.items()
    ]
    heads = ("window", "on time, once", "95 % sure", "of the time", "late by (p50 / p95)", "error budget")
    return f"## Figures\n\n{_table(heads, rows)}" if rows else ""


def _budget(left: float | None) -> str:
    if left is None:
        return "–"
    return f"{left * 100:.0f} % left" if left >= 0 else f"spent {1 - left:.1f} times"


def _queue(board: Board) -> str:
    rows = [(str(state).replace("_", " "), str(many)) for state, many in board.counts.items() if many]
    return "## Queue\n\n" + (_table(("state", "deliveries"), rows) or "It is empty.")


def _wrong(board: Board) -> str:
    incidents = [
        (_text(one.name), _moment(one.opened_at, board.zone), _text(one.what), _tries(one))
        for one in board.incidents
    ]
    circuits = [(_text(one.name), _moment(one.since, board.zone), _text(one.why)) for one in board.circuits]
    unknown = [
        (_text(check.name), _text(check.what)) for check in board.checks if check.verdict is Verdict.UNKNOWN
    ]
    parts = [
        ("Incidents", _table(("what", "since", "found", "tried"), incidents) or "None is open."),
        ("Circuits", _table(("circuit", "open since", "why"), circuits) or "All are closed."),
        ("Nobody can tell", _table(("check", "why"), unknown)),
    ]
    return "\n\n".join(f"## {title}\n\n{told}" for title, told in parts if told)


def _tries(one: Incident) -> str:
    return "; ".join(f"{tried.remedy}: {_text(tried.effect)}" for tried in one.tries) or "–"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _text(said: str) -> str:
    """Write a text so that it is neither Markdown nor HTML, on one line."""
    plain = html.escape(" ".join(said.split()), quote=False)
    return "".join(f"\\{letter}" if letter in "\\`*_[]|#<>~" else letter for letter in plain)


def _moment(at: datetime | None, zone: str) -> str:
    return "–" if at is None else f"{at.astimezone(ZoneInfo(zone)):%a %d %b %H:%M}"


# The week as a picture -----------------------------------------------------------------------------------

GOOD, LATE, BAD, OTHER, AHEAD = "#2e9e5b", "#e0a100", "#d23f3f", "#8a94a6", "#dfe7f3"

_COLOURS = {
    Fate.GOOD: GOOD,
    Fate.LATE: LATE,
    Fate.RECORDED_LATE: LATE,
    Fate.NO_ROOM: OTHER,
    Fate.REFUSED: OTHER,
    Fate.HELD: OTHER,
    Fate.TAKEN_BACK: OTHER,
    Fate.OUTAGE: OTHER,
    Fate.PENDING: AHEAD,
}
"""All else that was owed and is not there is bad."""

_WORST_LAST = (AHEAD, GOOD, OTHER, LATE, BAD)

LEGEND = (
    (GOOD, "on time"),
    (LATE, "late"),
    (BAD, "not live as promised"),
    (OTHER, "not counted"),
    (AHEAD, "to come"),
)

_CELL, _LEFT, _TOP, _LINE = 30, 96, 52, 34
_FONT = 'font-family="system-ui, sans-serif"'


def week(owed: Iterable[Owed], *, now: datetime, within: timedelta, zone: str) -> str:
    """Draw the six days behind, today and tomorrow, hour by hour: how many posts were due, and how they fared."""
    place = ZoneInfo(zone)
    today = now.astimezone(place).date()
    days = [today + timedelta(days=n) for n in range(-6, 2)]
    cells: defaultdict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for one in owed:
        at = one.at.astimezone(place)
        if days[0] <= at.date() <= days[-1]:
            fate = one.judged(within=within, now=now)
            cells[(at.date() - days[0]).days, at.hour][_COLOURS.get(fate, BAD)] += 1
    width, height = _LEFT + 24 * _CELL + 16, _TOP + len(days) * _LINE + 46
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        (
            f'<text x="14" y="24" {_FONT} font-size="15" font-weight="600" fill="#1f2733">'
            f"Posts by the hour they were due ({html.escape(zone)})</text>"
        ),
        *(_hour(hour) for hour in range(0, 24, 3)),
    ]
    for row, day in enumerate(days):
        weight = ' font-weight="600"' if day == today else ""
        name = "today" if day == today else f"{day:%a %d %b}"
        y = _TOP + row * _LINE
        drawn.append(f'<text x="14" y="{y + 20}" {_FONT} font-size="13"{weight} fill="#1f2733">{name}</text>')
        drawn += [_cell(cells.get((row, hour)), _LEFT + hour * _CELL, y) for hour in range(24)]
    drawn += [_now(now.astimezone(place), days.index(today)), *_legend(height - 14), "</svg>"]
    return "".join(drawn)


def _hour(hour: int) -> str:
    x = _LEFT + hour * _CELL
    return f'<text x="{x}" y="{_TOP - 6}" {_FONT} font-size="11" fill="#5b6675">{hour:02d}</text>'


def _cell(found: Counter[str] | None, x: int, y: int) -> str:
    box = f'x="{x + 1}" y="{y + 2}" width="{_CELL - 3}" height="{_LINE - 6}" rx="4"'
    if not found:
        return f'<rect {box} fill="#f5f7fa"/>'
    worst = max(found, key=_WORST_LAST.index)
    ink = "#1f2733" if worst in {AHEAD, LATE} else "#ffffff"
    many = sum(found.values())
    middle = f'x="{x + _CELL / 2 - 0.5}" y="{y + 21}" text-anchor="middle"'
    return (
        f'<rect {box} fill="{worst}"/>'
        f'<text {middle} {_FONT} font-size="12" fill="{ink}">{many if many < 1000 else "…"}</text>'
    )


def _now(moment: datetime, row: int) -> str:
    x = _LEFT + (moment.hour + moment.minute / 60) * _CELL
    y = _TOP + row * _LINE
    return f'<line x1="{x:.1f}" y1="{y - 1}" x2="{x:.1f}" y2="{y + _LINE - 1}" stroke="#1f2733" stroke-width="2"/>'


def _legend(y: int) -> Iterable[str]:
    x = _LEFT
    for colour, name in LEGEND:
        yield f'<rect x="{x}" y="{y - 11}" width="13" height="13" rx="3" fill="{colour}"/>'
        yield f'<text x="{x + 19}" y="{y}" {_FONT} font-size="12" fill="#5b6675">{name}</text>'
        x += 44 + 7 * len(name)
