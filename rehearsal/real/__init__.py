"""Servers of networks that nobody here wrote, started on this machine: a PDS of Bluesky and ``mastodon_mock``.

A relay before each cuts lines, since no server can lose its own answers.
"""
