"""Dockerfile, compose.yaml and the containers' pool say the same, and nothing that may not stand in them."""

import json
import re
import runpy
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from prefect.settings import Settings
from prefect.settings.legacy import _get_settings_fields
from prefect_docker.worker import DockerWorkerJobConfiguration

from deployments.pools import AD_HOC_POOL, template
from steadypost import settings

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if name != "database"}
LOCKED = runpy.run_path(str(ROOT / "tools" / "locked.py"))


def instructions(name):
    joined = DOCKERFILE.replace("\\\n", " ")
    return [line.split(None, 1)[1] for line in joined.splitlines() if line.startswith(f"{name} ")]


def default(value):
    """What compose makes of ``${NAME:-default}`` where nothing is set."""
    return re.sub(r"\$\{\w+:?-?([^}]*)\}", r"\1", value)


def test_no_host_of_a_registry_stands_anywhere():
    """Images have plain names; whoever keeps them elsewhere says so by an argument."""
    bases = [word for line in instructions("FROM") + instructions("ARG") for word in line.split()]
    images = [default(one["image"]) for one in SERVICES.values()] + [template_default("image")]

    assert [] == [one for one in [*bases, *images] if re.search(r"\w\.\w+/|localhost[:/]|://", one)]


def template_default(name):
    return template()["variables"]["properties"][name]["default"]


def test_the_image_is_no_root_and_has_an_init_and_a_health_check():
    assert "steadypost" == instructions("USER")[-1]
    assert ["tini", "--"] == json.loads(instructions("ENTRYPOINT")[0])
    assert "deployments.health" in instructions("HEALTHCHECK")[0]
    assert "deployments.supervisor" in instructions("CMD")[0]
    assert [] == [name for name, one in OURS.items() if one.get("user") or one.get("privileged")]


def test_every_service_of_ours_has_no_privilege():
    for one in OURS.values():
        assert ["ALL"] == one["cap_drop"]
        assert "no-new-privileges:true" in one["security_opt"]


def test_the_image_holds_the_product_and_neither_tests_nor_sandbox():
    """What is not let through by .dockerignore cannot be copied, and every package that ships is copied."""
    let_through = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = {
        word for line in instructions("COPY") for word in line.split()[:-1] if not word.startswith("--")
    }

    assert {"blocks", "deployments", "flows", "steadypost", "tasks", "prefect.yaml"} <= copied
    assert let_through | {"/opt/steadypost"} >= copied - {"tools/locked.py"}
    assert set() == let_through & {"tests", "sandbox", "rehearsal", "bench", ".env", ".git"}


def test_the_image_gets_what_the_lock_pins_for_the_product():
    """The same versions with the same hashes as everywhere, and nothing that only tests need."""
    lock = (ROOT / "requirements.lock").read_text()
    needed = LOCKED["needed"](lock, LOCKED["roots"]())

    assert LOCKED["roots"]() <= needed.keys()
    assert all(block in lock and "--hash=sha256:" in block for block in needed.values())
    assert set() == needed.keys() & {"pytest", "mypy", "ruff", "hypothesis", "mastodon-mock", "import-linter"}


def test_a_package_that_something_needed_needs_is_needed():
    lock = "\n".join(
        [
            *("a==1 \\", "    --hash=sha256:00", "    # via steadypost (pyproject.toml)"),
            *("b==2 \\", "    --hash=sha256:01", "    # via", "    #   a", "    #   c"),
            *("c==3 \\", "    --hash=sha256:02", "    # via steadypost (pyproject.toml)"),
        ]
    )

    assert ["a", "b"] == list(LOCKED["needed"](lock, {"a"}))
    with pytest.raises(KeyError):
        LOCKED["needed"](lock, {"unknown"})


def test_prefect_and_its_containers_are_pinned_exactly():
    """The server, its client and the worker of the containers move together, in the image as outside."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    lock = LOCKED["blocks"]((ROOT / "requirements.lock").read_text())

    for name in ("prefect", "prefect-docker"):
        (pinned,) = [one for one in told if one.startswith(f"{name}==")]
        assert lock[name].startswith(pinned)


def test_nothing_is_published_to_other_machines():
    ports = [port for one in SERVICES.values() for port in one.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_service_is_seen_to_be_well_and_comes_back():
    """What ends by design, or has nothing to be asked, says so."""
    checked = {name for name, one in SERVICES.items() if "test" in one.get("healthcheck", {})}

    assert {"database", "server"} == checked
    assert {"apply", "ad-hoc"} == {
        name for name, one in SERVICES.items() if one.get("healthcheck", {}).get("disable")
    }
    assert {"apply": "on-failure"} == {
        name: one["restart"] for name, one in SERVICES.items() if one["restart"] != "unless-stopped"
    }


def test_no_secret_stands_in_compose_and_each_is_asked_for():
    told = (ROOT / "compose.yaml").read_text()
    written = (ROOT / "tools" / "containers.sh").read_text()

    for name in ("POSTGRES_PASSWORD", "PREFECT_PASSWORD", "PREFECT_ENCRYPTION_KEY", "STEADYPOST_HOST"):
        used = re.findall(rf"\$\{{{name}([^}}]*)\}}", told)
        assert used
        assert {":?run tools/containers.sh first"} == set(used)
        assert f"keep {name} " in written


def test_the_settings_that_compose_hands_over_are_known():
    given = {
        name for one in OURS.values() for name in one.get("environment", {}) if name.startswith("STEADYPOST_")
    }
    in_image = set(re.findall(r"(STEADYPOST_\w+)=", " ".join(instructions("ENV"))))

    assert given
    assert set() == (given | in_image) - set(settings.KNOWN)


def test_the_settings_of_prefect_are_ones_it_knows():
    """One that it does not know it takes without a word."""
    given = {
        name for one in OURS.values() for name in one.get("environment", {}) if name.startswith("PREFECT_")
    }

    # The key is read from the environment alone.
    assert {"PREFECT_SERVER_ENCRYPTION_KEY"} == given - set(_get_settings_fields(Settings))


def test_a_worker_has_longer_to_stop_than_its_runs_have_to_come_home():
    """And longer than one attempt may take."""
    from deployments.supervisor import COMES_HOME_WITHIN  # noqa: PLC0415

    assert "3m" == SERVICES["worker"]["stop_grace_period"]
    assert settings.read({}).attempt.total_seconds() <= COMES_HOME_WITHIN < 180


def test_the_machine_of_a_worker_has_a_name_of_its_own():
    """Attempts are known by it: with a name that every machine has, one would call the other's executors dead."""
    assert SERVICES["worker"]["hostname"].startswith("${STEADYPOST_HOST:?")
    assert SERVICES["worker"]["hostname"] == SERVICES["apply"]["hostname"]


