"""One outage: a process is killed or stopped, all comes back, and the ledgers are held against what was to go out."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import psutil

from rehearsal.outages.feed import Feed, Told
from rehearsal.outages.house import House
from rehearsal.stack import ROOT
from steadypost.domain.watched import FLOWS
from steadypost.store import StoreError
from tasks import runs

PUBLISHED_WITHIN = timedelta(seconds=60)
"""How long after its time a post may come to life, whatever is killed or stopped."""

STARTS = 4
"""How often Python has to begin until another publishes: where that takes long, a post may take as long."""

BACK_WITHIN = 180.0
"""Seconds until every process is there again, and every post that fell due is live."""

RESTART_AFTER = 10.0
"""Seconds after which systemd starts it again, as its unit says."""

STOPPED_FOR, SERVER_STOPPED_FOR = 50.0, 120.0

SEEN_FOR = 20.0
"""Seconds in which posts fall due after a process was killed, whether or not all is back before."""


@dataclass(kw_only=True)
class Row:
    """What one outage did."""

    process: str
    how: str
    due: int = 0
    lost: int = 0
    copies: int = 0
    late: int = 0
    worst_s: float = 0.0
    replaced_s: float | None = None
    back_s: float | None = None
    start_s: float = 0.0
    """What Python took to begin meanwhile: three seconds on a machine that has little else to do."""
    wrong: list[str] = field(default_factory=list)


def named(house: House, name: str) -> list[psutil.Process]:
    """Find the processes that an outage is for."""
    if name in FLOWS:
        return runs.processes().get(house.holder(name), [])
    if name == "stand-in":
        return [
            one for one in runs.processes().get(house.holder("publish"), []) if runs.STAND_IN in one.cmdline()
        ]
    found = house.by_name()[name]
    # PostgreSQL has a process for each connection.
    return [*found, *(child for one in found if name == "postgres" for child in one.children(recursive=True))]


def play(house: House, feed: Feed, name: str, how: str) -> Row:
    """Kill or stop the processes of one name, wait until all is back, and judge."""
    row, first = Row(process=name, how=how), len(feed.told)
    parts = name.split("+")
    with contextlib.ExitStack() as after:
        if parts[0] == "stand-in":
            _have_one_stand_in(house, after)
        for part in parts[:-1]:
            _stop(named(house, part), after)
        after.enter_context(_timed_start(row))
        began = time.monotonic()
        gone = house.holder("publish") if parts[-1] == "publish" else None
        found = named(house, parts[-1])
        if not found:
            row.wrong.append("there was none")
        if how == "killed":
            for one in found:
                with contextlib.suppress(psutil.Error):
                    one.kill()
            _see(house, row, gone, began, SERVER_STOPPED_FOR if len(parts) > 1 else SEEN_FOR)
        else:
            _stop(found, after)
            _see(house, row, gone, began, SERVER_STOPPED_FOR if name == "server" else STOPPED_FOR)
    ended = time.monotonic()
    back = until(lambda: _again(house), BACK_WITHIN)
    row.back_s = round(time.monotonic() - ended, 1) if back else None
    judge(house, feed, row, first)
    return row


@contextlib.contextmanager
def _timed_start(row: Row) -> Iterator[None]:
    """Note how long Python takes to begin: whatever else uses the machine is not what is judged."""

    def start() -> None:
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", "import flows.stand_in"], cwd=ROOT, check=True)
        row.start_s = round(time.monotonic() - began, 1)

    thread = threading.Thread(target=start, name="timed-start")
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _again(house: House) -> bool:
    """Whether all is there; a service's supervisor that died is started by systemd, and here by us."""
    if house.process is not None and house.process.poll() is not None:
        time.sleep(RESTART_AFTER)  # as systemd's RestartSec has it
        house.start()
    return house.is_up()


def _have_one_stand_in(house: House, after: contextlib.ExitStack) -> None:
    """Have the server stopped and the publisher dead, until a stand-in publishes."""
    _stop(named(house, "server"), after)
    for one in named(house, "publish"):
        one.kill()
    until(lambda: bool(named(house, "stand-in")) and house.is_on_watch(), 120)


def _stop(found: Sequence[psutil.Process], after: contextlib.ExitStack) -> None:
    for one in found:
        with contextlib.suppress(psutil.Error):
            one.suspend()
            after.callback(_go_on, one)


def _go_on(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.Error):
        process.resume()


def _see(house: House, row: Row, gone: str | None, began: float, lasts: float) -> None:
    """Let posts fall due for a while, and note when another publishes."""
    while (passed := time.monotonic() - began) < lasts:
        if gone is not None and row.replaced_s is None:
            with contextlib.suppress(StoreError):
                row.replaced_s = round(passed, 1) if house.holder("publish") != gone else None
        if house.process is not None and house.process.poll() is not None:
            break
        time.sleep(0.5)  # other processes' work: nothing tells when it is done


def until(what: Callable[[], bool], within: float) -> bool:
    """Wait for a condition; answer whether it came."""
    ends = time.monotonic() + within
    while not what():
        if time.monotonic() > ends:
            return False
        time.sleep(0.5)  # the same
    return True


def judge(house: House, feed: Feed, row: Row, first: int) -> None:
    """Hold the ledgers against what was to go out since the outage began."""
    told = feed.told[first:]

    def missing() -> list[Told]:
        there = {(account, text) for account, text, _ in house.live()}
        return [one for one in told if (one.account, one.text) not in there]

    until(lambda: not missing(), BACK_WITHIN)
    ledger = list(house.live())
    wanted = {(one.account, one.text) for one in told}
    copies = Counter((account, text) for account, text, _ in ledger if (account, text) in wanted)
    # The first of copies is the one that was in time.
    since = {
        (account, text): at for account, text, at in sorted(ledger, key=lambda one: one[2], reverse=True)
    }
    late = {
        one.text: since[one.account, one.text] - one.due_at
        for one in told
        if (one.account, one.text) in since
    }
    row.due, row.lost = len(told), len(told) - len(late)
    row.copies = sum(count - 1 for count in copies.values())
    row.worst_s = round(max((one.total_seconds() for one in late.values()), default=0.0), 1)
    within = max(PUBLISHED_WITHIN, timedelta(seconds=STARTS * row.start_s))
    row.late = sum(one > within for one in late.values())
    if row.back_s is None:
        row.wrong.append(f"not back within {BACK_WITHIN:.0f} s")
    for name in ("lost", "copies", "late"):
        if getattr(row, name):
            row.wrong.append(f"{getattr(row, name)} {name}")


HEADER = (
    f"{'process':18}{'':9}{'due':>5}{'lost':>6}{'copies':>8}{'late':>6}"
    f"{'worst s':>9}{'replaced s':>12}{'back s':>8}{'start s':>9}"
)


def line_of(row: Row) -> str:
    """Write a row."""
    seconds = ["-" if one is None else f"{one:.1f}" for one in (row.worst_s, row.replaced_s, row.back_s)]
    told = f"{row.process:18}{row.how:9}{row.due:5}{row.lost:6}{row.copies:8}{row.late:6}"
    return f"{told}{seconds[0]:>9}{seconds[1]:>12}{seconds[2]:>8}{row.start_s:>9.1f}  {'; '.join(row.wrong)}"
