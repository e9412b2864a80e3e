"""What must be true of a post before it enters. All that is wrong is said at once.

``judge`` looks at a draft, at the accounts it is for and at its images' files; it writes nothing and asks
nobody. What it lets through fits every account it is for: nothing here is found out at the composer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from steadypost.domain import address
from steadypost.domain.delivery import WhenLate
from steadypost.domain.lengths import span
from steadypost.domain.post import LONGEST_TAG, Media, Part, Post, sameness
from steadypost.domain.quota import Limits
from steadypost.domain.snowflake import NotASnowflake, RemoteId, made_at
from steadypost.intake import content
from steadypost.intake.draft import DEFAULT_LATE, DEFAULT_WHEN_LATE, Draft
from steadypost.intake.media import MOST_PER_PART, media
from steadypost.intake.moment import due
from steadypost.intake.refusal import Refusal, nearest, refusal
from steadypost.intake.repeat import Repetition, repetition

LONGEST_POST = 280

MOST_PARTS = 25
"""More than X's composer takes in one thread."""

LONGEST_KEY = 400

_AHEAD = timedelta(days=1)
"""Clocks may differ; an id that is a whole day ahead of ours is not an id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAccount:
    """What intake has to know of an account."""

    name: str
    longest: int = LONGEST_POST
    """The weighted length it may post."""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A post that may enter, with what the store wants to know beside it."""

    post: Post
    accounts: tuple[str, ...]
    due_at: datetime
    late_after: timedelta | None
    allow_repeat: bool
    key: str | None = None
    when_late: WhenLate = WhenLate.MISS
    repetition: Repetition | None = None
    """When it comes again; ``None``: never."""

    def is_late(self, now: datetime) -> bool:
        """Whether its moment has passed by more than its own late rule allows."""
        return self.late_after is not None and now > self.due_at + self.late_after


def judge(
    draft: Draft,
    known: Mapping[str, KnownAccount],
    *,
    now: datetime,
    default_zone: str | None = None,
    folder: Path | None = None,
    source: str = "",
) -> Accepted | list[Refusal]:
    """Take a draft, or say everything that is wrong with it."""
    wrong: list[Refusal] = []
    accounts = _accounts(draft.accounts, known, wrong)
    _thread(draft, accounts, wrong)
    texts = [_text(field, text, accounts, wrong) for field, text in _written(draft)]
    pictures = _pictures(draft, len(texts), folder or Path.cwd(), wrong)
    reply_to = _reply_to(draft.reply_to, now, wrong)
    due_at = due(draft.when, zone=draft.zone, default_zone=default_zone, now=now)
    late_after = _late_after(draft.late_within.strip() or DEFAULT_LATE, wrong)
    when_late = _when_late(draft.when_late.strip() or DEFAULT_WHEN_LATE, wrong)
    _key(draft.key, wrong)
    labels = _labels(draft.labels, wrong)
    if isinstance(due_at, list):
        wrong += due_at
    again = None
    if draft.repeat.strip() and not isinstance(due_at, list):
        again = _repetition(draft, due_at, default_zone, wrong)
    if wrong or isinstance(due_at, list):
        return [problem.at(source) for problem in wrong]
    parts = tuple(Part(text=text, media=tuple(pictures.get(n, ()))) for n, text in enumerate(texts))
    return Accepted(
        post=Post(parts=parts, reply_to=reply_to, source=source, labels=labels),
        accounts=tuple(account.name for account in accounts),
        due_at=due_at,
        late_after=late_after,
        allow_repeat=draft.allow_repeat,
        key=draft.key.strip() or None,
        when_late=when_late,
        repetition=again,
    )


def _repetition(
    draft: Draft, due_at: datetime, default_zone: str | None, wrong: list[Refusal]
) -> Repetition | None:
    """Read when it comes again, by the clocks of its zone; its first time is when it is due."""
    zone = draft.zone.strip() or default_zone
    if not zone:
        why = "a post that comes again follows the clocks of a zone, and it names none"
        remedy = 'name its zone, such as "Europe/Berlin" or "UTC", or set STEADYPOST_ZONE'
        wrong.append(refusal("zone", draft.zone, why, remedy))
        return None
    place = ZoneInfo(zone)
    starts = due_at.astimezone(place).replace(tzinfo=None, microsecond=0)
    read = repetition(draft.repeat, zone=place, starts=starts)
    if isinstance(read, Repetition):
        return read
    wrong.append(read)
    return None


def _accounts(
    names: Sequence[str], known: Mapping[str, KnownAccount], wrong: list[Refusal]
) -> list[KnownAccount]:
    """Find the accounts; the same name twice is once, since one post is one copy."""
    asked = list(dict.fromkeys(name.strip() for name in names))
    if not asked:
        wrong.append(refusal("accounts", "", "it names no account", _who(known)))
    for name in asked:
        if name not in known:
            meant = nearest(name.removeprefix("@"), known)
            hint = f'"{meant}" was meant? ' if meant else ""
            wrong.append(refusal("accounts", name, "no account has this name", hint + _who(known)))
    return [known[name] for name in asked if name in known]


def _who(known: Mapping[str, KnownAccount]) -> str:
    if not known:
        return "no account is known yet: add one first"
    names = sorted(known)
    rest = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"known: {', '.join(names[:10])}{rest}"


def _written(draft: Draft) -> list[tuple[str, str]]:
    """Pair each text with the name of the field that holds it."""
    if draft.parts:
        return [(f"parts[{n}]", text) for n, text in enumerate(draft.parts, start=1)]
    return [("text", draft.text)]


