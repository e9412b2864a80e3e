"""What the flows' own bodies need outside of a run."""

import sys

import pytest
from prefect.states import Completed, Failed


@pytest.fixture
def outside_of_a_run(monkeypatch):
    """Answer without log and page, which only a run has; gives the pages that would have been written."""
    pages = []

    def refused(reasons, *, key, page=""):
        pages.append(page)
        return Failed(message="\n".join(reasons))

    def answered(words, *, page, key, data):
        pages.append(page)
        return Completed(message=words, data=data)

    for name in ("compose", "change", "resolve", "import_posts", "rollout", "delete"):
        __import__(f"flows.{name}")
        monkeypatch.setattr(sys.modules[f"flows.{name}"], "refused", refused)
        monkeypatch.setattr(sys.modules[f"flows.{name}"], "answered", answered)
    return pages
