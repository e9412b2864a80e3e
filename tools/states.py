"""Draws the states of a delivery from the graph: ``python tools/states.py``. A test compares the docs."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from enum import StrEnum

from steadypost.domain.delivery import CLAIMABLE, FINAL, FOR_A_PERSON, MOVES, State
from steadypost.domain.parts import PartState

HEAD = """\
# The life of a delivery

Drawn from `steadypost/domain/delivery.py` by `python tools/states.py`. What is not drawn here
does not happen: the graph is data, and every move goes through it.
"""


def meanings(states: type[StrEnum]) -> dict[str, str]:
    """Read the paragraph that stands under each state where it is declared."""
    body = ast.parse(textwrap.dedent(inspect.getsource(states))).body[0]
    if not isinstance(body, ast.ClassDef):
        raise TypeError(f"{states} is not a class")
    found: dict[str, str] = {}
    for declared, said in zip(body.body, body.body[1:], strict=False):
        match declared, said:
            case (
                ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(paragraph))),
            ):
                found[states[name].value] = " ".join(paragraph.split())
    return found


def draw() -> str:
    """Draw the graph and say what each state means."""
    return "\n".join([HEAD, "```mermaid", *_diagram(), "```", "", *_paragraphs()])


def _diagram() -> Iterator[str]:
    yield "stateDiagram-v2"
    yield f"    [*] --> {State.SCHEDULED}"
    yield f"    [*] --> {State.HELD}"
    for state, targets in MOVES.items():
        for target in (one for one in State if one in targets):
            yield f"    {state} --> {target}"
    for state in (one for one in State if one in FINAL):
        yield f"    {state} --> [*]"


def _paragraphs() -> Iterator[str]:
    yield "## States\n"
    for name, paragraph in meanings(State).items():
        yield f"* **{name}**{_mark(State(name))}: {paragraph}"
    yield "\n## States of a part\n"
    for name, paragraph in meanings(PartState).items():
        yield f"* **{name}**: {paragraph}"
    yield ""


def _mark(state: State) -> str:
    marks = {"a worker may claim it": CLAIMABLE, "a person decides": FOR_A_PERSON, "it may rest here": FINAL}
    told = [words for words, states in marks.items() if state in states]
    return f" ({', '.join(told)})" if told else ""


if __name__ == "__main__":
    sys.stdout.write(draw())
