"""Gives the people of the sandboxes their account blocks, as an operator would in Prefect's pages.

Run inside a stack: ``python -m rehearsal.accounts STATE_FILE [--networks FILE] [--per-hour N] [--spacing S]``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TypedDict

import click
from pydantic import SecretStr

from blocks import XAccount
from blocks.account import AccountBlock
from blocks.bluesky_account import BlueskyAccount
from blocks.mastodon_account import MastodonAccount
from blocks.x_api_account import XApiAccount


class Limits(TypedDict):
    """What the operator allows every account."""

    per_hour: int
    per_day: int
    spacing_seconds: int


@click.command()
@click.argument("state_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--networks", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--per-hour", default=120)
@click.option("--spacing", default=0)
def main(state_file: Path, networks: Path | None, per_hour: int, spacing: int) -> None:
    """Save one X account block for every account of X's page, and one block for each of the other networks."""
    limits = Limits(per_hour=per_hour, per_day=1000, spacing_seconds=spacing)
    told: dict[str, Any] = json.loads(state_file.read_text())
    for person in told["accounts"]:
        XAccount(
            handle=person["handle"],
            session=SecretStr(json.dumps(person["storage_state"])),
            base_url=told["url"],
            rules_accepted=True,
            rules_accepted_by="the rehearsal: this X is a sandbox on this machine",
            **limits,
        ).save(person["handle"], overwrite=True)
    if networks is not None:
        for name, block in beside(json.loads(networks.read_text()), limits):
            block.save(name, overwrite=True)


def beside(told: Mapping[str, Mapping[str, str]], limits: Limits) -> Iterator[tuple[str, AccountBlock]]:
    """Make the block of each network that is not X's page, with its name."""
    for channel, one in told.items():
        yield NAMES[channel], made(channel, one, limits)


def made(channel: str, one: Mapping[str, str], limits: Limits) -> AccountBlock:
    """Make the block of one account that is not on X's page."""
    return _BLOCKS[channel](one, limits)


NAMES = {"x_api": "dora-x", "mastodon": "dora-mastodon", "bluesky": "dora-bluesky"}
"""What the account on each network is called in Steadypost."""


def _x_api(one: Mapping[str, str], limits: Limits) -> AccountBlock:
    return XApiAccount(
        handle=one["handle"],
        base_url=one["url"],
        api_key=SecretStr(one["api_key"]),
        api_secret=SecretStr(one["api_secret"]),
        access_token=SecretStr(one["access_token"]),
        access_secret=SecretStr(one["access_secret"]),
        budget_per_day=Decimal(one.get("budget_per_day", "1")),
        **limits,
    )


def _mastodon(one: Mapping[str, str], limits: Limits) -> AccountBlock:
    return MastodonAccount(
        handle=one["handle"], base_url=one["url"], access_token=SecretStr(one["access_token"]), **limits
    )


def _bluesky(one: Mapping[str, str], limits: Limits) -> AccountBlock:
    return BlueskyAccount(
        handle=one["handle"],
        app_password=SecretStr(one["password"]),
        base_url=one["url"],
        directory=one["directory"],
        video_service=one["video_service"],
        # A rehearsal reads no page outside this machine.
        previews=False,
        **limits,
    )


_BLOCKS: Mapping[str, Callable[[Mapping[str, str], Limits], AccountBlock]] = {
    "x_api": _x_api,
    "mastodon": _mastodon,
    "bluesky": _bluesky,
}


if __name__ == "__main__":
    sys.exit(main())
