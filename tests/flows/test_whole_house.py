"""The whole house as real processes: sandbox, Prefect server, worker, browsers. The network's ledger is the judge."""

import contextlib
import json
import logging
import os
import shutil
import signal
import time
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import BlockDocumentCreate, BlockDocumentUpdate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.settings import PREFECT_API_URL, temporary_settings

from blocks import Switches
from flows.answering import BETWEEN
from rehearsal.audit import audit
from rehearsal.stack import ROOT, start_worker, up
from sandbox.client import SandboxProcess
from steadypost.domain.circuit import State as Standing
from steadypost.domain.delivery import State
from steadypost.domain.post import Part, Post
from steadypost.store import Store, intake, reading, watches
from steadypost.store import accounts as account_rows
from tasks.house import REFRESH_EVERY
from tasks.runs import deployment_of

pytestmark = [pytest.mark.browser, pytest.mark.prefect, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Everything, running; at the end, nothing."""
    home = tmp_path_factory.mktemp("house")
    sandbox = SandboxProcess(state_file=home / "sandbox.json")
    with up(home, sandbox=sandbox, settings={"STEADYPOST_BROWSERS": "2"}) as stack:
        saved = stack.run("rehearsal.accounts", str(home / "sandbox.json"), "--per-hour", "1000")
        assert 0 == saved.returncode, saved.stderr
        start_worker(stack)
        stack.store = Store.open(f"sqlite:///{home}/steadypost.db")
        yield stack
        left = stack.pids
        browsers = living_browsers()
    assert [] == left()
    assert [] == [browser for browser in browsers if still_acts(browser)]


@pytest.fixture
def store(house, wait_until):
    wait_until(
        lambda: {"publish", "reconcile"} <= {watch.flow for watch in house.store.read(watches.every)},
        description="somebody is on watch",
        within=240,  # not what is tested here: on a machine that others use, Python alone takes a minute to start
    )
    wait_until(
        lambda: len(house.store.read(account_rows.every)) == 3,
        description="the accounts are known",
        within=120,
    )
    house.sandbox.clear_weather()
    return house.store


def schedule(store, text, *, account="alice", seconds=1.0):
    now = datetime.now(UTC)
    (added,) = store.write(
        intake.add,
        Post(parts=(Part(text=text),)),
        accounts=[account],
        due_at=now + timedelta(seconds=seconds),
        late_after=None,
        now=now,
    )
    return added.delivery_id


def state(store, delivery_id):
    return store.read(reading.show, delivery_id).delivery.state


def still_acts(process):
    """By pid and birth: a number may have been given to somebody else by now. The dead may not be buried yet."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def living_browsers():
    """The processes of browsers below this test's own. Any of them may end while they are being listed."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "chrom" in process.name():
                found.append(process)
    return found


def runs_on_watch(house):
    """The pids of the processes that the runs on watch, of both flows, live in."""
    ours = set(house.pids())
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if process.pid in ours
        and {"prefect.engine", "prefect.flow_engine"} & set(process.info["cmdline"] or ())
    ]


def live_texts(house):
    return [post["text"] for post in house.sandbox.live() if post["ask"]]


def test_a_due_post_goes_live_within_its_time(house, store, wait_until):
    """From its due second to its ask it takes a few seconds, and the store knows the id the network gave it."""
    delivery_id = schedule(store, "The ferry left on time, for once.")

    wait_until(
        lambda: state(store, delivery_id) is State.PUBLISHED, description="the post is published", within=40
    )
    found = audit(store, house.sandbox)

    assert [] == found.wrong
    assert 1 == live_texts(house).count("The ferry left on time, for once.")


def test_a_published_post_is_seen_again(house, store, wait_until):
    """What the network answered is checked against what the network shows."""
    delivery_id = schedule(store, "The harbour lights were all green.")

    wait_until(lambda: state(store, delivery_id) is State.PUBLISHED, description="published", within=40)
    wait_until(
        lambda: store.read(reading.show, delivery_id).verified_at,
        description="the post was seen on the timeline",
        within=60,
    )


def test_a_lost_answer_is_settled_by_a_look(house, store, wait_until):
    """The post is live, the answer never came: one copy, and its true id, without a second ask."""
    house.sandbox.weather({"fault": "drop_response", "account": "bob", "count": 1})
    delivery_id = schedule(store, "A gull stole the captain's sandwich.", account="bob")

    wait_until(
        lambda: state(store, delivery_id) is State.PUBLISHED, description="the look found it", within=90
    )

    assert 1 == live_texts(house).count("A gull stole the captain's sandwich.")
    assert 1 == len([ask for ask in house.sandbox.asks("bob") if "gull" in ask["text"]])
    assert [] == audit(store, house.sandbox).wrong


def test_a_browser_killed_in_mid_post_costs_no_copy_and_no_post(house, store, wait_until):
    """Chromium dies while the network thinks: the delivery is unconfirmed, others go on, a look settles it."""
    house.sandbox.weather({"fault": "latency", "account": "carol", "params": {"ms": 6000}})
    before = len(house.sandbox.asks("carol"))
    delivery_id = schedule(store, "Fog at noon, sun at one.", account="carol")
    wait_until(
        lambda: len(house.sandbox.asks("carol")) > before, description="the ask is on its way", within=40
    )
    browsers = living_browsers()
    assert browsers
    for browser in browsers:
        with_suppressed_kill(browser.pid)
    house.sandbox.clear_weather()
    other = schedule(store, "Meanwhile, at the bakery.", account="alice")

    wait_until(
        lambda: state(store, other) is State.PUBLISHED, description="another account goes on", within=60
    )
    wait_until(lambda: state(store, delivery_id) is State.PUBLISHED, description="it is settled", within=120)
    assert 1 == live_texts(house).count("Fog at noon, sun at one.")
    assert [] == audit(store, house.sandbox).wrong


def with_suppressed_kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def test_a_page_that_fails_for_one_account_is_left_alone_and_comes_back_by_itself(house, store, wait_until):
    """Alice's X answers 503: her circuit opens, Bob goes on, nothing of hers is charged, and when the fault ends
    a probe sees it and all of it goes out, each once, without anybody doing anything.
    """
    house.sandbox.weather({"fault": "page_error_status", "account": "alice", "params": {"status": 503}})
    texts = [f"High water, {n} of 4." for n in range(4)]
    ids = [schedule(store, text, seconds=0) for text in texts]
    opened = wait_until(
        lambda: newest_page(house, "x-page-alice", Standing.OPEN),
        description="the circuit of Alice's page is open",
        within=60,
    )
    other = schedule(store, "Low water, on time.", account="bob", seconds=0)
    wait_until(lambda: state(store, other) is State.PUBLISHED, description="Bob goes on", within=40)
    asked = len(house.sandbox.asks("alice"))
    house.sandbox.clear_weather()
    began = time.monotonic()

    wait_until(
        lambda: [state(store, one) for one in ids] == [State.PUBLISHED] * 4,
        description="all of Alice's are published",
        within=90,
    )

    assert ("server_error", "X answered HTTP 503 to opening its page") == (opened["cause"], opened["why"])
    assert len(house.sandbox.asks("alice")) == asked + 4
    assert {0} == {store.read(reading.show, one).delivery.broken for one in ids}
    assert time.monotonic() - began < 60
    assert [] == audit(store, house.sandbox).wrong
    assert newest_page(house, "x-page-alice", Standing.CLOSED)


def test_an_operator_opens_and_closes_a_circuit_in_prefects_pages(house, store, wait_until):
    """In force within a cycle, with reason and name; what was due waits, and goes out once it is closed."""
    with temporary_settings({PREFECT_API_URL: house.api_url}), get_client(sync_client=True) as client:
        document = wait_until(
            lambda: circuit(client, "x-page-carol"), description="Carol's circuit has its block", within=60
        )
        said = {"position": "open", "reason": "a new page of X's", "by": "Dora"}
        client.update_block_document(document.id, BlockDocumentUpdate(data=said))
        opened = wait_until(
            lambda: newest_page(house, "x-page-carol", Standing.FORCED_OPEN),
            description="it is open for everybody",
            within=20,
        )
        said_at = datetime.now(UTC)
        wait_until(
            lambda: last_heartbeat(store, "publish") - said_at > timedelta(seconds=REFRESH_EVERY + 1),
            description="the run on watch is a cycle on: it has read it",
            within=60,
        )
        delivery_id = schedule(store, "Held back by Dora.", account="carol", seconds=0)
        beside = schedule(store, "Nobody holds this one back.", account="bob", seconds=0.1)
        wait_until(lambda: state(store, beside) is State.PUBLISHED, description="Bob's goes out", within=40)
        assert (state(store, delivery_id), store.read(reading.show, delivery_id).delivery.attempts) == (
            State.SCHEDULED,
            0,
        )
        client.update_block_document(
            document.id, BlockDocumentUpdate(data={"position": "closed", "reason": "it works", "by": "Dora"})
        )
    wait_until(lambda: state(store, delivery_id) is State.PUBLISHED, description="it goes out", within=40)

    assert ("Dora", "a new page of X's") == (opened["by"], opened["why"])


def last_heartbeat(store, flow):
    """When the run on watch was last heard of."""
    return next(watch for watch in store.read(watches.every) if watch.flow == flow).heartbeat_at


def circuit(client, name):
    """The block in which a person says something of a circuit."""
    documents = client.read_block_documents_by_type("steadypost-circuit")
    return next((one for one in documents if one.name == name), None)


def newest_page(house, name, standing):
    """How a circuit stands, as anybody sees it in Prefect's pages, if it stands like this."""
    with temporary_settings({PREFECT_API_URL: house.api_url}), get_client(sync_client=True) as client:
        documents = client.read_block_documents_by_type("steadypost-circuit-page")
    pages = [one.data for one in documents if one.data["circuit"] == name]
    last = max(pages, key=lambda page: page["number"], default=None)
    return last if last and last["state"] == standing else None


def test_killed_runs_are_replaced(house, store, wait_until):
    """Kill -9 of all runs on watch at once: due posts go out again, without anybody doing anything.

    It takes ten seconds (``bench recovery`` measures it). Prefect's own SQLite base was once seen locked for its whole
    minute of patience by the requests that the killed ones had left behind; hence the patience here.
    """
    killed = runs_on_watch(house)
    assert killed
    for pid in killed:
        with_suppressed_kill(pid)
    delivery_id = schedule(store, "Tide tables, corrected.", account="alice", seconds=0)

    wait_until(
        lambda: state(store, delivery_id) is State.PUBLISHED,
        description="a new run on watch has published it",
        within=150,
    )
    assert 1 == live_texts(house).count("Tide tables, corrected.")


def test_a_prefect_server_that_stands_still_keeps_no_post_waiting(house, store, wait_until):
    """It takes connections and answers nobody (SIGSTOP): those on watch go on with what they know, at their pace."""
    server = psutil.Process(house.processes["server"].popen.pid)
    family = [server, *server.children(recursive=True)]
    for process in family:
        process.suspend()
    try:
        delivery_id = schedule(store, "Published without a sound from upstairs.", account="carol")
        wait_until(
            lambda: state(store, delivery_id) is State.PUBLISHED,
            description="it is published all the same",
            within=40,
        )
    finally:
        for process in family:
            process.resume()
    assert 1 == live_texts(house).count("Published without a sound from upstairs.")


def test_the_canary_opens_a_composer_and_submits_nothing(house, store, wait_until):
    """As the flow that is deployed, in a process and with a browser of its own; its slots are given back."""
    before = house.sandbox.asks()
    with temporary_settings({PREFECT_API_URL: house.api_url}), get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(deployment_of("canary"))

        def run_to_its_end():
            run = client.create_flow_run_from_deployment(deployment.id, parameters={"stay_seconds": 0})
            return wait_until(
                lambda: (state := client.read_flow_run(run.id).state) and state.is_final() and state,
                description="the canary has ended",
                within=120,
            )

        def had_the_place():
            # Every five minutes the schedule sends one too. Who comes while that one is on is cancelled.
            state = run_to_its_end()
            return None if state.is_cancelled() else state

        state = wait_until(had_the_place, description="no other canary was on", within=240)
        wait_until(
            lambda: (
                not client.read_global_concurrency_limit_by_name("steadypost-probe-network-x").active_slots
            ),
            description="its slots are given back",
        )

    assert (True, "1 well") == (state.is_completed(), state.message)
    assert house.sandbox.asks() == before


def test_applying_twice_does_no_harm(house, store):
    """What must exist is made once; a second time nothing changes and no second run comes on watch."""
    again = house.run("deployments")

    assert 0 == again.returncode, again.stderr
    assert "on watch: publish was" in again.stdout


def test_a_post_composed_in_the_form_goes_out(house, store, wait_until):
    """The ad-hoc run takes what the form sends, and a refused one says field, value and remedy."""
    with temporary_settings({PREFECT_API_URL: house.api_url}), get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(deployment_of("compose"))
        good = client.create_flow_run_from_deployment(
            deployment.id,
            parameters={"post": {"text": "Composed in a form.", "accounts": ["bob"], "when": "now"}},
        )
        bad = client.create_flow_run_from_deployment(
            deployment.id,
            parameters={
                "post": {"text": "x" * 281, "accounts": ["bob", "nobody"], "when": "2026-03-29T02:30:00"}
            },
        )

        def ended(run):
            state = client.read_flow_run(run.id).state
            return state if state and state.is_final() else None

        entered = wait_until(lambda: ended(good), description="the good one has entered", within=60)
        refused = wait_until(lambda: ended(bad), description="the bad one was refused", within=60)
        wait_until(
            lambda: errors_of(client, bad), description="the refusals stand in the run's log", within=30
        )
        errors = errors_of(client, bad)

    assert entered.is_completed(), entered.message
    assert refused.is_failed()
    assert all(word in refused.message for word in ("text", "281", "280", "accounts", "nobody", "when"))
    assert sorted(errors) == sorted(refused.message.split(BETWEEN)[:-1])  # the last is the page of it
    wait_until(
        lambda: "Composed in a form." in live_texts(house), description="the composed post is live", within=60
    )


def errors_of(client, run):
    """What a person reads in red in the log of a run. It comes there in one batch, at the end of the run."""
    log = client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run.id])))
    return [line.message for line in log if line.level >= logging.ERROR]


