"""Setting up an account: what is asked, how each channel is signed in to, the probe, and what is kept of it."""
