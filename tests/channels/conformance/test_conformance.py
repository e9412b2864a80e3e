"""What every channel does, whatever its network. Judged by the network's own ledger."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from PIL import Image

from steadypost.channels.port import Access, Channel, LookRequest, Order, RemoveReport
from steadypost.channels.wire import Wire
from steadypost.domain.evidence import Absent, Evidence, Present, Wanted
from steadypost.domain.network import Place
from steadypost.domain.outcome import (
    Answer,
    Cause,
    Deferred,
    NotSubmitted,
    Phase,
    Published,
    Refused,
    Unconfirmed,
)
from steadypost.domain.post import Media, Part, digest_of
from steadypost.domain.weighing import judge, still_there
from tests.channels.conformance.adapter import Adapter
from tests.channels.conformance.adapters import ADAPTERS
from tests.channels.conformance.mangling import Mangling
from tests.channels.conftest import DOT

KEY = "0123456789abcdef" * 2


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(one, id=one.kind.name, marks=[getattr(pytest.mark, mark) for mark in one.marks])
        for one in ADAPTERS
    ],
)
def running(request, tmp_path_factory) -> Iterator[Adapter]:
    with request.param.started(tmp_path_factory.mktemp(request.param.kind.name)) as adapter:
        yield adapter


@pytest.fixture
def it(running) -> Adapter:
    """The channel under test: fair weather, and nothing has been said."""
    running.begin()
    return running


class Asking:
    """One ask, with everything that was seen of it."""

    def __init__(self, adapter: Adapter, *, may: bool = True, access: Access | None = None) -> None:
        self._adapter = adapter
        self._access = access or adapter.access()
        self._may = may
        self.phases: list[Phase] = []
        self.armed: list[int] = []
        """How many asks the network had seen, each time that leave was asked for."""
        self.began_at = self.ended_at = datetime.now(UTC)
        self.channel: Channel | None = None
        self.executor = ""

    def __call__(self, *parts: Part | str, within: float | None = None, **order: object) -> Answer:
        said = tuple(Part(text=one) if isinstance(one, str) else one for one in parts)
        keyed_at = datetime.now(UTC).replace(microsecond=0)
        self.order = Order(**{"parts": said, "key": KEY, "keyed_at": keyed_at, **order})
        deadline = time.monotonic() + (self._adapter.within if within is None else within)
        self.began_at = datetime.now(UTC)
        with self._adapter.kind.open(self._adapter.means()) as self.channel:
            self.executor = self.channel.executor
            answer = self.channel.ask(
                self._access, self.order, arm=self._arm, deadline=deadline, progress=self.phases.append
            )
        self.ended_at = datetime.now(UTC)
        return answer

    def _arm(self) -> bool:
        self.armed.append(self._adapter.asks())
        return self._may


def wanted(adapter: Adapter, asking: Asking, n: int = 0, **more: object) -> Wanted:
    part = asking.order.parts[n]
    return Wanted(
        **{
            "delivery_id": 1,
            "n": n,
            "network": adapter.kind.network,
            "handle": adapter.access().handle,
            "text": part.text,
            "media": tuple(one.alt for one in part.media),
            "began_at": asking.began_at,
            "ended_at": asking.ended_at,
            "offset": asking.channel.offset,
            "reply_to": asking.order.reply_to,
            "name": asking.order.name(n),
            **more,
        }
    )


def found(adapter: Adapter, item: Wanted) -> Evidence:
    """Read every place that this network names for the part, and judge."""
    seen = []
    for place, post in adapter.kind.network.needed(item.text, item.reply_to):
        request = LookRequest(
            place=place,
            back_to=item.began_at - timedelta(minutes=1),
            post=post,
            names=(item.name,),
        )
        with adapter.kind.open(adapter.means()) as channel:
            seen.append(channel.look(adapter.access(), request, deadline=time.monotonic() + adapter.within))
    return judge([item], seen)[item.key]


@pytest.fixture
def picture(tmp_path) -> Media:
    path = tmp_path / "dot.png"
    path.write_bytes(DOT)
    return Media(path=path, kind="image/png", alt="A single dot, nothing else")


# --- it asks once, and only with leave


def test_it_asks_once_and_arms_before(it):
    """One leave, before anything reached the network; one ask; one post; its true id."""
    ask = Asking(it)

    (outcome,) = ask("The lamp is lit.").outcomes

    (live,) = it.ledger()
    assert [0] == ask.armed
    assert 1 == it.asks()
    assert Published(remote_id=live.id) == outcome
    assert "The lamp is lit." == live.text
    assert live.id == it.kind.network.remote_id(live.id)


def test_a_no_means_that_nothing_was_asked(it):
    """The lease was lost meanwhile: somebody else may be asking."""
    ask = Asking(it, may=False)

    (outcome,) = ask("The lamp is lit.").outcomes

    assert isinstance(outcome, NotSubmitted)
    assert [0] == ask.armed
    assert 0 == it.asks()
    assert [] == it.ledger()


def test_nothing_after_the_deadline(it):
    """A deadline that has passed ends it before it begins."""
    ask = Asking(it)

    (outcome,) = ask("The lamp is lit.", within=-0.001).outcomes

    assert isinstance(outcome, NotSubmitted)
    assert 0 == it.asks()
    assert [] == it.ledger()


def test_a_deadline_that_passes_while_leave_is_given_ends_it(it, monkeypatch):
    """The store took its time over the arming. What is late is not sent."""
    ask = Asking(it)
    within = 3.0 if not it.kind.needs_browser else 20.0
    ends = time.monotonic() + within
    give = ask._arm

    def slow() -> bool:
        time.sleep(max(0.0, ends - time.monotonic()) + 0.2)
        return give()

    ask._arm = slow
    (outcome,) = ask("The lamp is lit.", within=within).outcomes

    assert isinstance(outcome, NotSubmitted | Unconfirmed)
    assert 0 == it.asks()
    assert [] == it.ledger()


# --- what is not known is not known, and the look finds it


def test_a_lost_answer_is_unconfirmed_and_the_look_finds_it(it):
    """The network has it, and nobody heard so."""
    ask = Asking(it)
    with it.lose_the_answer():
        (outcome,) = ask("The lamp is lit.").outcomes

    (live,) = it.ledger()
    assert isinstance(outcome, Unconfirmed)
    assert outcome.phase.is_armed
    assert Present(remote_id=live.id) == found(it, wanted(it, ask))


def test_what_was_never_asked_is_absent(it):
    """A look that reads every place that would show it says so; it knows who is signed in."""
    ask = Asking(it, may=False)
    ask("The lamp is lit.")

    assert isinstance(found(it, wanted(it, ask)), Absent)


def test_what_acted_acts_no_more_when_it_has_ended(it):
    """A browser that lives goes on living; a request ends with its answer."""
    ask = Asking(it)
    ask("The lamp is lit.")

    if not it.kind.needs_browser:
        assert False is it.kind.may_still_act(ask.executor)


# --- the network says no


def test_a_refused_post_is_refused_with_a_cause(it):
    """It would be refused again, and nothing is live."""
    if not it.refuses:
        pytest.skip("this network refuses nothing")
    ask = Asking(it)
    with it.refusing():
        (outcome,) = ask("The lamp is lit.").outcomes

    assert isinstance(outcome, Refused)
    assert outcome.why
    assert [] == it.ledger()


def test_limits_are_told(it):
    """Too many is a reason to wait, and no refusal."""
    if not it.limits:
        pytest.skip("this network has no limits")
    ask = Asking(it)
    with it.limiting():
        (outcome,) = ask("The lamp is lit.").outcomes

    assert isinstance(outcome, Deferred)
    assert [] == it.ledger()


def test_not_connected_is_not_submitted(it):
    """Nobody was there to hear it."""
    with it.unreachable() as access:
        ask = Asking(it, access=access)
        (outcome,) = ask("The lamp is lit.").outcomes

    assert isinstance(outcome, NotSubmitted)
    assert [] == ask.armed
    assert 0 == it.asks()


def test_the_wrong_identity_says_nothing(it):
    """Somebody else is signed in: nothing is said in their name, and their list proves nothing."""
    if not it.signs_in:
        pytest.skip("there is nothing to sign in to")
    ask = Asking(it, access=it.somebody_else())

    (outcome,) = ask("The lamp is lit.").outcomes

    assert isinstance(outcome, NotSubmitted)
    assert [] == ask.armed
    assert 0 == it.asks()


def test_an_ask_and_a_look_name_the_account_as_its_network_does(it):
    """By that name two blocks are seen to be one account, whatever handle each has, and a look at another is none."""
    if not it.signs_in:
        pytest.skip("there is nothing to sign in to")
    ask = Asking(it)
    ask("The lamp is lit.")

    place, post = it.kind.network.needed("The lamp is lit.", None)[0]
    request = LookRequest(
        place=place, post=post, back_to=ask.began_at - timedelta(minutes=1), names=(ask.order.name(0),)
    )
    with it.kind.open(it.means()) as channel:
        seen = channel.look(it.access(), request, deadline=time.monotonic() + it.within)

    assert ask.channel.appears.identity == seen.identity != ""


# --- what it wrote is what is there


TEXTS = [
    "The lamp is lit.",
    "Straße, naïve, 日本語, עברית, 👨‍👩‍👧‍👦 and a dash – all as they are",
    "Two lines\nand a third\n\nafter a gap",
    "Signs: <b>&amp;</b> \"quoted\" 'so' & so #lamp",
]


@pytest.mark.parametrize("text", TEXTS, ids=["plain", "letters", "lines", "signs"])
def test_it_reads_back_what_it_wrote(it, text):
    """To the letter."""
    ask = Asking(it)
    (outcome,) = ask(text).outcomes

    (live,) = it.ledger()
    assert text == live.text
    assert Present(remote_id=outcome.remote_id) == found(it, wanted(it, ask))


def test_it_reads_back_its_pictures(it, picture):
    """As many as there were, each with its description."""
    if not it.pictures:
        pytest.skip("this channel publishes no pictures")
    ask = Asking(it)
    (outcome,) = ask(Part(text="The lamp", media=(picture,))).outcomes

    (live,) = it.ledger()
    assert (picture.alt,) == live.alts
    assert Present(remote_id=outcome.remote_id) == found(it, wanted(it, ask))


def photograph(tmp_path, **notes: object) -> Media:
    """Give a photograph, with what a camera wrote into it."""
    path = tmp_path / f"photograph {len(notes)}.jpg"
    Image.linear_gradient("L").save(path, "JPEG", quality=90, **notes)
    return Media(path=path, kind="image/jpeg", alt="Light, growing", digest=digest_of(path))


def test_no_place_leaves_with_a_picture(it, tmp_path):
    """What arrives are the bytes of the same picture with nothing written into it, and those are sent untouched."""
    if not it.shows_files:
        pytest.skip("its network does not say what arrived")
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (48.0, 52.0, 8.4)
    bare, noted = photograph(tmp_path), photograph(tmp_path, exif=exif, comment=b"48.8690 N 2.3310 E")
    ask = Asking(it)
    ask(Part(text="The lamp", media=(noted, bare)))

    (live,) = it.ledger()
    assert bare.digest != noted.digest
    assert (bare.digest, bare.digest) == live.files


def test_a_file_that_was_changed_meanwhile_is_not_sent(it, tmp_path):
    """Also not where it was changed after everybody had looked at it."""
    if not it.shows_files:
        pytest.skip("it hands no files on")
    noted = photograph(tmp_path)
    noted.path.write_bytes(DOT)
    ask = Asking(it)

    (outcome,) = ask(Part(text="The lamp", media=(noted,))).outcomes

    assert Cause.MEDIA_MISSING is outcome.cause
    assert not isinstance(outcome, Unconfirmed)
    assert ([], 0) == (ask.armed, it.asks())


def test_a_long_thread_with_everything_in_it_is_read_back_exactly(it, picture):
    """Pictures, links, tags, a mention, letters without spaces between words and a family: each part at its place."""
    if not it.threads:
        pytest.skip("this channel publishes no threads")
    shown = (picture,) if it.pictures else ()
    two = (picture, replace(picture, alt="The same dot 👨‍👩‍👧‍👦, für später")) if it.pictures else ()
    parts = [
        Part(text="Eight lamps, and who lit them #lamps #Grüße", media=two),
        Part(text=f"With @{it.other}, who held the ladder"),
        Part(text="Read https://example.com/ä_(b)?c=1&d=%20#e, and example.org."),
        Part(text="灯りがともりました。「八つの灯」をご覧ください #灯り", media=shown),
        Part(text="The family 👨‍👩‍👧‍👦 came, and the neighbours' 🏳️‍🌈 👍🏽 as well"),
        Part(text="Two lines\n\n  and an indented one → 5 < 6 & 7 > 6"),
        Part(text="عليكم السلام – and שלום, read from the right"),
        Part(text="The last one: https://example.com/last", media=shown),
    ]
    ask = Asking(it)
    answer = ask(*parts, within=4 * it.within)

    ids = [one.remote_id for one in answer.outcomes]
    live = {post.id: post for post in it.ledger()}
    assert [(part.text, tuple(one.alt for one in part.media)) for part in parts] == [
        (live[one].text, live[one].alts) for one in ids
    ]
    assert [None, *ids[:-1]] == [live[one].reply_to for one in ids]
    for n, above in enumerate([None, *ids[:-1]]):
        assert Present(remote_id=ids[n]) == found(it, wanted(it, ask, n, reply_to=above)), parts[n].text


def test_it_reads_back_its_parent(it):
    """A reply is under what it answers, and the look knows it."""
    first = Asking(it)
    (above,) = first("The lamp is lit.").outcomes
    ask = Asking(it)
    (outcome,) = ask("And so is the other.", reply_to=above.remote_id, key=KEY[::-1]).outcomes

    live = {post.id: post for post in it.ledger()}
    assert above.remote_id == live[outcome.remote_id].reply_to
    assert Present(remote_id=outcome.remote_id) == found(it, wanted(it, ask))


def test_a_thread_is_live_part_by_part(it):
    """Each under the one before it, and each with its own id."""
    if not it.threads:
        pytest.skip("this channel publishes no threads")
    ask = Asking(it)

    answer = ask("One lamp.", "Two lamps.", "Three lamps.")

    ids = [outcome.remote_id for outcome in answer.outcomes]
    live = {post.id: post for post in it.ledger()}
    assert ["One lamp.", "Two lamps.", "Three lamps."] == [live[one].text for one in ids]
    assert [None, *ids[:-1]] == [live[one].reply_to for one in ids]


def test_a_thread_goes_on_where_it_stopped(it):
    """The parts that are live are not said again."""
    if not it.threads:
        pytest.skip("this channel publishes no threads")
    (first,) = Asking(it)("One lamp.").outcomes
    (second,) = Asking(it)("Two lamps.", first=1, live=(first.remote_id,), reply_to=first.remote_id).outcomes

    live = {post.id: post for post in it.ledger()}
    assert 2 == len(live)
    assert first.remote_id == live[second.remote_id].reply_to


# --- taking a post down


def removed(adapter: Adapter, post: str, access: Access | None = None) -> RemoveReport:
    """Have a post taken down, as a person would."""
    with adapter.kind.open(adapter.means()) as channel:
        return channel.remove(access or adapter.access(), post, deadline=time.monotonic() + adapter.within)


def at_its_address(adapter: Adapter, post: str) -> Evidence:
    """Look at a post's own address, and judge."""
    request = LookRequest(place=Place.THREAD, back_to=datetime.now(UTC), post=post)
    with adapter.kind.open(adapter.means()) as channel:
        seen = channel.look(adapter.access(), request, deadline=time.monotonic() + adapter.within)
    return still_there(post, [seen], adapter.access().handle)


