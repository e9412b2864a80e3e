"""A probe says whether publishing could go ahead, and publishes nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steadypost.channels.mastodon.api import TOKEN
from steadypost.domain.outcome import Cause


def test_all_is_well(server, alice):
    probe = alice.probe()

    assert (True, "alice", ()) == (probe.well, probe.handle, probe.drift)
    assert [] == server.asks()


@pytest.mark.parametrize(
    ("scopes", "missing"),
    [
        (["read"], "write:media, write:statuses"),
        (["read", "write:statuses"], "write:media"),
        (["read:accounts", "write"], "read:statuses"),
    ],
)
def test_a_token_that_may_not_post_is_named(server, alice, scopes, missing):
    alice.access = replace(alice.access, secret={TOKEN: server.new_token("alice", scopes)})
    probe = alice.probe()

    assert (False, Cause.SESSION_UNUSABLE) == (probe.well, probe.cause)
    assert f"lacks {missing}:" in probe.why


@pytest.mark.parametrize(
    ("rule", "cause"),
    [
        ({"fault": "token", "params": {"state": "revoked"}}, Cause.SIGNED_OUT),
        ({"fault": "token", "params": {"state": "disabled"}}, Cause.SESSION_UNUSABLE),
        ({"fault": "token", "params": {"state": "other_account"}}, Cause.OTHER_ACCOUNT),
        ({"fault": "throttled", "params": {"of": "instance"}}, Cause.RATE_LIMIT),
    ],
)
def test_what_stands_in_the_way_is_told(server, alice, rule, cause):
    server.weather(rule)

    assert (False, cause) == (alice.probe().well, alice.probe().cause)


def test_an_address_that_is_no_server_is_told(server, alice):
    alice.access = replace(alice.access, base_url=server.control_url)

    assert not alice.probe().well
