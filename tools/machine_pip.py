"""Tells a bare root this machine's pip settings, as pip knows them: ``conf`` a pip.conf, ``places`` its local files."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

INDEXES = ("index-url", "extra-index-url")


def settings() -> Iterator[tuple[str, str, str]]:
    """Section, name and value of each of pip's settings, those from the environment included."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    for line in done.stdout.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if name:
            yield section, name, ast.literal_eval(value)


def conf() -> Iterator[str]:
    """Write a pip.conf. What stands in the environment is left out: the environment is handed in as well."""
    sections: dict[str, list[str]] = {}
    for section, name, value in settings():
        if not section.startswith(":"):
            sections.setdefault(section, []).append("\n    ".join([f"{name} =", *value.splitlines()]))
    for section, lines in sections.items():
        yield "\n".join([f"[{section}]", *lines])


def places() -> Iterator[str]:
    """Name what lies on this machine and is to be there, under the same name, in the root."""
    for _, name, value in settings():
        for word in value.split():
            address = urlsplit(word)
            path = Path(unquote(address.path) if address.scheme == "file" else word)
            if not path.is_absolute() or not path.exists():
                continue
            # The pages of an index name files that lie beside it.
            yield str(path.parent if name in INDEXES else path)


if __name__ == "__main__":
    told = conf() if sys.argv[1:] == ["conf"] else iter(sorted(set(places())))
    sys.stdout.writelines(f"{line}\n" for line in told)
