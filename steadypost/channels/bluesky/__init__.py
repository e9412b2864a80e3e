"""Bluesky, by the AT Protocol: a post is a record under a name of our own, so it can be written only once."""
