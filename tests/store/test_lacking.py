"""What is not as ordered of a live post is remembered with its attempt, and told to whoever asks."""

from __future__ import annotations

import pytest

from steadypost.cli.commands.why import _outcome
from steadypost.domain.outcome import Answer, Published
from steadypost.domain.remote_id import RemoteId
from steadypost.store import codec

LIVE = Published(remote_id=RemoteId("1"))
WITHOUT = Published(remote_id=RemoteId("1"), lacking="0 of its 2 files are there")


@pytest.mark.parametrize("outcome", [LIVE, WITHOUT])
def test_it_comes_back_from_the_store(outcome):
    answer = Answer(outcomes=(outcome,))

    assert answer == codec.loads(codec.dumps(answer))


def test_it_is_told():
    assert "the network answered with the id 1, and 0 of its 2 files are there" == _outcome(WITHOUT)
    assert "the network answered with the id 1" == _outcome(LIVE)
