"""The top layer: what a person types."""

import gc
import sys

SELDOM = 50_000
"""New objects between two collections. What a command loads and reads is no garbage, and searching it for some, as often
as Python does by itself, takes a tenth of the time that a person waits."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    gc.set_threshold(SELDOM)
    from steadypost.cli.program import program  # noqa: PLC0415 - importing this alone needs no click

    program.main(sys.argv[1:], prog_name="steadypost")
