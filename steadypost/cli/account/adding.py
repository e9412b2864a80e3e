"""``steadypost account add``: questions, a probe, and only then anything that is kept."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from steadypost.cli.account import keeping, probing
from steadypost.cli.account.channels import CONVERSATIONS, MORE
from steadypost.cli.account.person import Person, Question
from steadypost.cli.account.talk import Talk, block_of, given_fields, own_fields
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House

if TYPE_CHECKING:
    from blocks import AccountBlock

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LONGEST_NAME = 60


def add(
    house: House,
    name: str,
    channel: str,
    *,
    pairs: tuple[str, ...],
    variables: tuple[tuple[str, str], ...],
    replace: bool,
    unwell: bool,
) -> probing.Standing:
    """Set an account up, or stop before anything of it is kept."""
    refuse_name(name)
    os.environ.setdefault("DO_NOT_TRACK", "1")  # before Prefect is loaded, which would send word of its use
    kind = _kind(channel)
    given = given_fields(kind, pairs, MORE.get(channel, frozenset()))
    person = Person(given, _variables(kind, variables))
    with house.store():
        pass  # fails before the questions, not after all are answered
    there = keeping.known()
    _may_replace(person, name, kind, there, replace=replace)
    fields = {field: value for field, value in given.items() if field in kind.model_fields}
    talk = Talk(name=name, kind=kind, person=person, house=house, given=fields)
    told = CONVERSATIONS[channel](talk)
    block = block_of(talk, told)
    keeping.refuse_twin(name, block, there)
    held = probing.Held(told.token)
    found = probing.standing(name, block, probing.probe(house, name, block, held))
    if not found.probe.well:
        _unwell(person, found, unwell=unwell)
    keeping.keep(house, name, block, held.token)
    return found


def refuse_name(name: str) -> None:
    """Stop at a name that Prefect would not take."""
    if NAME.fullmatch(name) and len(name) <= LONGEST_NAME:
        return
    meant = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:LONGEST_NAME]
    hint = f"write it as {meant!r}: " if meant else ""
    remedy = f"{hint}small letters, digits and hyphens, at most {LONGEST_NAME}"
    raise Stop(Ending.USAGE, "usage", f"NAME {name!r} cannot be an account's name", remedy)


def _kind(channel: str) -> type[AccountBlock]:
    from blocks.channels import CHANNELS  # noqa: PLC0415 - Prefect takes two seconds that --help need not wait

    return CHANNELS[channel].block


def _variables(kind: type[AccountBlock], pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Read ``--from-env FIELD VARIABLE``."""
    fields = own_fields(kind)
    told = {}
    for name, variable in pairs:
        if name not in fields and name != "code":
            message = f"--from-env {name}: there is no such field"
            raise Stop(Ending.USAGE, "usage", message, f"there are: {', '.join(sorted(fields))}")
        if not variable.isidentifier():
            message = f"--from-env {name}: what follows is not the name of a variable"
            raise Stop(
                Ending.USAGE,
                "usage",
                message,
                f"write --from-env {name} VARIABLE; the secret is in the variable",
            )
        told[name] = variable
    return told


def _may_replace(
    person: Person, name: str, kind: type[AccountBlock], there: keeping.Known, *, replace: bool
) -> None:
    """Ask before an account is replaced; raises ``Stop`` without a yes."""
    if not there.has(name):
        return
    old = there.blocks.get(name)
    if old is None or not isinstance(old, kind):
        stands = f"of the channel {old.channel}" if old else "that cannot be read"
        message = f"NAME {name!r} is that of an account block {stands}"
        raise Stop(Ending.REFUSED, "name_taken", message, "take another name, or delete that block first")
    question = Question(
        field="replace",
        title=f"{name} is there already, as @{old.handle} at {old.base_url}. Replace it (yes/no)",
        default="no",
    )
    if replace or person.is_yes(question):
        return
    message = f"NAME {name!r} is there already, as @{old.handle}; it is left as it was"
    raise Stop(
        Ending.REFUSED, "name_taken", message, "say yes to replace it, or --replace; or take another name"
    )


def _unwell(person: Person, found: probing.Standing, *, unwell: bool) -> None:
    """Keep an account that cannot publish only on a person's yes; raises ``Stop``."""
    why, remedy = found.sentences
    person.tell()
    person.tell(why)
    question = Question(field="save_anyway", title="Save it all the same (yes/no)", default="no")
    if unwell or person.is_yes(question):
        return
    raise Stop(Ending.REFUSED, "not_well", f"{why}. Nothing was saved", remedy)
