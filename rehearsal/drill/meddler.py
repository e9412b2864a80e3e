"""A person with a telephone: posts by hand on the drill's accounts, alike and unlike, deletes and edits."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rehearsal.acts import EDIT, OTHER_LINK, OTHER_PARENT, OTHER_WORDS, TAKE_DOWN
from rehearsal.drill.programme import STRANGER, ByHand
from rehearsal.texts import other_link
from sandbox.client import SandboxControl
from sandbox.process import SandboxError
from steadypost.domain.delivery import State
from steadypost.store import Store, StoreAway, reading

Post = Mapping[str, Any]


class Meddler(threading.Thread):
    """Does one thing after the other, each at its time."""

    def __init__(
        self, acts: Sequence[ByHand], sandbox: SandboxControl, store: Store, began_at: datetime
    ) -> None:
        super().__init__(name="by hand", daemon=True)
        self._acts = acts
        self._sandbox = sandbox
        self._store = store
        self._began_at = began_at
        self._over = threading.Event()
        self.did: Counter[str] = Counter()

    def run(self) -> None:
        """Do what there is to do, until the drill ends."""
        for n, act in enumerate(self._acts):
            due = act.at - (datetime.now(UTC) - self._began_at).total_seconds()
            if self._over.wait(max(0.0, due)):
                return
            try:
                self.did[self._do(act, n)] += 1
            except (OSError, SandboxError, StoreAway):
                # X is away for people, too.
                self.did["could not"] += 1

    def stop(self) -> None:
        """End."""
        self._over.set()
        self.join(15)

    def _do(self, act: ByHand, n: int) -> str:
        ours = [
            post for post in self._sandbox.ledger(act.account) if post["ask"] and _is_first_and_last(post)
        ]
        if act.what == OTHER_WORDS or not ours:
            self._sandbox.hand_post(act.account, f"By hand, and like nothing else: {n}")
            return OTHER_WORDS
        if act.what in {TAKE_DOWN, EDIT}:
            return self._change(act, ours)
        return self._say_alike(act, ours[-1], n)

    def _say_alike(self, act: ByHand, post: Post, n: int) -> str:
        text = post["text"] or "A picture says it."
        if act.what == OTHER_LINK:
            self._sandbox.hand_post(act.account, other_link(text, n), reply_to=post["reply_to"])
        elif act.what == OTHER_PARENT:
            elsewhere = self._sandbox.hand_post(STRANGER, f"Another question, no. {n}")
            self._sandbox.hand_post(act.account, text, reply_to=elsewhere)
        else:
            self._sandbox.hand_post(act.account, text, reply_to=post["reply_to"])
        return act.what

    def _change(self, act: ByHand, ours: Sequence[Post]) -> str:
        seen = self._seen(act.account)
        whole = [post for post in ours if post["id"] in seen]
        if not whole:
            return "nothing to change"
        if act.what == TAKE_DOWN:
            self._sandbox.delete(whole[0]["id"])
        else:
            self._sandbox.edit(whole[-1]["id"], f"{whole[-1]['text']} (edited)")
        return act.what

    def _seen(self, account: str) -> set[str]:
        """Name the posts that are known to be live: of any other it could not be known afterwards."""
        entries = self._store.read(reading.queue, state=State.PUBLISHED, account=account, limit=1000)
        return {
            part.remote_id
            for entry in entries
            if entry.verified_at is not None and len(entry.delivery.parts) == 1
            for part in entry.delivery.parts
            if part.remote_id is not None
        }


def _is_first_and_last(post: Post) -> bool:
    """Whether it is live and unchanged."""
    return bool(post["live"]) and post.get("edit_of") is None and post.get("superseded_by") is None
