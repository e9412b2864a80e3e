"""The settings of this machine from its environment: read once, and refused with a message when not valid.

    STEADYPOST_HOME       where Steadypost keeps its files                      ~/.steadypost
    STEADYPOST_STORE_URL  where posts and deliveries are remembered             sqlite:///<home>/steadypost.db
    STEADYPOST_ZONE       the zone of times written without one (IANA name)     UTC for showing times
    STEADYPOST_CHROMIUM   the browser to launch                                 found anew at every start
    STEADYPOST_BROWSERS   how many browsers may live at once, 1 to 16           2
    STEADYPOST_AT_ONCE    how many attempts a run may have under way, 1 to 16   as many as browsers
    STEADYPOST_RUN_DIR    sockets, locks and the outbox of running workers      <home>/run
    STEADYPOST_WATCH_EVERY  seconds between two rounds of checks, 2 to 600      60
    STEADYPOST_ON_CALL    where to tell a person when all else is silent        nowhere
    STEADYPOST_ON_TIME    how long after its time a post counts as on time      5m
    STEADYPOST_ATTEMPT    how long one attempt to publish may take              150s
    STEADYPOST_LOOK       how long one look at a network may take               75s
    STEADYPOST_WORKER     who starts this machine's worker again: own, kept     own
    STEADYPOST_AD_HOC     where runs that a person starts run: process, docker  process
    STEADYPOST_IMAGE      the image of those that run in containers             steadypost:latest

A value that is not valid is never replaced by a default: it was set for a reason. A name that is
one slip away from a known one is refused for the same reason. Nothing but the standard library and the
domain is used here, because every command reads its settings first.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from steadypost.domain.lengths import span

T = TypeVar("T")

PREFIX = "STEADYPOST_"

HOME = "STEADYPOST_HOME"
STORE_URL = "STEADYPOST_STORE_URL"
ZONE = "STEADYPOST_ZONE"
CHROMIUM = "STEADYPOST_CHROMIUM"
BROWSERS = "STEADYPOST_BROWSERS"
AT_ONCE = "STEADYPOST_AT_ONCE"
RUN_DIR = "STEADYPOST_RUN_DIR"
ON_TIME = "STEADYPOST_ON_TIME"
ATTEMPT = "STEADYPOST_ATTEMPT"
LOOK = "STEADYPOST_LOOK"
WATCH_EVERY = "STEADYPOST_WATCH_EVERY"
ON_CALL = "STEADYPOST_ON_CALL"
WORKER = "STEADYPOST_WORKER"
AD_HOC = "STEADYPOST_AD_HOC"
IMAGE = "STEADYPOST_IMAGE"

KNOWN = (
    HOME,
    STORE_URL,
    ZONE,
    CHROMIUM,
    BROWSERS,
    AT_ONCE,
    RUN_DIR,
    ON_TIME,
    WATCH_EVERY,
    ON_CALL,
    ATTEMPT,
    LOOK,
    WORKER,
    AD_HOC,
    IMAGE,
)

RENAMED = {"STEADYPOST_LANES": BROWSERS}
"""Names of earlier versions. Refused and not ignored: the person who set one believes it to be in force."""

MARKS = ("STEADYPOST_RUNNER", "STEADYPOST_REHEARSAL", "STEADYPOST_UP")
"""What Steadypost itself hangs on the processes it starts, to know them again. Nobody sets these."""

MOST_BROWSERS = 16
"""A browser takes about a quarter of a gigabyte; more of them on one machine starve each other."""

STORES = ("sqlite", "postgresql")
"""What a store's address may begin with; a driver may follow, as in ``postgresql+psycopg``."""

