"""``steadypost service``: has systemd run ``steadypost up``."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from steadypost import private
from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.cli.up import units
from steadypost.cli.up.units import Unit

if TYPE_CHECKING:
    from rich.console import Console

RUNS = Path("/run/systemd/system")
"""Where systemd is what runs the machine, this folder is there (sd_booted(3))."""

WITHOUT = (
    "run 'steadypost up' from what starts programs here: a container's command, an OpenRC or runit service, or cron: "
    "@reboot steadypost up"
)


def _scope(work: Callable[..., Answer]) -> Callable[..., Answer]:
    return click.option(
        "--system/--user",
        "whole",
        default=None,
        help="For the whole machine, or for you alone. By default root means the machine.",
    )(work)


@command("install")
@_scope
@click.option("--run-as", metavar="NAME", help="With --system: the user it runs as.")
@click.option("--dry-run", is_flag=True, help="Print the unit and the commands, and do nothing.")
def install(house: House, *, whole: bool | None, run_as: str | None, dry_run: bool) -> Answer:
    """Write the unit, have it start with the machine, and start it now."""
    whole = _whole(whole)
    unit, commands_ = _unit(house, whole, run_as), _commands(whole)
    if dry_run:
        return _dry(unit, commands_)
    _refuse_without_systemd()
    _write(unit)
    for words in commands_:
        _run(words)
    lingers = whole or _lingers()
    lines = [f"{unit.path} is written, enabled and started.", "What it says: " + " ".join(_journal(whole))]
    if not lingers:
        lines.append("It ends when you log out. To have it run always: loginctl enable-linger")
    return _told({"path": str(unit.path), "started": True, "lingers": lingers}, lines)


@command("uninstall")
@_scope
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
def uninstall(house: House, *, whole: bool | None, dry_run: bool) -> Answer:
    """Stop it, and take the unit away. Posts, accounts and logs stay."""
    whole = _whole(whole)
    path = _path(whole)
    words = [*_systemctl(whole), "disable", "--now", units.NAME]
    if dry_run:
        return _told({"path": str(path), "commands": [words]}, [" ".join(words), f"remove {path}"])
    _refuse_without_systemd()
    if not path.exists():
        raise Stop(Ending.REFUSED, "not_installed", f"there is no {path}", "see 'steadypost service status'")
    _run(words)
    path.unlink()
    _run([*_systemctl(whole), "daemon-reload"])
    return _told(
        {"path": str(path), "removed": True},
        [f"It is stopped, and {path} is gone. {house.settings.home} stays."],
    )


@command("stop")
@_scope
def stop(house: House, *, whole: bool | None) -> Answer:
    """Stop it until the next start of the machine, or until 'steadypost service install'."""
    del house
    whole = _whole(whole)
    _refuse_without_systemd()
    _run([*_systemctl(whole), "stop", units.NAME])
    return _told({"stopped": True}, ["It is stopped."])


@command("status")
@_scope
def status(house: House, *, whole: bool | None) -> Answer:
    """Say whether it is installed, starts with the machine, and runs."""
    del house
    whole = _whole(whole)
    if not RUNS.exists():
        return _told({"systemd": False}, [f"systemd does not run this machine: {WITHOUT}"], Ending.REFUSED)
    asked = [
        *_systemctl(whole),
        "show",
        units.NAME,
        "-p",
        "LoadState,ActiveState,SubState,UnitFileState,NRestarts,MainPID",
    ]
    shown = subprocess.run(asked, capture_output=True, text=True, check=False)
    found = dict(line.split("=", 1) for line in shown.stdout.splitlines() if "=" in line)
    runs = found.get("ActiveState") == "active"
    if found.get("LoadState") != "loaded":
        lines = ["It is not installed: steadypost service install"]
    else:
        lines = [
            f"It {'runs' if runs else 'does not run'} ({found.get('ActiveState')}, {found.get('SubState')}).",
            f"It was started again {found.get('NRestarts', '0')} times.",
            f"With the machine it {'starts' if found.get('UnitFileState') == 'enabled' else 'does not start'}.",
            "What it says: " + " ".join(_journal(whole)),
        ]
    return _told({"systemd": True, "unit": found}, lines, Ending.OK if runs else Ending.REFUSED)


def _told(document: dict[str, Any], lines: list[str], ending: Ending = Ending.OK) -> Answer:
    return Answer(
        document=document, tell=lambda console: speech.tell_lines(console, "\n".join(lines)), ending=ending
    )


def _dry(unit: Unit, commands_: list[list[str]]) -> Answer:
    document = {"path": str(unit.path), "unit": unit.text, "commands": commands_}

    def tell(console: Console) -> None:
        speech.tell(console, f"would write {unit.path}:")
        # As it is, to be copied: neither wrapped nor coloured.
        console.out(f"\n{unit.text}", highlight=False)
        speech.tell_lines(console, "\n".join(["and run:", *(" ".join(words) for words in commands_)]))

    return Answer(document=document, tell=tell)


def _whole(given: bool | None) -> bool:
    return os.geteuid() == 0 if given is None else given


def _path(whole: bool) -> Path:
    return units.SYSTEM / units.NAME if whole else Path.home() / units.USER / units.NAME


def _unit(house: House, whole: bool, run_as: str | None) -> Unit:
    python = Path(sys.executable)
    home = house.settings.home
    if not whole:
        if run_as is not None:
            raise Stop(Ending.USAGE, "usage", "--run-as goes with --system", "say --system, or leave it out")
        unit = units.user(python=python, home=home, owner=Path.home())
    else:
        name = _user(run_as)
        if "STEADYPOST_HOME" not in os.environ:
            home = Path(pwd.getpwnam(name).pw_dir) / ".steadypost"
        unit = units.system(python=python, home=home, user=name)
    for path in (python, home):
        if (why := units.refusal(path)) is not None:
            raise Stop(Ending.USAGE, "path", f"{why}, which a unit cannot hold", "use another folder")
    return unit


def _user(run_as: str | None) -> str:
    """Name the user it runs as. Not root unless told so: the browser's own sandbox is off for root."""
    name = run_as or os.environ.get("SUDO_USER", "")
    if not name:
        message = "it is not said as which user it runs, and root's browser has no sandbox"
        raise Stop(Ending.USAGE, "run_as", message, "make a user for it, and say --run-as NAME")
    try:
        pwd.getpwnam(name)
    except KeyError:
        raise Stop(
            Ending.USAGE, "run_as", f"--run-as {name!r}: there is no such user", "adduser --system it first"
        ) from None
    return name


