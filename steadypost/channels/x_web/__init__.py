"""X through its web page: ``XWeb`` in the parent, and the jobs that run in a browser runner."""