def test_an_image_named_in_the_form_is_found_in_the_machines_home(house, store, wait_until):
    """A run lives in a folder of its own that is gone afterwards; nobody could name a file from there."""
    shutil.copy("examples/media/sunrise.png", house.home / "sunrise.png")
    post = {
        "text": "The sun, from the form.",
        "accounts": ["bob"],
        "when": "now",
        "images": [{"path": "sunrise.png", "alt": "A low sun"}],
    }
    with temporary_settings({PREFECT_API_URL: house.api_url}), get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(deployment_of("compose"))
        client.create_flow_run_from_deployment(deployment.id, parameters={"post": post})
        wait_until(
            lambda: "The sun, from the form." in live_texts(house), description="it is live", within=90
        )


def test_a_document_of_an_older_version_still_loads(house):
    """Saved before all but the first switch were there: what it says counts, the rest is as it comes."""
    with temporary_settings({PREFECT_API_URL: house.api_url}), get_client(sync_client=True) as client:
        kind = client.read_block_type_by_slug(Switches.get_block_type_slug())
        older = Switches._to_block_schema(block_type_id=kind.id)
        older.fields["properties"] = {"publish": older.fields["properties"]["publish"]}
        schema = client.create_block_schema(older)
        client.create_block_document(
            BlockDocumentCreate(
                name="of-old",
                block_type_id=kind.id,
                block_schema_id=schema.id,
                data={"publish": {"on": False, "reason": "old"}},
            )
        )
        loaded = Switches.load("of-old")

    assert (False, "old") == (loaded.publish.on, loaded.publish.reason)
    assert loaded.reconcile.on


