"""``make bench``: measures, prints, and writes ``var/bench/*.json``. ``python -m bench NAME`` measures one of them."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import (
    api,
    bulkheads,
    channels,
    claim,
    cli,
    corpus,
    idle,
    memory,
    publish,
    reconcile,
    recovery,
    resilience,
    scale,
)
from bench.house import machine

OUT = Path("var/bench")


def _publish() -> dict[str, Any]:
    return {
        "machine": machine(),
        "claim": claim.measure(),
        "cli": cli.measure(),
        "publish": publish.measure(),
    }


MEASURES: dict[str, Callable[[], dict[str, Any]]] = {
    "publish": _publish,
    "reconcile": reconcile.measure,
    "bulkheads": bulkheads.measure,
    "memory": memory.measure,
    "recovery": recovery.measure,
    "corpus": corpus.measure,
    "resilience": resilience.measure,
    "channels": channels.measure,
    "api": api.measure,
    "crowd": api.measure_crowd,
    "idle": idle.measure,
    "scale": scale.measure,
}
"""What is measured, by the name of the file that it is written to."""

LONG = frozenset({"recovery", "corpus", "api", "crowd", "idle", "scale"})
"""What takes long, up to the better part of an hour, and is measured only when it is named."""


def main() -> int:
    """Measure everything that was asked for; the figures are judged by their reader, not by an exit code."""
    names = sys.argv[1:] or [name for name in MEASURES if name not in LONG]
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(MEASURES)}", file=sys.stderr)
        return 2
    # Ended by a signal, from a shell or a supervisor, it leaves nothing behind either.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    OUT.mkdir(parents=True, exist_ok=True)
    for name in names:
        figures = MEASURES[name]()
        (OUT / f"{name}.json").write_text(json.dumps(figures, indent=2) + "\n")
        print(json.dumps(figures, indent=2))
        print(f"written to {OUT / name}.json")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("ended before its time; nothing is left running", file=sys.stderr)
        sys.exit(130)
