"""Bluesky: what is true of it for every client."""

from steadypost.networks.bluesky.rules import NETWORK

__all__ = ["NETWORK"]
