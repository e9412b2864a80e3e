"""``delete``: a person takes a live post down, or a known copy of one, after seeing it; nothing else is ever touched."""

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest

from steadypost.channels.port import Access, RemoveReport
from steadypost.cli import opening
from steadypost.cli.endings import Ending
from steadypost.domain.delivery import State
from steadypost.domain.evidence import Present, SeenPost, Sighting
from steadypost.domain.likeness import plain
from steadypost.domain.outcome import Answer, Cause, Published
from steadypost.domain.post import Part, Post
from steadypost.networks.x.snowflake import id_at
from steadypost.store import intake, looks, reading, settling
from tests.cli.conftest import NOW

TEXT = "The lamp is lit."
WHY = ("--why", "it looked silly", "--by", "Dora")


class Network:
    """A network that shows and takes down what it has."""

    def __init__(self, *posts):
        self.posts = {post.id: post for post in posts}
        self.removed = []
        self.obeys = True
        self.trouble = None

    def change(self, **how):
        """Make another post of the copy."""
        copy = max(self.posts)
        self.posts[copy] = replace(self.posts[copy], **how)

    def look(self, access, request, *, deadline):
        post = self.posts.get(request.post)
        return Sighting(
            account=access.handle,
            at=NOW,
            posts=(post,) if post else (),
            missing=frozenset() if post else frozenset({request.post}),
            told=True,
            place=request.place,
            post=request.post,
            trouble=self.trouble,
        )

    def remove(self, access, post, *, deadline):
        self.removed.append(post)
        if self.obeys:
            del self.posts[post]
        return RemoveReport(asked=True)


@pytest.fixture
def known(store):
    """A delivery that is live twice: its number, its own post, and the copy that a look found."""
    (added,) = store.write(
        intake.add, Post(parts=(Part(text=TEXT),)), accounts=["alice"], due_at=NOW, now=NOW
    )
    (claim,) = store.claim(worker="w", now=NOW, lease=timedelta(seconds=30), at_most=1, accounts=["alice"])
    assert store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOW)
    ours, copy = (id_at(NOW + timedelta(seconds=1), sequence=n) for n in (1, 2))
    store.write(
        settling.answered,
        claim.attempt_id,
        Answer(outcomes=(Published(remote_id=ours),)),
        now=NOW,
        jitter=0.5,
    )
    soon = NOW + timedelta(minutes=1)
    store.write(
        looks.saw,
        added.delivery_id,
        {0: Present(remote_id=ours)},
        now=soon,
        next_at=soon,
        found_copies={0: (copy,)},
    )
    return added.delivery_id, ours, copy


@pytest.fixture
def network(known, monkeypatch):
    _, ours, copy = known
    posts = (SeenPost(id=one, author="alice_x", said=plain(TEXT)) for one in (ours, copy))
    network = Network(*posts)
    access = Access(
        account="alice", handle="alice_x", base_url="http://127.0.0.1:1", secret={}, rules_accepted=True
    )
    monkeypatch.setattr(opening, "opened", lambda *_: contextlib.nullcontext((network, access)))
    return network


def test_a_copy_is_taken_down_after_both_were_shown(call, store, known, network):
    delivery_id, ours, copy = known
    done = call("delete", "--copy", copy, *WHY, stdin="y\n")

    assert (Ending.OK, [copy]) == (done.code, network.removed)
    assert all(one in done.err for one in (ours, copy, TEXT))
    (act,) = store.read(reading.show, delivery_id).acts
    assert ("Dora", "it looked silly", f"delete --copy {copy}") == (act.by, act.why, act.did)


@pytest.mark.parametrize("stdin", ["n\n", ""], ids=["no", "nobody is there"])
def test_without_a_yes_nothing_is_taken_down(call, store, known, network, stdin):
    delivery_id, _, copy = known
    done = call("delete", "--copy", copy, *WHY, stdin=stdin)

    assert (Ending.REFUSED, [], ()) == (
        done.code,
        network.removed,
        store.read(reading.show, delivery_id).acts,
    )


@pytest.mark.usefixtures("network")
def test_what_is_no_copy_is_refused_before_any_browser(call, known, monkeypatch):
    """The delivery's own post, above all; and an id that nobody ever saw."""
    monkeypatch.setattr(opening, "opened", lambda *_: pytest.fail("a browser was opened"))
    for post in (known[1], id_at(NOW)):
        done = call("delete", "--copy", post, *WHY, "--yes")
        assert (Ending.REFUSED, True) == (done.code, post in done.err)


