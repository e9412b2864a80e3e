"""A post as an object with fields: ours, Typefully's and Postiz's, and what each of them stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

from steadypost.intake.cells import PassedOver, Told
from steadypost.intake.columns import NETWORKS, PER_NETWORK, field_of, simple
from steadypost.intake.draft import Draft
from steadypost.intake.explaining import draft_of
from steadypost.intake.refusal import Refusal

_WENT_OUT = frozenset({"published", "error", "failed", "deleted"})

_BREAKS = frozenset({"br"})
_BLOCKS = frozenset({"p", "div", "li", "h1", "h2", "h3"})


def post_of(value: Mapping[str, Any], where: str, told: Told) -> Draft | list[Refusal]:
    """Take one object, or say what is wrong with it; raises ``PassedOver`` for what went out elsewhere."""
    if "publishDate" in value and "content" in value:
        return draft_of(_postiz(value, told), where)
    if "scheduled_date" in value and ("platforms" in value or "text" in value):
        return draft_of(_typefully(value, told), where)
    return draft_of(_ours(value, told), where)


def _ours(value: Mapping[str, Any], told: Told) -> dict[str, Any]:
    values: dict[str, Any] = {}
    variants: dict[str, Any] = {}
    for name, one in value.items():
        base, at, network = (field_of(simple(name)) or name).partition("@")
        if at and base in PER_NETWORK:
            variants.setdefault(network, {})[base] = one
        elif name != "why":
            values[name] = one
    if variants:
        values["variants"] = {**values.get("variants", {}), **variants}
    if told.accounts and not values.get("accounts"):
        values["accounts"] = list(told.accounts)
    return values


def _postiz(value: Mapping[str, Any], told: Told) -> dict[str, Any]:
    """A post of Postiz's list; its channel is an id there, so ``--account`` says whose it is here."""
    _leave_alone(value.get("state"))
    image = value.get("image")
    pictures = image if isinstance(image, list) else []
    return {
        "key": str(value.get("id", "")),
        "text": plain_text(str(value["content"])),
        "when": str(value["publishDate"]),
        "accounts": list(told.accounts),
        "images": [
            {"path": str(one.get("path", "")), "alt": str(one.get("alt") or "")}
            for one in pictures
            if isinstance(one, Mapping)
        ],
    }


def _typefully(value: Mapping[str, Any], told: Told) -> dict[str, Any]:
    """A draft of Typefully's: each network has its own list of posts."""
    _leave_alone("published" if value.get("published_on") else value.get("status"))
    said = dict(_platforms(value.get("platforms")))
    first = next(iter(said.values()), [str(value.get("text", ""))])
    tags = value.get("tags")
    return {
        "key": str(value.get("id", "")),
        "when": str(value.get("scheduled_date") or ""),
        "accounts": list(told.accounts),
        "labels": [str(one) for one in tags] if isinstance(tags, list) else [],
        "variants": {network: _spoken(texts) for network, texts in said.items() if texts != first},
        **_spoken(first),
    }


def _spoken(texts: list[str]) -> dict[str, Any]:
    return {"parts": texts} if len(texts) > 1 else {"text": "".join(texts)}


def _platforms(platforms: object) -> Iterator[tuple[str, list[str]]]:
    for name, one in platforms.items() if isinstance(platforms, Mapping) else ():
        if not isinstance(one, Mapping) or not one.get("enabled", True):
            continue
        posts = one.get("posts")
        texts = [str(post.get("text", "")) for post in posts or () if isinstance(post, Mapping)]
        if name in NETWORKS and texts:
            yield name, texts


def _leave_alone(state: object) -> None:
    if isinstance(state, str) and state.casefold() in _WENT_OUT:
        raise PassedOver(f"its state is {state.casefold()}")


class _Text(HTMLParser):
    """Collects what a reader of a page would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser's own shape
        if tag in _BREAKS:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def plain_text(written: str) -> str:
    """Take the text out of what Postiz's editor keeps as HTML; plain text stays as it is."""
    if not written.lstrip().startswith("<"):
        return written
    reader = _Text()
    reader.feed(written)
    reader.close()
    return "".join(reader.said).strip()
