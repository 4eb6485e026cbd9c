"""What docs/your-own-domain.md tells a reader to do, done."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.clones import ROOT, copied

PAGE = ROOT / "docs" / "your-own-domain.md"
NEXT = "--- the page goes on ---"


def steps() -> list[tuple[str, str]]:
    """The page as bash, a block of commands or a file at a time, each with what it is answered."""
    found: list[tuple[str, str]] = []
    for prose, kind, text in re.findall(r"(?ms)(.*?)^```(\w*)\n(.*?)^```$", PAGE.read_text()):
        match kind:
            case "bash":
                found.append((text, ""))
            case "":
                found[-1] = (found[-1][0], text)
            case _:
                path = re.findall(r"^\*\*`(\S+)`\*\*", prose, re.M)[-1]
                found.append((_writing(path, text), ""))
    return found


def _writing(path: str, text: str) -> str:
    return f"mkdir -p $(dirname {path})\ncat > {path} <<'END OF FILE'\n{text}END OF FILE\n"


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """With what is installed here: nothing need be downloaded."""
    clone = copied(tmp_path / "clone")
    _lend(Path(sys.prefix), clone / ".venv")
    for tool in ("emulator", "search"):
        _lend(ROOT / "build" / tool, clone / "build" / tool)
    _lend(ROOT / "build" / "packages" / "third-parties", clone / "build/packages/third-parties")
    yield clone
    _bash("make down", clone)


def _lend(installed: Path, to: Path) -> None:
    """A folder of what is in the other one, but newer: so make does not install it again."""
    to.mkdir(parents=True)
    for path in installed.glob("[!.]*"):
        (to / path.name).symlink_to(path)
    (to / ".installed").touch()


def _bash(script: str, clone: Path) -> subprocess.CompletedProcess[str]:
    own = {"LOCAL_HOME", "OPENSEARCH_URL", "PORT", "MAKEFLAGS", "MAKELEVEL"}
    providers = {"TF_PLUGIN_DIR": str(ROOT / "build" / "terraform" / "check" / "providers")}
    file = clone.with_suffix(".sh")
    file.write_text(script)
    return subprocess.run(
        ["bash", "-euo", "pipefail", str(file)],
        cwd=clone,
        env=providers | {name: value for name, value in os.environ.items() if name not in own},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,  # minutes, on a machine that is busy with other tests
        check=False,
    )


def _is_told(promised: str, told: str) -> bool:
    """Whether the lines of `promised` are among those told, in their order; `…` is anything."""
    lines = iter(told.splitlines())
    patterns = [re.escape(line).replace("…", ".*") for line in promised.splitlines()]
    return all(any(re.fullmatch(pattern, line) for line in lines) for pattern in patterns)


def test_who_does_what_the_page_says_has_a_domain_that_works(clone: Path) -> None:
    page = list(steps())

    script = "".join(f"{command}\nprintf '\\n%s\\n' '{NEXT}'\n" for command, _ in page)
    done = _bash(script, clone)

    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    answers = done.stdout.split(NEXT)[:-1]
    for (command, promised), told in zip(page, answers, strict=True):
        assert _is_told(promised, told), f"{command}\nis answered\n{told}\nnot\n{promised}"
