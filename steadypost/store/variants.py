"""What a post says on one network instead of what it says everywhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, insert, select

from steadypost.domain.post import Media, Part, Post, Variant
from steadypost.store import deliveries as delivery_rows
from steadypost.store.media import columns_of, media_of
from steadypost.store.schema import accounts, post_variants, variant_media, variant_parts

# What each post runs is built once: building a statement takes several times what executing it does.
_TEXTS = (
    select(variant_parts)
    .where(variant_parts.c.post_id.in_(bindparam("several", expanding=True)))
    .order_by(variant_parts.c.n)
)


def networks(connection: Connection, names: Collection[str]) -> dict[str, str]:
    """Give the network of each account."""
    rows = connection.execute(
        select(accounts.c.name, accounts.c.network).where(accounts.c.name.in_(list(names)))
    )
    return {row.name: row.network for row in rows}


def said(
    connection: Connection, wanted: Collection[tuple[int, str]]
) -> dict[tuple[int, str], tuple[Part, ...]]:
    """Read what several posts say, each on one network."""
    posts = whole(connection, {post_id for post_id, _ in wanted})
    return {(post_id, network): posts[post_id].parts_for(network) for post_id, network in wanted}


def said_by(connection: Connection, post_id: int, account: str) -> tuple[Part, ...]:
    """Read what a post says where one account is."""
    here = (post_id, networks(connection, [account])[account])
    return said(connection, [here])[here]


def whole(connection: Connection, post_ids: Collection[int]) -> dict[int, Post]:
    """Read all that several posts say, everywhere and on one network alone."""
    own = of_posts(connection, post_ids)
    everywhere = delivery_rows.said(connection, post_ids)
    return {one: Post(parts=parts, variants=own.get(one, ())) for one, parts in everywhere.items()}


def of_posts(connection: Connection, post_ids: Collection[int]) -> dict[int, tuple[Variant, ...]]:
    """Read everything that several posts say on one network alone."""
    ids = list(post_ids)
    texts: defaultdict[tuple[int, str], list[tuple[int, str]]] = defaultdict(list)
    for row in connection.execute(_TEXTS, {"several": ids}):
        texts[row.post_id, row.network].append((row.n, row.text))
    if not texts:
        return {}
    media: defaultdict[tuple[int, str, int], list[Media]] = defaultdict(list)
    shown = select(variant_media).where(variant_media.c.post_id.in_(ids)).order_by(variant_media.c.position)
    for row in connection.execute(shown):
        media[row.post_id, row.network, row.n].append(media_of(row))
    found: defaultdict[int, list[Variant]] = defaultdict(list)
    for (post_id, network), parts in sorted(texts.items()):
        made = tuple(Part(text=text, media=tuple(media[post_id, network, n])) for n, text in parts)
        found[post_id].append(Variant(network=network, parts=made))
    return {post_id: tuple(every) for post_id, every in found.items()}


def add(connection: Connection, posts: Sequence[tuple[int, Post]]) -> None:
    """Write down what these posts say on one network alone."""
    own = [(post_id, post, one) for post_id, post in posts for one in post.variants]
    if not own:
        return
    marks = [
        {"post_id": post_id, "network": one.network, "fingerprint": post.fingerprint_for(one.network)}
        for post_id, post, one in own
    ]
    texts = [
        {"post_id": post_id, "network": one.network, "n": n, "text": part.text}
        for post_id, _, one in own
        for n, part in enumerate(one.parts)
    ]
    media = [
        {
            "post_id": post_id,
            "network": one.network,
            "n": n,
            "position": at,
            **columns_of(shown),
        }
        for post_id, _, one in own
        for n, part in enumerate(one.parts)
        for at, shown in enumerate(part.media)
    ]
    connection.execute(insert(post_variants), marks)
    connection.execute(insert(variant_parts), texts)
    if media:
        connection.execute(insert(variant_media), media)
