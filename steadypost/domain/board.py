"""The status board: what goes out next, what is live, and how everything stands, as one page of Markdown."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from steadypost.domain.clock import by_clocks_of
from steadypost.domain.delivery import State
from steadypost.domain.figures import Figures
from steadypost.domain.health import Check, Verdict, overall
from steadypost.domain.incident import Incident
from steadypost.domain.observed import AccountSeen, CircuitSeen
from steadypost.domain.standing import standing

MARK = {Verdict.OK: "🟢", Verdict.FAILING: "🔴", Verdict.UNKNOWN: "⚪"}


SHOWN = 60
"""How much of a text is shown: enough to recognise it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One post on the board."""

    delivery_id: int
    account: str
    at: datetime
    """When it is due, or was published."""
    text: str
    state: State = State.SCHEDULED
    address: str = ""
    """Its address; empty when unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything the page shows, at one moment."""

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
    ahead: Sequence[Line] = ()
    """The next posts."""
    live: Sequence[Line] = ()
    """The latest that are live."""
    closed: Mapping[str, str] = field(default_factory=dict)
    """Accounts that cannot be used, each with its reason."""


def page(board: Board) -> str:
    """Write the page."""
    told = overall(board.checks)
    parts = [
        f"# {MARK[told]} Steadypost: {told}",
        f"**{_told(board, board.sentence)}**",
        f"As of {_moment(board.at, board.zone)}. All times are those of **{board.zone}**.",
        _ahead(board),
        _live(board),
        _accounts(board),
        _wrong(board),
        _queue(board),
        _figures(board),
    ]
    return "\n\n".join(part for part in parts if part)


def _ahead(board: Board) -> str:
    rows = [
        (_moment(one.at, board.zone), _text(one.account), _said(one), str(one.delivery_id), _waits(one))
        for one in board.ahead
    ]
    heads = (f"due ({board.zone})", "account", "says", "delivery", "")
    return "## The next posts\n\n" + (_table(heads, rows) or "Nothing waits.")


def _waits(one: Line) -> str:
    return "" if one.state is State.SCHEDULED else str(one.state).replace("_", " ")


def _live(board: Board) -> str:
    rows = [
        (
            _moment(one.at, board.zone),
            _text(one.account),
            f"[{_said(one)}](<{_url(one.address)}>)" if one.address else _said(one),
            str(one.delivery_id),
        )
        for one in board.live
    ]
    heads = (f"live since ({board.zone})", "account", "says", "delivery")
    return f"## Live\n\n{_table(heads, rows)}" if rows else ""


def _said(one: Line) -> str:
    text = " ".join(one.text.split())
    return _text(text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…")


def _url(address: str) -> str:
    """Escape an address so that it ends neither its link nor its table cell."""
    return "".join(f"%{ord(letter):02X}" if letter in "<>|\\ \n\t" else letter for letter in address)


def _accounts(board: Board) -> str:
    charged = any(one.money for one in board.accounts)
    rows = [
        (
            f"{_light(one, board)} {_text(one.name)}",
            _stands(one, board),
            str(one.waiting),
            _moment(one.next_due_at, board.zone),
            _moment(one.published[-1].at if one.published else None, board.zone),
            *([str(one.money or "–")] if charged else []),
        )
        for one in board.accounts
    ]
    heads = ("account", "state", "due", "next", "last out", *(["spent"] if charged else []))
    return "## Accounts\n\n" + (_table(heads, rows) or "None is known yet.")


def _light(one: AccountSeen, board: Board) -> str:
    if standing(one, board.at, board.closed).needs_person:
        return MARK[Verdict.FAILING]
    verdicts = [check.verdict for check in board.checks if check.about == one.name]
    if Verdict.FAILING in verdicts:
        return MARK[Verdict.FAILING]
    return MARK[Verdict.OK] if verdicts and set(verdicts) == {Verdict.OK} else MARK[Verdict.UNKNOWN]


def _stands(one: AccountSeen, board: Board) -> str:
    found = standing(one, board.at, board.closed)
    until = f" until {_moment(found.until, board.zone)}" if found.until else ""
    why = f": {_told(board, found.why)}" if found.why else ""
    return f"{found.word}{until}{why}"


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
        (_text(one.name), _moment(one.opened_at, board.zone), _told(board, one.what), _tries(board, one))
        for one in board.incidents
    ]
    circuits = [
        (_text(one.name), _moment(one.since, board.zone), _told(board, one.why)) for one in board.circuits
    ]
    unknown = [
        (_text(check.name), _told(board, check.what))
        for check in board.checks
        if check.verdict is Verdict.UNKNOWN
    ]
    parts = [
        ("Incidents", _table(("what", "since", "found", "tried"), incidents) or "None is open."),
        ("Circuits", _table(("circuit", "open since", "why"), circuits) or "All are closed."),
        ("Not known", _table(("check", "why"), unknown)),
    ]
    return "\n\n".join(f"## {title}\n\n{told}" for title, told in parts if told)


def _tries(board: Board, one: Incident) -> str:
    return "; ".join(f"{tried.remedy}: {_told(board, tried.effect)}" for tried in one.tries) or "–"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _told(board: Board, said: str) -> str:
    """Write a sentence with its times in the zone of the board."""
    return _text(by_clocks_of(board.zone, said))


def _text(said: str) -> str:
    """Write a text so that it is neither Markdown nor HTML, on one line."""
    plain = html.escape(" ".join(said.split()), quote=False)
    return "".join(f"\\{letter}" if letter in "\\`*_[]|#<>~" else letter for letter in plain)


def _moment(at: datetime | None, zone: str) -> str:
    return "–" if at is None else f"{at.astimezone(ZoneInfo(zone)):%a %d %b %H:%M}"