def test_a_post_is_taken_down_and_no_other(it):
    """Its own address says so; and once more does no harm."""
    goes, stays = (
        Asking(it)(text, key=key).outcomes[0].remote_id
        for text, key in (("The lamp is lit.", KEY), ("So is this one.", KEY[::-1]))
    )

    assert removed(it, goes).asked
    assert isinstance(at_its_address(it, goes), Absent)
    assert [stays] == [one.id for one in it.ledger()]
    assert Present(remote_id=stays) == at_its_address(it, stays)

    removed(it, goes)
    assert [stays] == [one.id for one in it.ledger()]


def test_a_removal_whose_answer_is_lost_is_seen_by_a_look(it):
    """Nobody heard that it is gone, and its address says so all the same."""
    if not it.loses_removals:
        pytest.skip("the answer to a removal cannot be lost here")
    (made,) = Asking(it)("The lamp is lit.").outcomes
    with it.lose_the_removal():
        report = removed(it, made.remote_id)

    assert report.asked
    assert report.cause is not None
    assert isinstance(at_its_address(it, made.remote_id), Absent)


def test_nobody_takes_down_a_post_of_somebody_else(it):
    """Somebody else is signed in: nothing is asked in their name."""
    if not it.signs_in:
        pytest.skip("there is nothing to sign in to")
    (made,) = Asking(it)("The lamp is lit.").outcomes

    report = removed(it, made.remote_id, it.somebody_else())

    assert (False, True) == (report.asked, report.cause is not None)
    assert [made.remote_id] == [one.id for one in it.ledger()]


