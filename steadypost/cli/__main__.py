"""``python -m steadypost.cli``."""

from steadypost.cli import main

main()
