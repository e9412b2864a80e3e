"""The port of one server for accounts: the protocol's methods, and on the first server the directory beside them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.bluesky.directory import Directory
from sandbox.bluesky.lexicon import Invalid, check_input
from sandbox.bluesky.replies import Wrong, bearer, instead, let_through, limited, read_params
from sandbox.bluesky.repos import BODY_LIMIT, MOST_WRITES, POSTS, Repo, Swapped, Used, Write
from sandbox.bluesky.sessions import BadToken
from sandbox.bluesky.weather import DECIDED_BEFORE, WRITES
from sandbox.bluesky.world import CREATE_POINTS, PRICES, World
from sandbox.wire import HangUp, Reset, Silence

Method = Callable[[Request, dict[str, Any]], Awaitable[Any]]


class Site:
    """One of the two servers."""

    def __init__(self, world: World, host: int) -> None:
        self._world = world
        self._host = host
        self._sessions = world.sessions[host]
        self._methods: dict[str, tuple[str, Method]] = {
            "com.atproto.server.createSession": ("POST", self.create_session),
            "com.atproto.server.refreshSession": ("POST", self.refresh_session),
            "com.atproto.server.getSession": ("GET", self.get_session),
            "com.atproto.server.getServiceAuth": ("GET", self.get_service_auth),
            "com.atproto.server.describeServer": ("GET", self.describe_server),
            "com.atproto.identity.resolveHandle": ("GET", self.resolve_handle),
            "com.atproto.repo.describeRepo": ("GET", self.describe_repo),
            "com.atproto.repo.getRecord": ("GET", self.get_record),
            "com.atproto.repo.listRecords": ("GET", self.list_records),
            "com.atproto.repo.uploadBlob": ("POST", self.upload_blob),
            "com.atproto.repo.putRecord": ("POST", self.put_record),
            "com.atproto.repo.createRecord": ("POST", self.create_record),
            "com.atproto.repo.applyWrites": ("POST", self.apply_writes),
            "com.atproto.repo.deleteRecord": ("POST", self.delete_record),
        }

    def app(self) -> Starlette:
        """Everything this port answers."""
        routes = [
            Route("/xrpc/{name}", self.xrpc, methods=["GET", "POST"]),
            *Directory(self._world).routes(),
        ]
        return Starlette(routes=routes)

    # --- one request

    async def xrpc(self, request: Request) -> Response:
        """Answer one method, in the weather that there is."""
        full = str(request.path_params["name"])
        short = full.rpartition(".")[2]
        self._world.requests[short] = self._world.requests.get(short, 0) + 1
        verb, method = self._methods.get(full, ("", None))
        if method is None or verb != request.method:
            return Wrong(501, "MethodNotImplemented", full).answer()
        try:
            body = await self._body(request, full)
        except (Wrong, ClientDisconnect) as error:
            return error.answer() if isinstance(error, Wrong) else HangUp()
        repo = self._guess(request, body)
        gust = self._world.weather.gust(short, repo.handle if repo else None, json.dumps(body, default=str))
        note = self._noted(short, repo, body, gust)
        response = await self._answered(request, body, method, gust, note)
        note["status"] = response.status_code if type(response) not in {HangUp, Reset, Silence} else None
        if gust is None or gust["fault"] != "no_date":
            response.headers["date"] = self._world.clock.date()
        response.headers["connection"] = "close"
        return response

    async def _body(self, request: Request, full: str) -> dict[str, Any]:
        if request.method == "GET":
            return dict(request.query_params)
        content = await request.body()
        if len(content) > BODY_LIMIT:
            raise Wrong(413, "PayloadTooLarge", "request entity too large")
        if full.endswith(".uploadBlob"):
            return {"content": content, "kind": request.headers.get("content-type", "")}
        if full.endswith(".refreshSession"):
            return {}
        try:
            body = json.loads(content)
            check_input(full, body)
        except (ValueError, Invalid) as error:
            raise Wrong(400, "InvalidRequest", f"Input/{error}") from error
        return dict(body)

    def _noted(
        self, short: str, repo: Repo | None, body: dict[str, Any], gust: dict[str, Any] | None
    ) -> dict[str, Any]:
        """Write down what asked for a post, before anything is done about it."""
        writes = body.get("writes") or [body]
        note = {
            "method": short,
            "account": repo.handle if repo else None,
            "keys": [one.get("rkey") for one in writes],
            "texts": [(one.get("value") or one.get("record") or {}).get("text") for one in writes],
            "creates_only": short != "putRecord" or ("swapRecord" in body and body["swapRecord"] is None),
            "fault": gust["fault"] if gust else None,
            "at_ms": self._world.clock.host_ms(),
            "status": None,
            "wrote": False,
        }
        if short in WRITES:
            self._world.asks.append(note)
        return note

    async def _answered(
        self,
        request: Request,
        body: dict[str, Any],
        method: Method,
        gust: dict[str, Any] | None,
        note: dict[str, Any],
    ) -> Response:
        if gust is not None and gust["fault"] in DECIDED_BEFORE:
            return instead(gust, self._world.clock.now_ms())
        if gust is not None and "seconds" in gust:
            await asyncio.sleep(gust["seconds"])
        request.state.note = note
        try:
            told = await method(request, body)
        except Wrong as error:
            return error.answer()
        except BadToken as error:
            return Wrong(400, error.name, str(error)).answer()
        except Invalid as error:
            return Wrong(400, error.name, f"Invalid record: {error}").answer()
        return let_through(told, gust, self._world.clock.now_ms())

    # --- who it is

    def _guess(self, request: Request, body: dict[str, Any]) -> Repo | None:
        """Whose request it seems to be, for the weather: nothing is decided by it."""
        who = body.get("repo") or body.get("identifier")
        if who:
            return self._world.repos.find(str(who))
        try:
            return self._world.repos.find(self._sessions.whose(bearer(request)))
        except (BadToken, Wrong):
            return None

    def _own(self, request: Request, repo: str | None = None) -> Repo:
        """The account that is signed in here, and that it is the one that was named."""
        found = self._world.repos.all[self._sessions.whose(bearer(request))]
        if repo is not None and self._world.repos.find(repo) is not found:
            raise Wrong(401, "AuthMissing", "Authentication Required")
        if repo is not None and self._state(found) == "deactivated":
            raise Wrong(401, "AccountDeactivated", "Account is deactivated")
        if repo is not None and found.status in {"takendown", "suspended"}:
            raise Wrong(401, "AccountTakedown", "Account has been taken down")
        return found

    def _state(self, repo: Repo) -> str | None:
        """An account that moved away is deactivated where it was."""
        return repo.status if repo.host == self._host else "deactivated"

    def _session(self, repo: Repo) -> dict[str, Any]:
        told: dict[str, Any] = {"did": repo.did, "handle": repo.handle, "active": self._state(repo) is None}
        if (state := self._state(repo)) is not None:
            told["status"] = state
        return told | {"didDoc": self._world.document(repo)}

    # --- sessions

    async def create_session(self, _: Request, body: dict[str, Any]) -> Any:
        """Sign in."""
        if not self._sessions.may_sign_in(body["identifier"]):
            raise limited(30, 300, self._world.clock.now_ms() // 1000 + 300)
        repo = self._world.repos.find(body["identifier"])
        if repo is None or body["password"] != repo.password:
            raise Wrong(401, "AuthenticationRequired", "Invalid identifier or password")
        if repo.status in {"takendown", "suspended"}:
            raise Wrong(401, "AccountTakedown", "Account has been taken down")
        return self._session(repo) | self._sessions.create(repo)

    async def refresh_session(self, request: Request, _: dict[str, Any]) -> Any:
        """Give the next pair of tokens."""
        did, pair = self._sessions.refresh(bearer(request))
        return self._session(self._world.repos.all[did]) | pair

    async def get_session(self, request: Request, _: dict[str, Any]) -> Any:
        """Tell who is signed in."""
        return self._session(self._own(request))

    async def get_service_auth(self, request: Request, params: dict[str, Any]) -> Any:
        """Vouch for an account at another service."""
        repo = self._own(request)
        now = self._world.clock.now_ms() / 1000
        told = {**params, "exp": int(params["exp"])} if str(params.get("exp", "")).isdigit() else params
        read_params("com.atproto.server.getServiceAuth", told)
        ends, lxm = told.get("exp", now + 60), told.get("lxm")
        if not now <= ends <= now + (3600 if lxm else 60):
            raise Wrong(400, "BadExpiration", "it would have ended, or last too long")
        return {"token": self._sessions.vouch(repo.did, told["aud"], lxm, ends)}

    async def describe_server(self, _: Request, __: dict[str, Any]) -> Any:
        """Tell what this server is."""
        return {"did": "did:web:first", "availableUserDomains": [".test"]}

    # --- names

    async def resolve_handle(self, _: Request, params: dict[str, Any]) -> Any:
        """The DID of a handle."""
        repo = self._world.repos.find(str(params.get("handle")))
        if repo is None:
            raise Wrong(400, "InvalidRequest", "Unable to resolve handle")
        return {"did": repo.did}

    # --- reading

    async def describe_repo(self, _: Request, params: dict[str, Any]) -> Any:
        """Whether a repository is here."""
        repo = self._here(str(params.get("repo")))
        return {"did": repo.did, "handle": repo.handle, "didDoc": self._world.document(repo)}

    async def get_record(self, _: Request, params: dict[str, Any]) -> Any:
        """One record by its key."""
        read_params("com.atproto.repo.getRecord", params)
        repo = self._here(params["repo"])
        entry = repo.records.get(params["rkey"]) if params["collection"] == POSTS else None
        if entry is None:
            raise Wrong(400, "RecordNotFound", "Could not locate record")
        return {"uri": entry.uri, "cid": entry.cid, "value": entry.record}

    async def list_records(self, _: Request, params: dict[str, Any]) -> Any:
        """Records by their keys, the latest first."""
        numbers = {"limit": int(params.get("limit", 50)), "reverse": params.get("reverse") == "true"}
        asked = {**params, **numbers} if "reverse" in params else {**params, "limit": numbers["limit"]}
        read_params("com.atproto.repo.listRecords", asked)
        repo = self._here(params["repo"])
        forwards = bool(numbers["reverse"])
        keys = sorted(repo.records, reverse=not forwards)
        if (cursor := params.get("cursor")) is not None:
            keys = [key for key in keys if (key > cursor if forwards else key < cursor)]
        chosen = [repo.records[key] for key in keys[: numbers["limit"]]]
        told: dict[str, Any] = {
            "records": [{"uri": one.uri, "cid": one.cid, "value": one.record} for one in chosen]
        }
        if chosen:
            told["cursor"] = chosen[-1].uri.rpartition("/")[2]
        return told

    def _here(self, who: str) -> Repo:
        repo = self._world.repos.find(who)
        if repo is None or repo.host != self._host:
            raise Wrong(
                400, "RepoNotFound" if repo is None else "RepoDeactivated", f"Could not find repo: {who}"
            )
        return repo

    # --- writing

    async def upload_blob(self, request: Request, body: dict[str, Any]) -> Any:
        """Keep a file."""
        repo = self._own(request)
        kind = str(body["kind"])
        if not kind or "/" not in kind:
            raise Wrong(400, "InvalidRequest", "Request encoding (Content-Type) required but not provided")
        return {"blob": self._world.repos.upload(repo, kind, body["content"])}

    async def put_record(self, request: Request, body: dict[str, Any]) -> Any:
        """Write one record, over what is there unless something else was said."""
        repo = self._charged(request, body, PRICES["putRecord"])
        write = self._world.repos.prepare(repo, body["collection"], body["rkey"], body["record"])
        try:
            changed = self._world.repos.put(repo, write, body.get("swapRecord", ...), "putRecord")
        except Swapped as error:
            raise Wrong(400, "InvalidSwap", str(error)) from error
        request.state.note["wrote"] = changed
        return self._written(repo, write)

    async def create_record(self, request: Request, body: dict[str, Any]) -> Any:
        """Write one new record."""
        repo = self._charged(request, body, PRICES["createRecord"])
        write = self._world.repos.prepare(repo, body["collection"], body.get("rkey"), body["record"])
        self._create(request, repo, [write], "createRecord")
        return self._written(repo, write)

    async def apply_writes(self, request: Request, body: dict[str, Any]) -> Any:
        """Write several records, all or none."""
        writes = body["writes"]
        if len(writes) > MOST_WRITES:
            raise Wrong(400, "InvalidRequest", "Too many writes. Max: 200")
        repo = self._charged(request, body, CREATE_POINTS * len(writes))
        if any(not one["$type"].endswith("#create") for one in writes):
            raise Wrong(400, "InvalidRequest", "this sandbox only creates")
        prepared = [
            self._world.repos.prepare(repo, one["collection"], one.get("rkey"), one["value"])
            for one in writes
        ]
        self._create(request, repo, prepared, "applyWrites")
        results = [
            self._written(repo, one) | {"$type": "com.atproto.repo.applyWrites#createResult"}
            for one in prepared
        ]
        return {"commit": {"cid": prepared[-1].cid, "rev": "3lzzzzzzzzz2z"}, "results": results}

    async def delete_record(self, request: Request, body: dict[str, Any]) -> Any:
        """Take one record away; the answer is the same where there is none."""
        repo = self._charged(request, body, PRICES["deleteRecord"])
        request.state.note["wrote"] = self._world.repos.delete(f"at://{repo.did}/{POSTS}/{body['rkey']}")
        return {
            "commit": {
                "cid": "bafyreib2rxk3rybk3aobmv5cjuql3bm2twh4jo5uxgf5kpqcsgz7soitae",
                "rev": "3lzzzzzzzzz2z",
            }
        }

    def _charged(self, request: Request, body: dict[str, Any], points: int) -> Repo:
        repo = self._own(request, body["repo"])
        if (over := self._world.spend(repo, points)) is not None:
            raise limited(*over)
        return repo

    def _create(self, request: Request, repo: Repo, writes: list[Write], by: str) -> None:
        try:
            self._world.repos.create(repo, writes, by)
        except Used as error:
            # So it is on the real server: a used key is not foreseen, and says nothing of itself.
            raise Wrong(500, "InternalServerError", "Internal Server Error") from error
        request.state.note["wrote"] = True

    def _written(self, repo: Repo, write: Write) -> dict[str, Any]:
        uri = f"at://{repo.did}/{POSTS}/{write.rkey}"
        return {"uri": uri, "cid": write.cid, "validationStatus": "valid"}
