"""What was built gets to the functions that are there, whatever became of the updates before."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from scripts.local import updates
from scripts.local.clients import Clients

LAMBDA = "https://lambda.eu-west-1.amazonaws.com"
NAMES = ("orders_commands", "walker")
WAVES = (["walker"], ["orders_commands"])


def a_zip(text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("handler.py"), text)
    return file.getvalue()


def sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


class Interrupted(Exception):
    pass


class World:
    """Functions as Terraform makes them of the packages in `folder`, and what these become."""

    def __init__(self, folder: Path) -> None:
        self.packages = folder
        self.clients = Clients(LAMBDA)
        self.client = self.clients.client("lambda")
        for name in ("layer", *NAMES):
            self.build(name, f"the first {name}")
        trust = json.dumps({"Statement": []})
        iam = boto3.client("iam", region_name="eu-west-1")
        role = iam.create_role(RoleName="any", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        layer = self.client.publish_layer_version(
            LayerName="cqrs-local-shared", Content={"ZipFile": self.built("layer")}
        )
        for name in NAMES:
            self.client.create_function(
                FunctionName=f"cqrs-local-{name}",
                Runtime="python3.13",
                Handler="handler.handler",
                Role=role,
                Code={"ZipFile": self.built(name)},
                Layers=[layer["LayerVersionArn"]],
                Environment={"Variables": {"POWERTOOLS_SERVICE_NAME": name}},
                Publish=True,
            )
            self.client.create_alias(
                FunctionName=f"cqrs-local-{name}", Name=updates.LIVE, FunctionVersion="1"
            )

    def build(self, name: str, text: str) -> None:
        (self.packages / f"{name}.zip").write_bytes(a_zip(text))

    def built(self, name: str) -> bytes:
        return (self.packages / f"{name}.zip").read_bytes()

    def update(self) -> list[str]:
        return updates.update(self.clients, self.packages, WAVES)

    def is_up_to_date(self) -> bool:
        """Whether every function has the code and the layer that are built, and live."""
        functions = [
            self.client.get_function_configuration(
                FunctionName=f"cqrs-local-{name}", Qualifier=updates.LIVE
            )
            for name in NAMES
        ]
        code = {f["FunctionName"].removeprefix("cqrs-local-"): f["CodeSha256"] for f in functions}
        layers = [self._sha256_of(layer["Arn"]) for f in functions for layer in f["Layers"]]
        return code == {name: sha256(self.built(name)) for name in NAMES} and layers == [
            sha256(self.built("layer"))
        ] * len(NAMES)

    def _sha256_of(self, layer: str) -> str:
        *_, name, number = layer.split(":")
        version = self.client.get_layer_version(LayerName=name, VersionNumber=int(number))
        return str(version["Content"]["CodeSha256"])

    def layers(self) -> int:
        """How many versions were published."""
        found = self.client.list_layer_versions(LayerName="cqrs-local-shared")
        return len(found["LayerVersions"])

    def dies_at(self, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """The next update ends right after its first call of this kind."""
        made = getattr(self.client, call)

        def once(**arguments: Any) -> None:
            monkeypatch.setattr(self.client, call, made)
            made(**arguments)
            raise Interrupted

        monkeypatch.setattr(updates, "AT_ONCE", 1)
        monkeypatch.setattr(self.client, call, once)
        with pytest.raises(Interrupted):
            self.update()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield World(tmp_path)


def test_what_is_there_already_stays(world: World) -> None:
    assert world.update() == []
    assert world.is_up_to_date()
    assert world.layers() == 1


def test_only_the_function_that_was_edited_gets_new_code(world: World) -> None:
    world.build("orders_commands", "an edit")
    assert world.update() == ["orders_commands"]
    assert world.is_up_to_date()
    assert world.layers() == 1


def test_an_edit_of_the_layer_gets_to_every_function(world: World) -> None:
    world.build("layer", "an edit")
    assert world.update() == ["layer"]
    assert world.is_up_to_date()


def test_an_edit_that_is_taken_back_is_taken_back(world: World) -> None:
    for text in ("an edit", "the first layer"):
        world.build("layer", text)
        assert world.update() == ["layer"]
        assert world.is_up_to_date()


@pytest.mark.parametrize(
    "call",
    [
        "publish_layer_version",
        "update_function_configuration",
        "update_function_code",
        "publish_version",
        "update_alias",
    ],
)
@pytest.mark.parametrize("then", ["an edit", "the first", "another edit"])
def test_an_update_that_was_cut_short_is_done_by_the_next_whatever_was_edited_since(
    world: World, call: str, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("layer", *NAMES):
        world.build(name, "an edit")
    world.dies_at(call, monkeypatch)
    for name in ("layer", *NAMES):
        world.build(name, f"the first {name}" if then == "the first" else then)

    world.update()

    assert world.is_up_to_date()
    assert world.update() == []


def test_what_terraform_has_put_back_is_put_right(world: World) -> None:
    (first,) = world.client.list_layer_versions(LayerName="cqrs-local-shared")["LayerVersions"]
    world.build("layer", "an edit")
    world.update()
    world.client.update_function_configuration(
        FunctionName="cqrs-local-walker", Layers=[first["LayerVersionArn"]]
    )

    assert world.update() == []
    assert world.is_up_to_date()


def test_new_code_is_live_wave_after_wave(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = []
    move = world.client.update_alias

    def noted(**arguments: Any) -> None:
        moved.append(arguments["FunctionName"].removeprefix("cqrs-local-"))
        move(**arguments)

    monkeypatch.setattr(world.client, "update_alias", noted)
    world.build("layer", "an edit")
    world.update()
    assert moved == [name for wave in WAVES for name in wave]
