"""Detection and recovery, class by class: real processes are broken, and recover by themselves."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from rehearsal.audit import audit
from rehearsal.recovery import CLASSES, Played, Ward, play, stop_everybody, ward
from rehearsal.waiting import NotInTime, until
from steadypost.domain.figures import NEVER, Distribution

HOME = Path("var/bench/recovery")
EVERY = int(os.environ.get("RECOVERY_EVERY", "10"))
"""Seconds between two rounds: a sixth of what production takes, so that many faults fit into an hour."""

TIMES = int(os.environ.get("RECOVERY_TIMES", "5"))

NAMES = tuple(os.environ.get("RECOVERY_CLASSES", ",".join(CLASSES)).split(","))
"""What is played: all of it, unless a person wants less."""

GOAL_P90_S = 60.0
GOAL_MOST_S = 300.0


def measure(times: int = TIMES, names: Sequence[str] = NAMES) -> dict[str, Any]:
    """Play every class so many times in one house; answers the figures."""
    shutil.rmtree(HOME, ignore_errors=True)
    played: dict[str, list[Played]] = {name: [] for name in names}
    failed: list[str] = []
    never: Counter[str] = Counter()
    replaced: list[float] = []
    with ward(HOME, every=EVERY, say=lambda line: print(line, file=sys.stderr)) as house:
        cost = _cost(house)
        for n in range(times):
            for name in names:
                try:
                    one = play(house, name)
                except NotInTime as late:
                    failed.append(f"{name}, round {n + 1}: {late}")
                    never[name] += 1
                    print(failed[-1], file=sys.stderr, flush=True)
                    continue
                played[name].append(one)
                _say(one)
                _keep(played, never, failed, house.judge.rounds, house.judge.false)
            try:
                replaced.append(stop_everybody(house))
                print(f"all stopped: a watch came after {replaced[-1]} s", file=sys.stderr, flush=True)
            except NotInTime as late:
                failed.append(f"all stopped, round {n + 1}: {late}")
        house.judge.stop()
        wrong = audit(house.store, house.stack.sandbox).wrong
        figures = _figures(played, never, failed, house.judge.rounds, house.judge.false)
    # The vanished posts of `nothing_is_live` are what the ledger must contradict; anything else is a fault of ours.
    figures["cost_of_watching"] = cost
    figures["watch_replaced_by_automation_s"] = _spread(replaced)
    return {**figures, "store_against_ledger": [one for one in wrong if "not live" not in one]}


def _cost(house: Ward) -> dict[str, float]:
    """Measure what the watch takes in a house that is well: memory, and processor time for each round."""
    with suppress(psutil.NoSuchProcess):
        return _cost_of_this_one(house)
    # It was relieved meanwhile; the next one is there for as long as it takes.
    return _cost_of_this_one(house)


def _cost_of_this_one(house: Ward) -> dict[str, float]:
    process = until(lambda: house.on_watch("watch"), "a run of watch is on watch", 120)
    before, began = process.cpu_times(), time.monotonic()
    time.sleep(max(60, 2 * EVERY))  # what is measured is so long; it ends before the next relief
    after, rounds = process.cpu_times(), (time.monotonic() - began) / EVERY
    used = after.user + after.system - before.user - before.system
    cost = {
        "memory_mb": round(process.memory_full_info().uss / 2**20),
        "cpu_s_per_round": round(used / rounds, 3),
    }
    print(f"cost of watching: {cost}", file=sys.stderr, flush=True)
    return cost


def _say(one: Played) -> None:
    told = ", ".join(heard.title for heard in one.heard)
    print(
        f"{one.name}: found after {one.detected_s} s, well after {one.recovered_s} s, post live after {one.live_s} s, "
        f"{one.tries} remedies; heard: {told}",
        file=sys.stderr,
        flush=True,
    )


def _keep(
    played: dict[str, list[Played]],
    never: Mapping[str, int],
    failed: list[str],
    rounds: int,
    false: list[str],
) -> None:
    """Write what there is so far: a bench that is cut off has measured what it has measured."""
    HOME.parent.mkdir(parents=True, exist_ok=True)
    figures = _figures(played, never, failed, rounds, false)
    (HOME.parent / "recovery-so-far.json").write_text(json.dumps(figures, indent=2) + "\n")


def _figures(
    played: dict[str, list[Played]],
    never: Mapping[str, int],
    failed: list[str],
    rounds: int,
    false: list[str],
) -> dict[str, Any]:
    recovered = [
        seconds
        for name, many in played.items()
        if CLASSES[name].remedy
        for seconds in (*(one.recovered_s for one in many), *[NEVER] * never.get(name, 0))
    ]
    return {
        "seconds_between_rounds": EVERY,
        "classes": {
            name: _class(name, many, never.get(name, 0))
            for name, many in played.items()
            if many or never.get(name)
        },
        "with_a_remedy": {**_spread(recovered), "goal_p90": GOAL_P90_S, "goal_most": GOAL_MOST_S},
        "not_recovered": failed,
        "verdicts_against_ledger": {"comparisons": rounds, "false": false},
    }


def _class(name: str, many: Sequence[Played], never: int) -> dict[str, Any]:
    """Say how one class went; what was never over took longer than all that was."""
    return {
        "n": len(many) + never,
        "never": never,
        "has_a_remedy": CLASSES[name].remedy,
        "detected_s": _spread([one.detected_s for one in many]),
        "detected_within_2_rounds": sum(one.detected_s <= 2 * EVERY for one in many),
        "recovered_s": _spread([*(one.recovered_s for one in many), *[NEVER] * never]),
        "found_to_well_s": _spread([one.mended_s for one in many]),
        "post_live_s": _spread([*(one.live_s for one in many), *[NEVER] * never]),
        "told_once": sum(one.is_told_once() for one in many),
        "messages": [len(one.heard) for one in many],
        "calls": [sum(heard.calls for heard in one.heard) for one in many],
        "incidents": [len(one.incidents) for one in many],
        "remedies": [one.tries for one in many],
    }


def _spread(values: Sequence[float]) -> dict[str, Any]:
    told = Distribution.of(values).as_dict()
    return {name: told[name] for name in ("n", "p50", "p90", "max")}
