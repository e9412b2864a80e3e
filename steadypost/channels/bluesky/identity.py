"""From handle to DID, from DID to document, from that to the account's server. Only the DID is kept: the rest moves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlsplit

from steadypost.channels.bluesky import xrpc
from steadypost.channels.bluesky.fetching import Fetcher, NotFetched
from steadypost.channels.bluesky.trouble import NotReady, unanswered
from steadypost.channels.bluesky.xrpc import Result, Wrong
from steadypost.channels.wire import Answered, Wire
from steadypost.domain.outcome import Cause
from steadypost.networks.bluesky.uri import is_did, is_handle

DIRECTORY: Final = "https://plc.directory"
"""Where documents of ``did:plc`` are."""

HANDLE_WITHIN_S: Final = 10.0
"""How long one handle may take to be resolved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What an account's document says."""

    did: str
    server: str
    """The server for its records, without a trailing slash."""
    handles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """Finds accounts."""

    resolver: Wire
    """A server that resolves handles."""
    directory: str = DIRECTORY
    fetcher: Fetcher = field(default_factory=Fetcher)
    here: bool = False
    """Whether the network is a sandbox of this machine: its servers then need no TLS."""

    def did(self, handle: str, *, deadline: float) -> str | None:
        """Give the DID of a handle; ``None`` when certainly no account has it, ``NotReady`` when unknown."""
        if not is_handle(handle):
            return None
        deadline = min(deadline, time.monotonic() + HANDLE_WITHIN_S)
        params = {"handle": handle.lower()}
        reply = xrpc.query(
            self.resolver, "com.atproto.identity.resolveHandle", deadline=deadline, params=params
        )
        if isinstance(reply, Result) and is_did(reply.text("did")):
            return reply.text("did")
        if (found := self._well_known(handle, deadline)) is not None:
            return found
        if isinstance(reply, Wrong) and reply.status == 400:
            return None
        raise unanswered(f"handle {handle}", reply)

    def _well_known(self, handle: str, deadline: float) -> str | None:
        """Ask the domain that the handle is."""
        try:
            url = f"https://{handle.lower()}/.well-known/atproto-did"
            told = self.fetcher.fetch(url, most=2048, deadline=deadline)
        except NotFetched:
            return None
        did = told.content.decode("utf-8", "replace").strip()
        return did if is_did(did) else None

    def identity(self, did: str, *, deadline: float) -> Identity:
        """Read an account's document; raise ``NotReady``."""
        heard = self.resolver.send("GET", self._document(did, deadline), deadline=deadline)
        if not isinstance(heard, Answered):
            raise NotReady(heard.cause, f"document of {did}: {heard.why}")
        if heard.status in {404, 410}:
            raise NotReady(Cause.SIGNED_OUT, f"account {did} is not registered (any more)")
        document = heard.json()
        if heard.status != 200 or not isinstance(document, dict) or document.get("id") != did:
            raise NotReady(Cause.SERVER_ERROR, f"document of {did}: the directory answered {heard.status}")
        return Identity(did=did, server=self._server(document), handles=_handles(document))

    def stranger(self, did: str, *, deadline: float) -> Identity:
        """Read the document of an account that is not ours: its server must be one that the whole world may reach."""
        found = self.identity(did, deadline=deadline)
        self._check(found.server, did, deadline)
        return found

    def _check(self, url: str, did: str, deadline: float) -> None:
        """Refuse an address that a stranger wrote down, where it leads into this machine's own network."""
        try:
            self.fetcher.check(url, deadline=deadline)
        except NotFetched as error:
            raise NotReady(Cause.TARGET_GONE, f"server of {did}: {error}") from error

    def _server(self, document: Mapping[str, Any]) -> str:
        """Find the server for an account's records in its document."""
        services = document.get("service")
        for one in services if isinstance(services, list) else []:
            if isinstance(one, dict) and str(one.get("id", "")).endswith("#atproto_pds"):
                endpoint = str(one.get("serviceEndpoint", "")).rstrip("/")
                if one.get("type") == "AtprotoPersonalDataServer" and is_endpoint(endpoint, here=self.here):
                    return endpoint
        raise NotReady(Cause.SIGNED_OUT, f"account {document.get('id')} names no server for its records")

    def _document(self, did: str, deadline: float) -> str:
        if did.startswith("did:plc:"):
            return f"{self.directory.rstrip('/')}/{quote(did)}"
        if did.startswith("did:web:") and "/" not in did and "%" not in did:
            address = f"https://{did.removeprefix('did:web:')}/.well-known/did.json"
            self._check(address, did, deadline)
            return address
        raise NotReady(Cause.SIGNED_OUT, f"account {did}: only did:plc and did:web are known here")


def is_endpoint(address: str, *, here: bool) -> bool:
    """Whether a password may be sent there: over TLS, or ``here``, where everything is rehearsed on this machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return (parts.scheme == "https" and bool(parts.hostname)) or (here and is_here(address))


def is_here(address: str) -> bool:
    """Whether an address is one of this machine, without TLS: a sandbox."""
    parts = urlsplit(address)
    return parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}


def _handles(document: Mapping[str, Any]) -> tuple[str, ...]:
    known = document.get("alsoKnownAs")
    names = [str(one) for one in known] if isinstance(known, list) else []
    return tuple(one.removeprefix("at://").lower() for one in names if one.startswith("at://"))
