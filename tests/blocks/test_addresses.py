"""A sign-in goes over TLS, or stays on this machine; and none of it stands in an address."""

from __future__ import annotations

import pytest

from blocks.account import network_of
from blocks.addresses import address_of
from steadypost.networks.mastodon import NETWORK


@pytest.mark.parametrize(
    "entered",
    [
        "https://mastodon.example",
        "https://münchen.example/",
        "https://[2001:db8::1]:8443",
        "http://127.0.0.1:4000",
        "http://[::1]:4000",
    ],
)
def test_where_a_sign_in_may_be_sent(entered):
    assert entered.rstrip("/") == address_of(entered)


@pytest.mark.parametrize(
    "entered",
    [
        *("http://127.0.0.1.evil.example", "http://localhost.evil.example", "http://localhost@evil.example"),
        *("https://2001:db8::1", "https://a.example:https", "https://a.example:0", "http://[::2]:4000"),
        *("https://", "https://[", "ftp://a.example", "mastodon.example", "http://mastodon.example"),
        *("https://me@a.example", "https://me:s3cr3t@a.example", "https://:s3cr3t@a.example"),
    ],
)
def test_where_it_may_not(entered):
    """And the complaint does not repeat it: a password may stand in it."""
    with pytest.raises(ValueError, match="address") as refused:
        address_of(entered)

    assert "s3cr3t" not in str(refused.value)


def test_a_number_of_ipv6_is_one_server_however_it_is_written():
    """Else two blocks of one account would each have its quota."""
    short = network_of("https://[2001:db8::1]:8443", NETWORK)

    assert "mastodon:[2001:db8::1]:8443" == short
    assert short == network_of("https://[2001:DB8:0:0:0:0:0:1]:8443/", NETWORK)
