"""Takes a session in any form people have one in, and makes it usable, or says exactly why it is not.

Pure, and the one judge: what stores a session and what opens a browser with it ask the same function:
with a judge each, a session could be taken in that no browser can use. No message ever holds a value of a cookie.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from steadypost.domain.clock import now as clock_now

NEEDED = ("auth_token", "ct0")
"""Who we are, and the mark that X wants mirrored in a header. Without either there is no session."""

X_SITES = ("x.com", "twitter.com")
LOCAL_SITES = ("127.0.0.1", "localhost")

SAME_SITE = {"strict": "Strict", "lax": "Lax", "none": "None", "no_restriction": "None"}
"""What exports call it, and what a browser takes. Anything else (``unspecified``, null) becomes Lax."""

EXPORT_ANEW = "sign in to X in a browser and export the session anew"
GIVE_EITHER = "give a storage state or a list of cookies"
COPY_WHOLE = "copy the whole export, unchanged"

_NOT_IN_A_COOKIE = re.compile(r"[\x00-\x20\x7f-\uffff\";,\\]")
_USER = re.compile(r"u=(\d{1,20})")
_MILLISECONDS = 10**11
"""A number this large is a time in milliseconds: as seconds it would lie three thousand years ahead."""


class UnusableSession(ValueError):
    """This cannot sign anybody in.

    >>> str(UnusableSession("ct0", "is missing", "export all cookies of x.com"))
    'ct0 is missing: export all cookies of x.com'
    """

    def __init__(self, field: str, reason: str, remedy: str) -> None:
        super().__init__(f"{field} {reason}: {remedy}")
        self.field = field
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """One cookie, whatever it was called where it came from."""

    name: str
    value: str = field(repr=False)
    site: str
    path: str
    expires: float
    """Seconds since 1970, or -1 for as long as the browser lives."""
    http_only: bool
    secure: bool
    same_site: str

    def expired(self, now: datetime) -> bool:
        """Whether a browser would have thrown it away."""
        return self.expires != -1 and self.expires <= now.timestamp()

    def placed(self, domain: str, *, secure: bool) -> dict[str, Any]:
        """Give it as Playwright takes it, for a domain."""
        # "None" without "secure" is refused by the browser, and with it the whole state.
        same_site = "Lax" if self.same_site == "None" and not secure else self.same_site
        return {
            "name": self.name,
            "value": self.value,
            "domain": domain,
            "path": self.path,
            "expires": self.expires,
            "httpOnly": self.http_only,
            "secure": secure,
            "sameSite": same_site,
        }


def usable(given: object, base_url: str, *, now: datetime | None = None) -> dict[str, Any]:
    """Make a Playwright storage state for this address out of a session in any known form.

    Known forms: a storage state, a bare list of cookies (Playwright's, or a browser extension's), either as
    JSON text or as base64 of that text. Raises ``UnusableSession``.
    """
    moment = now or clock_now()
    state = _state(given)
    cookies = list(_cookies(state["cookies"]))
    if not cookies:
        raise UnusableSession("the session", "holds no cookies", EXPORT_ANEW)
    host = _host(base_url)
    homes = _homes(host)
    for name in NEEDED:
        _check([cookie for cookie in cookies if cookie.name == name], name, homes, moment)
    kept = [cookie for cookie in cookies if _home(cookie.site, homes) and not cookie.expired(moment)]
    return {"cookies": list(_placed(kept, base_url)), "origins": _origins(state, host)}


def user_id(session: Mapping[str, Any]) -> str | None:
    """Read whose session a storage state is, without a page: the number in ``twid``."""
    for cookie in session.get("cookies", ()):
        if cookie.get("name") == "twid" and (found := _USER.search(unquote(str(cookie.get("value", ""))))):
            return found.group(1)
    return None


# --- the forms


def _state(given: object) -> dict[str, Any]:
    if isinstance(given, bytes | bytearray):
        given = _text(bytes(given))
    if isinstance(given, str):
        given = _parsed(given.strip().removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))
    if isinstance(given, list | tuple):
        return {"cookies": list(given)}
    if not isinstance(given, Mapping):
        raise UnusableSession("the session", f"is a {type(given).__name__}", GIVE_EITHER)
    if not isinstance(given.get("cookies"), list | tuple):
        raise UnusableSession("cookies", "is not a list in this session", GIVE_EITHER)
    return dict(given)


def _parsed(text: str) -> Any:
    if not text:
        raise UnusableSession("the session", "is empty", EXPORT_ANEW)
    if text[0] in '{["':
        return _json(text, "is not valid JSON")
    return _json(_decoded(text), "is base64, but not of JSON")


def _json(text: str, complaint: str) -> Any:
    try:
        found = json.loads(text)
    except ValueError as error:
        where = ""
        if isinstance(error, json.JSONDecodeError):
            where = f" (line {error.lineno}, column {error.colno})"
        # "from None": the original error carries the whole text.
        raise UnusableSession("the session", complaint + where, COPY_WHOLE) from None
    return _parsed(found.strip()) if isinstance(found, str) and found != text else found


def _decoded(text: str) -> str:
    compact = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return _text(base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)).strip()
    except binascii.Error:
        raise UnusableSession("the session", "is neither JSON nor base64", GIVE_EITHER) from None


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnusableSession("the session", "is not text", COPY_WHOLE) from None


# --- the cookies


def _cookies(listed: Iterable[Any]) -> Iterator[Cookie]:
    for entry in listed:
        if isinstance(entry, Mapping) and isinstance(entry.get("name"), str):
            yield _cookie(entry)


def _cookie(entry: Mapping[str, Any]) -> Cookie:
    return Cookie(
        name=entry["name"].strip(),
        value=str(entry.get("value") or "").strip(),
        site=_site(entry),
        path=str(entry.get("path") or "/"),
        expires=_expires(entry),
        http_only=bool(entry.get("httpOnly")),
        secure=bool(entry.get("secure")),
        same_site=SAME_SITE.get(str(entry.get("sameSite") or "").casefold(), "Lax"),
    )


def _site(entry: Mapping[str, Any]) -> str:
    domain = str(entry.get("domain") or entry.get("host") or "") or _host(str(entry.get("url") or ""))
    return domain.lstrip(".").casefold()


def _expires(entry: Mapping[str, Any]) -> float:
    """The end, as seconds; -1 where the export says none, or nothing that could be read."""
    for name in ("expires", "expirationDate"):
        value = entry.get(name)
        if isinstance(value, bool) or value is None:
            continue
        try:
            seconds = float(value)
        except (TypeError, ValueError):
            seconds = _iso(value)
        if seconds > 0:
            return seconds / 1000 if seconds > _MILLISECONDS else seconds
    return -1


def _iso(value: Any) -> float:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return -1
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


# --- whether they will do


def _check(found: list[Cookie], name: str, homes: tuple[str, ...], now: datetime) -> None:
    """Raise unless one of these would be sent and understood."""
    if not any(cookie.value for cookie in found):
        raise UnusableSession(name, "is missing", "export all cookies of x.com, also those marked HttpOnly")
    at_home = [cookie for cookie in found if cookie.value and _home(cookie.site, homes)]
    if not at_home:
        where = ", ".join(sorted({cookie.site or "no site" for cookie in found}))
        raise UnusableSession(name, f"belongs to {where}", f"export the cookies of {homes[0]}")
    fresh = [cookie for cookie in at_home if not cookie.expired(now)]
    if not fresh:
        ended = datetime.fromtimestamp(max(cookie.expires for cookie in at_home), UTC)
        raise UnusableSession(name, f"expired on {ended:%Y-%m-%d %H:%M} UTC", EXPORT_ANEW)
    if all(_NOT_IN_A_COOKIE.search(cookie.value) for cookie in fresh):
        raise UnusableSession(name, "holds characters no cookie can hold", COPY_WHOLE)


# --- where they go


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").casefold()


def _is_x(host: str) -> bool:
    return any(host == site or host.endswith(f".{site}") for site in X_SITES)


def _homes(host: str) -> tuple[str, ...]:
    """The sites whose cookies may be taken. A sandbox takes X's, too; X takes nobody else's."""
    return X_SITES if _is_x(host) else (host, *X_SITES, *LOCAL_SITES)


def _home(site: str, homes: Iterable[str]) -> str:
    """The home to which a cookie's site belongs; a cookie that names none is taken for the first's."""
    first = next(iter(homes))
    bare = site.removeprefix("www.").removeprefix("mobile.")
    return next((home for home in homes if bare == home), "") if site else first


def _placed(cookies: list[Cookie], base_url: str) -> Iterator[dict[str, Any]]:
    host = _host(base_url)
    if not _is_x(host):
        secure = urlsplit(base_url).scheme == "https"
        yield from (cookie.placed(host, secure=secure) for cookie in _one_each(cookies, host))
        return
    for site in X_SITES:
        yield from (cookie.placed(f".{site}", secure=True) for cookie in _one_each(cookies, site))


def _one_each(cookies: list[Cookie], site: str) -> Iterable[Cookie]:
    """One cookie of each name and path, the site's own before a copy from its sister."""
    chosen: dict[tuple[str, str], Cookie] = {}
    for cookie in sorted(cookies, key=lambda cookie: cookie.site != site):
        if not _NOT_IN_A_COOKIE.search(cookie.value.strip('"')):
            chosen.setdefault((cookie.name, cookie.path), cookie)
    return chosen.values()


def _origins(state: Mapping[str, Any], host: str) -> list[Any]:
    """What the page itself had stored, as far as it is this host's."""
    listed = state.get("origins")
    entries = listed if isinstance(listed, list) else []
    return [
        entry
        for entry in entries
        if isinstance(entry, Mapping)
        and _host(str(entry.get("origin") or "")) == host
        and isinstance(entry.get("localStorage"), list)
    ]
