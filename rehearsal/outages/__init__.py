"""``make test-outages``: each process of a running ``steadypost up`` is killed, and stopped, while posts fall due."""
