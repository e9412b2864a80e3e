"""Blocks that are one account under two names: one is refused, and a person is told."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from datetime import datetime

from blocks.account import taken
from steadypost.domain.twins import Claimant, spelled, twins
from steadypost.store import AccountRecord, Store, StoreAway, notices, vitals
from steadypost.store import accounts as account_rows
from tasks import documents

Log = logging.Logger | logging.LoggerAdapter[logging.Logger]


class Twinned:
    """The accounts that are refused because another is the same one, as a process knows them."""

    def __init__(self) -> None:
        self._known: dict[str, str] | None = None
        """Each with that other; ``None``: not read yet."""

    def among(self, read: documents.Documents, store: Store, now: datetime, log: Log) -> dict[str, str]:
        """Find the blocks that are another one under a second name. With the store away, those known last are."""
        if len(read.accounts) < 2 and self._known == {}:
            return {}
        before, records = dict(self._known or {}), dict[str, AccountRecord]()
        with contextlib.suppress(StoreAway):
            before = store.read(vitals.twins)
            records = {one.name: one for one in store.read(account_rows.every)}
        found = twins(_claimants(read, before, records))
        for name in found.keys() - before.keys():
            log.error("%s", taken(name, read.accounts[name].handle, found[name]))
        is_known = _noted(found, before, store, now)
        # Unless that is written down, it is judged anew at the next reading.
        self._known = found if found or is_known else None
        return found


def rivals(read: documents.Documents | None, name: str) -> list[str]:
    """Name the other blocks that may lead to the same account, as far as can be known before a sign-in."""
    blocks = read.accounts if read else {}
    own = blocks.get(name)
    # Where a number would say the same of both.
    where = own.as_the_network_names("-") if own else ""
    return [
        other for other, one in blocks.items() if other != name and one.as_the_network_names("-") == where
    ]


def _noted(found: Mapping[str, str], before: Mapping[str, str], store: Store, now: datetime) -> bool:
    """Record which accounts are refused now, and tell a person; answer whether the store knows."""
    try:
        if found != before:
            store.write(vitals.note_twins, found, now)
        for name in found.keys() - before.keys():
            title = f"{name} is refused: {found[name]} is the same account"
            body = (
                f"Both account blocks lead to one account. {found[name]} goes on; nothing is published as {name}.\n"
                f"Delete one of the two blocks, or correct its handle: 'steadypost accounts' shows which is which."
            )
            store.write(
                notices.put,
                key=f"twin:{name}:{found[name]}:{now:%Y-%m-%d}",
                title=title,
                body=body,
                now=now,
            )
    except StoreAway:
        return False
    return True


def _claimants(
    read: documents.Documents, before: Mapping[str, str], records: Mapping[str, AccountRecord]
) -> Iterator[Claimant]:
    for name, block in read.accounts.items():
        network, handle = block.who()
        yield Claimant(
            name=name,
            network=network,
            handle=handle,
            was_refused=name in before,
            was_it_before=name in records and spelled(records[name].handle) == handle,
            identity=block.as_the_network_names(_identity(records.get(name), handle)),
            made=read.made.get(name),
        )


def _identity(record: AccountRecord | None, handle: str) -> str:
    """Give who an account was seen to be, unless its block was given another handle since."""
    return record.identity if record is not None and spelled(record.handle) == handle else ""
