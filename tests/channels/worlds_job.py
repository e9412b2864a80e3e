"""A job for these tests: looks at what an account's kept page is made of, below what Playwright tells."""

from steadypost.channels.x_web.opening import page_of


def worlds(desk, access):
    """Count the worlds of scripts that the account's kept page has, and gives every document."""
    page = page_of(desk, access)
    session = page.context.new_cdp_session(page)
    found = []
    session.on("Runtime.executionContextCreated", lambda event: found.append(event["context"]["name"]))
    session.send("Runtime.enable")
    session.detach()
    return len(found)
