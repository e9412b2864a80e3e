"""The file, which never fails unless it is made to."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from steadypost.channels.file import channel
from steadypost.channels.port import Access, Means
from tests.channels.conformance.adapter import Adapter, Live


class FileAdapter(Adapter):
    """A file in a folder of its own."""

    kind = channel.KIND
    limits = refuses = signs_in = shows_files = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "posts.jsonl"
        self._asks = 0

    @classmethod
    @contextmanager
    def started(cls, folder: Path) -> Iterator[FileAdapter]:
        adapter = cls(folder)
        append = channel._append

        def counted(file: Any, lines: Any) -> None:
            adapter._asks += 1
            append(file, lines)

        with mock.patch.object(channel, "_append", counted):
            yield adapter

    def begin(self) -> None:
        self._path.unlink(missing_ok=True)
        self._asks = 0

    def access(self) -> Access:
        return Access(account="me", handle="me", base_url=f"file://{self._path}", secret={})

    def means(self) -> Means:
        def no_browser() -> Any:
            raise AssertionError("a file needs no browser")

        return Means(browser=no_browser, home=self._folder)

    def ledger(self) -> list[Live]:
        if not self._path.exists():
            return []
        lines = map(json.loads, self._path.read_text(encoding="utf-8").splitlines())
        return [
            Live(
                id=line["id"],
                text=line["text"],
                alts=tuple(one["alt"] for one in line["pictures"]),
                reply_to=line["reply_to"],
            )
            for line in lines
            if "removed" not in line
        ]

    def asks(self) -> int:
        return self._asks

    @contextmanager
    def lose_the_answer(self) -> Iterator[None]:
        def broken(_: int) -> None:
            raise OSError(5, os.strerror(5))

        with mock.patch.object(os, "fsync", broken):
            yield

    def lose_the_removal(self) -> Any:
        return self.lose_the_answer()

    @contextmanager
    def unreachable(self) -> Iterator[Access]:
        yield replace(self.access(), base_url=f"file://{self._folder}/nowhere/posts.jsonl")
