"""Draws which package uses which, from the code: ``python tools/architecture.py [--write]``; a test compares it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- drawn -->\n", "<!-- /drawn -->\n"

ROOMS = ("cli", "intake", "channels", "store", "browser", "networks", "domain")
PACKAGES = (
    "steadypost.cli",
    "deployments",
    "flows",
    "tasks",
    "blocks",
    *(f"steadypost.{name}" for name in ROOMS[1:]),
)
"""From the top layer to the lowest, as the import contracts in pyproject.toml have them."""


def package_of(module: str) -> str | None:
    """Name the package that a module belongs to, of those that are drawn."""
    return next((one for one in PACKAGES if module == one or module.startswith(f"{one}.")), None)


def imported(file: Path) -> Iterator[str]:
    """Find every module that a file imports, also inside its functions."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def edges() -> set[tuple[str, str]]:
    """Say which package uses which."""
    found = set()
    for package in PACKAGES:
        for file in (ROOT / package.replace(".", "/")).rglob("*.py"):
            used = {package_of(module) for module in imported(file)} - {None, package}
            found |= {(package, other) for other in used if other is not None}
    return found


def reduced(found: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Leave out what a longer way shows as well: whoever uses flows stands above what flows use."""
    below: dict[str, set[str]] = {}
    for package in reversed(PACKAGES):  # the lowest first, so that all below a package is known before it
        direct = {other for above, other in found if above == package}
        below[package] = direct.union(*(below[other] for other in direct))
    return {
        (above, other)
        for above, other in found
        if not any(other in below[between] for one, between in found if one == above)
    }


def draw() -> str:
    """Draw it, each package in its place from the top down."""
    order = {name: n for n, name in enumerate(PACKAGES)}
    lines = [f"    {node(name)}[{name}]" for name in PACKAGES]
    lines += [
        f"    {node(above)} --> {node(below)}"
        for above, below in sorted(reduced(edges()), key=lambda edge: (order[edge[0]], order[edge[1]]))
    ]
    return "\n".join([f"{BEGIN}```mermaid", "flowchart TD", *lines, f"```\n{END}"])


def node(name: str) -> str:
    """Give the name by which a drawing knows a package."""
    return name.replace(".", "_")


def main() -> None:
    """Print the drawing, or put it into its page."""
    if "--write" not in sys.argv:
        sys.stdout.write(draw())
        return
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(before + draw() + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