def test_a_switch_is_thrown_for_some(house, store, wait_until):
    """From the command line, in force within one cycle, for the same ones each time; and back again.

    A name in the document that nothing reads is none of the flows' business.
    """
    off = house.run("steadypost.cli", "switches", "publish", "--share", "50", "--why", "trying it out")
    assert (0, "") == (off.returncode, off.stderr)
    with temporary_settings({PREFECT_API_URL: house.api_url}), get_client(sync_client=True) as client:
        document = client.read_block_document_by_name("steadypost", Switches.get_block_type_slug())
        stray = BlockDocumentUpdate(data={"pubish": {"on": False}}, merge_existing_data=True)
        client.update_block_document(document.id, stray)
    shown = json.loads(house.run("steadypost.cli", "switches", "publish", "--json").stdout)["switch"]
    assert (
        "on for 50 %",
        "trying it out",
        ["alice", "bob"],
    ) == (shown["stands"], shown["reason"], shown["on_for"])

    # Due when the flows have read the switch for certain: they read it every five seconds.
    waits = schedule(store, "The kite shop is closed today.", account="carol", seconds=12)
    goes = schedule(store, "The kite shop's neighbour is open.", account="bob", seconds=12.5)
    wait_until(lambda: state(store, goes) is State.PUBLISHED, description="bob's is published", within=60)
    assert state(store, waits) is State.SCHEDULED

    on = house.run("steadypost.cli", "switches", "publish", "--on", "--why", "it was good")
    assert 0 == on.returncode, on.stderr
    wait_until(lambda: state(store, waits) is State.PUBLISHED, description="carol's is published", within=60)


