"""``make demo``: posts travel to every network's sandbox, in light weather, and the networks' ledgers judge.
With ``--real``, Mastodon and Bluesky are servers written elsewhere (``make demo-networks``).

Writes ``var/demo/report.json`` and exits 0 only if nothing is live twice, no status is false, and everything
that was due is published on every network, the posts whose answers were lost included.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rehearsal import verdict
from rehearsal.accounts import NAMES
from rehearsal.audit import MOST, Audit
from rehearsal.databases import prefects_own
from rehearsal.networks import BLUESKY, MASTODON, X_API, X_WEB, Networks
from rehearsal.networks import real as networks_real
from rehearsal.real.bluesky import why_not
from rehearsal.stack import NotUp, Stack, must, start_worker, until_on_watch, up
from rehearsal.verdict import Verdict
from sandbox.client import SandboxProcess
from sandbox.running import write_state
from steadypost import private
from steadypost.browser.proof import NotProven, prove
from steadypost.domain import clock
from steadypost.domain.delivery import State
from steadypost.store import Store, reading

HOME = Path("var/demo")
POSTS = (Path("examples/posts.csv"), Path("examples/networks.csv"))
TARGET = "1988888888888888888"
"""The post of bob's that carol answers in examples/posts.csv."""

WITHIN = timedelta(seconds=150)
"""When the demo gives up on what is not settled."""

PROVEN_AFTER = timedelta(seconds=4)
"""After so long without a post a browser is proven anew: a failing proof takes 15 s, and 20 s are allowed."""

REASON_AFTER = timedelta(seconds=15)
"""After so long it is asked what holds the posts up, and one that does not pass by itself ends the demo."""

NOTHING_WITHIN = timedelta(seconds=60)
"""Without a single post for so long the demo ends: five seconds when idle, several times that when loaded."""

LASTING = {"circuit_open", "nobody_on_watch", "no_account", "paused", "closed", "store_away", "struck",
           "switched_off"}  # fmt: skip
"""Reasons, as ``steadypost why`` names them, that no more waiting mends."""

WEATHER: dict[str, tuple[dict[str, Any], ...]] = {
    X_WEB: (
        {"fault": "latency", "params": {"ms": 250, "jitter_ms": 200}},
        {"fault": "drop_response", "account": "bob", "match": "^Lost at chess", "count": 1},
        {
            "fault": "error_code",
            "account": "carol",
            "skip": 2,
            "count": 1,
            "params": {"code": 88, "status": 429, "reset_seconds": 8},
        },
    ),
    X_API: ({"fault": "lost_after", "match": "why old bridges hum", "count": 1},),
    MASTODON: ({"fault": "drop_response", "match": "^The ferry runs again", "count": 1},),
    BLUESKY: ({"fault": "drop_after", "match": "Three mornings on the pier", "count": 1},),
}
"""Light: a slow page, carol told once to wait, and on each network one lost answer (on Bluesky a thread's)."""

console = Console()


class NothingGoesOut(Exception):
    """Not one post has been published, and more waiting would not help; the message says why."""


