"""All that is lost has to be named, and nothing else; what AWS would refuse is found out before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.build.terraform.access import Access
from scripts.build.terraform.commands import require_no_loss
from scripts.build.terraform.environments import Environment, Pin
from scripts.build.terraform.plans import Plan
from scripts.build.terraform.program import TerraformError
from tests.tools.unit.terraform.planned import TABLE, destroyed, shown

SERVICES = ("orders", "payments", "stock")
WORDS = [f"{service}_events" for service in SERVICES]


class S3:
    """Buckets of which some have something in them."""

    def __init__(self, *full: str) -> None:
        self.full = full

    def list_object_versions(self, Bucket: str, MaxKeys: int) -> dict[str, Any]:  # noqa: N803
        return {"DeleteMarkers": [{}]} if Bucket in self.full else {}


def an_environment(folder: Path, s3: S3 | None = None) -> Environment:
    pin = folder / "pin.json"
    Pin(account="1", region="eu-west-1", bucket="states").write(pin)
    return Environment(
        name="dev",
        access=Access(client=lambda service, region: s3 or S3(), region=None),
        settings=folder / "dev.tfvars",
        pin_file=pin,
        home=folder,
        left_state=folder / "left",
    )


def losing(*services: str, protected: bool = False) -> Plan:
    return Plan.of(
        shown(
            *(
                destroyed(
                    f'module.events["{service}"].{TABLE}.this',
                    name=f"cqrs-dev-{service}-events",
                    deletion_protection_enabled=protected,
                )
                for service in services
            )
        )
    )


@given(lost=st.sets(st.sampled_from(SERVICES)), named=st.sets(st.sampled_from(WORDS)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_only_who_names_exactly_what_is_lost_goes_on(
    tmp_path: Path, lost: set[str], named: set[str]
) -> None:
    dev, plan = an_environment(tmp_path), losing(*lost)
    if named == {f"{service}_events" for service in lost}:
        require_no_loss(dev, plan, named, "deploy")
    else:
        with pytest.raises(TerraformError, match="Nothing was touched"):
            require_no_loss(dev, plan, named, "deploy")


def test_who_is_refused_is_told_what_is_lost_and_what_to_say(tmp_path: Path) -> None:
    with pytest.raises(TerraformError) as refused:
        require_no_loss(an_environment(tmp_path), losing("orders", "stock"), (), "deploy")
    assert str(refused.value) == (
        "Nothing was touched, since this would be lost:\n"
        "  orders_events: its events, which nothing brings back\n"
        "  stock_events: its events, which nothing brings back\n"
        "If that is meant, say so: make deploy ENV=dev"
        ' LOSE="orders_events stock_events"'
    )


def test_who_has_named_it_is_told_what_is_protected_and_how_to_lift_that(tmp_path: Path) -> None:
    plan = losing("orders", protected=True)
    with pytest.raises(TerraformError, match=r'unprotected = \["orders_events"\]` in dev\.tfvars'):
        require_no_loss(an_environment(tmp_path), plan, ["orders_events"], "deploy")


@pytest.mark.parametrize(
    ("full", "force_destroy", "refused"),
    [(True, False, True), (False, False, False), (True, True, False)],
)
def test_a_bucket_that_aws_would_not_delete_is_found_out_before(
    tmp_path: Path, *, full: bool, force_destroy: bool, refused: bool
) -> None:
    name = "cqrs-dev-failures-123456789012"
    bucket = destroyed(
        "module.failures.aws_s3_bucket.this", bucket=name, force_destroy=force_destroy
    )
    dev = an_environment(tmp_path, S3(name) if full else S3())

    def go() -> None:
        require_no_loss(dev, Plan.of(shown(bucket)), ["failures"], "destroy")

    if refused:
        with pytest.raises(TerraformError, match="protected: failures"):
            go()
    else:
        go()
