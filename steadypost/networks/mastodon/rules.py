"""What a server would refuse in a post."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from steadypost.domain import videos
from steadypost.domain.network import Allowance, Objection
from steadypost.domain.post import Media, Part
from steadypost.networks.mastodon.length import graphemes, length
from steadypost.networks.mastodon.limits import USUAL, Limits
from steadypost.networks.mastodon.manner import VISIBILITIES, Manner, manner


def objections(
    parts: tuple[Part, ...], allowance: Allowance, options: Mapping[str, Any] | None = None
) -> Iterable[Objection]:
    """Say what a server with this allowance would refuse; ``options`` are the account's."""
    if len(parts) > allowance.parts:
        yield Objection(
            field="parts",
            value=f"{len(parts)} parts",
            why=f"a thread has at most {allowance.parts}",
            remedy="make two threads",
        )
    for n, part in enumerate(parts):
        how = manner(options or {}, options_of(part))
        yield from _words(n, part, how, allowance)
        yield from _files(n, part.media, allowance)


def options_of(part: Part) -> Mapping[str, Any]:
    """Give what was said of one part alone, beside its words."""
    told = getattr(part, "options", None)
    return told if isinstance(told, Mapping) else {}


# --- words


def _words(n: int, part: Part, how: Manner, allowance: Allowance) -> Iterator[Objection]:
    if how.visibility and how.visibility not in VISIBILITIES:
        yield Objection(
            part=n,
            field="visibility",
            value=how.visibility,
            why=f"Mastodon knows {', '.join(VISIBILITIES)}",
            remedy="take one of them, or leave it empty",
        )
    if not part.text.strip() and how.warning:
        yield Objection(
            part=n,
            field="warning",
            value=how.warning,
            why="a post without a text shows its content warning as the text",
            remedy="write a text under it, or leave it out",
        )
    per_link = allowance.per_link if isinstance(allowance, Limits) else USUAL.per_link
    counted = length(part.text, warning=how.warning, per_link=per_link)
    if counted > allowance.longest:
        warned = ", its content warning included" if how.warning else ""
        yield Objection(
            part=n,
            field="text",
            value=part.text,
            why=f"Mastodon counts {counted}{warned}, and this server takes at most {allowance.longest}",
            remedy=f"shorten it by {counted - allowance.longest}, or make it a thread",
        )


# --- files


def _files(n: int, media: tuple[Media, ...], allowance: Allowance) -> Iterator[Objection]:
    if len(media) > allowance.pictures:
        yield Objection(
            part=n,
            field="images",
            value=f"{len(media)} files",
            why=f"part {n + 1} has {len(media)}, and this server takes at most {allowance.pictures}",
            remedy="spread them over more parts",
        )
    yield from videos.against(n, media, allowance, "Mastodon")
    for one in media:
        yield from _file(n, one, allowance)


def _file(n: int, one: Media, allowance: Allowance) -> Iterator[Objection]:
    if one.kind not in allowance.takes and not one.is_video:
        known = ", ".join(sorted(allowance.takes))
        yield Objection(
            part=n,
            field="images",
            value=one.path.name,
            why=f"this server does not take {one.kind}",
            remedy=f"save it as one of {known}",
        )
    described = graphemes(one.alt)
    if described > allowance.longest_description:
        most = allowance.longest_description
        yield Objection(
            part=n,
            field="images",
            value=one.path.name,
            why=f"its description has {described} characters, and this server takes at most {most}",
            remedy=f"shorten the description by {described - most}",
        )
