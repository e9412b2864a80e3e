"""Run the sandbox of X's API: ``python -m sandbox.x_api --account alice``. One JSON line says where it is."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading

from sandbox.x_api import XApiSandbox
from sandbox.x_api.control import Control

ENDINGS = {signal.SIGINT, signal.SIGTERM}


def main() -> None:
    """Run until it is told to end."""
    parser = argparse.ArgumentParser(description="A local look-alike of X's API v2")
    parser.add_argument("--account", action="append", dest="accounts", metavar="HANDLE")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control-port", type=int, default=0, help="port of the ledger and the weather")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when stdin closes")
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--lag-ms", type=float, default=0)
    parser.add_argument("--clock-offset", type=float, default=0, metavar="SECONDS")
    given = parser.parse_args()
    accounts = tuple(given.accounts or ("alice", "bob"))
    sandbox = XApiSandbox(
        accounts,
        port=given.port,
        latency_s=given.latency_ms / 1000,
        lag_s=given.lag_ms / 1000,
        clock_offset_s=given.clock_offset,
    )
    # Before any thread starts: they inherit the mask, and only this one is to hear a signal.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    with sandbox, Control(sandbox, given.control_port) as control:
        known = {name: {"keys": sandbox.keys(name), "grant": sandbox.grant(name)} for name in accounts}
        ready = {
            "url": sandbox.url,
            "control_url": control.url,
            "control_token": control.token,
            "accounts": known,
        }
        print(json.dumps(ready), flush=True)
        if given.exit_with_parent:
            threading.Thread(target=_end_with_parent, daemon=True).start()
        signal.sigwait(ENDINGS)


def _end_with_parent() -> None:
    """Wait until the parent process is gone."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
