"""``python -m deployments`` applies what prefect.yaml needs.

``--check`` only loads it. ``--on-watch`` only orders missing runs, which takes seconds.
"""

from __future__ import annotations

import sys
from pathlib import Path

from steadypost import prefect_address, private, settings
from steadypost.settings import SettingsRefused


def main() -> int:
    """Apply, or check; the exit code says whether it is true now."""
    if sys.argv[1:] not in ([], ["--on-watch"], ["--check"]):
        print("usage: python -m deployments [--check | --on-watch]", file=sys.stderr)
        return 2
    if sys.argv[1:] == ["--check"]:
        return _check()
    private.by_default()
    try:
        home = settings.read().home
    except SettingsRefused as refused:
        print(*refused.wrong, sep="\n", file=sys.stderr)
        return 1
    if not prefect_address.use(home):
        print(f"{prefect_address.UNKNOWN}: {prefect_address.REMEDY}", file=sys.stderr)
        return 1
    return _apply(home, sys.argv[1:] == ["--on-watch"])


def _check() -> int:
    from deployments.apply import check, entrypoints  # noqa: PLC0415 - Prefect reads its settings once, when imported

    wrong = check()
    print(*(wrong or [f"all {len(entrypoints())} entrypoints of prefect.yaml load"]), sep="\n")
    return 1 if wrong else 0


def _apply(home: Path, only_on_watch: bool) -> int:
    """Apply, and say in a line what one can do about what does not work."""
    import httpx  # noqa: PLC0415 - as below
    from prefect.exceptions import PrefectHTTPStatusError  # noqa: PLC0415

    from deployments.apply import NotApplied, apply, on_watch  # noqa: PLC0415 - as above
    from steadypost.store import StoreError  # noqa: PLC0415
    from tasks.bounds import DeadlinesRefused, of_this_machine  # noqa: PLC0415

    address = settings.without_password(prefect_address.known(home)[prefect_address.NAME])
    try:
        of_this_machine()
        # A first run finds no home: it is made before anything wants to write there, and not for what is refused.
        private.home(home)
        for line in on_watch() if only_on_watch else apply():
            print(line)
    except (NotApplied, DeadlinesRefused, StoreError) as error:
        print(settings.without_password(str(error)), file=sys.stderr)
        return 1
    except PrefectHTTPStatusError as said:
        told = f"Prefect's API at {address} answers {said.response.status_code}: look at the server's log"
        print(told, file=sys.stderr)
        return 1
    except (httpx.HTTPError, RuntimeError) as away:
        if not _is_away(away):
            raise
        told = f"Prefect's API at {address} cannot be reached: start it with 'prefect server start', then run this again"
        print(told, file=sys.stderr)
        return 1
    prefect_address.keep(home)
    return 0


def _is_away(error: BaseException) -> bool:
    """Whether an error comes of an API that is not there; Prefect hides that behind an error of its own."""
    import httpx  # noqa: PLC0415 - as above

    found: BaseException | None = error
    while found is not None:
        if isinstance(found, httpx.HTTPError):
            return True
        found = found.__cause__ or found.__context__
    return False


if __name__ == "__main__":
    sys.exit(main())