# --- whatever a server answers


@pytest.mark.parametrize("seed", range(5))
def test_no_answer_makes_it_raise(it, monkeypatch, picture, seed):
    """Texts where numbers belong, times that no calendar has, half a page: an outcome is the answer to each."""
    if it.kind.needs_browser or not it.signs_in:
        pytest.skip("it hears no answers of a server's own")
    mangling = Mangling(seed)
    monkeypatch.setattr(Wire, "send", mangling)
    for n in range(8):
        mangling.statuses = () if n % 2 else (200, 201, 202, 206, 204, 304, 400, 401, 403, 404, 422, 429, 500)
        said = f"The lamp is lit, {seed} {n}."
        part = Part(text=said, media=(picture,)) if it.pictures and n % 4 == 1 else said
        before = it.asks()
        ask = Asking(it)
        (outcome,) = ask(part, key=f"{seed:016x}{n:016x}").outcomes

        assert it.asks() - before <= 1
        assert not hasattr(outcome, "why") or outcome.why.encode()
        assert Cause.DEFECT is not getattr(outcome, "cause", None)
        if not mangling.statuses and isinstance(outcome, NotSubmitted | Refused | Deferred):
            # Nothing but the body was changed: a success that is not understood is no refusal.
            assert said not in [one.text for one in it.ledger()]
        for place in (Place.REPLIES, Place.NAMED, Place.THREAD):
            wants = LookRequest(
                place=place,
                back_to=ask.began_at,
                post=getattr(outcome, "remote_id", None),
                names=(ask.order.name(0),),
            )
            with it.kind.open(it.means()) as channel:
                seen = channel.look(it.access(), wants, deadline=time.monotonic() + it.within)
            assert Cause.DEFECT is not seen.trouble
        with it.kind.open(it.means()) as channel:
            probe = channel.probe(it.access(), deadline=time.monotonic() + it.within)
        assert Cause.DEFECT is not probe.cause


