"""Copies of the repository, which a test may change."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.clones import ROOT, copied

# Whatever somebody has set up for it.
GIT = {
    **dict.fromkeys(["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"], os.devnull),
    **dict.fromkeys(["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"], "A test"),
    **dict.fromkeys(["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"], "test@example.com"),
}


class Clone:
    """One that can be had back as it was, however it was changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = copied(folder)
        if (ROOT / ".mypy_cache").is_dir():
            shutil.copytree(ROOT / ".mypy_cache", folder / ".mypy_cache")
        self.bash(
            "git init -q; git add -A; git -c user.name=- -c user.email=- commit -qm 'As it was'"
        )

    def reset(self) -> None:
        self.bash("git reset -q --hard; git clean -qfd")

    def bash(self, script: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=os.environ | GIT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout

    def has(self, file: str) -> bool:
        return (self.folder / file).exists()

    def told(self, *checks: str) -> str:
        """What the first of these Python modules says that is not content."""
        for check in checks:
            done = subprocess.run(
                [sys.executable, "-m", *check.split()],
                cwd=self.folder,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},  # many checks, compiled once
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            if done.returncode:
                return done.stdout + done.stderr
        return ""
