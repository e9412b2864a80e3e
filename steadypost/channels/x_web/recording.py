"""A page's structure as a file that can be opened and looked at again: without texts, names and secrets. Pure.

What the page's script gives is a tree of what the page is made of and where it stands. Here it is written as HTML in
which every element has its place and its looks, so that the survey sees it as it saw the page. Before it is handed
out it is searched for everything that must not be in it.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

TAG = re.compile(r"[a-z][a-z0-9-]{0,20}")
EMPTY = frozenset({"img", "input", "br", "hr", "source", "area", "col", "wbr"})
COLOUR = re.compile(r"[a-z]+\([\d., /%a-z]+\)")

SHORTEST_NAME, SHORTEST_SECRET = 4, 8
"""Characters of a name, and of what a session keeps, below which it is found everywhere by chance (``true``)."""


class NotClean(Exception):
    """Something that must not be in a recording is in it. Says what kind of thing, never which."""


def written(tree: Mapping[str, Any], recorded: Mapping[str, Any]) -> str:
    """Write a page's structure, with what was known of it when it was recorded."""
    told = json.dumps(recorded, sort_keys=True).replace("<", "\\u003c")
    body = "\n".join(_lines(tree["body"], (0, 0), 0))
    return (
        f'<!DOCTYPE html>\n<html lang="{html.escape(str(tree["language"])[:10])}"><head><meta charset="utf-8">\n'
        f'<script type="application/json" id="recorded">{told}</script></head>\n{body}\n</html>\n'
    )


def recorded_in(text: str) -> dict[str, Any]:
    """Read what was known of a page when it was recorded."""
    found = re.search(r'<script type="application/json" id="recorded">(.*?)</script>', text)
    if found is None:
        raise ValueError("this is no recording")
    given: dict[str, Any] = json.loads(found[1])
    return given


def check(text: str, secrets: Sequence[str]) -> None:
    """Raise ``NotClean`` where a recording holds one of these."""
    for secret in secrets:
        if len(secret) >= SHORTEST_NAME and secret.casefold() in text.casefold():
            raise NotClean("a name or a secret of the account is still in it")


def secrets_of(handle: str, session: Mapping[str, Any]) -> list[str]:
    """Name what of an account must not be in a recording: its handle, and every value of its session."""
    kept = [*_strings(session.get("cookies", ())), *_strings(session.get("origins", ()))]
    return [handle, *(value for value in kept if len(value) >= SHORTEST_SECRET)]


NO_SECRETS = frozenset({"name", "domain", "path", "sameSite", "origin"})
"""What of a cookie says nothing of anybody."""


def _strings(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, str):
        if name not in NO_SECRETS:
            yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _strings(item, key)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item, name)


def _lines(node: Mapping[str, Any], origin: tuple[int, int], depth: int) -> Iterator[str]:
    tag = node["tag"] if TAG.fullmatch(node["tag"]) else "div"
    left, top, *_ = node["looks"]["box"]
    attributes = "".join(
        f' {name}="{html.escape(str(value))}"' for name, value in sorted(node["attributes"].items())
    )
    begins = f'{" " * depth}<{tag}{attributes} style="{_style(node["looks"], origin)}">'
    if tag in EMPTY:
        yield begins
        return
    inside = node["inside"]
    texts = "".join(html.escape(one) for one in inside if isinstance(one, str))
    yield begins + texts
    for child in inside:
        if not isinstance(child, str):
            yield from _lines(child, (left, top), depth + 1)
    yield f"{' ' * depth}</{tag}>"


def _style(looks: Mapping[str, Any], origin: tuple[int, int]) -> str:
    left, top, width, height = looks["box"]
    if not looks["fixed"]:
        left, top = left - origin[0], top - origin[1]
    said = {
        "position": "fixed" if looks["fixed"] else "absolute",
        "left": f"{left}px",
        "top": f"{top}px",
        "width": f"{width}px",
        "height": f"{height}px",
        "box-sizing": "border-box",
        "margin": "0",
        "padding": "0",
        "background-color": _colour(looks["ground"]),
        "color": _colour(looks["ink"]),
        "border": looks["edge"] if re.fullmatch(r"[\d.]+px [a-z]+", looks["edge"]) else "0",
    }
    if looks["hidden"]:
        said["visibility"] = "hidden"
    if looks["through"]:
        said["pointer-events"] = "none"
    if looks["layer"] is not None:
        said["z-index"] = str(int(looks["layer"]))
    return "; ".join(f"{name}: {value}" for name, value in said.items())


def _colour(given: str) -> str:
    return given if COLOUR.fullmatch(given) else "transparent"
