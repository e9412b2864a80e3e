"""A flow that hangs in its first run, where neither Prefect nor Python can interrupt it. Run by a real worker."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from pathlib import Path

from prefect import flow

from tasks.deadline import ended_within


@flow(name="hanging", retries=0)
def hanging() -> str:
    """Hang, the first time; the next one finds the mark and goes through."""
    mark = Path(os.environ["STEADYPOST_HOME"]) / "hung-once"
    with ended_within(timedelta(seconds=2)):
        if not mark.exists():
            mark.touch()
            here, _there = socket.socketpair()
            here.recv(1)
    return "went through"
