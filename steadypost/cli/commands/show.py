"""``steadypost show``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from steadypost.cli import speech
from steadypost.cli.choosing import NUMBER
from steadypost.cli.command import command
from steadypost.cli.commands.queue import delivery_document
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.domain.delivery import WhenLate
from steadypost.domain.evidence import Present
from steadypost.domain.lengths import spoken
from steadypost.domain.outcome import Outcome
from steadypost.domain.remote_id import NotAnId, RemoteId
from steadypost.networks import named
from steadypost.store import AccountRecord, Act, Attempt, Look, Story, reading
from steadypost.store import accounts as account_rows

if TYPE_CHECKING:
    from rich.console import Console


@command("show")
@click.argument("delivery_id", metavar="ID", type=NUMBER)
def show(house: House, delivery_id: int) -> Answer:
    """Tell everything about one delivery: what it says, where it stands, and what was tried."""
    with house.store() as store:
        story = store.read(reading.show, delivery_id)
        account = store.read(account_rows.one, story.delivery.account)
    zone = house.settings.zone

    def tell(console: Console) -> None:
        from rich.table import Table  # noqa: PLC0415 - nothing of it is needed for JSON

        page = Table.grid(padding=(0, 2))
        page.add_column(no_wrap=True)
        page.add_column(overflow="fold")
        for name, value in _facts(story, account, zone):
            page.add_row(name, value)
        for name, value in _history(story, zone):
            page.add_row(name, speech.by_clocks_of(zone, value))
        console.print(page)

    return Answer(document={"delivery": story_document(story)}, tell=tell)


def _facts(story: Story, account: AccountRecord, zone: str) -> Iterator[tuple[str, str]]:
    one, post = story.delivery, story.post
    yield "delivery", f"{one.id}, as {speech.plain(one.account)} (@{speech.plain(account.handle)})"
    why = f": {speech.by_clocks_of(zone, speech.plain(one.why))}" if one.why else ""
    yield "state", f"{one.state}{why}"
    if story.repeats is not None:
        yield "repeats", f"delivery {story.repeats}"
    yield "due", f"{speech.moment(one.due_at, zone)} ({zone}); {_late_rule(story)}"
    yield (
        "comes from",
        speech.plain(post.source) + (f" (key {speech.line(story.key, 40)})" if story.key else ""),
    )
    if story.worded_by:
        yield "written by", speech.plain(story.worded_by)
    if post.reply_to:
        yield "answers", _address(account.network, "i", post.reply_to) or speech.plain(post.reply_to)
    for part, text in zip(one.parts, post.parts, strict=True):
        name = f"part {part.n + 1}" if len(one.parts) > 1 else "says"
        yield name, "\n".join(speech.plain(line) for line in text.text.split("\n"))
        for media in text.media:
            yield "", f"[{media.kind}] {speech.plain(media.path)} {speech.plain(media.alt)}".rstrip()
        if part.remote_id:
            yield "", where_live(account.network, account.handle, part.remote_id)
        elif len(one.parts) > 1:
            yield "", str(part.state)


def where_live(network: str, handle: str, given: RemoteId) -> str:
    """Say where a live post is found: at its page, or by its id where the page's server stands in no store."""
    address = _address(network, handle, given)
    return f"live as {address}" if address else f"live, with the id {speech.plain(given)}"


_PLACES = {"x": "https://x.com", "bluesky": ""}
"""The networks that are at one place for everybody; Bluesky's addresses name it themselves."""


def _address(network: str, handle: str, given: RemoteId) -> str:
    try:
        return named(network).address(_PLACES[network], handle, given)
    except (KeyError, NotAnId):
        return ""


def _late_rule(story: Story) -> str:
    late = story.delivery.late_after
    if late is None:
        return "never too late"
    does = "a person is asked" if story.delivery.when_late is WhenLate.ASK else "missed"
    return f"{does} when later than {spoken(late)}"


