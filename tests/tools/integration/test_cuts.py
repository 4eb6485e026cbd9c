"""The SDK and Powertools as they are installed here, in the versions of the layer, cut as there."""

import gzip
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import botocore
import pytest
from botocore import xform_name

from scripts.build import cuts
from scripts.build.package import LEFT_OUT
from tests.imports import MODULES, ROOT, SHARED, in_package, names

DATA = Path(botocore.__file__).parent / "data"


def packages() -> Iterator[str]:
    pinned = (ROOT / "requirements/layer.txt").read_text()
    yield from re.findall(r"(?m)^([\w.-]+)==", pinned)


def files_of(package: str) -> Iterator[tuple[str, Path]]:
    for file in distribution(package).files or ():
        if ".." not in file.parts and file.suffix != ".pyc":
            yield str(file), Path(str(file.locate()))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that the layer holds, cut."""
    folder = tmp_path_factory.mktemp("layer")
    for package in packages():
        for name, path in files_of(package):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / name)
    cuts.cut(folder)
    for ours in ("cqrs", "domain"):
        left_out = shutil.ignore_patterns(*LEFT_OUT)
        shutil.copytree(SHARED / ours, folder / ours, ignore=left_out)
    return folder


@pytest.fixture
def layer(whole: Path, tmp_path: Path) -> Path:
    """One to break."""
    return Path(shutil.copytree(whole, tmp_path / "layer"))


def test_every_client_can_be_made_from_the_layer(whole: Path) -> None:
    cuts.check(whole)


@pytest.mark.parametrize("service", cuts.SERVICES)
def test_a_service_that_stays_has_all_operations_and_shapes(whole: Path, service: str) -> None:
    (cut,) = (whole / "botocore/data" / service).glob("*/service-2.json")
    original = DATA / cut.relative_to(whole / "botocore/data").with_suffix(".json.gz")
    assert cut.parent.name == max(path.name for path in (DATA / service).iterdir())
    before, after = json.loads(gzip.decompress(original.read_bytes())), json.loads(cut.read_text())
    assert after["operations"].keys() == before["operations"].keys()
    assert after["shapes"].keys() == before["shapes"].keys()
    for name, shape in before["shapes"].items():
        members = [*shape.get("members", ())]
        assert [*after["shapes"][name].get("members", ())] == members, name


def test_packaging_fails_for_a_client_without_its_service(layer: Path) -> None:
    shutil.rmtree(layer / "botocore/data/scheduler")
    with pytest.raises(RuntimeError, match=r"UnknownServiceError: .*'scheduler'"):
        cuts.check(layer)


def test_packaging_fails_for_a_client_that_is_new(layer: Path) -> None:
    clients = layer / "cqrs/adapters/clients.py"
    new = '\n\n@once\ndef queues() -> Any:\n    return _client("sqs")\n'
    clients.write_text(clients.read_text() + new)
    with pytest.raises(RuntimeError, match=r"UnknownServiceError: .*'sqs'"):
        cuts.check(layer)


def test_packaging_fails_for_a_module_that_was_cut_away(layer: Path) -> None:
    late = "def late():\n    from boto3.dynamodb.types import TypeSerializer\n"
    (layer / "domain/orders/late.py").write_text(late)
    with pytest.raises(RuntimeError, match=r"No module named 'boto3\.dynamodb'"):
        cuts.check(layer)


def test_packaging_fails_without_a_module_of_powertools(layer: Path) -> None:
    (layer / "aws_lambda_powertools/metrics/metrics.py").unlink()
    with pytest.raises(RuntimeError, match=r"aws_lambda_powertools\.metrics\.metrics"):
        cuts.check(layer)


KEY = {"pk": {"S": "order-7"}, "sk": {"N": "1"}}
WHEN = "2026-10-21T07:28:00.000Z"
ROLE = "arn:aws:iam::123456789012:role/search"
ASSUMED = (
    f"<R><AssumeRoleResult><Credentials><Expiration>{WHEN}</Expiration></Credentials>"
    "</AssumeRoleResult></R>"
)
CALLS: list[tuple[str, str, dict[str, object], str]] = [
    ("dynamodb", "batch_get_item", {"RequestItems": {"t": {"Keys": [KEY]}}}, "{}"),
    ("dynamodb", "batch_write_item", {"RequestItems": {"t": []}}, "{}"),
    ("dynamodb", "describe_table", {"TableName": "t"}, '{"Table": {"ItemCount": 7}}'),
    ("dynamodb", "get_item", {"TableName": "t", "Key": KEY}, json.dumps({"Item": KEY})),
    ("dynamodb", "put_item", {"TableName": "t", "Item": {**KEY, "b": {"B": "b"}}}, "{}"),
    ("dynamodb", "query", {"TableName": "t"}, json.dumps({"Items": [KEY]})),
    ("dynamodb", "scan", {"TableName": "t"}, json.dumps({"Items": [KEY]})),
    ("dynamodb", "transact_write_items", {"TransactItems": [], "ClientRequestToken": "t"}, "{}"),
    (
        *("dynamodb", "update_item"),
        {"TableName": "t", "Key": KEY, "UpdateExpression": "ADD kinds :kinds"},
        "{}",
    ),
    ("kinesis", "put_records", {"StreamName": "s", "Records": []}, '{"FailedRecordCount": 0}'),
    ("lambda", "invoke", {"FunctionName": "f", "Payload": "{}"}, '{"version": 1}'),
    ("s3", "delete_object", {"Bucket": "b", "Key": "k"}, ""),
    ("s3", "get_object", {"Bucket": "b", "Key": "k/of it"}, "a batch"),
    (
        *("s3", "list_objects_v2", {"Bucket": "b"}),
        f"<R><Contents><Key>k</Key><LastModified>{WHEN}</LastModified></Contents></R>",
    ),
    (
        *("scheduler", "create_schedule"),
        {"Name": "n", "GroupName": "g", "ClientToken": "t", "ScheduleExpression": "at(2026)"},
        '{"ScheduleArn": "arn"}',
    ),
    ("stepfunctions", "start_execution", {"stateMachineArn": "m", "name": "n"}, "{}"),
    ("stepfunctions", "stop_execution", {"executionArn": "m", "error": "e"}, "{}"),
    (
        *("sts", "assume_role", {"RoleArn": ROLE, "RoleSessionName": "n"}),
        ASSUMED,
    ),
]
REGIONS = ("eu-west-1", "us-east-1", "cn-north-1", "us-gov-west-1")

CALL = """
import io, json, sys
layer, calls, regions = sys.argv[1], *map(json.loads, sys.argv[2:])
if layer:
    others = [path for path in sys.path if not path.endswith("-packages")]
    sys.path[:] = [layer, *others]
