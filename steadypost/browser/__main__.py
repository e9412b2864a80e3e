"""``python -m steadypost.browser`` starts the browser that would be used, and says which; it exits 1 when none starts."""

from __future__ import annotations

import sys

from steadypost.browser.proof import NotProven, prove

PATIENCE = 60.0
"""Seconds. Setup asks, on machines that are busy with other things, and is better late than wrong."""


def main() -> int:
    """Prove it."""
    try:
        proven = prove(PATIENCE)
    except NotProven as wrong:
        print(f"{wrong.what}.\nremedy: {wrong.remedy}", file=sys.stderr)
        return 1
    print(f"{proven.executable}, version {proven.version}: it starts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