def main(arguments: Sequence[str]) -> int:
    """Run the demo; the exit code is the verdict."""
    real = "--real" in arguments
    if real and (why := why_not()):
        return _ended(why)
    # Ended from outside it leaves as little behind as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    shutil.rmtree(HOME, ignore_errors=True)
    page = SandboxProcess(state_file=HOME.resolve() / "sandbox.json")
    networks = networks_real(page) if real else Networks(page=page)
    private.home(HOME)
    try:
        _say(f"browser: {prove().executable} starts")
        with (
            prefects_own(_say) as database,
            up(
                HOME.resolve(), say=_say, sandbox=networks.page, beside=networks.beside(), settings=database
            ) as stack,
        ):
            start_worker(stack, _say, meanwhile=lambda: _prepare(stack, networks))
            _say(f"Prefect's pages, while this runs: {stack.ui_url}")
            store = until_on_watch(stack)
            since = clock.now()
            refused = _import(stack)
            _follow(store, Firsts(stack, store, since))
            found = verdict.reach(store, networks, refused)
    except NotUp as error:
        console.print(f"[red]The demo could not start:[/red] {error}")
        return 1
    except NotProven as wrong:
        return _ended(f"no browser starts here: {wrong.what}.", f"remedy: {wrong.remedy}")
    except NothingGoesOut as why:
        return _ended(str(why), f"the logs are in {HOME}/logs")
    except KeyboardInterrupt:
        console.print("ended from outside; nothing is left running")
        return 130
    seconds = round(time.monotonic() - began, 1)
    report = {**found.report(), "seconds": seconds}
    (HOME / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    (HOME / "ledgers.json").write_text(json.dumps(found.ledgers, indent=2) + "\n")
    _show(found, report)
    return 0 if found.is_right() else 1


def _say(line: str) -> None:
    console.print(f"[dim]{datetime.now().astimezone():%H:%M:%S}[/dim]  {line}", highlight=False)


def _ended(*lines: str) -> int:
    console.print(Text("Nothing goes out, so the demo ends here:", style="red"))
    for line in lines:
        console.print(Text(line), soft_wrap=True)
    return 1


def _prepare(stack: Stack, networks: Networks) -> None:
    """Give the sandboxes their people's past and their weather, and Steadypost its accounts."""
    page = networks.page
    for handle in page.accounts:
        page.seed(handle, 12)
    page.hand_post("bob", "Found in the attic: the green lamp from Harbour Street.", post_id=TARGET)
    page.weather(*WEATHER[X_WEB])
    networks.x_api.weather(*WEATHER[X_API])
    networks.mastodon.weather(*WEATHER[MASTODON])
    networks.bluesky.weather(*WEATHER[BLUESKY])
    _say(f"accounts: {', '.join([*page.accounts, *NAMES.values()])} get their blocks")
    # Other processes read them from a working folder of their own.
    page_told, beside = HOME.resolve() / "sandbox.json", HOME.resolve() / "networks.json"
    write_state(beside, networks.sign_in())
    saved = stack.run("rehearsal.accounts", str(page_told), "--networks", str(beside))
    must(saved, "the account blocks")


def _import(stack: Stack) -> list[str]:
    """Take the files in by the command line; answers what was refused, a sentence for each row."""
    with ThreadPoolExecutor(len(POSTS)) as beside:
        every = list(beside.map(lambda file: (file, _imported(stack, file)), POSTS))
    return [sentence for file, done in every for sentence in _taken(file, done)]


def _imported(stack: Stack, file: Path) -> CompletedProcess[str]:
    _say(f"steadypost import {file}")
    return stack.run("steadypost.cli", "import", str(file), "--json")


def _taken(file: Path, done: CompletedProcess[str]) -> list[str]:
    if done.returncode not in (0, 1):  # 1: some rows were refused, as one of them must be
        raise NotUp(f"the import failed:\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    counts = {name: int(count) for name, count in told["counts"].items() if count}
    _say(f"{file.name}: " + "  ".join(f"{count} {name}" for name, count in counts.items()))
    refused = ["; ".join(map(_refusal, entered["refusals"])) for entered in told["refused"]]
    for sentence in refused:
        _say(f"refused: {sentence}")
    return refused


def _refusal(one: dict[str, Any]) -> str:
    return f"{one['where']}, {one['field']}: {one['why']}; {one['remedy']}"


class Firsts:
    """Waits for the first post to be published, and finds out why when none is."""

    def __init__(self, stack: Stack, store: Store, since: datetime) -> None:
        self._stack = stack
        self._store = store
        # A post that was due long before it came in is about to be missed: it says nothing about those that may go out.
        moving = [
            one.delivery.due_at
            for one in store.read(reading.queue, limit=MOST)
            if one.delivery.state in MOVING and one.delivery.due_at >= since
        ]
        self._due = min(moving, default=clock.now())
        self._steps = [
            (PROVEN_AFTER, self._prove),
            (REASON_AFTER, self._ask),
            (NOTHING_WITHIN, self._give_up),
        ]

    def look(self) -> None:
        """Take the next step when its time has come; none once a post is out."""
        if not self._steps or self._store.read(reading.counts)[State.PUBLISHED]:
            self._steps = []
        elif clock.now() > self._due + self._steps[0][0]:
            self._steps.pop(0)[1]()

    def _prove(self) -> None:
        prove()

    def _ask(self) -> None:
        said, kinds = self._why()
        _say(said)
        if kinds and kinds <= LASTING:
            raise NothingGoesOut(said)

    def _give_up(self) -> None:
        seconds = NOTHING_WITHIN.total_seconds()
        raise NothingGoesOut(f"{seconds:.0f} s after the first was due, none is published. {self._why()[0]}")

    def _why(self) -> tuple[str, set[str]]:
        """Ask the command line, as an operator would."""
        done = self._stack.run("steadypost.cli", "why", "--json", within=15)
        try:
            told = json.loads(done.stdout)
        except ValueError:
            return f"'steadypost why' fails: {done.stderr[-500:]}", set()
        return str(told["sentence"]), {str(one["kind"]) for one in told["reasons"]}


def _follow(store: Store, firsts: Firsts) -> None:
    """Show progress until everything has come to rest, or the time is over; raise when nothing ever moves."""
    ends = time.monotonic() + WITHIN.total_seconds()
    shown = ""
    while time.monotonic() < ends:
        counts = {str(state): count for state, count in store.read(reading.counts).items() if count}
        line = "  ".join(f"{count} {state}" for state, count in sorted(counts.items()))
        if line != shown:
            _say(line)
            shown = line
        if _at_rest(store):
            return
        firsts.look()
        time.sleep(0.5)
    _say("[red]the time is over[/red]")


MOVING = (State.SCHEDULED, State.SENDING, State.PARTIAL, State.UNCONFIRMED)


def _at_rest(store: Store) -> bool:
    entries = store.read(reading.queue, limit=MOST)
    seen = all(entry.verified_at for entry in entries if entry.delivery.state is State.PUBLISHED)
    return seen and not any(entry.delivery.state in MOVING for entry in entries)


def _show(found: Verdict, report: dict[str, Any]) -> None:
    console.print(_deliveries(found.whole))
    console.print_json(json.dumps(report))
    console.print(_channels(found))
    _list("Did not go out:", found.not_out())
    _list("Wrong:", found.wrong())
    said = "[green]right[/green]" if found.is_right() else "[red]not right[/red]"
    console.print(
        f"The store against the ledgers of {len(found.channels)} networks: {said}. "
        f"The report is {HOME}/report.json",
        highlight=False,
    )


def _list(title: str, lines: Sequence[str]) -> None:
    if lines:
        console.print(Text(title))
    for line in lines:
        console.print(Text(f"  {line}"), soft_wrap=True)


def _deliveries(found: Audit) -> Table:
    table = Table(title="Deliveries", title_justify="left", padding=(0, 1, 0, 0), box=None)
    columns = (("id", 3), ("as", 13), ("state", 11), ("late", 7), ("live as", 19), ("post", None))
    for column, width in columns:
        table.add_column(column, no_wrap=True, width=width)
    for row in found.rows:
        more = f" +{len(row.live) - 1}" if len(row.live) > 1 else ""
        # Of an address the end is what tells posts apart.
        first = row.live[0].rpartition("/")[2] if row.live else "-"
        text = _short(row.text, console.width - 65) + more
        table.add_row(str(row.id), row.account, row.state, row.late_by_words(), first, text)
    return table


def _channels(found: Verdict) -> Table:
    table = Table(title="Channels", title_justify="left", padding=(0, 2, 0, 0), box=None)
    table.add_column("channel")
    for column in verdict.FIGURES:
        table.add_column(column.replace("_", " "), justify="right")
    for channel, figures in found.figures().items():
        table.add_row(channel, *(str(figures[column]) for column in verdict.FIGURES))
    return table


def _short(text: str, width: int) -> str:
    """Cut a text to so many cells: CJK and emoji take two."""
    line = Text(" ".join(text.split()))
    line.truncate(max(8, width), overflow="ellipsis")
    return line.plain


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
