"""Delivering: one attempt, from a claim to its recorded answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.runtime import task_run
from prefect.states import Completed, Failed

from blocks import Unopened
from steadypost.browser import BrowserUnavailable, NoFreeSlot, PoolClosed, StillAlive
from steadypost.channels.port import Access, Channel, Order
from steadypost.domain.circuit import No
from steadypost.domain.outcome import Answer, Cause, NotSubmitted, Outcome, Phase, Refused, Unconfirmed
from steadypost.domain.pause import pause_after
from steadypost.domain.waits import wait_before_retry
from steadypost.store import Claim, OutboxEntry, Settled, StoreAway, StoreError, notices, settling
from steadypost.store import accounts as account_rows
from tasks import journal
from tasks.bulkheads import NoSlot
from tasks.circuits import named
from tasks.discreet import discreet
from tasks.house import House, here
from tasks.journal import following
from tasks.probes import come_home, set_out
from tasks.second_question import owned
from tasks.twinned import rivals


@task(
    name="deliver",
    task_run_name="deliver {delivery_id} as {account}",
    retries=0,  # An ask is never repeated by machinery. A second asking is reconciliation's decision.
    cache_policy=NO_CACHE,
    persist_result=False,
)
@discreet
def deliver(attempt_id: int, delivery_id: int, account: str) -> State[str]:
    """Ask once, record the outcome, and name the task run's state by it; never raises for a post's misfortune."""
    house = here()
    # What crosses a task's border is the number, not the post. A number that this process has not claimed is not its to
    # ask for, even if this task is run again.
    claim = house.in_hand.get(attempt_id)
    if claim is None:
        return Failed(
            message=f"attempt {attempt_id} is not in hand here: the worker that claimed it asks, and asks once"
        )
    run = {"task_run_id": task_run.id, "task_run_name": task_run.name}
    with following(delivery=delivery_id, attempt=attempt_id, account=account, **run):
        try:
            tickets = set_out(house, claim.account)
            began = time.monotonic()
            answer = put_off(claim, tickets) if isinstance(tickets, No) else ask(house, claim)
            if isinstance(access := house.directory.access(claim.account), Access):
                answer = owned(house, access, answer)
            # Before the place is given on: the next one is not to set out for what has just been seen down. Only a
            # failure can cost a call here, and a failure brings no id that could be lost meanwhile.
            come_home(
                house, claim.account, tickets, answer.headline, timedelta(seconds=time.monotonic() - began)
            )
            if pause_after(answer, house.clock()) is None:
                after = record(house, claim, answer, give_way=house.let_go(attempt_id))
            else:
                # X said to leave this account alone: nothing of it is sent from here before all processes know.
                after = record(house, claim, answer)
                rest_account(house, claim.account, answer)
        finally:
            house.drop(attempt_id)
        house.log.info("delivery %s as %s: %s", delivery_id, account, in_words(answer.headline))
    name = "in the outbox" if after is None else after.delivery.state if after.applied else "fenced"
    shown = name.replace("_", " ").capitalize()
    return Completed(name=shown, message=in_words(answer.headline), data=str(name))


class _Armed:
    """The arming of one attempt, and whether it happened."""

    def __init__(self, house: House, claim: Claim, where: str) -> None:
        self._house = house
        self._claim = claim
        self._where = where
        self.channel: Channel | None = None
        """What carries it out: by then it knows how far the network's clock is ahead."""
        self.happened = False

    def __call__(self) -> bool:
        # Noted before the store is asked: if the answer is lost on the way, it may well have been yes.
        self.happened = True
        self.happened = self._house.store.write(
            settling.arm,
            self._claim.attempt_id,
            fence=self._claim.fence,
            now=self._house.clock(),
            executor=self.channel.executor if self.channel else "",
            offset=self.channel.offset if self.channel else None,
            appears=self.channel.appears if self.channel else None,
            rivals=rivals(self._house.blocks, self._claim.account),
            where=self._where,
        )
        journal.line("store", "armed: about to ask" if self.happened else "not armed: no ask may follow")
        return self.happened


def ask(house: House, claim: Claim) -> Answer:
    """Carry out one attempt. Whatever goes wrong, the answer says how far it got."""
    account = house.directory.access(claim.account)
    if not isinstance(account, Access):
        return _ended(claim, _closed(claim, account))
    if (changed := _changed(claim)) is not None:
        return _ended(claim, changed)
    arm = _Armed(house, claim, account.network)
    limits = house.limits()
    answer: Answer | None = None
    try:
        with (
            house.slot(limits.attempt_waits),
            house.channel(claim.account, within=limits.attempt_waits) as channel,
        ):
            arm.channel = channel
            journal.line(
                "channel", "%s is open, by %s", claim.channel, channel.executor or "nothing that lasts"
            )
            answer = channel.ask(
                account,
                _order(claim),
                arm=arm,
                deadline=time.monotonic() + limits.attempt.total_seconds(),
                progress=lambda phase: journal.line("channel", "came to %s", phase),
            )
    except Exception as error:  # noqa: BLE001 - every failure ends as an outcome; which, the arming decides
        # Clean-up after an answer cannot change the answer.
        answer = answer or _ended(claim, _failed(house, claim, error, armed=arm.happened))
        return replace(answer, at_large=answer.at_large or isinstance(error, StillAlive))
    return answer


