"""A draft as each of its accounts would say it, and everything that would keep it from coming in. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from steadypost.domain.post import Media, Part, Post
from steadypost.intake import per_network
from steadypost.intake.draft import Draft, Image
from steadypost.intake.entry import known_accounts
from steadypost.intake.media import Images
from steadypost.intake.refusal import Refusal
from steadypost.intake.validate import KnownAccount, judge
from steadypost.networks.preview import Seen, preview
from steadypost.store import Store
from steadypost.store import accounts as account_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class OnAccount:
    """What one account would say."""

    account: str
    channel: str
    network: str
    """As people call it."""
    seen: Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """One post."""

    where: str
    accounts: tuple[OnAccount, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    """Why it would not come in, without what a network's objection says already."""

    @property
    def may_enter(self) -> bool:
        """Whether it would come in as it is."""
        return not self.refusals and not any(one.seen.objections for one in self.accounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewer:
    """Shows drafts for the accounts of one store."""

    known: Mapping[str, KnownAccount]
    channels: Mapping[str, str]
    """By which channel each account publishes."""
    now: datetime
    zone: str | None
    folder: Path

    @classmethod
    def of(cls, store: Store, *, now: datetime, zone: str | None, folder: Path) -> Previewer:
        """Read the accounts."""
        channels = {record.name: record.channel for record in store.read(account_rows.every)}
        return cls(known=known_accounts(store), channels=channels, now=now, zone=zone, folder=folder)

    def show(self, draft: Draft | Sequence[Refusal], where: str) -> Previewed:
        """Show one draft."""
        if not isinstance(draft, Draft):
            return Previewed(where=where, refusals=tuple(draft))
        post = as_said(draft, self.folder)
        names = dict.fromkeys(name.strip() for name in draft.accounts)
        accounts = tuple(self._on(name, post) for name in names if name in self.known)
        judged = judge(
            draft, self.known, now=self.now, default_zone=self.zone, folder=self.folder, source=where
        )
        refusals = judged if isinstance(judged, list) else ()
        return Previewed(where=where, accounts=accounts, refusals=_rest(refusals, accounts))

    def _on(self, name: str, post: Post) -> OnAccount:
        account, channel = self.known[name], self.channels[name]
        parts = post.parts_for(account.network.name)
        seen = preview(account.network, account.allows, channel, parts)
        return OnAccount(account=name, channel=channel, network=account.network.title, seen=seen)


def as_said(draft: Draft, folder: Path) -> Post:
    """Give what would be said, whatever is wrong with it."""
    images = Images(folder)

    def look(_: str, shown: Sequence[Image], parts: int) -> dict[int, list[Media]]:
        return _pictures(shown, parts, images)

    texts = [_text("", text) for text in draft.parts or [draft.text]]
    pictures = look("", draft.images, len(texts))
    base = tuple(Part(text=text, media=tuple(pictures.get(n, ()))) for n, text in enumerate(texts))
    return Post(parts=base, variants=per_network.variants(draft, base, _text, look))


def _text(_: str, written: str) -> str:
    return written.replace("\r\n", "\n").replace("\r", "\n").strip()


def _pictures(shown: Sequence[Image], parts: int, images: Images) -> dict[int, list[Media]]:
    """Find the pictures that can be shown; what is wrong with the others, intake says."""
    by_part: dict[int, list[Media]] = {}
    for image in shown:
        taken = images.media(image)
        if isinstance(taken, Media) and 1 <= image.part <= parts:
            by_part.setdefault(image.part - 1, []).append(taken)
    return by_part


def _rest(refusals: Iterable[Refusal], accounts: Iterable[OnAccount]) -> tuple[Refusal, ...]:
    said = {one.why for account in accounts for one in account.seen.objections}
    return tuple(one for one in refusals if one.why not in said)
