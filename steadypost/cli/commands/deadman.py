"""``steadypost deadman``: tells a person when all of it is silent. Run it from cron, outside of worker and server."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadypost import private, settings
from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.domain.silence import Silence, listen
from steadypost.store import StoreError, notices, watches

if TYPE_CHECKING:
    from rich.console import Console

REMIND_EVERY = timedelta(hours=4)

TITLE = "Steadypost is silent"
OVER = "Steadypost runs again"


@command("deadman")
@click.option(
    "--after",
    "after_s",
    type=click.IntRange(5, 86_400),
    default=300,
    show_default=True,
    help="Seconds of silence after which a person is told.",
)
def deadman(house: House, *, after_s: int) -> Answer:
    """Check from the store alone whether the service runs, and send a message to a person when it does not.

    The message goes to the Apprise address in STEADYPOST_ON_CALL, once for each silence and once when it is over.
    """
    now = clock.now()
    silence = _listen(house, now, timedelta(seconds=after_s))
    memory = Memory(house.settings.run_dir / "deadman.json")
    told = _tell(house.settings.on_call, memory, silence, now, house.settings.zone)
    document = {"silent": bool(silence), "said": list(silence.said), "told": told}

    def tell(console: Console) -> None:
        for said in silence.said or ("The service is there.",):
            speech.tell(console, said)
        if told:
            speech.tell(console, told)

    return Answer(document=document, tell=tell, ending=Ending.UNHEALTHY if silence else Ending.OK)


def _listen(house: House, now: datetime, within: timedelta) -> Silence:
    try:
        with house.store() as store:
            heartbeats = {
                lease.flow: lease.heartbeat_at for lease in store.read(watches.every) if "@" not in lease.flow
            }
            waiting = [notice for notice in store.read(notices.every) if notice.sent_at is None]
            return listen(
                heartbeats,
                now,
                within=within,
                waiting_since=min((one.created_at for one in waiting), default=None),
                trouble=next((one.trouble for one in waiting if one.trouble), ""),
            )
    except Stop as stop:
        return Silence(said=(settings.without_password(stop.message),))
    except StoreError as error:
        return Silence(said=(settings.without_password(f"the store cannot say: {error}"),))


class Memory:
    """What was told of the present silence, so that it is told once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def told_at(self) -> datetime | None:
        """When a person was last told of it; ``None`` when no silence was reported, or its end was."""
        try:
            return datetime.fromisoformat(json.loads(self._path.read_text(encoding="utf-8"))["told_at"])
        except (OSError, ValueError, LookupError, TypeError):
            return None

    def keep(self, now: datetime) -> None:
        """Remember that a person was told."""
        private.folder(self._path.parent)
        self._path.write_text(json.dumps({"told_at": now.isoformat()}), encoding="utf-8")

    def forget(self) -> None:
        """It is over, and a person was told."""
        self._path.unlink(missing_ok=True)


def _tell(address: str | None, memory: Memory, silence: Silence, now: datetime, zone: str) -> str:
    """Tell a person, once; answers what came of that, or nothing when there was nothing to tell."""
    before = memory.told_at()
    if silence and (before is None or now - before > REMIND_EVERY):
        body = "\n".join((*silence.said, "To do: docs/runbooks/silent.md"))
        return _said(address, TITLE, body, then=lambda: memory.keep(now))
    if not silence and before is not None:
        return _said(
            address, OVER, f"It was silent at {speech.moment(before, zone)} ({zone}).", then=memory.forget
        )
    return ""


def _said(address: str | None, title: str, body: str, then: Callable[[], None]) -> str:
    if address is None:
        return f"no message was sent: set {settings.ON_CALL} to an address of Apprise"
    from apprise import Apprise  # noqa: PLC0415 - only when there is something to tell

    teller = Apprise()
    if not (teller.add(address) and teller.notify(title=title, body=body)):
        return f"no message was sent: the address in {settings.ON_CALL} did not accept it"
    then()
    return "a person was told"


commands = {"deadman": deadman}
