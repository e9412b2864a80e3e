"""``next-slot``: the next time of the week at which an account posts and nothing of it is due yet.

The time that is found here is what a draft is judged by. Which slot it takes is decided as it comes in, under the
account's lock: see ``store.intake``.
"""

from __future__ import annotations

from datetime import datetime

from steadypost.intake.draft import Draft
from steadypost.intake.moment import NEXT_SLOT
from steadypost.intake.refusal import Refusal, refusal
from steadypost.store import Store, slots
from steadypost.store import accounts as account_rows


def wants_slot(draft: Draft) -> bool:
    """Whether a draft is to take the next free slot."""
    return draft.when.strip().casefold() == NEXT_SLOT


def slotted(store: Store, draft: Draft, now: datetime) -> Draft | Refusal:
    """Give a draft for the next slot an instant to be judged by; every other draft stays as it is."""
    if not wants_slot(draft):
        return draft
    known = {one.name for one in store.read(account_rows.every)}
    names = [name.strip() for name in draft.accounts if name.strip() in known]
    for name in names:
        if store.read(slots.next_free, name, now) is None:
            remedy = f"give it some: steadypost slots {name} --add 'weekdays 09:30'"
            return refusal("when", draft.when, f"{name} has no slots", remedy)
    at = store.read(slots.next_common, names, now)
    if names and at is None:
        told = ", ".join(names)
        remedy = "add it for each account by itself, or write a time"
        return refusal("when", draft.when, f"no slot is free for all of {told} at once", remedy)
    # Whoever names no account that is known is refused for that.
    when = "now" if at is None else at.isoformat()
    return draft.model_copy(update={"when": when})
