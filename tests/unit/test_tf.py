from pathlib import Path

import pytest

from scripts import tf


def a_program(folder: Path, name: str) -> str:
    program = folder / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return str(program)


def a_mirror(place: Path, version: str = "5.100.0", machine: str | None = None) -> Path:
    (place / tf.PROVIDER / version / (machine or tf.this_machine())).mkdir(parents=True)
    return place


def test_the_users_own_choice_of_program_goes_first(tmp_path: Path) -> None:
    a_program(tmp_path, "terraform")
    environ = {"TERRAFORM": "/some/terraform", "PATH": str(tmp_path)}
    assert tf.find_program(environ) == ["/some/terraform"]


def test_terraform_is_preferred_to_tofu(tmp_path: Path) -> None:
    a_program(tmp_path, "tofu")
    terraform = a_program(tmp_path, "terraform")
    assert tf.find_program({"PATH": str(tmp_path)}) == [terraform]


def test_tofu_will_do(tmp_path: Path) -> None:
    tofu = a_program(tmp_path, "tofu")
    assert tf.find_program({"PATH": str(tmp_path)}) == [tofu]


def test_without_a_program_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tf, "find_spec", lambda name: None)
    with pytest.raises(tf.TerraformError, match=r"install Terraform 1\.11 or later"):
        tf.find_program({"PATH": str(tmp_path)})


def test_a_mirror_on_this_disk_is_found(tmp_path: Path) -> None:
    mirror = a_mirror(tmp_path / "mirror")
    assert tf.find_mirror([tmp_path / "nothing", mirror]) == mirror


@pytest.mark.parametrize("version", ["3.39.0", "5.99.1", "7.0.0"])
def test_a_mirror_with_a_version_we_do_not_work_with_is_passed_over(
    tmp_path: Path, version: str
) -> None:
    assert tf.find_mirror([a_mirror(tmp_path, version)]) is None


def test_a_mirror_for_another_machine_is_passed_over(tmp_path: Path) -> None:
    assert tf.find_mirror([a_mirror(tmp_path, machine="plan9_mips")]) is None


def test_the_users_own_place_for_providers_goes_first(tmp_path: Path) -> None:
    assert tf.mirror_places({"TF_PLUGIN_DIR": str(tmp_path)})[0] == tmp_path


def test_a_mirror_is_named_to_init(tmp_path: Path) -> None:
    mirror = a_mirror(tmp_path)
    assert f"-plugin-dir={mirror}" in tf.provider_arguments({"TF_PLUGIN_DIR": str(mirror)})


def test_without_a_mirror_the_registry_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tf, "mirror_places", lambda environ: [])
    assert tf.provider_arguments({}) == []


def test_the_users_own_cli_configuration_is_respected(tmp_path: Path) -> None:
    mirror, configuration = a_mirror(tmp_path / "mirror"), tmp_path / "configuration"
    configuration.touch()
    environ = {"TF_CLI_CONFIG_FILE": str(configuration), "TF_PLUGIN_DIR": str(mirror)}
    assert tf.provider_arguments(environ) == []
    child = tf.child_environment(tmp_path, environ)
    assert child["TF_CLI_CONFIG_FILE"] == str(configuration)


def test_a_cli_configuration_that_is_missing_is_not_mentioned_to_terraform(tmp_path: Path) -> None:
    environ = {"TF_CLI_CONFIG_FILE": str(tmp_path / "missing")}
    assert "TF_CLI_CONFIG_FILE" not in tf.child_environment(tmp_path, environ)


def test_every_purpose_has_a_data_directory_of_its_own(tmp_path: Path) -> None:
    assert tf.child_environment(tmp_path, {})["TF_DATA_DIR"] == str(tmp_path)


def test_the_state_of_an_environment_survives_make_clean() -> None:
    assert tf.REPOSITORY / "build" not in tf.environment("dev").state.parents


def test_an_unknown_environment_is_refused_with_those_there_are() -> None:
    with pytest.raises(tf.TerraformError, match="ENV must be one of dev, prod, not nowhere"):
        tf.var_files("nowhere")


def test_local_is_not_deployed_but_started() -> None:
    with pytest.raises(tf.TerraformError, match="make up"):
        tf.var_files("local")


@pytest.mark.parametrize(
    ("environ", "approved"),
    [({}, False), ({"AUTO_APPROVE": "1"}, True), ({"CI": "true"}, False)],
)
def test_a_person_is_asked_before_anything_changes(
    environ: dict[str, str], *, approved: bool
) -> None:
    assert tf.is_approved(environ) is approved


def test_a_registry_that_does_not_answer_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Path(a_program(tmp_path, "terraform"))
    program.write_text("#!/bin/sh\necho 'Error: could not connect to\nregistry.example'; exit 1\n")
    monkeypatch.setattr(tf, "mirror_places", lambda environ: [tmp_path])
    with pytest.raises(tf.TerraformError, match=r"can't get the AWS provider.*TF_PLUGIN_DIR"):
        tf.initialise(directory=tmp_path, data_dir=tmp_path, env={"TERRAFORM": str(program)})


def test_what_failed_is_said_without_what_went_well(tmp_path: Path) -> None:
    program = Path(a_program(tmp_path, "terraform"))
    program.write_text("#!/bin/sh\necho 'table: Creation complete'; echo 'Error: no'; exit 1\n")
    terraform = tf.Terraform(
        data_dir=tmp_path, state=tmp_path / "state", env={"TERRAFORM": str(program)}
    )
    with pytest.raises(tf.TerraformError, match=r"^Error: no$"):
        terraform.apply([], approved=True, log=tmp_path / "log")


def test_variables_reach_terraform_with_their_types(tmp_path: Path) -> None:
    program = Path(a_program(tmp_path, "terraform"))
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    terraform = tf.Terraform(
        data_dir=tmp_path, state=tmp_path / "state", env={"TERRAFORM": str(program)}
    )
    variables = {"text": "a b", "on": True, "none": None, "list": ["x"]}
    terraform.apply([tmp_path / "a.tfvars"], variables, approved=True, log=tmp_path / "log")
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


def test_an_endpoint_that_is_left_over_in_the_shell_is_not_taken_for_aws() -> None:
    tf.require_aws({"AWS_REGION": "eu-west-1"})
    with pytest.raises(tf.TerraformError, match="AWS_ENDPOINT_URL_S3 is set"):
        tf.require_aws({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:4566"})
