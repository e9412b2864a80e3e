"""What signs an account in: four keys that do not end (OAuth 1.0a), or tokens that are renewed (OAuth 2.0).

The block gives one or the other, as a mapping of words; the words are these classes' own. Neither is ever printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from steadypost.domain.token import Token, origin_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """OAuth 1.0a: the app's two keys, and the account's two. They end only when they are revoked."""

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """OAuth 2.0: what the account's first token is asked for with. Its successors lie in the store."""

    client_id: str
    client_secret: str = field(default="", repr=False)
    """Empty for an app without one (a public client)."""
    refresh_token: str = field(repr=False)
    """As the sign-in gave it. It is used once."""

    @property
    def origin(self) -> str:
        """What tokens in the store carry that descend from this grant."""
        return origin_of(f"{self.client_id}\x1f{self.refresh_token}")


Secret = Keys | Grant

KEYS = ("api_key", "api_secret", "access_token", "access_secret")
GRANT = ("client_id", "refresh_token")


def read(given: Mapping[str, Any]) -> Secret | None:
    """Read an account's secret; ``None`` when it holds neither all four keys nor a grant."""
    if all(given.get(word) for word in KEYS):
        return Keys(**{word: str(given[word]) for word in KEYS})
    if all(given.get(word) for word in GRANT):
        return Grant(
            client_id=str(given["client_id"]),
            client_secret=str(given.get("client_secret") or ""),
            refresh_token=str(given["refresh_token"]),
        )
    return None


def mapping(secret: Secret) -> dict[str, str]:
    """Write a secret as an ``Access`` carries it."""
    if isinstance(secret, Keys):
        return {word: getattr(secret, word) for word in KEYS}
    return {word: getattr(secret, word) for word in (*GRANT, "client_secret")}


# --- the tokens of a grant


def is_of(token: Token, grant: Grant) -> bool:
    """Whether a token descends from this grant: an operator who signs in anew enters another."""
    return token.secret.get("origin") == grant.origin


SCOPES = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")
"""What publishing needs: to post, to see who one is and what one posted, to add pictures, and to renew the token."""


def missing_scopes(token: Token) -> tuple[str, ...]:
    """Name what a token may not do; nothing where X did not say what it may."""
    given = token.secret.get("scope", "").split()
    return tuple(one for one in SCOPES if one not in given) if given else ()


def refresh_token(token: Token | None, grant: Grant) -> str:
    """Give what the next token is asked for with."""
    if token is None or not is_of(token, grant):
        return grant.refresh_token
    return token.secret["refresh_token"]


LONGEST_LIFE = timedelta(days=3650).total_seconds()
"""A token that is said to last longer is used until it is refused."""


def token_of(told: Any, grant: Grant, before: str, now: datetime) -> Token | None:
    """Read X's answer to a renewal; ``None`` when it is not one."""
    access = told.get("access_token") if isinstance(told, dict) else None
    if not isinstance(access, str) or not access:
        return None
    following, lasts = told.get("refresh_token"), told.get("expires_in")
    return Token(
        secret={
            "access_token": access,
            # Without a new one the old one stays good.
            "refresh_token": following if isinstance(following, str) and following else before,
            "origin": grant.origin,
            "scope": str(told.get("scope") or ""),
        },
        expires_at=now + timedelta(seconds=lasts) if _is_a_life(lasts) else None,
    )


def _is_a_life(lasts: Any) -> bool:
    """Whether these seconds tell when a token ends. Whatever they are, the token is kept: the one before is used up."""
    return isinstance(lasts, int) and 0 < lasts <= LONGEST_LIFE
