"""Reads the blocks the flows work with in a few calls, and raises ``ApiAway`` when it cannot."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

from prefect.blocks.core import Block
from prefect.client.schemas.actions import BlockDocumentUpdate
from pydantic import ValidationError

from blocks import AccountBlock, Circuit, CircuitRevision, OnCall, StoreAddress, Switch, Switches
from blocks.on_call import DOCUMENT as ON_CALL_DOCUMENT
from blocks.store_address import DOCUMENT as STORE_DOCUMENT
from blocks.switches import DOCUMENT as SWITCHES_DOCUMENT
from blocks.switches import strangers
from steadypost.domain.circuit import Revision, Said
from tasks.block_documents import ACCOUNTS, ApiAway, Document, all_of, api, every, one_of
from tasks.circuit_revisions import create, revisions_of, words_of

__all__ = ["ApiAway", "Documents", "accounts", "assembled", "read"]

B = TypeVar("B", bound=Block)

Made = MutableMapping[UUID, tuple[str, Block]]
"""Blocks built before, with the fingerprint of their document."""


@dataclass(frozen=True, kw_only=True)
class Documents:
    """What the blocks said at one moment."""

    accounts: dict[str, AccountBlock]
    switches: Switches | None
    """``None``: their document does not fit its type, and the last known ones serve."""
    made: dict[str, datetime] = field(default_factory=dict)
    """When each account's document was made."""
    saved: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    """When each account's document was saved last, and a fingerprint of all that it says."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Account documents that do not fit their type, by name, with the reason."""
    revisions: dict[str, list[Revision]] = field(default_factory=dict)
    """How the circuits stand, by their names."""
    words: dict[str, Said] = field(default_factory=dict)
    """What persons say of circuits, by their names."""
    wrong_switches: tuple[str, ...] = ()
    """What is wrong with the switches' document, each with what to do instead."""
    raw: tuple[Document, ...] = ()
    """What all this was read from: with it another process of this machine can begin without Prefect's API."""


def read() -> Documents:
    """Read every account, the switches and the circuits; raises ``ApiAway``."""
    with api() as client:
        return assembled(every(client))


def assembled(documents: Iterable[Document], made_before: Made | None = None) -> Documents:
    """Build the blocks from their documents. An unchanged document is not built again."""
    known: Made = {} if made_before is None else made_before
    raw = tuple(documents)
    of = {kind: [one for one in raw if one.kind == kind] for kind in {one.kind for one in raw}}
    accounts, unreadable = _accounts([one for kind in ACCOUNTS for one in of.get(kind, [])], known)
    switches, wrong = _switches(of.get(Switches.get_block_type_slug(), []))
    made: dict[str, datetime] = {}
    saved: dict[str, tuple[datetime, str]] = {}
    for one in _by_age(one for kind in ACCOUNTS for one in of.get(kind, [])):
        if one.created is not None:
            made.setdefault(one.name, one.created)
        if one.updated is not None:
            saved.setdefault(one.name, (one.updated, one.fingerprint()))
    return Documents(
        accounts=accounts,
        made=made,
        saved=saved,
        switches=switches,
        unreadable=unreadable,
        wrong_switches=wrong,
        revisions=revisions_of(of.get(CircuitRevision.get_block_type_slug(), [])),
        words=words_of(of.get(Circuit.get_block_type_slug(), [])),
        raw=raw,
    )


def accounts() -> tuple[dict[str, AccountBlock], dict[str, str]]:
    """Read every account, and the names of those that do not fit with the reason; raises ``ApiAway``."""
    with api() as client:
        return _accounts(every(client, ACCOUNTS.values()), {})


def make_circuits(names: Iterable[str]) -> None:
    """Put a block there for each circuit that has none, for persons to find and to edit; raises ``ApiAway``."""
    with api() as client:
        for name in names:
            create(client, Circuit(), name)


def circuits() -> dict[str, Circuit]:
    """Read what persons say of circuits, by their names; raises ``ApiAway``. What does not fit says nothing."""
    said = {}
    with api() as client:
        for document in all_of(client, Circuit):
            with contextlib.suppress(ValidationError):
                said[document.name] = Circuit.model_validate(document.data)
    return said


