"""The runbooks are held to the code: one for everything that can be told, and each says what is really tried."""

from pathlib import Path

import pytest

from steadypost.domain.checks import RULES
from steadypost.domain.health import Kind
from steadypost.domain.incident import runbook
from steadypost.domain.remedy import Remedy

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = {"watch", "silent"}
"""What is told by Prefect's automation and by the dead-man check."""


def test_there_is_one_for_everything_and_for_nothing_else():
    """Whoever is called finds the page that the message names."""
    assert {path.stem for path in (ROOT / "docs" / "runbooks").glob("*.md")} == {
        str(kind) for kind in Kind
    } | OUTSIDE


@pytest.mark.parametrize("kind", Kind)
def test_it_says_what_is_tried(kind):
    """Every remedy that is tried is named, and none that is not."""
    text = (ROOT / runbook(kind)).read_text()
    named = {remedy for remedy in Remedy if f"`{remedy}`" in text}

    assert set(RULES[kind].remedies) == named
    assert all(f"## {part}" in text for part in ("What it means", "What was tried", "What to do"))


def test_security_names_every_file_with_a_secret():
    """Whoever reads SECURITY.md knows what to keep."""
    from steadypost.cli.commands.backup import KEY_FILES  # noqa: PLC0415
    from steadypost.cli.up.units import ENVIRONMENT  # noqa: PLC0415
    from steadypost.prefect_address import FILE  # noqa: PLC0415

    text = (ROOT / "SECURITY.md").read_text()
    for name in (*KEY_FILES, FILE, ENVIRONMENT):
        assert f"<home>/{name}`" in text
