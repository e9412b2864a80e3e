"""Bluesky as it is spread out: an entryway that signs in, the servers that hold the account, a directory of identities.

Written after the lexicons and what the reference server is known to answer, without a look at Steadypost's channel.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.channels.other_servers.line import Manner, OtherServer, Posted, Reply, Request, Time

DID, BOB = "did:plc:aliceworldaaaaaaaaaaaaaa", "did:plc:bobworldbbbbbbbbbbbbbbbb"
HANDLE = "alice.test"
PASSWORD = "world-app-pass-word"
POST = "app.bsky.feed.post"
REPO = "/xrpc/com.atproto.repo."


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How these servers speak."""

    tells_document: bool = True
    """Whether a new session comes with the document that says where the account is."""
    reuse_ends: bool = False
    """Whether a refresh token that was used is at once worth nothing."""
    access_lasts: timedelta = timedelta(hours=2)
    expired: str = "ExpiredToken"
    not_found: str = "RecordNotFound"
    commit_told: bool = True
    moves: bool = False
    """Whether the account moves to another server half way."""
    old_reads: bool = False
    """Whether the server it left goes on showing what it had."""
    null_fields: str = "missing"


def drawn(dice: random.Random) -> Dialect:
    """Draw one."""
    return Dialect(
        tells_document=dice.random() < 0.7,
        reuse_ends=dice.random() < 0.4,
        access_lasts=timedelta(minutes=dice.choice([120, 120, 6])),
        expired=dice.choice(["ExpiredToken", "ExpiredToken", "InvalidToken"]),
        commit_told=dice.random() < 0.7,
        moves=dice.random() < 0.3,
        old_reads=dice.random() < 0.5,
        null_fields=dice.choice(["missing", "null", "extra"]),
    )


# --- what names a content


def cbor(value: Any) -> bytes:
    """Write a value as its content address is reckoned from."""
    match value:
        case None:
            return b"\xf6"
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case float():
            return b"\xfb" + struct.pack(">d", value)
        case str():
            raw = value.encode()
            return _head(3, len(raw)) + raw
        case bytes():
            return _head(2, len(value)) + value
        case list():
            return _head(4, len(value)) + b"".join(map(cbor, value))
        case {"$link": str(link), **rest} if not rest:
            return _head(6, 42) + cbor(b"\x00" + unnamed(link))
        case dict():
            keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
            return _head(5, len(keys)) + b"".join(cbor(key) + cbor(value[key]) for key in keys)
        case _:
            raise TypeError(type(value).__name__)


def _head(kind: int, size: int) -> bytes:
    if size < 24:
        return bytes([kind << 5 | size])
    for extra, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if size < 1 << (8 << (extra - 24)):
            return bytes([kind << 5 | extra]) + struct.pack(form, size)
    raise OverflowError(size)


def name_of(content: bytes, codec: int = 0x71) -> str:
    """Give a content's address."""
    raw = bytes([1, codec, 0x12, 0x20]) + hashlib.sha256(content).digest()
    return "b" + base64.b32encode(raw).decode().lower().rstrip("=")


def unnamed(name: str) -> bytes:
    """Read an address."""
    letters = name[1:].upper()
    return base64.b32decode(letters + "=" * (-len(letters) % 8))


