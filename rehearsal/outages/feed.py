"""Lets a post of each account fall due every few seconds."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rehearsal.outages.house import House
from steadypost.domain.post import Part, Post
from steadypost.store import StoreAway, intake

ACCOUNTS = {"paper": 4.0, "dora": 15.0, "alice": 20.0}
"""A file, an API and a page: and how many seconds lie between two of their posts. Mastodon takes 300 in three hours."""


@dataclass(kw_only=True)
class Told:
    """One post that was to go out."""

    account: str
    text: str
    due_at: datetime
    delivery_id: int


class Feed(threading.Thread):
    """Lets a post of each account fall due every few seconds."""

    def __init__(self, house: House) -> None:
        super().__init__(name="feed", daemon=True)
        self._house, self._end = house, threading.Event()
        self.told: list[Told] = []

    def run(self) -> None:
        """Go on until told to end."""
        next_at = dict.fromkeys(ACCOUNTS, time.monotonic())
        while not self._end.wait(0.2):
            for account, every in ACCOUNTS.items():
                if time.monotonic() >= next_at[account]:
                    next_at[account] += every
                    self._add(account)

    def end(self) -> None:
        """Let no more fall due."""
        self._end.set()
        self.join()

    def _add(self, account: str) -> None:
        """Take one in; while a writer that was stopped holds the store, again and again, as a person would."""
        taken_in = False
        while not taken_in and not self._end.is_set():
            due_at = datetime.now(UTC) + timedelta(seconds=1)
            post = Post(
                parts=(Part(text=f"Number {len(self.told) + 1} for {account}, at {due_at:%H:%M:%S.%f}."),)
            )
            try:
                with self._house.store as store:
                    [added] = store.write(
                        intake.add, post, accounts=[account], due_at=due_at, now=datetime.now(UTC)
                    )
            except StoreAway:
                self._end.wait(1.0)
            else:
                taken_in = True
                text = post.parts[0].text
                self.told.append(
                    Told(account=account, text=text, due_at=due_at, delivery_id=added.delivery_id)
                )
