"""Posts into a file of this machine, one JSON object a line."""
