"""Times of a series, as a person names them on the command line."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from steadypost.cli import changes, speech
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.speech import Answer
from steadypost.store import Series, Store, UnknownSeries
from steadypost.store import series as series_rows
from steadypost.store.changing import Done

SHOWN = 3
"""Of the times that could have been meant so many are named."""


def series(store: Store, series_id: int) -> Series:
    """Find a series by its number."""
    found = [one for one in store.read(series_rows.every, also_ended=True) if one.id == series_id]
    if not found:
        raise UnknownSeries(series_id)
    return found[0]


def ahead(one: Series, since: datetime, many: int) -> list[str]:
    """List the next times of a series, as the clock on the wall shows them."""
    from steadypost.intake.moment import FARTHEST  # noqa: PLC0415 - half a second
    from steadypost.intake.repeat import Repetition  # noqa: PLC0415

    rule = Repetition(one.rule, ZoneInfo(one.zone), datetime.fromisoformat(one.starts))
    return [found.local for found in islice(rule.between(since, since + FARTHEST), many)]


def shown(one: Series, local: str) -> str:
    """Give the local time at which a time of a series comes, also where its hour was changed."""
    hour = next((at for since, at in reversed(one.hours) if since <= local), None)
    return local if hour is None else f"{local[:10]}T{hour}:00"


def an_hour(one: Series, written: str) -> str:
    """Read the time of the day at which a series is to come; raises ``Stop``."""
    try:
        found = time.fromisoformat(written.strip())
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None or found.second or found.microsecond:
        remedy = f"write a time of the day in {one.zone}, 18:30; for other days begin another: 'steadypost add --repeat'"
        raise Stop(
            Ending.USAGE, "usage", f"--when {speech.line(written, 40)!r} is no time of the day", remedy
        )
    if named := [part for part in one.rule.split(";") if part.startswith(("BYHOUR", "BYMINUTE", "BYSECOND"))]:
        message = f"series {one.id} names its times of the day itself ({', '.join(named)})"
        remedy = f"end it and begin another: steadypost series --end {one.id} --why TEXT"
        raise Stop(Ending.REFUSED, "series_hours", message, remedy)
    return found.isoformat("minutes")


def times(one: Series, written: tuple[str, ...], now: datetime) -> list[str]:
    """Find the times that are meant: a day that has one, or a local time in full; without any, the next one."""
    if not written:
        return ahead(one, now, 1)
    return [local for word in written for local in _meant(one, word, now)]


def first_from(one: Series, written: str | None, now: datetime) -> str:
    """Read from which local time on; without one from the next time on."""
    if written is None:
        found = ahead(one, now, 1)
        if not found:
            raise _none(one, "now", [])
        return found[0]
    return _local(one, _with_date(one, written, now)).isoformat()


def _meant(one: Series, word: str, now: datetime) -> list[str]:
    word = _with_date(one, word, now)
    begins = _local(one, word)
    whole_day = len(word) <= 10
    zone = ZoneInfo(one.zone)
    since = begins.replace(tzinfo=zone)
    near = ahead(one, min(since, now), 500)
    if whole_day:
        found = [local for local in near if local[:10] == word]
    else:
        found = [local for local in near if begins.isoformat() in {local, shown(one, local)}][:1]
    if not found or not set(found) <= set(near):
        raise _none(one, word, ahead(one, max(since, now), SHOWN) or near[-SHOWN:])
    return found


def _with_date(one: Series, word: str, now: datetime) -> str:
    """Write the date of today or tomorrow, by the clocks of the series; what else is written stays."""
    days = {"today": 0, "tomorrow": 1}
    day, _, rest = word.strip().partition(" ")
    if day.casefold() not in days:
        return word.strip()
    return (
        f"{now.astimezone(ZoneInfo(one.zone)).date() + timedelta(days=days[day.casefold()])} {rest}".strip()
    )


def _local(one: Series, word: str) -> datetime:
    try:
        found = datetime.fromisoformat(word)
    except ValueError:
        remedy = (
            f"write a day such as tomorrow or 2026-12-24, or a local time in {one.zone}, 2026-12-24T09:00"
        )
        raise Stop(Ending.USAGE, "usage", f"{speech.line(word, 40)!r} is no time", remedy) from None
    if found.tzinfo is None:
        return found
    return found.astimezone(ZoneInfo(one.zone)).replace(tzinfo=None)


def _none(one: Series, word: str, near: list[str]) -> Stop:
    told = ", ".join(shown(one, local).replace("T", " ")[:16] for local in near) or "none"
    return Stop(
        Ending.REFUSED,
        "not_found",
        f"series {one.id} has no time at {word}",
        f"its next times there are: {told} ({one.zone})",
    )


def answer(done: Done, zone: str, said: str, *, dry_run: bool) -> Answer:
    """Tell what became of a series and of its times that wait."""
    plain = changes.answer(done, zone, dry_run=dry_run)

    def tell(console: object) -> None:
        if done.changed or done.stays:
            plain.tell(console)  # type: ignore[arg-type]
        elif done.change_id is not None:
            speech.tell(console, f"To take it back: steadypost undo {done.change_id}")  # type: ignore[arg-type]
        speech.tell(console, f"Without --dry-run: {said} Nothing was written." if dry_run else said)  # type: ignore[arg-type]

    return Answer(document=plain.document, tell=tell, ending=plain.ending)
