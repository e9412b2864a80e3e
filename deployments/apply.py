"""Makes true what prefect.yaml takes for granted. Run it as often as you like: a second time changes nothing.

What an operator has edited (accounts, switches, the store's address, a paused schedule) is never written over.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from prefect import Flow
from prefect.blocks.core import Block
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists, PrefectHTTPStatusError
from pydantic import SecretStr

from blocks import Circuit, CircuitPage, OnCall, StoreAddress, Switches, XAccount
from blocks.on_call import DOCUMENT as ON_CALL_DOCUMENT
from blocks.store_address import DOCUMENT as STORE_DOCUMENT
from blocks.switches import DOCUMENT as SWITCHES_DOCUMENT
from deployments.automations import ensure_automations
from deployments.limits import POOL_TYPE, WORK_POOL, limits
from deployments.on_watch import ensure_on_watch
from steadypost import settings
from steadypost.store import Store
from tasks import bounds
from tasks.bulkheads import network_of, this_host
from tasks.house import CHANNELS
from tasks.slots import PrefectSlots

ROOT = Path(__file__).resolve().parent.parent
PREFECT_YAML = ROOT / "prefect.yaml"

ON_WATCH = ("publish/steadypost", "reconcile/steadypost", "watch/steadypost")
"""The deployments whose runs stay on watch, and are started again at once when one dies."""


LEASES_IN_FILES = "prefect.server.concurrency.lease_storage.filesystem"
"""With this the slots of the dead come back, also after the server itself was killed (facts.md, "Limits")."""


def apply() -> list[str]:
    """Make everything exist; answers what was done, a line each."""
    bounds.of_this_machine()
    return [
        *_store(),
        *_blocks(),
        *_work_pool(),
        *_limits(),
        *_deployments(),
        *_automations(),
        *_on_watch(),
    ]


def _store() -> Iterator[str]:
    """Bring the store's tables to what this version knows."""
    Store.at(settings.read().store_url).migrate()
    yield "store: its tables are current"


def _blocks() -> Iterator[str]:
    for kind in (XAccount, StoreAddress, Switches, OnCall, Circuit, CircuitPage):
        kind.register_type_and_schema()
        yield f"block type: {kind.get_block_type_name()}"
    yield _document(StoreAddress(url=SecretStr(settings.read().store_url)), STORE_DOCUMENT)
    yield _document(Switches(), SWITCHES_DOCUMENT)
    yield _document(OnCall(), ON_CALL_DOCUMENT)


def _document(block: Block, name: str) -> str:
    """Create a document unless there is one: an operator's edits stay."""
    try:
        block.save(name, overwrite=False)
    except ValueError:  # Prefect's word for "there is one of this name"
        return f"block: {block.get_block_type_slug()}/{name} was there"
    return f"block: {block.get_block_type_slug()}/{name}"


def _work_pool() -> Iterator[str]:
    with get_client(sync_client=True) as client:
        try:
            client.create_work_pool(WorkPoolCreate(name=WORK_POOL, type=POOL_TYPE))
        except ObjectAlreadyExists:
            yield f"work pool: {WORK_POOL} was there"
        else:
            yield f"work pool: {WORK_POOL}"


def _limits() -> Iterator[str]:
    """Make the limits that are missing. One that an operator has edited stays as it is."""
    slots = PrefectSlots()
    try:
        standing = slots.read()
        wanted = limits(
            lanes=settings.read().lanes,
            hosts=[this_host()],
            networks=sorted({network_of(channel) for channel in CHANNELS}),
            accounts=_accounts(),
        )
        for name, number in wanted:
            there = standing.get(name)
            if there is None:
                slots.create(name, number)
                yield f"limit: {name}, {number} slots"
            elif there.slots == number:
                yield f"limit: {name} was there"
            else:
                yield f"limit: {name} was there, with {there.slots} slots and not {number}: it stays"
        yield from _lease_storage(slots.lease_storage())
    finally:
        slots.close()


def _accounts() -> list[str]:
    with get_client(sync_client=True) as client:
        try:
            found = client.read_block_documents_by_type(XAccount.get_block_type_slug(), include_secrets=False)
        except PrefectHTTPStatusError as error:
            if error.response.status_code != 404:
                raise
            return []  # nobody has ever made one
    return sorted(document.name for document in found if document.name)


def _lease_storage(storage: str) -> Iterator[str]:
    """Say it when slots would not come back: Prefect's default keeps their leases in the server's memory."""
    if storage.endswith(".memory"):
        yield (
            "limit: WARNING, a slot whose holder or server is killed stays taken for ever. Start the server with "
            f"PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE={LEASES_IN_FILES}"
        )


def _deployments() -> Iterator[str]:
    """Hand prefect.yaml to Prefect's own command, which is the one that knows all it may say."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "prefect",
            "--no-prompt",
            "deploy",
            "--all",
            "--prefect-file",
            str(PREFECT_YAML),
        ],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NotApplied(f"prefect deploy ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    for entrypoint in entrypoints():
        yield f"deployment: {entrypoint}"


class NotApplied(Exception):
    """Something that must exist could not be made."""


def _automations() -> Iterator[str]:
    yield from ensure_automations(ON_WATCH)


def on_watch() -> list[str]:
    """See to it that somebody is on watch, and to nothing else."""
    return [*_on_watch()]


def _on_watch() -> Iterator[str]:
    yield from ensure_on_watch(Store.open(settings.read().store_url), ON_WATCH)


def entrypoints() -> list[str]:
    """List the dotted entrypoints that prefect.yaml names."""
    told = yaml.safe_load(PREFECT_YAML.read_text())
    return [deployment["entrypoint"] for deployment in told["deployments"]]


def check() -> list[str]:
    """Load every entrypoint; answers what is wrong, a line each."""
    return [wrong for entrypoint in entrypoints() if (wrong := _wrong_with(entrypoint))]


def _wrong_with(entrypoint: str) -> str | None:
    module, _, name = entrypoint.rpartition(".")
    try:
        found: Any = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        return f"{entrypoint} does not load: {error}"
    return None if isinstance(found, Flow) else f"{entrypoint} is not a flow"
