"""What pydantic says of a post's fields, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from steadypost.intake.draft import Draft, Image
from steadypost.intake.moment import zone_beside
from steadypost.intake.refusal import Refusal, nearest, refusal


def draft_of(values: Mapping[str, Any], where: str) -> Draft | list[Refusal]:
    """Take the fields of one post, or say which of them are not valid."""
    try:
        return Draft.model_validate(_with_its_zone(values))
    except ValidationError as invalid:
        return [_explained(dict(error), where) for error in invalid.errors(include_url=False)]


def _with_its_zone(values: Mapping[str, Any]) -> dict[str, Any]:
    """Have a zone that stands beside the time be the post's own: repetitions count by it too."""
    when, zone = values.get("when"), values.get("zone", "")
    if not (isinstance(when, str) and isinstance(zone, str)):
        return dict(values)
    when, zone = zone_beside(when, zone)
    return {**values, "when": when, **({"zone": zone} if zone else {})}


_EXPLAINED = {
    "missing": ("it is missing", "add it"),
    "string_type": ("it has to be a text", "write it in quotes"),
    "string_unicode": ("it holds half a character", "write the whole character, or leave it out"),
    "list_type": ("it has to be a list", "write it in [ ]"),
    "bool_parsing": ("this is neither yes nor no", "write true or false"),
    "bool_type": ("this is neither yes nor no", "write true or false"),
}


def _explained(error: dict[str, Any], where: str) -> Refusal:
    location = error["loc"]
    name = str(location[0]) + "".join(
        f"[{at + 1}]" if isinstance(at, int) else f".{at}" for at in location[1:]
    )
    kind = error["type"]
    if kind == "extra_forbidden":
        known = Draft.model_fields if len(location) == 1 else Image.model_fields
        meant = nearest(str(location[-1]), known)
        remedy = f'"{meant}" was meant?' if meant else f"the fields are {', '.join(known)}"
        return refusal(name, error["input"], "no field has this name", remedy, where=where)
    why, remedy = _EXPLAINED.get(kind, (str(error["msg"]), "correct it"))
    value = "" if kind == "missing" else error["input"]
    return refusal(name, value, why, remedy, where=where)
