"""An image by address is fetched once, from a public machine alone, and kept as what it was."""

import hashlib
import io
import ipaddress

import httpcore
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from steadypost.intake import enter, import_file
from steadypost.intake.fetching import LARGEST, Fetched, Guard, NotFetched, fetch, is_public, shown
from steadypost.intake.refusal import Refusal
from steadypost.intake.shelf import Shelf
from steadypost.store import reading

PUBLIC = "93.184.216.34"


def drawn(kind="PNG"):
    out = io.BytesIO()
    Image.new("RGB", (2, 2), "gold").save(out, kind)
    return out.getvalue()


def answer(status=200, *headers, body=b""):
    lines = [f"HTTP/1.1 {status} X", *headers]
    if not any(one.lower().startswith("content-length") for one in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


class Net(httpcore.NetworkBackend):
    """A network of answers, in their order; remembers to which addresses it was asked to connect."""

    def __init__(self, *answers):
        self.answers, self.connected = list(answers), []

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        self.connected.append((host, port))
        return httpcore.MockStream([self.answers.pop(0)])


def names(**known):
    """A name server; each name may answer otherwise the next time it is asked."""
    left = {name.replace("_", "."): list(answers) for name, answers in known.items()}
    return lambda host, _: [left[host].pop(0) if len(left[host]) > 1 else left[host][0]]


def get(net, resolve, address="https://a.example/sun.png", **more):
    return fetch(address, guard=Guard(resolve=resolve, backend=net), **more)


def test_an_image_is_fetched_from_the_address_that_was_checked():
    """Once, by its number, so that no second look-up can lead elsewhere."""
    net = Net(answer(200, "Content-Type: image/png; charset=x", body=drawn()))

    found = get(net, names(a_example=[PUBLIC, "127.0.0.1"]))

    assert Fetched(drawn(), "image/png") == found
    assert [(PUBLIC, 443)] == net.connected


def test_a_server_is_reached_by_its_next_address():
    """Where its first one, often of IPv6, leads nowhere from here."""

    class Halved(Net):
        def connect_tcp(self, host, *told, **named):
            if ":" in host:
                self.connected.append((host, 443))
                raise httpcore.ConnectTimeout
            return super().connect_tcp(host, *told, **named)

    net = Halved(answer(200, body=drawn()))

    assert isinstance(get(net, lambda *_: ["2606:4700::1111", PUBLIC]), Fetched)
    assert [("2606:4700::1111", 443), (PUBLIC, 443)] == net.connected
    assert isinstance(get(Halved(), lambda *_: ["2606:4700::1111"]), NotFetched)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.1.1",
        "172.16.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "0.0.0.0",  # noqa: S104 - nobody listens there
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2001:0:a00:1::",
        "fec0::1",
        "3fff::1",
        "192.88.99.1",
    ],
)
def test_no_machine_of_ours_is_asked(address):
    """Whatever name leads there; nothing is connected."""
    net = Net(answer(200, body=drawn()))

    found = get(net, names(a_example=[address]))

    assert isinstance(found, NotFetched)
    assert "not on the open internet" in found.why
    assert [] == net.connected


def test_where_there_is_ipv6_alone_every_public_machine_is_reached():
    """Its name server wraps the addresses of all that have an IPv4 one."""
    net = Net(answer(200, body=drawn()))

    assert isinstance(get(net, names(a_example=["64:ff9b::5db8:d822"])), Fetched)
    assert [("64:ff9b::5db8:d822", 443)] == net.connected


def test_a_name_that_also_leads_to_a_machine_of_ours_leads_nowhere():
    """Which of its addresses is taken must not be luck."""
    net = Net(answer(200, body=drawn()))

    found = get(net, lambda *_: [PUBLIC, "10.0.0.1"])

    assert isinstance(found, NotFetched)
    assert [] == net.connected


def test_every_redirect_is_checked_as_an_address_of_its_own():
    """To a name that leads inside, to http, to a name with a password: each ends there."""
    for target, why in (
        ("https://inside.example/", "not on the open internet"),
        ("http://a.example/sun.png", "not an https address"),
        ("https://127.0.0.1/", "not on the open internet"),
        ("file:///etc/passwd", "not an https address"),
        ("https://me:secret@a.example/", "a name and a password"),
    ):
        net = Net(answer(302, f"Location: {target}"), answer(200, body=drawn()))

        found = get(
            net, lambda host, _: [{"a.example": PUBLIC, "inside.example": "10.0.0.7"}.get(host, host)]
        )

        assert isinstance(found, NotFetched)
        assert why in found.why
        assert [(PUBLIC, 443)] == net.connected


def test_a_name_that_changes_between_two_looks_is_checked_each_time():
    """DNS rebinding: public at first, inside at the redirect."""
    net = Net(answer(302, "Location: /again.png", "Connection: close"), answer(200, body=drawn()))

    found = get(net, names(a_example=[PUBLIC, "127.0.0.1"]))

    assert isinstance(found, NotFetched)
    assert [(PUBLIC, 443)] == net.connected


