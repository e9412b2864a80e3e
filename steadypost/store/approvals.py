"""Which posts wait for a second person's approval, and that approval. An edit needs a new one; a series one for all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from steadypost.domain.approval import Rule, because, judge, missing, named, of_account, of_label, written
from steadypost.domain.change import Barred
from steadypost.domain.delivery import State
from steadypost.domain.post import Post, tag
from steadypost.store import accounts as account_rows
from steadypost.store import deliveries as delivery_rows
from steadypost.store import notices, selecting, variants
from steadypost.store.acts import By
from steadypost.store.deliveries import Kept
from steadypost.store.errors import StoreError
from steadypost.store.repeats import APPROVAL
from steadypost.store.schema import accounts, deliveries, label_approvers, post_tags, posts
from steadypost.store.schema import approvals as approval_rows

NAMED = 15
"""How many posts one message names."""

SHOWN = 60


class NeedsApproval(StoreError):
    """It waits for a second person's approval, which this is not."""

    def __init__(self, delivery_id: int, why: str) -> None:
        super().__init__(f"delivery {delivery_id} {why}", remedy=f"steadypost approve {delivery_id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRule:
    """Who must approve a label's posts, and who set that."""

    label: str
    approvers: tuple[str, ...]
    by: str
    why: str
    since: datetime


# The rules -----------------------------------------------------------------------------------------------


class Rules:
    """The rules in force in this transaction."""

    def __init__(self, connection: Connection) -> None:
        of_accounts = connection.execute(
            select(accounts.c.name, accounts.c.approvers).where(accounts.c.approvers != "")
        )
        self._accounts = {row.name: of_account(row.name, row.approvers) for row in of_accounts}
        of_labels = connection.execute(select(label_approvers))
        self._labels = {row.label: of_label(row.label, row.approvers) for row in of_labels}

    def of(self, account: str, tags: Collection[str]) -> tuple[Rule, ...]:
        """List the rules that a post with these tags falls under on an account."""
        own = self._accounts.get(account)
        labels = [self._labels[one] for one in sorted(tags) if one in self._labels]
        return (*([own] if own is not None else []), *labels)


def because_of(connection: Connection, post: Post, account: str, author: str) -> str:
    """Say why text without approval waits on this account; empty when it needs none."""
    return because(Rules(connection).of(account, post.tags), author)


def waits_for(connection: Connection, kept: Kept) -> str:
    """Say why a delivery, as it is worded now, waits for a yes; nothing when it need not."""
    post_id, account = kept.delivery.post_id, kept.delivery.account
    rules = _of_kept(connection, Rules(connection), kept)
    return because(missing(rules, given(connection, post_id, account)), author_of(connection, post_id))


def waiting_after(connection: Connection, post_id: int, account: str) -> str:
    """Say the same of a post that is about to be sent on its way to an account."""
    tags = connection.scalars(select(post_tags.c.tag).where(post_tags.c.post_id == post_id)).all()
    rules = Rules(connection).of(account, tags)
    return because(missing(rules, given(connection, post_id, account)), author_of(connection, post_id))


def _of_kept(connection: Connection, rules: Rules, kept: Kept) -> tuple[Rule, ...]:
    post_id = kept.delivery.post_id
    tags = connection.scalars(select(post_tags.c.tag).where(post_tags.c.post_id == post_id)).all()
    return rules.of(kept.delivery.account, tags)


def given(connection: Connection, post_id: int, account: str) -> dict[str, str]:
    """Name who has approved a post on an account, by rule."""
    rows = connection.execute(
        select(approval_rows.c.rule, approval_rows.c.by).where(
            approval_rows.c.post_id == post_id, approval_rows.c.account == account
        )
    )
    return {row.rule: row.by for row in rows}


def author_of(connection: Connection, post_id: int) -> str:
    """Name the author of the text; empty where unknown."""
    return connection.scalar(select(posts.c.worded_by).where(posts.c.id == post_id)) or ""


def of_labels(connection: Connection) -> list[LabelRule]:
    """List the labels that need approval."""
    rows = connection.execute(select(label_approvers).order_by(label_approvers.c.label))
    return [
        LabelRule(label=row.label, approvers=named(row.approvers), by=row.by, why=row.why, since=row.since)
        for row in rows
    ]


def require(connection: Connection, label: str, approvers: Sequence[str], *, by: By, now: datetime) -> None:
    """Have everything that comes in with a label from now on wait for a yes of one of these; of none: no longer."""
    name = tag(label)
    said = {"approvers": written(approvers), "by": by.name, "why": by.why, "since": now}
    if not approvers:
        connection.execute(delete(label_approvers).where(label_approvers.c.label == name))
    elif not connection.execute(
        update(label_approvers).where(label_approvers.c.label == name).values(**said)
    ).rowcount:
        connection.execute(insert(label_approvers).values(label=name, **said))


# Telling -------------------------------------------------------------------------------------------------


def tell(connection: Connection, delivery_ids: Sequence[int], now: datetime) -> None:
    """Tell of what waits for approval: once for each wording, one message for all that came together."""
    of_account: defaultdict[str, list[Kept]] = defaultdict(list)
    for kept in delivery_rows.several(connection, sorted(set(delivery_ids))):
        of_account[kept.delivery.account].append(kept)
    for account, every in of_account.items():
        first, ids = every[0].delivery, [kept.delivery.id for kept in every]
        many = (
            f"{len(ids)} posts of {account} wait" if len(ids) > 1 else f"Delivery {ids[0]} of {account} waits"
        )
        lines = [_line(connection, kept) for kept in every[:NAMED]]
        more = [f"And {len(ids) - NAMED} more: steadypost queue --state held --account {account}"]
        notices.put(
            connection,
            key=f"approval:{first.post_id}:{account}",
            title=f"{many} for a second person's yes",
            body="\n".join([*lines, *(more if len(ids) > NAMED else []), _how(ids, account)]),
            delivery_id=first.id,
            now=now,
        )


def _line(connection: Connection, kept: Kept) -> str:
    one = kept.delivery
    text = " ".join(variants.said_by(connection, one.post_id, one.account)[0].text.split())
    shown = text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
    return f"Delivery {one.id}, due {one.due_at:%a %d %b %H:%M} UTC: “{shown}”. It {one.why}."


def _how(ids: Sequence[int], account: str) -> str:
    which = " ".join(map(str, ids)) if len(ids) <= NAMED else f"--account {account}"
    return f"→ steadypost approve {which}; or change it: steadypost edit {ids[0]}"


# The yes -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Yes:
    """What an approval does to one delivery."""

    kept: Kept
    rules: tuple[Rule, ...]
    """The rules that it fulfils."""
    left: str
    """Why it still waits; empty when it goes out."""


def said_yes(connection: Connection, kept: Kept, by: By, rules: Rules) -> Yes | Barred:
    """Judge an approval of one delivery."""
    one = kept.delivery
    if one.state is not State.HELD or kept.held_for != APPROVAL:
        state = "it waits for no yes" if one.state is State.HELD else f"it is {one.state}"
        return Barred(state, f"see 'steadypost show {one.id}'")
    author = author_of(connection, one.post_id)
    judged = judge(
        _of_kept(connection, rules, kept),
        given(connection, one.post_id, one.account),
        who=by.name,
        author=author,
    )
    if judged.left and not judged.takes:
        return Barred(f"it {because(judged.left, author)}; {by.name} may not", "ask one of the approvers")
    return Yes(kept=kept, rules=judged.takes, left=because(judged.left, author))


def meant(connection: Connection, those: selecting.Selection) -> list[int]:
    """List what a yes is about: what is named, and whatever waits with the same words on the same account."""
    found = selecting.ids(connection, those)
    pairs = {
        (kept.delivery.post_id, kept.delivery.account) for kept in delivery_rows.several(connection, found)
    }
    waiting = connection.execute(
        select(deliveries.c.id, deliveries.c.post_id, deliveries.c.account)
        .where(
            deliveries.c.post_id.in_({post_id for post_id, _ in pairs}),
            deliveries.c.state == State.HELD,
            deliveries.c.held_for == APPROVAL,
        )
        .order_by(deliveries.c.due_at, deliveries.c.id)
    )
    more = [row.id for row in waiting if (row.post_id, row.account) in pairs]
    return list(dict.fromkeys([*found, *more]))


def lock(connection: Connection, ids: Sequence[int]) -> list[Kept]:
    """Lock what an approval is about: accounts first, as a claim does."""
    names = {kept.delivery.account for kept in delivery_rows.several(connection, ids)}
    account_rows.lock_all(connection, names)
    held = {one: delivery_rows.one(connection, one, lock=True) for one in sorted(ids)}
    return [held[one] for one in ids]


def write(connection: Connection, yes: Yes, *, by: By, change_id: int, now: datetime) -> None:
    """Record an approval, once however many deliveries have this text."""
    one = yes.kept.delivery
    known: Mapping[str, str] = given(connection, one.post_id, one.account)
    rows = [
        {
            "post_id": one.post_id,
            "account": one.account,
            "rule": rule.key,
            "by": by.name,
            "at": now,
            "change_id": change_id,
        }
        for rule in yes.rules
        if rule.key not in known
    ]
    if rows:
        connection.execute(insert(approval_rows), rows)


def take_back(connection: Connection, change_id: int | None) -> list[tuple[int, str]]:
    """Take a yes back that a change gave; answer for which post on which account that was."""
    taken = connection.execute(
        delete(approval_rows)
        .where(approval_rows.c.change_id == change_id)
        .returning(approval_rows.c.post_id, approval_rows.c.account)
    )
    return sorted({(row.post_id, row.account) for row in taken})


def going(connection: Connection, said: Sequence[tuple[int, str]]) -> list[int]:
    """List what is on its way of these posts on these accounts."""
    rows = connection.execute(
        select(deliveries.c.id, deliveries.c.post_id, deliveries.c.account)
        .where(
            deliveries.c.post_id.in_({post_id for post_id, _ in said}), deliveries.c.state == State.SCHEDULED
        )
        .order_by(deliveries.c.id)
    )
    return [row.id for row in rows if (row.post_id, row.account) in said]
