"""What is applied, and when Terraform is asked for more than to apply it."""

from pathlib import Path

import pytest

from scripts.local import deployment
from scripts.local.errors import LocalError
from scripts.local.home import Home
from tests.tools.unit.terraform.programs import a_program

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two that are built; and Terraform runs beside them."""
    built = tmp_path / "built"
    built.mkdir()
    for name in ("layer", "orders_commands"):
        (built / f"{name}.zip").write_text(f"the first {name}")
    monkeypatch.setattr(deployment, "PACKAGES", built)
    return built


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def terraform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str) -> None:
    """A Terraform that does this, and notes what it was asked for."""
    program = a_program(tmp_path, does=f'cd {tmp_path}; echo "$*" >> asked; {does}')
    monkeypatch.setenv("TERRAFORM", program)


def asked(tmp_path: Path) -> list[str]:
    return [line.split()[0] for line in (tmp_path / "asked").read_text().splitlines()]


def test_terraform_is_prepared_when_it_says_so_and_else_not(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    init = 'if [ "$1" = init ]; then touch prepared; exit; fi; '
    wants = 'Error: Module not installed. Run "terraform\ninit" first.'
    terraform(tmp_path, monkeypatch, f"{init} test -e prepared || {{ echo '{wants}'; exit 1; }}")

    deployment.apply(home, NOWHERE, {}, refresh=False)
    deployment.apply(home, NOWHERE, {}, refresh=False)

    assert asked(tmp_path) == ["apply", "init", "apply", "apply"]


@pytest.mark.parametrize(("refresh", "option"), [(True, "true"), (False, "false")])
def test_what_terraform_noted_is_believed_unless_it_is_told_to_look(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refresh: bool, option: str
) -> None:
    terraform(tmp_path, monkeypatch, "")
    deployment.apply(home, NOWHERE, {}, refresh=refresh)
    assert f"-refresh={option}" in (tmp_path / "asked").read_text()


def test_an_error_of_terraform_is_shown_with_the_place_of_its_log(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terraform(tmp_path, monkeypatch, "echo 'Error: no'; exit 1")
    with pytest.raises(LocalError, match=f"^Error: no\nThe full log is {home.log('terraform')}$"):
        deployment.apply(home, NOWHERE, {}, refresh=False)


def test_a_terraform_that_fails_and_says_nothing_is_told_too(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERRAFORM", "false")
    with pytest.raises(LocalError, match="Terraform failed and did not say why"):
        deployment.apply(home, NOWHERE, {}, refresh=False)


def test_what_is_there_already_is_an_error_of_its_own(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terraform(
        tmp_path, monkeypatch, "echo 'Error: ResourceInUse: the table already exists'; exit 1"
    )
    with pytest.raises(deployment.OccupiedError):
        deployment.apply(home, NOWHERE, {}, refresh=False)


def test_a_terraform_that_outlives_its_command_can_be_stopped(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terraform(tmp_path, monkeypatch, "echo $$ > pid")
    deployment.apply(home, NOWHERE, {}, refresh=False)
    assert (
        home.pid_file("terraform")
        .read_text()
        .startswith(f"[{(tmp_path / 'pid').read_text().strip()},")
    )


def test_terraform_makes_functions_of_the_packages_that_they_were_first_made_of(
    home: Home, packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terraform(tmp_path, monkeypatch, "")
    deployment.apply(home, NOWHERE, {}, refresh=False)
    (packages / "layer.zip").write_text("another layer")
    (packages / "orders_commands.zip").unlink()
    (packages / "walker.zip").write_text("a walker")

    deployment.apply(home, NOWHERE, {}, refresh=False)

    kept = {file.name: file.read_text() for file in home.packages.iterdir()}
    assert kept == {"layer.zip": "the first layer", "walker.zip": "a walker"}
    assert deployment.variables(home, NOWHERE, None)["packages_dir"] == str(home.packages)


def test_other_code_needs_no_terraform_and_another_function_does(packages: Path) -> None:
    before = deployment.fingerprint({})
    (packages / "layer.zip").write_text("another layer")
    assert deployment.fingerprint({}) == before
    (packages / "walker.zip").touch()
    assert deployment.fingerprint({}) != before


@pytest.mark.parametrize(
    "file", ["terraform/a.tf", "terraform/modules/a/b.tf", "terraform/environments/local.tfvars"]
)
def test_every_file_of_terraform_counts(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("terraform/modules/a", "terraform/environments"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "terraform/environments/local.tfvars").touch()
    monkeypatch.setattr(deployment, "ROOT", tmp_path)
    monkeypatch.setattr(deployment, "CONFIGURATION", tmp_path / "terraform")
    monkeypatch.setattr(deployment, "VARIABLES", tmp_path / "terraform/environments/local.tfvars")

    before = deployment.fingerprint({})
    (tmp_path / file).write_text("# a line")
    assert deployment.fingerprint({}) != before
