"""A page of the same kind as X's, made by nobody who wrote the sandbox, and with nothing of it."""
