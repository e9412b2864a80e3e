"""The picture of the packages is what the code says."""

from __future__ import annotations

import re
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


def tracked():
    """Every text in the repository, by its path: what git knows of, and what is about to be added."""
    known = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    named = subprocess.run(known, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return {
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in named
        if Path(name).suffix in {".md", ".py", ".sh", ".toml", ".yaml"} and (ROOT / name).is_file()
    }


def elsewhere(text, documents):
    """What a text refers its reader to that is not in the repository: documents, and numbers of cases."""
    named = set(re.findall(r"(?<![\w.*-])[\w-]+\.md\b", text))
    cases = set(re.findall(r"(?<!%)\bF\d\d(?:-S\d+)?\b", text))
    return {name for name in named if name.lower() not in documents} | cases


def test_comments_give_the_reason_itself():
    """A reader has this repository and nothing else: what lies outside it explains nothing."""
    texts = tracked()
    documents = {Path(name).name.lower() for name in texts}
    refers = {name: sorted(elsewhere(text, documents)) for name, text in texts.items()}

    assert {} == {name: found for name, found in refers.items() if found}
    assert {"gone" + ".md", "F" + "12-S3"} == elsewhere("as gone" + ".md says (F" + "12-S3)", documents)
