"""What must be true of a post before it enters."""

from steadypost.intake.draft import Draft
from steadypost.intake.entry import Entered, ImportReport, RowOutcome, enter, known_accounts, refused
from steadypost.intake.files import Told, draft_of
from steadypost.intake.importing import import_file
from steadypost.intake.refusal import Refusal
from steadypost.intake.validate import Accepted, KnownAccount, judge

__all__ = [
    "Accepted",
    "Draft",
    "Entered",
    "ImportReport",
    "KnownAccount",
    "Refusal",
    "RowOutcome",
    "Told",
    "draft_of",
    "enter",
    "import_file",
    "judge",
    "known_accounts",
    "refused",
]
