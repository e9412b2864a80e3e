"""A local Mastodon server: its API, its ledger and its weather."""
