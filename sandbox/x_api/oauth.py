"""Who a request is from: OAuth 1.0a signatures, checked by oauthlib, and OAuth 2.0 tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from oauthlib.oauth1.rfc5849 import signature

from sandbox.x_api.world import Person, World

SKEW_S = 300
"""How far a signature may be dated off X's clock."""


def who(world: World, method: str, url: str, headers: Mapping[str, str]) -> Person | None:
    """Say whose request it is; ``None`` when X would answer 401."""
    given = headers.get("authorization", "")
    if given.startswith("Bearer "):
        return world.by_bearer(given.removeprefix("Bearer "))
    if given.startswith("OAuth "):
        return _by_signature(world, method, url, given)
    return None


def _by_signature(world: World, method: str, url: str, given: str) -> Person | None:
    told = {name: unquote(value) for name, value in re.findall(r'(oauth_\w+)="([^"]*)"', given)}
    person = next((one for one in world.people.values() if one.access_token == told.get("oauth_token")), None)
    if person is None or person.revoked or told.get("oauth_consumer_key") != person.api_key:
        return None
    if abs(int(told.get("oauth_timestamp", "0")) - world.clock.now_ms() / 1000) > SKEW_S:
        return None
    parameters: Any = signature.collect_parameters(
        uri_query=url.partition("?")[2], headers={"Authorization": given}
    )
    asked: Any = method
    signed = signature.signature_base_string(
        asked,
        signature.base_string_uri(url),
        signature.normalize_parameters(parameters),
    )
    expected = signature.sign_hmac_sha1_with_client(signed, _Client(person))
    return person if expected == told.get("oauth_signature") else None


class _Client:
    """What oauthlib wants to sign with."""

    def __init__(self, person: Person) -> None:
        self.client_secret = person.api_secret
        self.resource_owner_secret = person.access_secret
