"""The file of the last release: what the application was when somebody last said `make release`."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from scripts.build.terraform.program import REPOSITORY
from scripts.release.description import Description, written

NAME = "released.json"
OF_THE_FRAME = {"library", "terraform", "tools"}
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
    """The last release. What it does not have a section of is empty. Raises ReleaseError."""
    path = file()
    if path is None:
        raise ReleaseError(NONE)
    try:
        return defaultdict(dict, **json.loads(path.read_text()))
    except (TypeError, ValueError) as error:
        raise ReleaseError(
            f"{path.relative_to(REPOSITORY)} can't be read ({error}): get it back from git."
        ) from None


def read_or_nothing() -> Description:
    """For who only wants to know what older schemas were."""
    return read() if file() else defaultdict(dict)


def write(description: Description) -> Path:
    """Beside the golden history, which is what was stored. In one step, whole."""
    path = file() or _home() / NAME
    draft = path.with_suffix(".draft")
    draft.write_text(written(description))
    draft.replace(path)
    return path


def _home() -> Path:
    """The folder of the application's tests."""
    tests = (REPOSITORY / "tests").glob("*/unit")
    found = [path.parent for path in tests if path.parent.name not in OF_THE_FRAME]
    if len(found) != 1:
        raise ReleaseError(
            f"{NAME} is kept beside the tests of the application, tests/<application>/unit, and "
            f"there are {len(found)} such folders: have one."
        )
    return found[0]
