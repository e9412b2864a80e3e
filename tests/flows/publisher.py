"""A publisher by itself, as a process on a machine of any name: ``python -m tests.flows.publisher anna lead``.

What it knows comes through the pipe, as a stand-in's does. Nobody is minded, and whoever dies stays dead, but with the
word ``minds``: then it minds the others as one on another machine does, which sees none of their processes.
"""

import logging
import socket
import sys
from contextlib import nullcontext

import flows.publish
from flows.house import Opening, publishing_house
from flows.publish import PACE, Crew, keep_publishing
from flows.stand_in import STAYS, Threads, announce, log
from steadypost.store.publishers import Role
from tasks import runs
from tasks.block_reader import BlockReader
from tasks.sharing import PUBLISH, Sharing, helping
from tasks.stand_ins import Handed
from tasks.watches import Watch


def main(name: str, role: str, *words: str) -> None:
    """Publish until somebody else has the lease."""
    logging.basicConfig(level=logging.INFO)
    socket.gethostname = lambda: name
    if "minds" in words:
        runs.processes = dict
    else:
        flows.publish.minding = lambda *_: nullcontext()
    handed = Handed.from_written(sys.stdin.read())
    reader = BlockReader(handed.documents)
    opening = Opening(
        run_id=handed.run_id,
        log=log,
        announce=announce,
        reader=reader,
        known=reader.known(),
        store_url=handed.store_url,
    )
    lease = PUBLISH if role == Role.LEAD else helping(name)
    with publishing_house(STAYS, opening) as house:
        watch = Watch(house, lease, handed.run_id, at_most=STAYS, pace=PACE)
        threads = Threads(2 * house.at_once + 2)
        keep_publishing(house, watch, Crew(house, watch, threads), Sharing(house, handed.run_id, Role(role)))
        threads.end()


if __name__ == "__main__":
    main(*sys.argv[1:])
