"""The rehearsal ends other processes for a living; it leaves none of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]


def test_a_stopped_worker_dies_with_a_killed_rehearsal(tmp_path, wait_until):
    """It hangs and hears nothing; the kernel ends it with the process it came from."""
    driver = subprocess.run(
        [sys.executable, "-m", "tests.rehearsal.driver_to_be_killed", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PREFECT_HOME": str(tmp_path / "prefect")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert driver.stdout.strip(), driver.stderr
    worker = int(driver.stdout)

    wait_until(lambda: not psutil.pid_exists(worker), description="the worker is gone", within=30)
