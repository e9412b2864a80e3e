"""The accounts of a backup: what an operator entered in Prefect, secrets included, out of it and into it again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from steadypost import prefect_address
from steadypost.cli.account import keeping
from steadypost.cli.endings import Stop

if TYPE_CHECKING:
    from blocks import AccountBlock

T = TypeVar("T")


def read() -> bytes:
    """Read every account's block document, with its secrets, as it is kept in a backup; ``Stop`` when Prefect is away."""
    known = keeping.known()
    accounts = {
        name: {"channel": block.channel, "data": _plain(block)}
        for name, block in sorted(known.blocks.items())
    }
    return json.dumps({"accounts": accounts, "unreadable": sorted(known.unreadable)}, default=str).encode()


def _plain(block: AccountBlock) -> dict[str, Any]:
    """Give what an operator entered, as it was entered: a secret as its word, an amount as its digits."""
    entered = {name: getattr(block, name) for name in type(block).model_fields}
    return {
        name: value.get_secret_value() if hasattr(value, "get_secret_value") else value
        for name, value in entered.items()
    }


def put_back(written: bytes) -> list[str]:
    """Make the documents of accounts that have none; answer whose. One that is there stays as it is."""
    from blocks.channels import CHANNELS  # noqa: PLC0415 - Prefect takes two seconds that --help need not wait

    known = keeping.known()
    made = []
    for name, kept in json.loads(written)["accounts"].items():
        if known.has(name):
            continue
        block = CHANNELS[kept["channel"]].block.model_validate(kept["data"])
        keeping.save(name, block)
        made.append(name)
    return made


def or_why_not(home: Path, work: Callable[[], T]) -> tuple[T | None, str]:
    """Do it, or answer why it cannot be done now: Prefect's API is away, or nobody said where it is."""
    if not prefect_address.use(home):
        return None, prefect_address.UNKNOWN
    try:
        return work(), ""
    except Stop as stop:
        return None, stop.message
