"""``make bench``: measures, prints, and writes ``var/bench/publish.json``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench import claim, cli, publish

OUT = Path("var/bench/publish.json")


def main() -> int:
    """Measure everything; the figures are judged by their reader, not by an exit code."""
    figures = {
        "machine": publish.machine(),
        "claim": claim.measure(),
        "cli": cli.measure(),
        "publish": publish.measure(),
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))
    print(f"written to {OUT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