# --- a probe, and secrets


def test_a_probe_finds_it_well_and_says_nothing(it):
    """Everything is there that publishing needs, and nothing was published."""
    with it.kind.open(it.means()) as channel:
        probe = channel.probe(it.access(), deadline=time.monotonic() + it.within)

    assert probe.well, probe
    assert it.access().handle == probe.handle
    assert 0 == it.asks()


@contextmanager
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG):
        yield


def test_no_secret_is_shown(it, caplog):
    """Neither in what is printed of an access, nor in the outcome, nor in a log."""
    if not it.secrets():
        pytest.skip("there is no secret")
    with everything_logged(caplog), it.unreachable() as away:
        gone = Asking(it, access=away)("The lamp is lit.")
        well = Asking(it)("The lamp is lit.")

    shown = caplog.text + repr(gone) + repr(well) + repr(it.access())
    assert [] == [secret for secret in it.secrets() if len(secret) > 7 and secret in shown]


@pytest.mark.parametrize("status", [400, 401, 403, 422, 500])
def test_a_server_that_repeats_secrets_makes_none_known(it, monkeypatch, caplog, status):
    """Some repeat in an error what was sent to them. A refusal's words are shown to people, and kept."""
    if it.kind.needs_browser or not it.secrets():
        pytest.skip("it sends no secret to a server by itself")

    def echoing(line: httpx.Client, request: httpx.Request, **_: object) -> httpx.Response:
        sent = f"{request.headers.get('authorization', '')} {request.content.decode('latin-1')}"
        words = dict.fromkeys(("error", "message", "title", "detail", "error_description"), sent)
        errors = [{"message": sent, "code": 1}]
        told = httpx.ByteStream(json.dumps({**words, "errors": errors}).encode())
        return httpx.Response(status, stream=told, request=request)

    answers: list[object] = [Asking(it)("The lamp is lit.")]
    with everything_logged(caplog):
        monkeypatch.setattr(httpx.Client, "send", echoing)
        # The sign-in was good just now, so the first is the ask itself, and the second what comes before one.
        answers += [Asking(it)(f"Lamp {n}.", key=KEY[n:] + KEY[:n]) for n in (1, 2)]
        with it.kind.open(it.means()) as channel:
            answers.append(channel.probe(it.access(), deadline=time.monotonic() + it.within))
            wants = LookRequest(place=Place.REPLIES, back_to=datetime.now(UTC))
            answers.append(channel.look(it.access(), wants, deadline=time.monotonic() + it.within))

    shown = caplog.text + repr(answers)
    assert [] == [secret for secret in it.secrets() if len(secret) > 7 and secret in shown]
