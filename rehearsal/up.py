"""``make up``: leaves everything running to look at. Ctrl-C ends it, and nothing is left behind."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from rich.console import Console

from rehearsal.stack import NotUp, must, start_worker, until_on_watch, up
from sandbox.client import SandboxProcess

HOME = Path("var/up")
PORT = 4200

console = Console()


def main() -> int:
    """Start everything and stay until told to end."""
    stop = threading.Event()
    # Set before anything is started: whoever ends us while we start must find nothing left either.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
    sandbox = SandboxProcess(state_file=HOME / "sandbox.json")
    try:
        with up(HOME.resolve(), say=_say, sandbox=sandbox, port=_port()) as stack:
            if not stop.is_set():
                must(stack.run("rehearsal.accounts", str(HOME / "sandbox.json")), "the account blocks")
            if not stop.is_set():
                start_worker(stack, _say)
                until_on_watch(stack, stop=stop.is_set)
            if not stop.is_set():
                _tell(stack.ui_url, sandbox.url)
            stop.wait()
            _say("ending everything")
    except NotUp as error:
        console.print(f"[red]could not start:[/red] {error}", highlight=False)
        return 1
    _say("nothing is left running")
    return 0


def _port() -> int | None:
    """Take Prefect's usual port when it is free, another otherwise."""
    import socket  # noqa: PLC0415 - for this one question

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return PORT if probe.connect_ex(("127.0.0.1", PORT)) != 0 else None


def _say(line: str) -> None:
    console.print(line, highlight=False)


def _tell(ui: str, x: str) -> None:
    console.print(
        f"""
Everything is running.

  Prefect's pages      {ui}
  compose a post       {ui}/deployments  ->  compose  ->  Run  ->  Custom run
  the sandbox's X      {x}
  the queue            STEADYPOST_HOME={HOME} .venv/bin/steadypost queue
  logs                 {HOME}/logs

Ctrl-C ends it.""",
        highlight=False,
    )


if __name__ == "__main__":
    sys.exit(main())