import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.response import StreamingBody
from urllib3 import HTTPResponse

def called(region, service, operation, asked, text):
    def sent(request, **_):
        print(request.method, request.url, request.body)
        raw = HTTPResponse(io.BytesIO(text.encode()), preload_content=False)
        return AWSResponse(request.url, 200, {"Content-Length": str(len(text))}, raw)

    config = Config(parameter_validation=False)
    secrets = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    client = boto3.client(service, region, config=config, **secrets)
    client.meta.events.register("before-send", sent)
    found = getattr(client, operation)(**asked)
    found.pop("ResponseMetadata")
    print({k: v.read() if isinstance(v, StreamingBody) else v for k, v in found.items()})

for region in regions:
    for call in calls:
        called(region, *call)
"""


def test_calls_and_their_answers_are_those_of_the_whole_sdk(whole: Path) -> None:
    def told(layer: Path | None) -> list[str]:
        asked = [str(layer or ""), json.dumps(CALLS), json.dumps(REGIONS)]
        command = [sys.executable, "-I", "-B", "-c", CALL, *asked]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    uncut = told(None)
    assert len(uncut) == 2 * len(CALLS) * len(REGIONS)
    assert told(whole) == uncut


def test_all_operations_that_adapters_call_are_called_here() -> None:
    operations = {
        xform_name(operation)
        for service in cuts.SERVICES
        for model in (DATA / service).glob("*/service-2.json.gz")
        for operation in json.loads(gzip.decompress(model.read_bytes()))["operations"]
    }
    adapters = [path for path in MODULES if in_package(path, "cqrs/adapters")]
    used = operations.intersection(name for path in adapters for name in names(path))
    assert used - {operation for _, operation, _, _ in CALLS} == set()
