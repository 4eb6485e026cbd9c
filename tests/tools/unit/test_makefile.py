"""Which Pythons the tools are installed for: those that were tried, and newer ones with a word. And
who a token is for: whoever is named, and nobody else.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

# It says that it is a Python of another version, and that it has made a virtual environment.
PYTHON = """#!/bin/sh
case "$1" in
-c) exec "{python}" -c "import sys; sys.version_info = {version}; $2" ;;
*) mkdir -p .venv/bin && echo "#!/bin/sh" > .venv/bin/pip && chmod +x .venv/bin/pip ;;
esac
"""


def installing(folder: Path, version: tuple[int, int, int]) -> subprocess.CompletedProcess[str]:
    """`make .venv` with a Python of that version."""
    shutil.copy2(ROOT / "Makefile", folder)
    (folder / "requirements").mkdir()
    (folder / "requirements/dev.txt").touch()
    python = folder / "python"
    python.write_text(PYTHON.format(python=sys.executable, version=version))
    python.chmod(0o755)
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", ".venv", "PYTHON=./python"]
    return subprocess.run(
        command, cwd=folder, env=alone, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 13, 9)])
def test_a_python_that_was_tried_is_taken_without_a_word(
    tmp_path: Path, version: tuple[int, int, int]
) -> None:
    done = installing(tmp_path, version)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_newer_python_is_taken_and_said_to_be_untried(tmp_path: Path) -> None:
    done = installing(tmp_path, (3, 14, 0))

    assert (done.returncode, done.stderr) == (
        0,
        "./python is Python 3.14, which was not tried: going on\n",
    )


def test_an_older_python_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    done = installing(tmp_path, (3, 10, 14))

    assert done.returncode != 0
    assert "./python is Python 3.10; name one from 3.11 to 3.13" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_an_environment_that_is_linked_to_stays_as_it_is(tmp_path: Path) -> None:
    others = tmp_path / "others"
    others.mkdir()
    (others / "tool").touch()
    (tmp_path / ".venv").symlink_to(others)

    done = installing(tmp_path, (3, 13, 9))

    assert done.returncode == 0
    assert (others / "tool").exists()
    assert not (tmp_path / ".venv").is_symlink()


def test_a_token_is_for_nobody_unless_somebody_is_named() -> None:
    """`AS` is an assembler for make, unless the Makefile says otherwise."""
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    asked = ["make", "--dry-run", "token"]

    def said(*command: str, **environ: str) -> str:
        env = alone | environ
        done = subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr

    assert "say whose" in said(*asked)
    assert "token 'ada'" in said(*asked, "AS=ada")
    assert "token 'ada'" in said(*asked, AS="ada")
