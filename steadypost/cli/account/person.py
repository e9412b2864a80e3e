"""Asking a person on the terminal, or a script that answers by options, variables and lines of standard input.

Questions go to standard error, so that the answer of the command is alone on standard output. A secret is read without
echo, from standard input where that is no terminal, or from a variable of the environment; never from an argument.
"""

from __future__ import annotations

import getpass
import os
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from steadypost.cli.endings import Ending, Stop
from steadypost.cli.speech import plain

YES = frozenset({"y", "yes", "true", "on", "1"})
NO = frozenset({"n", "no", "false", "off", "0"})

WIDTH = 80
"""Columns that what a question means is wrapped to. What may be copied, an address or a command, is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question."""

    field: str
    """By which a script answers it."""
    title: str
    means: str = ""
    default: str | None = None
    """What an empty answer stands for; ``None``: an answer is needed."""
    secret: bool = False


Check = Callable[[str], object]
"""Raises ``ValueError`` with what is wrong with an answer."""


class Person:
    """The person who answers."""

    def __init__(self, given: Mapping[str, str], variables: Mapping[str, str]) -> None:
        self._given = given
        """Answers of the command line, by field."""
        self._variables = variables
        """Names of variables of the environment that hold answers, by field."""

    def answer(self, question: Question, check: Check = str) -> str:
        """Ask, until the answer is one. A script is not asked twice: raises ``Stop``."""
        known = self._known(question)
        while True:
            told = self._asked(question) if known is None else known
            try:
                check(told)
            except ValueError as wrong:
                stop = not_valid(question, told, str(wrong))
                if known is not None or not sys.stdin.isatty():
                    raise stop from None
                self.tell(f"{stop.message}: {stop.remedy}")
            else:
                return told

    def is_yes(self, question: Question) -> bool:
        """Ask for a yes or a no."""
        return self.answer(question, _yes_or_no).strip().casefold() in YES

    def tell(self, sentence: str = "") -> None:
        """Say something before the next question."""
        sys.stderr.write(f"{plain(sentence)}\n")
        sys.stderr.flush()

    def _known(self, question: Question) -> str | None:
        if question.field in self._given:
            return self._given[question.field]
        variable = self._variables.get(question.field)
        if variable is None:
            return None
        if variable not in os.environ:
            message = f"{question.field}: the variable {variable} is not set"
            raise Stop(
                Ending.USAGE, "usage", message, f"export {variable}, or leave --from-env out to be asked"
            )
        return os.environ[variable]

    def _asked(self, question: Question) -> str:
        self.tell()
        for line in textwrap.wrap(question.means, WIDTH):
            self.tell(line)
        shown = f" [{question.default}]" if question.default else ""
        told = _read(f"{question.title}{shown}: ", secret=question.secret)
        if told is None and question.default is None:
            raise Stop(
                Ending.USAGE,
                "usage",
                f"{question.field}: nothing was given for {question.title!r}",
                _remedy(question),
            )
        told = (told or "").strip()
        if told or question.default is not None:
            return told or question.default or ""
        if not sys.stdin.isatty():
            raise Stop(Ending.USAGE, "usage", f"{question.field}: the answer is empty", _remedy(question))
        return self._asked(question)


def not_valid(question: Question, told: str, why: str) -> Stop:
    """Say what is wrong with an answer: the field, the value unless it is secret, and what is right."""
    shown = "the secret that was given" if question.secret else repr(told)
    return Stop(Ending.USAGE, "usage", f"{question.field}: {shown} is not valid", why)


def _remedy(question: Question) -> str:
    if question.secret:
        return f"type it, hand it in on standard input, or name its variable: --from-env {question.field} VARIABLE"
    return f"type it, or give it: --set {question.field}=VALUE"


def _yes_or_no(told: str) -> None:
    if told.strip().casefold() not in YES | NO:
        raise ValueError("answer yes or no")


def _read(prompt: str, *, secret: bool) -> str | None:
    """Read one line; ``None`` at the end of the input."""
    if secret and sys.stdin.isatty():
        try:
            return getpass.getpass(plain(prompt), stream=sys.stderr)
        except EOFError:
            return None
    sys.stderr.write(plain(prompt))
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not sys.stdin.isatty():
        sys.stderr.write("\n")  # the line was not ended by a key
    return line or None
