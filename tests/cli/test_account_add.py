"""``account add`` and ``account test``: what is asked, what is refused, and that nothing half-done is left."""

import pytest

from sandbox.bluesky.client import BlueskySandbox
from sandbox.x_api import XApiSandbox
from steadypost import prefect_address, settings
from steadypost.cli.endings import Ending
from steadypost.domain.outcome import Cause
from steadypost.store import accounts as account_rows


@pytest.fixture(scope="module")
def bluesky():
    with BlueskySandbox(accounts=("alice.test", "bob.test")) as running:
        yield running


@pytest.fixture
def x():
    with XApiSandbox() as running:
        yield running


def test_a_file_needs_no_answer_at_all(empty, shelf, call, home):
    """A newcomer's first account: its file is in the home, and a post comes in for it at once."""
    added = call("account", "add", "me", "--channel", "file")

    assert (Ending.OK, "me can publish") == (added.code, added.out[: len("me can publish")])
    assert f"file://{home}/posts.jsonl" == shelf.blocks["me"].base_url
    assert "steadypost add 'Hello.' -a me -w now" in added.out
    assert Ending.OK == call("add", "Hello.", "-a", "me", "-w", "now").code


def test_a_probe_that_is_not_well_saves_nothing(empty, shelf, call, tmp_path):
    """Without a person's yes."""
    file = f"base_url=file://{tmp_path}/nowhere/posts.jsonl"
    added = call("account", "add", "me", "--channel", "file", "--set", file)

    assert (Ending.REFUSED, {}, []) == (added.code, shelf.blocks, empty.read(account_rows.every))
    assert "me cannot publish" in added.err
    assert "Nothing was saved" in added.err


def test_a_yes_saves_it_all_the_same(empty, shelf, call, tmp_path):
    file = f"base_url=file://{tmp_path}/nowhere/posts.jsonl"
    added = call("account", "add", "me", "--channel", "file", "--set", file, stdin="yes\n")

    assert (Ending.OK, ["me"]) == (added.code, list(shelf.blocks))
    assert "it publishes nothing until it is well" in added.out


def test_an_account_that_is_there_is_replaced_only_on_a_yes(empty, shelf, call, tmp_path):
    other = f"base_url=file://{tmp_path}/other.jsonl"
    call("account", "add", "me", "--channel", "file")
    before = shelf.blocks["me"]
    refused = call("account", "add", "me", "--channel", "file", "--set", other)

    assert (Ending.REFUSED, before) == (refused.code, shelf.blocks["me"])
    assert "'me' is there already" in refused.err

    said = call("account", "add", "me", "--channel", "file", "--set", other, stdin="yes\n")

    assert (Ending.OK, f"file://{tmp_path}/other.jsonl") == (said.code, shelf.blocks["me"].base_url)


def test_an_account_of_another_channel_is_never_replaced(empty, shelf, call, x):
    call("account", "add", "me", "--channel", "file")
    refused = call("account", "add", "me", "--channel", "bluesky", "--replace")

    assert Ending.REFUSED == refused.code
    assert "of the channel file" in refused.err


def test_two_names_for_one_account_are_refused(empty, shelf, call):
    call("account", "add", "me", "--channel", "file", "--set", "handle=me")
    refused = call("account", "add", "myself", "--channel", "file", "--set", "handle=me")

    assert (Ending.REFUSED, ["me"]) == (refused.code, list(shelf.blocks))
    assert "account block me" in refused.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["My Account", "--channel", "file"], ("NAME 'My Account'", "write it as 'my-account'")),
        (["me", "--channel", "file", "--set", "per_hour=many"], ("per_hour: 'many' is not valid", "integer")),
        (["me", "--channel", "file", "--set", "path=x"], ("--set path: there is no such field", "base_url")),
        (["me", "--channel", "mastodon", "--set", "server=x"], ("--set server:", "base_url (Server)")),
        (["me", "--channel", "mastodon"], ("base_url: nothing was given for 'Server'",)),
        (
            ["me", "--channel", "file", "--set", "base_url=posts"],
            ("base_url: 'posts'", "write the whole path"),
        ),
        (["me", "--channel", "bluesky", "--set", "handle=alice"], ("handle: 'alice'", "alice.bsky.social")),
        (["me", "--channel", "bluesky"], ("handle: nothing was given", "--set handle=VALUE")),
        (
            ["me", "--channel", "bluesky", "--from-env", "app_password", "NO_SUCH"],
            ("handle: nothing was given", "--set handle"),
        ),
        (["me", "--channel", "x_api", "--from-env", "api_key", "a b"], ("--from-env api_key", "VARIABLE")),
    ],
)
def test_a_wrong_answer_names_field_value_and_remedy(empty, shelf, call, words, told):
    refused = call("account", "add", *words)

    assert (Ending.USAGE, {}) == (refused.code, shelf.blocks)
    assert all(one in refused.err for one in told), refused.err


def test_a_secret_is_never_an_argument(empty, shelf, call):
    """And the one that was given is not said again."""
    refused = call(
        "account", "add", "me", "--channel", "bluesky", "--set", "app_password=abcd-efgh-ijkl-mnop"
    )

    assert Ending.USAGE == refused.code
    assert "abcd-efgh-ijkl-mnop" not in refused.out + refused.err
    assert "--from-env app_password VARIABLE" in refused.err


