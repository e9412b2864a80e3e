"""Starts a worker, lets it be stopped, says its number, and is ended without a word."""

import os
import signal
import sys
from pathlib import Path

from rehearsal.crash.plan import Plan
from rehearsal.crash.stage import Hand, wait_until

if __name__ == "__main__":
    home = Path(sys.argv[1])
    hand = Hand(
        Plan(
            name="worker", url="sqlite:////nowhere", home=home, folder=home / "worker", x="http://127.0.0.1:1",
            people={}, go=home / "go",
        )
    )  # fmt: skip
    wait_until((home / "worker" / "log").exists, description="the worker has begun")
    hand.signal(signal.SIGSTOP)
    wait_until(hand.is_stopped, description="the worker is stopped")
    sys.stdout.write(f"{hand.pid}\n")
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)
