"""A local look-alike of Bluesky: two servers for accounts, the directory, a ledger and weather."""
