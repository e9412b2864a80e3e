"""An engine, the images and everything running in containers, once for all tests; or a sentence why not."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

import pytest

from tests.containers.boxes import House
from tests.containers.engine import NoEngine, engine
from tests.containers.images import BASE, DATABASE, base, build, database

ASKED = "CONTAINERS"
"""``yes``, or a folder: the engine's images are kept there for the next time."""


@pytest.fixture(scope="session")
def house(figures):
    """Everything up, from a copy of what is committed or about to be."""
    asked = os.environ.get(ASKED, "")
    if not asked:
        pytest.skip("containers are tested by 'make test-containers': their images take minutes to make")
    with contextlib.ExitStack() as stack:
        kept = asked.startswith("/")
        name = (
            asked
            if kept
            else stack.enter_context(tempfile.TemporaryDirectory(prefix="steadypost-containers-"))
        )
        try:
            running = stack.enter_context(engine(Path(name), kept=kept))
            house = made(running, Path(name), figures)
        except NoEngine as why:
            pytest.skip(str(why))
        stack.callback(house.down)
        with figures.timed("compose up, until the worker was healthy"):
            house.up()
            house.well("worker")
        yield house


def made(running, folder, figures):
    """Make the images, and a house that is ready to be started."""
    if not running.has(BASE):
        with figures.timed("a base image was made"):
            base(running, folder / "base")
    if not running.has(DATABASE):
        with figures.timed("the database's image was built"):
            database(running)
    house = House(running, folder / "house", database=DATABASE)
    with figures.timed("the image was built"):
        build(running, house.folder, house.image, BASE=BASE)
    return house


@pytest.fixture(scope="session")
def figures():
    """What was measured, told at the end."""
    from tests.containers.boxes import Figures  # noqa: PLC0415

    kept = Figures()
    yield kept
    kept.tell()
