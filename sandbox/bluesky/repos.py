"""Accounts and what they wrote: the truth that tests are judged by."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.bluesky.content import blob_cid, blobs_in, record_cid, tid
from sandbox.bluesky.lexicon import BlobNotFound, Invalid, check_record
from sandbox.clock import Clock

POSTS: Final = "app.bsky.feed.post"
MOST_WRITES: Final = 200
BODY_LIMIT: Final = 5 * 1024 * 1024


class Used(Exception):
    """The key has a record already."""


class Swapped(Exception):
    """The record is not the one that was said to be there."""


@dataclass(slots=True)
class Entry:
    """One record that was ever written, for the ledger."""

    uri: str
    cid: str
    account: str
    record: dict[str, Any]
    made_ms: int
    by: str
    live: bool = True

    def told(self) -> dict[str, Any]:
        """The entry as plain data."""
        return {name: getattr(self, name) for name in self.__slots__} | {"text": self.record["text"]}


@dataclass(slots=True)
class Repo:
    """One account."""

    handle: str
    did: str
    password: str
    host: int = 0
    """On which of the servers it lives."""
    status: str | None = None
    """``takendown``, ``suspended``, ``deactivated``, or nothing."""
    records: dict[str, Entry] = field(default_factory=dict)
    blobs: dict[str, tuple[str, bytes]] = field(default_factory=dict)


@dataclass(slots=True)
class Write:
    """One record that is to be written, checked."""

    rkey: str
    record: dict[str, Any]
    cid: str


def did_of(handle: str) -> str:
    """A DID that a handle always gets, so that tests can name it."""
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    digest = hashlib.sha256(handle.encode()).digest()
    return "did:plc:" + "".join(letters[one % 32] for one in digest[:24])


class Repos:
    """All accounts of the sandbox."""

    def __init__(self, handles: tuple[str, ...], clock: Clock) -> None:
        self._clock = clock
        self._handles = handles
        self.all: dict[str, Repo] = {}
        self.entries: list[Entry] = []
        self.image_limit = 2_000_000
        self.forget()

    def forget(self) -> None:
        """Start over with the same accounts."""
        self.entries = []
        self.image_limit = 2_000_000
        self.all = {
            did_of(handle): Repo(handle, did_of(handle), f"app-{handle.partition('.')[0]}-pass")
            for handle in self._handles
        }

    def find(self, who: str) -> Repo | None:
        """An account by its DID or its handle."""
        return self.all.get(who) or next((r for r in self.all.values() if r.handle == who.lower()), None)

    # --- writing

    def prepare(self, repo: Repo, collection: str, rkey: str | None, record: Any) -> Write:
        """Check one record, as the server does before it touches the repository."""
        if collection != POSTS:
            raise Invalid(f"this sandbox holds posts only, not {collection}")
        rkey = rkey or tid(self._clock.now_ms() * 1000, 7)
        if not re.fullmatch(r"[2-7a-j][2-7a-z]{12}", rkey):
            raise Invalid(f"Invalid record key for {collection}: {rkey!r} is no TID")
        full = {"$type": collection, **record}
        check_record(collection, full, {"image": self.image_limit, "thumb": 1_000_000})
        for blob in blobs_in(full):
            self._check_blob(repo, blob)
        return Write(rkey, full, record_cid(full))

    def _check_blob(self, repo: Repo, blob: dict[str, Any]) -> None:
        found = repo.blobs.get(blob["ref"]["$link"])
        if found is None:
            raise BlobNotFound(f"Could not find blob: {blob['ref']['$link']}")
        if (blob["mimeType"], blob["size"]) != (found[0], len(found[1])):
            raise Invalid("Referenced Mimetype or size does not match stored blob")

    def create(self, repo: Repo, writes: list[Write], by: str) -> None:
        """Write new records, all or none."""
        keys = [write.rkey for write in writes]
        if len(set(keys)) < len(keys) or any(key in repo.records for key in keys):
            raise Used
        for write in writes:
            self._put(repo, write, by)

    def put(self, repo: Repo, write: Write, swap: object, by: str) -> bool:
        """Write one record over what is there; whether anything changed. ``swap``: its name, ``None`` for nothing,
        ``...``: any.
        """
        current = repo.records.get(write.rkey)
        if current is not None and current.cid == write.cid:
            return False  # the same content: the server does nothing, whatever was said to be there
        if swap is not ... and (None if current is None else current.cid) != swap:
            raise Swapped(f"Record was at {current.cid if current else None}")
        self._put(repo, write, by)
        return True

    def _put(self, repo: Repo, write: Write, by: str) -> None:
        if (old := repo.records.get(write.rkey)) is not None:
            old.live = False
        uri = f"at://{repo.did}/{POSTS}/{write.rkey}"
        entry = Entry(uri, write.cid, repo.handle, write.record, self._clock.now_ms(), by)
        repo.records[write.rkey] = entry
        self.entries.append(entry)

    def upload(self, repo: Repo, kind: str, content: bytes) -> dict[str, Any]:
        """Keep a file until a record refers to it."""
        name = blob_cid(content)
        repo.blobs[name] = (kind, content)
        return {"$type": "blob", "ref": {"$link": name}, "mimeType": kind, "size": len(content)}

    # --- a person's hands

    def hand_post(self, repo: Repo, text: str, reply: dict[str, Any] | None, rkey: str | None) -> Entry:
        """Post as a person would from elsewhere."""
        at = self._clock.now_ms()
        record: dict[str, Any] = {"text": text, "createdAt": _iso(at)} | ({"reply": reply} if reply else {})
        write = self.prepare(repo, POSTS, rkey or tid(at * 1000 + len(self.entries), 900), record)
        self.create(repo, [write], "hand")
        return repo.records[write.rkey]

    def delete(self, uri: str) -> bool:
        """Take a post down; whether it was there."""
        _, _, did, _, rkey = uri.split("/")
        entry = self.all[did].records.pop(rkey, None)
        if entry is not None:
            entry.live = False
        return entry is not None

    def change(self, uri: str, text: str) -> Entry:
        """Write another text under the same key, as some programs let people."""
        _, _, did, _, rkey = uri.split("/")
        repo = self.all[did]
        record = {name: one for name, one in repo.records[rkey].record.items() if name != "facets"}
        self._put(repo, self.prepare(repo, POSTS, rkey, record | {"text": text}), "hand")
        return repo.records[rkey]

    # --- the sums

    def counts(self) -> dict[str, Any]:
        """How many were written, and every text that is live more than once."""
        live = [entry for entry in self.entries if entry.live]
        said = [(entry.account, entry.record["text"]) for entry in live]
        copies = sorted({text for account, text in said if said.count((account, text)) > 1})
        return {"written": len(self.entries), "live": len(live), "copies": copies}


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at_ms % 1000:03d}Z"