def store_url() -> str | None:
    """Read the store's address from its block; ``None`` when there is no such document."""
    with api() as client:
        found = one_of(client, StoreAddress, STORE_DOCUMENT)
    return StoreAddress.model_validate(found.data).url.get_secret_value() if found else None


def switches() -> tuple[Switches | None, tuple[str, ...]]:
    """Read the switches, and what is wrong with their document; raises ``ApiAway``."""
    with api() as client:
        return _switches(all_of(client, Switches))


def change_switch(name: str, change: Callable[[Switch], Switch]) -> tuple[Switch, Switch]:
    """Change one switch only; answers it before and after.

    Prefect has no compare-and-set: it is read back, and raises ``ChangedMeanwhile`` where it says something else.
    """
    with api() as client:
        document = one_of(client, Switches, SWITCHES_DOCUMENT)
        if document is None:
            raise NoDocument(SWITCHES_DOCUMENT)
        before = _named(name, document)
        after = change(before)
        client.update_block_document(
            document.id,
            BlockDocumentUpdate(data={name: after.model_dump(mode="json")}, merge_existing_data=True),
        )
        written = one_of(client, Switches, SWITCHES_DOCUMENT)
        if written is None or _named(name, written) != after:
            raise ChangedMeanwhile(name)
    return before, after


def _named(name: str, document: Document) -> Switch:
    return Switch.model_validate(document.data.get(name) or {})


class NoDocument(LookupError):
    """There is no document of the switches yet: deployments makes it."""


class ChangedMeanwhile(Exception):
    """The same switch was changed elsewhere at the same moment; that change is in force."""


def on_call() -> OnCall:
    """Read who is to be told; raises ``ApiAway``."""
    with api() as client:
        found = one_of(client, OnCall, ON_CALL_DOCUMENT)
    return OnCall.model_validate(found.data) if found else OnCall()


def _accounts(documents: Iterable[Document], known: Made) -> tuple[dict[str, AccountBlock], dict[str, str]]:
    """Make the accounts of all channels. A name is one account: of two documents of one name the older one is it."""
    accounts: dict[str, AccountBlock] = {}
    unreadable: dict[str, str] = {}
    for document in _by_age(documents):
        kind = ACCOUNTS[document.kind]
        if document.name in accounts:
            other = accounts[document.name].get_block_type_name()
            unreadable[f"{document.name} ({kind.get_block_type_name()})"] = (
                f"another account block, {other}, has this name: give one of them another"
            )
            continue
        try:
            accounts[document.name] = cast("AccountBlock", _made(kind, document, known))
        except ValidationError as invalid:
            fields = "; ".join(map(_told, invalid.errors(include_input=False)))
            unreadable[document.name] = f"these fields do not fit: {fields}"
    return accounts, unreadable


def _told(problem: Mapping[str, Any]) -> str:
    """Name a field that does not fit. What the whole block says is a sentence of ours; a field's may hold its value."""
    return ".".join(map(str, problem["loc"])) or str(problem["msg"]).removeprefix("Value error, ")


def _by_age(documents: Iterable[Document]) -> list[Document]:
    return sorted(documents, key=lambda one: (one.created is None, one.created))


def _made(kind: type[B], document: Document, known: Made) -> B:
    """Make the block of a document, from what it says alone: Prefect's own way emits an event for each."""
    fingerprint = document.fingerprint()
    before = known.get(document.id)
    if before is not None and before[0] == fingerprint:
        return cast("B", before[1])
    block = kind.model_validate(document.data)
    known[document.id] = (fingerprint, block)
    return block


def _switches(documents: Iterable[Document]) -> tuple[Switches | None, tuple[str, ...]]:
    """Read the switches; unknown names are left out and reported."""
    document = next((one for one in documents if one.name == SWITCHES_DOCUMENT), None)
    if document is None:
        return Switches(), ()
    unknown = strangers(document.data)
    try:
        meant = {name: value for name, value in document.data.items() if name not in unknown}
        return Switches.model_validate(meant), tuple(unknown.values())
    except ValidationError as invalid:
        wrong = [f"{'.'.join(map(str, one['loc'])) or 'switches'}: {one['msg']}" for one in invalid.errors()]
        return None, (*unknown.values(), *wrong)
