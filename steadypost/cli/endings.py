"""How a command can end, and what each end means to the caller."""

from __future__ import annotations

from enum import IntEnum


class Ending(IntEnum):
    """The exit codes."""

    OK = 0
    """Done, as asked."""
    REFUSED = 1
    """Something was refused or not found; the output says what and why. What was not refused is done."""
    USAGE = 2
    """The command line, or a setting of this machine, is not valid. Nothing was done."""
    STORE = 3
    """The store cannot be reached, or its tables are not this version's."""
    UNHEALTHY = 4
    """``doctor`` found something failing, or a drill showed what must never happen."""
    DEFECT = 5
    """Something happened that should not; the details were written to a file."""
    INTERRUPTED = 130
    """Ctrl-C."""


EXPLAINED = """Exit codes: 0 done; 1 something was refused or not found; 2 the command line or a setting is
not valid; 3 the store cannot be reached or its tables are not this version's; 4 doctor found something
failing; 5 a defect, with its details in a file."""


class Stop(Exception):
    """A command ends here, with a sentence and what to do."""

    def __init__(self, ending: Ending, kind: str, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.ending = ending
        self.kind = kind
        """One word by which programs know it."""
        self.message = message
        self.remedy = remedy
