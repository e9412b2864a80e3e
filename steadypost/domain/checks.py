"""The checks: what should be true against what was observed, as pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from steadypost.domain.health import (
    Check,
    Kind,
    Quiet,
    Tolerances,
    Verdict,
    explain,
    failing,
    ok,
    unknown,
)
from steadypost.domain.observed import (
    AccountSeen,
    BlocksSeen,
    Cannot,
    CircuitSeen,
    Head,
    MachineSeen,
    Observed,
    PrefectSeen,
    Published,
    StoreSeen,
)
from steadypost.domain.quota import Full

FLOWS = ("publish", "reconcile")
"""The flows somebody must be on watch for. ``watch`` itself is watched from outside."""


def judge(seen: Observed, tolerances: Tolerances) -> list[Check]:
    """Check everything, and mark what is explained by something else."""
    return explain([check for one in CHECKS for check in one(seen, tolerances)])


def _ago(since: datetime, now: datetime) -> str:
    seconds = max(0.0, (now - since).total_seconds())
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


# --- what everything stands on


def _store(seen: Observed, _: Tolerances) -> Iterator[Check]:
    if isinstance(seen.store, Cannot):
        yield failing(Kind.STORE, seen.store.why)
    else:
        yield ok(Kind.STORE, "it takes writes and answers reads")


def _server(seen: Observed, _: Tolerances) -> Iterator[Check]:
    if isinstance(seen.prefect, Cannot):
        yield failing(Kind.SERVER, seen.prefect.why)
    else:
        yield ok(Kind.SERVER, "Prefect's API answers")


def _worker(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    stopped = [pid for pid, stands_still in seen.machine.workers.items() if stands_still]
    if stopped and len(stopped) == len(seen.machine.workers):
        yield failing(Kind.WORKER, f"the worker of this machine (process {stopped[0]}) stands still")
        return
    if seen.machine.workers:
        yield _punctual(seen, tolerances, "the worker of this machine runs")
        return
    if isinstance(seen.prefect, Cannot):
        if seen.machine.has_had_worker:
            yield failing(Kind.WORKER, "the worker of this machine is gone")
        else:
            yield unknown(
                Kind.WORKER, f"no worker is on this machine, and Prefect cannot say: {seen.prefect.why}"
            )
        return
    heard = max(seen.prefect.heartbeats.values(), default=None)
    if seen.machine.has_had_worker and not _fresh(heard, seen.at, timedelta(0)):
        yield failing(Kind.WORKER, "the worker of this machine is gone")
    elif heard is None:
        yield failing(Kind.WORKER, "no worker has ever been heard of")
    elif not _fresh(heard, seen.at, tolerances.worker_silent):
        yield failing(Kind.WORKER, f"no worker has been heard of for {_ago(heard, seen.at)}")
    else:
        yield _punctual(seen, tolerances, "a worker on another machine is heard of")


def _fresh(heard: datetime | None, now: datetime, within: timedelta) -> bool:
    return heard is not None and now - heard <= within


def _punctual(seen: Observed, tolerances: Tolerances, well: str) -> Check:
    """A worker that lives and starts nothing is no worker."""
    late = seen.prefect.late if isinstance(seen.prefect, PrefectSeen) else {}
    since = min(late.values(), default=None)
    if since is not None and seen.at - since > tolerances.late_run:
        return failing(Kind.WORKER, f"a run has been due for {_ago(since, seen.at)} and nobody starts it")
    return ok(Kind.WORKER, well)


def _on_watch(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    for flow in FLOWS:
        if isinstance(seen.store, Cannot):
            yield unknown(Kind.ON_WATCH, "the store cannot say", flow)
            continue
        beat = seen.store.beats.get(flow)
        if beat is not None and seen.at - beat <= tolerances.beat_within:
            yield ok(Kind.ON_WATCH, "its run beats", flow)
        elif _is_just_back(seen, tolerances):
            told = "the store is only just back, and beats may still wait for it"
            yield unknown(Kind.ON_WATCH, told, flow, Quiet.STARTING)
        elif _is_starting(flow, seen, tolerances):
            yield unknown(Kind.ON_WATCH, "its run is starting", flow, Quiet.STARTING)
        elif beat is None:
            yield failing(Kind.ON_WATCH, "nobody has ever been on watch", flow)
        else:
            yield failing(Kind.ON_WATCH, f"its run was last heard of {_ago(beat, seen.at)} ago", flow)


def _is_just_back(seen: Observed, tolerances: Tolerances) -> bool:
    """Whether the store was away a moment ago: silence of then tells nothing of now."""
    away_at = seen.store_away_at
    return away_at is not None and seen.at - away_at <= tolerances.every + tolerances.beat_within


def _is_starting(flow: str, seen: Observed, tolerances: Tolerances) -> bool:
    """Whether a run that has not taken the seat yet was started a moment ago. Not long, or it hangs."""
    if not isinstance(seen.prefect, PrefectSeen):
        return False
    seats = set(seen.store.seats.values()) if isinstance(seen.store, StoreSeen) else set()
    fresh = seen.at - tolerances.starts_within
    return any(run.flow == flow and run.id not in seats and run.since > fresh for run in seen.prefect.running)


def _is_between_runs(seen: Observed, tolerances: Tolerances) -> bool:
    """Whether nobody publishes for the moment that the next run takes to start."""
    beat = seen.store.beats.get("publish") if isinstance(seen.store, StoreSeen) else None
    return not _fresh(beat, seen.at, tolerances.beat_within) and _is_starting("publish", seen, tolerances)


def _runs(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    if isinstance(seen.prefect, Cannot):
        yield unknown(Kind.RUNS, seen.prefect.why)
        return
    seats = set(seen.store.seats.values()) if isinstance(seen.store, StoreSeen) else set()
    dead = [
        run
        for run in seen.prefect.running
        if run.id not in seats and not run.here and seen.at - run.since > tolerances.relieved_within
    ]
    if dead:
        names = ", ".join(sorted({run.flow for run in dead}))
        yield failing(Kind.RUNS, f"{len(dead)} runs hold a place and are not there: {names}")
    else:
        yield ok(Kind.RUNS, "every run that holds a place is there")


def _slots(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    """A limit that is full while something could go and nobody takes it up may be held by the dead."""
    if isinstance(seen.prefect, Cannot):
        yield unknown(Kind.SLOTS, seen.prefect.why)
        return
    full = sorted(slot.name for slot in seen.prefect.slots if slot.limit > 0 and slot.taken >= slot.limit)
    stands_still = [
        account.name
        for account in _accounts(seen)
        if account.head is not None
        and account.head.next_at <= seen.at
        and _due_of(account, seen, tolerances).verdict is Verdict.FAILING
    ]
    if full and stands_still:
        told = (
            f"full, while posts of {', '.join(stands_still)} wait and nobody takes them up: {', '.join(full)}"
        )
        yield failing(Kind.SLOTS, told)
    else:
        yield ok(Kind.SLOTS, "Prefect's limits have room, or what fills them is under way")


# --- each account


def _accounts(seen: Observed) -> list[AccountSeen]:
    return list(seen.store.accounts) if isinstance(seen.store, StoreSeen) else []


def _due(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.DUE, "the store cannot say what is due")
    for account in _accounts(seen):
        yield _due_of(account, seen, tolerances)


def _due_of(account: AccountSeen, seen: Observed, tolerances: Tolerances) -> Check:
    name, now, head = account.name, seen.at, account.head
    if head is None:
        return ok(Kind.DUE, "nothing is due", name, Quiet.NOTHING_DUE)
    if (quiet := _quiet(account, seen)) is not None:
        return quiet
    late = now - head.due_at > tolerances.live_within
    if head.next_at > now:
        if late and head.cause is not None:
            return failing(
                Kind.DUE, f"delivery {head.id} was due {_ago(head.due_at, now)} ago: {_why(head)}", name
            )
        return ok(
            Kind.DUE, f"delivery {head.id} goes again at {head.next_at:%H:%M:%S} UTC: {_why(head)}", name
        )
    if _is_between_runs(seen, tolerances):
        told = "what is due is taken up as soon as a run of publish has started"
        return unknown(Kind.DUE, told, name, Quiet.STARTING)
    since = max(head.ready_since, account.claimed_at or head.ready_since)
    if not late and isinstance(seen.store, StoreSeen):
        # Whoever has only just come is given the time that anybody has.
        since = max(since, seen.store.seated.get("publish", since))
    if now - since <= tolerances.taken_up_within:
        return ok(Kind.DUE, "what is due is being taken up", name)
    if (
        not late
        and isinstance(seen.store, StoreSeen)
        and _fresh(seen.store.claimed_at, now, tolerances.taken_up_within)
    ):
        return ok(Kind.DUE, "others, due before, are being taken up", name)
    return failing(
        Kind.DUE,
        f"delivery {head.id} could have been taken up {_ago(since, now)} ago, and nobody does it",
        name,
    )


def _why(head: Head) -> str:
    return f"{head.cause}: {head.why}" if head.why else str(head.cause or "no reason is known")


def _quiet(account: AccountSeen, seen: Observed) -> Check | None:
    """Say why nothing of this account goes out, where that is as it should be."""
    name = account.name
    off = seen.blocks.is_off("publish", name) if isinstance(seen.blocks, BlocksSeen) else None
    if off is not None:
        told = f"publishing was turned off by {off.by or 'somebody'}: {off.reason or 'no reason given'}"
        return ok(Kind.DUE, told, name, Quiet.SWITCHED_OFF)
    circuit = _stopped_by(name, seen)
    if circuit is not None and not circuit.is_sign_in:
        return ok(Kind.DUE, f"{circuit.name} is open: {circuit.why}", name, Quiet.CIRCUIT_OPEN)
    if circuit is not None:
        return failing(Kind.DUE, f"{circuit.name} is open: {circuit.why}", name)
    if account.struck:
        return ok(Kind.DUE, f"kept back: {account.struck}", name, Quiet.STRUCK)
    if account.paused_until is not None and account.paused_until > seen.at:
        until = f"until {account.paused_until:%Y-%m-%d %H:%M} UTC: {account.pause_why or account.pause_cause}"
        if account.pause_cause is not None and account.pause_cause.needs_person:
            return failing(Kind.DUE, f"left alone {until}", name)
        return ok(Kind.DUE, f"left alone {until}", name, Quiet.ACCOUNT_RESTS)
    if isinstance(account.room, Full):
        until = f", until {account.room.until:%H:%M} UTC" if account.room.until else ""
        return ok(Kind.DUE, f"{account.room.reason}{until}", name, Quiet.QUOTA_USED)
    return None


def _stopped_by(account: str, seen: Observed) -> CircuitSeen | None:
    """Find the circuit that an account's posts wait for; its sign-in's before any other."""
    circuits = seen.blocks.open_circuits if isinstance(seen.blocks, BlocksSeen) else ()
    mine = [circuit for circuit in circuits if account in circuit.stops]
    return max(mine, key=lambda circuit: circuit.is_sign_in, default=None)


def _live(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.LIVE, "the store cannot say what counts as published")
    for account in _accounts(seen):
        check = _live_of(account, seen.at, tolerances)
        # Nobody knows, as somebody wanted: that is not ok, and no reason to call anybody.
        yield (
            replace(check, quiet=_does_not_look(account, seen)) if check.verdict is Verdict.UNKNOWN else check
        )


def _does_not_look(account: AccountSeen, seen: Observed) -> Quiet | None:
    """Say why nobody looks at this account, if that is as somebody wanted."""
    if isinstance(seen.blocks, BlocksSeen) and seen.blocks.is_off("reconcile", account.name) is not None:
        return Quiet.SWITCHED_OFF
    return Quiet.SHED if isinstance(seen.store, StoreSeen) and "looks" in seen.store.shed else None


def _live_of(account: AccountSeen, now: datetime, tolerances: Tolerances) -> Check:
    """Hold what counts as published against what looks have shown. The newest word of the network counts."""
    name, claimed = account.name, list(account.published)
    if not claimed:
        return ok(Kind.LIVE, "nothing was published in the last hour", name, Quiet.NOTHING_DUE)
    last_seen = max((one.at for one in claimed if one.seen_at), default=None)
    open_ = [one for one in claimed if not one.seen_at and (last_seen is None or one.at > last_seen)]
    missing = [one for one in open_ if one.gone or _is_missing(one, tolerances)]
    if missing:
        told = f"{len(missing)} posts count as published, and the account's page does not show them"
        return failing(
            Kind.LIVE, f"{told}: delivery {missing[0].id}, published {_ago(missing[0].at, now)} ago", name
        )
    blind = [one for one in open_ if now - one.at > tolerances.looked_within]
    if blind:
        why = f": {account.look.told}" if account.look is not None and not account.look.well else ""
        return unknown(
            Kind.LIVE,
            f"no look has shown delivery {blind[0].id}, published {_ago(blind[0].at, now)} ago{why}",
            name,
        )
    return ok(Kind.LIVE, "what was published is there, or is too fresh to tell", name)


def _is_missing(one: Published, tolerances: Tolerances) -> bool:
    """Two looks that would have shown it did not, the last of them later than X is slow to show a post."""
    return len(one.missed_at) >= 2 and max(one.missed_at) - one.at >= tolerances.shown_within


def _reader(seen: Observed, _: Tolerances) -> Iterator[Check]:
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.READER, "the store cannot say how the last looks went")
    for account in _accounts(seen):
        look = account.look
        if look is None:
            yield ok(Kind.READER, "nothing has been looked for", account.name, Quiet.NOT_ASKED)
        elif look.well:
            yield ok(Kind.READER, f"was read {_ago(look.at, seen.at)} ago", account.name)
        else:
            told = f"the account's page has not been readable for {_ago(look.since, seen.at)}: {look.told}"
            yield unknown(Kind.READER, told, account.name)


def _doubt(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.DOUBT, "the store cannot say what is in doubt")
    for account in _accounts(seen):
        since = account.looks_overdue_since
        if since is None or seen.at - since <= tolerances.looked_within:
            yield ok(Kind.DOUBT, "what is in doubt is being looked for", account.name)
        elif quiet := _does_not_look(account, seen):
            why = "looking was turned off" if quiet is Quiet.SWITCHED_OFF else "looks wait for memory"
            yield ok(Kind.DOUBT, why, account.name, quiet)
        elif account.look is not None and not account.look.well:
            told = f"what is in doubt cannot be looked for: {account.look.told}"
            yield unknown(Kind.DOUBT, told, account.name)
        else:
            told = f"a look has been due for {_ago(since, seen.at)}, and nobody looks"
            yield failing(Kind.DOUBT, told, account.name)


def _session(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    """A sign-in that is not good is wrong from the moment something is due within the hour."""
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.SESSION, "the store cannot say what is due")
    for account in _accounts(seen):
        yield _session_of(account, seen, tolerances)


def _session_of(account: AccountSeen, seen: Observed, tolerances: Tolerances) -> Check:
    name, due = account.name, account.next_due_at
    if due is None or due > seen.at + tolerances.session_ahead:
        return ok(Kind.SESSION, "nothing is due within the hour", name, Quiet.NOTHING_DUE)
    paused = account.paused_until is not None and account.paused_until > seen.at
    if paused and account.pause_cause is not None and account.pause_cause.needs_person:
        return failing(
            Kind.SESSION, f"{account.pause_cause}: {account.pause_why or 'somebody has to act'}", name
        )
    if isinstance(seen.blocks, Cannot):
        return unknown(Kind.SESSION, f"the blocks cannot be read: {seen.blocks.why}", name)
    circuit = _stopped_by(name, seen)
    if circuit is not None and circuit.is_sign_in:
        return failing(Kind.SESSION, f"signed out: {circuit.why or 'nobody knows why'}", name)
    sign_in = seen.blocks.sign_ins.get(name)
    if sign_in is None:
        return failing(Kind.SESSION, "there is no X account block of this name any more", name)
    if sign_in.closed:
        return failing(Kind.SESSION, sign_in.closed, name)
    if sign_in.expires_at is not None and sign_in.expires_at <= max(due, seen.at):
        return failing(Kind.SESSION, f"the sign-in ends at {sign_in.expires_at:%Y-%m-%d %H:%M} UTC", name)
    return ok(Kind.SESSION, "the sign-in is good for what is due", name)


def _backlog(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.BACKLOG, "the store cannot say what waits")
    for account in _accounts(seen):
        rates = [account.limits.per_day, account.limits.per_hour and account.limits.per_hour * 24]
        most = min((rate for rate in rates if rate), default=None)
        days = account.units / most if most else 0.0
        if days > tolerances.backlog_days:
            told = f"{account.units} posts are due, and the account may send {most} a day"
            yield failing(Kind.BACKLOG, told, account.name)
        else:
            yield ok(Kind.BACKLOG, f"{account.units} posts are due", account.name)


# --- the house


def _leases(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.LEASES, "the store cannot say")
        return
    lapsed = {
        one: until for one, until in seen.store.lapsed.items() if seen.at - until > tolerances.lease_grace
    }
    if lapsed and _is_between_runs(seen, tolerances):
        told = "what is held is taken back as soon as a run of publish has started"
        yield unknown(Kind.LEASES, told, quiet=Quiet.STARTING)
    elif lapsed:
        since = _ago(min(lapsed.values()), seen.at)
        told = f"{len(lapsed)} deliveries are held by workers that fell silent, the first for {since}"
        yield failing(Kind.LEASES, told)
    else:
        yield ok(Kind.LEASES, "whoever holds a delivery is heard of")


def _browsers(seen: Observed, _: Tolerances) -> Iterator[Check]:
    if seen.machine.orphans:
        told = f"{seen.machine.orphans} browsers are left of processes that are gone"
        yield failing(Kind.BROWSERS, told)
        return
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.BROWSERS, "the store cannot say whether browsers start")
        return
    unwell = {name: noted for name, noted in seen.store.browsers.items() if not noted.well}
    # A pool that is noted no more went with its run; whether that is there is another check's.
    lasting = [
        (name, noted)
        for name, noted in unwell.items()
        if seen.at - noted.at < timedelta(minutes=2) and seen.at - noted.since > timedelta(seconds=20)
    ]
    if lasting:
        name, noted = lasting[0]
        told = f"no browser of {name} has worked for {_ago(noted.since, seen.at)}: {noted.told}"
        yield failing(Kind.BROWSERS, told)
    else:
        yield ok(Kind.BROWSERS, "browsers start, and none is left behind")


def _circuit(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    if isinstance(seen.blocks, Cannot):
        yield unknown(Kind.CIRCUIT, f"the blocks cannot be read: {seen.blocks.why}")
        return
    for circuit in seen.blocks.open_circuits:
        told = f"open for {_ago(circuit.since, seen.at)}: {circuit.why or 'no reason is known'}"
        if circuit.forced:
            yield ok(Kind.CIRCUIT, f"opened by an operator; {told}", circuit.name, Quiet.STRUCK)
        elif circuit.is_sign_in:
            yield ok(
                Kind.CIRCUIT, f"the check of the session says more; {told}", circuit.name, Quiet.CIRCUIT_OPEN
            )
        elif seen.at - circuit.since > tolerances.circuit_open:
            yield failing(Kind.CIRCUIT, told, circuit.name)
        else:
            yield ok(Kind.CIRCUIT, told, circuit.name, Quiet.CIRCUIT_OPEN)
    if not seen.blocks.open_circuits:
        yield ok(Kind.CIRCUIT, "no circuit is open")


def _switch(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    if isinstance(seen.blocks, Cannot):
        yield unknown(Kind.SWITCH, f"the blocks cannot be read: {seen.blocks.why}")
        return
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.SWITCH, "the store cannot say what waits")
        return
    off = seen.blocks.off.get("publish")
    since = min((account.head.due_at for account in seen.store.accounts if account.head), default=None)
    if off is not None and since is not None and seen.at - since > tolerances.switched_off:
        told = f"publishing was turned off by {off.by or 'somebody'} ({off.reason or 'no reason given'})"
        yield failing(Kind.SWITCH, f"{told}, and something has been due for {_ago(since, seen.at)}")
    else:
        yield ok(Kind.SWITCH, "nothing has been waiting for hours for a switch")


def _outbox(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    machine = seen.machine
    if machine.aside:
        told = f"{machine.aside} answers were put aside: this store has never heard of their attempts"
        yield failing(Kind.OUTBOX, told)
    elif machine.letters_since is not None and seen.at - machine.letters_since > tolerances.letters_within:
        told = f"{machine.letters} answers have been waiting for the store for {_ago(machine.letters_since, seen.at)}"
        yield failing(Kind.OUTBOX, told)
    else:
        yield ok(Kind.OUTBOX, "no answer waits for the store")


def _notices(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.NOTICES, "the store cannot say what is to be told")
        return
    since = seen.store.notices_since
    if since is not None and seen.at - since > tolerances.notices_within:
        told = f"{seen.store.notices_waiting} messages wait, the oldest for {_ago(since, seen.at)}"
        yield failing(Kind.NOTICES, f"{told}: {seen.store.notices_trouble or 'nobody has tried'}")
    else:
        yield ok(Kind.NOTICES, "what is to be told gets through")


def _disk(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    free = seen.machine.disk_free_mb
    if free < tolerances.disk_mb:
        yield failing(Kind.DISK, f"{free:.0f} MB are free, and {tolerances.disk_mb} should be")
    else:
        yield ok(Kind.DISK, f"{free:.0f} MB are free")


def _memory(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    free = seen.machine.memory_free_mb
    if free < tolerances.memory_mb:
        shed = seen.store.shed if isinstance(seen.store, StoreSeen) else ()
        waits = f"; {', '.join(sorted(shed))} wait" if shed else ""
        yield failing(Kind.MEMORY, f"{free:.0f} MB are free, and {tolerances.memory_mb} should be{waits}")
    else:
        yield ok(Kind.MEMORY, f"{free:.0f} MB are free")


def _clock(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    machine: MachineSeen = seen.machine
    if abs(machine.clock_jump) > tolerances.clock_skew:
        yield failing(
            Kind.CLOCK, f"it moved by {machine.clock_jump.total_seconds():+.0f} s since the last round"
        )
        return
    off = seen.store.clock_off if isinstance(seen.store, StoreSeen) else None
    if off is not None and abs(off) > tolerances.clock_skew:
        told = f"the network's newest ids say that it is {off.total_seconds():+.0f} s off"
        yield failing(Kind.CLOCK, told)
    else:
        yield ok(Kind.CLOCK, "it agrees with the network's ids")


CHECKS: tuple[Callable[[Observed, Tolerances], Iterator[Check]], ...] = (
    _store,
    _server,
    _worker,
    _on_watch,
    _runs,
    _slots,
    _due,
    _live,
    _reader,
    _doubt,
    _session,
    _leases,
    _browsers,
    _circuit,
    _switch,
    _outbox,
    _notices,
    _disk,
    _memory,
    _clock,
    _backlog,
)
"""All of them: every kind comes out of one."""
