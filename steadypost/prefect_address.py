"""Where Prefect's API is: as the environment says, else as it was kept in the home when the server was started.

Only the standard library: the switches are asked for by commands that must not wait for Prefect to be imported.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from steadypost import private

NAME = "PREFECT_API_URL"
KEY = "PREFECT_API_KEY"
AUTH = "PREFECT_API_AUTH_STRING"
CERTIFICATES = "PREFECT_API_SSL_CERT_FILE"
UNCHECKED = "PREFECT_API_TLS_INSECURE_SKIP_VERIFY"
SECRETS = (KEY, AUTH, CERTIFICATES, UNCHECKED)
"""What may be needed beside the address to be heard there, by the names of Prefect's own settings."""

FILE = "prefect.json"

QUIET = {
    # Without an address Prefect would start a server of its own, which is not visible and has no data.
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}

UNKNOWN = "the address of Prefect's API is not set"
REMEDY = (
    "start everything with 'steadypost up', or set PREFECT_API_URL, for instance http://127.0.0.1:4200/api"
)


def keep(home: Path, environment: Mapping[str, str] | None = None) -> Path | None:
    """Keep where the API is, and what is needed to be heard there, for this user alone."""
    given = os.environ if environment is None else environment
    if not given.get(NAME):
        return None
    private.folder(home)
    said = {name: given[name] for name in (NAME, *SECRETS) if given.get(name)}
    beside, kept = home / f".{FILE}.{os.getpid()}", home / FILE
    opened = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, private.FILE)
    with os.fdopen(opened, "w", encoding="utf-8") as file:
        json.dump(said, file)
    beside.replace(kept)
    return kept


def known(home: Path, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give the address and what belongs to it: all from the environment, or all from the home, never mixed."""
    given = os.environ if environment is None else environment
    if given.get(NAME):
        return {name: given[name] for name in (NAME, *SECRETS) if given.get(name)}
    try:
        kept = json.loads((home / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(kept, dict) or not str(kept.get(NAME, "")).startswith(("http://", "https://")):
        return {}
    return {name: str(kept[name]) for name in (NAME, *SECRETS) if kept.get(name)}


def use(home: Path, environment: MutableMapping[str, str] | None = None) -> str:
    """Set the environment for the next import of Prefect; answers the address, empty where none is known."""
    given = os.environ if environment is None else environment
    for name, value in QUIET.items():
        given.setdefault(name, value)
    found = known(home, given)
    given.update(found)
    return found.get(NAME, "")
