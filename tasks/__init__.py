"""One bounded step each: the only place with Prefect retries, timeouts, limits, tags."""
