"""``steadypost up``: everything that publishes, in the foreground, until it is told to end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from steadypost import prefect_address, private, settings
from steadypost.browser import reap_orphans
from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.cli.up import server
from steadypost.cli.up.processes import MARK, Child, Family

UP_WITHIN = 300.0
"""Seconds that Prefect's server may take to answer: a first start makes its tables, on a loaded machine in minutes."""

LOCK = "up.lock"


@command("up")
def up(house: House) -> Answer:
    """Run everything that publishes, in the foreground: Prefect's server, unless PREFECT_API_URL names another, and a
    worker with the runs on watch. SIGTERM or Ctrl-C ends all of it. 'steadypost service install' has it run always.
    """
    home = house.settings.home
    stop = threading.Event()
    # Set before anything is started: whoever ends us while we start must find nothing left either.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    private.home(home)
    with _alone(home):
        mark = secrets.token_hex(8)
        own = server.ours(home, os.environ)
        made = server.environment if own else server.named
        env = made(home, os.environ, {MARK: mark})
        family = Family(mark=mark, say=_say)
        try:
            _start(family, env, home, own=own, stop=stop)
            if not stop.is_set():
                server.notify("READY=1")
                _say(f"running; Prefect's pages: {_shown(env).removesuffix('/api')}")
            family.watch_over(stop)
        finally:
            server.notify("STOPPING=1")
            _say("ending everything")
            left = family.end(first=("worker",))
            reap_orphans(house.settings.run_dir)
    if left:
        raise Stop(Ending.DEFECT, "left", f"processes {left} could not be ended", "look at them with ps")
    return Answer(
        document={"ended": True}, tell=lambda console: speech.tell(console, "nothing is left running")
    )


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Let one of them run for a home."""
    with os.fdopen(os.open(home / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, private.FILE), "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"another 'steadypost up' runs for {home}"
            raise Stop(
                Ending.REFUSED, "runs_already", message, "end that one, or set STEADYPOST_HOME"
            ) from None
        yield


def _start(family: Family, env: Mapping[str, str], home: Path, *, own: bool, stop: threading.Event) -> None:
    """Start one after the other what the next needs; ends early when told to stop."""
    logs = private.folder(home / "logs")
    if own:
        _say("starting Prefect's server")
        family.start(_child("server", _server(env), env, logs))
    _until(lambda: server.answers(env), env, family, stop)
    if stop.is_set():
        return
    # So that every command finds the server by the home alone, the emergency stop above all.
    prefect_address.keep(home, env)
    _say("making the deployments")
    done = _deployments(env)
    if done.returncode != 0:
        told = (done.stderr.strip() or done.stdout.strip()).splitlines()
        message = f"the deployments could not be made: {settings.without_password(told[-1] if told else '')}"
        raise Stop(Ending.REFUSED, "deployments", message, "run 'python -m deployments' to see all of it")
    if not stop.is_set():
        _say("starting the worker")
        worker = _child("worker", _worker(), env, logs)
        # The runs on watch may have died with it; whoever starts a worker sees to it that somebody is.
        worker.restarted = lambda: _deployments(env, "--on-watch")
        family.start(worker)


def _until(is_up: Callable[[], bool], env: Mapping[str, str], family: Family, stop: threading.Event) -> None:
    waited = 0.0
    while not stop.is_set() and not is_up():
        dead = [child for child in family.children if not child.alive]
        if dead or waited > UP_WITHIN:
            message = f"Prefect's API at {_shown(env)} does not answer"
            where = (
                f"look at {dead[0].log or 'the journal'}" if dead else "start it, or correct PREFECT_API_URL"
            )
            raise Stop(Ending.REFUSED, "prefect_away", message, where)
        stop.wait(0.25)
        waited += 0.25


def _shown(env: Mapping[str, str]) -> str:
    return settings.without_password(env[prefect_address.NAME])


def _deployments(env: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deployments", *words],
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _server(env: Mapping[str, str]) -> list[str]:
    port = env["PREFECT_SERVER_API_PORT"]
    return [*_prefect(), "server", "start", "--host", "127.0.0.1", "--port", port]


def _worker() -> list[str]:
    return [*_prefect(), "worker", "start", "--pool", "steadypost", "--type", "process"]


def _prefect() -> list[str]:
    return [sys.executable, "-m", "prefect"]


def _child(name: str, words: list[str], env: Mapping[str, str], logs: Path) -> Child:
    # Below systemd all of it is the journal's; elsewhere each has a file.
    in_journal = "JOURNAL_STREAM" in os.environ
    return Child(name=name, command=words, env=env, log=None if in_journal else logs / f"{name}.log")


def _say(line: str) -> None:
    print(f"steadypost: {line}", file=sys.stderr, flush=True)  # noqa: T201 - progress of what runs on


commands = {"up": up}
