"""A local X with weather and a ledger. Nothing that ships imports it.

The sandbox is a process of its own with two ports. On the *page* port it is a look-alike of X: the page,
its composer, its JSON. On the *control* port, behind a token, lie the *ledger* (what is really live, and
every request that asked for it) and the *weather* (the faults that are made on purpose). What is tested can
reach neither.
"""
