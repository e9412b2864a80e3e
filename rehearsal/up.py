"""``make up``: leaves everything running to look at. Ctrl-C ends it, and nothing is left behind."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from rich.console import Console

from rehearsal.stack import NotUp, free_port, must, start_metrics, start_worker, until_on_watch, up
from sandbox.client import SandboxProcess

HOME = Path("var/up")
PORT = 4200
"""Prefect's usual one, when it is free."""

METRICS_PORT = 9464
"""The usual one of `steadypost metrics`, when it is free."""

console = Console()


def main() -> int:
    """Start everything and stay until told to end."""
    stop = threading.Event()
    # Set before anything is started: whoever ends us while we start must find nothing left either.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    home = HOME.resolve()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    sandbox = SandboxProcess(state_file=home / "sandbox.json")
    try:
        with up(home, say=_say, sandbox=sandbox, port=free_port(PORT)) as stack:
            if not stop.is_set():
                must(stack.run("rehearsal.accounts", str(home / "sandbox.json")), "the account blocks")
            if not stop.is_set():
                start_worker(stack, _say)
                until_on_watch(stack, stop=stop.is_set)
            if not stop.is_set():
                _tell(stack.ui_url, sandbox.url, start_metrics(stack, free_port(METRICS_PORT)))
            stop.wait()
            _say("ending everything")
    except NotUp as error:
        console.print(f"[red]could not start:[/red] {error}", highlight=False)
        return 1
    _say("nothing is left running")
    return 0


def _say(line: str) -> None:
    console.print(line, highlight=False)


def _tell(ui: str, x: str, metrics: str) -> None:
    console.print(
        f"""
Everything is running.

  Prefect's pages      {ui}
  compose a post       {ui}/deployments  ->  compose  ->  Run  ->  Custom run
  the sandbox's X      {x}
  metrics, health      {metrics}/metrics, {metrics}/health
  the queue            STEADYPOST_HOME={HOME} .venv/bin/steadypost queue
  logs                 {HOME}/logs

Ctrl-C ends it.""",
        highlight=False,
    )


if __name__ == "__main__":
    sys.exit(main())
