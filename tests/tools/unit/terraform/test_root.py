"""An environment sees the files of the configuration, and a backend of its own. What is applied
gets its settings, and says what went wrong.
"""

from pathlib import Path

import pytest

from scripts.build.terraform.program import TerraformError
from scripts.build.terraform.root import BACKEND, Root
from tests.tools.unit.terraform.programs import a_program


def a_root(folder: Path, does: str = "", home: str = "home") -> Root:
    configuration = folder / "configuration"
    (configuration / "modules").mkdir(parents=True, exist_ok=True)
    (configuration / "main.tf").touch()
    env = {"TERRAFORM": a_program(folder, does=does)}
    backend = {"local": {"path": f"{home}.tfstate"}}
    return Root(home=folder / home, configuration=configuration, env=env, backend=backend)


def files(root: Root) -> set[str]:
    return {path.name for path in root.folder.iterdir()}


def test_files_that_come_and_go_come_and_go_in_every_environment(tmp_path: Path) -> None:
    root = a_root(tmp_path)
    root.lay_out()
    (root.configuration / "more.tf").touch()
    (root.configuration / "main.tf").unlink()

    root.lay_out()

    assert files(root) == {"modules", "more.tf", BACKEND}
    assert (root.folder / "more.tf").resolve() == root.configuration / "more.tf"


def test_a_checkout_that_was_moved_has_no_links_to_where_it_was(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    a_root(tmp_path / "old").lay_out()
    (tmp_path / "old").rename(tmp_path / "new")

    root = a_root(tmp_path / "new")
    root.lay_out()

    assert (root.folder / "main.tf").exists()


def test_two_environments_of_one_checkout_have_their_own_backends(tmp_path: Path) -> None:
    roots = [a_root(tmp_path, home=home) for home in ("one", "two")]
    for root in roots:
        root.lay_out()

    assert [f"{root.home.name}.tfstate" in (root.folder / BACKEND).read_text() for root in roots]
    assert not (roots[0].configuration / BACKEND).exists()


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
