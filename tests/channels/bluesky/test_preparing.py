"""What comes before the ask: mentions, pictures, previews, languages; and what each of them may cost."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from steadypost.channels.bluesky.options import Options
from steadypost.domain.outcome import Cause, Deferred, NotSubmitted, Published, Refused
from steadypost.domain.post import Media, Part
from tests.channels.bluesky.conftest import BOB, order


def record(sandbox):
    """Give the record that was written last."""
    return sandbox.live()[-1]["record"]


# --- mentions


def test_a_mention_is_the_account_and_not_its_name(alice, sandbox):
    alice.ask(order("hello @bob.test and @Bob.test"))

    assert [facet["features"][0]["did"] for facet in record(sandbox)["facets"]] == [
        sandbox.accounts[BOB]["did"]
    ] * 2
    assert 2 == sandbox.counts()["requests"]["resolveHandle"]


def test_a_mention_of_nobody_is_text(alice, sandbox):
    assert isinstance(alice.ask(order("hello @nobody.test")).headline, Published)
    assert "facets" not in record(sandbox)


def test_a_mention_that_nobody_can_resolve_now_waits(alice, sandbox):
    """Nothing is said in somebody's name without the link to them because a server was away for a moment."""
    alice.ask(order("signed in"))
    sandbox.weather({"fault": "unavailable", "method": "resolveHandle"})
    answer = alice.ask(order("hello @bob.test")).headline

    assert (type(answer), answer.cause) == (NotSubmitted, Cause.SERVER_ERROR)
    assert 1 == len(sandbox.asks())


# --- pictures


def test_four_pictures_with_their_words_and_shapes(alice, sandbox, picture):
    media = tuple(picture(60 + n, 40, alt=f"map {n}") for n in range(4))
    alice.ask(order(Part(text="maps", media=media)))
    images = record(sandbox)["embed"]["images"]

    assert [(one["alt"], one["aspectRatio"]) for one in images] == [
        (f"map {n}", {"width": 60 + n, "height": 40}) for n in range(4)
    ]


def test_a_turned_picture_has_the_shape_people_see(alice, sandbox, picture):
    exif = Image.Exif()
    exif[0x0112] = 6
    alice.ask(order(Part(text="a map", media=(picture(60, 40, exif=exif),))))

    assert {"width": 40, "height": 60} == record(sandbox)["embed"]["images"][0]["aspectRatio"]


def test_an_old_server_gets_what_it_takes(alice, sandbox, picture):
    sandbox.call("limits", image=1_000_000)
    answer = alice.ask(order(Part(text="a map", media=(picture(1300, 1000, noise=True),)))).headline

    assert isinstance(answer, Published)
    assert record(sandbox)["embed"]["images"][0]["image"]["size"] <= 1_000_000


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("https://morel.us-east.host.bsky.network", 2_000_000),
        ("https://pds.example.com", 1_000_000),
        ("https://host.bsky.network.example.com", 1_000_000),
    ],
)
def test_how_large_a_picture_may_be(server, expected):
    assert Options().largest_picture(server) == expected
    assert 1_500_000 == Options.read({"picture_bytes": "1500000"}).largest_picture(server)


def test_a_post_with_a_picture_needs_no_words(alice, sandbox, picture):
    assert isinstance(alice.ask(order(Part(text="", media=(picture(),)))).headline, Published)


def test_a_later_attempt_describes_the_same_record(alice, sandbox, picture):
    wanted = order(Part(text="a map", media=(picture(300, 200, noise=True),)))
    alice.ask(wanted)
    sandbox.call("lose_blobs", account=alice.handle)

    assert isinstance(alice.ask(wanted).headline, Published)
    assert 1 == len(sandbox.ledger())


def test_a_file_that_is_gone(alice, sandbox, tmp_path):
    media = Media(path=tmp_path / "gone.jpg", kind="image/jpeg", alt="a map")
    answer = alice.ask(order(Part(text="a map", media=(media,)))).headline

    assert (type(answer), answer.cause) == (Refused, Cause.MEDIA_MISSING)
    assert "gone.jpg" in answer.why
    assert str(tmp_path) not in answer.why


def test_a_file_that_is_no_picture(alice, sandbox, tmp_path):
    path = tmp_path / "no.jpg"
    path.write_bytes(b"no")
    answer = alice.ask(order(Part(text="a map", media=(Media(path=path, kind="image/jpeg"),)))).headline

    assert (type(answer), answer.cause) == (Refused, Cause.MEDIA_REFUSED)
    assert [] == sandbox.asks()


def test_descriptions_can_be_required(alice, sandbox, picture):
    wanted = order(Part(text="a map", media=(picture(alt=" "),)))
    lenient = alice.ask(wanted).headline
    alice.options["needs_alt"] = True
    strict = alice.ask(wanted).headline

    assert isinstance(lenient, Published)
    assert (type(strict), strict.cause) == (Refused, Cause.MEDIA_REFUSED)


