"""A local X in a process of its own, on a page port and a control port (ledger and weather, behind a token)."""
