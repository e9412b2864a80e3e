"""``make demo``: real posts travel through every room, in light weather, and the network's ledger judges.

Writes ``var/demo/report.json`` and exits 0 only if nothing is live twice, no status is false, and everything
that was due is published, the one whose answer was lost included.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rehearsal.audit import MOST, Audit, audit
from rehearsal.stack import NotUp, Stack, must, start_worker, until_on_watch, up
from sandbox.client import SandboxProcess
from steadypost.domain.delivery import State
from steadypost.store import Store

HOME = Path("var/demo")
POSTS = Path("examples/posts.csv")
TARGET = "1988888888888888888"
"""The post of bob's that carol answers in examples/posts.csv."""

WITHIN = timedelta(seconds=150)
"""When the demo gives up on what is not settled."""

WEATHER = (
    {"fault": "latency", "params": {"ms": 250, "jitter_ms": 200}},
    {"fault": "drop_response", "account": "bob", "match": "^Lost at chess", "count": 1},
    {
        "fault": "error_code",
        "account": "carol",
        "skip": 2,
        "count": 1,
        "params": {"code": 88, "status": 429, "reset_seconds": 8},
    },
)
"""Light: answers take their time, one of bob's is lost, and carol is told once to wait."""

console = Console()


def main() -> int:
    """Run the demo; the exit code is the verdict."""
    began = time.monotonic()
    shutil.rmtree(HOME, ignore_errors=True)
    sandbox = SandboxProcess(state_file=HOME / "sandbox.json")
    HOME.mkdir(parents=True)
    try:
        with up(HOME.resolve(), say=_say, sandbox=sandbox) as stack:
            _prepare(stack)
            start_worker(stack, _say)
            _say(f"Prefect's pages, while this runs: {stack.ui_url}")
            store = until_on_watch(stack)
            refused = _import(stack)
            _follow(store)
            found = audit(store, sandbox, refused_at_entry=refused)
    except NotUp as error:
        console.print(f"[red]The demo could not start:[/red] {error}")
        return 1
    except KeyboardInterrupt:
        console.print("ended by Ctrl-C; nothing is left running")
        return 130
    seconds = round(time.monotonic() - began, 1)
    report = {**found.report(), "seconds": seconds}
    (HOME / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    _show(found, report)
    return 0 if found.is_right() else 1


def _say(line: str) -> None:
    console.print(f"[dim]{datetime.now().astimezone():%H:%M:%S}[/dim]  {line}", highlight=False)


def _prepare(stack: Stack) -> None:
    """Give the sandbox its people's past and its weather, and Steadypost its accounts."""
    sandbox = stack.sandbox
    for handle in sandbox.accounts:
        sandbox.seed(handle, 12)
    sandbox.hand_post("bob", "Found in the attic: the green lamp from Harbour Street.", post_id=TARGET)
    sandbox.weather(*WEATHER)
    _say("accounts: alice, bob and carol get their blocks")
    must(stack.run("rehearsal.accounts", str(HOME / "sandbox.json")), "the account blocks")


def _import(stack: Stack) -> int:
    """Take the file in by the command line; answers how many rows were refused."""
    _say(f"steadypost import {POSTS}")
    done = stack.run("steadypost.cli", "import", str(POSTS), "--json")
    if done.returncode not in (0, 1):  # 1: some rows were refused, as one of them must be
        raise NotUp(f"the import failed:\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    counts = {name: int(count) for name, count in told["counts"].items()}
    _say("  ".join(f"{count} {name}" for name, count in counts.items()))
    for entered in told["refused"]:
        for one in entered["refusals"]:
            _say(f"refused: {one['where']}, {one['field']}: {one['why']}; {one['remedy']}")
    return counts["refused"]


def _follow(store: Store) -> None:
    """Show progress until everything has come to rest, or the time is over."""
    ends = time.monotonic() + WITHIN.total_seconds()
    shown = ""
    while time.monotonic() < ends:
        counts = {str(state): count for state, count in store.counts().items() if count}
        line = "  ".join(f"{count} {state}" for state, count in sorted(counts.items()))
        if line != shown:
            _say(line)
            shown = line
        if _at_rest(store):
            return
        time.sleep(0.5)
    _say("[red]the time is over[/red]")


MOVING = (State.SCHEDULED, State.SENDING, State.PARTIAL, State.UNCONFIRMED)


def _at_rest(store: Store) -> bool:
    entries = store.queue(limit=MOST)
    seen = all(entry.verified_at for entry in entries if entry.delivery.state is State.PUBLISHED)
    return seen and not any(entry.delivery.state in MOVING for entry in entries)


def _show(found: Audit, report: dict[str, Any]) -> None:
    table = Table(title="Deliveries", title_justify="left", padding=(0, 1, 0, 0), box=None)
    for column, width in (("id", 3), ("as", 6), ("state", 11), ("late", 7), ("live as", 19), ("post", None)):
        table.add_column(column, no_wrap=True, width=width)
    for row in found.rows:
        more = f" +{len(row.live) - 1}" if len(row.live) > 1 else ""
        first = row.live[0] if row.live else "-"
        text = _short(row.text, console.width - 58) + more
        table.add_row(str(row.id), row.account, row.state, row.late_by_words(), first, text)
    console.print(table)
    console.print_json(json.dumps(report))
    for wrong in found.wrong:
        console.print(f"[red]{wrong}[/red]", highlight=False)
    verdict = "[green]right[/green]" if found.is_right() else "[red]not right[/red]"
    console.print(
        f"The store against the ledger: {verdict}. The report is {HOME}/report.json", highlight=False
    )


def _short(text: str, width: int) -> str:
    """Cut a text to so many cells: CJK and emoji take two."""
    line = Text(" ".join(text.split()))
    line.truncate(max(8, width), overflow="ellipsis")
    return line.plain


if __name__ == "__main__":
    sys.exit(main())
