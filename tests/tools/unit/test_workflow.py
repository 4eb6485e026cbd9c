"""CI runs what others wrote only as it was reviewed, and tries what this is made for."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
WORKFLOWS = {path.stem: path.read_text() for path in ROOT.glob(".github/workflows/*.yml")}
WORKFLOW = WORKFLOWS["check"]
TOOLS = (ROOT / ".github/actions/tools/action.yml").read_text()


def test_every_action_is_pinned_to_a_commit_and_says_of_which_version_it_is() -> None:
    actions = re.findall(r"uses: (?!\./)(.*)", "".join(WORKFLOWS.values()) + TOOLS)

    assert actions
    assert [a for a in actions if not re.fullmatch(r"\S+@[0-9a-f]{40} # v[\d.]+", a)] == []


def test_it_may_read_the_repository_and_who_deploys_may_sign_in_beside_that() -> None:
    signing_in = "  contents: read\n  id-token: write\n"
    for name, workflow in WORKFLOWS.items():
        allowed = "  contents: read\n" if name in ("check", "rehearse") else signing_in
        assert re.findall(r"permissions:\n((?: .*\n)*)", workflow) == [allowed], name
        assert workflow.count("persist-credentials: false") == workflow.count("actions/checkout@")


def test_nobody_keeps_a_key_of_aws_and_what_others_write_is_not_run() -> None:
    for name, workflow in WORKFLOWS.items():
        assert "secrets." not in workflow, name
        assert "pull_request_target" not in workflow, name
        scripts = re.findall(r"(?m)^ +(?:- )?run: (?:\|\n((?: {10}.*\n)+)|(.*))", workflow)
        assert not [text for script in scripts for text in script if "${{" in text], name


def test_targets_that_they_make_are_there() -> None:
    files = [ROOT / "Makefile", *ROOT.glob("scripts/*/*.mk")]
    makefile = "".join(file.read_text() for file in files)
    made = {
        target
        for workflow in WORKFLOWS.values()
        for target in re.findall(r"\bmake ([a-z][a-z-]*)", workflow)
    }
    made |= {
        target for said in re.findall(r"targets: (.*?) }", WORKFLOW) for target in said.split()
    }
    assert [target for target in made if not re.search(rf"(?m)^{target}:", makefile)] == []


def test_it_tries_every_python_and_the_oldest_terraform_that_this_is_made_for() -> None:
    makefile = re.search(r"from 3\.(\d+) to 3\.(\d+)", (ROOT / "Makefile").read_text())
    root = re.search(r'required_version = ">= (\S+)"', (ROOT / "terraform/versions.tf").read_text())
    assert makefile
    assert root
    pythons = {f"3.{minor}" for minor in range(int(makefile[1]), int(makefile[2]) + 1)}

    assert set(re.findall(r'python: "(.*?)"', WORKFLOW)) == pythons
    assert re.findall(r"terraform_version: (\d\.\d+)\.", TOOLS) == [root[1]]