def test_redirects_end():
    """After three."""
    net = Net(*[answer(302, "Location: /on.png", "Connection: close")] * 9)

    found = get(net, names(a_example=[PUBLIC]))

    assert "redirected more than 3 times" in found.why
    assert 4 == len(net.connected)


@pytest.mark.parametrize(
    "response",
    [
        answer(200, f"Content-Length: {LARGEST + 1}"),
        b"HTTP/1.1 200 X\r\nConnection: close\r\n\r\n" + bytes(16 * 1024 * 1024),
    ],
)
def test_a_larger_one_is_not_read_to_its_end(response):
    """Whether it says so or not."""
    found = get(Net(response), names(a_example=[PUBLIC]))

    assert "more than 15 MB" in found.why


def test_a_slow_one_is_left():
    """By a clock that is handed in."""
    times = iter([0.0, 0.0, 21.0, 21.0])

    found = get(Net(answer(200, body=drawn())), names(a_example=[PUBLIC]), clock=lambda: next(times, 30.0))

    assert "takes too long" in found.why


def test_what_is_no_image_address_is_a_sentence():
    """None of them reaches the net."""
    for address in (
        "http://a.example/x.png",
        "https://",
        "https://a.example:x/",
        "https://a b/",
        "https://[::1",
    ):
        net = Net()
        found = get(net, names(a_example=[PUBLIC]), address)
        assert isinstance(found, NotFetched)
        assert found.remedy
        assert [] == net.connected


@given(st.text(max_size=60))
@example("0ۺ")  # letters of both directions, which no name may mix so
def test_no_address_confuses_it(written):
    """Whatever stands in the cell, it ends in a sentence, and nothing that looks like a key is shown."""
    found = get(Net(), lambda *_: [], "https://" + written)

    assert isinstance(found, NotFetched)
    assert "secret" not in shown("https://me:secret@a.example/x?token=secret")


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_what_is_public_is_global(address):
    """Never more than the standard library allows, of what an address wraps where it is a wrapped one."""
    ip = ipaddress.ip_address(address)
    if is_public(ip):
        assert ip.is_global or ip in ipaddress.ip_network("64:ff9b::/96")


# -- the shelf


def served(content, called="image/png"):
    calls = []

    def fetched(address):
        calls.append(address)
        return Fetched(content, called)

    return fetched, calls


def test_an_image_is_kept_under_its_digest(tmp_path):
    """By its content, whatever its address says; each address is asked once."""
    fetched, calls = served(drawn())
    shelf = Shelf(tmp_path / "images", fetch=fetched)

    kept = shelf.take("https://a.example/sun.php")
    shelf.take_all(["https://a.example/sun.php"])

    assert f"{hashlib.sha256(drawn()).hexdigest()}.png" == kept.path.name
    assert drawn() == kept.path.read_bytes()
    assert 1 == len(calls)


@pytest.mark.parametrize(
    ("content", "called", "why"),
    [
        (b"<!doctype html><html>", "text/html", "the server calls it text/html"),
        (drawn(), "text/html", "the server calls it text/html, and by its content it is image/png"),
        (drawn("JPEG")[:400], "image/jpeg", "cannot be decoded"),
        (b"", "", "of no known kind"),
    ],
)
def test_what_is_no_whole_image_is_refused(tmp_path, content, called, why):
    """Type and decoding, both; nothing is kept."""
    fetched, _ = served(content, called)

    found = Shelf(tmp_path, fetch=fetched).take("https://a.example/sun.png")

    assert isinstance(found, Refusal)
    assert why in found.why
    assert [] == list(tmp_path.iterdir())


def test_a_file_with_addresses_is_taken_in_and_a_dry_run_keeps_nothing(store, tmp_path, now):
    """Together with images beside the list; the same file again is the same."""
    path = tmp_path / "posts.csv"
    path.write_text("key,text,accounts,when,images\na,Hi,alice,now,https://a.example/sun.png::The sun\n")
    fetched, _ = served(drawn())
    folder = tmp_path / "images"

    import_file(store, path, now=now, dry_run=True, shelf=Shelf(folder, keep=False, fetch=fetched))
    assert not folder.exists()
    report = import_file(store, path, now=now, shelf=Shelf(folder, fetch=fetched))
    again = import_file(store, path, now=now, shelf=Shelf(folder, fetch=fetched))

    [entered] = report.accepted
    [media] = store.read(reading.show, entered.deliveries[0].delivery_id).post.parts[0].media
    assert ("The sun", "image/png", folder) == (media.alt, media.kind, media.path.parent)
    assert 1 == len(again.already)


def test_without_a_shelf_no_address_is_fetched(store, draft, now):
    """The command line's ``add`` and Prefect's form say so, instead of looking for a file of that name."""
    entered = enter(store, draft(images=[{"path": "https://a.example/sun.png"}]), now=now, source="cli")

    assert "no address is fetched here" in entered.refusals[0].why
