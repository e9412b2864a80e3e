"""Turns a switch, as an operator would in Prefect's pages: ``python -m bench.turn reconcile off``."""

from __future__ import annotations

import sys

from blocks import Switch, Switches
from blocks.switches import DOCUMENT


def main() -> None:
    """Save the switches with one of them changed."""
    name, position = sys.argv[1:]
    switch = Switch(on=position == "on", reason="being measured", by="bench")
    Switches(**{name: switch}).save(DOCUMENT, overwrite=True)


if __name__ == "__main__":
    main()
