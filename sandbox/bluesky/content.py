"""Names of content and keys of records, as the protocol has them. Written apart from the product's own."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any, Final

import libipld

RAW: Final = 0x55
DAG_CBOR: Final = 0x71

_TID_LETTERS: Final = "234567abcdefghijklmnopqrstuvwxyz"
TID: Final = re.compile(rf"[{_TID_LETTERS[:16]}][{_TID_LETTERS}]{{12}}")


def cid_bytes(codec: int, content: bytes) -> bytes:
    """The name of some content, as bytes."""
    return bytes([1, codec, 0x12, 32]) + hashlib.sha256(content).digest()


def cid_text(name: bytes) -> str:
    """A name of content, as people and JSON write it."""
    return "b" + base64.b32encode(name).decode().lower().rstrip("=")


def is_cid(text: object) -> bool:
    """Whether this is a name of content: version 1, SHA-256, raw or DAG-CBOR, in base 32."""
    if not isinstance(text, str) or not re.fullmatch(r"b[a-z2-7]{58}", text):
        return False
    name = base64.b32decode(text[1:].upper() + "=" * (-len(text[1:]) % 8))
    return name[:4] in (bytes([1, RAW, 0x12, 32]), bytes([1, DAG_CBOR, 0x12, 32]))


def _as_data(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"$link"}:
            text = value["$link"]
            return base64.b32decode(text[1:].upper() + "=" * (-len(text[1:]) % 8))
        return {key: _as_data(one) for key, one in value.items()}
    return [_as_data(one) for one in value] if isinstance(value, list) else value


def record_cid(record: dict[str, Any]) -> str:
    """The name of a record's content."""
    return cid_text(cid_bytes(DAG_CBOR, libipld.encode_dag_cbor(_as_data(record))))


def blob_cid(content: bytes) -> str:
    """The name of an uploaded file."""
    return cid_text(cid_bytes(RAW, content))


def tid(micros: int, clock: int) -> str:
    """A record key that holds a time."""
    value = (micros << 10) + clock
    letters = ""
    for _ in range(13):
        letters = _TID_LETTERS[value % 32] + letters
        value //= 32
    return letters


def blobs_in(value: Any) -> list[dict[str, Any]]:
    """Every uploaded file that a record refers to."""
    if isinstance(value, dict):
        own = [value] if value.get("$type") == "blob" else []
        return own + [blob for one in value.values() for blob in blobs_in(one)]
    return [blob for one in value for blob in blobs_in(one)] if isinstance(value, list) else []
