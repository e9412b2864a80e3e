"""Posts of the corpus through a browser and the sandbox's page, each read back: written as meant, and told apart?

``CORPUS_POSTS``, ``CORPUS_SEED`` and ``CORPUS_VARIANT`` (a build of the page) say which.
"""

from __future__ import annotations

import base64
import os
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from rehearsal.corpus import Item, for_account
from rehearsal.corpus.items import PARENTS
from sandbox.client import SandboxProcess
from steadypost.browser import BrowserRunner, LaunchSettings
from steadypost.channels.port import Access, LookRequest, Order
from steadypost.channels.x_web.channel import XWeb
from steadypost.channels.x_web.requests import same_text
from steadypost.domain.evidence import Present, Sighting, Wanted
from steadypost.domain.network import Place
from steadypost.domain.outcome import Published
from steadypost.domain.post import Media, Part
from steadypost.domain.remote_id import RemoteId
from steadypost.domain.weighing import judge, needed
from steadypost.networks.x import NETWORK as X

POSTS: Final = int(os.environ.get("CORPUS_POSTS", "100"))
SEED: Final = int(os.environ.get("CORPUS_SEED", "7"))
VARIANT: Final = os.environ.get("CORPUS_VARIANT", "todays")

WITHIN: Final = 120.0
"""Seconds for one ask or one look, on a busy machine."""

DOT: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

FAIR: Final = {"fault": "no_duplicate_guard", "account": "alice"}
"""The network takes the same words twice: the corpus answers several posts with the same ones."""


def measure() -> dict[str, Any]:
    """Send them, read each back, and at the end all of them at once."""
    with (
        tempfile.TemporaryDirectory() as folder,
        SandboxProcess(accounts=("alice", "bob", "carol", "erik"), premium=("alice",)) as sandbox,
    ):
        sandbox.build(VARIANT, seed=SEED)
        sandbox.seed("alice", 20, youngest_s=4 * 3600)
        sandbox.weather(FAIR)
        runner = BrowserRunner.start(LaunchSettings(), Path(folder) / "run", "corpus")
        try:
            return _figures(Desk(sandbox, runner, Path(folder)))
        finally:
            runner.close()


def chosen(seed: int, count: int) -> list[Item]:
    """Choose posts of every kind there is, no two of them the same ask."""
    kinds: dict[str, dict[tuple[Any, ...], Item]] = {}
    for item in for_account(seed, premium=True):
        kinds.setdefault(item.kind, {}).setdefault((item.text, item.reply_to, item.media), item)
    in_turn = (
        item for row in zip_longest(*(found.values() for found in kinds.values())) for item in row if item
    )
    different = {(item.text, item.reply_to, item.media): item for item in in_turn}
    taken = list(different.values())[:count]
    random.Random(f"{seed}:chosen").shuffle(taken)  # noqa: S311 - repeatable, not secret
    return taken


@dataclass(frozen=True, slots=True)
class Sent:
    """One post that was asked for, and what became of it."""

    item: Item
    wanted: Wanted
    outcome: str
    live: Sequence[Mapping[str, Any]]
    """What the ledger has of it."""
    took_s: float

    @property
    def is_whole(self) -> bool:
        """Whether exactly this went live, once, and the answer said so."""
        return (
            len(self.live) == 1 and self.outcome == self.live[0]["id"] and self._is_as_written(self.live[0])
        )

    def _is_as_written(self, post: Mapping[str, Any]) -> bool:
        alts = tuple(media["alt"] or "" for media in post["media"])
        return same_text(post["text"], self.item.text) and (post["reply_to"], alts) == (
            self.wanted.reply_to,
            self.wanted.media,
        )

    def is_known_by(self, found: object) -> bool:
        """Whether a look found it, and not another."""
        return len(self.live) == 1 and found == Present(remote_id=self.live[0]["id"])


