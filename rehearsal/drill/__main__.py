"""``make drill``: everything runs for real while things go wrong, and the network's own ledger says how it went.

python -m rehearsal.drill --seed 7 --minutes 15 --out var/drill            with every protection
python -m rehearsal.drill --seed 7 --minutes 15 --out var/control --control   the same, with every protection off
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console

from rehearsal.drill.page import Run, draw
from rehearsal.drill.person import PROTECTIONS
from rehearsal.drill.programme import WEATHERS, programme
from rehearsal.drill.report import Report, report_of
from rehearsal.drill.stage import NotPlayed, played
from rehearsal.simulation.__main__ import simulated
from rehearsal.stack import NotUp
from steadypost import private

console = Console(width=160)


@click.command()
@click.option("--seed", default=7, show_default=True, help="The same seed gives the same programme.")
@click.option("--minutes", default=15.0, show_default=True, type=click.FloatRange(min=1))
@click.option("--weather", default="all", show_default=True, type=click.Choice(list(WEATHERS)))
@click.option("--store", default="sqlite", show_default=True, type=click.Choice(["sqlite", "postgresql"]))
@click.option("--control", is_flag=True, help="The same programme with every protection's switch off.")
@click.option(
    "--off",
    multiple=True,
    type=click.Choice(PROTECTIONS),
    help="The same programme without this protection; may be given again.",
)
@click.option("--out", default=Path("var/drill"), show_default=True, type=click.Path(path_type=Path))
@click.option(
    "--beside",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of another run, to be drawn as what was before.",
)
@click.option(
    "--simulate",
    "days",
    type=click.FloatRange(min=0.01),
    metavar="DAYS",
    help="Instead of drilling for real: so many days against a simulated network and clock.",
)
@click.option("--keep", is_flag=True, help="Leave what the run wrote: store, logs, sessions.")
def main(  # noqa: PLR0917 - click hands its options in by name
    seed: int,
    minutes: float,
    weather: str,
    store: str,
    off: tuple[str, ...],
    out: Path,
    beside: Path | None,
    days: float | None,
    *,
    control: bool,
    keep: bool,
) -> None:
    """Drill the whole house, and say how it went; the exit code says whether what must never happen did not."""
    if off and (control or days is not None):
        other = (
            "--control, which turns off all of them" if control else "--simulate, which has another programme"
        )
        raise click.UsageError(f"--off names single protections: leave it out beside {other}")
    if days is not None:
        sys.exit(simulated(days=days, seed=seed, odds="usual", out=out))
    home = out / "home"
    shutil.rmtree(home, ignore_errors=True)
    private.home(home)
    # Ended by a signal, from a shell or a supervisor, it leaves nothing behind either.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    plan = programme(seed=seed, minutes=minutes, weather=weather, store=store)
    try:
        with played(plan, home.resolve(), off=PROTECTIONS if control else off, store=store, say=_say) as (
            done,
            stack,
        ):
            report = report_of(done)
            told = _write(report, out, beside)
            stack.run("rehearsal.drill.linked", str(out.resolve()))
    except (NotUp, NotPlayed) as error:
        console.print(f"[red]The drill could not be played:[/red] {error}", highlight=False)
        sys.exit(2)
    except KeyboardInterrupt:
        console.print("ended by Ctrl-C; nothing is left running")
        sys.exit(130)
    if not keep:
        _tidy(home)
    console.print_json(json.dumps({name: value for name, value in told.items() if name != "by_fault"}))
    for bad in report.details()["not_good"]:
        console.print(f"not good: {bad}", highlight=False)
    for broken in report.broken:
        console.print(f"[red]{broken}[/red]", highlight=False)
    console.print(f"The report is {out}/report.json, its pictures are {out}/report.html", highlight=False)
    sys.exit(0 if report.holds() else 1)


def _write(report: Report, out: Path, beside: Path | None) -> dict[str, object]:
    told, details = report.as_dict(), report.details()
    (out / "report.json").write_text(json.dumps(told, indent=2) + "\n")
    (out / "details.json").write_text(json.dumps(details, indent=2) + "\n")
    (out / "report.html").write_text(draw(Run.of(told, details), Run.read(beside) if beside else None))
    return told


def _tidy(home: Path) -> None:
    """Leave the logs; the store and the sessions go."""
    for path in home.iterdir():
        if path.name == "logs":
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _say(line: str) -> None:
    console.print(f"[dim]{datetime.now().astimezone():%H:%M:%S}[/dim]  {line}", highlight=False)


if __name__ == "__main__":
    main()
