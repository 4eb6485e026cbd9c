"""The bucket of states is made once, whatever became of runs before, and nobody else's is taken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from scripts.build.terraform.access import Access
from scripts.build.terraform.bootstrap import LONGEST_NAME, bootstrap, bucket_name
from scripts.build.terraform.environments import Environment, Pin
from scripts.build.terraform.program import TerraformError
from tests.tools.unit.terraform.programs import a_program

REGION = "eu-west-1"
ACCOUNT = "123456789012"
BUCKET = f"cqrs-dev-state-{ACCOUNT}-{REGION}"
CHANGES = (
    "create_bucket",
    "put_bucket_versioning",
    "put_bucket_encryption",
    "put_public_access_block",
    "put_bucket_policy",
)


class Interrupted(Exception):
    pass


class World:
    def __init__(self, folder: Path) -> None:
        self.s3 = boto3.client("s3", region_name=REGION)
        self.clients = {"s3": self.s3, "sts": boto3.client("sts", region_name=REGION)}
        (folder / "dev.tfvars").write_text('environment = "dev"\n')
        self.environment = Environment(
            name="dev",
            access=Access(
                client=lambda service, region: self.clients[service],
                region=REGION,
                environ={"TERRAFORM": a_program(folder)},
            ),
            settings=folder / "dev.tfvars",
            pin_file=folder / "dev.pin.json",
            home=folder / "build",
            left_state=folder / "left.tfstate",
        )

    def bootstrap(self) -> None:
        bootstrap(self.environment)

    def is_whole(self) -> bool:
        """Raises ClientError if something is not set at all."""
        bucket = {"Bucket": BUCKET}
        (rule,) = self.s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"][
            "Rules"
        ]
        public = self.s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]
        return (
            self.s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"
            and bool(rule["ApplyServerSideEncryptionByDefault"])
            and all(public.values())
            and "Deny" in [each["Effect"] for each in self.policy()]
            and Pin.read(self.environment.pin_file)
            == Pin(account=ACCOUNT, region=REGION, bucket=BUCKET)
        )

    def policy(self) -> list[dict[str, Any]]:
        return list(json.loads(self.s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"])

    def dies_at(self, call: str, monkeypatch: pytest.MonkeyPatch, *, done: bool) -> None:
        """The next run ends at its first call of this kind, before or after that has its effect."""
        made = getattr(self.s3, call)

        def once(**arguments: Any) -> None:
            monkeypatch.setattr(self.s3, call, made)
            if done:
                made(**arguments)
            raise Interrupted

        monkeypatch.setattr(self.s3, call, once)
        with pytest.raises(Interrupted):
            self.bootstrap()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield World(tmp_path)


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("call", CHANGES)
def test_what_was_cut_short_is_finished_by_the_next(
    world: World, call: str, done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.dies_at(call, monkeypatch, done=done)
    world.bootstrap()
    assert world.is_whole()


def test_what_is_as_it_should_be_is_left_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.bootstrap()
    for call in CHANGES:
        monkeypatch.setattr(world.s3, call, None)
    world.bootstrap()
    assert world.is_whole()


def test_rules_that_a_team_has_added_stay(world: World) -> None:
    world.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    own = {
        "Sid": "Own",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteBucket",
        "Resource": f"arn:aws:s3:::{BUCKET}",
    }
    policy = {"Version": "2012-10-17", "Statement": [own]}
    world.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    world.bootstrap()
    assert world.is_whole()
    assert own in world.policy()


def test_nothing_is_asked_of_it_without_tls(world: World) -> None:
    world.bootstrap()
    (statement,) = world.policy()
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == (
        "Deny",
        "*",
        "s3:*",
    )
    assert statement["Resource"] == [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]


def test_without_a_region_nothing_is_made_and_it_is_asked_for(world: World) -> None:
    world.environment = replace(
        world.environment, access=replace(world.environment.access, region=None)
    )
    with pytest.raises(TerraformError, match=r"AWS_REGION=\.\.\. make bootstrap ENV=dev"):
        world.bootstrap()
    assert world.s3.list_buckets()["Buckets"] == []


def test_a_pin_of_another_account_is_not_overwritten(world: World) -> None:
    pin = Pin(account="222222222222", region=REGION, bucket="states")
    pin.write(world.environment.pin_file)
    with pytest.raises(TerraformError, match=f"222222222222.*are of {ACCOUNT}"):
        world.bootstrap()
    assert Pin.read(world.environment.pin_file) == pin
    assert world.s3.list_buckets()["Buckets"] == []


def test_a_bucket_in_another_region_is_refused(world: World) -> None:
    boto3.client("s3", region_name="eu-north-1").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-north-1"}
    )
    with pytest.raises(TerraformError, match=r"is in eu-north-1, and eu-west-1 was asked for"):
        world.bootstrap()
    assert not world.environment.pin_file.exists()


def test_a_bucket_of_somebody_else_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(**arguments: Any) -> None:
        raise ClientError({"Error": {"Code": "403"}}, "HeadBucket")

    monkeypatch.setattr(world.s3, "head_bucket", forbidden)
    with pytest.raises(TerraformError, match=f"is not of account {ACCOUNT}"):
        world.bootstrap()
    assert not world.environment.pin_file.exists()


def test_names_are_what_aws_allows_and_are_not_shared() -> None:
    names = {
        bucket_name(application * 30, environment * 16, ACCOUNT, "ap-southeast-1")
        for application in "ab"
        for environment in "cd"
    }
    assert len(names) == 4
    assert max(map(len, names)) <= LONGEST_NAME
    assert bucket_name("cqrs", "dev", ACCOUNT, REGION) == BUCKET
