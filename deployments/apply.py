"""Makes true what prefect.yaml takes for granted; idempotent, and never overwrites what an operator edited."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from prefect import Flow
from prefect.blocks.core import Block
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import BlockDocumentUpdate, DeploymentUpdate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName
from pydantic import SecretStr

from blocks import Circuit, CircuitRevision, OnCall, StoreAddress, Switches
from blocks.account import documents_of
from blocks.channels import CHANNELS as REGISTERED
from blocks.on_call import DOCUMENT as ON_CALL_DOCUMENT
from blocks.on_call import FORMER
from blocks.store_address import DOCUMENT as STORE_DOCUMENT
from blocks.switches import DOCUMENT as SWITCHES_DOCUMENT
from deployments.automations import ensure_automations
from deployments.limits import limits
from deployments.on_watch import ensure_on_watch
from deployments.pools import PoolRefused, ensure_pools, prefect_file
from steadypost import settings
from steadypost.domain.outcome import Scope
from steadypost.domain.watched import FLOWS
from steadypost.store import Store
from tasks import bounds, forms, pages, runs
from tasks.bulkheads import Purpose, limit_name, this_host
from tasks.directory import CHANNELS
from tasks.sharing import helping
from tasks.slots import PrefectSlots

ROOT = Path(__file__).resolve().parent.parent
BESIDE = ROOT / "prefect.yaml"
PREFECT_YAML = BESIDE if BESIDE.exists() else Path(sys.prefix) / "share" / "steadypost" / "prefect.yaml"
"""In the repository, or where a wheel has put it."""

ON_WATCH = tuple(runs.deployment_of(flow) for flow in FLOWS)
"""The deployments whose runs stay on watch, and are started again at once when one dies."""

HELPER = runs.deployment_of(helping(this_host()))
"""The deployment of this machine's helper, the same."""


LEASES_IN_FILES = "prefect.server.concurrency.lease_storage.filesystem"
"""Prefect keeps leases in memory by default: a server that was killed never gives its slots back. From files it does."""


