"""``preview``: how a post will look and count on each network, by that network's own rules."""

from datetime import UTC, datetime

import pytest
from PIL import Image

from steadypost.cli.endings import Ending
from steadypost.domain.post import Part
from steadypost.networks import NETWORKS
from steadypost.networks.preview import RULES, preview
from steadypost.store import AccountRecord, Store
from steadypost.store import accounts as account_rows
from tests.videos import video

NOW = datetime.now(UTC)


@pytest.fixture
def four(home):
    """Ann, on four networks."""
    home.mkdir()
    records = (
        AccountRecord(name="blue", channel="bluesky", network="bluesky", handle="ann.test", longest=300),
        AccountRecord(name="masto", channel="mastodon", network="mastodon", handle="ann", longest=100),
        AccountRecord(name="paid", channel="x_api", network="x", handle="ann"),
        AccountRecord(name="page", channel="x_web", network="x", handle="ann_w"),
        AccountRecord(name="mine", channel="file", network="file", handle="ann", longest=10_000),
    )
    with Store.create(f"sqlite:///{home / 'steadypost.db'}") as opened:
        for one in records:
            opened.write(account_rows.put, one, NOW)
        yield opened


def on(*names):
    return [word for name in names for word in ("-a", name)]


def shown(call, *words):
    done = call("preview", *words, "--json")
    [post] = done.json["posts"]
    return {one["account"]: one for one in post["accounts"]}


def test_every_network_has_its_rules():
    assert set(NETWORKS) == set(RULES)


def test_each_network_counts_by_its_own_measure(four, call):
    """A family is one on Bluesky, and two on X; a link is 23 on Mastodon and X, and its letters on Bluesky."""
    accounts = shown(
        call, "👨‍👩‍👧‍👦 今日 https://example.com/a/long/path/indeed", *on("blue", "masto", "paid", "mine")
    )
    counts = {name: [one["used"] for one in told["parts"][0]["counts"]] for name, told in accounts.items()}

    assert {"blue": [43, 71], "masto": [28], "paid": [31], "mine": [49]} == counts


def test_links_mentions_and_tags_are_marked(four, call):
    """What is no link on a network is not marked there."""
    text = "Hi @bob.bsky.social, see example.org (#ferry) https://example.com/x#top"
    accounts = shown(call, text, *on("blue", "masto", "paid", "mine"))
    marks = {
        name: [(one["kind"], one["text"]) for one in told["parts"][0]["marks"]]
        for name, told in accounts.items()
    }

    assert [
        ("mention", "@bob.bsky.social"),
        ("link", "example.org"),
        ("link", "https://example.com/x#top"),
    ] == marks["blue"]
    # There "bob.bsky.social" can be no account's name, and X reads a name to its first dot.
    assert [("tag", "#ferry"), ("link", "https://example.com/x#top")] == marks["masto"]
    assert {("link", "example.org"), ("mention", "@bob")} <= set(marks["paid"])
    assert [] == marks["mine"]


def test_tags_of_every_script_are_marked_whole(four, call):
    """Vowel signs and accents of their own belong to a tag."""
    accounts = shown(call, "#हिन्दी दिवस, #cafe\u0301 ＃地図 日本#x a#b", *on("blue", "masto", "paid"))
    tags = {
        name: [one["text"] for one in told["parts"][0]["marks"] if one["kind"] == "tag"]
        for name, told in accounts.items()
    }

    assert [["#हिन्दी", "#cafe\u0301", "＃地図"]] * 3 == list(tags.values())


def test_a_name_is_marked_as_each_network_reads_it(four, call):
    """An account of another server is nobody on X; a name with a hyphen is somebody else there."""
    accounts = shown(call, "@ann-lee ＠bob @cy@remote.com x@y.com (@dee)", *on("masto", "paid"))
    names = {
        name: [one["text"] for one in told["parts"][0]["marks"] if one["kind"] == "mention"]
        for name, told in accounts.items()
    }

    assert {"masto": ["@cy@remote.com", "@dee"], "paid": ["@ann", "＠bob", "@dee"]} == names


