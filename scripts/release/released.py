"""The file of the last release: what the application was when somebody last said `make release`."""

from __future__ import annotations

import json
from pathlib import Path

from scripts.build.terraform.program import REPOSITORY
from scripts.release.description import Description, written

NAME = "released.json"
NONE = (
    f"There is no tests/<application>/{NAME}: if something of this application is deployed, get "
    "the file back from git; else `make release` writes the first one."
)


class ReleaseError(Exception):
    """An error for the user; the message says what to do."""


def file() -> Path | None:
    """Where it is, if it is there."""
    found = sorted((REPOSITORY / "tests").glob(f"*/{NAME}"))
    if len(found) > 1:
        raise ReleaseError(f"There are {len(found)} files tests/*/{NAME}: keep the one that is so.")
    return found[0] if found else None


def read() -> Description:
    """The last release. Raises ReleaseError."""
    path = file()
    if path is None:
        raise ReleaseError(NONE)
    try:
        description: Description = json.loads(path.read_text())
        return {section: description[section] for section in SECTIONS}
    except (LookupError, TypeError, ValueError) as error:
        raise ReleaseError(
            f"{path.relative_to(REPOSITORY)} can't be read ({error!r}): get it back from git."
        ) from None


SECTIONS = (
    *("aggregates", "commands", "events", "ids", "messages", "processes", "routes", "views"),
)


def write(description: Description) -> Path:
    """Beside the golden history, which is what was stored. In one step, whole."""
    path = file() or _home() / NAME
    draft = path.with_suffix(".draft")
    draft.write_text(written(description))
    draft.replace(path)
    return path


def _home() -> Path:
    """The folder of the application's tests."""
    of_the_frame = {"library", "terraform", "tools"}
    folders = [
        p.parent for p in (REPOSITORY / "tests").glob("*/unit") if p.parent.name not in of_the_frame
    ]
    if len(folders) != 1:
        raise ReleaseError(f"Make an empty tests/<application>/{NAME}, so that it is known where.")
    return folders[0]
