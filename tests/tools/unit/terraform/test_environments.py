"""Environments are kept apart, each is where its pin says, and nothing changes in one unasked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.build.terraform import __main__ as command
from scripts.build.terraform.access import Access
from scripts.build.terraform.environments import (
    Environment,
    Pin,
    environment,
    is_approved,
    var_files,
)
from scripts.build.terraform.program import REPOSITORY, TerraformError

PIN = Pin(account="111111111111", region="eu-west-1", bucket="states")


class Sts:
    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "111111111111"}


def signed_in(region: str | None = "eu-west-1", client: Any = None) -> Access:
    return Access(client=lambda service, where: client or Sts(), region=region)


def an_environment(
    folder: Path, pin: Pin | None = PIN, access: Access | None = None
) -> Environment:
    settings = folder / "dev.tfvars"
    settings.touch()
    if pin:
        pin.write(folder / "pin.json")
    return Environment(
        name="dev",
        access=access or signed_in(),
        settings=settings,
        pin_file=folder / "pin.json",
        home=folder / "home",
        left_state=folder / "left.tfstate",
    )


def test_what_is_kept_of_an_environment_survives_make_clean() -> None:
    dev = environment("dev", signed_in())
    assert REPOSITORY / "build" not in dev.left_state.parents
    assert REPOSITORY / "build" not in dev.pin_file.parents


def test_an_unknown_environment_is_refused_with_those_there_are() -> None:
    with pytest.raises(TerraformError, match="ENV must be one of dev, prod, not nowhere"):
        var_files("nowhere")


def test_local_is_not_deployed_but_started() -> None:
    with pytest.raises(TerraformError, match="make up"):
        var_files("local")


class TestPin:
    def test_in_its_account_and_region_an_environment_is_worked_on(self, tmp_path: Path) -> None:
        an_environment(tmp_path).require()

    def test_who_has_set_no_region_is_taken_to_its_own(self, tmp_path: Path) -> None:
        an_environment(tmp_path, access=signed_in(region=None)).require()

    def test_another_account_is_refused_and_both_are_named(self, tmp_path: Path) -> None:
        pin = Pin(account="222222222222", region="eu-west-1", bucket="states")
        with pytest.raises(TerraformError, match=r"222222222222.*are of 111111111111"):
            an_environment(tmp_path, pin).require()

    def test_another_region_is_refused_and_both_are_named(self, tmp_path: Path) -> None:
        with pytest.raises(TerraformError, match=r"eu-west-1.*us-east-1"):
            an_environment(tmp_path, access=signed_in("us-east-1")).require()

    def test_a_clone_without_it_is_told_who_makes_it(self, tmp_path: Path) -> None:
        with pytest.raises(TerraformError, match=r"missing.*make bootstrap ENV=dev"):
            an_environment(tmp_path, pin=None).require()

    @pytest.mark.parametrize("content", ["", "[]", "{}", '{"account": "1"}', '{"of": "others"}'])
    def test_one_that_was_damaged_is_refused(self, tmp_path: Path, content: str) -> None:
        dev = an_environment(tmp_path)
        dev.pin_file.write_text(content)
        with pytest.raises(TerraformError, match="is no pin"):
            dev.require()

    def test_terraform_is_held_to_it_by_backend_and_provider(self, tmp_path: Path) -> None:
        dev = an_environment(tmp_path)
        dev.root.lay_out()
        said = json.loads((dev.root.folder / "backend_override.tf.json").read_text())
        s3 = said["terraform"]["backend"]["s3"]
        assert (s3["bucket"], s3["region"], s3["allowed_account_ids"]) == (
            "states",
            "eu-west-1",
            ["111111111111"],
        )
        assert dev.all_variables == {"account_id": "111111111111", "region": "eu-west-1"}


@pytest.mark.parametrize("where", ["left.tfstate", "home/root/errored.tfstate"])
def test_a_state_that_is_here_and_not_in_the_bucket_is_never_ignored(
    tmp_path: Path, where: str
) -> None:
    dev = an_environment(tmp_path)
    (tmp_path / where).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / where).write_text("a state")
    with pytest.raises(TerraformError, match=r"left\.tfstate.*make bootstrap ENV=dev"):
        dev.require()
    assert dev.left_state.read_text() == "a state"


def test_saved_plans_hold_in_clones_that_are_elsewhere() -> None:
    dev = environment("dev", signed_in())
    packages = Path(str(dev.variables["packages_dir"]))
    assert not packages.is_absolute()
    assert (dev.home / "root" / packages).resolve() == REPOSITORY / "build/packages/aws"


@pytest.mark.parametrize(
    ("environ", "approved"),
    [({}, False), ({"AUTO_APPROVE": "1"}, True), ({"CI": "true"}, False)],
)
def test_a_person_is_asked_before_anything_changes(
    environ: dict[str, str], *, approved: bool
) -> None:
    assert is_approved(environ) is approved


def test_where_nobody_can_be_asked_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTO_APPROVE", raising=False)
    with pytest.raises(TerraformError, match=r"nobody to ask.*AUTO_APPROVE=1"):
        command.require_somebody_to_ask()


def test_an_endpoint_that_is_left_over_in_the_shell_is_not_taken_for_aws() -> None:
    with pytest.raises(TerraformError, match="AWS_ENDPOINT_URL_S3 is set"):
        Access.of_the_shell({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:4566"})


def test_the_region_of_the_shell_goes_before_that_of_the_profile() -> None:
    assert Access.of_the_shell({"AWS_REGION": "eu-north-1"}).region == "eu-north-1"
