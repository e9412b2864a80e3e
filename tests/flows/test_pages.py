"""Prefect's pages as authors meet them, by a real server: forms, what a run answers, the board, and what is kept."""

import re
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import BlockDocumentCreate
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterKey,
    FlowRunFilter,
    FlowRunFilterTags,
)
from prefect.settings import PREFECT_API_URL, temporary_settings

from blocks import FileAccount, OnCall
from rehearsal.stack import start_worker, up
from steadypost.store import Store, reading
from steadypost.store import accounts as account_rows
from tasks.forms import AUTHOR
from tasks.pages import BOARD
from tasks.runs import FORMERLY, deployment_of

pytestmark = [pytest.mark.prefect, pytest.mark.slow, pytest.mark.timeout(600)]

STARTS_WITHIN = 240
"""Seconds for a run to start and end: on a machine that others use, Python alone takes a minute to start."""


@pytest.fixture(scope="module")
def house(tmp_path_factory, wait_until):
    """A server as an older version left it, to which this one is applied; then a worker, and one account."""
    home = tmp_path_factory.mktemp("house")
    settings = {"STEADYPOST_BROWSERS": "1", "STEADYPOST_ZONE": "Europe/Berlin", "STEADYPOST_WATCH_EVERY": "5"}
    with (
        up(home, settings=settings) as stack,
        temporary_settings({PREFECT_API_URL: stack.api_url}),
        get_client(sync_client=True) as client,
    ):
        as_an_older_version_left_it(client)
        save_account(home, "ann")
        start_worker(stack)
        store = Store.open(f"sqlite:///{home}/steadypost.db")
        # The tests come in any order, and each of them needs the account.
        wait_until(
            lambda: "ann" in {one.name for one in store.read(account_rows.every)},
            description="the account is known",
            within=STARTS_WITHIN,
        )
        yield SimpleNamespace(stack=stack, client=client, home=home, store=store)
        store.close()


def as_an_older_version_left_it(client):
    """All deployments of one name, one of them paused; and who is on call as a list."""
    for flow in ("compose", "plan"):
        client.create_deployment(client.create_flow_from_name(flow), FORMERLY, paused=flow == "plan")
    OnCall.register_type_and_schema()
    kind = client.read_block_type_by_slug(OnCall.get_block_type_slug())
    older = OnCall._to_block_schema(block_type_id=kind.id)
    older.fields["properties"] = {"tell": {"type": "array", "items": {"type": "string"}, "title": "Tell"}}
    client.create_block_document(
        BlockDocumentCreate(
            name="steadypost",
            block_type_id=kind.id,
            block_schema_id=client.create_block_schema(older).id,
            data={"tell": ["custom-webhook/pager", "slack-webhook/ops"], "tell_repaired": False},
        )
    )


def save_account(home, name):
    FileAccount.register_type_and_schema()
    FileAccount(handle=name, base_url=f"file://{home}/{name}.jsonl").save(name, overwrite=True)


def form_of(client, flow):
    return client.read_deployment_by_name(deployment_of(flow)).parameter_openapi_schema


def accounts_in(client, flow):
    schema = form_of(client, flow)
    places = [schema, *schema.get("definitions", {}).values()]
    [field] = [one["properties"]["accounts"] for one in places if "accounts" in one.get("properties", {})]
    return field["items"].get("enum")


def ended(house, flow, **parameters):
    """Start a run as the form does, and give it as it ended, with the page that it wrote."""
    client = house.client
    run = client.create_flow_run_from_deployment(
        client.read_deployment_by_name(deployment_of(flow)).id, parameters=parameters
    )
    ends = time.monotonic() + STARTS_WITHIN
    while not (found := client.read_flow_run(run.id)).state.is_final():
        assert time.monotonic() < ends, f"{flow} did not end"
        time.sleep(0.5)  # another process's work: nothing tells when it is done
    [page] = client.read_artifacts(
        artifact_filter=ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
    )
    return found, page


def test_what_all_were_called_is_gone_and_a_pause_stays(house):
    """A renamed deployment must not run beside its former self, nor one that somebody paused start again."""
    names = {one.name for one in house.client.read_deployments()}

    assert FORMERLY not in names
    assert house.client.read_deployment_by_name(deployment_of("plan")).paused
    assert not house.client.read_deployment_by_name(deployment_of("compose")).paused


def test_who_is_on_call_is_drawn_as_fields_of_what_the_list_said(house):
    """Prefect draws a document by the fields it was saved with: an old one is saved anew, and says the same."""
    document = house.client.read_block_document_by_name(
        "steadypost", OnCall.get_block_type_slug(), include_secrets=True
    )
    drawn = document.block_schema.fields["properties"]

    assert {"name_of_person", "address", "block", "hours", "tell_ended"} <= set(drawn)
    assert ("string", "password") == (drawn["block"]["type"], drawn["address"]["format"])
    assert "tell" not in {*drawn, *document.data}
    loaded = OnCall.load("steadypost")
    assert (["custom-webhook/pager", "slack-webhook/ops"], False) == (loaded.blocks, loaded.tell_repaired)


