"""The documents of a backup: what an operator entered in Prefect, secrets included, out of it and into it again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from steadypost import prefect_address
from steadypost.cli.account import keeping
from steadypost.cli.endings import Stop

if TYPE_CHECKING:
    from prefect.blocks.core import Block

T = TypeVar("T")

DOCUMENT = "steadypost"
"""The name of the one document of each of these."""

NAMED = {"switches": "the switches", "on_call": "who is on call"}
"""What an operator entered beside the accounts, and how it is called."""


def read() -> bytes:
    """Read every account's block document, with its secrets, the switches, who is on call and the circuits that a person
    has taken over, as they are kept in a backup; ``Stop`` when Prefect is away.
    """
    known = keeping.known()
    accounts = {
        name: {"channel": block.channel, "data": _plain(block)}
        for name, block in sorted(known.blocks.items())
    }
    told = {
        "accounts": accounts,
        "unreadable": sorted(known.unreadable),
        "entered": {name: _plain(block) for name, block in keeping.entered().items()},
        "circuits": {name: _plain(block) for name, block in keeping.forced().items()},
    }
    return json.dumps(told, default=_written).encode()


def _written(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else str(value)


def _plain(block: Block) -> dict[str, Any]:
    """Give what an operator entered, as it was entered: a secret as its word, an amount as its digits."""
    entered = {name: getattr(block, name) for name in type(block).model_fields}
    return {
        name: value.get_secret_value() if hasattr(value, "get_secret_value") else value
        for name, value in entered.items()
    }


def unreadable(written: bytes) -> list[str]:
    """Name the accounts whose documents could not be read, and which are therefore not in it."""
    return list(json.loads(written)["unreadable"])


def put_back(written: bytes) -> list[str]:
    """Make the documents of accounts that have none; the switches, who is on call and the circuits that a person has
    taken over anew where they are as they came; answer what was made. Anything else that is there stays as it is.
    """
    from blocks.channels import CHANNELS  # noqa: PLC0415 - Prefect takes two seconds that --help need not wait

    told = json.loads(written)
    known = keeping.known()
    # What keeps posts back is there before there is an account to publish for.
    made = [*_put_back_settings(told.get("entered", {})), *_put_back_circuits(told.get("circuits", {}))]
    for name, kept in told["accounts"].items():
        if known.has(name):
            continue
        block = CHANNELS[kept["channel"]].block.model_validate(kept["data"])
        keeping.save(name, block)
        made.append(name)
    return made


def _put_back_circuits(told: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    from blocks import Circuit  # noqa: PLC0415 - as above

    there = keeping.forced() if told else {}
    for name, data in told.items():
        if name not in there:
            keeping.save(name, Circuit.model_validate(data))
            yield f"the circuit {name}"


def _put_back_settings(told: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    there = keeping.entered() if told else {}
    for name, data in told.items():
        kind = type(there[name]) if name in there else None
        if kind is not None and _plain(there[name]) == _plain(kind()) != _plain(kind(**data)):
            keeping.save(DOCUMENT, kind(**data))
            yield NAMED[name]


def or_why_not(home: Path, work: Callable[[], T]) -> tuple[T | None, str]:
    """Do it, or answer why it cannot be done now: Prefect's API is away, or its address is not known."""
    if not prefect_address.use(home):
        return None, prefect_address.UNKNOWN
    try:
        return work(), ""
    except Stop as stop:
        return None, stop.message
