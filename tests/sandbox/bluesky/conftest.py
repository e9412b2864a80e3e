"""One sandbox of Bluesky for the tests of a file, emptied before each."""

from __future__ import annotations

import pytest

from sandbox.bluesky.client import BlueskySandbox


@pytest.fixture(scope="module")
def process():
    with BlueskySandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(process):
    process.forget()
    return process
