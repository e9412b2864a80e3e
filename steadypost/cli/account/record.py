"""``steadypost account record NAME``."""

from __future__ import annotations

import time
from pathlib import Path

from steadypost.cli import opening, speech
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.domain import clock

WITHIN = 180.0
"""Seconds for the whole walk: three pages, each as long as a probe may take."""


def record(house: House, name: str, out: Path) -> Answer:
    """Record what X's page is made of, into files of the folder."""
    from steadypost.channels.x_web.channel import XWeb  # noqa: PLC0415 - only here

    with house.store() as store, opening.opened(house, name, "record", store) as (channel, access):
        if not isinstance(channel, XWeb):
            message = f"{name} is reached without a page, so there is none to record"
            raise Stop(Ending.REFUSED, "not_recorded", message, "name an account of the channel x_web")
        recording = channel.record(access, deadline=time.monotonic() + WITHIN)
    if not recording.pages:
        message = f"nothing was recorded: {recording.why or recording.cause}"
        raise Stop(Ending.REFUSED, "not_recorded", message, "see 'steadypost doctor'")
    files = []
    for kind, text in recording.pages.items():
        file = out / f"{access.network.replace(':', '-')}-{clock.now():%Y-%m-%d}-{kind}.html"
        file.write_text(text, encoding="utf-8")
        files.append(str(file))
    told = f"Recorded, without texts, names and secrets: {', '.join(files)}"
    return Answer(document={"files": files}, tell=lambda console: speech.tell(console, told))
