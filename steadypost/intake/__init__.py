"""What must be true of a post before it enters."""

from steadypost.intake.draft import Draft, Image
from steadypost.intake.entry import Entered, ImportReport, RowOutcome, enter, known_accounts, refused
from steadypost.intake.files import COLUMNS, Told, draft_of
from steadypost.intake.importing import import_file
from steadypost.intake.refusal import Refusal
from steadypost.intake.validate import Accepted, KnownAccount, judge

__all__ = [
    "COLUMNS",
    "Accepted",
    "Draft",
    "Entered",
    "Image",
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
