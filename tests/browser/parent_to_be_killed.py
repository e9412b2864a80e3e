"""A parent of a lane, to be killed in mid-job: python parent_to_be_killed.py RUN_DIR."""

import sys
import time
from pathlib import Path

from steadypost.browser import Job, Lane, LaunchSettings

if __name__ == "__main__":
    lane = Lane.start(LaunchSettings(), Path(sys.argv[1]))
    lane.run(
        Job("tests.browser.browser_jobs:works_on"),
        deadline=time.monotonic() + 600,
        on_step=lambda _: print(lane.identity, flush=True),  # noqa: T201 - the test listens
    )
