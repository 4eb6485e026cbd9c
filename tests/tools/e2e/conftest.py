"""The local AWS by itself, with functions of the tests' own: no Terraform, no shop, no streams."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from scripts.local import emulator
from scripts.local.clients import Clients, http
from scripts.local.home import FIRST_PORT, Home, choosing_ports, free_port

SECONDS = 60.0  # for what takes a moment


def zipped(**modules: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, code in modules.items():
            file.writestr(f"{name}.py", code)
    return content.getvalue()


@dataclass(frozen=True)
class Api:
    url: str

    def get(self, path: str = "/", **headers: str) -> requests.Response:
        with http() as session:
            return session.get(self.url + path, headers=headers, timeout=SECONDS)


@dataclass(frozen=True)
class Local:
    endpoint: str
    clients: Clients

    def client(self, service: str) -> Any:
        return self.clients.client(service)

    def make_function(self, name: str, code: str, **settings: Any) -> str:
        """`code` has a `handler(event, context)`. Its ARN."""
        policy = json.dumps({"Version": "2012-10-17", "Statement": []})
        role = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=policy)
        made = self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="code.handler",
            Role=role["Role"]["Arn"],
            Code={"ZipFile": zipped(code=code)},
            Timeout=int(SECONDS),
            **settings,
        )
        return str(made["FunctionArn"])

    def make_layer(self, **modules: str) -> str:
        """Its ARN."""
        content = zipped(**{f"python/{name}": code for name, code in modules.items()})
        made = self.client("lambda").publish_layer_version(
            LayerName="layer", Content={"ZipFile": content}
        )
        return str(made["LayerVersionArn"])

    def make_api(self, function_arn: str, **settings: Any) -> Api:
        """Its every route leads to the function."""
        apis = self.client("apigatewayv2")
        api = apis.create_api(Name="api", ProtocolType="HTTP", **settings)["ApiId"]
        integration = apis.create_integration(
            ApiId=api,
            IntegrationType="AWS_PROXY",
            IntegrationUri=function_arn,
            PayloadFormatVersion="2.0",
        )
        target = f"integrations/{integration['IntegrationId']}"
        apis.create_route(ApiId=api, RouteKey="$default", Target=target)
        apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
        return Api(f"{self.endpoint}/_aws/execute-api/{api}/$default")


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    home = Home(tmp_path_factory.mktemp("local"))
    with choosing_ports():
        port = free_port(FIRST_PORT)
        emulator.start(home, port)
    endpoint = f"http://127.0.0.1:{port}"
    yield Local(endpoint, Clients(endpoint))
    emulator.process(home).stop()


@dataclass(frozen=True)
class Signals:
    """Files by which a test and the processes of a function tell each other how far they are."""

    folder: Path

    def give(self, name: str) -> None:
        (self.folder / name).touch()

    def wait_for(self, pattern: str, number: int = 1) -> list[str]:
        deadline = time.monotonic() + SECONDS
        while len(found := sorted(path.name for path in self.folder.glob(pattern))) < number:
            assert time.monotonic() < deadline, f"{pattern}: {found}"
            time.sleep(0.01)
        return found


@pytest.fixture
def signals(tmp_path: Path) -> Signals:
    return Signals(tmp_path)


@pytest.fixture
def waiting_function(local: Local, signals: Signals, request: pytest.FixtureRequest) -> str:
    """Its name. Each run makes a file named for its process, and ends when the test says so."""
    name = request.node.name.replace("_", "-")[:60]
    local.make_function(name, WAITING.replace("FOLDER", str(signals.folder)))
    return name


WAITING = """
import os, time, uuid
if os.path.exists("FOLDER/break"):
    os._exit(1)
def handler(event, context):
    run = f"FOLDER/{os.getpid()}.{uuid.uuid4().hex}"
    open(run, "x").close()
    print("running")
    while not os.path.exists("FOLDER/go-on"):
        time.sleep(0.01)
    return {"statusCode": 200, "body": str(os.getpid())}
"""
