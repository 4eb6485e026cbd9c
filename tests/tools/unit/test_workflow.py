"""CI runs what others wrote only as it was reviewed, and tries what this is made for."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
WORKFLOW = (ROOT / ".github/workflows/check.yml").read_text()


def test_every_action_is_pinned_to_a_commit_and_says_of_which_version_it_is() -> None:
    actions = re.findall(r"uses: (.*)", WORKFLOW)

    assert actions
    assert [a for a in actions if not re.fullmatch(r"\S+@[0-9a-f]{40} # v[\d.]+", a)] == []


def test_it_may_read_the_repository_and_nothing_else() -> None:
    assert re.findall(r"permissions:\n((?: .*\n)*)", WORKFLOW) == ["  contents: read\n"]
    assert "persist-credentials: false" in WORKFLOW


def test_it_tries_every_python_and_the_oldest_terraform_that_this_is_made_for() -> None:
    makefile = re.search(r"from 3\.(\d+) to 3\.(\d+)", (ROOT / "Makefile").read_text())
    root = re.search(r'required_version = ">= (\S+)"', (ROOT / "terraform/versions.tf").read_text())
    assert makefile
    assert root
    pythons = {f"3.{minor}" for minor in range(int(makefile[1]), int(makefile[2]) + 1)}

    assert set(re.findall(r'python: "(.*?)"', WORKFLOW)) == pythons
    assert re.findall(r"terraform_version: (\d\.\d+)\.", WORKFLOW) == [root[1]]
