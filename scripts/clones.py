"""Copies of the repository."""

import shutil
import subprocess
from pathlib import Path

from scripts.build.terraform.program import REPOSITORY as ROOT

__all__ = ["ROOT", "copied"]


def copied(into: Path) -> Path:
    """The files that are checked in or will be, as they are."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, into / name)
    return into
