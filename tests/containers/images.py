"""The images, made on this machine: a base that has its certificates, Debian and wheels, and what is built on it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.containers.engine import Engine, NoEngine

ROOT = Path(__file__).resolve().parents[2]

BASE = "steadypost-test-base:latest"
DATABASE = "steadypost-test-database:latest"

WHEELS = "/opt/wheels"

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"

SOURCES = ("/etc/apt/sources.list", "/etc/apt/sources.list.d/debian.sources")


def base(engine: Engine, folder: Path) -> None:
    """Make the base: a minimal Debian as this machine fetches it, and the lock's wheels, so that pip needs nobody."""
    folder.mkdir()
    tree = folder / "tree"
    sources = [one for one in SOURCES if Path(one).is_file() and Path(one).stat().st_size]
    release = dict(
        line.partition("=")[::2] for line in Path("/etc/os-release").read_text().splitlines() if "=" in line
    )
    if release.get("ID") != "debian":
        raise NoEngine("a base image is made from Debian's packages, and this machine has other ones")
    _run(
        "mmdebstrap", "--quiet", "--variant=minbase", "--include=ca-certificates",
        release["VERSION_CODENAME"], str(tree), *sources,
    )  # fmt: skip
    shutil.copy(CERTIFICATES, tree / CERTIFICATES.lstrip("/"))
    locked = folder / "product.lock"
    # Debian's Python is an older one than many a machine's: what only that needs is fetched as well.
    told = _run(sys.executable, str(ROOT / "tools" / "locked.py"), "setuptools")
    locked.write_text(re.sub(r"^(\S+==\S+) ; python_\S+ < '3\.11\.3'", r"\1", told, flags=re.MULTILINE))
    _run(
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes",
        "--dest", str(tree / WHEELS.lstrip("/")), "-r", str(locked),
    )  # fmt: skip
    (tree / "etc" / "pip.conf").write_text(f"[global]\nno-index = true\nfind-links = {WHEELS}\n")
    made = folder / "base.tar"
    _run("tar", "--numeric-owner", "--xattrs", "-C", str(tree), "-cf", str(made), ".")
    engine.docker("import", str(made), BASE)
    shutil.rmtree(folder, ignore_errors=True)


def database(engine: Engine) -> None:
    """Build what stands in for PostgreSQL's image."""
    build(engine, ROOT / "tests" / "containers" / "database", DATABASE)


def build(engine: Engine, context: Path, name: str, **arguments: str) -> None:
    """Build an image on the base. It fetches Debian's packages through this machine's network."""
    given = [word for one in {"BASE": BASE, **arguments}.items() for word in ("--build-arg", "=".join(one))]
    engine.docker(
        "build", "--network", "host", "--pull=false", "--tag", name, *given, str(context), within=1800
    )


def _run(*command: str) -> str:
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        )
    return done.stdout
