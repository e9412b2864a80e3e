"""The limits that must exist in Prefect, as data.

They shape the load; they never decide what may be published: that is the claim's fencing (facts.md, "Limits").
"""

from __future__ import annotations

WORK_POOL = "steadypost"
"""The process work pool whose worker runs every flow of prefect.yaml."""

POOL_TYPE = "process"
