"""What a wheel ships: the product, all of it, and nothing that only the repository needs."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = {"steadypost", "flows", "tasks", "blocks", "deployments"}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """Build the wheel from what git knows, apart from this tree, and list it."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    known = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in known:
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(out),
        ".",
    ]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    [wheel] = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        return set(file.namelist()), {name for name in known if name.split("/")[0] in PRODUCT}


def test_the_product_and_nothing_else(shipped):
    """No sandbox, no rehearsal, no bench, no tests."""
    names, _ = shipped

    assert PRODUCT == {name.split("/")[0] for name in names if not name.startswith("steadypost-")}


def test_nothing_of_the_product_is_missing(shipped):
    """Scripts that run in a page, and the migrations, are no modules, and are needed all the same."""
    names, product = shipped

    assert set() == product - names


def test_it_brings_its_licence_and_its_deployments(shipped):
    """`python -m deployments` needs prefect.yaml also where there is no repository."""
    names, _ = shipped

    assert any(name.endswith("/share/steadypost/prefect.yaml") for name in names)
    assert any(name.endswith("/licenses/LICENSE") for name in names)