_ONE_SLIP = 0.86
"""How alike two names must be for one to be taken as a slip of the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongSetting:
    """One setting that is not valid."""

    name: str
    value: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.name}={self.value!r} is refused: {self.remedy}"


class SettingsRefused(ValueError):
    """This machine's settings are not valid. All that is wrong is named at once."""

    def __init__(self, wrong: list[WrongSetting]) -> None:
        super().__init__("; ".join(map(str, wrong)))
        self.wrong = tuple(wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What this machine was told."""

    home: Path
    store_url: str
    zone: str
    """In which times are shown to people."""
    zone_is_given: bool
    """Whether the zone was set. A guess never places a time that was written without one."""
    chromium: str | None
    browsers: int
    at_once: int
    """How many attempts a run may have under way. Those that need a browser are never more than there are browsers."""
    run_dir: Path
    watch_every: int = 60
    """Seconds between two rounds of checks."""
    on_call: str | None = None
    """An Apprise address, with its secrets: where a person is told what no flow can tell any more."""
    on_time: timedelta = timedelta(minutes=5)
    """How long after its time a post may be live and still count as on time, in every figure."""
    attempt: timedelta = timedelta(seconds=150)
    """How long one attempt may take. What must fit inside is checked when a run opens."""
    look: timedelta = timedelta(seconds=75)
    worker: str = "own"
    """``own``: where no worker runs, the watch starts one. ``kept``: a supervisor does (a container's, systemd), and one
    that the watch started would end together with the run that started it."""
    ad_hoc: str = "process"
    """The type of the work pool for runs that a person starts."""
    image: str = "steadypost:latest"

    @property
    def zone_for_naive(self) -> str | None:
        """The zone that places a time written without one; ``None`` when none was set."""
        return self.zone if self.zone_is_given else None

    def __repr__(self) -> str:
        return f"Settings(home={str(self.home)!r}, store_url={without_password(self.store_url)!r}, ...)"


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings, or raise ``SettingsRefused`` with everything that is wrong."""
    given = os.environ if environment is None else environment
    wrong = [*_slips(given)]

    def take(name: str, default: T, parse: Callable[[str], T]) -> T:
        if name not in given:
            return default
        try:
            return parse(given[name])
        except ValueError as refusal:
            # An address of Apprise is a secret as a whole.
            shown = "..." if name == ON_CALL else without_password(given[name])
            wrong.append(WrongSetting(name=name, value=shown, remedy=str(refusal)))
            return default

    # Not a folder relative to where one stands: Prefect runs every flow in a folder of its own.
    home = take(HOME, Path.home() / ".steadypost", _folder).absolute()
    settings = Settings(
        home=home,
        store_url=take(STORE_URL, f"sqlite:///{home / 'steadypost.db'}", store_address),
        zone=take(ZONE, "UTC", _zone),
        zone_is_given=ZONE in given,
        chromium=take(CHROMIUM, None, _program),
        browsers=(browsers := take(BROWSERS, 2, _browsers)),
        at_once=take(AT_ONCE, browsers, _browsers),
        run_dir=take(RUN_DIR, home / "run", _folder).absolute(),
        watch_every=take(WATCH_EVERY, 60, _round),
        on_call=take(ON_CALL, None, _address),
        on_time=take(ON_TIME, timedelta(minutes=5), _length),
        attempt=take(ATTEMPT, timedelta(seconds=150), _length),
        look=take(LOOK, timedelta(seconds=75), _length),
        worker=take(WORKER, "own", _one_of("own", "kept")),
        ad_hoc=take(AD_HOC, "process", _one_of("process", "docker")),
        image=take(IMAGE, "steadypost:latest", _image),
    )
    if wrong:
        raise SettingsRefused(wrong)
    return settings


def unknown_names(environment: Mapping[str, str] | None = None) -> list[WrongSetting]:
    """Name every ``STEADYPOST_*`` variable that nothing reads, with the nearest one that something does."""
    given = os.environ if environment is None else environment
    return [
        WrongSetting(name=name, value="...", remedy=_instead_of(name))
        for name in sorted(given)
        if name.startswith(PREFIX) and name not in (*KNOWN, *MARKS)
    ]


def _instead_of(name: str) -> str:
    if name in RENAMED:
        return f"rename it to {RENAMED[name]}"
    return f"unknown; the nearest known name is {_nearest(name, 0.0)}"


def without_password(text: str) -> str:
    """Show a store's address, or a sentence with one in it, without the passwords in it."""
    shown = re.sub(r"(?i)(password|passwd|pwd|secret|token)=[^&\s]*", r"\1=***", text)
    return re.sub(r"(//[^/@:\s]*):\S*@", r"\1:***@", shown)


def store_address(value: str) -> str:
    """Take a store's address, or raise ``ValueError`` with what to do instead."""
    scheme, colon, rest = value.partition("://")
    kind = scheme.partition("+")[0]
    if not colon or kind not in STORES:
        raise ValueError(
            "write sqlite:////path/to/steadypost.db or postgresql+psycopg://user:password@host/database"
        )
    if kind == "sqlite" and (not rest.startswith("/") or len(rest) < 2):
        raise ValueError("a SQLite store needs a file: write sqlite:////path/to/steadypost.db")
    if kind == "postgresql" and not urlsplit(value).path.strip("/"):
        raise ValueError("name the database: write postgresql+psycopg://user:password@host/database")
    return value


def _slips(given: Mapping[str, str]) -> Iterator[WrongSetting]:
    """Find names that are one slip away from a known one: their owner believes they are in force."""
    for name in sorted(given):
        if name in RENAMED:
            yield WrongSetting(
                name=name, value="...", remedy=f"nothing reads this name; rename it to {RENAMED[name]}"
            )
            continue
        known = not name.startswith(PREFIX) or name in (*KNOWN, *MARKS)
        if not known and (meant := _nearest(name, _ONE_SLIP)):
            yield WrongSetting(name=name, value="...", remedy=f"nothing reads this name; {meant} was meant?")


def _nearest(name: str, alike: float) -> str | None:
    bare = {known.removeprefix(PREFIX): known for known in KNOWN}
    found = difflib.get_close_matches(name.removeprefix(PREFIX), bare, n=1, cutoff=alike)
    return bare[found[0]] if found else None


def _folder(value: str) -> Path:
    if not value.strip():
        raise ValueError("name a folder, or unset it to take the default")
    path = Path(value).expanduser()
    for one in (path, *path.parents):
        if one.is_symlink() and not one.exists():
            raise ValueError(f"{one} is a link that leads nowhere; name a folder")
        if one.exists():
            if not one.is_dir():
                raise ValueError(
                    "this is a file; name a folder" if one == path else f"{one} is a file; name a folder"
                )
            break
    return path


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        raise ValueError("name a zone of the IANA database, for instance Europe/Berlin or UTC") from None
    return value


def _program(value: str) -> str | None:
    if not value.strip():
        raise ValueError("name the browser's executable, or unset it to have one found")
    return value


def _browsers(value: str) -> int:
    if re.fullmatch(r"[0-9]{1,2}", value) and 1 <= int(value) <= MOST_BROWSERS:
        return int(value)
    raise ValueError(f"write a whole number from 1 to {MOST_BROWSERS}")


def _round(value: str) -> int:
    if re.fullmatch(r"[0-9]{1,3}", value) and 2 <= int(value) <= 600:
        return int(value)
    raise ValueError("write a whole number of seconds from 2 to 600")


def _address(value: str) -> str | None:
    if re.match(r"[a-z][a-z0-9+.-]*://", value):
        return value
    raise ValueError("write an address of Apprise, for instance slack://TokenA/TokenB/TokenC or mailto://...")


def _length(value: str) -> timedelta:
    length = span(value)
    if not length:
        raise ValueError("write a length of time such as 5m, 90s or 1h")
    return length


def _one_of(*values: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in values:
            raise ValueError(f"write {' or '.join(values)}")
        return value

    return parse


def _image(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._:/-]*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?", value):
        raise ValueError("write the name of an image, for instance steadypost:latest")
    return value
