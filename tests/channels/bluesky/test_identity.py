"""Who a handle is and where it lives, as the directory says; and what is not believed."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

import httpx
import pytest

from steadypost.channels.bluesky.fetching import Fetched, NotFetched
from steadypost.channels.bluesky.identity import Resolver, is_endpoint
from steadypost.channels.bluesky.looking import check_home
from steadypost.channels.bluesky.session import InMemory, SignIn, session_of
from steadypost.channels.bluesky.trouble import NotReady
from steadypost.channels.port import Access
from steadypost.channels.wire import Wire
from steadypost.domain.outcome import Cause
from steadypost.domain.token import Token

DID = "did:plc:wpfqkgo3vd7yite2atbwwr5t"


def document(**more):
    service = {
        "id": "#atproto_pds",
        "type": "AtprotoPersonalDataServer",
        "serviceEndpoint": "https://pds.example/",
    }
    return {"id": DID, "alsoKnownAs": ["at://alice.example"], "service": [service]} | more


@dataclass
class Net:
    """Every server there is; what is asked is kept."""

    answers: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)
    pages: dict = field(default_factory=dict)

    def handle(self, request):
        self.asked.append((request.method, f"{request.url.host}{request.url.path}", request.content))
        status, body = self.answers.get(f"{request.url.host}{request.url.path}", (404, {}))
        return httpx.Response(status, stream=httpx.ByteStream(json.dumps(body).encode()))

    def wire(self, address):
        return Wire(address, transport=httpx.MockTransport(self.handle))

    def fetch(self, url, *, most, deadline):
        if url not in self.pages:
            raise NotFetched("no such page")
        return Fetched(url, "text/plain", None, self.pages[url])

    def check(self, url, *, deadline):
        if "//10." in url or "//inside." in url:
            raise NotFetched("it leads to an address that is not public")

    @property
    def resolver(self):
        return Resolver(resolver=self.wire("https://bsky.social"), fetcher=self)


@pytest.fixture
def net():
    return Net()


def soon():
    return time.monotonic() + 10


RESOLVE = "bsky.social/xrpc/com.atproto.identity.resolveHandle"


def test_a_handle_by_the_resolver(net):
    net.answers[RESOLVE] = (200, {"did": DID})

    assert net.resolver.did("alice.example", deadline=soon()) == DID


@pytest.mark.parametrize(
    "answer", [(400, {"error": "InvalidRequest"}), (500, {}), (200, {"did": "nonsense"})]
)
def test_a_handle_by_its_own_domain(net, answer):
    net.answers[RESOLVE] = answer
    net.pages["https://alice.example/.well-known/atproto-did"] = f" {DID}\n".encode()

    assert net.resolver.did("Alice.example", deadline=soon()) == DID


def test_a_handle_that_is_certainly_nobodys_and_one_that_nobody_can_tell(net):
    net.answers[RESOLVE] = (400, {"error": "InvalidRequest", "message": "Unable to resolve handle"})

    assert net.resolver.did("alice.example", deadline=soon()) is None
    assert net.resolver.did("no handle", deadline=soon()) is None
    net.answers[RESOLVE] = (502, {})
    with pytest.raises(NotReady):
        net.resolver.did("alice.example", deadline=soon())


def test_the_server_of_an_account(net):
    net.answers[f"plc.directory/{DID}"] = (200, document())
    found = net.resolver.identity(DID, deadline=soon())

    assert ("https://pds.example", ("alice.example",)) == (found.server, found.handles)


def test_the_server_of_an_account_by_domain(net):
    did = "did:web:alice.example"
    net.answers["alice.example/.well-known/did.json"] = (200, document(id=did))

    assert "https://pds.example" == net.resolver.identity(did, deadline=soon()).server


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ((404, {}), Cause.SIGNED_OUT),
        ((410, {}), Cause.SIGNED_OUT),
        ((500, {}), Cause.SERVER_ERROR),
        ((200, document(id="did:plc:another")), Cause.SERVER_ERROR),
        ((200, []), Cause.SERVER_ERROR),
        ((200, document(service=[])), Cause.SIGNED_OUT),
        ((200, document(service=None)), Cause.SIGNED_OUT),
        (
            (
                200,
                document(
                    service=[
                        {
                            "id": "#atproto_pds",
                            "type": "AtprotoPersonalDataServer",
                            "serviceEndpoint": "http://pds.example",
                        }
                    ]
                ),
            ),
            Cause.SIGNED_OUT,
        ),
        (
            (
                200,
                document(
                    service=[{"id": "#atproto_pds", "type": "Other", "serviceEndpoint": "https://x.example"}]
                ),
            ),
            Cause.SIGNED_OUT,
        ),
    ],
)
def test_documents_that_lead_nowhere(net, answer, cause):
    net.answers[f"plc.directory/{DID}"] = answer
    with pytest.raises(NotReady) as trouble:
        net.resolver.identity(DID, deadline=soon())

    assert trouble.value.cause is cause


@pytest.mark.parametrize("did", ["did:key:zQ3sh", "did:web:a/b", "did:web:127.0.0.1%3A80"])
def test_accounts_of_a_kind_that_is_not_known(net, did):
    with pytest.raises(NotReady):
        net.resolver.identity(did, deadline=soon())

    assert [] == net.asked


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://pds.example", True),
        ("http://127.0.0.1:2583", True),
        ("http://localhost:2583", True),
        ("http://pds.example", False),
        ("http://localhost.example", False),
        ("https://", False),
        ("ftp://pds.example", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_where_a_password_may_be_sent(address, expected):
    assert is_endpoint(address, here=True) is expected
    assert is_endpoint(address, here=False) is (expected and address.startswith("https://"))


@pytest.mark.parametrize("server", ["https://10.0.0.1", "https://inside.example"])
def test_a_stranger_does_not_lead_into_this_machines_network(net, server):
    """Who is answered names the server that is asked: that may not be one of ours."""
    net.answers[f"plc.directory/{DID}"] = (
        200,
        document(
            service=[{"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": server}]
        ),
    )
    with pytest.raises(NotReady):
        net.resolver.stranger(DID, deadline=soon())

    assert net.resolver.identity(DID, deadline=soon()).server == server


def test_a_domain_that_leads_into_this_machines_network(net):
    with pytest.raises(NotReady):
        net.resolver.identity("did:web:inside.example", deadline=soon())

    assert [] == net.asked


def test_a_password_is_not_sent_to_an_account_that_does_not_go_by_the_handle(net):
    """A resolver that lies leads to a document; that one does not name the handle, and nothing is sent to its server."""
    net.answers[RESOLVE] = (200, {"did": DID})
    net.answers[f"plc.directory/{DID}"] = (200, document(alsoKnownAs=["at://mallory.example"]))
    access = Access(
        account="alice",
        handle="alice.example",
        base_url="https://bsky.social",
        secret={"app_password": "s-e-c-r-e-t"},
    )
    sign_in = SignIn(access=access, tokens=InMemory(), resolver=net.resolver, wire=net.wire)
    with pytest.raises(NotReady) as trouble:
        sign_in.ready(deadline=soon())

    assert trouble.value.cause is Cause.OTHER_ACCOUNT
    assert "s-e-c-r-e-t" not in json.dumps([str(one) for one in net.asked])
    assert not any(path.startswith("pds.example") for _, path, _ in net.asked)


def test_a_store_that_is_away_is_said_to_be(net):
    class Away:
        def current(self, account):
            raise RuntimeError("database is locked")

    access = Access(account="alice", handle="alice.example", base_url="https://bsky.social", secret={})
    sign_in = SignIn(access=access, tokens=Away(), resolver=net.resolver, wire=net.wire)
    with pytest.raises(NotReady) as trouble:
        sign_in.ready(deadline=soon())

    assert trouble.value.cause is Cause.STORE_AWAY


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ({"did": "did:plc:another", "handle": "alice.example"}, Cause.OTHER_ACCOUNT),
        ({"handle": "alice.example"}, Cause.OTHER_ACCOUNT),
        ({"did": DID, "handle": "alice.example", "active": False, "status": "deactivated"}, Cause.LOCKED),
        ({"did": DID, "handle": "alice.example", "active": False, "status": "takendown"}, Cause.SUSPENDED),
        ({"did": DID, "handle": "alice.example"}, None),
    ],
)
def test_whom_the_server_says_that_is_signed_in(net, answer, cause):
    """It is asked, and not inferred from whose token it was."""
    net.answers["pds.example/xrpc/com.atproto.server.getSession"] = (200, answer)
    secret = {"did": DID, "server": "https://pds.example", "handle": "alice.example", "access": "a"}
    session = session_of(Token(secret=secret))
    told = None
    try:
        check_home(session, net.wire("https://pds.example"), deadline=soon())
    except NotReady as trouble:
        told = trouble.cause

    assert cause is told
