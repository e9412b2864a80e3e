"""What a post says on one network instead of what it says everywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from steadypost.domain.post import Media, Part, Post, Variant
from steadypost.intake.draft import Draft, Image
from steadypost.intake.draft import Variant as Written
from steadypost.intake.refusal import Refusal, refusal

Judge = Callable[[str, str], str]
"""Judges one text, whose field it is given first, and gives it as it will be sent."""
Look = Callable[[str, Sequence[Image], int], Mapping[int, list[Media]]]
"""Looks at images and gives them by the index of their part."""


def own_texts(draft: Draft) -> frozenset[str]:
    """Name the networks that have a text of their own."""
    return frozenset(network for network, one in draft.variants.items() if one.spoken)


def needs_base(draft: Draft, networks: Sequence[str]) -> bool:
    """Whether the text for everywhere is said anywhere: it may be left out where every network has its own."""
    said_everywhere = bool(draft.parts) or bool(draft.text.strip())
    return said_everywhere or not draft.variants or not set(networks) <= own_texts(draft)


def variants(draft: Draft, base: Sequence[Part], judge: Judge, look: Look) -> tuple[Variant, ...]:
    """Judge everything that is said or shown on one network alone."""
    return tuple(
        Variant(network=network, parts=_parts(network, one, base, judge, look))
        for network, one in sorted(draft.variants.items())
        if one.spoken or one.images is not None
    )


def _parts(network: str, one: Written, base: Sequence[Part], judge: Judge, look: Look) -> tuple[Part, ...]:
    texts = [judge(f"text@{network}", text) for text in one.spoken] or [part.text for part in base]
    if one.images is None:
        return tuple(
            Part(text=text, media=base[n].media if n < len(base) else ()) for n, text in enumerate(texts)
        )
    shown = look(f"images@{network}", one.images, len(texts))
    return tuple(Part(text=text, media=tuple(shown.get(n, ()))) for n, text in enumerate(texts))


def lost_pictures(draft: Draft, base: Sequence[Part]) -> list[Refusal]:
    """A picture that belongs to a part which one network does not have would be left out in silence."""
    return [
        refusal(
            f"text@{network}",
            f"{len(one.spoken)} parts",
            f"an image belongs to part {n + 1}",
            f"give it as many parts, or its own images: images@{network}",
        )
        for network, one in draft.variants.items()
        if one.spoken and one.images is None
        for n, part in enumerate(base)
        if part.media and n >= len(one.spoken)
    ]


def written(post: Post) -> dict[str, Written]:
    """Give what a post says on one network alone as its draft said it."""
    return {one.network: _written(post.parts, one.parts) for one in post.variants}


def _written(base: Sequence[Part], own: Sequence[Part]) -> Written:
    texts = [part.text for part in own]
    takes_over = all(
        part.media == (base[n].media if n < len(base) else ()) for n, part in enumerate(own)
    ) and not any(part.media for part in base[len(own) :])
    images = None if takes_over else images_of(own)
    if images is not None and texts == [part.text for part in base]:
        return Written(images=images)
    return Written(
        text=texts[0] if len(texts) == 1 else "", parts=texts if len(texts) > 1 else [], images=images
    )


def images_of(parts: Sequence[Part]) -> list[Image]:
    """Give images as a draft names them."""
    return [
        Image(path=str(media.path), alt=media.alt, part=n)
        for n, part in enumerate(parts, start=1)
        for media in part.media
    ]
