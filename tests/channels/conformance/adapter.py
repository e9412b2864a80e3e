"""What the suite needs to know of a channel: its network's sandbox, that network's ledger, and its weather.

To have a channel pass the suite, write ``tests/channels/conformance/<channel>.py`` with one subclass of ``Adapter``
and add it to ``ADAPTERS`` in ``adapters.py``. The suite itself, ``test_conformance.py``, knows no channel.
"""

from __future__ import annotations

import abc
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from steadypost.channels.port import Access, Kind, Means
from steadypost.domain.remote_id import RemoteId


@dataclass(frozen=True, kw_only=True)
class Live:
    """One post of the account, as the network's own ledger has it."""

    id: RemoteId
    text: str
    alts: tuple[str, ...] = ()
    """The descriptions of its pictures, in order."""
    reply_to: RemoteId | None = None
    files: tuple[str, ...] = ()
    """The hex SHA-256 of each picture, as it arrived."""


class Adapter(abc.ABC):
    """One channel with its network's sandbox running. One is started for a whole run of the suite; ``begin`` is called
    before each test.
    """

    kind: ClassVar[Kind]
    within: ClassVar[float] = 30.0
    """Seconds that an ask or a look is given."""
    marks: ClassVar[Sequence[str]] = ()
    """The pytest marks its tests carry: ``browser`` for what needs one."""
    pictures: ClassVar[bool] = True
    """Whether it publishes pictures."""
    shows_files: ClassVar[bool] = True
    """Whether its network says which bytes a picture arrived in."""
    other: ClassVar[str] = "bob"
    """Somebody else's handle, to be mentioned."""
    threads: ClassVar[bool] = True
    limits: ClassVar[bool] = True
    """Whether its network has limits that it tells of."""
    refuses: ClassVar[bool] = True
    """Whether its network ever refuses a post."""
    signs_in: ClassVar[bool] = True
    """Whether there is anything to sign in to."""

    @classmethod
    @abc.abstractmethod
    def started(cls, folder: Path) -> AbstractContextManager[Adapter]:
        """Start the sandbox, and end it."""

    @abc.abstractmethod
    def begin(self) -> None:
        """Fair weather, and nothing has been said."""

    @abc.abstractmethod
    def access(self) -> Access:
        """The account the suite posts as, with a sign-in that is good."""

    @abc.abstractmethod
    def means(self) -> Means:
        """What a process would lend to the channel."""

    @abc.abstractmethod
    def ledger(self) -> list[Live]:
        """What is live on the account, oldest first, without what it was given as a past."""

    @abc.abstractmethod
    def asks(self) -> int:
        """How many requests that may create a post have reached the network since ``begin``."""

    def secrets(self) -> Sequence[str]:
        """The words that must be shown nowhere."""
        return ()

    loses_removals: ClassVar[bool] = True
    """Whether the answer to a removal can be made to be lost."""

    # --- the weather: what happens to the next ask, or removal

    @abc.abstractmethod
    def lose_the_answer(self) -> AbstractContextManager[None]:
        """Within it, an ask is carried out, and its answer is lost."""

    def lose_the_removal(self) -> AbstractContextManager[None]:
        """Within it, a post is taken down, and the answer to that is lost."""
        raise NotImplementedError

    @abc.abstractmethod
    def unreachable(self) -> AbstractContextManager[Access]:
        """Within it, no connection to the network comes about; with the access to try it by."""

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Within it, an ask is refused for what it says."""
        raise NotImplementedError
        yield

    @contextmanager
    def limiting(self) -> Iterator[None]:
        """Within it, an ask is told that there have been too many."""
        raise NotImplementedError
        yield

    def somebody_else(self) -> Access:
        """The account's handle, with somebody else's sign-in."""
        raise NotImplementedError
