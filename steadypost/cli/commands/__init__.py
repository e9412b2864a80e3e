"""One file for each command; ``program`` loads the one that is asked for."""
