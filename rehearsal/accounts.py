"""Gives the sandbox's people their account blocks, as an operator would in Prefect's pages.

Run inside a stack: ``python -m rehearsal.accounts STATE_FILE [--per-hour N] [--spacing S]``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr

from blocks import XAccount


@click.command()
@click.argument("state_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--per-hour", default=120)
@click.option("--spacing", default=0)
def main(state_file: Path, per_hour: int, spacing: int) -> None:
    """Save one X account block for every account of the sandbox."""
    told: dict[str, Any] = json.loads(state_file.read_text())
    for person in told["accounts"]:
        XAccount(
            handle=person["handle"],
            session=SecretStr(json.dumps(person["storage_state"])),
            base_url=told["url"],
            rules_accepted=True,
            rules_accepted_by="the rehearsal: this X is a sandbox on this machine",
            per_hour=per_hour,
            per_day=1000,
            spacing_seconds=spacing,
        ).save(person["handle"], overwrite=True)


if __name__ == "__main__":
    sys.exit(main())
