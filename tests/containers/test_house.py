"""Everything in containers publishes each post once, whatever is updated, killed or hangs meanwhile.

What went out is read from the file channel's file, never from what Steadypost believes.
"""

import base64
import json
import os
import signal
import urllib.error
import urllib.request
from datetime import datetime
from itertools import pairwise

import pytest

from tests.containers.boxes import wait_for
from tests.containers.images import BASE, build

pytestmark = pytest.mark.timeout(3600)

WORKER = " worker start "

RUN = " prefect.engine "

EACH_ONCE_WITHIN = 420.0
"""Seconds after the last post was due."""


@pytest.fixture(scope="session")
def account(house):
    """An account on the file channel, set up as the README says."""
    told = house.steadypost("account", "add", "me", "--channel", "file")
    wait_for(lambda: "me" in json.dumps(house.steadypost("accounts")), "the account is known", 60)
    return told


def texts(what, number):
    return [f"{what} {n:03d}: the ferry of pier {n * 7 % 101} has left." for n in range(number)]


def once_each(house, wanted, figures, what):
    """Wait until all are there, then see that none is there twice."""
    wait_for(lambda: set(wanted) <= house.times().keys(), f"every post of {what} is out", EACH_ONCE_WITHIN)
    times = house.times()
    copies = sum(times[text] - 1 for text in wanted)
    lost = sum(times[text] == 0 for text in wanted)
    at = sorted(datetime.fromisoformat(post["at"]) for post in house.posts() if post["text"] in set(wanted))
    gap = max((later - sooner).total_seconds() for sooner, later in pairwise(at))
    figures.note(f"{what}: {len(wanted)} posts, {copies} copies, {lost} lost, longest pause {gap:.0f} s")
    assert (0, 0) == (copies, lost)


def test_the_password_is_asked_for_and_serves(house):
    """What is published on this machine is Prefect's API, behind its password."""
    address = f"http://127.0.0.1:{house.port}/api/admin/version"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(address, timeout=30)
    refused.value.close()
    signed = base64.b64encode(f"steadypost:{house.secrets['PREFECT_PASSWORD']}".encode()).decode()
    asked = urllib.request.Request(address, headers={"Authorization": f"Basic {signed}"})

    assert 401 == refused.value.code
    with urllib.request.urlopen(asked, timeout=30) as said:  # noqa: S310 - our own http address
        assert 200 == said.status


def test_prefects_pages_are_there(house):
    """They are made when the server starts, by a user who may not write into its own program."""
    with urllib.request.urlopen(f"http://127.0.0.1:{house.port}/", timeout=30) as said:
        assert b"<html" in said.read().lower()


def test_nothing_of_ours_runs_as_root(house):
    for service in ("server", "worker", "ad-hoc"):
        assert "10001" == house.inside("id", "-u", service=service).strip()
    assert "tests" not in house.inside("ls", "/opt/steadypost").split()


def test_a_browser_starts_in_its_own_sandbox_with_our_profile_and_not_without(house, figures):
    """No capability, no privilege: what the profile allows is enough, and what Docker allows by itself is not."""
    given = [
        "run",
        "--rm",
        "--network",
        "none",
        "--cap-drop",
        "ALL",
        "--security-opt",
        "no-new-privileges:true",
    ]
    proof = [house.image, "python", "-m", "steadypost.browser"]
    ours = [
        "--security-opt",
        f"seccomp={house.folder / 'deployments' / 'seccomp.json'}",
        "--shm-size",
        "512m",
    ]

    told = house.engine.docker(*given, *ours, *proof)
    with pytest.raises(AssertionError, match="finds no sandbox"):
        house.engine.docker(*given, "--shm-size", "512m", *proof)

    assert "it starts" in told
    figures.note(f"in its own sandbox, as an ordinary user: {told.strip()}")


def test_a_post_goes_out(house, account, figures):
    with figures.timed("a post, from 'steadypost add' to the file"):
        house.inside(
            "steadypost", "add", "Good morning from a container.", "--account", "me", "--when", "now"
        )
        wait_for(lambda: house.times()["Good morning from a container."], "the post is out", 120)

    assert 1 == house.times()["Good morning from a container."]


def test_what_a_person_starts_runs_in_a_container_of_its_own(house, account, figures):
    """And what it takes in goes out: it reaches the store by its block, without a secret in its template."""
    post = {"accounts": ["me"], "when": "now", "text": "Written in Prefect's own form."}
    with figures.timed("an ad-hoc run in a container of its own, from its start to its end"):
        house.inside(
            *("prefect", "deployment", "run", "compose/steadypost", "--param", f"post={json.dumps(post)}"),
            *("--watch", "--watch-interval", "2", "--watch-timeout", "240"),
        )
    found = house.engine.docker(
        "ps",
        "--all",
        "--filter",
        "label=io.prefect.deployment-name=steadypost",
        "--format",
        "{{.Names}} {{.Image}}",
    )
    wait_for(lambda: house.times()[post["text"]], "the post is out", 120)
    template = house.inside("prefect", "work-pool", "inspect", "steadypost-ad-hoc", "--output", "json")

    assert house.image in found
    assert 1 == house.times()[post["text"]]
    assert not any(secret in template for name, secret in house.secrets.items() if "PASSWORD" in name)


def test_an_update_copies_nothing_and_loses_nothing(house, account, figures):
    """A new image, as the README says, while posts go out: what is under way is brought home first."""
    before = house.container("worker")["Id"]
    (house.folder / "steadypost" / "py.typed").write_text(f"a version after {before}\n")
    build(house.engine, house.folder, house.image, BASE=BASE)
    wanted = texts("Update", 60)
    house.take_in(wanted, first=5, every=4)
    wait_for(lambda: house.times()[wanted[3]], "posts go out", 180)

    with figures.timed("an update, from 'compose up' to a healthy worker"):
        house.up()
        assert not set(wanted) <= house.times().keys(), "all were out before the update was through"
        house.well("worker")

    assert before != house.container("worker")["Id"]
    once_each(house, wanted, figures, "an update")


def test_a_container_that_is_killed_copies_nothing_and_loses_nothing(house, account, figures):
    """It comes back by its restart policy, and knows of what it was that it is over."""
    wanted = texts("Killed", 30)
    house.take_in(wanted, first=5, every=2)
    wait_for(lambda: house.times()[wanted[3]], "posts go out", 120)
    seen = house.container("worker")

    os.kill(seen["State"]["Pid"], signal.SIGKILL)

    wait_for(
        lambda: house.container("worker")["RestartCount"] > seen["RestartCount"], "it was started again", 60
    )
    house.well("worker")
    once_each(house, wanted, figures, "a killed container")


def test_a_worker_that_stands_still_is_replaced_and_takes_nobody_along(house, account, figures):
    """The watch ends it, its supervisor starts another, no run on watch ends for it, and no second worker is started."""
    before, runs = house.processes(WORKER), house.processes(RUN)
    count = house.container("worker")["RestartCount"]
    assert (1, True) == (len(before), len(runs) >= 3)
    house.inside("sh", "-c", f"kill -STOP {next(iter(before))}")

    with figures.timed("a worker that hangs, until another runs"):
        wait_for(lambda: (now := house.processes(WORKER)) and not now & before, "another worker runs", 300)

    assert 1 == len(house.processes(WORKER))
    assert runs <= house.processes(RUN)
    assert count == house.container("worker")["RestartCount"]
