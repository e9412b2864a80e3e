"""What must be true of a post before it enters."""

from steadypost.intake.draft import Draft, Image
from steadypost.intake.entry import Entered, Fate, ImportReport, enter, import_file, known_accounts, refused
from steadypost.intake.files import COLUMNS, draft_of
from steadypost.intake.refusal import Refusal
from steadypost.intake.validate import Accepted, KnownAccount, judge

__all__ = [
    "COLUMNS",
    "Accepted",
    "Draft",
    "Entered",
    "Fate",
    "Image",
    "ImportReport",
    "KnownAccount",
    "Refusal",
    "draft_of",
    "enter",
    "import_file",
    "judge",
    "known_accounts",
    "refused",
]
