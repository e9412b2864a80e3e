"""``python -m rehearsal.simulation``: weeks in minutes, or every switch off alone and in pairs.

python -m rehearsal.simulation days 28 --seed 7 --out var/simulated     four weeks, as a drill is reported
python -m rehearsal.simulation switches --seed 7                        each switch off, and each pair, in a storm
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click

from blocks.switches import names
from rehearsal.simulation.odds import NAMED
from rehearsal.simulation.run import Piece, Told, run, simulate

NEVER = ("duplicates", "lost", "false_status", "false_blocks", "broken_rules", "never_back")
"""What must not happen once."""

WORK = frozenset({"publish"})
"""Off, nothing is published, and there is nothing to find."""


@click.group()
def main() -> None:
    """Simulate."""


@main.command()
@click.argument("days", type=click.FloatRange(min=0.01))
@click.option("--seed", default=7, show_default=True)
@click.option("--odds", default="usual", show_default=True, type=click.Choice(list(NAMED)))
@click.option("--out", default=Path("var/simulated"), show_default=True, type=click.Path(path_type=Path))
@click.option("--at-once", type=int, help="How many worlds at a time; as many as there are cores.")
def days(days: float, seed: int, odds: str, out: Path, at_once: int | None) -> None:
    """Simulate so many days, and write report.json and details.json."""
    sys.exit(simulated(days=days, seed=seed, odds=odds, out=out, at_once=at_once))


def simulated(*, days: float, seed: int, odds: str, out: Path, at_once: int | None = None) -> int:
    """Simulate, write the report, and say by the exit code whether what must never happen did not."""
    out.mkdir(parents=True, exist_ok=True)
    told: dict[str, Any] = {}
    for simulation in run(seed=seed, days=days, odds=odds, at_once=at_once):
        told = simulation.as_dict()
        # After each world, so that an early end keeps what was simulated.
        (out / "report.json").write_text(json.dumps(told, indent=2) + "\n")
        (out / "details.json").write_text(json.dumps(simulation.details(), indent=2) + "\n")
        shown = {name: told[name] for name in ("due", "good", "availability", "duplicates", "lost")}
        print(f"{simulation.days:g} days: {shown}", flush=True)
    print(json.dumps({name: value for name, value in told.items() if name != "by_fault"}, indent=2))
    return int(any(told[name] for name in NEVER))


@main.command()
@click.option("--seed", default=7, show_default=True)
@click.option("--hours", default=2.0, show_default=True, help="How long each lives.")
@click.option("--at-once", type=int, help="How many worlds at a time; as many as there are cores.")
@click.option("--alone", is_flag=True, help="Each switch alone, without the pairs.")
def switches(seed: int, hours: float, at_once: int | None, *, alone: bool) -> None:
    """Turn each switch off, and each pair of them, in a storm: none may ever cost a second copy."""
    every = [name for name in names() if name not in WORK]
    off = [(name,) for name in every] + ([] if alone else list(itertools.combinations(every, 2)))
    stretches = [
        Piece(n=n, seed=seed, days=hours / 24, odds="storm", off=those) for n, those in enumerate(off)
    ]
    worst = 0
    hands = at_once or os.cpu_count() or 1
    with ProcessPoolExecutor(hands, mp_context=get_context("spawn")) as pool:
        for told in pool.map(simulate, stretches):
            print(in_words(told), flush=True)
            worst += told.duplicates + told.false_status + len(told.broken_rules)
    sys.exit(int(worst > 0))


def in_words(told: Told) -> str:
    """Say in one line how a stretch went."""
    off = " and ".join(told.piece.off) or "nothing"
    good = sum(line.live_at is not None for line in told.lines)
    return (
        f"{off} off: {told.asks} asked, {good} of {len(told.lines)} live, {told.duplicates} twice, "
        f"{told.false_status} falsely told"
    )


if __name__ == "__main__":
    main()
