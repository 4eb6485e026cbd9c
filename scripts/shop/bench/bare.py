"""A chain without promises, on a local AWS of its own: API Gateway, a function that puts an item,
the table's stream, a function that puts a record, Kinesis, a function that puts a row, and one that
gets it. The time that the shop takes beyond that is the price of its promises.
"""

from __future__ import annotations

import io
import os
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scripts.local import emulator
from scripts.local.clients import Clients
from scripts.local.errors import LocalError
from scripts.local.home import FIRST_CONTROL_PORT, FIRST_PORT, ROOT, Home, free_port
from scripts.local.process import Process
from scripts.local.streams.control import Control

__all__ = ["bare_chain"]

START_SECONDS = 30.0
CODE = """
import base64, json, boto3

dynamodb, kinesis = boto3.client("dynamodb"), boto3.client("kinesis")

def put(event, context):
    item = {"id": {"S": event["pathParameters"]["id"]}, "body": {"S": event["body"]}}
    dynamodb.put_item(TableName="events", Item=item)
    return {"statusCode": 200, "body": "{}"}

def publish(event, context):
    for record in event["Records"]:
        item = record["dynamodb"]["NewImage"]
        told = json.dumps({"id": item["id"]["S"], "body": item["body"]["S"]})
        kinesis.put_record(StreamName="events", PartitionKey="all", Data=told.encode())

def follow(event, context):
    for record in event["Records"]:
        told = json.loads(base64.b64decode(record["kinesis"]["data"]))
        item = {"id": {"S": told["id"]}, "body": {"S": told["body"]}}
        dynamodb.put_item(TableName="rows", Item=item)

def get(event, context):
    key = {"id": {"S": event["pathParameters"]["id"]}}
    found = dynamodb.get_item(TableName="rows", Key=key).get("Item")
    return {"statusCode": 200 if found else 404, "body": found["body"]["S"] if found else "{}"}
"""
EVERYTHING = """{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "*", "Resource": "*"}]}"""
LAMBDA = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"""


@contextmanager
def bare_chain() -> Iterator[str]:
    """Yields the URL of its API: `PUT /rows/{id}` and `GET /rows/{id}`."""
    home = Home(ROOT / "build" / "bench" / "bare")
    port, control_port = free_port(FIRST_PORT), free_port(FIRST_CONTROL_PORT)
    runner = Process(home.pid_file("runner"), home.log("runner"))
    runner.stop()  # of a run that was killed
    emulator.process(home).stop()
    home.forget_data()
    try:
        emulator.start(home, port)
        endpoint = f"http://127.0.0.1:{port}"
        url = _made(Clients(endpoint), endpoint)
        command = [sys.executable, "-m", "scripts.local.streams", endpoint, str(control_port)]
        runner.start([*command, str(home.checkpoints)], os.environ, ROOT)
        _wait_for(Control(f"http://127.0.0.1:{control_port}"), runner)
        yield url
    finally:
        runner.stop()
        emulator.process(home).stop()


def _wait_for(control: Control, runner: Process) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not control.is_up():
        if not runner.is_alive() or time.monotonic() > deadline:
            raise LocalError(f"the bare chain did not start: {runner.last_words()}")
        time.sleep(0.02)


def _made(clients: Clients, endpoint: str) -> str:
    role = _role(clients.client("iam"))
    streams = _streams(clients)
    functions = clients.client("lambda")
    arns = {name: _function(functions, name, role) for name in ("put", "publish", "follow", "get")}
    for stream, function in zip(streams, ("publish", "follow"), strict=True):
        functions.create_event_source_mapping(
            EventSourceArn=stream,
            FunctionName=function,
            StartingPosition="TRIM_HORIZON",
            BatchSize=100,
            Enabled=False,  # as ours: the local runner polls
        )
    return _api(clients.client("apigatewayv2"), endpoint, arns)


def _role(iam: Any) -> str:
    role = iam.create_role(RoleName="bare", AssumeRolePolicyDocument=LAMBDA)["Role"]
    iam.put_role_policy(RoleName="bare", PolicyName="everything", PolicyDocument=EVERYTHING)
    return str(role["Arn"])


def _streams(clients: Clients) -> list[str]:
    """Of the table, and of Kinesis."""
    dynamodb, kinesis = clients.client("dynamodb"), clients.client("kinesis")
    arns = []
    for table in ("events", "rows"):
        made = dynamodb.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        arns.append(str(made["TableDescription"]["LatestStreamArn"]))
    kinesis.create_stream(StreamName="events", ShardCount=1)
    told = kinesis.describe_stream_summary(StreamName="events")["StreamDescriptionSummary"]
    return [arns[0], str(told["StreamARN"])]


def _function(functions: Any, name: str, role: str) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("chain.py", CODE)
    made = functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler=f"chain.{name}",
        Code={"ZipFile": packed.getvalue()},
        Timeout=30,
    )
    return str(made["FunctionArn"])


def _api(gateway: Any, endpoint: str, arns: dict[str, str]) -> str:
    api = gateway.create_api(Name="bare", ProtocolType="HTTP")["ApiId"]
    for method, name in (("PUT", "put"), ("GET", "get")):
        integration = gateway.create_integration(
            ApiId=api,
            IntegrationType="AWS_PROXY",
            IntegrationUri=arns[name],
            PayloadFormatVersion="2.0",
        )["IntegrationId"]
        gateway.create_route(
            ApiId=api, RouteKey=f"{method} /rows/{{id}}", Target=f"integrations/{integration}"
        )
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    return f"{endpoint}/_aws/execute-api/{api}/$default"
