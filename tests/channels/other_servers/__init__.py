"""Servers of the three networks that were written without a look at the channels, and are kept so."""
