"""One of several processes that share a circuit over a real Prefect server, and write down all they do.

    python -m tests.tasks.circuit_racer NAME LOG CALM [dies]

As soon as the file CALM is there, every call goes well, and who sees it closed ends. The one who dies keeps its
first permit until it is killed.

Every line of the log: the machine's monotonic time, the process, a word, and what belongs to it.
"""

from __future__ import annotations

import os
import random
import sys
import time
from datetime import timedelta
from pathlib import Path

from steadypost.domain.circuit import Go, InARow, Settings, State
from steadypost.domain.circuit.catalogue import Dependency, Kind
from tasks.circuit_book import RevisionsAway
from tasks.circuit_revisions import PrefectBook
from tasks.circuits import Breakers

PAGE = Dependency(Kind.X_PAGE, "raced")
LAW = Settings(
    window=InARow(1),
    first_open=timedelta(seconds=0.3),
    longest_open=timedelta(seconds=0.6),
    permitted=2,
    permit_lasts=timedelta(seconds=4),
    longest_half_open=timedelta(seconds=9),
)


def main() -> None:
    """Fail, try, fail and try again, until it is calm; then only succeed until it is closed."""
    name, log, calm_file = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    dice = random.Random(name)  # noqa: S311 - repeatable
    with log.open("a", buffering=1) as out:

        def say(word: str, *more: object) -> None:
            out.write(" ".join(map(str, (time.monotonic(), name, word, *more))) + "\n")

        book = PrefectBook()
        breakers = Breakers(
            book=book,
            process=name,
            settings=lambda _: LAW,
            on_turn=lambda turned: say(
                "alone" if turned.alone else "turn", turned.after.generation, turned.after.state
            ),
        )
        breakers.watch([PAGE])
        say("up", os.getpid())
        while True:
            calm = calm_file.exists()
            try:
                breakers.take(book.read_all(), {})
            except RevisionsAway:
                continue
            if calm and breakers.known(PAGE).state is State.CLOSED:
                break
            go = breakers.may(PAGE, probe=True)
            if isinstance(go, Go):
                call(breakers, go, say, dice, calm=calm, dies=sys.argv[4:] == ["dies"])
            else:
                time.sleep(0.02)
        say("sees", breakers.known(PAGE).state, breakers.known(PAGE).generation)


def call(breakers, go, say, dice, *, calm, dies):
    """Make a call that takes a moment."""
    ticket = go.ticket
    say("enter", ticket.generation, ticket.permit)
    if dies and ticket.permit is not None:
        say("holds", ticket.permit)
        time.sleep(600)
    time.sleep(dice.uniform(0.01, 0.1))
    say("leave", ticket.generation, ticket.permit)
    outcome = 1.0 if calm else dice.random()
    if outcome < 0.2:
        say("noted", breakers.left(PAGE, ticket))
    else:
        say("noted", breakers.came(PAGE, ticket, well=outcome > 0.5, cause="down"))


if __name__ == "__main__":
    main()
