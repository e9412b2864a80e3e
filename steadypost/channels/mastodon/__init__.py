"""Mastodon through its API, and every server that speaks it."""
