"""The status board in Prefect's artifacts: how everything stands, and the week as a picture. Failures are only logged."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from steadypost import settings
from steadypost.domain.board import Board, Line, page
from steadypost.domain.delivery import FOR_A_PERSON, State
from steadypost.domain.figures import SILENCE, figures
from steadypost.domain.observed import BlocksSeen
from steadypost.domain.remote_id import NotAnId
from steadypost.domain.span import Span
from steadypost.domain.standing import cannot_be_used
from steadypost.domain.standstill import Facts, sentence
from steadypost.domain.week import shown_until, week
from steadypost.networks import UnknownNetwork, named
from steadypost.store import AccountRecord, Entry, incidents, reading
from steadypost.store import accounts as account_rows
from steadypost.store import figures as figure_rows
from tasks import forms, pages, runs
from tasks.discreet import discreet
from tasks.house import House, here
from tasks.journal import redact
from tasks.pages import BOARD

EVERY = timedelta(minutes=5)
"""How often it is written anew."""

NEXT = 10
"""How many posts to come are shown, and how many live ones."""

WINDOWS = {"last hour": timedelta(hours=1), "last day": timedelta(days=1), "last 7 days": timedelta(days=7)}


@task(name="board", task_run_name="board", retries=0, cache_policy=NO_CACHE, persist_result=False)
@discreet
def board(blocks: BlocksSeen | None = None) -> bool:
    """Write the board, and bring the forms up to date; ``False`` when that could not be done."""
    house = here()
    try:
        written = compose(house, blocks)
        with runs.client() as client:
            board_at = pages.write(
                client,
                BOARD,
                written,
                description="What goes out next, what is live, and the state of everything.",
            )
            if blocks is not None:
                for name in forms.keep(client, [*blocks.sign_ins], board_at):
                    house.log.info("the form %r follows the accounts", name)
    except Exception as error:  # noqa: BLE001 - a board that cannot be written must not be noticed anywhere else
        house.log.warning("the board could not be written (%s)", type(error).__name__)
        return False
    return True


def picture(house: House, now: datetime) -> str:
    """Draw the week, as an image that a page can hold."""
    machine = settings.read()
    due_posts = house.store.read(
        figure_rows.due_posts, Span(now - timedelta(days=7), shown_until(now)), machine.on_time
    )
    drawn = week(due_posts, now=now, within=machine.on_time, zone=machine.zone)
    held = base64.b64encode(drawn.encode()).decode()
    return (
        f"## The week\n\n![A week behind and a week ahead, by the hour](data:image/svg+xml;base64,{held})\n"
    )


def compose(house: House, blocks: BlocksSeen | None) -> str:
    """Read everything, and give the page, without secrets; the picture, which holds no words, as it is."""
    machine, now = settings.read(), house.clock()
    seen = house.store.observe(now, claims_of=timedelta(days=1))
    counts = house.store.read(reading.counts)
    known = blocks or BlocksSeen()
    standings = house.store.read(incidents.standings)
    closed = {name: one.closed for name, one in known.sign_ins.items() if one.closed}
    closed |= cannot_be_used(one.check for one in standings)
    facts = Facts(
        at=now,
        zone=machine.zone,
        store=seen,
        publish_off=known.off.get("publish"),
        off_for={account: off for (switch, account), off in known.off_for.items() if switch == "publish"},
        closed=closed,
        circuits=known.open_circuits,
        under_way=counts[State.SENDING],
        next_due=min(
            (
                (one.name, one.next_due_at)
                for one in seen.accounts
                if one.next_due_at and one.next_due_at > now
            ),
            key=lambda one: one[1],
            default=None,
        ),
        for_a_person=sum(counts[state] for state in FOR_A_PERSON),
    )
    longest = Span(now - max(WINDOWS.values()), now)
    due_posts = house.store.read(figure_rows.due_posts, longest, machine.on_time)
    outages = house.store.read(figure_rows.outages, Span(longest.since - SILENCE, now))
    told = {
        name: figures(
            [one for one in due_posts if now - length <= one.at],
            Span(now - length, now),
            now=now,
            within=machine.on_time,
            outages=outages,
        )
        for name, length in WINDOWS.items()
    }
    shown = Board(
        at=now,
        zone=machine.zone,
        sentence=sentence(facts),
        checks=[one.check for one in standings],
        accounts=seen.accounts,
        counts=counts,
        circuits=known.open_circuits,
        incidents=house.store.read(incidents.still_open),
        figures=told,
        ahead=[_line(one, one.delivery.due_at) for one in house.store.read(reading.coming, NEXT)],
        live=_live(house, known),
        closed=closed,
    )
    return f"{redact(page(shown))}\n\n{picture(house, now)}"


def _live(house: House, known: BlocksSeen) -> list[Line]:
    accounts = {one.name: one for one in house.store.read(account_rows.every)}
    return [
        _line(one, one.published_at or one.delivery.due_at, found_at(one, accounts, known))
        for one in house.store.read(reading.live, NEXT)
    ]


def _line(one: Entry, at: datetime, address: str = "") -> Line:
    return Line(
        delivery_id=one.delivery.id,
        account=one.delivery.account,
        at=at,
        text=one.text,
        state=one.delivery.state,
        address=address,
    )


def found_at(one: Entry, accounts: Mapping[str, AccountRecord], known: BlocksSeen) -> str:
    """Give a post's address; empty where it is not known."""
    account, first = accounts.get(one.delivery.account), one.delivery.parts[0].remote_id
    place = known.places.get(one.delivery.account)
    if account is None or first is None or place is None:
        return ""
    try:
        return named(account.network).address(place, account.handle, first)
    except (NotAnId, UnknownNetwork):
        return ""
