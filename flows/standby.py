"""Stands by on every machine and minds runs on watch anywhere: ``python -m flows.standby``.

Runs mind each other, which fails when one machine with all of them is lost. Started with the worker at boot.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from typing import TYPE_CHECKING

from steadypost import prefect_address, private, settings
from steadypost.settings import SettingsRefused
from steadypost.store import vitals

if TYPE_CHECKING:
    from tasks.house import House

ASKS_EVERY = 0.25
"""Seconds between two questions whether Prefect's server answers."""

log = logging.getLogger("steadypost.standby")


def stand_by(house: House, end: threading.Event) -> None:
    """Watch the leases until told to end."""
    from steadypost.store import StoreError  # noqa: PLC0415 - Prefect reads its settings once, when imported
    from tasks.bulkheads import this_host  # noqa: PLC0415 - the same
    from tasks.peer_supervisor import MIND_EVERY, PeerSupervisor  # noqa: PLC0415 - the same
    from tasks.places import STANDBY  # noqa: PLC0415 - the same

    peers = PeerSupervisor(house, STANDBY, at_start=True)
    while not end.wait(MIND_EVERY):
        try:
            # A process that cannot write must not judge: the others may be silent for the same reason.
            house.store.write(vitals.note, f"{STANDBY}{this_host()}", well=True, now=house.clock())
            peers.see()
        except StoreError as away:
            house.watching.store_away_at = house.clock()
            log.debug("no lease was checked: %s", type(away).__name__)
        except Exception:
            log.exception("the leases could not be checked")


def _server_answers(end: threading.Event) -> bool:
    """Wait for Prefect's server, beside which this may have been started: it says where the store is, and how to speak
    for the accounts. ``False``: told to end.
    """
    import httpx  # noqa: PLC0415 - what waits for Prefect's import needs no other

    from tasks import runs  # noqa: PLC0415 - Prefect reads its settings once, when imported

    while not end.is_set():
        try:
            runs.answers()
        except httpx.HTTPError:
            end.wait(ASKS_EVERY)
        else:
            return True
    return False


def main() -> int:
    """Stand by until told to end."""
    private.by_default()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    # Every reading of the blocks would be two lines, each five seconds, for years.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        home = settings.read().home
    except SettingsRefused as refused:
        print(*refused.wrong, sep="\n", file=sys.stderr)  # noqa: T201 - run as a program, it speaks
        return 1
    if not prefect_address.use(home):
        print(f"{prefect_address.UNKNOWN}: {prefect_address.REMEDY}", file=sys.stderr)  # noqa: T201 - the same
        return 1
    from flows.house import Opening, watching_house  # noqa: PLC0415 - Prefect reads its settings once, when imported
    from flows.stand_in import announce  # noqa: PLC0415 - the same
    from tasks.discreet import filter_for_good  # noqa: PLC0415 - the same

    filter_for_good()
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    if not _server_answers(end):
        return 0
    with watching_house(Opening(run_id=None, log=log, announce=announce)) as house:
        log.info("this machine stands by")
        stand_by(house, end)
    return 0


if __name__ == "__main__":
    sys.exit(main())