def token(kind: str, ends: float, number: int) -> str:
    """Write a token in the form that such servers give."""

    def part(told: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")

    scope = "com.atproto.appPass" if kind == "access" else "com.atproto.refresh"
    told = {"scope": scope, "sub": DID, "iat": int(ends) - 60, "exp": int(ends), "jti": f"world-{number}"}
    return f"{part({'typ': 'JWT', 'alg': 'ES256K'})}.{part(told)}.c2lnbmF0dXJl{number}"


class Account:
    """What is true of the account, wherever it is asked."""

    def __init__(self) -> None:
        self.access: dict[str, float] = {}
        self.refresh: dict[str, float] = {}
        self.handle = HANDLE
        self.numbers = 0
        self.home = ""
        """Where it is."""
        self.signed_in = 0


class OtherBluesky(OtherServer):
    """One server of the network. Several share one account, and one ledger."""

    writes = (f"{REPO}putRecord", f"{REPO}createRecord", f"{REPO}applyWrites")

    def __init__(
        self, time: Time, dice: random.Random, dialect: Dialect, account: Account, ledger: list[Posted]
    ) -> None:
        super().__init__(time, dice)
        self.dialect = dialect
        self.latest_commit = timedelta(seconds=50)
        self.account = account
        self.ledger = ledger
        self.left: list[Posted] | None = None
        """What it still has of an account that left it."""
        self.holds = True

    def own_trouble(self, request: Request) -> Manner:
        """End the token in the very moment, or fail as a server does whose own upstream failed."""
        kind = self.dice.randrange(4)
        if kind == 0:
            self.account.access.clear()
            return Manner()
        if kind == 1:
            return Manner(instead=Reply(status=502, told={"error": "UpstreamFailure", "message": "Upstream"}))
        if kind == 2:
            told = {"error": "InternalServerError", "message": "Internal Server Error"}
            return Manner(carried_out=self.dice.random() < 0.5, instead=Reply(status=500, told=told))
        return Manner(cut="after")

    def limit_headers(self) -> dict[str, str]:
        """Say when more may be asked."""
        until = int(self.time().timestamp()) + self.dice.randrange(1, 120)
        told = {"RateLimit-Limit": "5000", "RateLimit-Remaining": "0", "RateLimit-Reset": str(until)}
        return {**told, "RateLimit-Policy": "5000;w=3600"}

    # --- what it is asked

    def handle(self, request: Request) -> Reply:
        """Answer in calm weather."""
        if request.path.startswith("/did:"):
            return self._document(request.path[1:])
        if request.path == "/.well-known/atproto-did":
            return Reply(told=DID.encode(), headers={"content-type": "text/plain"})
        name = request.path.removeprefix("/xrpc/")
        action = self._actions.get((request.method, name))
        if action is None:
            return self._wrong(501, "MethodNotImplemented", "Method Not Implemented")
        return action(self, request)

    def _document(self, did: str) -> Reply:
        if did not in {DID, BOB}:
            return Reply(status=404, told={"message": f"DID not registered: {did}"})
        return Reply(told=self._did_doc(did))

    def _did_doc(self, did: str = DID) -> dict[str, Any]:
        return {
            "@context": ["https://www.w3.org/ns/did/v1"],
            "id": did,
            "alsoKnownAs": [f"at://{self.account.handle if did == DID else 'bob.test'}"],
            "verificationMethod": [],
            "service": [
                {"id": "#other", "type": "OtherService", "serviceEndpoint": "https://other.example"},
                {
                    "id": "#atproto_pds",
                    "type": "AtprotoPersonalDataServer",
                    "serviceEndpoint": self.account.home,
                },
            ],
        }

    def create_session(self, request: Request) -> Reply:
        """Sign in."""
        told = request.told
        if told.get("identifier") not in {self.account.handle, DID} or told.get("password") != PASSWORD:
            return self._wrong(401, "AuthenticationRequired", "Invalid identifier or password")
        self.account.signed_in += 1
        return self._session()

    def refresh_session(self, request: Request) -> Reply:
        """Give a new pair for an old one."""
        ends = self.account.refresh.get(request.token)
        now = self.time().timestamp()
        if ends is None:
            return self._wrong(400, "InvalidToken", "Token could not be verified")
        if ends < now:
            return self._wrong(400, "ExpiredToken", "Token has been revoked")
        self.account.refresh[request.token] = now if self.dialect.reuse_ends else min(ends, now + 7200)
        if self.dialect.reuse_ends:
            self.account.refresh.pop(request.token)
        return self._session()

    def get_session(self, request: Request) -> Reply:
        """Say who is signed in."""
        if (refused := self._not_signed_in(request)) is not None:
            return refused
        return Reply(told=self._who())

    def _who(self) -> dict[str, Any]:
        told: dict[str, Any] = {"did": DID, "handle": self.account.handle, "active": True}
        if self.dialect.tells_document:
            told["didDoc"] = self._did_doc()
        if self.dialect.null_fields == "null":
            told |= {"email": None, "status": None}
        if self.dialect.null_fields == "extra":
            told |= {"email": "alice@other.test", "emailConfirmed": True, "x": {}}
        return told

    def _session(self) -> Reply:
        account = self.account
        account.numbers += 1
        now = self.time().timestamp()
        access = token("access", now + self.dialect.access_lasts.total_seconds(), account.numbers)
        refresh = token("refresh", now + 90 * 86400, account.numbers)
        account.access[access] = now + self.dialect.access_lasts.total_seconds()
        account.refresh[refresh] = now + 90 * 86400
        return Reply(told={**self._who(), "accessJwt": access, "refreshJwt": refresh})

    def _not_signed_in(self, request: Request) -> Reply | None:
        ends = self.account.access.get(request.token)
        if not request.token:
            return self._wrong(401, "AuthMissing", "Authentication Required")
        if not self.holds:
            return self._wrong(400, "InvalidToken", "Token could not be verified")
        if ends is None or ends < self.time().timestamp():
            return self._wrong(400, self.dialect.expired, "Token has expired")
        return None

    def resolve(self, request: Request) -> Reply:
        """Say whose a handle is."""
        known = {self.account.handle: DID, "bob.test": BOB}
        found = known.get(request.query.get("handle", ""))
        if found is None:
            return self._wrong(400, "InvalidRequest", "Unable to resolve handle")
        return Reply(told={"did": found})

    # --- records

    def put(self, request: Request) -> Reply:
        """Write one record at its key."""
        if (refused := self._not_signed_in(request)) is not None:
            return refused
        told = request.told
        held = self._at(told["rkey"])
        if "swapRecord" in told:
            swap = told["swapRecord"]
            if (held.more["cid"] if held else None) != swap:
                was = held.more["cid"] if held else "null"
                return self._wrong(400, "InvalidSwap", f"Record was at {was}")
        if held is not None:
            held.gone = True
        made = self._write(told["rkey"], told["record"])
        return Reply(told=self._written(made))

    def create(self, request: Request) -> Reply:
        """Write one new record."""
        if (refused := self._not_signed_in(request)) is not None:
            return refused
        told = request.told
        name = told.get("rkey") or f"3other{self.account.numbers:07d}"
        self.account.numbers += 1
        if self._at(name) is not None:
            return self._wrong(500, "InternalServerError", "Internal Server Error")
        return Reply(told=self._written(self._write(name, told["record"])))

    def apply(self, request: Request) -> Reply:
        """Write several, or none."""
        if (refused := self._not_signed_in(request)) is not None:
            return refused
        writes = request.told["writes"]
        if any(self._at(one["rkey"]) is not None for one in writes):
            return self._wrong(500, "InternalServerError", "Internal Server Error")
        made = [self._write(one["rkey"], one["value"]) for one in writes]
        results = [
            {"$type": "com.atproto.repo.applyWrites#createResult", "uri": one.id, "cid": one.more["cid"]}
            for one in made
        ]
        return Reply(told={"results": results, **self._commit()})

    def get(self, request: Request) -> Reply:
        """Show one record."""
        query = request.query
        if not self.holds and self.left is None:
            return self._wrong(400, "RepoDeactivated", f"Repo has been deactivated: {DID}")
        if query.get("repo") not in {DID, self.account.handle}:
            return self._wrong(400, "InvalidRequest", f"Could not find repo: {query.get('repo')}")
        found = self._at(query.get("rkey", ""))
        if found is None:
            return self._wrong(
                400, self.dialect.not_found, f"Could not locate record: at://{DID}/{POST}/{query['rkey']}"
            )
        return Reply(told={"uri": found.id, "cid": found.more["cid"], "value": found.more["record"]})

    def listed(self, request: Request) -> Reply:
        """List the records, the newest key first."""
        if not self.holds and self.left is None:
            return self._wrong(400, "RepoDeactivated", f"Repo has been deactivated: {DID}")
        query = request.query
        every = sorted(
            self._held(), key=lambda one: one.id, reverse=query.get("reverse") not in {"true", "1"}
        )
        if "cursor" in query:
            every = [one for one in every if one.id.rsplit("/", 1)[1] < query["cursor"]]
        limit = min(int(query.get("limit", "50")), 100)
        page = every[:limit]
        told: dict[str, Any] = {
            "records": [{"uri": one.id, "cid": one.more["cid"], "value": one.more["record"]} for one in page]
        }
        if page:
            told["cursor"] = page[-1].id.rsplit("/", 1)[1]
        return Reply(told=told)

    def delete(self, request: Request) -> Reply:
        """Take one down; one that is not there is no fault."""
        if (refused := self._not_signed_in(request)) is not None:
            return refused
        found = self._at(request.told["rkey"])
        if found is not None:
            found.gone = True
        return Reply(told=self._commit())

    def upload(self, request: Request) -> Reply:
        """Take a picture."""
        if (refused := self._not_signed_in(request)) is not None:
            return refused
        blob = {
            "$type": "blob",
            "ref": {"$link": name_of(request.content, 0x55)},
            "mimeType": request.headers.get("content-type", "image/png"),
            "size": len(request.content),
        }
        return Reply(told={"blob": blob})

    _actions: dict[tuple[str, str], Callable[..., Reply]] = {  # noqa: RUF012 - a table that nothing changes
        ("POST", "com.atproto.server.createSession"): create_session,
        ("POST", "com.atproto.server.refreshSession"): refresh_session,
        ("GET", "com.atproto.server.getSession"): get_session,
        ("GET", "com.atproto.identity.resolveHandle"): resolve,
        ("POST", "com.atproto.repo.putRecord"): put,
        ("POST", "com.atproto.repo.createRecord"): create,
        ("POST", "com.atproto.repo.applyWrites"): apply,
        ("GET", "com.atproto.repo.getRecord"): get,
        ("GET", "com.atproto.repo.listRecords"): listed,
        ("POST", "com.atproto.repo.deleteRecord"): delete,
        ("POST", "com.atproto.repo.uploadBlob"): upload,
    }

    def make(self, rkey: str, record: dict[str, Any], *, by_hand: bool = False) -> Posted:
        """Write one line of the ledger."""
        reply = record.get("reply")
        images = (record.get("embed") or {}).get("images", ())
        made = Posted(
            id=f"at://{DID}/{POST}/{rkey}",
            text=record["text"],
            at=self.time(),
            reply_to=reply["parent"]["uri"] if reply else None,
            alts=tuple(one["alt"] for one in images),
            by_hand=by_hand,
            more={
                "record": record,
                "cid": name_of(cbor(record)),
                "parent": reply["parent"] if reply else None,
            },
        )
        self.ledger.append(made)
        return made

    def _write(self, rkey: str, record: dict[str, Any]) -> Posted:
        return self.make(rkey, record)

    def _held(self) -> list[Posted]:
        every = self.ledger if self.holds else self.left or []
        return [one for one in every if not one.gone]

    def _at(self, rkey: str) -> Posted | None:
        return next((one for one in self._held() if one.id.endswith(f"/{rkey}")), None)

    def _written(self, made: Posted) -> dict[str, Any]:
        return {"uri": made.id, "cid": made.more["cid"], "validationStatus": "valid", **self._commit()}

    def _commit(self) -> dict[str, Any]:
        self.account.numbers += 1
        if not self.dialect.commit_told:
            return {}
        return {
            "commit": {
                "cid": name_of(str(self.account.numbers).encode()),
                "rev": f"3rev{self.account.numbers:09d}",
            }
        }

    def _wrong(self, status: int, error: str, message: str) -> Reply:
        return Reply(status=status, told={"error": error, "message": message})


class OtherNetwork:
    """The entryway, the server that has the account, the one it moves to, and the directory, which is one of them."""

    def __init__(self, time: Time, dice: random.Random, dialect: Dialect) -> None:
        self.account, self.ledger = Account(), []
        self.dialect = dialect
        every = [OtherBluesky(time, dice, dialect, self.account, self.ledger) for _ in range(3)]
        self.entryway, self.first, self.second = every
        self.servers = every
        self.targets: list[str] = []

    @contextmanager
    def serving(self) -> Iterator[OtherNetwork]:
        """Have all of them listen."""
        with ExitStack() as stack:
            for one in self.servers:
                stack.enter_context(one.serving())
            self.account.home = self.first.url
            self.second.holds = False
            yield self

    def moves(self) -> None:
        """Have the account move: the server it left keeps what it had, or says that it left."""
        self.first.catch_up()
        self.first.left = list(self.ledger) if self.dialect.old_reads else None
        self.first.holds, self.second.holds = False, True
        self.account.home = self.second.url

    # --- what a life asks of one server

    @property
    def url(self) -> str:
        """Where people sign in."""
        return self.entryway.url

    @property
    def writes_seen(self) -> list[Any]:
        """Every request that may have created a post."""
        return [seen for one in self.servers for seen in one.writes_seen]

    def storms(self, so_much: float) -> None:
        """Set how foul the weather is."""
        for one in self.servers:
            one.storms(so_much)

    def date_is(self, ahead: timedelta | None) -> None:
        """Set what ``Date`` shows."""
        for one in self.servers:
            one.date_ahead = ahead
