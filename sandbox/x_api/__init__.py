"""A local look-alike of X's API v2, with a ledger, weather and a clock of its own."""

from sandbox.x_api.serve import XApiSandbox

__all__ = ["XApiSandbox"]
