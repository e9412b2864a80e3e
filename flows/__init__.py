"""What runs and in what order: one habit per file."""
