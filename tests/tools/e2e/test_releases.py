"""The way back leads to the right release, also after commands that were cut short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from scripts.build.terraform import releases
from scripts.build.terraform.environments import Environment
from scripts.build.terraform.program import TerraformError
from scripts.build.terraform.releases import Hold, Release, Releases
from scripts.build.terraform.root import LIVE
from tests.tools.e2e.conftest import Local
from tests.tools.e2e.environments import Clone, cloning, yes


@dataclass(frozen=True)
class World:
    local: Local
    environment: Environment

    def with_(self, **variables: object) -> Environment:
        return replace(self.environment, variables=variables)

    def deploy(self, code: str, *, saved: Path | None = None, is_cut_short: bool = False) -> None:
        release = Release.now(commit="", code=code, reads=())
        releases.deploy(self.with_(code=code, is_cut_short=is_cut_short), yes, release, saved=saved)

    def roll_back(self, code: str) -> None:
        releases.roll_back(self.with_(code=code), yes, code)

    def live(self) -> Mapping[str, str]:
        """The version of each function, by the end of its name."""
        client, prefix = self.local.client("lambda"), f"cqrs-{self.environment.name}-orders_"
        return {
            name: client.get_alias(FunctionName=prefix + name, Name=LIVE)["FunctionVersion"]
            for name in ("queries", "commands")
        }


@pytest.fixture
def world(local: Local, tmp_path: Path) -> World:
    clone = cloning(local.endpoint, tmp_path, "released")()
    clone.bootstrap()
    return World(local, clone.environment)


@pytest.fixture
def rolled_back(local: Local, tmp_path: Path) -> Clone:
    """A clone of what needs no functions."""
    clone = cloning(local.endpoint, tmp_path, "bare")()
    clone.bootstrap()
    clone.deploy()
    KNOWN.write(clone.environment)
    return clone


KNOWN = Releases(
    releases=(
        Release(at="yesterday", commit="", code="1", reads=[], versions={"a": "1"}),
        Release(at="today", commit="", code="2", reads=[], versions={"a": "2"}),
    ),
    held=Hold(code="2", versions={"a": "1"}),
)


def all_of(version: str) -> Mapping[str, str]:
    return {"queries": version, "commands": version}


def test_from_deployments_and_ways_back_that_were_cut_short_it_leads_to_the_release_before(
    world: World,
) -> None:
    world.deploy("1")
    world.deploy("2")
    with pytest.raises(TerraformError, match="half-way"):
        world.deploy("3", is_cut_short=True)
    assert world.live() == {"queries": "3", "commands": "2"}

    world.roll_back("3")
    assert world.live() == all_of("2")

    cut_short = f"cqrs-{world.environment.name}-orders_commands"
    world.local.client("lambda").update_alias(
        FunctionName=cut_short, Name=LIVE, FunctionVersion="3"
    )
    world.roll_back("3")
    assert world.live() == all_of("2")


def test_a_record_that_was_lost_is_begun_anew_also_where_there_is_nothing_to_deploy(
    world: World,
) -> None:
    world.deploy("1")
    bucket = world.environment.pin.bucket
    world.local.client("s3").delete_object(Bucket=bucket, Key="records/releases.json")

    world.deploy("1")

    assert Releases.of(world.environment).newest().code == "1"


def test_of_what_was_destroyed_no_release_is_known(rolled_back: Clone) -> None:
    releases.destroy(rolled_back.environment, yes)
    assert Releases.of(rolled_back.environment) == Releases()


def test_a_plan_that_is_too_old_leaves_what_was_released_as_it_was(rolled_back: Clone) -> None:
    rolled_back.plan(text="as planned")
    rolled_back.deploy(text="something else")
    one, release = rolled_back.environment, Release.now(commit="", code="3", reads=[])
    with pytest.raises(TerraformError, match="since this was planned"):
        releases.deploy(one, yes, release, saved=rolled_back.saved)
    assert Releases.of(one) == KNOWN
