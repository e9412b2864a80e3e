"""The unit by which systemd runs ``steadypost up``: after each start of the machine, and again whenever it ends."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

NAME = "steadypost.service"

SYSTEM = Path("/etc/systemd/system")
USER = Path(".config/systemd/user")

ENVIRONMENT = "environment"
"""The file of the home in which settings stand, a line each; it may hold the store's password."""

_UNIT = """\
# Written by 'steadypost service install'. Change it with 'systemctl edit', or settings in {home}/environment.
[Unit]
Description=Steadypost: publishes scheduled posts
{after}
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={python} -m steadypost.cli up
WorkingDirectory=-{home}
Environment=STEADYPOST_HOME={home}
EnvironmentFile=-{home}/environment
{who}Restart=always
RestartSec=10
# A first start makes the tables of Prefect's server.
TimeoutStartSec=15min
# Everything ends by itself within seconds; what does not is killed, browsers included.
TimeoutStopSec=60
KillMode=mixed
# A browser that was ended for want of memory is started again; the service goes on.
OOMPolicy=continue
TasksMax=4096
UMask=0077

# Not RestrictNamespaces and not MemoryDenyWriteExecute: the browser's own sandbox is made of namespaces, and its engine
# compiles as it runs.
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
{hardening}
[Install]
WantedBy={target}
"""

_OF_THE_SYSTEM = """\
ProtectSystem=full
ProtectControlGroups=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectKernelLogs=yes
ProtectClock=yes
ProtectHostname=yes
PrivateTmp=yes
PrivateDevices=yes
CapabilityBoundingSet=
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One unit, and where it belongs."""

    path: Path
    text: str


def system(*, python: Path, home: Path, user: str) -> Unit:
    """Give the unit of the whole machine, which runs as one of its users."""
    text = _UNIT.format(
        python=_word(python),
        home=_word(home),
        after="Wants=network-online.target\nAfter=network-online.target postgresql.service",
        who=f"User={user}\n",
        hardening=_OF_THE_SYSTEM,
        target="multi-user.target",
    )
    return Unit(path=SYSTEM / NAME, text=text)


def user(*, python: Path, home: Path, owner: Path) -> Unit:
    """Give the unit of one user. What needs a namespace is left out: within one, the browser cannot make its own."""
    text = _UNIT.format(
        python=_word(python), home=_word(home), after="", who="", hardening="", target="default.target"
    ).replace(
        "Description=Steadypost: publishes scheduled posts\n\n",
        "Description=Steadypost: publishes scheduled posts\n",
    )
    return Unit(path=owner / USER / NAME, text=text)


def _word(path: Path) -> str:
    """Write a path as systemd reads it: a percent sign is a specifier to it."""
    return str(path).replace("%", "%%")


def refusal(path: Path) -> str | None:
    """Say why a path cannot stand in a unit; ``None`` when it can."""
    odd = [letter for letter in str(path) if letter.isspace() or letter in "\"'\\$"]
    return f"{path} has {odd[0]!r} in it" if odd else None
