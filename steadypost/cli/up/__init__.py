"""What ``steadypost up`` runs, and how it is watched over and ended."""
