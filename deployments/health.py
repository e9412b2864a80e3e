"""``python -m deployments.health worker|server``: whether a container does its work; exit code 1 if not.

Worker: one runs, and some run is on watch (by the store). Server: it answers, with its database and its password.
"""

from __future__ import annotations

import base64
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import psutil

from steadypost import settings
from steadypost.domain import clock
from steadypost.domain.watched import FLOWS, UNHEALTHY_AFTER
from steadypost.store import watches

PATIENCE_S = 10.0


def worker() -> Iterator[str]:
    """Name what is wrong with this container's worker, and with those on watch."""
    from steadypost.store import Store, StoreError  # noqa: PLC0415 - the server's container has no store

    if not any(_is_worker(process) for process in psutil.process_iter()):
        yield "no worker runs here, or it hangs"
    try:
        with Store.at(settings.read().store_url) as store:
            heard = {lease.flow: lease.heartbeat_at for lease in store.read(watches.every)}
    except (StoreError, settings.SettingsRefused) as error:
        yield settings.without_password(f"the store cannot say who is on watch: {error}")
        return
    yield from silent(heard, clock.now())


def silent(heard: Mapping[str, datetime], now: datetime) -> Iterator[str]:
    """Name the flows without a run on watch."""
    for flow in FLOWS:
        if flow not in heard:
            yield f"no run has been on watch for {flow} yet"
        elif now - heard[flow] > UNHEALTHY_AFTER:
            yield f"{flow} has been silent for {(now - heard[flow]).total_seconds():.0f} s"


def _is_worker(process: psutil.Process) -> bool:
    try:
        return " worker start " in " ".join(process.cmdline()) and process.status() not in (
            psutil.STATUS_STOPPED,
            psutil.STATUS_ZOMBIE,
        )
    except psutil.Error:
        return False


def server() -> Iterator[str]:
    """Name what is wrong with the server of this container: ``ready`` asks its database, ``admin/version`` who asks."""
    port = os.environ.get("PREFECT_SERVER_API_PORT", "4200")
    for path in ("ready", "admin/version"):
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/api/{path}", headers=_signed_in())
        try:
            with urllib.request.urlopen(asked, timeout=PATIENCE_S):  # noqa: S310 - as above
                pass
        except urllib.error.HTTPError as said:
            yield f"{path} is answered with {said.code}"
        except OSError as error:
            yield f"{path} is not answered ({type(error).__name__})"


def _signed_in() -> dict[str, str]:
    told = os.environ.get("PREFECT_SERVER_API_AUTH_STRING")
    return {"Authorization": f"Basic {base64.b64encode(told.encode()).decode()}"} if told else {}


OF: Mapping[str, Callable[[], Iterator[str]]] = {"worker": worker, "server": server}


def main() -> int:
    """Say what is wrong, a line each."""
    if len(sys.argv) != 2 or sys.argv[1] not in OF:
        sys.stderr.write(f"usage: python -m deployments.health {'|'.join(OF)}\n")
        return 2
    wrong = list(OF[sys.argv[1]]())
    sys.stdout.writelines(f"{line}\n" for line in wrong or ["well"])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
