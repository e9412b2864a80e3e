"""``python -m steadypost.browser`` says which browser would be used; it exits 1 when there is none."""

from __future__ import annotations

import sys

from steadypost.browser.launch import BrowserMissing, find_browser


def main() -> int:
    """Say it."""
    try:
        print(find_browser())
    except BrowserMissing as missing:
        print(missing, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
