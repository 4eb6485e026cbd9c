"""The AWS provider comes from the registry, and from this disk where that does not answer."""

import socket
from collections.abc import Callable
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


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Says whether it answers."""

    def says(answers: bool) -> None:
        monkeypatch.setattr(provider, "registry_answers", lambda: answers)

    return says


def test_a_mirror_that_the_user_names_goes_first(
    tmp_path: Path, registry: Callable[[bool], None]
) -> None:
    registry(True)
    mirror = a_mirror(tmp_path)
    assert provider_arguments({"TF_PLUGIN_DIR": str(mirror)}) == [f"-plugin-dir={mirror}"]


@pytest.mark.parametrize("answers", [True, False])
def test_a_mirror_is_taken_where_the_registry_does_not_answer(
    tmp_path: Path, registry: Callable[[bool], None], answers: bool
) -> None:
    registry(answers)
    mirror = a_mirror(tmp_path / ".terraform.d/plugins")
    expected = [] if answers else [f"-plugin-dir={mirror}"]
    assert provider_arguments({"HOME": str(tmp_path)}) == expected


def test_without_a_mirror_the_registry_is_used(
    monkeypatch: pytest.MonkeyPatch, registry: Callable[[bool], None]
) -> None:
    registry(False)
    monkeypatch.setattr(provider, "mirror_places", lambda environ: [])
    assert provider_arguments({}) == []


def test_a_registry_that_can_be_connected_to_answers_and_another_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"http://127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setattr(provider, "getproxies", lambda: {"https": place})
        assert provider.registry_answers.__wrapped__()
    assert not provider.registry_answers.__wrapped__()


class TestLockFile:
    """A Terraform that notes what it was asked for, and writes a lock file."""

    @pytest.fixture
    def program(self, tmp_path: Path) -> Program:
        does = f'echo "$@" >> asked; echo "hashes of $1" > {provider.LOCK_FILE}'
        env = {"TERRAFORM": a_program(tmp_path, does=does)}
        return Program(directory=tmp_path, data_dir=tmp_path, env=env)

    def test_is_written_for_all_platforms_where_the_registry_answers(
        self, program: Program, tmp_path: Path, registry: Callable[[bool], None]
    ) -> None:
        registry(True)
        provider.initialise_locked(program, tmp_path / "lock")
        asked = (tmp_path / "asked").read_text()
        assert all(f"-platform={each}" in asked for each in provider.PLATFORMS)
        assert (tmp_path / "lock").read_text() == "hashes of providers\n"

    def test_is_not_written_from_a_mirror(
        self, program: Program, tmp_path: Path, registry: Callable[[bool], None]
    ) -> None:
        registry(False)
        provider.initialise_locked(program, tmp_path / "lock")
        assert not (tmp_path / "lock").exists()

    @pytest.mark.parametrize("answers", [True, False])
    def test_decides_which_provider_is_taken_and_is_left_as_it_is(
        self, program: Program, tmp_path: Path, registry: Callable[[bool], None], answers: bool
    ) -> None:
        registry(answers)
        (tmp_path / "lock").write_text("these")
        provider.initialise_locked(program, tmp_path / "lock")
        asked = (tmp_path / "asked").read_text()
        assert "-lockfile=readonly" in asked
        assert "-upgrade" not in asked
        assert (tmp_path / "lock").read_text() == "these"

    def test_that_fits_no_provider_is_told_in_one_sentence(
        self, tmp_path: Path, registry: Callable[[bool], None]
    ) -> None:
        registry(False)
        does = "echo 'Error: locked provider does not match'; exit 1"
        env = {"TERRAFORM": a_program(tmp_path, does=does)}
        program = Program(directory=tmp_path, data_dir=tmp_path, env=env)
        (tmp_path / "lock").touch()
        with pytest.raises(TerraformError, match="remove the lock file"):
            provider.initialise_locked(program, tmp_path / "lock")


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
