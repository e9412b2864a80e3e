"""Ends real workers at every step of an attempt, and lets the network's ledger judge what became of it."""
