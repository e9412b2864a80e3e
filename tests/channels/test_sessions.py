"""A session is taken in whatever form people have it, or refused with the exact reason, and never shown."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.channels.x_web.session import UnusableSession, usable, user_id

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
LATER = (NOW + timedelta(days=30)).timestamp()
TOKEN = "f00dfeedf00dfeedf00dfeed"
CSRF = "c5afc5afc5afc5af"
X = "https://x.com"
LOCAL = "http://127.0.0.1:8123"


def cookie(name, value, domain=".x.com", **more):
    return {
        "name": name,
        "value": value,
        "domain": domain,
        "path": "/",
        "expires": LATER,
        "httpOnly": name == "auth_token",
        "secure": True,
        "sameSite": "None",
    } | more


def both(domain=".x.com", **more):
    return [cookie("auth_token", TOKEN, domain, **more), cookie("ct0", CSRF, domain, **more)]


def values(session, domain):
    return {c["name"]: c["value"] for c in session["cookies"] if c["domain"] == domain}


STATE = {"cookies": both(), "origins": []}

EXPORTED = [
    {
        "domain": ".x.com",
        "expirationDate": LATER + 0.5,
        "hostOnly": False,
        "httpOnly": True,
        "name": name,
        "path": "/",
        "sameSite": same_site,
        "secure": True,
        "session": False,
        "storeId": "0",
        "value": value,
        "id": 7,
    }
    for name, value, same_site in [("auth_token", TOKEN, "no_restriction"), ("ct0", CSRF, "unspecified")]
]


def as_base64(value):
    return base64.b64encode(json.dumps(value).encode()).decode()


FORMS = {
    "storage state": STATE,
    "storage state as JSON": json.dumps(STATE),
    "storage state as bytes": json.dumps(STATE).encode(),
    "storage state with a byte order mark": b"\xef\xbb\xbf" + json.dumps(STATE).encode(),
    "storage state as base64": as_base64(STATE),
    "bare list": both(),
    "bare list as JSON": json.dumps(both(), indent=2),
    "bare list as base64": as_base64(both()),
    "base64 in lines": "\n".join(as_base64(STATE)[n : n + 76] for n in range(0, 4000, 76)),
    "base64 without padding": as_base64(STATE).rstrip("="),
    "base64 for addresses": base64.urlsafe_b64encode(json.dumps(STATE).encode()).decode(),
    "JSON within JSON": json.dumps(json.dumps(STATE)),
    "a browser extension's export": EXPORTED,
    "an export as JSON": json.dumps(EXPORTED),
    "only twitter.com": both(".twitter.com"),
    "no dot before the domain": both("x.com"),
    "www": both("www.x.com"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_becomes_the_same_session(form):
    session = usable(FORMS[form], X, now=NOW)

    assert values(session, ".x.com") == {"auth_token": TOKEN, "ct0": CSRF}
    assert values(session, ".twitter.com") == {"auth_token": TOKEN, "ct0": CSRF}
    assert all(c["secure"] for c in session["cookies"])


@pytest.mark.parametrize("form", FORMS)
def test_a_session_that_was_made_usable_stays_as_it_is(form):
    once = usable(FORMS[form], X, now=NOW)

    assert usable(once, X, now=NOW) == once


@pytest.mark.parametrize("form", FORMS)
def test_a_sandbox_gets_the_cookies_at_its_own_address(form):
    session = usable(FORMS[form], LOCAL, now=NOW)

    assert values(session, "127.0.0.1") == {"auth_token": TOKEN, "ct0": CSRF}
    assert 2 == len(session["cookies"])
    assert {(False, "Lax")} == {(c["secure"], c["sameSite"]) for c in session["cookies"]}


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("no_restriction", "None"),
        ("unspecified", "Lax"),
        ("lax", "Lax"),
        ("STRICT", "Strict"),
        ("None", "None"),
        (None, "Lax"),
        (7, "Lax"),
    ],
)
def test_same_site_becomes_what_a_browser_takes(given, taken):
    session = usable(both(sameSite=given), X, now=NOW)

    assert {c["sameSite"] for c in session["cookies"]} == {taken}


@pytest.mark.parametrize(
    ("expires", "taken"),
    [
        (LATER, LATER),
        (str(LATER), LATER),
        (LATER * 1000, LATER),
        (datetime.fromtimestamp(LATER, UTC).isoformat(), LATER),
        (-1, -1),
        (0, -1),
        (None, -1),
        ("Session", -1),
    ],
)
def test_an_end_is_read_in_every_form(expires, taken):
    session = usable(both(expires=expires), X, now=NOW)

    assert {c["expires"] for c in session["cookies"]} == {taken}


def test_x_coms_own_cookie_comes_before_twitter_coms():
    old = cookie("auth_token", "0ld", ".twitter.com")
    session = usable([old, *both()], X, now=NOW)

    assert values(session, ".x.com")["auth_token"] == TOKEN
    assert "0ld" == values(session, ".twitter.com")["auth_token"]


def test_cookies_of_other_sites_stay_behind():
    session = usable([*both(), cookie("SID", "s", ".google.com")], X, now=NOW)

    assert {"auth_token", "ct0"} == {c["name"] for c in session["cookies"]}


def test_other_cookies_that_expired_stay_behind():
    old = cookie("guest_id", "v1", expires=NOW.timestamp() - 5)
    session = usable([*both(), old], X, now=NOW)

    assert "guest_id" not in values(session, ".x.com")


def test_what_the_page_had_stored_goes_along():
    stored = {"origin": X, "localStorage": [{"name": "a", "value": "b"}]}
    other = {"origin": "https://example.org", "localStorage": []}

    assert usable({**STATE, "origins": [stored, other, None]}, X, now=NOW)["origins"] == [stored]


# --- what is no session

DEFECTS = {
    "nothing": ("", "the session", "is empty"),
    "blanks": (" \n", "the session", "is empty"),
    "a number": (7, "the session", "is a int"),
    "broken JSON": ('{"cookies": [', "the session", "is not valid JSON (line 1, column 14)"),
    "no base64": ("not a session!", "the session", "is neither JSON nor base64"),
    "base64 of words": (
        base64.b64encode(b"words").decode(),
        "the session",
        "is base64, but not of JSON (line 1, column 1)",
    ),
    "base64 of a picture": (base64.b64encode(b"\x89PNG\xff\xfe").decode(), "the session", "is not text"),
    "no list": ({"cookies": "auth_token=1"}, "cookies", "is not a list in this session"),
    "no cookies": ({"cookies": []}, "the session", "holds no cookies"),
    "odd entries": ([None, 7, {"value": "x"}], "the session", "holds no cookies"),
    "no auth_token": (both()[1:], "auth_token", "is missing"),
    "no ct0": (both()[:1], "ct0", "is missing"),
    "empty ct0": ([both()[0], cookie("ct0", "")], "ct0", "is missing"),
    "expired": (
        both(expires=datetime(2026, 1, 2, 3, 4, tzinfo=UTC).timestamp()),
        "auth_token",
        "expired on 2026-01-02 03:04 UTC",
    ),
    "another site": (both(".example.org"), "auth_token", "belongs to example.org"),
    "a site that only ends alike": (both(".notx.com"), "auth_token", "belongs to notx.com"),
    "a sandbox's": (both("127.0.0.1"), "auth_token", "belongs to 127.0.0.1"),
    "cut in the middle": (
        [cookie("auth_token", "abc def"), both()[1]],
        "auth_token",
        "holds characters no cookie can hold",
    ),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_named_with_its_field_and_a_remedy(defect):
    given, field, reason = DEFECTS[defect]

    with pytest.raises(UnusableSession) as caught:
        usable(given, X, now=NOW)

    assert (caught.value.field, caught.value.reason) == (field, reason)
    assert caught.value.remedy


@pytest.mark.parametrize("defect", DEFECTS)
def test_no_complaint_shows_a_value(defect):
    given, _, _ = DEFECTS[defect]
    if isinstance(given, list):
        given = [
            {**entry, "value": f"{entry['value']}{TOKEN}"}
            if isinstance(entry, dict) and entry.get("value")
            else entry
            for entry in given
        ]
    elif isinstance(given, str):
        given += TOKEN

    with pytest.raises(UnusableSession) as caught:
        usable(given, X, now=NOW)

    assert TOKEN not in f"{caught.value!s} {caught.value!r}"
    assert caught.value.__cause__ is None


def test_one_good_copy_is_enough():
    """An export may hold the old cookie next to the new one."""
    old = cookie("auth_token", "0ld", ".twitter.com", expires=NOW.timestamp() - 5)
    session = usable([old, *both()], X, now=NOW)

    assert values(session, ".x.com")["auth_token"] == TOKEN


# --- whose it is


@pytest.mark.parametrize(
    "value", ["u%3D1566077826414841856", "u=1566077826414841856", '"u=1566077826414841856"']
)
def test_twid_tells_whose_session_it_is(value):
    assert "1566077826414841856" == user_id({"cookies": [cookie("twid", value)]})


@pytest.mark.parametrize("cookies", [[], [cookie("twid", "nobody")], [cookie("kdt", "u=1")]])
def test_without_twid_nobody_knows(cookies):
    assert user_id({"cookies": cookies}) is None
