"""Writing what is queued as a file that imports again to the same, or as a calendar that other programs read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from steadypost.domain.delivery import Delivery, State
from steadypost.domain.post import Part, Post
from steadypost.intake.draft import Image
from steadypost.intake.per_network import images_of, written
from steadypost.intake.validate import concern_of
from steadypost.store import Entry
from steadypost.store.selecting import Exported

COLUMNS = (
    "key",
    "accounts",
    "when",
    "text",
    "images",
    "reply_to",
    "late_within",
    "when_late",
    "labels",
    "as_is",
    "allow_repeat",
)
"""The columns in the order in which they are written: those of an import."""

NEXT_PART = "\n---\n"
"""What separates the parts of a thread within one cell."""

LASTS = timedelta(minutes=5)
"""How long a post is in a calendar: a moment could not be clicked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One post with the deliveries of it that are exported: all due at one moment, by one late rule."""

    post: Post
    deliveries: tuple[Delivery, ...]
    key: str
    labels: tuple[str, ...]
    networks: Mapping[str, str]
    """By account."""
    as_is: bool = False
    """Whether somebody has said of its wording that it is meant: an import would hold it otherwise."""
    allow_repeat: bool = False
    """Whether it reads like one before it and is to go out all the same: an import would hold it otherwise."""

    def parts_of(self, one: Delivery) -> tuple[Part, ...]:
        """What one of its deliveries says where it goes."""
        return self.post.parts_for(self.networks[one.account])

    @property
    def fits_a_cell(self) -> bool:
        """Whether a table can say it: its separators stand nowhere in what it says."""
        parts = [*self.post.parts, *(part for own in self.post.variants for part in own.parts)]
        paths = [str(media.path) + media.alt for part in parts for media in part.media]
        texts = [part.text for part in parts]
        said = any(row.strip(" \t") == "---" for text in texts for row in text.split("\n"))
        return not said and not any("|" in one or "::" in one for one in (*paths, *self.labels))


def lines(entries: Sequence[Entry], stories: Mapping[int, Exported]) -> list[Line]:
    """Group deliveries by what one row can say; ``stories`` are by post."""
    groups: dict[tuple[object, ...], list[Delivery]] = {}
    said: set[tuple[str, str]] = set()
    for entry in entries:
        one, known = entry.delivery, stories[entry.delivery.post_id]
        mark = one.account, known.post.fingerprint_for(known.networks[one.account])
        repeats = mark in said and one.state is not State.HELD
        said.add(mark)
        meant = _is_meant(one, known.post)
        rules = one.due_at, one.late_after, one.when_late
        groups.setdefault((one.post_id, *rules, meant, repeats), []).append(one)
    return [_line(group, stories[group[0].post_id], repeats=key[-1] is True) for key, group in groups.items()]


def _is_meant(one: Delivery, post: Post) -> bool:
    """Whether its wording would be held as it comes in, and somebody let it go all the same."""
    every = [*post.parts, *(part for own in post.variants for part in own.parts)]
    return one.state is not State.HELD and bool(concern_of(every))


def _line(group: Sequence[Delivery], known: Exported, *, repeats: bool) -> Line:
    whole = {one.account for one in group} == set(known.accounts)
    name = "|".join(one.account for one in group)
    return Line(
        post=known.post,
        deliveries=tuple(group),
        # A part of a post's deliveries is known again by whose they are.
        key=known.key if whole and known.key else exported_key(known, "" if whole else name),
        labels=known.labels,
        networks=known.networks,
        as_is=_is_meant(group[0], known.post),
        allow_repeat=repeats,
    )


def exported_key(known: Exported, accounts: str) -> str:
    """Name a post that has no key by where it is kept: this very store knows it again, and no other one does."""
    return f"steadypost:{known.post_id}:{known.created_at:%Y%m%dT%H%M%S%f}" + (
        f":{accounts}" if accounts else ""
    )


def csv_of(rows: Sequence[Line]) -> str:
    """Write them as a table of posts."""
    out = io.StringIO()
    told = [_row(line) for line in rows]
    own = sorted({name for row in told for name in row if name not in COLUMNS})
    writer = csv.DictWriter(out, (*COLUMNS, *own), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(told)
    return out.getvalue()


def json_of(rows: Sequence[Line]) -> str:
    """Write them as a list of posts: what a table cannot say, this can."""
    return json.dumps([_fields(line) for line in rows], ensure_ascii=False, indent=1) + "\n"


def _fields(line: Line) -> dict[str, object]:
    texts = [part.text for part in line.post.parts]
    return {
        "key": line.key,
        "accounts": [one.account for one in line.deliveries],
        "when": line.deliveries[0].due_at.astimezone(UTC).isoformat(),
        "text": texts[0] if len(texts) == 1 else "",
        "parts": texts if len(texts) > 1 else [],
        "images": [image.model_dump() for image in images_of(line.post.parts)],
        "reply_to": line.post.reply_to or "",
        "late_within": _late(line.deliveries[0]),
        "when_late": str(line.deliveries[0].when_late),
        "labels": list(line.labels),
        "as_is": line.as_is,
        "allow_repeat": line.allow_repeat,
        **_own_fields(line.post),
    }


def _own_fields(post: Post) -> dict[str, object]:
    own = {network: one.model_dump(exclude_none=True) for network, one in written(post).items()}
    return {"variants": own} if own else {}


def _row(line: Line) -> Mapping[str, str]:
    return {
        "key": line.key,
        "accounts": "|".join(one.account for one in line.deliveries),
        "when": line.deliveries[0].due_at.astimezone(UTC).isoformat(),
        "text": NEXT_PART.join(part.text for part in line.post.parts),
        "images": _images(images_of(line.post.parts)),
        "reply_to": line.post.reply_to or "",
        "late_within": _late(line.deliveries[0]),
        "when_late": str(line.deliveries[0].when_late),
        "labels": "|".join(line.labels),
        "as_is": "yes" if line.as_is else "",
        "allow_repeat": "yes" if line.allow_repeat else "",
        **_own_cells(line.post),
    }


def _images(images: Sequence[Image]) -> str:
    return "|".join(f"{one.path}::{one.alt}::{one.part}" for one in images)


def _own_cells(post: Post) -> dict[str, str]:
    """Write what is said or shown on one network alone; an empty cell says the same as everywhere."""
    cells = {}
    for network, one in written(post).items():
        if one.spoken:
            cells[f"text@{network}"] = NEXT_PART.join(one.spoken)
        if one.images is not None:
            cells[f"images@{network}"] = _images(one.images) or "-"
    return cells


def _late(one: Delivery) -> str:
    return "never" if one.late_after is None else f"{int(one.late_after.total_seconds())}s"


def ics_of(rows: Sequence[Line], *, now: datetime) -> str:
    """Write them as a calendar by RFC 5545."""
    told = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Steadypost//Queue//EN",
        "CALSCALE:GREGORIAN",
        *(row for line in rows for one in line.deliveries for row in _event(line, one, now)),
        "END:VCALENDAR",
    ]
    return "".join(folded for row in told for folded in _folded(row))


def _event(line: Line, one: Delivery, now: datetime) -> Iterator[str]:
    parts = line.parts_of(one)
    text = parts[0].text
    more = f" [{len(parts)} parts]" if len(parts) > 1 else ""
    yield "BEGIN:VEVENT"
    yield f"UID:delivery-{one.id}@steadypost"
    yield f"DTSTAMP:{_utc(now)}"
    yield f"DTSTART:{_utc(one.due_at)}"
    yield f"DTEND:{_utc(one.due_at + LASTS)}"
    yield f"SUMMARY:{_escaped(one.account)}: {_escaped(' '.join(text.split())[:60])}{more}"
    yield f"DESCRIPTION:{_escaped(chr(10).join(part.text for part in parts))}"
    yield f"STATUS:{'CONFIRMED' if one.state == 'published' else 'TENTATIVE'}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\r\n", "\n").replace("\n", "\\n")


def _folded(row: str) -> Iterator[str]:
    """Fold a line at 75 bytes, never within a character."""
    begun, size = "", 0
    for letter in row:
        wide = len(letter.encode())
        if size + wide > 75:
            yield begun + "\r\n"
            begun, size = " ", 1
        begun, size = begun + letter, size + wide
    yield begun + "\r\n"
