"""The page of a run, as SVG in one file: when what went wrong, what became of the posts, and another run beside it."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WIDTH, LEFT, RIGHT = 1100.0, 110.0, 20.0
ROW = 13.0
LATE_HEIGHT = 130.0
LATEST = 600.0
"""The lateness at the top of the picture, in seconds; what was later, or never live, is drawn there."""

COLOURS = {
    "x_answer": "#b5651d", "x_limit": "#8c6d31", "x_list": "#6b6ecf", "x_sign_in": "#9c2f5b", "x_page": "#3f7f93",
    "x_away": "#4d4d4d", "browser": "#2f7d3b", "worker": "#bf3b30", "store": "#1f4e9c", "prefect": "#7a3fa0",
    "clock": "#c2a200",
}  # fmt: skip
GOOD, LATE, NEVER = "#2a8a4a", "#d08a00", "#c0281c"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run, as its two files tell it."""

    told: Mapping[str, Any]
    details: Mapping[str, Any]

    @classmethod
    def of(cls, told: Mapping[str, Any], details: Mapping[str, Any]) -> Run:
        """Take what was just written."""
        return cls(told=json.loads(json.dumps(told)), details=json.loads(json.dumps(details)))

    @classmethod
    def read(cls, folder: Path) -> Run:
        """Read a run from its folder."""
        return cls(
            told=json.loads((folder / "report.json").read_text()),
            details=json.loads((folder / "details.json").read_text()),
        )

    @property
    def seconds(self) -> float:
        """How long the picture is."""
        return max(60.0, float(self.told["minutes"]) * 60)

    @property
    def title(self) -> str:
        """Name the run."""
        off = self.details["switches_off"]
        what = "every protection on" if not off else f"without {', '.join(off)}"
        what = "every protection off" if self.details["control"] else what
        return (
            f"{what}: seed {self.told['seed']}, {self.told['minutes']:g} minutes, {self.details['weather']}"
        )


def draw(run: Run, before: Run | None = None) -> str:
    """Draw a run, and the other before it."""
    runs = [*([before] if before else []), run]
    body = [_figures(runs)]
    for one in runs:
        body += [f"<h2>{html.escape(one.title)}</h2>", _picture(one), _legend(), _recovery(one)]
    body.append(_troubles(run))
    if run.told.get("falsely_blocked"):
        body.append(_falsely_blocked(run))
    if run.details["not_good"]:
        body.append(_not_good(run))
    return _PAGE.format(title=html.escape(run.title), body="\n".join(body))


# --- figures


ROWS = (
    ("due", "posts that fell due"),
    ("good", "live once, on record, on time"),
    ("availability", "availability"),
    ("availability_lower_95", "… not below, with 95 % confidence"),
    ("time_availability", "availability by time"),
    ("duplicates", "duplicates"),
    ("lost", "lost"),
    ("false_status", "false status"),
    ("false_blocks", "false blocks"),
    ("never_back", "troubles after which an account never came back"),
    ("messages", "messages to a person"),
)


def _figures(runs: Sequence[Run]) -> str:
    heads = ["", "before", "after"] if len(runs) > 1 else ["", "measured"]
    rows = [[said, *(_shown(key, run.told.get(key)) for run in runs)] for key, said in ROWS]
    rows.append(["lateness p50 / p95", *(_two(run.told["lateness_s"]) for run in runs)])
    rows.append(["refused by the network", *(_counted(run.told.get("refused", {})) for run in runs)])
    rows.append(["left out of the share", *(_counted(run.told.get("left_out", {})) for run in runs)])
    rows.append(["recovery p50 / p90 / max", *(_three(run.details["recovery_s"]) for run in runs)])
    rows.append(["drained p50 / p90 / max", *(_three(run.details["drained_s"]) for run in runs)])
    return _table(heads, rows)


def _counted(many: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in many.items()) or "none"


def _shown(key: str, value: Any) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.2f} %" if "availability" in key else str(value)


def _s(value: float | str | None) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else f"{value:.1f} s"


