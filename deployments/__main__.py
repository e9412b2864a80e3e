"""``python -m deployments`` makes true what prefect.yaml takes for granted.

``--check`` only loads it. ``--on-watch`` only sees to it that somebody is on watch: what whoever starts a worker again
wants to know, in seconds.
"""

from __future__ import annotations

import sys

from deployments.apply import NotApplied, apply, check, entrypoints, on_watch
from tasks.bounds import DeadlinesRefused


def main() -> int:
    """Apply, or check; the exit code says whether it is true now."""
    if sys.argv[1:] == ["--check"]:
        wrong = check()
        print(*(wrong or [f"all {len(entrypoints())} entrypoints of prefect.yaml load"]), sep="\n")
        return 1 if wrong else 0
    if sys.argv[1:] not in ([], ["--on-watch"]):
        print("usage: python -m deployments [--check | --on-watch]", file=sys.stderr)
        return 2
    try:
        for line in on_watch() if sys.argv[1:] else apply():
            print(line)
    except (NotApplied, DeadlinesRefused) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