class Desk:
    """A person who sends posts and reads them back."""

    def __init__(self, sandbox: SandboxProcess, runner: BrowserRunner, folder: Path) -> None:
        self._sandbox = sandbox
        self._channel = XWeb(runner)
        self._access = Access(
            account="alice",
            handle="alice",
            base_url=sandbox.url,
            secret=sandbox.accounts["alice"],
            rules_accepted=True,
        )
        self._picture = folder / "dot.png"
        self._picture.write_bytes(DOT)
        self._parents = {name: RemoteId(sandbox.hand_post(by, text)) for name, (by, text) in PARENTS.items()}

    def send(self, number: int, item: Item) -> Sent:
        """Ask for one post."""
        before = {post["id"] for post in self._made()}
        media = tuple(Media(path=self._picture, kind="image/png", alt=alt or "") for alt in item.media)
        parent = self._parents[item.reply_to] if item.reply_to else None
        began, ticks = datetime.now(UTC), time.monotonic()
        order = Order(
            parts=(Part(text=item.text, media=media),), key=f"{number:032x}", keyed_at=began, reply_to=parent
        )
        answer = self._channel.ask(
            self._access, order, arm=lambda: True, deadline=ticks + WITHIN, progress=lambda _: None
        )
        (outcome,) = answer.outcomes
        wanted = Wanted(
            network=X,
            delivery_id=number,
            n=0,
            handle="alice",
            text=item.text,
            began_at=began,
            ended_at=datetime.now(UTC),
            reply_to=parent,
            media=tuple(one.alt for one in media),
            offset=self._channel.offset,
        )
        said = outcome.remote_id if isinstance(outcome, Published) else str(outcome)
        live = [post for post in self._made() if post["id"] not in before]
        return Sent(item, wanted, said, live, time.monotonic() - ticks)

    def look(self, place: Place, back_to: datetime, post: RemoteId | None = None) -> Sighting:
        """Read one list."""
        request = LookRequest(place=place, back_to=back_to, post=post)
        return self._channel.look(self._access, request, deadline=time.monotonic() + WITHIN)

    def lists_for(self, wanted: Sequence[Wanted]) -> list[Sighting]:
        """Read every list that has to show these."""
        back_to = min(one.began_at for one in wanted) - timedelta(minutes=1)
        parents = sorted({one.reply_to for one in wanted if one.reply_to})
        own = [self.look(place, back_to) for place in (Place.PROFILE, Place.REPLIES)]
        return own + [self.look(Place.THREAD, back_to, parent) for parent in parents]

    def _made(self) -> list[dict[str, Any]]:
        return [post for post in self._sandbox.ledger("alice") if post["origin"] == "page"]


def _figures(desk: Desk) -> dict[str, Any]:
    sent, known = [], []
    for number, item in enumerate(chosen(SEED, POSTS)):
        one = desk.send(number, item)
        found = judge([one.wanted], desk.look(_place(one), one.wanted.began_at - timedelta(minutes=1)))[
            one.wanted.key
        ]
        sent.append(one)
        known.append(one.is_known_by(found))
        if not (one.is_whole and known[-1]):
            _tell(one, found)
    together = judge([one.wanted for one in sent], desk.lists_for([one.wanted for one in sent]))
    right = [one.is_known_by(together[one.wanted.key]) for one in sent]
    wrong = [one for one in sent if _is_another(one, together[one.wanted.key])]
    for one, is_right in zip(sent, right, strict=True):
        if not is_right:
            _tell(one, together[one.wanted.key])
    took = sorted(one.took_s for one in sent)
    return {
        "posts": len(sent),
        "kinds": len({one.item.kind for one in sent}),
        "seed": SEED,
        "variant": VARIANT,
        "out_as_written": sum(one.is_whole for one in sent),
        "read_back_by_the_next_look": sum(known),
        "read_back_all_at_once": sum(right),
        "taken_for_another": len(wrong),
        "ask_s_p50": round(took[len(took) // 2], 2),
        "ask_s_most": round(took[-1], 2),
    }


def _place(one: Sent) -> Place:
    place, _ = needed(one.wanted)[0]
    return place


def _is_another(one: Sent, found: object) -> bool:
    return isinstance(found, Present) and not one.is_known_by(found)


def _tell(one: Sent, found: object) -> None:
    shown = replace(one.item, text=one.item.text[:80])
    print(f"{shown}: {one.outcome}, live {[post['id'] for post in one.live]}, found {found}", file=sys.stderr)
