"""The store: ``store.read(reading.show, delivery_id)``, ``store.write(settling.answered, attempt_id, ...)``.

Each call is one transaction. ``StoreAway``: nothing is known of a write, and it may be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from steadypost.domain.living import Heard
from steadypost.domain.observed import StoreSeen
from steadypost.domain.remote_id import RemoteId
from steadypost.store import accounts as account_rows
from steadypost.store import claims, money, restores, settling, tables, vitals
from steadypost.store.claims import Claim
from steadypost.store.engine import PATIENCE, Database
from steadypost.store.settling import Held, Rescued
from steadypost.store.tables import Schema

if TYPE_CHECKING:
    from steadypost.store.tokens import Tokens

T = TypeVar("T")
P = ParamSpec("P")

RACES = 3
"""How often a write is tried again when another process wrote the same unique value at the same moment."""


class Store:
    """One store. It may be shared by the threads of a process; another process opens its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.heard = Heard()
        """What this process has heard here of others, by its own clock."""

    # Opening ---------------------------------------------------------------------------------------------

    @classmethod
    def at(cls, url: str, *, patience: timedelta = PATIENCE) -> Self:
        """Name a store without touching it: to migrate it, or to ask how its tables stand."""
        return cls(Database(url, patience=patience))

    @classmethod
    def open(cls, url: str, *, patience: timedelta = PATIENCE) -> Self:
        """Open a store; raises ``StoreAway``, or ``SchemaMismatch`` when its tables are not ours."""
        return cls._after(cls.check, url, patience)

    @classmethod
    def create(cls, url: str) -> Self:
        """Open a store, and bring its tables to this version first."""
        return cls._after(cls.migrate, url, PATIENCE)

    @classmethod
    def _after(cls, first: Callable[[Self], None], url: str, patience: timedelta) -> Self:
        store = cls.at(url, patience=patience)
        try:
            first(store)
        except BaseException:  # also Ctrl-C leaves no connection open
            store.close()
            raise
        return store

    def migrate(self) -> None:
        """Bring the tables to this version. Does nothing when they are."""
        tables.migrate(self._database)

    def check(self) -> None:
        """Raise ``SchemaMismatch`` unless the tables are this version's."""
        tables.check(self._database)

    def schema(self) -> Schema:
        """Say how the tables stand to this version."""
        with self._database.reading() as connection:
            return tables.judge(tables.revision(connection))

    def close(self) -> None:
        """Close every connection."""
        self._database.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({self.address!r})"

    @property
    def address(self) -> str:
        """Where it is, without the password."""
        return self._database.shown

    @property
    def url(self) -> str:
        """Where it is, with the password: for another process of this machine, never to be shown."""
        return self._database.engine.url.render_as_string(hide_password=False)

    @property
    def lineage(self) -> str:
        """Which store this is: its address and its last restore, after which what waits on disk for it is void."""
        found = self.read(restores.latest)
        return self.address if found is None else f"{self.address} restored {found.id} {found.at.isoformat()}"

    # One transaction -------------------------------------------------------------------------------------

    def read(
        self, question: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Ask a question of one of the store's rooms, in one transaction that writes nothing."""
        with self._database.reading() as connection:
            return question(connection, *args, **kwargs)

    def write(self, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one function in one transaction; again when a concurrent writer took the same unique value."""
        for race in range(1, RACES + 1):
            try:
                with self._database.writing() as connection:
                    return work(connection, *args, **kwargs)
            except IntegrityError:
                if race == RACES:
                    raise
        raise AssertionError("unreachable")

    # Several transactions --------------------------------------------------------------------------------

    def claim(
        self,
        *,
        worker: str,
        now: datetime,
        lease: timedelta,
        at_most: int,
        accounts: Sequence[str],
        at_most_each: Mapping[str, int] | None = None,
        retries: int | None = None,
    ) -> list[Claim]:
        """Claim what is due for these accounts, oldest first, each in its own transaction; ``retries`` bounds
        repeated attempts.
        """
        return claims.claim(
            self._database,
            worker=worker,
            now=now,
            lease=lease,
            at_most=at_most,
            names=accounts,
            at_most_each=at_most_each or {},
            retries=retries,
        )

    def rescue(self, now: datetime, *, silent: Callable[[Held], bool] | None = None) -> list[Rescued]:
        """Take back what workers hold that fell silent: by lease, never by age. ``silent`` says which; else it is their
        date.
        """
        held = self.read(settling.held)
        due = [one for one in held if (silent(one) if silent else one.until <= now)]
        rescued = [self.write(settling.rescue, one, now) for one in due[: settling.RESCUED_AT_ONCE]]
        return [one for one in rescued if one is not None]

    def observe(self, now: datetime, *, claims_of: timedelta) -> StoreSeen:
        """Write a pulse, and read what the store shows of the service's health."""
        self.write(vitals.note, vitals.PULSE, well=True, now=now)
        return self.read(vitals.observe, now, claims_of=claims_of)

    def charge_reads(self, account: str, ids: Collection[RemoteId], now: datetime) -> int:
        """Record what reading these posts costs, where it does; answer how many are new. Without charge nothing is
        written.
        """
        channel = self.read(account_rows.one, account).channel
        if not money.is_charged(channel) or not ids:
            return 0
        return self.write(money.note_reads, account, channel, ids, now)

    def tokens(self, home: Path) -> Tokens:
        """Give the tokens of its accounts, encrypted with the key file of this machine's home."""
        from steadypost.store.tokens import Tokens  # noqa: PLC0415 - most commands need no cryptography

        return Tokens.at(self._database, home)
