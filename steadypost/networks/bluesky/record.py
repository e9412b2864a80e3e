"""A post as a record, and its CID: the hash of the exact bytes in DAG-CBOR.

A reply names address and CID of what it answers, so a thread's are computed before anything is sent.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

import libipld

from steadypost.networks.bluesky.facets import facets
from steadypost.networks.bluesky.uri import POSTS

Json = Mapping[str, Any]

VIDEO: Final = "app.bsky.embed.video"

_DAG_CBOR_SHA256: Final = bytes([1, 0x71, 0x12, 32])
"""CID version 1, DAG-CBOR, SHA-256 of 32 bytes."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A record by address and content."""

    uri: str
    cid: str

    def written(self) -> dict[str, str]:
        """Write it as records name each other."""
        return {"uri": self.uri, "cid": self.cid}


@dataclass(frozen=True, slots=True)
class Above:
    """What a post answers, and where that conversation began."""

    root: Ref
    parent: Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A picture or a video that was uploaded."""

    blob: Json
    """What the server said of it, to be repeated word by word."""
    alt: str
    width: int = 0
    height: int = 0
    """Zeros where a video does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A preview of the page that a link leads to."""

    uri: str
    title: str
    description: str
    thumb: Json | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything of one post but its place in a thread."""

    text: str
    created_at: str
    dids: Mapping[str, str]
    """The handles that resolved."""
    langs: Sequence[str] = ()
    labels: Sequence[str] = ()
    pictures: Sequence[Shown] = ()
    video: Shown | None = None
    card: Card | None = None


def write(draft: Draft, above: Above | None) -> dict[str, Any]:
    """Write a post as a record. Fields that would be empty are left out: an absent one and an empty one differ."""
    record: dict[str, Any] = {"$type": POSTS, "text": draft.text, "createdAt": draft.created_at}
    if draft.langs:
        record["langs"] = list(draft.langs)
    if found := facets(draft.text, draft.dids):
        record["facets"] = found
    if (embed := _embed(draft)) is not None:
        record["embed"] = embed
    if draft.labels:
        record["labels"] = _labels(draft.labels)
    if above is not None:
        record["reply"] = {"root": above.root.written(), "parent": above.parent.written()}
    return record


def _labels(labels: Sequence[str]) -> dict[str, Any]:
    return {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": label} for label in labels]}


def _embed(draft: Draft) -> dict[str, Any] | None:
    if draft.video is not None:
        return _video(draft.video)
    if draft.pictures:
        return {"$type": "app.bsky.embed.images", "images": [_image(one) for one in draft.pictures]}
    if draft.card is None:
        return None
    card = draft.card
    external: dict[str, Any] = {"uri": card.uri, "title": card.title, "description": card.description}
    if card.thumb is not None:
        external["thumb"] = card.thumb
    return {"$type": "app.bsky.embed.external", "external": external}


def _image(one: Shown) -> dict[str, Any]:
    return {"alt": one.alt, "image": one.blob, "aspectRatio": _shape(one)}


def _video(one: Shown) -> dict[str, Any]:
    embed: dict[str, Any] = {"$type": VIDEO, "video": one.blob}
    if one.alt:
        embed["alt"] = one.alt
    if one.width and one.height:
        embed["aspectRatio"] = _shape(one)
    return embed


def _shape(one: Shown) -> dict[str, int]:
    return {"width": one.width, "height": one.height}


def cid(record: Json) -> str:
    """Give the name of a record's content."""
    digest = hashlib.sha256(libipld.encode_dag_cbor(_ipld(record))).digest()
    return str(libipld.encode_cid(_DAG_CBOR_SHA256 + digest))


def is_blob(told: Any) -> TypeGuard[Json]:
    """Whether this names a file as a record refers to one. Anything else would cost the whole post, and for good."""
    match told:
        case {"$type": "blob", "ref": {"$link": str(link)}, "mimeType": str(), "size": int(size)}:
            try:
                libipld.decode_cid(link)
            except ValueError:
                return False
            return 0 < size <= LARGEST_NUMBER
        case _:
            return False


LARGEST_NUMBER: Final = (1 << 53) - 1
"""What every program that reads a record can count to."""


def _ipld(value: Any) -> Any:
    """Turn the JSON form into the data it stands for: links and bytes have a form of their own."""
    match value:
        case {"$link": str(link), **rest} if not rest:
            return libipld.decode_multibase(link)[1]
        case {"$bytes": str(encoded), **rest} if not rest:
            return base64.b64decode(encoded + "=" * (-len(encoded) % 4))
        case Mapping():
            return {key: _ipld(one) for key, one in value.items()}
        case list() | tuple():
            return [_ipld(one) for one in value]
        case _:
            return value
