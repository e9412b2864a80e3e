"""The top layer: what a person types."""

import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    from steadypost.cli.program import program  # noqa: PLC0415 - whoever only imports this needs no click

    program.main(sys.argv[1:], prog_name="steadypost")
