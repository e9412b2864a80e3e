"""The one plain client of Prefect's API: by its settings for authentication and TLS, and without importing Prefect.

Commands that ask one question must not wait two seconds for Prefect to be imported. Whatever talks to the API more than
that does so by Prefect's own client, which takes the same settings.
"""

from __future__ import annotations

import json
import ssl
from base64 import b64encode
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPSHandler, Request, build_opener

from steadypost import prefect_address

MOST = 1_000_000
"""Bytes of an answer that are read."""

_YES = frozenset({"1", "true", "yes", "on", "t", "y"})
"""What Prefect's settings take for yes."""


def ask(known: Mapping[str, str], path: str, *, within: float, post: object = None) -> tuple[int, bytes]:
    """Ask for a path below the address; answer the code and what is said. ``post`` is sent as JSON.

    Raises ``OSError`` or ``ValueError`` when it cannot be asked.
    """
    address = known[prefect_address.NAME].rstrip("/")
    if not address.startswith(("http://", "https://")):
        raise ValueError("it is no address of the web")
    sent = None if post is None else json.dumps(post).encode()
    kind = {} if sent is None else {"Content-Type": "application/json"}
    request = Request(f"{address}{path}", data=sent, headers=headers(known) | kind)  # noqa: S310 - checked above
    opener = build_opener(HTTPSHandler(context=tls(known)))
    try:
        with opener.open(request, timeout=within) as answer:
            return answer.status, answer.read(MOST)
    except HTTPError as said:
        with said:
            return said.code, said.read(MOST)
    except HTTPException as odd:
        raise OSError(f"it does not speak HTTP ({type(odd).__name__})") from odd


def headers(known: Mapping[str, str]) -> dict[str, str]:
    """Say who asks."""
    if key := known.get(prefect_address.KEY):
        return {"Authorization": f"Bearer {key}"}
    if said := known.get(prefect_address.AUTH):
        return {"Authorization": f"Basic {b64encode(said.encode()).decode()}"}
    return {}


def tls(known: Mapping[str, str]) -> ssl.SSLContext:
    """Give what a certificate is checked by. Raises ``OSError`` where the file of its authority cannot be read."""
    if not known.get(prefect_address.NAME, "").startswith("https:"):
        # Nothing is encrypted, so no certificates are needed; and reading all of them takes a while.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    file = known.get(prefect_address.CERTIFICATES)
    context = ssl.create_default_context(cafile=str(Path(file).expanduser()) if file else None)
    if known.get(prefect_address.UNCHECKED, "").strip().lower() in _YES:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
