"""X through its official API (v2): the way that X offers to programs."""

from steadypost.channels.x_api.channel import KIND, XApi

__all__ = ["KIND", "XApi"]