def test_an_upload_that_fails_costs_nothing(alice, sandbox, picture):
    alice.ask(order("signed in"))
    sandbox.weather({"fault": "hang_up", "method": "uploadBlob", "count": 1})
    wanted = order(Part(text="a map", media=(picture(),)))
    first, second = alice.ask(wanted).headline, alice.ask(wanted).headline

    assert isinstance(first, NotSubmitted)
    assert isinstance(second, Published)


def test_a_file_that_the_server_dropped_before_the_ask(alice, sandbox, picture):
    """Nothing was written; the next attempt uploads it anew."""
    wanted = order(Part(text="a map", media=(picture(),)))

    def arm():
        sandbox.call("lose_blobs", account=alice.handle)
        return True

    first = alice.ask(wanted, arm=arm).headline
    second = alice.ask(wanted).headline

    assert (type(first), first.cause) == (Deferred, Cause.MEDIA_NOT_ATTACHED)
    assert isinstance(second, Published)
    assert 1 == len(sandbox.ledger())


# --- previews


def thumb():
    out = io.BytesIO()
    Image.new("RGB", (120, 60), "red").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def page(sandbox):
    sandbox.page("map.png", "image/png", thumb())
    return sandbox.page(
        "a",
        "text/html",
        b'<title>Maps</title><meta name="description" content="all"><meta property="og:image" content="map.png">',
    )


def test_a_preview(alice, sandbox, page):
    alice.options["cards"] = True
    alice.ask(order(f"look: {page}"))
    external = record(sandbox)["embed"]["external"]

    assert (external["uri"], external["title"], external["description"]) == (page, "Maps", "all")
    assert external["thumb"]["mimeType"].startswith("image/")


@pytest.mark.parametrize("fault", ["unavailable", "hang_up", "too_many", "expired_token"])
def test_a_previews_picture_that_is_not_taken(alice, sandbox, page, fault):
    alice.options["cards"] = True
    sandbox.weather({"fault": fault, "method": "uploadBlob"})

    assert isinstance(alice.ask(order(f"look: {page}")).headline, Published)
    assert "thumb" not in record(sandbox)["embed"]["external"]


def test_a_page_that_is_not_there_costs_the_post_nothing(alice, sandbox):
    alice.options["cards"] = True

    assert isinstance(alice.ask(order(f"look: {sandbox.url}/pages/none")).headline, Published)
    assert "embed" not in record(sandbox)


def test_pictures_leave_no_place_for_a_preview(alice, sandbox, page, picture):
    alice.options["cards"] = True
    alice.ask(order(Part(text=f"look: {page}", media=(picture(),))))

    assert "app.bsky.embed.images" == record(sandbox)["embed"]["$type"]


def test_a_preview_that_changed_between_two_attempts_makes_no_second_post(alice, sandbox, page):
    alice.options["cards"] = True
    wanted = order(f"look: {page}")
    alice.ask(wanted)
    sandbox.page("a", "text/html", b"<title>Other</title>")
    again = alice.ask(wanted).headline

    assert again.cause is Cause.DUPLICATE
    assert 1 == len(sandbox.ledger())
    assert list(alice.look_for(wanted).named.values()) == [sandbox.live()[0]["uri"]]


# --- what the account's block says


def test_languages_and_labels(alice, sandbox):
    alice.options |= {"languages": "de, en,de,fr,it", "labels": "sexual"}
    alice.ask(order("one"))

    assert ["de", "en", "fr"] == record(sandbox)["langs"]
    assert [{"val": "sexual"}] == record(sandbox)["labels"]["values"]


def test_nothing_is_said_about_languages_unless_it_is_known(alice, sandbox):
    alice.ask(order("one"))

    assert not {"langs", "labels", "embed", "facets", "reply"} & set(record(sandbox))


def test_a_thread_of_eight_read_back(alice, sandbox, picture, page):
    """Pictures, links, tags, a mention, Chinese, Japanese and Korean, a family: what was written is what there is."""
    alice.options["cards"] = True
    texts = [
        f"One {page} #start",
        "二：日本語のテキストと＃タグ 한국어 中文",
        "Three 👨‍👩‍👧‍👦 family and 🏳️‍🌈 flag, e\u0301 composed",
        "Four @bob.test (example.org/a_(b)).",
        "हिन्दी #हिन्दी and #2026",
        "Six\n\nwith lines\n  and spaces  within",
        "Seven $AAPL https://例え.jp/パス",
        "家" * 299 + "!",
    ]
    parts = [
        Part(text=text, media=(picture(alt=f"map {n}"),) if n % 3 == 2 else ())
        for n, text in enumerate(texts)
    ]
    answer = alice.ask(order(*parts))
    live = sandbox.live()

    assert [type(one) for one in answer.outcomes] == [Published] * 8
    assert [one["text"] for one in live] == texts
    assert [one["record"]["reply"]["parent"]["uri"] for one in live[1:]] == [one["uri"] for one in live[:-1]]
    assert {one["record"]["reply"]["root"]["uri"] for one in live[1:]} == {live[0]["uri"]}
    assert "Maps" == live[0]["record"]["embed"]["external"]["title"]
    assert [0, 0, 1, 0, 0, 1, 0, 0] == [len(one["record"].get("embed", {}).get("images", ())) for one in live]
