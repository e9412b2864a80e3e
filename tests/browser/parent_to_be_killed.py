"""A parent of a runner, to be killed in mid-job: python parent_to_be_killed.py RUN_DIR."""

import sys
import time
from pathlib import Path

from steadypost.browser import BrowserRunner, Job, LaunchSettings

if __name__ == "__main__":
    runner = BrowserRunner.start(LaunchSettings(), Path(sys.argv[1]))
    runner.run(
        Job("tests.browser.browser_jobs:works_on"),
        deadline=time.monotonic() + 600,
        on_step=lambda _: print(runner.identity, flush=True),  # noqa: T201 - the test listens
    )