def _history(story: Story, zone: str) -> Iterator[tuple[str, str]]:
    yield "came in", speech.moment(story.created_at, zone)
    for attempt in story.attempts:
        yield f"attempt {attempt.n}", _attempt_line(attempt, zone)
    for look in story.looks:
        yield "look", _look_line(look, zone)
    for act in story.acts:
        yield "a person", _act_line(act, zone)
    if story.published_at:
        yield "published", speech.moment(story.published_at, zone)
    if story.verified_at:
        yield "seen live", speech.moment(story.verified_at, zone)


def _attempt_line(attempt: Attempt, zone: str) -> str:
    outcomes = (
        "; ".join(_outcome_line(one) for one in attempt.answer.outcomes) if attempt.answer else "no answer"
    )
    return f"{speech.moment(attempt.claimed_at, zone)}, came to {attempt.phase}: {outcomes}"


def _outcome_line(outcome: Outcome) -> str:
    told = getattr(outcome, "why", "") or getattr(outcome, "remote_id", "")
    return f"{type(outcome).__name__.lower()} {speech.line(told)}".rstrip()


def _look_line(look: Look, zone: str) -> str:
    found = look.evidence
    who = f"{speech.line(look.by)} pointed at" if look.by else "seen as"
    told = f"{who} {found.remote_id}" if isinstance(found, Present) else speech.line(found.why)
    return f"{speech.moment(look.at, zone)}, part {look.n + 1}: {type(found).__name__.lower()}, {told}"


def _act_line(act: Act, zone: str) -> str:
    why = f": {speech.line(act.why)}" if act.why else ""
    return f"{speech.moment(act.at, zone)}, {speech.line(act.by)}, {act.did}{why}"


def story_document(story: Story) -> dict[str, Any]:
    """Write a story for programs."""
    post = story.post
    return {
        **delivery_document(story.delivery),
        "texts": [part.text for part in post.parts],
        "media": [
            {"part": n, "path": str(media.path), "kind": media.kind, "alt": media.alt}
            for n, part in enumerate(post.parts)
            for media in part.media
        ],
        "reply_to": post.reply_to,
        "source": post.source,
        "key": story.key,
        "repeats": story.repeats,
        "created_at": speech.iso(story.created_at),
        "updated_at": speech.iso(story.updated_at),
        "published_at": speech.iso(story.published_at),
        "verified_at": speech.iso(story.verified_at),
        "worker": story.worker,
        "lease_until": speech.iso(story.lease_until),
        "tried": [_attempt_document(attempt) for attempt in story.attempts],
        "looked": [_look_document(look) for look in story.looks],
        "acts": [act_document(act) for act in story.acts],
    }


def _attempt_document(attempt: Attempt) -> dict[str, Any]:
    outcomes = attempt.answer.outcomes if attempt.answer else ()
    return {
        "id": attempt.id,
        "n": attempt.n,
        "worker": attempt.worker,
        "phase": str(attempt.phase),
        "claimed_at": speech.iso(attempt.claimed_at),
        "armed_at": speech.iso(attempt.armed_at),
        "answered_at": speech.iso(attempt.answered_at),
        "rescued_at": speech.iso(attempt.rescued_at),
        "outcomes": [
            {
                "kind": type(one).__name__.lower(),
                "id": getattr(one, "remote_id", None),
                "cause": str(cause) if (cause := getattr(one, "cause", None)) else None,
                "why": getattr(one, "why", ""),
            }
            for one in outcomes
        ],
    }


def _look_document(look: Look) -> dict[str, Any]:
    found = look.evidence
    return {
        "at": speech.iso(look.at),
        "part": look.n,
        "kind": type(found).__name__.lower(),
        "id": found.remote_id if isinstance(found, Present) else None,
        "why": "" if isinstance(found, Present) else found.why,
        "by": look.by or None,
    }


def act_document(act: Act) -> dict[str, Any]:
    """Write what a person did for programs."""
    return {
        "at": speech.iso(act.at),
        "by": act.by,
        "did": act.did,
        "why": act.why,
        "before": act.before,
        "after": act.after,
    }


commands = {"show": show}
