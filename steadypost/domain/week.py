"""The week as a picture: a week behind and a week ahead, hour by hour, and how each post fared."""

from __future__ import annotations

import html
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from steadypost.domain.delivery import State
from steadypost.domain.figures import DuePost, PostOutcome

GOOD, LATE, BAD, OTHER, AHEAD = "#2e9e5b", "#e0a100", "#d23f3f", "#8a94a6", "#b9cbea"

_COLOURS = {
    PostOutcome.GOOD: GOOD,
    PostOutcome.LATE: LATE,
    PostOutcome.RECORDED_LATE: LATE,
    PostOutcome.NO_CAPACITY: OTHER,
    PostOutcome.REFUSED: OTHER,
    PostOutcome.HELD: OTHER,
    PostOutcome.OUTAGE: OTHER,
    PostOutcome.PENDING: AHEAD,
}
"""All else that was due and is not there is bad."""

_AT_REST = {
    State.MISSED: BAD,
    State.REFUSED: OTHER,
    State.HELD: OTHER,
    State.NEEDS_REVIEW: BAD,
    State.QUARANTINED: BAD,
}
"""What does not come any more, or not by itself, although its time to be on time is not over."""

ORDER = (GOOD, LATE, OTHER, BAD, AHEAD)
"""In which an hour shows its posts, from the left."""

LEGEND = (
    (GOOD, "live on time"),
    (LATE, "live late"),
    (BAD, "not live as promised"),
    (OTHER, "held, refused, no room"),
    (AHEAD, "to come"),
)

BEHIND, BEFORE = 6, 7
"""So many days are shown behind today, and ahead of it."""

_CELL, _LEFT, _TOP, _LINE = 30, 96, 52, 30
_FONT = 'font-family="system-ui, sans-serif"'


def shown_until(now: datetime) -> datetime:
    """Say up to when the picture wants to know what is due."""
    return now + timedelta(days=BEFORE + 1)


def week(due_posts: Iterable[DuePost], *, now: datetime, within: timedelta, zone: str) -> str:
    """Draw each hour with as much of each colour as posts of it fared so, and their number."""
    place = ZoneInfo(zone)
    today = now.astimezone(place).date()
    days = [today + timedelta(days=n) for n in range(-BEHIND, BEFORE + 1)]
    cells: defaultdict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for one in due_posts:
        at, colour = one.at.astimezone(place), colour_of(one, now=now, within=within)
        if colour and days[0] <= at.date() <= days[-1]:
            cells[(at.date() - days[0]).days, at.hour][colour] += 1
    width, height = _LEFT + 24 * _CELL + 16, _TOP + len(days) * _LINE + 46
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        (
            f'<text x="14" y="24" {_FONT} font-size="15" font-weight="600" fill="#1f2733">'
            f"Posts by the hour they are due; times of {html.escape(zone)}</text>"
        ),
        *(_hour(hour) for hour in range(0, 24, 3)),
    ]
    for row, day in enumerate(days):
        weight = ' font-weight="600"' if day == today else ""
        name = "today" if day == today else f"{day:%a %d %b}"
        y = _TOP + row * _LINE
        drawn.append(f'<text x="14" y="{y + 19}" {_FONT} font-size="13"{weight} fill="#1f2733">{name}</text>')
        drawn += [_cell(cells.get((row, hour)), _LEFT + hour * _CELL, y) for hour in range(24)]
    drawn += [_now(now.astimezone(place), days.index(today)), *_legend(height - 14), "</svg>"]
    return "".join(drawn)


def colour_of(one: DuePost, *, now: datetime, within: timedelta) -> str:
    """Say how a post is shown; empty when it is not (taken back in time). The picture shows an end as soon as it is
    known.
    """
    outcome = one.judged(within=within, now=now)
    if outcome is PostOutcome.TAKEN_BACK or (outcome is PostOutcome.PENDING and one.state is State.CANCELLED):
        return ""
    if outcome is not PostOutcome.PENDING:
        return _COLOURS.get(outcome, BAD)
    if one.live_at is not None:
        return GOOD
    return _AT_REST.get(one.state, AHEAD)


def _hour(hour: int) -> str:
    x = _LEFT + hour * _CELL
    return f'<text x="{x}" y="{_TOP - 6}" {_FONT} font-size="11" fill="#5b6675">{hour:02d}</text>'


def _cell(found: Counter[str] | None, x: int, y: int) -> str:
    left, wide, high = x + 1, _CELL - 3, _LINE - 6
    if not found:
        return f'<rect x="{left}" y="{y + 2}" width="{wide}" height="{high}" rx="4" fill="#f5f7fa"/>'
    many = sum(found.values())
    names = dict(LEGEND)
    shown = str(many) if many < 1000 else "…"
    told = ", ".join(f"{found[colour]} {names[colour]}" for colour in ORDER if found[colour])
    middle = f'x="{x + _CELL / 2 - 0.5}" y="{y + 19}" text-anchor="middle"'
    return (
        f"<g><title>{told}</title>{''.join(_slices(found, left, y + 2, wide, high))}"
        f'<text {middle} {_FONT} font-size="12" font-weight="600" fill="#11161d">{shown}</text></g>'
    )


def _slices(found: Counter[str], x: float, y: int, wide: int, high: int) -> Iterator[str]:
    """Give each colour its share of an hour's width."""
    many = sum(found.values())
    for colour in (one for one in ORDER if found[one]):
        share = wide * found[colour] / many
        yield f'<rect x="{x:.1f}" y="{y}" width="{share:.1f}" height="{high}" fill="{colour}"/>'
        x += share


def _now(moment: datetime, row: int) -> str:
    x = _LEFT + (moment.hour + moment.minute / 60) * _CELL
    y = _TOP + row * _LINE
    return f'<line x1="{x:.1f}" y1="{y - 1}" x2="{x:.1f}" y2="{y + _LINE - 1}" stroke="#1f2733" stroke-width="2"/>'


def _legend(y: int) -> Iterator[str]:
    x = _LEFT
    for colour, name in LEGEND:
        yield f'<rect x="{x}" y="{y - 11}" width="13" height="13" rx="3" fill="{colour}"/>'
        yield f'<text x="{x + 19}" y="{y}" {_FONT} font-size="12" fill="#5b6675">{name}</text>'
        x += 40 + 6 * len(name)
