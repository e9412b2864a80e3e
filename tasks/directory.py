"""The accounts of one process, as their blocks were last read: which can be published to, and by which channel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from blocks import AccountBlock, Unopened
from blocks.account import taken
from blocks.channels import CHANNELS as REGISTERED
from steadypost.channels.port import Access, Kind
from steadypost.domain import secrets
from steadypost.domain.outcome import Cause
from steadypost.store import AccountRecord, Store
from steadypost.store import accounts as account_rows
from tasks import documents, journal, usability
from tasks.records import record_of
from tasks.twinned import Twinned

CHANNELS: dict[str, Kind] = {name: one.kind for name, one in REGISTERED.items()}
"""The channels there are, by the name an account carries."""

Log = logging.Logger | logging.LoggerAdapter[logging.Logger]


@dataclass(kw_only=True)
class Directory:
    """The accounts, opened as far as they can be."""

    store: Store
    accounts: dict[str, Access | Unopened] = field(default_factory=dict)
    channels: dict[str, str] = field(default_factory=dict)
    """By which channel each account is published to."""
    marks: dict[str, str] = field(default_factory=dict)
    """What each account's pause for sign-in depends on, as last read from its block."""
    twinned: Twinned = field(default_factory=Twinned)
    _recorded: dict[str, AccountRecord] = field(default_factory=dict)
    """What was last written to the store of each account, so that it is not written every five seconds."""
    _saves: usability.Saves = field(default_factory=usability.Saves)

    def usable(self) -> list[str]:
        """Name the accounts that can be published to at all."""
        return [name for name, account in self.accounts.items() if isinstance(account, Access)]

    def access(self, name: str) -> Access | Unopened | None:
        """Give one account, as last read from its block."""
        return self.accounts.get(name)

    def channel_of(self, account: str) -> str:
        """Name the channel an account is published to by, as its block says, or the store where no block was read."""
        if account not in self.channels:
            self.channels |= {one.name: one.channel for one in self.store.read(account_rows.every)}
        return self.channels[account]

    def kind_of(self, account: str) -> Kind:
        """Give the kind of channel an account is published to by."""
        return CHANNELS[self.channel_of(account)]

    def needs_browser(self) -> bool:
        """Whether any account that can be published to needs a browser for it."""
        return any(self.kind_of(name).needs_browser for name in self.usable())

    def take(
        self, read: documents.Documents, *, now: datetime, log: Log, renewed: Callable[[str, str], None]
    ) -> None:
        """Have in force what the account blocks say, and let the store know; raises ``StoreAway``.

        ``renewed`` is told each account whose block may answer what its sign-in waits for, and why; its pause is lifted.
        """
        for name, why in read.unreadable.items():
            log.error("The account block %r cannot be used: %s", name, why)
        self.channels = {name: block.channel for name, block in read.accounts.items()}
        twins = self.twinned.among(read, self.store, now, log)
        self.accounts = {
            name: Unopened(Cause.HANDLE_TAKEN, taken(name, block.handle, twins[name]))
            if name in twins
            else block.open(name)
            for name, block in read.accounts.items()
        }
        self._redact(read)
        before_marks, self.marks = self.marks, {name: block.mark() for name, block in read.accounts.items()}
        usability.note(self.store, self.accounts, read.unreadable, now=now)
        again = self._saves.again(read)
        paused = {account.name: account for account in self.store.read(account_rows.every)}
        for name, block in read.accounts.items():
            record = record_of(name, block)
            if self._recorded.get(name) != record:
                self.store.write(account_rows.put, record, now=now)
                self._recorded[name] = record
            if before_marks.get(name, block.mark()) != block.mark():
                renewed(name, "its block has changed")
            before = paused.get(name)
            if before is None or not before.paused_until:
                continue
            if before.session_mark != block.mark():
                renewed(name, "its block has changed")
                self.store.write(account_rows.resume, name, now=now)
                log.info("%s goes on: its block has changed since it was paused", name)
            elif name in again:
                # The same session, pasted once more: a person has answered what the network asked.
                renewed(name, "its block was saved again")
                self.store.write(account_rows.resume, name, now=now)
                log.info("%s goes on: its block was saved again, unchanged", name)

    def _redact(self, read: documents.Documents) -> None:
        """Keep the accounts' secrets out of every log from now on."""
        journal.redact.learn(
            secret
            for access in self.accounts.values()
            if isinstance(access, Access)
            for secret in secrets.of_session(access.secret)
        )
        journal.redact.learn(secret for block in read.accounts.values() for secret in block.secrets())


def with_browser(accounts: Mapping[str, AccountBlock]) -> dict[str, bool]:
    """Map each account to whether it needs a browser."""
    return {name: CHANNELS[block.channel].needs_browser for name, block in accounts.items()}
