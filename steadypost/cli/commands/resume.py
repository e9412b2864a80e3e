"""``steadypost resume``."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.signing import signature_of, signed
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.domain.standing import Standing, Word, standing
from steadypost.store import Store, reading, resuming
from steadypost.store import accounts as account_rows
from steadypost.store.acts import By


@command("resume")
@click.argument("name", metavar="ACCOUNT")
@signed(why_is_required=False)
def resume(house: House, *, name: str, by: str | None, why: str) -> Answer:
    """Let a paused account go on at once, after the network's question was answered or the sign-in was renewed."""
    who, now = signature_of(by, why, why_is_required=False), clock.now()
    with house.store() as store:
        before = _standing(store, name, now)
        if before.word is not Word.PAUSED:
            raise Stop(
                Ending.REFUSED,
                "not_paused",
                f"{name} is not paused: it is {before.says}",
                before.remedy or "'steadypost why' says what else may hold it up",
            )
        store.write(resuming.resume, name, by=By(name=who.by, why=who.why), now=now)
        waits = store.read(reading.counts, name)
        after = _standing(store, name, now)
    document = {"account": name, "was_paused_for": before.why, "stands": str(after.word)}
    told = f"{name} goes on now (it was paused: {before.why}). What missed its time: steadypost queue --state missed"
    missed = f" --account {name}" if sum(waits.values()) else ""
    return Answer(document=document, tell=lambda console: speech.tell(console, told + missed))


def _standing(store: Store, name: str, now: datetime) -> Standing:
    store.read(account_rows.one, name)
    seen = store.observe(now, claims_of=timedelta(hours=1)).accounts
    return next(standing(one, now) for one in seen if one.name == name)


commands = {"resume": resume}
