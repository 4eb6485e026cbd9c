"""The AWS provider is taken from this disk where it can be."""

from pathlib import Path

import pytest

from scripts.build.terraform import provider
from scripts.build.terraform.program import Program, TerraformError, child_environment
from scripts.build.terraform.provider import find_mirror, mirror_places, provider_arguments
from tests.tools.unit.terraform.programs import a_program


def a_mirror(place: Path, version: str = "5.100.0", machine: str | None = None) -> Path:
    (place / provider.PROVIDER / version / (machine or provider.this_machine())).mkdir(parents=True)
    return place


def test_a_mirror_on_this_disk_is_found(tmp_path: Path) -> None:
    mirror = a_mirror(tmp_path / "mirror")
    assert find_mirror([tmp_path / "nothing", mirror]) == mirror


@pytest.mark.parametrize("version", ["3.39.0", "5.99.1", "7.0.0"])
def test_a_mirror_with_a_version_we_do_not_work_with_is_passed_over(
    tmp_path: Path, version: str
) -> None:
    assert find_mirror([a_mirror(tmp_path, version)]) is None


def test_a_mirror_for_another_machine_is_passed_over(tmp_path: Path) -> None:
    assert find_mirror([a_mirror(tmp_path, machine="plan9_mips")]) is None


def test_the_users_own_place_for_providers_goes_first(tmp_path: Path) -> None:
    assert mirror_places({"TF_PLUGIN_DIR": str(tmp_path)})[0] == tmp_path


def test_a_mirror_is_named_to_init(tmp_path: Path) -> None:
    mirror = a_mirror(tmp_path)
    assert f"-plugin-dir={mirror}" in provider_arguments({"TF_PLUGIN_DIR": str(mirror)})


def test_without_a_mirror_the_registry_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "mirror_places", lambda environ: [])
    assert provider_arguments({}) == []


def test_the_users_own_cli_configuration_is_respected(tmp_path: Path) -> None:
    mirror, configuration = a_mirror(tmp_path / "mirror"), tmp_path / "configuration"
    configuration.touch()
    environ = {"TF_CLI_CONFIG_FILE": str(configuration), "TF_PLUGIN_DIR": str(mirror)}
    assert provider_arguments(environ) == []
    child = child_environment(tmp_path, environ)
    assert child["TF_CLI_CONFIG_FILE"] == str(configuration)


def test_a_registry_that_does_not_answer_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = a_program(
        tmp_path, does="echo 'Error: could not connect to\nregistry.example'; exit 1"
    )
    program = Program(directory=tmp_path, data_dir=tmp_path, env={"TERRAFORM": failing})
    monkeypatch.setattr(provider, "mirror_places", lambda environ: [tmp_path])
    with pytest.raises(TerraformError, match=r"can't get the AWS provider.*TF_PLUGIN_DIR"):
        provider.initialise(program)