def _order(claim: Claim) -> Order:
    return Order(
        parts=claim.parts,
        key=claim.key,
        keyed_at=claim.keyed_at,
        first=claim.first,
        live=claim.live,
        reply_to=claim.reply_to,
        live_at=claim.live_at,
    )


def _changed(claim: Claim) -> Refused | None:
    """Refuse what is not what was checked: another picture under the same name may be anything."""
    names = [one.path.name for part in claim.parts for one in part.media if one.was_changed]
    if not names:
        return None
    why = f"{', '.join(names)}: the file was changed after the post came in"
    return Refused(cause=Cause.MEDIA_MISSING, code="-", why=why)


def _ended(claim: Claim, outcome: Outcome) -> Answer:
    return Answer(outcomes=(outcome,) * len(claim.parts), first=claim.first)


def put_off(claim: Claim, no: No) -> Answer:
    """Begin nothing: since the claim, what it needs was seen to be down."""
    why = f"left alone: {no.cause or no.state} ({no.why})"
    return _ended(claim, NotSubmitted(cause=Cause.CIRCUIT_OPEN, why=why, phase=Phase.CLAIMED))


def _closed(claim: Claim, account: Unopened | None) -> NotSubmitted:
    if account is None:
        why = f"there is no account block named {claim.account} any more"
        return NotSubmitted(cause=Cause.SESSION_UNUSABLE, why=why, phase=Phase.CLAIMED)
    return NotSubmitted(cause=account.cause, why=account.why, phase=Phase.CLAIMED)


def _failed(house: House, claim: Claim, error: Exception, *, armed: bool) -> NotSubmitted | Unconfirmed:
    if armed:
        house.log.error("delivery %s: broke after it was armed", claim.delivery_id, exc_info=error)
        return Unconfirmed(cause=Cause.DEFECT, why=named(error), phase=Phase.ARMED)
    match error:
        case NoFreeSlot() | BrowserUnavailable() | StillAlive():
            cause = Cause.BROWSER_UNAVAILABLE
        case NoSlot() | PoolClosed():
            cause = Cause.NO_PLACE
        case StoreError():
            cause = Cause.STORE_AWAY
        case _:
            cause = Cause.DEFECT
            house.log.error("delivery %s: broke before it was armed", claim.delivery_id, exc_info=error)
    return NotSubmitted(cause=cause, why=named(error), phase=Phase.CLAIMED)


def record(
    house: House, claim: Claim, answer: Answer, give_way: Callable[[], None] = lambda: None
) -> Settled | None:
    """Record the answer: on this disk first, then in the store; ``None``: it waits in the outbox.

    Safe to repeat. Between the two it may ``give_way`` to a claim that a free browser waits for.
    """
    moment = house.clock()
    entry = _kept(house, claim, answer, moment)
    if entry is not None:
        give_way()
    tries = 0
    while True:
        try:
            settled = house.store.write(
                settling.answered,
                claim.attempt_id,
                answer,
                now=moment,
                jitter=house.dice.random(),
                patient=house.switches.backoff.is_on(moment),
            )
        except StoreAway as away:
            house.log.warning("delivery %s: its answer waits for the store (%s)", claim.delivery_id, away)
            if entry is not None:
                return None
            # This disk takes nothing either: keep the answer in memory until one of them does.
            time.sleep(min(5.0, wait_before_retry(tries, house.dice.random()).total_seconds() / 20))
            tries += 1
        else:
            journal.line("store", "recorded: the delivery is %s", settled.delivery.state)
            if entry is not None:
                house.outbox.forget(entry)
            return settled


def _kept(house: House, claim: Claim, answer: Answer, moment: datetime) -> OutboxEntry | None:
    try:
        return house.outbox.keep(claim.attempt_id, answer, moment)
    except OSError as error:
        house.log.warning("delivery %s: the outbox takes nothing (%s)", claim.delivery_id, error.strerror)
        return None


def rest_account(house: House, account: str, answer: Answer) -> None:
    """Pause the account when the answer was about the account."""
    pause = pause_after(answer, house.clock())
    if pause is None:
        return
    house.log.warning("%s is paused until %s: %s (%s)", account, pause.until, pause.cause, pause.why)
    mark = house.directory.marks.get(account, "")
    try:
        house.store.write(
            account_rows.pause,
            account,
            until=pause.until,
            cause=pause.cause,
            why=pause.why,
            session_mark=mark,
            now=house.clock(),
        )
        if pause.cause.needs_person:
            # Keyed by its session: a lost one is reported once, however often it is seen.
            house.store.write(
                notices.put,
                key=f"account:{account}:{pause.cause}:{mark}",
                title=f"{account} rests: {pause.cause}",
                body=(
                    f"{pause.why}.\nNothing is published as {account}, and no post is charged. "
                    f"Sign in on the network, then save the new sign-in in the account's block; it goes on at once."
                ),
                now=house.clock(),
            )
    except StoreAway as away:
        house.log.warning("%s could not be paused: %s", account, away)


def in_words(outcome: Outcome) -> str:
    """Describe an outcome in one line."""
    kind = type(outcome).__name__
    if hasattr(outcome, "remote_id"):
        return f"{kind} {outcome.remote_id}"
    return f"{kind}: {outcome.cause} ({outcome.why})"
