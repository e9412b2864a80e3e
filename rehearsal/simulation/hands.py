"""A person who posts by hand on the same accounts: alike and unlike, and who deletes and edits."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from rehearsal.acts import ACTS, EDIT, OTHER_LINK, OTHER_PARENT, OTHER_WORDS, TAKE_DOWN
from rehearsal.simulation.network import Network
from rehearsal.texts import other_link
from steadypost.channels.port import Order

After = Callable[[timedelta, Callable[[], None]], None]

SEEN_AFTER = timedelta(hours=1)
"""Only what was live for so long is taken down: of something younger it could not be known whether it ever was."""


@dataclass(kw_only=True)
class Person:
    """One pair of hands on all accounts."""

    network: Network
    seed: str
    beside: float
    """How often something is done right after one of our asks."""
    did: Counter[str] = field(default_factory=Counter)
    _last: dict[str, Order] = field(default_factory=dict)
    _waiting: dict[str, list[Callable[[], None]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._chance = random.Random(f"{self.seed}:person")  # noqa: S311 - repeatable, not secret

    def sees(self, handle: str, order: Order) -> None:
        """Notice what we asked for; what was to be done right after that is done."""
        self._last[handle] = order
        for act in self._waiting.pop(handle, []):
            act()

    def acts(self, handle: str, after: After) -> None:
        """Do something, now or within a minute of our next ask."""
        (what,) = self._chance.choices(list(ACTS), weights=list(ACTS.values()))
        if self._chance.random() >= self.beside:
            self._do(handle, what)
            return
        wait = timedelta(seconds=self._chance.uniform(1, 60))
        self._waiting.setdefault(handle, []).append(lambda: after(wait, lambda: self._do(handle, what)))

    def _do(self, handle: str, what: str) -> None:
        order = self._last.get(handle)
        if order is None or what == OTHER_WORDS:
            self.network.by_hand(handle, f"By hand, and like nothing else: {self._chance.random()}")
        elif what in {TAKE_DOWN, EDIT}:
            self._changes(handle, what)
        else:
            self._says_alike(handle, order, what)
        self.did[what] += 1

    def _says_alike(self, handle: str, order: Order, what: str) -> None:
        text, number = order.parts[0].text, self._chance.randrange(10**6)
        if what == OTHER_LINK:
            self.network.by_hand(handle, other_link(text, number), order.reply_to)
        elif what == OTHER_PARENT:
            other = self.network.by_hand("zoe", f"Another question, no. {number}")
            self.network.by_hand(handle, text or "…", other)
        else:
            self.network.by_hand(handle, text or "…", order.reply_to)

    def _changes(self, handle: str, what: str) -> None:
        now = self.network.true()
        ours = [
            one.made.id
            for one in self.network.truth.values()
            if one.made.author == handle and one.delivery_id is not None and one.made.at <= now
        ]
        old = [one for one in ours if self.network.truth[one].made.at < now - SEEN_AFTER]
        if what == TAKE_DOWN and old:
            self.network.take_down(self._chance.choice(old[-50:]))
        elif what == EDIT and ours:
            post_id = self._chance.choice(ours[-5:])
            self.network.edit(post_id, f"{self.network.truth[post_id].made.text} (edited)")