def test_a_form_offers_the_accounts_there_are_and_follows_them(house, wait_until):
    """What can be chosen is chosen; an account that is saved is there with the next round of the watch."""
    fields = form_of(house.client, "compose")["definitions"]["Form"]["properties"]

    there = accounts_in(house.client, "compose")
    assert (True, False) == ("ann" in there, "cleo" in there)
    assert there == accounts_in(house.client, "import")
    assert "date" == fields["day"]["format"]
    assert "Europe/Berlin" == fields["zone"]["default"]
    assert {"when", "time", "zone", "repeat", "late_within", "when_late"} <= {
        name for name, field in fields.items() if "enum" in field
    }
    assert all(
        field["default"] in field["enum"] for field in fields.values() if {"enum", "default"} <= set(field)
    )

    save_account(house.home, "cleo")
    wait_until(
        lambda: "cleo" in accounts_in(house.client, "compose"),
        description="the form offers the new account",
        within=STARTS_WITHIN,
    )


def test_an_accepted_form_says_what_it_made_and_links_it(house):
    """In a state that lists count, named by who says what, when, by the clocks of the zone."""
    day = (datetime.now(UTC) + timedelta(days=30)).date()
    post = {"text": "First frost on the lake this morning.", "accounts": ["ann"], "zone": "Europe/Berlin"}
    run, page = ended(house, "compose", post={**post, "day": day.isoformat(), "time": "18:30"})

    assert "Completed" == run.state.name
    assert f"ann, {day:%a %d %b} 18:30 Berlin: First frost on the lake this morning." == run.name
    assert AUTHOR in run.tags
    number = re.search(r"ann: delivery (\d+), \w+ \d+ \w+ \d+ 18:30 \(Europe/Berlin\)", run.state.message)[1]
    assert f"/artifacts/artifact/{page.id}" in run.state.message
    assert f"| {number} | ann | {day:%a %d %b %Y} 18:30 | scheduled |" in page.data
    assert "/artifacts/artifact/" in page.data  # the board
    assert "ann" == house.store.read(reading.show, int(number)).delivery.account


def test_a_refused_form_says_so_first_with_field_value_and_remedy(house):
    """Also for what no list offers, since a run is started by more than forms. Nothing was changed."""
    before = house.store.read(reading.counts)
    run, page = ended(
        house, "compose", post={"text": "Hello", "accounts": ["anne"], "day": "2027-03-28", "time": "02:30"}
    )

    assert "Failed" == run.state.name
    assert run.state.message.startswith("Refused; nothing was changed.")
    assert """accounts 'anne': no account has this name; "ann" was meant?""" in run.state.message
    assert "when '2027-03-28 02:30': the clocks of Europe/Berlin go forward" in run.state.message
    assert page.data.startswith("# Refused: nothing was changed")
    assert before == house.store.read(reading.counts)
    assert "Traceback" not in run.state.message


def test_a_run_that_is_started_with_nothing_is_refused_in_words(house):
    """Prefect's quick run sends no parameters at all."""
    run, _ = ended(house, "compose")

    assert ("Failed", True) == (run.state.name, "day: it says no day" in run.state.message)


def test_an_import_has_a_table_by_sheet_row_and_a_file_to_mend(house):
    """New, refused with why, and what was there before; what was refused is named as a file, beside the list."""
    (house.home / "posts.csv").write_text(
        "text,accounts,when,key\n"
        "The ferry goes at nine.,ann,2027-05-04 09:00,k1\n"
        "The ferry goes at ten.,anne,2027-05-04 10:00,k2\n"
    )
    run, page = ended(house, "import", path="posts.csv")

    assert ("Completed", "import posts.csv") == (run.state.name, run.name)
    assert run.state.message.startswith("1 new, 1 refused.")
    assert "posts-refused.csv" in run.state.message
    assert re.search(r"\| 2 \| new \| The ferry goes at nine\. \|", page.data)
    assert re.search(r"\| 3 \| refused \|.*accounts 'anne'", page.data)
    assert "posts-refused.csv" in page.data
    assert "k2" in (house.home / "posts-refused.csv").read_text()

    again, page = ended(house, "import", path="posts.csv")
    assert "Completed" == again.state.name
    assert re.search(r"\| 2 \| same \|", page.data)

    nothing, _ = ended(house, "import")
    assert ("Failed", True) == (nothing.state.name, "path: it is empty" in nothing.state.message)


def test_the_board_stays_where_it_is_linked(house, wait_until):
    """One artifact, written over: its address is in the descriptions, and what it shows is of now."""
    found = ArtifactFilter(key=ArtifactFilterKey(any_=[BOARD]))
    save_account(house.home, "ben")
    wait_until(
        lambda: any("ben" in one.data for one in house.client.read_artifacts(artifact_filter=found)),
        description="the board shows the new account",
        within=STARTS_WITHIN,
    )
    [board] = house.client.read_artifacts(artifact_filter=found)
    described = [one for one in house.client.read_deployments() if AUTHOR in one.tags]

    assert 6 == len(described)
    assert all(f"(/artifacts/artifact/{board.id})" in one.description for one in described)
    assert "All times are those of **Europe/Berlin**" in board.data
    wait_until(
        lambda: str(board.id) in house.stack.run("steadypost.cli", "status").stdout,
        description="status links it; a server that takes long to answer is not waited for",
        within=STARTS_WITHIN,
    )


def test_an_authors_runs_are_found_by_their_tag(house):
    """None of the house's own is among them, however many those are."""
    tagged = FlowRunFilter(tags=FlowRunFilterTags(all_=[AUTHOR]))
    flows = {flow.id: flow.name for flow in house.client.read_flows()}

    found = {flows[run.flow_id] for run in house.client.read_flow_runs(flow_run_filter=tagged)}
    assert set() == found & {"publish", "reconcile", "watch", "plan", "canary"}
