"""``steadypost figures``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.domain.figures import (
    OBJECTIVE,
    SILENCE,
    Availability,
    Distribution,
    Figures,
    figures,
    troubles,
)
from steadypost.domain.lengths import span, spoken
from steadypost.domain.money import usd
from steadypost.domain.span import Span
from steadypost.store import figures as figure_rows
from steadypost.store import incidents
from steadypost.store import money as money_rows
from steadypost.store.money import Spent

if TYPE_CHECKING:
    from rich.console import Console

MOST_INCIDENTS = 10_000
"""More than that in one window are a way of life."""


@command("figures")
@click.option("--last", default="7d", show_default=True, metavar="LENGTH", help="Up to now: 1h, 7d, 4w.")
@click.option("--since", metavar="TIME", help="Instead of --last: from then on, as 2026-11-24T18:30+01:00.")
@click.option("--until", metavar="TIME", help="Up to then, instead of up to now.")
@click.option(
    "--within", metavar="LENGTH", help="How late is still on time, instead of STEADYPOST_ON_TIME (5m)."
)
@click.option(
    "--objective",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=OBJECTIVE,
    show_default=True,
    help="The share of due posts that is to be good: what the error budget is counted from.",
)
def figures_of(
    house: House, *, last: str, since: str | None, until: str | None, within: str | None, objective: float
) -> Answer:
    """Say how well it went over a stretch of time, from what the networks' ids tell and the store remembers.

    Good is a post that was due and is live exactly once, with its id on record, within five minutes of its
    time. What does not count (not due yet, held, taken back in time, refused for what it says, or without room
    in the account's own limits) is named beside it.
    """
    now = clock.now()
    ends = _moment("--until", until) if until else now
    begins = _moment("--since", since) if since else ends - _length("--last", last)
    if begins >= ends:
        raise Stop(Ending.USAGE, "usage", "the stretch ends before it begins", "give an earlier --since")
    window, on_time = Span(begins, ends), _length("--within", within) if within else house.settings.on_time
    with house.store() as store:
        due_posts = store.read(figure_rows.due_posts, window, on_time)
        money = store.read(money_rows.spent, window)
        told = figures(
            due_posts,
            window,
            now=now,
            within=on_time,
            objective=objective,
            # A little earlier, so that an outage under way at the beginning is seen as one.
            outages=store.read(figure_rows.outages, Span(begins - SILENCE, ends)),
            troubles=troubles(
                [
                    one
                    for one in store.read(incidents.latest, MOST_INCIDENTS, since=begins)
                    if one.opened_at < ends
                ],
                due_posts,
            ),
        )
    zone = house.settings.zone
    document = told.as_dict() | {"spent_usd": {one.account: _dollars(one) for one in money}}

    def tell(console: Console) -> None:
        _tell(console, told, zone)
        for one in money:
            unconfirmed = f", {usd(one.unknown)} of it for unconfirmed posts" if one.unknown else ""
            shares = f"posts {usd(one.posts)}, reading {usd(one.reads)}{unconfirmed}"
            says = f"spent       {one.account}: {usd(one.total)} ({shares})"
            speech.tell(console, says)

    return Answer(document=document, tell=tell)


def _dollars(one: Spent) -> dict[str, str]:
    return {"posts": str(one.posts), "reads": str(one.reads), "unknown": str(one.unknown)}


def _length(option: str, written: str) -> timedelta:
    length = span(written)
    if not length:
        raise Stop(Ending.USAGE, "usage", f"{option} {written!r} is no length of time", "write 5m, 1h or 7d")
    return length


def _moment(option: str, written: str) -> datetime:
    try:
        return clock.utc(datetime.fromisoformat(written))
    except ValueError:
        remedy = "write 2026-11-24T18:30+01:00, with its offset"
        raise Stop(Ending.USAGE, "usage", f"{option} {written!r} is no instant", remedy) from None


def _tell(console: Console, told: Figures, zone: str) -> None:
    window = told.window
    speech.tell(
        console, f"From {speech.moment(window.since, zone)} to {speech.moment(window.until, zone)} ({zone})"
    )
    speech.tell(console, f"available   {_share(told.availability, told.within)}")
    if told.outages:
        speech.tell(console, f"            {_share(told.availability_without_outages, told.within)}")
        speech.tell(console, f"            without the network's own outages ({len(told.outages)})")
    for title, outcomes in (("not good", told.availability.bad), ("not counted", told.availability.left_out)):
        if outcomes:
            some = ", ".join(f"{many} {outcome.replace('_', ' ')}" for outcome, many in outcomes.items())
            speech.tell(console, f"{title:<11} {some}")
    beside = f", {_percent(told.time_without_outages)} without the network's outages" if told.outages else ""
    speech.tell(console, f"of the time {_percent(told.time)}{beside}")
    speech.tell(console, f"late by     {_spread(told.lateness)}")
    for kind, one in told.recoveries.items():
        speech.tell(
            console,
            f"{kind}: noticed after {_spread(one.detection)}; well after {_spread(one.repair)}"
            + (f"; not over: {one.open}" if one.open else ""),
        )
    left = told.budget.left
    if left is not None:
        burns = ", ".join(
            f"{rate:.1f} over {spoken(window)}" for window, rate in told.burn.items() if rate is not None
        )
        speech.tell(
            console,
            f"budget      {told.budget.bad} of {told.budget.allowed:.1f} spent at {told.budget.objective:.2%}, "
            f"{left:.0%} left; burn rate {burns or '-'}",
        )


def _share(of: Availability, within: timedelta) -> str:
    if of.ratio is None or of.lower_95 is None:
        return "nothing was due"
    return (
        f"{_percent(of.ratio)}: {of.good} of {of.due} due were live once, on record, within "
        f"{spoken(within)} (at least {_percent(of.lower_95)}, with 95 % confidence)"
    )


def _percent(share: float | None) -> str:
    return "nothing was due" if share is None else f"{share * 100:.2f} %"


def _spread(of: Distribution) -> str:
    if of.p50 is None or of.p90 is None or of.max is None:
        return "nothing"
    return f"{of.p50:.1f} s (p50), {of.p90:.1f} s (p90), {of.max:.1f} s (most), of {of.n}"


commands = {"figures": figures_of}