def test_only_the_service_that_starts_containers_speaks_to_the_engine():
    """Whoever may speak to the engine is root on the machine."""
    speaking = {
        name for name, one in SERVICES.items() if any("docker.sock" in v for v in one.get("volumes", []))
    }

    assert {"ad-hoc"} == speaking
    assert ["ad-hoc"] == SERVICES["ad-hoc"]["profiles"]
    assert AD_HOC_POOL in SERVICES["ad-hoc"]["command"]


def test_containers_of_runs_find_what_compose_makes():
    """Its network, its volume at the image's home, its image."""
    home = re.search(r"STEADYPOST_HOME=(\S+)", " ".join(instructions("ENV"))).group(1)

    assert [default(COMPOSE["networks"]["default"]["name"])] == template_default("networks")
    assert [f"{default(COMPOSE['volumes']['home']['name'])}:{home}"] == template_default("volumes")
    assert default(SERVICES["worker"]["image"]) == template_default("image") == settings.read({}).image
    assert f"home:{home}" in SERVICES["worker"]["volumes"]


def test_the_template_is_one_that_the_worker_takes():
    """Each value has its variable, each variable its default, and all of it is what the worker's model knows."""
    told = template()
    configured = json.dumps(told["job_configuration"])
    properties = told["variables"]["properties"]
    filled = re.sub(
        r'"\{\{ (\w+) \}\}"', lambda found: json.dumps(properties[found.group(1)]["default"]), configured
    )

    taken = DockerWorkerJobConfiguration.model_validate(json.loads(filled))

    assert set(properties) == set(re.findall(r"\{\{ (\w+) \}\}", configured))
    assert set(told["job_configuration"]) <= set(DockerWorkerJobConfiguration.model_fields)
    assert ("Never", False, "512m") == (taken.image_pull_policy, taken.privileged, taken.mem_limit)
    assert ["ALL"] == taken.container_create_kwargs["cap_drop"]


def test_the_profile_lets_chromium_make_its_sandbox_and_nobody_mount_or_trace():
    profile = json.loads((ROOT / "deployments" / "seccomp.json").read_text())
    allowed = {name for rule in profile["syscalls"] if "args" not in rule for name in rule["names"]}

    assert "SCMP_ACT_ERRNO" == profile["defaultAction"]
    assert {"clone", "clone3", "unshare", "chroot", "seccomp"} <= allowed
    assert set() == allowed & {
        *("mount", "umount2", "pivot_root", "setns", "ptrace", "bpf", "keyctl", "kexec_load", "init_module"),
        *(
            "open_by_handle_at",
            "perf_event_open",
            "process_vm_writev",
            "userfaultfd",
            "io_uring_setup",
            "reboot",
        ),
    }
    assert "seccomp:./deployments/seccomp.json" in SERVICES["worker"]["security_opt"]


def test_the_secrets_are_made_once_for_their_owner_alone(tmp_path):
    """A second run keeps every one: a database that is there would take no other password."""
    script = tmp_path / "tools" / "containers.sh"
    script.parent.mkdir()
    script.write_text((ROOT / "tools" / "containers.sh").read_text())
    written = []
    for _ in range(2):
        subprocess.run(["sh", str(script)], check=True, capture_output=True)
        written.append((tmp_path / ".env").read_text())

    values = dict(line.split("=", 1) for line in written[0].splitlines())
    assert written[0] == written[1]
    assert 0o600 == stat.S_IMODE((tmp_path / ".env").stat().st_mode)
    assert len(values) == len(set(values.values())) == 5
    assert {48} == {len(values["POSTGRES_PASSWORD"]), len(values["PREFECT_PASSWORD"])}
    assert re.fullmatch(r"[\w-]{43}=", values["PREFECT_ENCRYPTION_KEY"])


def test_what_is_secret_is_neither_committed_nor_built_in():
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()
    assert "*" in (ROOT / ".dockerignore").read_text().splitlines()
