"""``make up``: leaves everything running to look at. Ctrl-C ends it, and nothing is left behind."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from prefect.settings import PREFECT_API_URL, PREFECT_UI_URL, temporary_settings
from rich.console import Console

from rehearsal.accounts import NAMES
from rehearsal.databases import prefects_own
from rehearsal.networks import Networks
from rehearsal.stack import NotUp, Stack, must, start_metrics, start_worker, until_on_watch, up
from rehearsal.timelines import Timelines
from sandbox.client import SandboxProcess
from sandbox.running import write_state
from steadypost import private
from steadypost.cli.up.server import free_port
from steadypost.store import AccountRecord
from steadypost.store import accounts as account_rows
from tasks.pages import board_address

HOME = Path("var/up")
PORT = 4200
"""Prefect's usual one, when it is free."""

METRICS_PORT = 9464
"""The usual one of `steadypost metrics`, when it is free."""

console = Console()


def main() -> int:
    """Start everything and stay until told to end."""
    stop = threading.Event()
    # Set before anything is started: ended while starting, it leaves nothing behind either.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    home = HOME.resolve()
    private.home(home)
    networks = Networks(page=SandboxProcess(state_file=home / "sandbox.json"))
    try:
        with (
            prefects_own(_say) as database,
            up(
                home,
                say=_say,
                sandbox=networks.page,
                beside=networks.beside(),
                port=free_port(PORT),
                settings=database,
            ) as stack,
            Timelines(networks.ledgers()) as timelines,
        ):
            if not stop.is_set():
                start_worker(stack, _say, meanwhile=lambda: _save_accounts(stack, networks))
                store = until_on_watch(stack, stop=stop.is_set)
                if not stop.is_set():
                    metrics = start_metrics(stack, free_port(METRICS_PORT))
                    _tell(
                        stack.ui_url,
                        _board(stack),
                        metrics,
                        store.read(account_rows.every),
                        _shown(networks, timelines),
                    )
            stop.wait()
            _say("ending everything")
    except NotUp as error:
        console.print(f"[red]could not start:[/red] {error}", highlight=False)
        return 1
    _say("nothing is left running")
    return 0


def _save_accounts(stack: Stack, networks: Networks) -> None:
    beside = stack.home / "networks.json"
    write_state(beside, networks.sign_in())
    saved = stack.run("rehearsal.accounts", str(stack.home / "sandbox.json"), "--networks", str(beside))
    must(saved, "the account blocks")


def _shown(networks: Networks, timelines: Timelines) -> dict[str, str]:
    """Say where what is live can be seen, by channel: X's page shows it itself."""
    return {"x_web": networks.page.url} | {channel: timelines.of(channel) for channel in NAMES}


def _say(line: str) -> None:
    console.print(line, highlight=False)


def _board(stack: Stack) -> str:
    with temporary_settings({PREFECT_API_URL: stack.api_url, PREFECT_UI_URL: stack.ui_url}):
        return board_address()


def _tell(
    ui: str, board: str, metrics: str, accounts: Sequence[AccountRecord], shown: Mapping[str, str]
) -> None:
    networks = "\n".join(
        f"  {channel:<20} {url}   {', '.join(one.name for one in accounts if one.channel == channel)}"
        for channel, url in shown.items()
    )
    console.print(
        f"""
Everything is running.

  Prefect's pages      {ui}
  compose a post       {ui}/deployments  ->  Compose a post  ->  Run
  the board            {board}

What is live in each network's sandbox, and the accounts there:

{networks}

  metrics, health      {metrics}/metrics, {metrics}/health
  the queue            STEADYPOST_HOME={HOME} .venv/bin/steadypost queue
  logs                 {HOME}/logs

Ctrl-C ends it.""",
        highlight=False,
    )


if __name__ == "__main__":
    sys.exit(main())
