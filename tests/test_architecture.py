"""The picture of the packages is what the code says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_picture_is_drawn_from_the_code():
    """Draw it anew with ``python tools/architecture.py --write``."""
    drawn = subprocess.run(
        [sys.executable, "tools/architecture.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    assert "steadypost_networks --> steadypost_domain" in drawn
    assert drawn in (ROOT / "docs" / "architecture.md").read_text()


def test_the_index_names_every_document():
    """A document that the index does not name is not found by whoever looks for it."""
    index = (ROOT / "docs" / "README.md").read_text()
    folders = ("channels", "decisions", "runbooks")
    documents = [path.name for path in (ROOT / "docs").glob("*.md") if path.name != "README.md"]

    missing = [
        name for name in (*documents, *(f"{folder}/" for folder in folders)) if f"({name})" not in index
    ]

    assert [] == missing
    for folder in ("channels", "runbooks"):
        assert all(f"({folder}/{path.name})" in index for path in (ROOT / "docs" / folder).glob("*.md")), (
            folder
        )
