"""A sign-in goes over TLS, or stays on this machine; and none of it stands in an address."""

from __future__ import annotations

import pytest

from blocks.addresses import address_of


@pytest.mark.parametrize(
    "entered",
    [
        "https://mastodon.example",
        "https://münchen.example/",
        "https://[2001:db8::1]:8443",
        "http://127.0.0.1:4000",
    ],
)
def test_where_a_sign_in_may_be_sent(entered):
    assert entered.rstrip("/") == address_of(entered)


@pytest.mark.parametrize(
    "entered",
    [
        *("http://127.0.0.1.evil.example", "http://localhost.evil.example", "http://localhost@evil.example"),
        *("https://", "https://[", "ftp://a.example", "mastodon.example", "http://mastodon.example"),
        *("https://me@a.example", "https://me:s3cr3t@a.example", "https://:s3cr3t@a.example"),
    ],
)
def test_where_it_may_not(entered):
    """And the complaint does not repeat it: a password may stand in it."""
    with pytest.raises(ValueError, match="address") as refused:
        address_of(entered)

    assert "s3cr3t" not in str(refused.value)
