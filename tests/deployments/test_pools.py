"""Which pools there are, of which type, and which deployments run where."""

import pytest
import yaml
from prefect.exceptions import ObjectAlreadyExists

from deployments.apply import ON_WATCH, PREFECT_YAML
from deployments.pools import (
    AD_HOC_POOL,
    WORK_POOL,
    PoolRefused,
    ensure_pools,
    is_ad_hoc,
    placed,
    prefect_file,
    template,
)
from tasks import runs

TOLD = yaml.safe_load(PREFECT_YAML.read_text())


class Pools:
    """Prefect's pools, by name."""

    def __init__(self, **types):
        self.there = dict(types)
        self.templates = {}

    def create_work_pool(self, wanted):
        if wanted.name in self.there:
            raise ObjectAlreadyExists(http_exc=None)
        self.there[wanted.name] = wanted.type
        self.templates[wanted.name] = wanted.base_job_template

    def read_work_pool(self, name):
        return type("Pool", (), {"type": self.there[name]})


def flow_of(deployment):
    return deployment["entrypoint"].rpartition(".")[2]


def test_without_containers_there_is_one_pool():
    pools = Pools()

    assert ["work pool: steadypost (process)"] == list(ensure_pools(pools, "process"))
    assert {WORK_POOL: "process"} == pools.there


def test_asked_for_the_containers_have_a_pool_with_our_template():
    pools = Pools()
    list(ensure_pools(pools, "docker"))

    assert {WORK_POOL: "process", AD_HOC_POOL: "docker"} == pools.there
    assert template() == pools.templates[AD_HOC_POOL]


def test_a_second_time_changes_nothing():
    pools = Pools()
    first = list(ensure_pools(pools, "docker"))

    again = list(ensure_pools(pools, "docker"))

    assert len(first) == len(again) > 0
    assert all(line.endswith("was there") for line in again)


def test_a_pool_of_another_type_is_named_with_the_remedy():
    """A process worker would poll a pool of containers for ever, or the other way round."""
    with pytest.raises(
        PoolRefused, match=r"steadypost is of the type docker, and process is needed. Delete it"
    ):
        list(ensure_pools(Pools(steadypost="docker"), "process"))


def test_what_a_person_starts_runs_in_containers_and_nothing_else_does():
    """What stays on watch is one machine's: its processes end and replace each other."""
    there = placed(TOLD, ad_hoc="docker", image="mine:7", host="berta")["deployments"]
    in_containers = {flow_of(one) for one in there if one["work_pool"]["name"] == AD_HOC_POOL}

    assert {"compose", "change", "resolve", "rollout", "delete", "import_posts"} == in_containers
    assert set() == in_containers & {name.partition("/")[0] for name in ON_WATCH}
    assert {"mine:7"} == {
        one["work_pool"]["job_variables"]["image"] for one in there if flow_of(one) in in_containers
    }
    assert all("env" in one["work_pool"]["job_variables"] for one in there)


def test_what_is_placed_leaves_what_was_told_as_it_is():
    placed(TOLD, ad_hoc="docker", image="mine:7", host="berta")

    assert yaml.safe_load(PREFECT_YAML.read_text()) == TOLD
    assert {WORK_POOL} == {one["work_pool"]["name"] for one in TOLD["deployments"]}
    assert {"compose", "change", "resolve", "rollout", "delete", "import_posts"} == {
        flow_of(one) for one in TOLD["deployments"] if is_ad_hoc(one)
    }


def test_the_file_that_is_applied_says_where_each_runs():
    with prefect_file(PREFECT_YAML, ad_hoc="docker", image="mine:7", host="berta") as file:
        assert placed(TOLD, ad_hoc="docker", image="mine:7", host="berta") == yaml.safe_load(file.read_text())
        assert PREFECT_YAML != file
    assert not file.exists()
    with prefect_file(PREFECT_YAML, ad_hoc="process", image="mine:7", host="berta") as file:
        assert placed(TOLD, ad_hoc="process", image="mine:7", host="berta") == yaml.safe_load(
            file.read_text()
        )


def test_each_machine_has_a_deployment_whose_runs_only_its_worker_takes():
    """The same flow as for everybody, in the queue of that machine, between two reliefs of the one on watch."""
    *others, own = placed(TOLD, ad_hoc="process", image="mine:7", host="berta")["deployments"]
    [publish] = [one for one in others if flow_of(one) == "publish"]

    assert TOLD["deployments"] == others
    assert runs.deployment_of("publish@berta") == f"{flow_of(own)}/{own['name']}"
    assert "publish@berta" == runs.flow_of(runs.deployment_of("publish@berta"))
    assert "publish" == runs.flow_of(runs.deployment_of("publish"))
    assert {"machine": "berta"} == own["parameters"]
    assert publish["work_pool"] | {"work_queue_name": "berta"} == own["work_pool"]
    assert publish["concurrency_limit"] == own["concurrency_limit"]
    assert publish["schedules"][0]["anchor_date"] != own["schedules"][0]["anchor_date"]
