"""The drill: everything as real processes, a seeded programme of faults, and the network's ledger as the judge."""