def test_the_schedule_sends_relief(house, store, wait_until):
    """Prefect really schedules the next runs on watch: a scheduler that is silently broken is found here."""
    with temporary_settings({PREFECT_API_URL: house.api_url}), get_client(sync_client=True) as client:
        for name in (deployment_of("publish"), deployment_of("reconcile")):
            deployment = client.read_deployment_by_name(name)
            wait_until(
                lambda deployment=deployment: [
                    run
                    for run in client.read_flow_runs(
                        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id]))
                    )
                    if run.auto_scheduled and run.state.is_scheduled()
                ],
                description=f"the next run of {name} is scheduled",
                within=90,
            )


def test_a_relieved_run_ends_and_leaves_no_gap(house, store, wait_until):
    """The next run takes the lease, the old one completes, and a post due meanwhile is live in time."""
    before = next(watch for watch in store.read(watches.every) if watch.flow == "publish").run_id
    with temporary_settings({PREFECT_API_URL: house.api_url}), get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(deployment_of("publish"))
        client.create_flow_run_from_deployment(deployment.id)
        wait_until(
            lambda: (
                next(watch for watch in store.read(watches.every) if watch.flow == "publish").run_id != before
            ),
            description="another run has the lease",
            within=60,
        )
        delivery_id = schedule(store, "The watch has changed.", seconds=0)
        wait_until(
            lambda: state(store, delivery_id) is State.PUBLISHED, description="it is published", within=30
        )

        def relieved():
            # Read anew each time: a bound method of one reading would ask an old answer.
            return client.read_flow_run(before).state.is_completed()

        wait_until(relieved, description="the relieved run has ended well", within=30)
    assert 1 == live_texts(house).count("The watch has changed.")


def test_a_run_that_hangs_is_ended_and_leaves_its_place_to_the_next(house, store, wait_until):
    """
    It hangs where nobody can interrupt it, in its first run, and a second one beside it would be cancelled:
    at its deadline its process is gone, and the next run goes through at once.
    """
    with temporary_settings({PREFECT_API_URL: house.api_url}), get_client(sync_client=True) as client:
        deployed = Flow.from_source(str(ROOT), "tests/flows/hanging.py:hanging").to_deployment(
            "test", concurrency_limit=ConcurrencyLimitConfig(limit=1, collision_strategy="CANCEL_NEW")
        )
        deployment_id = deployed.apply(work_pool_name="steadypost")

        def run_to_its_end():
            run_id = client.create_flow_run_from_deployment(deployment_id).id
            return wait_until(
                lambda: (run := client.read_flow_run(run_id)).state.is_final() and run,
                description="the run has ended",
                within=120,
            )

        try:
            first, second = run_to_its_end(), run_to_its_end()
        finally:
            client.delete_deployment(deployment_id)

    assert (True, "Crashed") == (first.state.is_crashed(), first.state_name)
    assert (True, "Completed") == (second.state.is_completed(), second.state_name)
