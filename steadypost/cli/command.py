"""What all commands have in common: ``--json``, an answer in two forms, and an exit code that means it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from steadypost.cli.house import House
from steadypost.cli.speech import Answer, say


def command(name: str) -> Callable[[Callable[..., Answer]], click.Command]:
    """Make a command of a function that takes the ``House`` and its options, and answers."""

    def make(answer: Callable[..., Answer]) -> click.Command:
        @click.pass_context
        def run(context: click.Context, /, *, as_json: bool, **options: Any) -> None:
            house = context.find_object(House) or House()
            given = answer(house, **options)
            say(name, given, as_json=as_json)
            context.exit(given.ending)

        flag = click.Option(["--json", "as_json"], is_flag=True, help="Answer with one JSON document.")
        options = [*reversed(getattr(answer, "__click_params__", [])), flag]
        first, _, _ = (answer.__doc__ or "").partition("\n\n")
        return click.Command(name, callback=run, params=options, help=answer.__doc__, short_help=first)

    return make