def _commands(whole: bool) -> list[list[str]]:
    return [
        [*_systemctl(whole), "daemon-reload"],
        [*_systemctl(whole), "enable", units.NAME],
        [*_systemctl(whole), "restart", units.NAME],
    ]


def _systemctl(whole: bool) -> list[str]:
    return ["systemctl", "--system" if whole else "--user"]


def _journal(whole: bool) -> list[str]:
    return ["journalctl", "-f", "-u" if whole else "--user-unit", units.NAME]


def _refuse_without_systemd() -> None:
    if not RUNS.exists() or shutil.which("systemctl") is None:
        raise Stop(Ending.REFUSED, "no_systemd", "systemd does not run this machine", WITHOUT)


def _write(unit: Unit) -> None:
    try:
        unit.path.parent.mkdir(parents=True, exist_ok=True)
        private.write(unit.path, unit.text.encode())
        unit.path.chmod(0o644)
    except OSError as error:
        told = error.strerror or type(error).__name__
        message = f"{unit.path} cannot be written ({told})"
        raise Stop(Ending.REFUSED, "unit", message, "run it as root, or say --user") from None


def _run(words: list[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        told = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[0]
        raise Stop(
            Ending.REFUSED,
            "systemctl",
            f"'{' '.join(words)}' failed: {told}",
            "see 'steadypost service status'",
        )


def _lingers() -> bool:
    """Whether what is this user's goes on without a login; have it so, where this user may."""
    if shutil.which("loginctl") is None:
        return False
    subprocess.run(["loginctl", "enable-linger"], capture_output=True, check=False)
    asked = ["loginctl", "show-user", str(os.getuid()), "-p", "Linger", "--value"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() == "yes"


service = click.Group(
    "service",
    commands={"install": install, "uninstall": uninstall, "status": status, "stop": stop},
    help="Have systemd run 'steadypost up': after each start of the machine, and again when it ends.",
)

commands = {"service": service}
