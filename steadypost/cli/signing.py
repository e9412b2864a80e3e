"""Who acts: ``--by`` and ``--why``, and which words of a person are not valid."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from typing import TypeVar

import click

from steadypost.cli.endings import Ending, Stop
from steadypost.domain.spoken import CannotBeMeant, Misspoken, Signature, signature

F = TypeVar("F", bound=Callable[..., object])


def login_name() -> str:
    """Name the user who is logged in; a user that this machine has no name for is a number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def signed(*, why_is_required: bool) -> Callable[[F], F]:
    """Give a command the options by which a person says who they are, and why they act."""
    told = "Why; it is kept with what you do." if why_is_required else "Why, if that is worth keeping."
    why = click.option("--why", metavar="TEXT", required=why_is_required, default="", help=told)
    by = click.option("--by", metavar="NAME", help="Who you are, if not your login name.")

    def sign(answer: F) -> F:
        return by(why(answer))

    return sign


def signature_of(by: str | None, why: str, *, why_is_required: bool) -> Signature:
    """Take what was said of who and why, or end the command with what is wrong with it."""
    try:
        return signature(login_name() if by is None else by, why, why_is_required=why_is_required)
    except CannotBeMeant as wrong:
        raise not_meant(wrong) from None


def not_meant(wrong: CannotBeMeant) -> Stop:
    """Say what is not valid: field, value, why, and what to do."""
    told = "; ".join(_told(one) for one in wrong.wrong)
    remedies = "; ".join(dict.fromkeys(one.remedy for one in wrong.wrong))
    return Stop(Ending.USAGE, "usage", told, remedies)


def _told(one: Misspoken) -> str:
    return f"--{one.field} {one.value!r}: {one.why}" if one.value else f"--{one.field}: {one.why}"
