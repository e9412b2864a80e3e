"""Signing in at the local server: what the real one refuses, it refuses."""

import re

import httpx
import pytest

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


@pytest.fixture
def http(server):
    with httpx.Client(base_url=server.url, timeout=20, trust_env=False) as client:
        yield client


@pytest.fixture
def app(http):
    form = {"client_name": "Test", "redirect_uris": OUT_OF_BAND, "scopes": "read write:statuses"}
    return http.post("/api/v1/apps", data=form).json()


def asked(app, **other):
    return {
        "response_type": "code",
        "client_id": app["client_id"],
        "redirect_uri": OUT_OF_BAND,
        "scope": "read write:statuses",
    } | other


def code(http, app, account="bob"):
    page = http.post("/oauth/authorize", params=asked(app), data={"account": account}).text
    return re.search("<code>(.+)</code>", page)[1]


def exchange(http, app, given, **other):
    form = {
        "grant_type": "authorization_code",
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "redirect_uri": OUT_OF_BAND,
        "code": given,
    } | other
    return http.post("/oauth/token", data=form)


def test_a_code_becomes_a_token_of_its_account_and_scopes(http, app):
    token = exchange(http, app, code(http, app)).json()
    headers = {"authorization": f"Bearer {token['access_token']}"}

    assert ("Bearer", "read write:statuses") == (token["token_type"], token["scope"])
    who = http.get("/api/v1/accounts/verify_credentials", headers=headers)
    assert "bob" == who.json()["username"]
    files = {"file": ("a.png", b"x")}
    assert 403 == http.post("/api/v2/media", files=files, headers=headers).status_code


def test_a_code_is_good_once(http, app):
    given = code(http, app)
    first, second = exchange(http, app, given), exchange(http, app, given)

    assert (200, 400, "invalid_grant") == (first.status_code, second.status_code, second.json()["error"])


@pytest.mark.parametrize(
    ("other", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"redirect_uri": "https://elsewhere.example"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_what_does_not_fit_is_refused(http, app, other, status, error):
    refused = exchange(http, app, code(http, app), **other)

    assert (status, error) == (refused.status_code, refused.json()["error"])


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ({"client_id": "nobody"}, 401),
        ({"redirect_uri": "https://elsewhere.example"}, 400),
        ({"scope": "write"}, 400),
        ({"response_type": "token"}, 400),
    ],
)
def test_the_page_is_shown_only_for_what_the_app_registered(http, app, other, status):
    assert status == http.get("/oauth/authorize", params=asked(app, **other)).status_code


@pytest.mark.parametrize(
    "form",
    [
        {"redirect_uris": OUT_OF_BAND},
        {"client_name": "Test"},
        {"client_name": "Test", "redirect_uris": OUT_OF_BAND, "scopes": "everything"},
    ],
)
def test_an_app_needs_a_name_an_address_and_known_scopes(http, form):
    assert 422 == http.post("/api/v1/apps", data=form).status_code
