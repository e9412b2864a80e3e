"""The whole house, run against the sandbox: to watch it, to measure it, to break it. Nothing here ships."""
