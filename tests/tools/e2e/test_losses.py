"""Data is not lost by a deployment unless it was named, and nothing is touched before."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scripts.build.terraform import commands
from scripts.build.terraform.nouns import nouns
from scripts.build.terraform.plans import FOREVER, Plan
from scripts.build.terraform.program import REPOSITORY, ROOT, TerraformError
from scripts.build.terraform.root import settings
from scripts.build.terraform.summary import summary
from tests.tools.e2e.conftest import Local
from tests.tools.e2e.environments import Clone, cloning, yes


class World:
    """A clone with stores that are deployed and have something in them."""

    def __init__(self, local: Local, clone: Clone) -> None:
        self.clone, self.environment = clone, clone.environment
        self.bucket = f"cqrs-{self.environment.name}-failures-000000000000"
        self.s3, self.tables = local.client("s3"), local.client("dynamodb")
        self.logs = local.client("logs")

    def destroy(self, *lose: str, **variables: object) -> None:
        commands.destroy(replace(self.environment, variables=variables), yes, lose=lose)

    def put(self) -> None:
        self.s3.put_object(Bucket=self.bucket, Key="batch", Body=b"records")

    def there(self) -> set[str]:
        """What is in AWS."""
        ours = f"cqrs-{self.environment.name}-"
        found = [
            *self.tables.list_tables()["TableNames"],
            *(bucket["Name"] for bucket in self.s3.list_buckets()["Buckets"]),
            *(group["logGroupName"] for group in self.logs.describe_log_groups()["logGroups"]),
        ]
        return {name.partition(ours)[2] for name in found if ours in name and "-state-" not in name}


ALL = {"orders-events", "failures-000000000000", "projector"}


@pytest.fixture
def world(local: Local, tmp_path: Path) -> World:
    clone = cloning(local.endpoint, tmp_path, "stores")()
    clone.bootstrap()
    return World(local, clone)


def test_a_destruction_is_refused_before_anything_is_touched_until_nothing_stands_in_its_way(
    world: World,
) -> None:
    words = ("failures", "orders_events")
    world.clone.deploy(protected=True)
    world.put()
    for lose, refused in (
        ((), r'LOSE="failures orders_events"'),
        (words, "protected: orders_events, f"),
    ):
        with pytest.raises(TerraformError, match=f"(?s)Nothing was touched.*{refused}"):
            world.destroy(*lose, protected=True)
        assert world.there() == ALL

    world.clone.deploy(protected=False)
    world.destroy(*words)

    assert world.there() == set()


def test_what_a_killed_run_has_made_and_not_noted_can_be_adopted(world: World) -> None:
    name = f"cqrs-{world.environment.name}-orders-events"
    world.tables.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "stream", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "stream", "AttributeType": "S"}],
    )

    with pytest.raises(TerraformError, match="make adopt") as refused:
        world.clone.deploy()
    address = 'module.events["orders"].aws_dynamodb_table.this'
    assert f"ADDRESS='{address}' FOUND='{name}'" in str(refused.value)

    commands.adopt(world.environment, address, name)
    world.clone.deploy()


def test_a_saved_plan_is_not_applied_with_other_packages_also_if_it_uploads_none(
    local: Local, tmp_path: Path
) -> None:
    """What was released would be said to read what other code reads."""
    clone = cloning(local.endpoint, tmp_path, "stores")()
    clone.bootstrap()
    package = tmp_path / "layer.zip"
    package.write_text("one")
    clone.deploy(package=str(package))
    clone.plan(package=str(package), protected=True)

    package.write_text("another")
    with pytest.raises(TerraformError, match="is not the one that was planned with"):
        commands.deploy(clone.environment, yes, saved=clone.saved)

    package.write_text("one")
    commands.deploy(clone.environment, yes, saved=clone.saved)


@pytest.fixture(scope="module")
def first_plan(local: Local, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Of the whole root, with the settings of prod."""
    folder = tmp_path_factory.mktemp("prod")
    packages = folder / "packages"
    packages.mkdir()
    for name in ("layer", *(p.parent.name for p in (REPOSITORY / "functions").glob("*/*.py"))):
        (packages / f"{name}.zip").touch()
    prod = replace(
        cloning(local.endpoint, folder, "bare")().environment,
        name="prod",
        configuration=ROOT,
        settings=ROOT / "environments/prod.tfvars",
        variables={
            "emulated": True,  # of AWS, it asks who it is
            "packages_dir": str(packages),
            "functions_dir": str(REPOSITORY / "functions"),
        },
    )
    Clone(prod).bootstrap()
    said = settings([prod.settings], prod.all_variables)
    prod.root.program.read("plan", "-input=false", "-out=../plan", *said)
    return dict(json.loads(prod.root.program.read("show", "-json", "../plan")))


def test_a_first_plan_of_everything_fits_on_a_screen(first_plan: dict[str, Any]) -> None:
    plan = Plan.of(first_plan)
    assert len(plan.changes) > 300
    assert len(summary("prod", plan).splitlines()) < 40


def test_of_everything_that_keeps_data_it_is_known_what_its_end_would_mean(
    first_plan: dict[str, Any],
) -> None:
    """As if all that this plan makes was there, and were destroyed."""
    for each in first_plan["resource_changes"]:
        if each["change"]["actions"] == ["create"]:
            each["change"] |= {"actions": ["delete"], "before": each["change"]["after"]}
    plan = Plan.of(first_plan)

    tables = {each.name for each in plan.changes if each.kind == "aws_dynamodb_table"}
    words = {loss.word: loss for loss in plan.losses}
    forever = {word for word, loss in words.items() if loss.forever}
    services, views = nouns("services"), nouns("views")
    assert {name.replace("-", "_") for name in tables} <= words.keys()
    assert not [loss for loss in plan.losses if loss.what == f"its items, {FOREVER}"]
    assert forever == {
        *(f"{service}_events" for service in services),
        *(f"{service}_guards" for service, said in services.items() if "guards" in said),
        *nouns("processes"),
        "failures",
        "generations",
        "user_pool",
        "written",
    }
    assert {view for view, said in views.items() if said.get("kind") != "search"} <= (
        words.keys() - forever
    )
    assert {*plan.protected, *plan.kept_buckets} == forever | {
        *(view for view, said in views.items() if said.get("kind") != "search"),
        "walks",
    }
