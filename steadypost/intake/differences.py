"""What a row says otherwise than the post that came in under its key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from steadypost.domain.post import Media, Part, Post
from steadypost.intake import moment
from steadypost.intake.moment import NEXT_SLOT
from steadypost.intake.refusal import excerpt
from steadypost.intake.report import Difference
from steadypost.intake.validate import Accepted
from steadypost.store import Known


def differences(before: Known, wanted: Accepted, *, moves: bool, zone: str | None) -> tuple[Difference, ...]:
    """Compare a row with what is there; ``moves`` says whether its time is one and not "in 20 minutes"."""
    return (
        *dict.fromkeys(_of_contents(before, wanted.post)),
        *_of_labels(before, wanted.post),
        *_of_accounts(before, wanted),
        *(_of_times(before, wanted, zone) if moves else ()),
        *_of_late_rules(before, wanted),
    )


def _of_contents(before: Known, after: Post) -> Iterator[Difference]:
    """Compare all that is said; where a person changed some of it, only what each says where it is said."""
    said = before.said
    if len(said) == 1:
        yield from of_posts(next(iter(said)), after)
        return
    for post, networks in said.items():
        for network in sorted(networks):
            yield from _of_parts("text", "images", post.parts_for(network), after.parts_for(network))
        if post.reply_to != after.reply_to:
            yield Difference("reply_to", str(post.reply_to or ""), str(after.reply_to or ""))


def of_posts(before: Post, after: Post) -> Iterator[Difference]:
    """Compare what two posts say, everywhere."""
    yield from _of_parts("text", "images", before.parts, after.parts)
    for network in sorted({one.network for one in (*before.variants, *after.variants)}):
        yield from _of_parts(
            f"text@{network}", f"images@{network}", before.parts_for(network), after.parts_for(network)
        )
    if before.reply_to != after.reply_to:
        yield Difference("reply_to", str(before.reply_to or ""), str(after.reply_to or ""))


def _of_parts(text: str, images: str, before: Sequence[Part], after: Sequence[Part]) -> Iterator[Difference]:
    if [part.text for part in before] != [part.text for part in after]:
        yield Difference(text, _words(before), _words(after))
    if not _same_pictures(before, after):
        yield Difference(images, _pictures(before), _pictures(after))


def _words(parts: Sequence[Part]) -> str:
    return excerpt(" --- ".join(part.text for part in parts))


def _pictures(parts: Sequence[Part]) -> str:
    return excerpt(", ".join(f"{one.path.name} ({one.alt})" for part in parts for one in part.media))


def _same_pictures(before: Sequence[Part], after: Sequence[Part]) -> bool:
    shown = [[_marks(part.media) for part in parts] for parts in (before, after)]
    return shown[0] == shown[1] or [
        [(_digest(one.path), one.alt) for one in part.media] for part in before
    ] == [[(_digest(one.path), one.alt) for one in part.media] for part in after]


def _marks(media: Sequence[Media]) -> list[tuple[Path, str]]:
    return [(one.path, one.alt) for one in media]


def _digest(path: Path) -> str:
    """Two copies of one picture are one picture, wherever they lie."""
    try:
        about = path.stat()
    except OSError:
        return str(path)
    return _digest_of(path, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=4096)
def _digest_of(path: Path, changed: int, size: int) -> str:  # noqa: ARG001 - they make it another file
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return str(path)


def _of_labels(before: Known, after: Post) -> Iterator[Difference]:
    """Compare what they are filed under beside the hashtags in their texts: those differ as the texts do."""
    every = [*before.said, after]
    in_text = {one for post in every for one in replace(post, labels=()).tags}
    there = {one for post in before.said for one in post.tags} - in_text
    wanted = after.tags - in_text
    if there != wanted:
        yield Difference("labels", ", ".join(sorted(there)), ", ".join(sorted(wanted)))


def _of_accounts(before: Known, wanted: Accepted) -> Iterator[Difference]:
    there = {one.account for one in before.standing}
    if there != set(wanted.accounts):
        yield Difference("accounts", ", ".join(sorted(there)), ", ".join(sorted(wanted.accounts)))


def _of_times(before: Known, wanted: Accepted, zone: str | None) -> Iterator[Difference]:
    times = sorted({one.due_at for one in before.standing})
    if times and times != [wanted.due_at]:
        yield Difference("when", ", ".join(_shown(one, zone) for one in times), _shown(wanted.due_at, zone))


def _shown(at: datetime, zone: str | None) -> str:
    return f"{at.astimezone(ZoneInfo(zone or 'UTC')):%Y-%m-%d %H:%M} {zone or 'UTC'}"


def _of_late_rules(before: Known, wanted: Accepted) -> Iterator[Difference]:
    late = {one.late_after for one in before.standing}
    if late and late != {wanted.late_after}:
        told = ", ".join(sorted("never" if one is None else str(one) for one in late))
        yield Difference(
            "late_within", told, "never" if wanted.late_after is None else str(wanted.late_after)
        )
    rules = {one.when_late for one in before.standing}
    if rules and rules != {wanted.when_late}:
        yield Difference("when_late", ", ".join(sorted(map(str, rules))), str(wanted.when_late))


def is_moment(written: str) -> bool:
    """Whether a time is a moment of its own, and neither the next slot nor counted from when the file comes in."""
    return written.strip().casefold() != NEXT_SLOT and moment.is_moment(written)
