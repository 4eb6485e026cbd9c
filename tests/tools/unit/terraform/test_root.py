"""What is applied gets its settings, and says what went wrong."""

from pathlib import Path

import pytest

from scripts.build.terraform.program import Program, TerraformError
from scripts.build.terraform.root import Root
from tests.tools.unit.terraform.programs import a_program


def a_root(folder: Path, does: str) -> Root:
    env = {"TERRAFORM": a_program(folder, does=does)}
    return Root(program=Program(data_dir=folder, env=env), state=folder / "state")


def test_what_failed_is_said_without_what_went_well(tmp_path: Path) -> None:
    root = a_root(tmp_path, "echo 'table: Creation complete'; echo 'Error: no'; exit 1")
    with pytest.raises(TerraformError, match=r"^Error: no$"):
        root.apply_unseen([], {}, tmp_path / "log")


def test_variables_reach_terraform_with_their_types(tmp_path: Path) -> None:
    root = a_root(tmp_path, 'printf "%s\\n" "$@"')
    variables = {"text": "a b", "on": True, "none": None, "list": ["x"]}
    root.apply_unseen([tmp_path / "a.tfvars"], variables, tmp_path / "log")
    assert (tmp_path / "log").read_text().splitlines() == [
        "apply",
        "-auto-approve",
        "-input=false",
        f"-var-file={tmp_path}/a.tfvars",
        "-var=text=a b",
        "-var=on=true",
        "-var=none=null",
        '-var=list=["x"]',
        "-no-color",
    ]
