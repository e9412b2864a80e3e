"""How well it went: judged by what became of each post, never by what a publisher says. Pure, over plain records.

A due delivery is good when it is live exactly once, with its id on record, within ``T`` of its time.
"""

from steadypost.domain.figures.available import Availability, availability, time_availability, wilson_lower
from steadypost.domain.figures.away import SILENCE, End, Outage, outages
from steadypost.domain.figures.distribution import NEVER, Distribution, in_words, lateness
from steadypost.domain.figures.objective import OBJECTIVE, Budget, burn_rates
from steadypost.domain.figures.posts import NOT_COUNTED, ON_TIME, DuePost, PostOutcome
from steadypost.domain.figures.recovery import Trouble, all_back, recoveries, troubles
from steadypost.domain.figures.whole import Figures, figures

__all__ = [
    "NEVER",
    "NOT_COUNTED",
    "OBJECTIVE",
    "ON_TIME",
    "SILENCE",
    "Availability",
    "Budget",
    "Distribution",
    "DuePost",
    "End",
    "Figures",
    "Outage",
    "PostOutcome",
    "Trouble",
    "all_back",
    "availability",
    "burn_rates",
    "figures",
    "in_words",
    "lateness",
    "outages",
    "recoveries",
    "time_availability",
    "troubles",
    "wilson_lower",
]