@pytest.mark.parametrize(
    "change",
    [
        lambda network: network.posts.pop(min(network.posts)),
        lambda network: network.change(said=plain("Else")),
        lambda network: network.change(author="bob"),
        lambda network: setattr(network, "trouble", Cause.SIGNED_OUT),
    ],
    ids=["the other is gone", "it says something else", "somebody else's", "nobody can look"],
)
def test_a_copy_that_is_not_what_it_was_is_left_alone(call, store, known, network, change):
    delivery_id, _, copy = known
    change(network)
    done = call("delete", "--copy", copy, *WHY, "--yes")

    assert (Ending.REFUSED, [], ()) == (
        done.code,
        network.removed,
        store.read(reading.show, delivery_id).acts,
    )


def test_it_is_done_only_when_a_look_says_so(call, store, known, network):
    """A page that says it is gone says nothing; given again, the command goes on from what is there."""
    delivery_id, _, copy = known
    network.obeys = False
    assert Ending.REFUSED == call("delete", "--copy", copy, *WHY, "--yes").code
    assert () == store.read(reading.show, delivery_id).acts

    network.posts.pop(copy)
    assert Ending.OK == call("delete", "--copy", copy, *WHY, "--yes", "--json").code
    assert [copy] == network.removed
    assert 1 == len(store.read(reading.show, delivery_id).acts)
    assert Ending.REFUSED == call("delete", "--copy", copy, *WHY, "--yes").code


# A delivery's own post ---------------------------------------------------------------------------------------


def gone(store, delivery_id):
    return store.read(reading.show, delivery_id).delivery.state is State.REMOVED


def test_a_live_post_is_taken_down_after_it_was_shown(call, store, known, network):
    """With who and why on record, before and after; the copy that somebody else may want stays."""
    delivery_id, ours, copy = known
    done = call("delete", str(delivery_id), "--from-network", *WHY, stdin="y\n")

    assert (Ending.OK, [ours]) == (done.code, network.removed)
    assert TEXT in done.err
    assert f"Delivery {delivery_id} of alice is removed" in done.out
    assert [("Dora", "it looked silly")] * 2 == [
        (act.by, act.why) for act in store.read(reading.show, delivery_id).acts
    ]
    assert gone(store, delivery_id)
    assert {copy} == set(network.posts)


@pytest.mark.parametrize("stdin", ["n\n", ""], ids=["no", "nobody is there"])
def test_without_a_yes_the_post_stays(call, store, known, network, stdin):
    delivery_id, _, _ = known
    done = call("delete", str(delivery_id), "--from-network", *WHY, stdin=stdin)

    assert (Ending.REFUSED, [], ()) == (
        done.code,
        network.removed,
        store.read(reading.show, delivery_id).acts,
    )


def test_nobody_starts_a_prefect_of_its_own_to_look_for_the_account(call, store, known):
    """It would stand there unseen, and know no account."""
    delivery_id, _, _ = known
    done = call("delete", str(delivery_id), "--from-network", *WHY, "--yes")

    assert Ending.REFUSED == done.code
    assert "the address of Prefect's API is not set" in done.err
    assert "steadypost up" in done.err


def test_once_more_is_no_harm(call, store, known, network):
    """It is looked at again, and nothing is asked."""
    delivery_id, ours, _ = known
    for _ in range(2):
        done = call("delete", str(delivery_id), "--from-network", *WHY, "--yes", "--json")

    assert (Ending.OK, [ours], [ours]) == (done.code, network.removed, done.json["removed"])
    assert "removed" == done.json["delivery"]["state"]


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["1"], "steadypost cancel 1"),
        ([], "no delivery and no copy is named"),
        (["--from-network"], "no delivery and no copy is named"),
        (["1", "--from-network", "--copy", "5"], "--copy names one post by itself"),
    ],
)
def test_it_has_to_be_plain_what_is_to_go(call, monkeypatch, words, told):
    """Most of all: what waits is not what is live."""
    monkeypatch.setattr(opening, "opened", lambda *_: pytest.fail("the account was opened"))
    done = call("delete", *words, *WHY)

    assert (Ending.USAGE, True) == (done.code, told in done.err)


@pytest.mark.usefixtures("network")
def test_what_waits_is_not_taken_down(call, store, monkeypatch):
    monkeypatch.setattr(opening, "opened", lambda *_: pytest.fail("the account was opened"))
    (added,) = store.write(
        intake.add, Post(parts=(Part(text="Soon."),)), accounts=["bob"], due_at=NOW, now=NOW
    )
    done = call("delete", str(added.delivery_id), "--from-network", *WHY, "--yes", "--json")

    assert (Ending.REFUSED, "not_live") == (done.code, done.json["error"]["kind"])
    assert "steadypost cancel" in done.json["error"]["remedy"]
