"""Plays the outages one after the other on one house: ``python -m rehearsal.outages [PROCESS ...]``."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rehearsal.outages.feed import ACCOUNTS, Feed
from rehearsal.outages.house import House, running
from rehearsal.outages.play import BACK_WITHIN, HEADER, Row, judge, line_of, named, play, until
from steadypost import prefect_address
from steadypost.domain.delivery import State
from steadypost.store import reading

UNTIL_UP = 600.0


ONE_BY_ONE = (
    "server",
    "postgres",
    "worker",
    "publish",
    "reconcile",
    "watch",
    "standby",
    "browser",
    "driver",
    "stand-in",
)
EVERY = (
    *((name, how) for name in ONE_BY_ONE for how in ("killed", "stopped")),
    ("server+publish", "killed"),
    ("postgres+publish", "killed"),
    ("supervisor", "stopped"),
    ("supervisor", "killed"),
)
"""Which are played, in this order; of ``a+b`` the first is stopped meanwhile."""


def main(words: Sequence[str] | None = None) -> int:
    """Play what was named, or all; answer 1 where something was not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.outages")
    parser.add_argument(
        "only", nargs="*", metavar="PROCESS", help=", ".join(dict.fromkeys(name for name, _ in EVERY))
    )
    parser.add_argument("--out", type=Path, default=Path("var/outages.json"))
    asked = parser.parse_args(words)
    # Told to end, it leaves nothing behind either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    rows: list[Row] = []
    with running() as house:
        house.start()
        if not until((house.home / prefect_address.FILE).exists, UNTIL_UP) or not until(
            house.is_up, UNTIL_UP
        ):
            _say(f"it did not come up; see {house.home}/logs")
            return 1
        house.accounts()
        until(house.knows_the_accounts, UNTIL_UP)
        feed = Feed(house)
        feed.start()
        ready = Row(process="none", how="")
        until(
            lambda: (
                {account for account, *_ in house.live()} == {*ACCOUNTS} and bool(named(house, "browser"))
            ),
            240,
        )
        judge(house, feed, ready, 0)
        _say(HEADER)
        for name, how in EVERY:
            if not asked.only or name in asked.only:
                rows.append(play(house, feed, name, how))
                _say(line_of(rows[-1]))
        feed.end()
        last = Row(process="the end", how="")
        last.back_s = 0.0
        judge(house, feed, last, 0)
        last.wrong += _ended(house, feed)
        rows.append(last)
        _say(line_of(last))
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps([asdict(row) for row in rows], indent=2))
    return 1 if any(row.wrong for row in rows) else 0


def _ended(house: House, feed: Feed) -> list[str]:
    """Say what the store has not understood, and what is left once it was told to end."""
    wrong: list[str] = []

    def unsettled() -> list[str]:
        with house.store as store:
            states = {
                one.delivery_id: store.read(reading.show, one.delivery_id).delivery.state for one in feed.told
            }
        return [f"{number}: {state}" for number, state in states.items() if state is not State.PUBLISHED]

    if not until(lambda: not unsettled(), BACK_WITHIN):
        wrong.append(f"live, but in the store {unsettled()}")
    if house.process is not None:
        house.process.send_signal(signal.SIGTERM)
        wrong += [] if house.process.wait(90) == 0 else [f"it ended with {house.process.returncode}"]
    return wrong + [f"left running: {one}" for one in house.left_over()]


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
