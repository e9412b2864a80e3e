"""Names a pager in the on-call block, as an operator would in Prefect's pages.

Run inside a stack: ``python -m rehearsal.on_call URL``.
"""

from __future__ import annotations

import sys

import click
from prefect.blocks.notifications import CustomWebhookNotificationBlock

from blocks import OnCall
from blocks.on_call import DOCUMENT


@click.command()
@click.argument("url")
def main(url: str) -> None:
    """Save a custom webhook named pager, and name it in the on-call block."""
    CustomWebhookNotificationBlock(
        name="pager",
        url=url,
        json_data={"title": "{{subject}}", "body": "{{body}}"},
        headers=None,
        cookies=None,
    ).save("pager", overwrite=True)
    OnCall.register_type_and_schema()
    OnCall(block="custom-webhook/pager").save(DOCUMENT, overwrite=True)


if __name__ == "__main__":
    sys.exit(main())