def test_marks_are_in_characters_behind_astral_ones(four, call):
    accounts = shown(call, "🚢🚢 é https://example.com", *on("blue", "masto", "paid"))

    assert {"https://example.com"} == {one["parts"][0]["marks"][0]["text"] for one in accounts.values()}


def test_only_what_x_charges_for_has_a_price(four, call, tmp_path):
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    words = ("See https://example.com", *on("paid", "page", "masto"), "-i", "a.png::The harbour")
    prices = {name: told["cost_usd"] for name, told in shown(call, *words).items()}

    assert {"paid": "0.205", "page": None, "masto": None} == prices


def test_a_network_that_refuses_says_why_and_the_exit_code_too(four, call):
    """By the length that the account may post, not the usual one."""
    done = call("preview", "x" * 101, *on("masto", "blue"))

    assert Ending.REFUSED == done.code
    assert "101 of 100 characters, 1 too many" in done.out
    assert "shorten it by 1" in " ".join(done.out.split())
    assert Ending.OK == call("preview", "x" * 100, *on("masto", "blue")).code


def test_pictures_are_shown_with_their_sizes_and_what_is_missing(four, call, tmp_path):
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    Image.new("RGB", (400, 300)).save(tmp_path / "b.png")
    done = call("preview", "One", "Two", *on("masto"), "-i", "a.png::The harbour::1", "-i", "b.png::::2")

    assert "a thread of 2 parts" in done.out
    assert 'a.png: image/png, 40x30, 0 kB, described: "The harbour"' in done.out
    assert "b.png: image/png, 400x300" in done.out
    assert "no description" in done.out


def test_a_video_is_shown_with_its_length_and_where_it_is_refused(four, call, tmp_path):
    (tmp_path / "dawn.mp4").write_bytes(video(seconds=141, size=3000))
    words = ("preview", "Look", *on("masto", "paid", "blue"), "-i", "dawn.mp4::Waves")
    done = call(*words)
    told = " ".join(done.out.split())

    assert Ending.REFUSED == done.code
    assert 'dawn.mp4: video/mp4, 141.0 s, 3 kB, described: "Waves"' in told
    assert 1 == told.count("it lasts 141.0 s, and X takes at most 140 s")
    assert "bluesky does not take" not in told.lower()
    [picture] = call(*words, "--json").json["posts"][0]["accounts"][0]["parts"][0]["pictures"]
    assert ("video/mp4", 141.0) == (picture["kind"], picture["seconds"])


def test_it_fits_eighty_columns(four, call):
    done = call(
        "preview", f"Good morning 今日は https://example.com/{'a' * 90} " * 3, *on("blue", "masto", "paid")
    )

    assert all(len(line) <= 80 for line in done.out.splitlines())
    assert "‹https://example.com/" in done.out


def test_nothing_is_written(four, call):
    call("preview", "Hello", *on("masto"))

    assert [] == call("queue", "--json").json["deliveries"]


def test_each_post_of_a_file_is_shown(four, call, tmp_path):
    """With its own words for one network, and with what intake would refuse."""
    (tmp_path / "posts.csv").write_text(
        "text,text@mastodon,accounts,when\nHello all,Hello Fediverse,masto|blue,+1h\nBye,,nobody,+1h\n"
    )
    done = call("preview", "--file", "posts.csv", "--json")
    first, second = done.json["posts"]

    assert Ending.REFUSED == done.code
    assert ["Hello Fediverse", "Hello all"] == [one["parts"][0]["text"] for one in first["accounts"]]
    assert (True, False) == (first["may_enter"], second["may_enter"])
    assert "no account has this name" in second["refusals"][0]["why"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["Hello"], "--account: nothing was given"),
        (["-a", "masto"], "TEXT: nothing was given"),
        (["Hello", "--file", "x.csv"], "there is a TEXT and a --file"),
    ],
)
def test_what_is_missing_is_named(four, call, words, told):
    done = call("preview", *words)

    assert Ending.USAGE == done.code
    assert told in done.err


def test_a_text_that_x_cannot_measure_is_said_so():
    network = NETWORKS["x"]
    seen = preview(network, network.allows, "x_web", [Part(text="a." * 200)])

    assert None is seen.parts[0].counts[0].used
    assert 1 == len(seen.objections)