def test_prefect_away_is_said_before_anything_is_asked(empty, shelf, call):
    shelf.away = True
    refused = call("account", "add", "me", "--channel", "bluesky", stdin="")

    assert Ending.REFUSED == refused.code
    assert "http://127.0.0.1:9/api cannot be reached" in refused.err


def test_without_an_address_of_prefect_no_hidden_server_is_started(empty, shelf, call, monkeypatch):
    monkeypatch.delenv("PREFECT_API_URL")
    refused = call("account", "add", "me", "--channel", "file")

    assert Ending.REFUSED == refused.code
    assert "PREFECT_API_URL is not set" in refused.err


def test_the_address_that_the_home_keeps_is_used(empty, shelf, call, monkeypatch):
    """Whoever ran 'steadypost up' in another terminal has set nothing in this one."""
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    prefect_address.keep(settings.read().home)
    monkeypatch.setenv("PREFECT_API_URL", "")
    shelf.away = True
    refused = call("account", "add", "me", "--channel", "file")

    assert Ending.REFUSED == refused.code
    assert "http://127.0.0.1:9/api cannot be reached" in refused.err


def test_a_store_is_asked_for_first(shelf, call):
    refused = call("account", "add", "me", "--channel", "file")

    assert Ending.STORE == refused.code
    assert "steadypost init" in refused.err


# -- Bluesky


def on(bluesky):
    return ("--set", f"base_url={bluesky.url}", "--set", f"directory={bluesky.url}")


def test_bluesky_takes_handle_and_password_and_keeps_the_session(empty, shelf, call, bluesky, home):
    password = bluesky.accounts["alice.test"]["password"]
    added = call(
        "account", "add", "alice", "--channel", "bluesky", *on(bluesky), stdin=f"@alice.test\n{password}\n"
    )

    assert Ending.OK == added.code, added.err
    assert password not in added.out + added.err
    assert "can publish, as @alice.test on Bluesky" in added.out
    assert "alice.test" == empty.tokens(home).current("alice").secret["handle"]
    assert Ending.OK == call("account", "test", "alice").code


def test_a_password_that_is_not_taken_leaves_nothing(empty, shelf, call, bluesky, home, monkeypatch):
    monkeypatch.setenv("BSKY", "aaaa-bbbb-cccc-dddd")
    given = ("--set", "handle=alice.test", "--from-env", "app_password", "BSKY")
    added = call("account", "add", "alice", "--channel", "bluesky", *on(bluesky), *given)

    assert (Ending.REFUSED, {}, []) == (added.code, shelf.blocks, empty.read(account_rows.every))
    assert empty.tokens(home).current("alice") is None
    assert "is not taken" in added.err
    assert "aaaa-bbbb-cccc-dddd" not in added.out + added.err


def test_a_sign_in_is_taken_back_when_the_block_cannot_be_saved(
    empty, shelf, call, bluesky, home, monkeypatch
):
    """Prefect goes away between the probe and the saving."""
    save = shelf.save

    def goes_away(name, block):
        shelf.away = True
        save(name, block)

    monkeypatch.setattr("steadypost.cli.account.keeping.save", goes_away)
    password = bluesky.accounts["bob.test"]["password"]
    added = call(
        "account", "add", "bob", "--channel", "bluesky", *on(bluesky), stdin=f"bob.test\n{password}\n"
    )

    assert (Ending.REFUSED, {}, []) == (added.code, shelf.blocks, empty.read(account_rows.every))
    assert empty.tokens(home).current("bob") is None


# -- X's API


def test_four_keys_of_x(empty, shelf, call, x):
    keys = x.keys("alice")
    answers = "\n".join(["alice", "keys", *keys.values()])
    added = call("account", "add", "al", "--channel", "x_api", "--set", f"base_url={x.url}", stdin=answers)

    assert Ending.OK == added.code, added.err
    assert not any(one in added.out + added.err for one in keys.values())
    assert "$1.00 a day and $20.00 in thirty days" in added.out
    assert ["getUsersMe"] == x.requests


def test_keys_of_somebody_else_are_found_out(empty, shelf, call, x):
    answers = "\n".join(["alice", "keys", *x.keys("bob").values()])
    added = call("account", "add", "al", "--channel", "x_api", "--set", f"base_url={x.url}", stdin=answers)

    assert (Ending.REFUSED, {}) == (added.code, shelf.blocks)
    assert "@bob, not of @alice" in added.err


# -- X's page


def test_x_page_is_set_up_only_on_an_explicit_yes(empty, shelf, call):
    """The plain sentence comes first, and an empty answer is a no."""
    refused = call("account", "add", "alice", "--channel", "x_web", stdin="\n")

    assert (Ending.REFUSED, {}) == (refused.code, shelf.blocks)
    assert "X answers scripted pages with permanent suspension of the account." in refused.err


# -- test


def test_test_says_why_an_account_cannot_publish(empty, shelf, call, home):
    call("account", "add", "me", "--channel", "file")
    (home / "posts.jsonl").unlink()
    (home / "posts.jsonl").mkdir()
    tested = call("account", "test", "me", "--json")

    assert (Ending.REFUSED, False) == (tested.code, tested.json["account"]["well"])
    assert Cause.PAGE_UNREACHABLE == tested.json["account"]["cause"]
    assert "me cannot publish: the file cannot be used" in call("account", "test", "me").out


def test_test_names_the_accounts_there_are(empty, shelf, call):
    call("account", "add", "me", "--channel", "file")
    refused = call("account", "test", "mee")

    assert Ending.REFUSED == refused.code
    assert "there are: me" in refused.err
