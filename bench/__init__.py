"""Measurements against a bare script doing the same work in the same run. Ratios hold; absolute times do not."""
