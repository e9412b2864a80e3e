"""Turns switches, as an operator would in Prefect's pages: ``python -m bench.turn reconcile off publish off``."""

from __future__ import annotations

import sys

from blocks import Switch, Switches
from blocks.switches import DOCUMENT


def main() -> None:
    """Save the switches with these as said, and all others on."""
    said = zip(sys.argv[1::2], sys.argv[2::2], strict=True)
    turned = {name: Switch(on=to == "on", reason="being measured", by="bench") for name, to in said}
    Switches(**turned).save(DOCUMENT, overwrite=True)


if __name__ == "__main__":
    main()
