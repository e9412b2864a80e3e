"""``python -m deployments`` makes true what prefect.yaml takes for granted; ``--check`` only loads it."""

from __future__ import annotations

import sys

from deployments.apply import NotApplied, apply, check, entrypoints
from tasks.bounds import DeadlinesRefused


def main() -> int:
    """Apply, or check; the exit code says whether it is true now."""
    if sys.argv[1:] == ["--check"]:
        wrong = check()
        print(*(wrong or [f"all {len(entrypoints())} entrypoints of prefect.yaml load"]), sep="\n")
        return 1 if wrong else 0
    if sys.argv[1:]:
        print("usage: python -m deployments [--check]", file=sys.stderr)
        return 2
    try:
        for line in apply():
            print(line)
    except (NotApplied, DeadlinesRefused) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
