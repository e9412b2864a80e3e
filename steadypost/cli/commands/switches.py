"""``steadypost switches``: what can be turned off, who did, and for whom."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from steadypost import prefect_address, settings
from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.commands.strikes import ends
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.signing import signature_of, signed
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.store import accounts as account_rows

if TYPE_CHECKING:
    from rich.console import Console

    from blocks import Switch, Switches


@command("switches")
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--on", "turn_on", is_flag=True, help="Turn it on, for all.")
@click.option("--off", "turn_off", is_flag=True, help="Turn it off, for all.")
@click.option(
    "--share",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Have it on for so many of the accounts.",
)
@click.option(
    "--for", "length", metavar="LENGTH", help="For how long: 30m, 2h, 3d; then it is on for all again."
)
@click.option("--owner", metavar="NAME", help="Who answers for it.")
@signed(why_is_required=False)
def switches(
    house: House,
    *,
    name: str | None,
    turn_on: bool,
    turn_off: bool,
    share: float | None,
    length: str | None,
    owner: str | None,
    by: str | None,
    why: str,
) -> Answer:
    """Show every switch; with a NAME explain one, and with --on, --off or --share change it.

    A change is in force within five seconds. What is under way is ended as it was begun.
    """
    # Before anything of Prefect is imported: it reads its settings once.
    address = prefect_address.use(house.settings.home)
    changes = turn_on or turn_off or share is not None
    if not address:
        raise Stop(Ending.REFUSED, "prefect_unknown", prefect_address.UNKNOWN, prefect_address.REMEDY)
    if name is None:
        if changes or length or owner:
            raise Stop(Ending.USAGE, "usage", "which switch? Name one", "'steadypost switches' lists them")
        return _all(_read(house), house)
    _refuse_unknown(name)
    if turn_on + turn_off + (share is not None) > 1:
        raise Stop(
            Ending.USAGE,
            "usage",
            "it cannot be on, off and shared at once",
            "give one of --on, --off, --share",
        )
    if not (changes or length or owner):
        return _one(name, _read(house), house)
    who = signature_of(by, why, why_is_required=True)
    _refuse_share(name, share)
    now = clock.now()

    def change(before: Switch) -> Switch:
        after = before.model_copy(
            update={"reason": who.why, "by": who.by, "since": now, "until": ends(length, now)}
        )
        if turn_on or turn_off:
            after = after.model_copy(update={"on": turn_on, "share": 100.0})
        if share is not None:
            after = after.model_copy(update={"on": True, "share": share})
        return after if owner is None else after.model_copy(update={"owner": owner})

    with _prefect(house):
        from tasks import documents  # noqa: PLC0415 - Prefect takes two seconds that --help need not wait

        _, after = documents.change_switch(name, change)
    return Answer(
        document={"switch": _document(name, after, now)},
        tell=lambda console: speech.tell(
            console, f"{name} is {after.stands(now)}; in force within five seconds."
        ),
    )


@contextmanager
def _prefect(house: House) -> Iterator[None]:
    """Turn what can go wrong with Prefect into a sentence and what to do."""
    from tasks import documents  # noqa: PLC0415 - as above

    address = settings.without_password(prefect_address.known(house.settings.home)[prefect_address.NAME])
    try:
        yield
    except documents.ApiAway as away:
        message = f"Prefect's API at {address} does not answer ({away}); the flows go on with the switches last read"
        remedy = (
            "start the server; to stop posts at once without it: steadypost strike account NAME --why TEXT"
        )
        raise Stop(Ending.REFUSED, "prefect_away", message, remedy) from None
    except documents.NoDocument:
        message = "there is no document of the switches yet"
        raise Stop(Ending.REFUSED, "no_switches", message, "run: python -m deployments") from None
    except documents.ChangedMeanwhile:
        message = "the switch was changed elsewhere at the same moment, and that change is in force"
        raise Stop(
            Ending.REFUSED, "changed_meanwhile", message, "look at it, and say it again if you still mean it"
        ) from None


def _read(house: House) -> Switches:
    with _prefect(house):
        from tasks import documents  # noqa: PLC0415 - as above

        found, wrong = documents.switches()
    if found is None:
        told = "; ".join(wrong)
        message = f"the block Steadypost switches is not valid: {told}"
        raise Stop(
            Ending.REFUSED,
            "switches_unreadable",
            message,
            "correct it in Prefect's pages; until then the last known ones serve",
        )
    for one in wrong:
        click.echo(f"steadypost: {speech.plain(one)}", err=True)
    return found


def _refuse_unknown(name: str) -> None:
    from blocks.switches import strangers  # noqa: PLC0415 - as above

    for told in strangers([name]).values():
        why, _, remedy = told.partition("; ")
        raise Stop(Ending.USAGE, "unknown_switch", why, remedy)


def _refuse_share(name: str, share: float | None) -> None:
    from blocks.switches import Per, per  # noqa: PLC0415 - as above

    if share not in {None, 0.0, 100.0} and per(name) is Per.EVERYTHING:
        message = f"--share {share:g}: {name} concerns everything at once"
        raise Stop(Ending.USAGE, "usage", message, "turn it on or off")


# Telling -------------------------------------------------------------------------------------------------


def _all(found: Switches, house: House) -> Answer:
    now, zone = clock.now(), house.settings.zone

    def tell(console: Console) -> None:
        page = speech.table("switch", "state", f"until ({zone})", "by", "why")
        for name, one in found.each().items():
            until = speech.moment(one.until, zone) if one.until and not one.is_over(now) else ""
            page.add_row(name, one.stands(now), until, speech.line(one.by, 16), speech.line(one.reason))
        console.print(page)

    return Answer(
        document={"switches": [_document(name, one, now) for name, one in found.each().items()]}, tell=tell
    )


def _one(name: str, found: Switches, house: House) -> Answer:
    from blocks.switches import Per, per  # noqa: PLC0415 - as above

    now, zone = clock.now(), house.settings.zone
    one, field = found.each()[name], type(found).model_fields[name]
    who = _who_is_in(one, now, house) if per(name) is Per.ACCOUNT and one.stands(now) != "on" else None

    def tell(console: Console) -> None:
        speech.tell(console, f"{name} is {one.stands(now)}")
        speech.tell(console, f"  {field.description}")
        if one.owner:
            speech.tell(console, f"  {one.owner} answers for it")
        if one.reason or one.by:
            since = f" since {speech.moment(one.since, zone)} ({zone})" if one.since else ""
            speech.tell(
                console, f"  by {one.by or 'an unknown person'}{since}: {one.reason or 'no reason given'}"
            )
        if one.until:
            over = "went back to being on for all" if one.is_over(now) else "goes back to being on for all"
            speech.tell(console, f"  {over} at {speech.moment(one.until, zone)} ({zone})")
        if per(name) is not Per.EVERYTHING:
            speech.tell(
                console,
                f"  can be on for a share of the {'accounts' if per(name) is Per.ACCOUNT else 'deliveries'}",
            )
        if who is not None:
            speech.tell(console, f"  on for: {', '.join(who) or 'no account'}")

    document = {**_document(name, one, now), "on_for": who, "says": field.description, "per": str(per(name))}
    return Answer(document={"switch": document}, tell=tell)


def _who_is_in(one: Switch, now: datetime, house: House) -> list[str] | None:
    """Name the accounts for which it is on, where there is a store that knows them."""
    try:
        with house.store() as store:
            return [
                account.name for account in store.read(account_rows.every) if one.is_on(now, account.name)
            ]
    except Stop:
        return None


def _document(name: str, one: Switch, now: datetime) -> dict[str, Any]:
    return {
        "name": name,
        "stands": one.stands(now),
        "on": one.on,
        "share": one.share,
        "reason": one.reason,
        "by": one.by,
        "owner": one.owner,
        "since": speech.iso(one.since),
        "until": speech.iso(one.until),
    }


commands = {"switches": switches}
