"""Environments are kept apart, and nothing changes in one unasked."""

import pytest

from scripts.build.terraform.environments import environment, is_approved, require_aws, var_files
from scripts.build.terraform.program import REPOSITORY, TerraformError


def test_the_state_of_an_environment_survives_make_clean() -> None:
    assert REPOSITORY / "build" not in environment("dev").state.parents


def test_an_unknown_environment_is_refused_with_those_there_are() -> None:
    with pytest.raises(TerraformError, match="ENV must be one of dev, prod, not nowhere"):
        var_files("nowhere")


def test_local_is_not_deployed_but_started() -> None:
    with pytest.raises(TerraformError, match="make up"):
        var_files("local")


@pytest.mark.parametrize(
    ("environ", "approved"),
    [({}, False), ({"AUTO_APPROVE": "1"}, True), ({"CI": "true"}, False)],
)
def test_a_person_is_asked_before_anything_changes(
    environ: dict[str, str], *, approved: bool
) -> None:
    assert is_approved(environ) is approved


def test_an_endpoint_that_is_left_over_in_the_shell_is_not_taken_for_aws() -> None:
    require_aws({"AWS_REGION": "eu-west-1"})
    with pytest.raises(TerraformError, match="AWS_ENDPOINT_URL_S3 is set"):
        require_aws({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:4566"})
