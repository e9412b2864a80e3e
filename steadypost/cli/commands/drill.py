"""``steadypost drill``: hands over to the rehearsal, where it is installed. Nothing that ships imports it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.speech import Answer

REHEARSAL = "rehearsal.drill"
"""The module that drills. It needs the sandbox, which comes with the repository."""


@command("drill")
@click.option(
    "--seed", type=int, default=7, show_default=True, help="The same seed gives the same programme."
)
@click.option("--minutes", type=click.FloatRange(min=1), default=15.0, show_default=True)
@click.option(
    "--weather", default="all", show_default=True, help="Which programme; an unknown name lists them."
)
@click.option(
    "--store", "kind", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True
)
@click.option(
    "--simulate",
    "days",
    type=click.FloatRange(min=0.01),
    metavar="DAYS",
    help="Instead: so many days against a simulated network and clock.",
)
@click.option("--control", is_flag=True, help="The same programme with every protection's switch off.")
@click.option(
    "--off",
    multiple=True,
    metavar="SWITCH",
    help="The same programme without this protection; may be given again.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The folder for report.json and its page."
)
def drill(  # noqa: PLR0917 - click hands its options in by name
    house: House,  # noqa: ARG001 - a drill brings a store of its own
    seed: int,
    minutes: float,
    weather: str,
    kind: str,
    off: tuple[str, ...],
    out: Path,
    days: float | None,
    *,
    control: bool,
) -> Answer:
    """Run everything for real against a local X while things go wrong, and measure how it goes."""
    if not _is_installed():
        message = "the drill is not part of this installation"
        remedy = "it comes with the repository: run 'make setup' there, and then 'make drill'"
        raise Stop(Ending.USAGE, "not_installed", message, remedy)
    words = [
        "--seed",
        str(seed),
        "--minutes",
        str(minutes),
        "--weather",
        weather,
        "--store",
        kind,
        "--out",
        str(out),
    ]
    words += [] if days is None else ["--simulate", str(days)]
    words += [word for name in off for word in ("--off", name)]
    report = out / "report.json"
    report.unlink(missing_ok=True)
    # What it tells while it runs goes to people, on standard error; the answer stays one document.
    done = subprocess.run(
        [sys.executable, "-m", REHEARSAL, *words, *(["--control"] if control else [])],
        stdout=sys.stderr,
        check=False,
    )
    if done.returncode not in _PLAYED or not report.exists():
        raise Stop(Ending.USAGE, "not_played", "the drill was not played", "its output is above")
    told = json.loads(report.read_text())
    ending = Ending.OK if done.returncode == 0 else Ending.UNHEALTHY
    counted = f"{told['good']} of {told['due']} good, {told['duplicates']} duplicates, {told['lost']} lost"
    shown = f"{report}: {counted}"
    return Answer(document={"report": told}, tell=lambda console: console.print(shown), ending=ending)


_PLAYED = frozenset({0, 1})
"""It was played: and everything held, or not."""


def _is_installed() -> bool:
    try:
        return find_spec(REHEARSAL) is not None
    except ModuleNotFoundError:
        return False


commands = {"drill": drill}
