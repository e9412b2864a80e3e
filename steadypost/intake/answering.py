"""What became of one post from a form, for people: the words of its run's state, and the page that belongs to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from steadypost.domain.delivery import State
from steadypost.intake.refusal import excerpt
from steadypost.intake.report import Entered, RowOutcome
from steadypost.intake.telling import cell, folded
from steadypost.store import Added, Store, reading
from steadypost.store.changing import Done
from steadypost.store.operations import Copied

Times = Mapping[int, datetime]
"""When each delivery is due."""


def times_of(store: Store, entered: Entered) -> Times:
    """Say when each of its deliveries is due: those of a series differ."""
    return {
        one.delivery_id: store.read(reading.show, one.delivery_id).delivery.due_at
        for one in entered.deliveries
    }


def entered_words(entered: Entered, times: Times, zone: str) -> str:
    """Say what was made of a form, a line each: the first is what a list of runs shows."""
    lines = [f"{_head(entered)}."]
    lines += [_line(one, entered, times, zone) for one in entered.deliveries]
    lines += [f"Note: {note}." for note in entered.notes]
    return "\n".join(lines)


def entered_page(entered: Entered, times: Times, zone: str, texts: Sequence[str]) -> str:
    """Write what was made of a form as a page."""
    page = [f"# {_head(entered)}", ""]
    page += [f"> {cell(text)}\n" for text in texts]
    if entered.deliveries:
        page += [f"| delivery | account | due ({zone}) | state | |", "|---:|---|---|---|---|"]
        page += [
            f"| {one.delivery_id} | {cell(one.account)} | {_due(one, times, zone)} | {_stands(one, entered)} "
            f"| {folded(_next(one, entered))} |"
            for one in entered.deliveries
        ]
    page += ["", *(f"* {cell(note)}." for note in entered.notes)]
    return "\n".join([*page, ""])


def refused_page(reasons: Sequence[str]) -> str:
    """Write why a form was refused as a page."""
    lines = [f"* {cell(reason)}" for reason in reasons]
    return "\n".join(["# Refused: nothing was changed", "", *lines, ""])


def changed_words(done: Done | Copied, *, dry_run: bool) -> str:
    """Say what a change did, a line each: what stays as it is has its reason and what to do."""
    undo = f"; to take it back: undo {done.change_id}" if done.change_id is not None else ""
    if isinstance(done, Copied) and dry_run:
        return f"Would copy it: {'; '.join(_foreseen(one) for one in done.added)}."
    if isinstance(done, Copied):
        return f"Copied as delivery {_numbers([one.delivery_id for one in done.added])}{undo}."
    numbers = [one.after.id for one in done.changed]
    head = f"{'Would change' if dry_run else 'Changed'} delivery {_numbers(numbers)}{undo}."
    if not numbers:
        head = f"{'Would be written' if dry_run else 'Written'}, for what is no delivery yet{undo}."
    return "\n".join([head, *stays_words(done)])


def _foreseen(one: Added) -> str:
    like = f", it says the same as {one.repeats}" if one.repeats else ""
    return f"as {one.account}, {one.state}{like}"


def stays_words(done: Done) -> list[str]:
    """Say what was meant and stays as it is, and why."""
    return [f"delivery {one.delivery.id} stays: {one.bar.why}; {one.bar.remedy}" for one in done.stays]


def changed_page(done: Done | Copied, zone: str, *, dry_run: bool) -> str:
    """Write what a change did as a page."""
    head, *stays = changed_words(done, dry_run=dry_run).split("\n")
    page = [f"# {cell(head)}", ""]
    if isinstance(done, Done) and done.changed:
        page += [f"| delivery | account | was due ({zone}) | is due | says | |", "|---:|---|---|---|---|---|"]
        page += [
            f"| {one.after.id} | {cell(one.after.account)} | {_moment(one.before.due_at, zone)} "
            f"| {_moment(one.after.due_at, zone)} | {cell(excerpt(one.text))} "
            f"| {str(one.after.state).replace('_', ' ')} |"
            for one in done.changed
        ]
    page += ["", *(f"* {cell(one)}" for one in stays)]
    return "\n".join([*page, ""])


def _numbers(those: Sequence[int]) -> str:
    return ", ".join(map(str, those))


def _moment(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%a %d %b %Y %H:%M}"


def _head(entered: Entered) -> str:
    if entered.outcome is RowOutcome.HELD:
        return "Held: it waits for your word"
    if entered.outcome is RowOutcome.ALREADY:
        return "It had come in before; nothing was added"
    if entered.series is not None:
        none = "" if entered.deliveries else "; its first time is more than a week ahead"
        return f"Queued as series {entered.series}{none}"
    return "Queued"


def _line(one: Added, entered: Entered, times: Times, zone: str) -> str:
    then = _next(one, entered)
    return f"{one.account}: delivery {one.delivery_id}, {_due(one, times, zone)} ({zone})" + (
        f"; {then}" if then else ""
    )


def _due(one: Added, times: Times, zone: str) -> str:
    at = times.get(one.delivery_id)
    return "–" if at is None else _moment(at, zone)


def _stands(one: Added, entered: Entered) -> str:
    return "too late by its own rule" if entered.late else str(one.state).replace("_", " ")


def _next(one: Added, entered: Entered) -> str:
    return "; ".join(_steps(one, entered))


def _steps(one: Added, entered: Entered) -> Iterator[str]:
    if one.state is State.HELD:
        because = f"it reads like delivery {one.repeats}" if one.repeats else entered.concern
        yield f"held: {because}; let it go: steadypost release {one.delivery_id}"
    elif entered.late:
        yield f"it will be missed; another time: steadypost reschedule {one.delivery_id} --when TIME"
    elif one.cost:
        yield f"it costs {one.cost} USD"
