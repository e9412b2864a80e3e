"""Checks requests against the network's lexicons, and refuses unknown fields and facets within a letter."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

import regex

from sandbox.bluesky.content import TID, is_cid

HERE: Final = Path(__file__).parent / "lexicons"

LEXICONS: Final[dict[str, dict[str, Any]]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.json"))
}


class Invalid(ValueError):
    """A value is not what its lexicon says."""

    name = "InvalidRequest"


class BlobNotFound(Invalid):
    """A record refers to a file that is not there (any more)."""

    name = "BlobNotFound"


DID: Final = re.compile(r"did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]")
HANDLE: Final = re.compile(
    r"([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
)
NSID: Final = re.compile(
    r"[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+"
    r"(\.[a-zA-Z][a-zA-Z0-9]{0,62})"
)
RECORD_KEY: Final = re.compile(r"[a-zA-Z0-9_~.:-]{1,512}")
LANGUAGE: Final = re.compile(r"(i|[a-z]{2,3})(-[a-zA-Z0-9]+)*")
URI: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:(?://)?[^\s/][^\s]*")
DATETIME: Final = re.compile(
    r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,20})?(Z|[+-][0-2][0-9]:[0-5][0-9])"
)


def _is_did(value: str) -> bool:
    return bool(DID.fullmatch(value)) and len(value) <= 2048


def _is_handle(value: str) -> bool:
    return bool(HANDLE.fullmatch(value)) and len(value) <= 253


def _is_at_uri(value: str) -> bool:
    parts = value.removeprefix("at://").split("/")
    return (
        value.startswith("at://")
        and len(parts) == 3
        and (_is_did(parts[0]) or _is_handle(parts[0]))
        and bool(NSID.fullmatch(parts[1]))
        and bool(RECORD_KEY.fullmatch(parts[2]))
    )


def _is_datetime(value: str) -> bool:
    if not DATETIME.fullmatch(value) or value.endswith("-00:00"):
        return False
    try:
        datetime.fromisoformat(re.sub(r"\.(\d{1,6})\d*", r".\1", value))
    except ValueError:
        return False
    return True


FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "did": _is_did,
    "handle": _is_handle,
    "at-identifier": lambda value: _is_did(value) or _is_handle(value),
    "at-uri": _is_at_uri,
    "cid": is_cid,
    "datetime": _is_datetime,
    "language": lambda value: bool(LANGUAGE.fullmatch(value)),
    "nsid": lambda value: bool(NSID.fullmatch(value)),
    "record-key": lambda value: bool(RECORD_KEY.fullmatch(value)) and value not in {".", ".."},
    "tid": lambda value: bool(TID.fullmatch(value)),
    "uri": lambda value: bool(URI.fullmatch(value)) and len(value) <= 8192,
}


def check_input(method: str, body: Any) -> None:
    """Hold the body of a procedure against its lexicon."""
    schema = LEXICONS[method]["defs"]["main"]["input"]["schema"]
    _check(schema, body, method, "input", {})


def check_params(method: str, params: dict[str, Any]) -> None:
    """Hold the parameters of a query against its lexicon."""
    schema = {**LEXICONS[method]["defs"]["main"]["parameters"], "type": "object"}
    _check(schema, params, method, "params", {})


def check_record(collection: str, record: Any, limits: dict[str, int]) -> None:
    """Hold a record against its lexicon; ``limits`` are those of this server, by the path of the field."""
    if not isinstance(record, dict) or record.get("$type") != collection:
        raise Invalid(f"Invalid $type: expected {collection}")
    _check(LEXICONS[collection]["defs"]["main"]["record"], record, collection, "$.record", limits)
    _check_facets(record)


def _check_facets(record: dict[str, Any]) -> None:
    text = record["text"].encode()
    ends = [0]
    for facet in sorted(record.get("facets", []), key=lambda one: one["index"]["byteStart"]):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        if not ends[-1] <= start < end <= len(text):
            raise Invalid(f"facet {start}-{end} is not within the text, or lies over another one")
        try:
            text[start:end].decode()
            text[:start].decode()
        except UnicodeDecodeError as error:
            raise Invalid(f"facet {start}-{end} cuts a letter in two") from error
        ends.append(end)


# --- the types of a lexicon


def _check(schema: dict[str, Any], value: Any, home: str, at: str, limits: dict[str, int]) -> None:
    _CHECKS[schema["type"]](schema, value, home, at, limits)


def _object(schema: dict[str, Any], value: Any, home: str, at: str, limits: dict[str, int]) -> None:
    if not isinstance(value, dict):
        raise Invalid(f"{at} must be an object")
    properties = schema.get("properties", {})
    if missing := [name for name in schema.get("required", []) if name not in value]:
        raise Invalid(f'Missing required key "{missing[0]}" at {at}')
    if unknown := [name for name in value if name not in properties and name != "$type"]:
        raise Invalid(f'Unknown key "{unknown[0]}" at {at}')
    for name, one in value.items():
        if name == "$type" and name not in properties:
            continue
        if one is None and name in schema.get("nullable", []):
            continue
        _check(properties[name], one, home, f"{at}.{name}", limits)


def _array(schema: dict[str, Any], value: Any, home: str, at: str, limits: dict[str, int]) -> None:
    if not isinstance(value, list):
        raise Invalid(f"{at} must be an array")
    _in_bounds(len(value), schema, at, "Length")
    for n, one in enumerate(value):
        _check(schema["items"], one, home, f"{at}[{n}]", limits)


def _string(schema: dict[str, Any], value: Any, _home: str, at: str, _limits: dict[str, int]) -> None:
    if not isinstance(value, str):
        raise Invalid(f"{at} must be a string")
    _in_bounds(len(value.encode()), schema, at, "Length")
    if len(regex.findall(r"\X", value)) > schema.get("maxGraphemes", 10**9):
        raise Invalid(f"{at} must not be longer than {schema['maxGraphemes']} graphemes")
    if "format" in schema and not FORMATS[schema["format"]](value):
        raise Invalid(f"Invalid {schema['format']} (got {value!r}) at {at}")


def _integer(schema: dict[str, Any], value: Any, _home: str, at: str, _limits: dict[str, int]) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Invalid(f"{at} must be an integer")
    if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        raise Invalid(f"{at} is out of range")


def _boolean(_schema: dict[str, Any], value: Any, _home: str, at: str, _limits: dict[str, int]) -> None:
    if not isinstance(value, bool):
        raise Invalid(f"{at} must be a boolean")


def _blob(schema: dict[str, Any], value: Any, _home: str, at: str, limits: dict[str, int]) -> None:
    if not isinstance(value, dict) or set(value) != {"$type", "ref", "mimeType", "size"}:
        raise Invalid(f"{at} must be a blob ref")
    ref = value["ref"]
    if value["$type"] != "blob" or not isinstance(ref, dict) or not is_cid(ref.get("$link")):
        raise Invalid(f"{at} must be a blob ref")
    takes = schema.get("accept", ["*/*"])
    if not any(fnmatch(str(value["mimeType"]), one) for one in takes):
        raise Invalid(f"{at}: {value['mimeType']} is not accepted")
    kind = at.rpartition(".")[2]
    most = min(schema.get("maxSize", 10**9), limits.get(kind, 10**9))
    if value["size"] > most:
        raise Invalid(f"blob too big (maximum {most}, got {value['size']}) at {at}")


def _ref(schema: dict[str, Any], value: Any, home: str, at: str, limits: dict[str, int]) -> None:
    name, _, part = schema["ref"].partition("#")
    home = name or home
    _check(LEXICONS[home]["defs"][part or "main"], value, home, at, limits)


def _union(schema: dict[str, Any], value: Any, home: str, at: str, limits: dict[str, int]) -> None:
    if not isinstance(value, dict) or "$type" not in value:
        raise Invalid(f"{at} must be an object with a $type")
    for ref in schema["refs"]:
        absolute = f"{home}{ref}" if ref.startswith("#") else ref
        if value["$type"] in {absolute, f"{absolute}#main"}:
            _ref({"ref": absolute}, value, home, at, limits)
            return
    raise Invalid(f"{at} may not be a {value['$type']}")


def _unknown(_schema: dict[str, Any], value: Any, _home: str, at: str, _limits: dict[str, int]) -> None:
    if not isinstance(value, dict):
        raise Invalid(f"{at} must be an object")


def _in_bounds(length: int, schema: dict[str, Any], at: str, what: str) -> None:
    if length > schema.get(f"max{what}", length) or length < schema.get(f"min{what}", length):
        raise Invalid(f"{at} is too long or too short ({length})")


_CHECKS: Final = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _integer,
    "boolean": _boolean,
    "blob": _blob,
    "ref": _ref,
    "union": _union,
    "unknown": _unknown,
}
