"""Terraform is found where the user has it, and sees what it should."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.build.terraform import program
from scripts.build.terraform.program import child_environment, find_program
from tests.tools.unit.terraform.programs import a_program


def test_the_users_own_choice_of_program_goes_first(tmp_path: Path) -> None:
    a_program(tmp_path, "terraform")
    chosen = a_program(tmp_path, "some-terraform")
    assert find_program({"TERRAFORM": chosen, "PATH": str(tmp_path)}) == [chosen]


def test_a_choice_that_is_relative_to_this_folder_is_found_from_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = a_program(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert find_program({"TERRAFORM": "./terraform"}) == [chosen]


def test_a_choice_that_is_no_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(program.TerraformError, match="TERRAFORM names /not/there, which is no"):
        find_program({"TERRAFORM": "/not/there", "PATH": str(tmp_path)})


def test_terraform_is_preferred_to_tofu(tmp_path: Path) -> None:
    a_program(tmp_path, "tofu")
    terraform = a_program(tmp_path, "terraform")
    assert find_program({"PATH": str(tmp_path)}) == [terraform]


def test_tofu_will_do(tmp_path: Path) -> None:
    tofu = a_program(tmp_path, "tofu")
    assert find_program({"PATH": str(tmp_path)}) == [tofu]


def test_without_a_program_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "find_spec", lambda name: None)
    with pytest.raises(program.TerraformError, match=r"install Terraform 1\.11 or later"):
        find_program({"PATH": str(tmp_path)})


def test_a_cli_configuration_that_is_missing_is_not_mentioned_to_terraform(tmp_path: Path) -> None:
    environ = {"TF_CLI_CONFIG_FILE": str(tmp_path / "missing")}
    assert "TF_CLI_CONFIG_FILE" not in child_environment(tmp_path, environ)


def test_every_purpose_has_a_data_directory_of_its_own(tmp_path: Path) -> None:
    assert child_environment(tmp_path, {})["TF_DATA_DIR"] == str(tmp_path)


def test_a_workspace_of_the_shell_does_not_lead_to_another_state(tmp_path: Path) -> None:
    assert child_environment(tmp_path, {"TF_WORKSPACE": "other"})["TF_WORKSPACE"] == "default"


def test_an_interrupt_is_handed_on_and_the_end_is_waited_for(tmp_path: Path) -> None:
    saving = "trap 'echo saved; exit 3' INT; echo applying; while :; do sleep 0.02; done"
    script = f"""
import signal
from pathlib import Path
from scripts.build.terraform.program import Program
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
folder = Path({str(tmp_path)!r})
raise SystemExit(Program(directory=folder, data_dir=folder).followed(folder / "log", "apply"))"""
    terraform = a_program(tmp_path, does=saving)
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": ".", "TERRAFORM": terraform},
        stdout=subprocess.PIPE,
        text=True,
    ) as following:
        assert following.stdout
        assert following.stdout.readline() == "applying\n"
        following.send_signal(signal.SIGINT)
        assert following.stdout.read() == "saved\n"
    assert following.returncode == 3
