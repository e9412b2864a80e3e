"""The store: everything that is remembered, behind one door.

Each method is one transaction, kept whole or not at all. Each raises ``StoreAway`` when the database cannot
be reached or written; then nothing is known of a write, and it may be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Self, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from steadypost.domain import clock as clocks
from steadypost.domain.budget import Try
from steadypost.domain.clock import Clock
from steadypost.domain.delivery import MOST_LOOKS, Delivery, State, WhenLate
from steadypost.domain.evidence import Evidence, SeenPost
from steadypost.domain.figures import ON_TIME, Outage, Owed, outages
from steadypost.domain.health import Check
from steadypost.domain.incident import Incident, Message, Tried
from steadypost.domain.observed import Noted, StoreSeen
from steadypost.domain.outcome import Answer, Cause
from steadypost.domain.post import Post
from steadypost.domain.quota import Use
from steadypost.domain.rollout import Rollout
from steadypost.domain.snowflake import RemoteId
from steadypost.domain.span import Span
from steadypost.domain.word import Pointer
from steadypost.store import accounts as account_rows
from steadypost.store import attempts as attempt_rows
from steadypost.store import (
    claims,
    figures,
    incidents,
    intake,
    ledger,
    looks,
    notices,
    persons,
    reading,
    rollouts,
    series,
    settling,
    strikes,
    tables,
    transitions,
    vitals,
    waking,
    watches,
)
from steadypost.store.accounts import AccountRecord
from steadypost.store.acts import SOMEBODY, By
from steadypost.store.claims import Claim
from steadypost.store.engine import PATIENCE, Database
from steadypost.store.incidents import Standing
from steadypost.store.intake import Added
from steadypost.store.looks import Doubt
from steadypost.store.notices import Notice
from steadypost.store.persons import Retried
from steadypost.store.reading import Entry, Story
from steadypost.store.series import Begun, Series
from steadypost.store.settling import Rescued, Settled
from steadypost.store.strikes import Of, Strike
from steadypost.store.tables import Schema
from steadypost.store.transitions import Transition
from steadypost.store.watches import Watch

T = TypeVar("T")

RACES = 3
"""How often a write is tried again when somebody else wrote the same unique value at the same moment."""


class Store:
    """One store. It may be shared by the threads of a process; another process opens its own."""

    def __init__(self, database: Database, clock: Clock = clocks.now) -> None:
        self._database = database
        self._clock = clock

    # Opening ---------------------------------------------------------------------------------------------

    @classmethod
    def at(cls, url: str, *, clock: Clock = clocks.now, patience: timedelta = PATIENCE) -> Self:
        """Name a store without touching it: to migrate it, or to ask how its tables stand."""
        return cls(Database(url, patience=patience), clock)

    @classmethod
    def open(cls, url: str, *, clock: Clock = clocks.now, patience: timedelta = PATIENCE) -> Self:
        """Open a store; raises ``StoreAway``, or ``SchemaMismatch`` when its tables are not ours."""
        store = cls.at(url, clock=clock, patience=patience)
        try:
            store.check()
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def create(cls, url: str, *, clock: Clock = clocks.now, patience: timedelta = PATIENCE) -> Self:
        """Open a store, and bring its tables to this version first."""
        store = cls.at(url, clock=clock, patience=patience)
        store.migrate()
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

    # Accounts --------------------------------------------------------------------------------------------

    def put_account(self, record: AccountRecord, now: datetime) -> None:
        """Write down what an account's block says. A pause stays as it is."""
        self._write(lambda connection: account_rows.put(connection, record, now))

    def accounts(self) -> list[AccountRecord]:
        """List the accounts by name."""
        return self._read(account_rows.every)

    def account(self, name: str) -> AccountRecord:
        """Read one account, or raise ``UnknownAccount``."""
        return self._read(lambda connection: account_rows.one(connection, name))

    def pause_account(
        self,
        name: str,
        *,
        until: datetime,
        cause: Cause,
        why: str,
        session_mark: str,
        now: datetime,
        gently: bool = False,
    ) -> bool:
        """Leave an account alone until then. The mark is that of the session it was paused with.

        ``gently`` leaves a pause for another cause as it is, and then answers ``False``.
        """
        return self._write(
            lambda connection: account_rows.pause(
                connection,
                name,
                until=until,
                cause=cause,
                why=why,
                session_mark=session_mark,
                now=now,
                gently=gently,
            )
        )

    def resume_account(self, name: str, now: datetime | None = None, *, cause: Cause | None = None) -> bool:
        """Leave an account alone no longer; with a ``cause`` only if it was for that."""
        return self._write(lambda connection: account_rows.resume(connection, name, self._at(now), cause))

    def wake(self, account: str, causes: Collection[Cause], now: datetime) -> int:
        """Let what waits for one of these causes wait no longer; answers how many deliveries that were."""
        return self._write(lambda connection: waking.wake(connection, account, causes, now))

    # Intake ----------------------------------------------------------------------------------------------

    def add(
        self,
        post: Post,
        *,
        accounts: Sequence[str],
        due_at: datetime,
        late_after: timedelta | None = None,
        when_late: WhenLate = WhenLate.MISS,
        allow_repeat: bool = False,
        key: str | None = None,
        now: datetime | None = None,
    ) -> list[Added]:
        """Take a post in, with one delivery for each account, all or none.

        What looks like a repetition is held, unless that is allowed; a key that came in before adds nothing
        and answers what it added then.
        """
        return self._write(
            lambda connection: intake.add(
                connection,
                post,
                accounts=accounts,
                due_at=due_at,
                late_after=late_after,
                when_late=when_late,
                allow_repeat=allow_repeat,
                key=key,
                now=self._at(now),
            )
        )

    # Series ----------------------------------------------------------------------------------------------

    def begin_series(
        self,
        post: Post,
        *,
        accounts: Sequence[str],
        rule: str,
        zone: str,
        starts: str,
        late_after: timedelta | None = None,
        when_late: WhenLate = WhenLate.MISS,
        key: str | None = None,
        now: datetime | None = None,
    ) -> Begun | None:
        """Take in a post that comes again; a key that came in before adds nothing.

        ``None`` when that key is another post's, one that does not come again.
        """
        return self._write(
            lambda connection: series.begin(
                connection,
                post,
                accounts=accounts,
                rule=rule,
                zone=zone,
                starts=starts,
                late_after=late_after,
                when_late=when_late,
                key=key,
                now=self._at(now),
            )
        )

    def series(self, *, also_ended: bool = False) -> list[Series]:
        """List what comes again."""
        return self._read(lambda connection: series.every(connection, also_ended=also_ended))

    def place(
        self, series_id: int, times: Sequence[tuple[str, datetime]], *, until: datetime, now: datetime
    ) -> list[Added]:
        """Make deliveries of times of a series, given as local time and instant; each becomes one once."""
        return self._write(
            lambda connection: series.place(connection, series_id, times, until=until, now=now)
        )

    def end_series(
        self, series_id: int, *, by: str = SOMEBODY, why: str = "", now: datetime | None = None
    ) -> list[int]:
        """End a series and take back what of it waits; answer which deliveries that were."""
        return self._write(
            lambda connection: series.end(connection, series_id, by=By(name=by, why=why), now=self._at(now))
        )

    # A person's word -------------------------------------------------------------------------------------

    def release(
        self,
        delivery_id: int,
        *,
        not_live: bool = False,
        by: str = SOMEBODY,
        why: str = "",
        now: datetime | None = None,
    ) -> Delivery:
        """Let a delivery that waits for a person go on.

        ``not_live`` is a person's word that parts which were asked for are not on the network; without it
        such a delivery raises ``MayBeLive``.
        """
        return self._write(
            lambda connection: persons.release(
                connection, delivery_id, not_live=not_live, by=By(name=by, why=why), now=self._at(now)
            )
        )

    def cancel(
        self, delivery_id: int, *, by: str = SOMEBODY, why: str = "", now: datetime | None = None
    ) -> Delivery:
        """Take a delivery back; raises ``ImpossibleMove`` when it is too late for that.

        ``MayBeLive`` when parts were asked for: what is live must not end as cancelled.
        """
        return self._write(
            lambda connection: persons.cancel(
                connection, delivery_id, by=By(name=by, why=why), now=self._at(now)
            )
        )

    def resolve(
        self,
        delivery_id: int,
        *,
        live: Sequence[Pointer] = (),
        absent: bool = False,
        drop: bool = False,
        by: str,
        why: str,
        now: datetime | None = None,
    ) -> Delivery:
        """Take a person's word: these posts are its parts, the rest of what was asked for is absent, drop it.

        Raises ``WordNotTaken`` when it cannot be true or says too little, ``MayBeLive`` when nobody said that
        they looked, ``InHand`` while a worker has it.
        """
        return self._write(
            lambda connection: persons.resolve(
                connection,
                delivery_id,
                live=live,
                absent=absent,
                drop=drop,
                by=By(name=by, why=why),
                now=self._at(now),
            )
        )

    def retry(
        self,
        cause: Cause,
        *,
        account: str | None = None,
        by: str,
        why: str,
        dry_run: bool = False,
        now: datetime | None = None,
    ) -> Retried:
        """Let everything go on that waits for a person for this cause, and of which nothing is in doubt."""

        def work(connection: Connection) -> Retried:
            return persons.retry(
                connection,
                cause,
                account=account,
                by=By(name=by, why=why),
                now=self._at(now),
                dry_run=dry_run,
            )

        return self._read(work) if dry_run else self._write(work)

    # Strikes ---------------------------------------------------------------------------------------------

    def strike(
        self,
        of: Of,
        name: str,
        *,
        by: str,
        why: str,
        until: datetime | None = None,
        now: datetime | None = None,
    ) -> Strike:
        """Keep back what belongs to an account, a channel or a tag, until then or until it is lifted.

        In force with the next claim; what is being prepared is stopped before its click.
        """
        return self._write(
            lambda connection: strikes.put(
                connection, of, name, by=By(name=by, why=why), until=until, now=self._at(now)
            )
        )

    def lift(self, of: Of, name: str, *, by: str, why: str, now: datetime | None = None) -> Strike:
        """Lift a strike, or raise ``NotStruck``."""
        return self._write(
            lambda connection: strikes.lift(connection, of, name, by=By(name=by, why=why), now=self._at(now))
        )

    def strikes(self, *, also_over: bool = False, now: datetime | None = None) -> list[Strike]:
        """List the strikes in force."""
        return self._read(lambda connection: strikes.every(connection, self._at(now), also_over=also_over))

    def strikes_against(self, delivery: Delivery, now: datetime) -> list[Strike]:
        """List the strikes that keep a delivery back."""
        return self._read(
            lambda connection: strikes.against(connection, delivery.account, delivery.post_id, now)
        )

    # Rollouts --------------------------------------------------------------------------------------------

    def begin_rollout(self, rollout: Rollout, *, by: str) -> None:
        """Write down that a switch is being rolled out; raises ``AlreadyRollingOut``."""
        self._write(lambda connection: rollouts.begin(connection, rollout, by=by))

    def rollouts(self, *, also_over: bool = False) -> list[Rollout]:
        """List the rollouts under way, one for each switch."""
        return self._read(lambda connection: rollouts.every(connection, also_over=also_over))

    def keep_rollout(self, before: Rollout, after: Rollout) -> bool:
        """Write down how a rollout goes on; ``False`` when somebody else has moved it meanwhile."""
        return self._write(lambda connection: rollouts.keep(connection, before, after))

    # Claims and answers ----------------------------------------------------------------------------------

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
        """Claim what is due for these accounts, oldest first; each claim is its own transaction.

        ``at_most_each`` bounds it by account as well, ``retries`` how many may have had an attempt before.
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

    def recent_tries(self, since: datetime) -> list[Try]:
        """List the attempts since then, as the retry budget sees them."""
        return self._read(lambda connection: attempt_rows.recent(connection, since))

    def renew(
        self, worker: str, now: datetime, lease: timedelta, in_hand: Collection[int] | None = None
    ) -> int:
        """Extend what a worker holds and has not lost; answer how many that are.

        ``in_hand`` names the attempts it knows of: nothing else is renewed. No attempt is held for longer
        than ten minutes, so that what its worker forgot is rescued.
        """
        return self._write(
            lambda connection: claims.renew(connection, worker=worker, now=now, lease=lease, in_hand=in_hand)
        )

    def arm(self, attempt_id: int, fence: int, now: datetime, browser: str = "") -> bool:
        """Write "about to ask", and in which browser; ``True`` exactly once, and only while the lease holds."""
        return self._write(
            lambda connection: settling.arm(connection, attempt_id, fence=fence, now=now, browser=browser)
        )

    def answered(
        self, attempt_id: int, answer: Answer, now: datetime, jitter: float, *, patient: bool = True
    ) -> Settled:
        """Take down what an attempt brought. Said twice, it counts once.

        Not ``patient``, what was provably not sent is due again at once.
        """
        return self._write(
            lambda connection: settling.answered(
                connection, attempt_id, answer, now=now, jitter=jitter, patient=patient
            )
        )

    def rescue(self, now: datetime) -> list[Rescued]:
        """Take back what workers hold that fell silent: by lease, never by age."""
        due = self._read(lambda connection: settling.leases_run_out(connection, now))
        rescued = [self._rescue(delivery_id, now) for delivery_id in due]
        return [one for one in rescued if one is not None]

    def _rescue(self, delivery_id: int, now: datetime) -> Rescued | None:
        return self._write(lambda connection: settling.rescue(connection, delivery_id, now))

    def miss_late(self, now: datetime) -> list[int]:
        """Let what missed its moment follow its late rule; every claim does so too."""
        return claims.put_late_aside(self._database, now)

    # Looks -----------------------------------------------------------------------------------------------

    def looks_due(self, now: datetime, most_looks: int = MOST_LOOKS) -> dict[str, list[Doubt]]:
        """List what is to be looked for now, by account."""
        return self._read(lambda connection: looks.due(connection, now, most_looks))

    def accounts_in_doubt(self) -> frozenset[str]:
        """Name the accounts that have a delivery in doubt."""
        return self._read(looks.accounts_in_doubt)

    def taken_ids(self, account: str) -> frozenset[RemoteId]:
        """List the ids that belong to deliveries of an account."""
        return self._read(lambda connection: looks.taken_ids(connection, account))

    def saw(
        self,
        delivery_id: int,
        found: Mapping[int, Evidence],
        now: datetime,
        next_at: datetime,
        most_looks: int = MOST_LOOKS,
        *,
        at: datetime | None = None,
    ) -> Delivery:
        """Write down what a look that began ``at`` found, by part, and answer the delivery as it is then.

        Told twice, it counts once. Without ``at`` it began ``now``.
        """
        return self._write(
            lambda connection: looks.saw(
                connection,
                delivery_id,
                found,
                at=at or now,
                now=now,
                next_at=next_at,
                most_looks=most_looks,
            )
        )

    def note_gone(self, attempt_id: int, now: datetime) -> None:
        """Write down that an attempt's browser was seen unable to act: only then can absence be proven."""
        self._write(lambda connection: looks.note_gone(connection, attempt_id, now))

    def could_not_look(self, account: str, now: datetime) -> list[int]:
        """Bring before a person what was in doubt for a day because nobody could look; answer which."""
        return self._write(lambda connection: looks.could_not_look(connection, account, now))

    def note_foreign(self, account: str, seen: Collection[SeenPost], now: datetime) -> int:
        """Write down posts that were made by hand: they count against the quota. Answers how many are new."""
        return self._write(lambda connection: ledger.note_foreign(connection, account, seen, now))

    # Watches ---------------------------------------------------------------------------------------------

    def take_watch(self, flow: str, run_id: str, now: datetime) -> None:
        """Take a flow's seat, whoever has it."""
        self._write(lambda connection: watches.take(connection, flow, run_id=run_id, now=now))

    def beat(self, flow: str, run_id: str, now: datetime) -> bool:
        """Say "still here"; ``False`` when somebody else has the seat."""
        return self._write(lambda connection: watches.beat(connection, flow, run_id=run_id, now=now))

    def watches(self) -> list[Watch]:
        """List the seats by flow."""
        return self._read(watches.every)

    # Health ----------------------------------------------------------------------------------------------

    def note(self, name: str, *, well: bool, told: str = "", now: datetime) -> None:
        """Write down how something is, under a name; since when it has been so is kept while it stays so."""
        self._write(lambda connection: vitals.note(connection, name, well=well, told=told, now=now))

    def noted(self) -> dict[str, Noted]:
        """Read all that was noted, by name."""
        return self._read(vitals.every)

    def observe(self, now: datetime, *, claims_of: timedelta) -> StoreSeen:
        """Write a pulse, and read what the store shows of the house's health."""
        self.note(vitals.PULSE, well=True, now=now)
        return self._read(lambda connection: vitals.observe(connection, now, claims_of=claims_of))

    def keep_checks(self, found: Sequence[Check], now: datetime) -> None:
        """Write down what a round of checks found."""
        self._write(lambda connection: incidents.keep_checks(connection, found, now))

    def standings(self) -> list[Standing]:
        """List the latest of each check."""
        return self._read(incidents.standings)

    def enter_incident(self, incident: Incident) -> Incident:
        """Write a new incident down, or answer the one that is open about the same."""
        return self._write(lambda connection: incidents.enter(connection, incident))

    def keep_incident(self, incident: Incident, message: Message | None, now: datetime) -> None:
        """Write down how an incident stands, and with it what a person is to be told of that."""
        self._write(lambda connection: incidents.keep(connection, incident, message, now))

    def begin_remedy(self, incident_id: int, one: Tried) -> bool:
        """Write down that a remedy is about to be tried; ``False`` when somebody else is at it already."""
        return self._write(lambda connection: incidents.begin_remedy(connection, incident_id, one))

    def end_remedy(self, incident_id: int, one: Tried) -> None:
        """Write down what a remedy did."""
        self._write(lambda connection: incidents.end_remedy(connection, incident_id, one))

    def open_incidents(self) -> list[Incident]:
        """List the open incidents, the oldest first."""
        return self._read(incidents.still_open)

    def incidents(self, limit: int = 100, since: datetime | None = None) -> list[Incident]:
        """List incidents, the newest first."""
        return self._read(lambda connection: incidents.latest(connection, limit, since))

    # Notices ---------------------------------------------------------------------------------------------

    def put_notice(self, key: str, title: str, body: str, now: datetime) -> bool:
        """Write down what a person is to be told, once for each key; answer whether it is new."""
        return self._write(
            lambda connection: notices.put(connection, key=key, title=title, body=body, now=now)
        )

    def notices_due(self, now: datetime) -> list[Notice]:
        """List what is to be told now, the oldest first."""
        return self._read(lambda connection: notices.due(connection, now))

    def notices(self) -> list[Notice]:
        """List everything a person was to be told, the oldest first."""
        return self._read(notices.every)

    def take_notices(self, now: datetime, until: datetime) -> list[Notice]:
        """Take what is to be told now, so that nobody else tells it before ``until``."""
        return self._write(lambda connection: notices.take(connection, now, until))

    def notice_sent(self, notice_id: int, now: datetime) -> None:
        """Write down that a notice reached somebody."""
        self._write(lambda connection: notices.sent(connection, notice_id, now))

    def notice_not_sent(self, notice_id: int, why: str, next_at: datetime) -> None:
        """Write down that a notice did not get through, and when to try again."""
        self._write(lambda connection: notices.not_sent(connection, notice_id, why=why, next_at=next_at))

    # Reading ---------------------------------------------------------------------------------------------

    def queue(self, state: State | None = None, account: str | None = None, limit: int = 100) -> list[Entry]:
        """List deliveries by the moment they are due."""
        return self._read(
            lambda connection: reading.queue(connection, state=state, account=account, limit=limit)
        )

    def show(self, delivery_id: int) -> Story:
        """Tell everything that is known of one delivery, or raise ``UnknownDelivery``."""
        return self._read(lambda connection: reading.show(connection, delivery_id))

    def counts(self, account: str | None = None) -> dict[State, int]:
        """Count deliveries by state; every state is named."""
        return self._read(lambda connection: reading.counts(connection, account))

    def next_due(self) -> datetime | None:
        """Say when the next delivery may be taken up; in the past when one is waiting already."""
        return self._read(reading.next_due)

    def before_it(self, delivery: Delivery, now: datetime) -> int:
        """Count what of its account goes out before it."""
        return self._read(lambda connection: reading.before_it(connection, delivery, now))

    def quota(self, account: str, now: datetime) -> list[Use]:
        """List what counts against an account's quota now."""

        def uses(connection: Connection) -> list[Use]:
            limits = account_rows.one(connection, account).limits
            return list(ledger.uses(connection, {account: limits}, now)[account])

        return self._read(uses)

    # Changes ---------------------------------------------------------------------------------------------

    def untold(self, at_most: int = transitions.AT_ONCE) -> list[Transition]:
        """List the changes of state that nobody was told of yet, the oldest first."""
        return self._read(lambda connection: transitions.untold(connection, at_most))

    def told(self, ids: Collection[int], now: datetime) -> None:
        """Write down that these changes were told."""
        self._write(lambda connection: transitions.told(connection, ids, now))

    # Figures ---------------------------------------------------------------------------------------------

    def owed(self, window: Span, within: timedelta = ON_TIME) -> list[Owed]:
        """List what was owed in a window, for figures; ``within`` says how late is still on time."""
        return self._read(lambda connection: figures.owed(connection, window, within))

    def outages(self, window: Span) -> list[Outage]:
        """Say when the network was away in a window, as attempts met it."""
        return outages(self._read(lambda connection: figures.ends(connection, window)))

    # -----------------------------------------------------------------------------------------------------

    def _at(self, now: datetime | None) -> datetime:
        return self._clock() if now is None else now

    def _read(self, question: Callable[[Connection], T]) -> T:
        with self._database.reading() as connection:
            return question(connection)

    def _write(self, work: Callable[[Connection], T]) -> T:
        """Work in one transaction; judge anew when somebody wrote the same unique value meanwhile."""
        for race in range(1, RACES + 1):
            try:
                with self._database.writing() as connection:
                    return work(connection)
            except IntegrityError:
                if race == RACES:
                    raise
        raise AssertionError("unreachable")
