"""Which deliveries a command is about: by number, or by what a person remembers of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from steadypost.cli.endings import Ending, Stop
from steadypost.domain import clock
from steadypost.domain.delivery import State
from steadypost.store import Store
from steadypost.store import accounts as account_rows
from steadypost.store.selecting import Selection

if TYPE_CHECKING:
    from steadypost.cli.house import House
F = TypeVar("F", bound=Callable[..., object])

NUMBER = click.IntRange(1, 2**63 - 1)
"""The number of a delivery, of a series or of a change: no store keeps a higher one."""

FILTERS = ("account", "text", "since", "until", "day", "label")
"""The options by which deliveries are found; every command that chooses takes them under the same names."""

_TEXT = click.option(
    "--text", "--saying", "text", metavar="WORDS", help="Only what says this, whatever the case."
)
_SAYING = click.option("--saying", "text", metavar="WORDS", help="Only what says this, whatever the case.")
"""Where ``--text`` is what is to be said from now on."""

_OPTIONS = (
    click.option("--account", "-a", metavar="NAME", help="Only deliveries of this account."),
    click.option(
        "--since", metavar="TIME", help="Only what is due then or later: 2026-12-01, or with a time."
    ),
    click.option("--until", metavar="TIME", help="Only what is due before: a day named alone is included."),
    click.option("--day", metavar="DAY", help="Only what is due on that day: today, tomorrow, 2026-12-01."),
    click.option("--label", metavar="LABEL", help="Only what has this label or hashtag."),
)


def pictured(means: str) -> Callable[[F], F]:
    """Give a command the option by which pictures and videos are named; ``means`` is its help."""
    return click.option("--image", "-i", "images", multiple=True, metavar="PATH[::ALT[::PART]]", help=means)


def filtered(answer: F) -> F:
    """Give a command the options by which deliveries are found."""
    return _with(answer, (_TEXT, *_OPTIONS))


def _with(answer: F, options: Sequence[Callable[[F], F]]) -> F:
    for option in reversed(options):
        answer = option(answer)
    return answer


def chosen(answer: F, *, says: bool = False) -> F:
    """Give a command deliveries by number, the filters, and a dry run; ``says``: its ``--text`` is new wording."""
    dry = click.option("--dry-run", is_flag=True, help="Say what would become of each, and change nothing.")
    numbers = click.argument("ids", metavar="[ID]...", nargs=-1, type=NUMBER)
    return numbers(_with(dry(answer), (_SAYING if says else _TEXT, *_OPTIONS)))


def chosen_to_say(answer: F) -> F:
    """The same, for a command whose ``--text`` is new wording."""
    return chosen(answer, says=True)


def selection(
    house: House, given: dict[str, Any], *, ids: tuple[int, ...] = (), states: frozenset[State] = frozenset()
) -> Selection:
    """Read which deliveries are meant."""
    zone = ZoneInfo(house.settings.zone)
    since, until = (
        _moment("--since", given["since"], zone),
        _moment("--until", given["until"], zone, ends=True),
    )
    if given["day"]:
        day = a_day("--day", given["day"], zone)
        since, until = _begins(day, zone), _begins(day + timedelta(days=1), zone)
    return Selection(
        ids=ids,
        states=states,
        account=given["account"],
        text=given["text"] or "",
        since=since,
        until=until,
        label=given["label"] or "",
    )


def those_meant(
    house: House, store: Store, given: dict[str, Any], ids: tuple[int, ...], states: frozenset[State]
) -> Selection:
    """Read which deliveries are to be changed; raises ``Stop`` when that would be all, or names no account.

    What is named by its number is meant whatever its state: of what cannot be changed is said why.
    """
    if given["account"] is not None:
        store.read(account_rows.one, given["account"])
    found = selection(house, given, ids=ids, states=frozenset() if ids else states)
    if not found.names_any:
        raise Stop(
            Ending.USAGE,
            "usage",
            "which deliveries? Nothing is named",
            "give their numbers, or one of --account, --saying, --since, --until, --day, --label",
        )
    return found


def a_day(field: str, written: str, zone: ZoneInfo) -> date:
    """Read a day, as a person names it."""
    today = clock.now().astimezone(zone).date()
    match written.strip().casefold():
        case "today":
            return today
        case "tomorrow":
            return today + timedelta(days=1)
        case "yesterday":
            return today - timedelta(days=1)
        case other:
            try:
                return date.fromisoformat(other)
            except ValueError:
                raise _no_time(field, written, "today, tomorrow or a date such as 2026-12-01") from None


def _moment(field: str, written: str | None, zone: ZoneInfo, *, ends: bool = False) -> datetime | None:
    if not written:
        return None
    try:
        found = datetime.fromisoformat(written.strip())
    except ValueError:
        return _begins(a_day(field, written, zone) + timedelta(days=1 if ends else 0), zone)
    if found.tzinfo is None and found.time() == time() and len(written.strip()) <= 10:
        return _begins(found.date() + timedelta(days=1 if ends else 0), zone)
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _begins(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _no_time(field: str, written: str, forms: str) -> Stop:
    return Stop(Ending.USAGE, "usage", f"{field} {written!r}: this is no day or time", f"write {forms}")
