"""Everything that comes before the ask: who is mentioned, the files, the previews, what is answered; and the records."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from steadypost.channels import pictures
from steadypost.channels.bluesky import cards, xrpc
from steadypost.channels.bluesky.cards import Preview
from steadypost.channels.bluesky.fetching import Fetcher
from steadypost.channels.bluesky.identity import Resolver
from steadypost.channels.bluesky.options import Options
from steadypost.channels.bluesky.session import Session
from steadypost.channels.bluesky.trouble import Never, NotReady, unanswered
from steadypost.channels.bluesky.video_service import VideoService
from steadypost.channels.bluesky.xrpc import Result, Wrong
from steadypost.channels.port import Order
from steadypost.channels.wire import Wire
from steadypost.domain import clock
from steadypost.domain.clock import Clock
from steadypost.domain.outcome import Cause
from steadypost.domain.post import Media, Part
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.bluesky import NETWORK, tid
from steadypost.networks.bluesky.facets import Kind, mentioned, spans
from steadypost.networks.bluesky.record import Above, Card, Draft, Ref, Shown, cid, is_blob, write
from steadypost.networks.bluesky.uri import POSTS, NotAPost, Uri, parse

RESERVE: Final = timedelta(seconds=15)
"""What a preview leaves of the time until the deadline: the ask needs it more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What is to be written, in full."""

    rkeys: tuple[str, ...]
    records: tuple[Mapping[str, Any], ...]
    refs: tuple[Ref, ...]
    """The address and the computed content of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparing:
    """Prepares one order. Raises ``NotReady`` for what can be otherwise later, and ``Never`` for what cannot."""

    session: Session
    server: Wire
    resolver: Resolver
    wire: Callable[[str], Wire]
    options: Options
    deadline: float
    fetcher: Fetcher = field(default_factory=Fetcher)
    now: Clock = clock.now
    wait: Callable[[float], object] = time.sleep
    tell: Callable[[], object] = lambda: None
    """Called while a video is being processed."""

    def prepare(self, order: Order) -> Ready:
        """Make everything ready, in the order of what fails cheapest."""
        above = self._above(order)
        dids = self._dids(order.parts)
        sent = [[self._sent(media) for media in part.media] for part in order.parts]
        cards = self._cards(order.parts)
        drafts = [
            Draft(
                text=part.text,
                created_at=tid.created_at(order.keyed_at, order.first + n),
                dids=dids,
                langs=self.options.languages,
                labels=self.options.labels,
                pictures=[] if _has_video(part) else sent[n],
                video=sent[n][0] if _has_video(part) else None,
                card=cards[n],
            )
            for n, part in enumerate(order.parts)
        ]
        return self._chained(order, drafts, above)

    def _chained(self, order: Order, drafts: Sequence[Draft], above: Above | None) -> Ready:
        """Write the records one after the other: each names the one before it by its computed content."""
        rkeys, records, refs = [], [], []
        for n, draft in enumerate(drafts):
            record = write(draft, above)
            rkey = tid.name(order.key, order.keyed_at, order.first + n)
            ref = Ref(str(Uri(self.session.did, rkey)), cid(record))
            above = Above(root=above.root if above else ref, parent=ref)
            rkeys.append(rkey)
            records.append(record)
            refs.append(ref)
        return Ready(rkeys=tuple(rkeys), records=tuple(records), refs=tuple(refs))

    # --- what is answered

    def _above(self, order: Order) -> Above | None:
        """Read what the first part answers: its content as it is now, and where that conversation began."""
        target = order.live[-1] if order.live else order.reply_to
        return None if target is None else self._read_above(target)

    def _read_above(self, target: RemoteId) -> Above:
        uri = self._fixed(target)
        reply = xrpc.query(
            self._server_of(uri.repo),
            "com.atproto.repo.getRecord",
            deadline=self.deadline,
            params={"repo": uri.repo, "collection": POSTS, "rkey": uri.rkey},
        )
        if isinstance(reply, Wrong) and reply.name == "RecordNotFound":
            raise Never(Cause.TARGET_GONE, f"reply_to {uri}: the post is not there (any more)")
        value = reply.data.get("value") if isinstance(reply, Result) else None
        if not isinstance(reply, Result) or not reply.text("cid") or not isinstance(value, dict):
            raise unanswered(f"reply_to {uri}", reply)
        parent = Ref(str(uri), reply.text("cid"))
        return Above(root=_root(value) or parent, parent=parent)

    def _fixed(self, target: RemoteId) -> Uri:
        """Give the address by DID: one by handle is what people paste, and may be another account's tomorrow."""
        try:
            uri = parse(target)
        except NotAPost as error:
            raise Never(Cause.TARGET_GONE, f"reply_to: {error}") from error
        if uri.is_fixed:
            return uri
        did = self.resolver.did(uri.repo, deadline=self.deadline)
        if did is None:
            raise Never(Cause.TARGET_GONE, f"reply_to {uri}: no account has the handle {uri.repo}")
        return Uri(did, uri.rkey)

    def _server_of(self, did: str) -> Wire:
        if did == self.session.did:
            return self.server
        return self.wire(self.resolver.stranger(did, deadline=self.deadline).server)

    # --- who is mentioned

    def _dids(self, parts: Sequence[Part]) -> dict[str, str]:
        """Resolve every handle that is mentioned. One that no account has stays plain text."""
        handles = dict.fromkeys(handle for part in parts for handle in mentioned(part.text))
        found = {handle: self.resolver.did(handle, deadline=self.deadline) for handle in handles}
        return {handle: did for handle, did in found.items() if did is not None}

    # --- files

    def _sent(self, media: Media) -> Shown:
        """Strip and upload a file; a picture is turned and shrunk, a video processed."""
        what = f"{'video' if media.is_video else 'picture'} {media.path.name}"
        if self.options.needs_alt and not media.alt.strip():
            why = f"{what}: it has no description, and the account's block asks for one"
            raise Never(Cause.MEDIA_REFUSED, why)
        takes = NETWORK.allows.takes.get(media.kind, 0)
        try:
            limit = takes if media.is_video else self.options.largest_picture(self.session.server)
            ready = pictures.ready(media, limit, moving=NETWORK.moving)
        except pictures.Unusable as error:
            raise Never(error.cause, f"{what}: {error}") from error
        if media.is_video:
            blob = self._videos.bring(ready.content, what)
        else:
            blob = self._uploaded(ready.content, ready.kind, what)
        return Shown(blob=blob, alt=media.alt, width=ready.width, height=ready.height)

    @property
    def _videos(self) -> VideoService:
        return VideoService(
            service=self.wire(self.options.video_service),
            address=self.options.video_service,
            server=self.server,
            session=self.session,
            now=self.now,
            deadline=self.deadline,
            wait=self.wait,
            tell=self.tell,
        )

    def _uploaded(self, content: bytes, kind: str, what: str) -> Mapping[str, Any]:
        reply = xrpc.upload(self.server, content, kind, deadline=self.deadline, token=self.session.access)
        blob = reply.data.get("blob") if isinstance(reply, Result) else None
        if not is_blob(blob):
            raise unanswered(what, reply)
        return dict(blob)

    # --- previews

    def _cards(self, parts: Sequence[Part]) -> list[Card | None]:
        """Read the pages behind the first links; a part with pictures has no place for a preview."""
        links = [_first_link(part) if self.options.cards else None for part in parts]
        left = timedelta(seconds=self.deadline - time.monotonic()) - RESERVE
        within = min(cards.WITHIN, left)
        wanted = [link for link in links if link is not None]
        if not wanted or within <= timedelta(0):
            return [None] * len(parts)
        found = cards.previews(wanted, self.fetcher, within)
        shown = [None if link is None else found.get(link) for link in links]
        return [None if preview is None else self._card(preview) for preview in shown]

    def _card(self, preview: Preview) -> Card:
        return Card(
            uri=preview.uri,
            title=preview.title,
            description=preview.description,
            thumb=self._thumb(preview),
        )

    def _thumb(self, preview: Preview) -> Mapping[str, Any] | None:
        """Upload a preview's picture; a preview without one is a preview all the same."""
        if preview.thumb is None:
            return None
        try:
            return self._uploaded(preview.thumb.content, preview.thumb.kind, "picture of a preview")
        except NotReady:
            return None


def _has_video(part: Part) -> bool:
    """Whether it shows a video, which stands alone in its part."""
    return any(media.is_video for media in part.media)


def _first_link(part: Part) -> str | None:
    if part.media:
        return None
    return next((span.value for span in spans(part.text) if span.kind is Kind.LINK), None)


def _root(value: Mapping[str, Any]) -> Ref | None:
    """Read where the conversation began of which this record is part."""
    reply = value.get("reply")
    root = reply.get("root") if isinstance(reply, dict) else None
    if (
        not isinstance(root, dict)
        or not isinstance(root.get("uri"), str)
        or not isinstance(root.get("cid"), str)
    ):
        return None
    return Ref(root["uri"], root["cid"])
