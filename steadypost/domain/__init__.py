"""What Steadypost is about, in the standard library only. The domain judges; it never acts."""