def _thread(draft: Draft, accounts: Sequence[KnownAccount], wrong: list[Refusal]) -> None:
    """Judge the parts together."""
    count = len(draft.parts)
    if count and draft.text.strip():
        wrong.append(
            refusal("text", draft.text, "there is a text and there are parts", "give one of the two")
        )
    if count > MOST_PARTS:
        wrong.append(
            refusal("parts", f"{count} parts", f"a thread has at most {MOST_PARTS}", "make two threads")
        )
    for account in accounts:
        ever = account.limits.largest_delivery
        if ever is not None and max(count, 1) > ever:
            why = f"{account.name} may never publish {max(count, 1)} parts at once: its quota allows {ever}"
            wrong.append(
                refusal("parts", f"{max(count, 1)} parts", why, "split it, or raise the account's quota")
            )
    first_with: dict[str, int] = {}
    for n, text in enumerate(draft.parts, start=1):
        same = first_with.setdefault(sameness(text), n)
        if same != n and not content.is_blank(text):
            why = f"it reads the same as part {same}, and X refuses a repetition"
            wrong.append(refusal(f"parts[{n}]", text, why, "say it once"))


def _text(field: str, written: str, accounts: Sequence[KnownAccount], wrong: list[Refusal]) -> str:
    """Judge one text, and give it as it will be sent."""
    text = written.replace("\r\n", "\n").replace("\r", "\n").strip()
    if content.is_blank(text):
        remedy = (
            "write at least a word: a post without text cannot be recognised when it has to be looked for"
        )
        wrong.append(refusal(field, written, "there is nothing to read", remedy))
    elif found := content.unsendable(text) or content.smell(text):
        wrong.append(refusal(field, written, found.why, found.remedy))
    wrong += _too_long(field, text, accounts)
    return text


def _too_long(field: str, text: str, accounts: Sequence[KnownAccount]) -> Iterator[Refusal]:
    from steadypost.intake.length import NotMeasured, weighted_length  # noqa: PLC0415 - takes 0.2 s

    try:
        # Half a character is refused elsewhere, and cannot be measured; anything may stand for it.
        length = weighted_length(text.encode(errors="replace").decode())
    except NotMeasured as unreadable:
        yield refusal(field, text, str(unreadable), "shorten it")
        return
    for account in accounts:
        if length > account.longest:
            over = length - account.longest
            why = f"X counts {length} and {account.name} may post {account.longest}"
            yield refusal(field, text, why, f"shorten it by {over}, or make it a thread")


def _pictures(draft: Draft, parts: int, folder: Path, wrong: list[Refusal]) -> dict[int, list[Media]]:
    """Look at the images and give them by the index of their part."""
    by_part: dict[int, list[Media]] = {}
    for image in draft.images:
        if not 1 <= image.part <= parts:
            why = f"it belongs to part {image.part}, and there are {parts}"
            wrong.append(refusal("images", image.path, why, "count the parts from 1"))
            continue
        taken = media(image, folder)
        if isinstance(taken, list):
            wrong += taken
        else:
            by_part.setdefault(image.part - 1, []).append(taken)
    for n in range(1, parts + 1):
        count = sum(image.part == n for image in draft.images)
        if count > MOST_PER_PART:
            why = f"part {n} has {count} images, and X takes {MOST_PER_PART}"
            wrong.append(refusal("images", f"{count} images", why, "spread them over more parts"))
    return by_part


def _reply_to(written: str, now: datetime, wrong: list[Refusal]) -> RemoteId | None:
    """Take a post's id, or find it in a post's address."""
    target = written.strip()
    if not target:
        return None
    try:
        found = address.read(target).id
    except NotASnowflake:
        wrong.append(refusal("reply_to", target, address.NEITHER, address.REMEDY))
        return None
    if made_at(found) > now + _AHEAD:
        wrong.append(refusal("reply_to", target, "no post can have this id yet", "copy the address again"))
    return found


def _late_after(written: str, wrong: list[Refusal]) -> timedelta | None:
    """Read the late rule; ``None`` is for ever."""
    if written.strip().casefold() == "never":
        return None
    length = span(written)
    if length:
        return length
    why = "a worker always comes a moment later" if length is not None else "this is not a stretch of time"
    remedy = 'write "30m", "2h" or "1d", or "never" if it is never too late for it'
    wrong.append(refusal("late_within", written, why, remedy))
    return timedelta(0)


def _when_late(written: str, wrong: list[Refusal]) -> WhenLate:
    try:
        return WhenLate(written.casefold())
    except ValueError:
        remedy = 'write "miss" (nothing is sent then) or "ask" (a person is asked)'
        wrong.append(refusal("when_late", written, "this is not what can become of it", remedy))
        return WhenLate.MISS


def _labels(written: Sequence[str], wrong: list[Refusal]) -> tuple[str, ...]:
    """Take the labels as they are written; they are compared as tags are, without sign and case."""
    for label in written:
        plain = label.strip().removeprefix("#")
        if content.is_blank(plain) or content.unsendable(plain) or len(plain) > LONGEST_TAG:
            remedy = f"use up to {LONGEST_TAG} visible characters, such as launch"
            wrong.append(refusal("labels", label, "this cannot be a label", remedy))
    return tuple(label.strip() for label in written)


def _key(written: str, wrong: list[Refusal]) -> None:
    if len(written) > LONGEST_KEY or content.unsendable(written):
        remedy = f"use at most {LONGEST_KEY} visible characters"
        wrong.append(refusal("key", written, "this cannot be kept as a name", remedy))
