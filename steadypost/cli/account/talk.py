"""The conversation about one account: its block's fields are the questions, and the block's own rules judge them."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from steadypost.cli.account.person import Check, Person, Question
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.domain import clock

if TYPE_CHECKING:
    from blocks import AccountBlock
    from steadypost.domain.token import Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of a conversation."""

    values: Mapping[str, str]
    """The fields of the block, by name."""
    token: Token | None = field(default=None, repr=False)
    """A sign-in that was made on the way, to be kept in the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One conversation."""

    name: str
    """The account's."""
    kind: type[AccountBlock]
    person: Person
    house: House
    given: Mapping[str, str] = field(default_factory=dict)
    """What the command line said of fields, by name."""
    now: clock.Clock = clock.now

    @property
    def home(self) -> Path:
        """Where this machine's Steadypost has its files."""
        return self.house.settings.home

    def ask(self, name: str, *, default: str | None = None, means: str = "") -> str:
        """Ask for a field of the block."""
        return self.person.answer(self._question(name, default, means), checked(self.kind, name))

    def known(self, name: str) -> str:
        """Give a field that is asked for only by way of exception: as the command line says, else its default."""
        return self.given.get(name, str(self.kind.model_fields[name].default))

    def _question(self, name: str, default: str | None, means: str) -> Question:
        about = self.kind.model_fields[name]
        return Question(
            field=name,
            title=about.title or name,
            means=means or about.description or "",
            default=default,
            secret=is_secret(about),
        )


Conversation = Callable[[Talk], Told]


def is_secret(about: FieldInfo) -> bool:
    """Whether a field's value must be shown nowhere."""
    return about.annotation is SecretStr or SecretStr in typing.get_args(about.annotation)


def checked(kind: type[AccountBlock], name: str) -> Check:
    """Judge one field as its block would."""

    def check(told: str) -> None:
        try:
            _judged(kind, name, told)
        except ValidationError as wrong:
            raise ValueError(why(wrong)) from None

    return check


def normal(kind: type[AccountBlock], name: str, told: str) -> str:
    """Give an answer as the block writes it: an address with its scheme, a handle without its sign."""
    return str(getattr(_judged(kind, name, told), name))


def _judged(kind: type[AccountBlock], name: str, told: str) -> AccountBlock:
    blank = kind.model_construct()
    kind.__pydantic_validator__.validate_assignment(blank, name, value_of(kind, name, told))
    return blank


def value_of(kind: type[AccountBlock], name: str, told: str) -> Any:
    """Read what was typed: nothing, where a field may be empty, is no limit."""
    may_be_none = type(None) in typing.get_args(kind.model_fields[name].annotation)
    return None if may_be_none and not told.strip() else told


def why(wrong: ValidationError) -> str:
    """Give what the block's rule says, without the value."""
    return str(wrong.errors(include_input=False, include_url=False)[0]["msg"]).removeprefix("Value error, ")


def block_of(talk: Talk, told: Told) -> AccountBlock:
    """Make the block of what was told and given, or stop with the field that does not fit."""
    values = {**told.values, **{name: one for name, one in talk.given.items() if name not in told.values}}
    try:
        return talk.kind(**{name: value_of(talk.kind, name, one) for name, one in values.items()})
    except ValidationError as wrong:
        name = ".".join(map(str, wrong.errors(include_input=False)[0]["loc"]))
        shown = repr(values[name]) if name in talk.given else "what was given"
        raise Stop(Ending.USAGE, "usage", f"{name}: {shown} is not valid", why(wrong)) from None


def given_fields(kind: type[AccountBlock], pairs: tuple[str, ...], more: frozenset[str]) -> dict[str, str]:
    """Read ``--set FIELD=VALUE``, or stop: a secret is not taken there, and its value is not repeated."""
    fields = own_fields(kind)
    told: dict[str, str] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if name in fields and is_secret(fields[name]):
            message = (
                f"{name}: a secret is not taken as an argument, where other users of this machine see it"
            )
            remedy = f"name its variable: --from-env {name} VARIABLE"
            raise Stop(Ending.USAGE, "usage", message, remedy)
        if name not in fields and name not in more:
            titles = {one: fields[one].title for one in fields if not is_secret(fields[one])}
            known = ", ".join(_with_title(one, titles.get(one)) for one in sorted({*titles, *more}))
            raise Stop(Ending.USAGE, "usage", f"--set {name}: there is no such field", f"there are: {known}")
        _refuse(kind, name, value)
        told[name] = value
    return told


def _with_title(name: str, title: str | None) -> str:
    """Name a field as it is typed, and as the question and Prefect's page call it where that is another word."""
    return f"{name} ({title})" if title and title.casefold().replace(" ", "_") != name else name


def _refuse(kind: type[AccountBlock], name: str, value: str) -> None:
    if name not in kind.model_fields:
        return
    try:
        checked(kind, name)(value)
    except ValueError as wrong:
        raise Stop(Ending.USAGE, "usage", f"{name}: {value!r} is not valid", str(wrong)) from None


def own_fields(kind: type[AccountBlock]) -> dict[str, FieldInfo]:
    """List the fields that a person sets."""
    return {name: about for name, about in kind.model_fields.items() if about.title}
