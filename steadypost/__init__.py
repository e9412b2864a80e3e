"""Everything of Steadypost that would be true without Prefect."""