def apply() -> list[str]:
    """Make everything exist; answers what was done, a line each."""
    bounds.of_this_machine()
    return [
        *_store(),
        *_blocks(),
        *_work_pools(),
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
    accounts: list[type[Block]] = [one.block for one in REGISTERED.values()]
    others: list[type[Block]] = [StoreAddress, Switches, OnCall, Circuit, CircuitRevision]
    for kind in accounts + others:
        kind.register_type_and_schema()
        yield f"block type: {kind.get_block_type_name()}"
    yield _document(StoreAddress(url=SecretStr(settings.read().store_url)), STORE_DOCUMENT)
    yield _document(Switches(), SWITCHES_DOCUMENT)
    yield _document(OnCall(), ON_CALL_DOCUMENT)
    yield from _with_the_fields_of_now()


def _document(block: Block, name: str) -> str:
    """Create a document unless there is one: an operator's edits stay."""
    try:
        block.save(name, overwrite=False)
    except ValueError:  # Prefect's word for "there is one of this name"
        return f"block: {block.get_block_type_slug()}/{name} was there"
    return f"block: {block.get_block_type_slug()}/{name}"


def _with_the_fields_of_now() -> Iterator[str]:
    """Save a document of an older version as this one has it: Prefect draws its form by the fields it was saved with."""
    slug = OnCall.get_block_type_slug()
    with get_client(sync_client=True) as client:
        document = client.read_block_document_by_name(ON_CALL_DOCUMENT, slug, include_secrets=True)
        if FORMER not in document.data:
            return
        read = OnCall.model_validate(document.data)
        said = {name: value for name, value in document.data.items() if name != FORMER}
        client.update_block_document(
            document.id,
            BlockDocumentUpdate(
                block_schema_id=OnCall._block_schema_id,  # noqa: SLF001 - what save() uses, which leaves old fields there
                data={**said, "block": read.block, "more_blocks": read.more_blocks},
                merge_existing_data=False,
            ),
        )
    yield f"block: {slug}/{ON_CALL_DOCUMENT} has the fields of this version"


def _work_pools() -> Iterator[str]:
    try:
        with get_client(sync_client=True) as client:
            yield from ensure_pools(client, settings.read().ad_hoc)
    except PoolRefused as refused:
        raise NotApplied(str(refused)) from None


def _limits() -> Iterator[str]:
    """Make the limits that are missing. One that an operator has edited stays as it is."""
    slots = PrefectSlots()
    try:
        standing = slots.read()
        machines = len({this_host(), *machines_in(standing)})
        for name, number, fewer in _wanted(machines):
            there = standing.get(name)
            if there is None:
                slots.create(name, number)
                yield f"limit: {name}, {number} slots"
            elif there.slots == number:
                yield f"limit: {name} was there"
            elif there.slots in fewer:
                slots.change(name, number)
                yield f"limit: {name}, {number} slots for {machines} machines"
            else:
                yield f"limit: {name} was there, with {there.slots} slots and not {number}: it stays"
        yield from _lease_storage(slots.lease_storage())
    finally:
        slots.close()


def _wanted(machines: int) -> Iterator[tuple[str, int, set[int]]]:
    """Give each limit with its slots, and with how many it would have had with fewer machines."""
    which: dict[str, Any] = {
        "at_once": settings.read().at_once,
        "hosts": [this_host()],
        "networks": sorted({kind.network.name for kind in CHANNELS.values()}),
        "accounts": _accounts(),
    }
    by_machines = [dict(limits(**which, machines=many)) for many in range(1, machines + 1)]
    for name, number in by_machines[-1].items():
        yield name, number, {one[name] for one in by_machines[:-1]}


def machines_in(names: Iterable[str]) -> set[str]:
    """Name the machines that have a limit of their own."""
    mine = limit_name(Purpose.PUBLISH, Scope.HOST, "")
    return {name.removeprefix(mine) for name in names if name.startswith(mine)}


def _accounts() -> list[str]:
    with get_client(sync_client=True) as client:
        found = [one for kind in REGISTERED.values() for one in documents_of(client, kind.block)]
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
    known = settings.read()
    with prefect_file(PREFECT_YAML, ad_hoc=known.ad_hoc, image=known.image, host=this_host()) as file:
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(file)],
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
    with get_client(sync_client=True) as client:
        yield from _renamed(client)
        for name in forms.keep(client, _accounts(), pages.ensure_board(client)):
            yield f"form: {name}"


def _renamed(client: SyncPrefectClient) -> Iterator[str]:
    """Remove the deployments of a version that called all of them alike. What an operator paused stays paused."""
    former = DeploymentFilter(name=DeploymentFilterName(any_=[runs.FORMERLY]))
    flows = {flow.id: flow.name for flow in client.read_flows(limit=200)}
    for old in client.read_deployments(deployment_filter=former):
        flow = flows.get(old.flow_id, "")
        if flow not in runs.DEPLOYMENTS:
            continue
        new = client.read_deployment_by_name(runs.deployment_of(flow))
        if old.paused:
            client.update_deployment(new.id, DeploymentUpdate(paused=True))
        stopped = {schedule.slug for schedule in old.schedules if not schedule.active}
        for schedule in new.schedules:
            if schedule.slug in stopped:
                client.update_deployment_schedule(new.id, schedule.id, active=False)
        client.delete_deployment(old.id)
        yield f"deployment: {flow}/{runs.FORMERLY} is now {new.name}"


class NotApplied(Exception):
    """Something that must exist could not be made."""


def _automations() -> Iterator[str]:
    yield from ensure_automations((*ON_WATCH, HELPER))


def on_watch() -> list[str]:
    """See to it that each flow has its run on watch, and to nothing else."""
    return [*_on_watch()]


def _on_watch() -> Iterator[str]:
    yield from ensure_on_watch(Store.open(settings.read().store_url), (*ON_WATCH, HELPER))


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
