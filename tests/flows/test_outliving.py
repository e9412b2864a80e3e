"""A worker dies, and what it started goes on."""

import subprocess
import sys

import pytest

RUN = """
import logging, pathlib, sys
from prefect.logging.configuration import setup_logging
from flows.outliving import outlive_the_worker

setup_logging()
if sys.argv[1] == "outlives":
    outlive_the_worker()
log = logging.getLogger("prefect.house")
log.warning("ready")
sys.stdin.readline()
for _ in range(3):
    log.warning("the worker is gone")
    print("so it is", file=sys.stderr)
pathlib.Path(sys.argv[2]).write_text("went on")
"""


@pytest.mark.parametrize(("how", "goes_on"), [("outlives", True), ("as it comes", False)])
def test_a_run_goes_on_when_nobody_reads_its_log(tmp_path, monkeypatch, how, goes_on):
    """Its worker held the other end of the pipe. As Prefect comes, the next line ends the run: hence all this."""
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    left = tmp_path / "left"
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, how, str(left)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert "ready" in run.stdout.readline(), "the run has begun"
    run.stdout.close()

    run.stdin.write("\n")
    run.stdin.close()
    run.wait(20)

    assert goes_on == left.exists()
