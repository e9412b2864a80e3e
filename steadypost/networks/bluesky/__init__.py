"""Bluesky: what is true of it, whoever talks to it."""

from steadypost.networks.bluesky.rules import NETWORK

__all__ = ["NETWORK"]
