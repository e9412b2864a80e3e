"""How a request says who it is from. Signing is oauthlib's; the time it is dated with is X's, not this machine's."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from urllib.parse import urlencode

from oauthlib.oauth1 import Client

from steadypost.channels.x_api.secret import Keys

# At its finest level oauthlib writes what it signs into the log, the account's keys among it.
logging.getLogger("oauthlib").setLevel(logging.WARNING)

Method = Literal["GET", "POST", "DELETE"]

FORM = "application/x-www-form-urlencoded"


class Signer(Protocol):
    """Signs one request."""

    @property
    def key(self) -> str:
        """A secret that tells one sign-in from another."""
        ...

    @property
    def is_dated(self) -> bool:
        """Whether a signature holds a date, which X compares with its clock."""
        ...

    def headers(self, method: Method, url: str, params: Mapping[str, str], at_x: datetime) -> dict[str, str]:
        """Give the headers that sign it. A body of JSON or of files is no part of what is signed."""
        ...


@dataclass(frozen=True, slots=True)
class ByKeys:
    """OAuth 1.0a. X refuses a signature that is dated minutes off its own clock."""

    keys: Keys = field(repr=False)
    is_dated: bool = field(default=True, init=False)

    @property
    def key(self) -> str:
        """The account's own key."""
        return self.keys.access_token

    def headers(self, method: Method, url: str, params: Mapping[str, str], at_x: datetime) -> dict[str, str]:
        """Sign it."""
        client = Client(
            self.keys.api_key,
            client_secret=self.keys.api_secret,
            resource_owner_key=self.keys.access_token,
            resource_owner_secret=self.keys.access_secret,
            timestamp=str(int(at_x.timestamp())),
        )
        query = f"?{urlencode(params)}" if params else ""
        _, signed, _ = client.sign(f"{url}{query}", http_method=method)
        return {str(name): str(value) for name, value in dict[Any, Any](signed).items()}


@dataclass(frozen=True, slots=True)
class ByToken:
    """OAuth 2.0."""

    access_token: str = field(repr=False)
    is_dated: bool = field(default=False, init=False)

    @property
    def key(self) -> str:
        """The token itself."""
        return self.access_token

    def headers(self, method: Method, url: str, params: Mapping[str, str], at_x: datetime) -> dict[str, str]:  # noqa: ARG002
        """Carry the token."""
        return {"Authorization": f"Bearer {self.access_token}"}