def _two(spread: Mapping[str, Any]) -> str:
    return f"{_s(spread['p50'])} / {_s(spread['p95'])}"


def _three(spread: Mapping[str, Any]) -> str:
    return " / ".join(_s(spread[name]) for name in ("p50", "p90", "max"))


# --- the picture


def _picture(run: Run) -> str:
    rows = _rows_of(run.told["by_fault"])
    accounts = sorted({post["account"] for post in run.details["posts"]})
    top = 16 + ROW * len(rows)
    below = top + 14 + ROW * len(accounts)
    height = below + 20 + LATE_HEIGHT + 24
    marks = [*_minutes(run, height - 20), *_faults(run, rows), *_posts(run, accounts, top + 14)]
    marks += [*_scale(below + 20), *_lateness(run, below + 20)]
    return f'<svg viewBox="0 0 {WIDTH:g} {height:g}" role="img">{"".join(marks)}</svg>'


def _x(run: Run, seconds: float) -> float:
    longest: float = max(run.seconds, *(post["due_s"] for post in run.details["posts"]), 1.0)
    return LEFT + (WIDTH - LEFT - RIGHT) * seconds / longest


def _rows_of(faults: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Lay troubles into rows so that none covers another."""
    rows: list[list[Mapping[str, Any]]] = []
    for fault in sorted(faults, key=lambda one: one["at_s"]):
        free = next((row for row in rows if row[-1]["at_s"] + row[-1]["lasted_s"] + 1 < fault["at_s"]), None)
        if free is None:
            rows.append([fault])
        else:
            free.append(fault)
    return rows


def _minutes(run: Run, bottom: float) -> Iterator[str]:
    for minute in range(int(run.seconds // 60) + 1):
        x = _x(run, minute * 60)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="6" y2="{bottom:.1f}" class="grid"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 14:.1f}" class="small mid">{minute} min</text>'


def _faults(run: Run, rows: Sequence[Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    yield '<text x="4" y="22" class="small">what was wrong</text>'
    for n, row in enumerate(rows):
        for fault in row:
            x = _x(run, fault["at_s"])
            wide = max(3.0, _x(run, fault["at_s"] + fault["lasted_s"]) - x)
            says = html.escape(f"{fault['n']}. {fault['fault']} ({', '.join(fault['accounts'])})")
            yield (
                f'<rect x="{x:.1f}" y="{12 + n * ROW:.1f}" width="{wide:.1f}" height="{ROW - 3:.1f}" '
                f'fill="{COLOURS.get(fault["class"], "#888")}"><title>{says}</title></rect>'
            )


def _posts(run: Run, accounts: Sequence[str], top: float) -> Iterator[str]:
    for n, account in enumerate(accounts):
        y = top + n * ROW
        yield f'<text x="4" y="{y + 4:.1f}" class="small">{html.escape(account)}</text>'
        for post in run.details["posts"]:
            if post["account"] == account:
                says = html.escape(f"delivery {post['delivery']}: {post['state']}, {_s(post['late_s'])} late")
                yield _dot(run, post, y, 3.0, f"<title>{says}</title>")


def _dot(run: Run, post: Mapping[str, Any], y: float, radius: float, within: str = "") -> str:
    x, colour = _x(run, post["due_s"]), _colour(run, post)
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{colour}">{within}</circle>'


def _colour(run: Run, post: Mapping[str, Any]) -> str:
    if post["late_s"] is None:
        return NEVER
    return GOOD if post["late_s"] <= run.details["on_time_within_s"] else LATE


def _height(late: float | None) -> float:
    """Where a lateness stands: a second at the bottom, ten minutes at the top, and each factor as high."""
    seconds = LATEST if late is None else min(LATEST, max(1.0, late))
    return LATE_HEIGHT * math.log(seconds) / math.log(LATEST)


def _scale(top: float) -> Iterator[str]:
    yield f'<text x="4" y="{top + 10:.1f}" class="small">how late (s)</text>'
    for seconds in (1, 5, 10, 60, 300, 600):
        y = top + LATE_HEIGHT - _height(seconds)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
        yield f'<text x="{LEFT - 6:.1f}" y="{y + 3:.1f}" class="small end">{seconds}</text>'


def _lateness(run: Run, top: float) -> Iterator[str]:
    for post in run.details["posts"]:
        yield _dot(run, post, top + LATE_HEIGHT - _height(post["late_s"]), 2.2)


def _legend() -> str:
    classes = "".join(
        f'<span><i style="background:{colour}"></i>{name}</span>' for name, colour in COLOURS.items()
    )
    posts = "".join(
        f'<span><i class="dot" style="background:{colour}"></i>{said}</span>'
        for colour, said in ((GOOD, "live on time"), (LATE, "live too late"), (NEVER, "not live"))
    )
    return f'<p class="legend">{classes}</p><p class="legend">{posts}</p>'


# --- tables


def _table(heads: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    """Lay cells out; what is a number, or looks like one, stands to the right."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in heads)
    return f"<table><tr>{head}</tr>{''.join(map(_cells, rows))}</table>"


def _cells(row: Sequence[str | int]) -> str:
    return "<tr>" + "".join(f"<td{_side(cell)}>{html.escape(str(cell))}</td>" for cell in row) + "</tr>"


def _side(cell: str | int) -> str:
    return " class=n" if str(cell)[:1].isdigit() or str(cell) == "–" else ""


def _recovery(run: Run) -> str:
    detection = run.told["detection_s"]
    rows = [
        (name, spread["n"], _three(spread), detection[name]["n"], _three(detection[name]))
        for name, spread in run.told["recovery_s"].items()
    ]
    heads = ("class", "n", "recovery p50 / p90 / max", "n", "detection p50 / p90 / max")
    return _table(heads, rows)


def _troubles(run: Run) -> str:
    rows = [
        (
            *(one["n"], one["fault"], ", ".join(one["accounts"]), _s(one["at_s"]), _s(one["lasted_s"])),
            *(one["due"], _s(one.get("detection_s")), _s(one["recovery_s"]), _s(one["drained_s"])),
            f"{one['on_time_beside']} of {one['due_beside']}",
        )
        for one in run.told["by_fault"]
    ]
    heads = (
        "",
        "fault",
        "accounts",
        "at",
        "for",
        "due",
        "detection",
        "recovery",
        "drained",
        "beside, within a minute",
    )
    return "<h2>Trouble by trouble</h2>" + _table(heads, rows)


def _falsely_blocked(run: Run) -> str:
    rows = [
        (one["delivery"], one["account"], _s(one["waited_s"]), one["cause"])
        for one in run.told["falsely_blocked"]
    ]
    return "<h2>Waited for nothing</h2>" + _table(("delivery", "account", "waited", "on record"), rows)


def _not_good(run: Run) -> str:
    rows = [
        (one["delivery"], one["account"], _s(one["due_s"]), _s(one["late_s"]), one["state"], one["why"])
        for one in run.details["not_good"]
    ]
    return "<h2>Not as promised</h2>" + _table(
        ("delivery", "account", "due at", "late", "state", "why"), rows
    )


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 14px/1.45 system-ui, sans-serif; max-width: 1120px; margin: 24px auto; color: #222; }}
h1 {{ font-size: 20px; }} h2 {{ font-size: 16px; margin-top: 28px; }}
table {{ border-collapse: collapse; margin: 10px 0; }}
td, th {{ padding: 2px 10px; text-align: left; border-bottom: 1px solid #ddd; }}
td.n {{ text-align: right; font-variant-numeric: tabular-nums; }}
svg {{ width: 100%; background: #fafafa; }} .grid {{ stroke: #ddd; stroke-width: 0.6; }}
.small {{ font-size: 10px; fill: #555; }} .mid {{ text-anchor: middle; }} .end {{ text-anchor: end; }}
.legend span {{ margin-right: 14px; font-size: 12px; }}
.legend i {{ display: inline-block; width: 12px; height: 9px; margin-right: 4px; }}
.legend i.dot {{ border-radius: 50%; width: 9px; }}
</style></head><body>
<h1>The drill</h1>
{body}
</body></html>
"""
