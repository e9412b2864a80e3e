"""Links a drill's page as an artifact in Prefect: ``python -m rehearsal.drill.linked FOLDER``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from prefect.artifacts import create_link_artifact, create_markdown_artifact


def main(folder: Path) -> None:
    """Put the page's link, and the figures, where Prefect shows artifacts."""
    told = json.loads((folder / "report.json").read_text())
    page = (folder / "report.html").resolve()
    create_link_artifact(
        key="drill-page",
        link=page.as_uri(),
        link_text=page.name,
        description=f"The drill of seed {told['seed']}, with pictures",
    )
    rows = "\n".join(
        f"| {name} | {value} |" for name, value in told.items() if not isinstance(value, dict | list)
    )
    create_markdown_artifact(
        key="drill", markdown=f"# The drill\n\n| | |\n|---|---|\n{rows}\n", description=f"Seed {told['seed']}"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
