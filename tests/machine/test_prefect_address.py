"""Every command finds Prefect's API by the home alone, and starts no server of its own."""

import stat

from steadypost import prefect_address

URL = "http://127.0.0.1:4200/api"


def test_the_address_is_kept_and_found_again(tmp_path):
    """With its key, for this user alone."""
    kept = prefect_address.keep(tmp_path, {"PREFECT_API_URL": URL, "PREFECT_API_KEY": "k", "HOME": "x"})

    assert 0o600 == stat.S_IMODE(kept.stat().st_mode)
    assert {"PREFECT_API_URL": URL, "PREFECT_API_KEY": "k"} == prefect_address.known(tmp_path, {})


def test_the_environment_comes_first_and_is_never_mixed(tmp_path):
    """A key that was kept for one server is not sent to another."""
    prefect_address.keep(tmp_path, {"PREFECT_API_URL": URL, "PREFECT_API_KEY": "k"})

    assert {"PREFECT_API_URL": "https://other"} == prefect_address.known(
        tmp_path, {"PREFECT_API_URL": "https://other"}
    )


def test_without_an_address_no_server_is_started(tmp_path):
    """Prefect would start one that nobody sees, and tell its makers."""
    environment = {}

    assert "" == prefect_address.use(tmp_path, environment)
    assert ("false", "false", "1") == tuple(environment[name] for name in prefect_address.QUIET)


def test_a_damaged_file_is_no_address(tmp_path):
    """It says nothing, and breaks nothing."""
    (tmp_path / prefect_address.FILE).write_text("{")

    assert {} == prefect_address.known(tmp_path, {})
