"""Updates of functions and layer with the packages that are built, live in waves as a deployment's.

Lambda is asked what it has: so an update that was cut short is finished by the next one.
"""

import base64
import hashlib
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from scripts.build.terraform.root import LIVE as LIVE
from scripts.local.clients import Clients

AT_ONCE = 8


def update(clients: Clients, packages: Path, waves: Sequence[Collection[str]]) -> list[str]:
    """Gives every function its package and the layer, and lets that be live, wave after wave.
    Returns the names of the new packages.

    POWERTOOLS_SERVICE_NAME of a function is the name of its package, and its name in `waves`.
    """
    client = clients.client("lambda")
    pages = client.get_paginator("list_functions").paginate()
    functions = [function for page in pages for function in page["Functions"]]
    layer, is_new = _layer(client, packages / "layer.zip", functions)

    def renew(function: Any) -> bool:
        if _layers(function) != [layer]:
            function |= client.update_function_configuration(
                FunctionName=function["FunctionName"], Layers=[layer]
            )
        package = (packages / f"{_name(function)}.zip").read_bytes()
        is_new = bool(function["CodeSha256"] != _sha256(package))
        if is_new:
            function |= client.update_function_code(
                FunctionName=function["FunctionName"], ZipFile=package
            )
        return is_new

    def let_live(function: Any) -> None:
        name = function["FunctionName"]
        live = client.get_function_configuration(FunctionName=name, Qualifier=LIVE)
        if _content(live) != _content(function):
            publish(client, name)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        is_renewed = list(pool.map(renew, functions))
        for wave in waves:
            list(pool.map(let_live, [f for f in functions if _name(f) in wave]))
    renewed = [_name(function) for function, its in zip(functions, is_renewed, strict=True) if its]
    return [*(["layer"] if is_new else []), *renewed]


def reconfigure(client: Any, function: str, **configuration: Any) -> None:
    """Lets a version of it be live that is configured like this."""
    client.update_function_configuration(FunctionName=function, **configuration)
    publish(client, function)


def publish(client: Any, function: str) -> None:
    """Lets its newest code and configuration be live."""
    version = client.publish_version(FunctionName=function)["Version"]
    client.update_alias(FunctionName=function, Name=LIVE, FunctionVersion=version)


def _name(function: Any) -> str:
    return str(function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"])


def _content(function: Any) -> Any:
    """What a version of it is made of."""
    return function["CodeSha256"], _layers(function), function["Environment"]["Variables"]


def _layer(client: Any, package: Path, functions: Sequence[Any]) -> tuple[str, bool]:
    """The ARN of the layer made of this package, and whether it had to be published."""
    content = package.read_bytes()
    for arn in sorted({arn for function in functions for arn in _layers(function)}):
        *_, name, number = arn.split(":")
        version = client.get_layer_version(LayerName=name, VersionNumber=int(number))
        if version["Content"]["CodeSha256"] == _sha256(content):
            return arn, False
    published = client.publish_layer_version(LayerName=name, Content={"ZipFile": content})
    return str(published["LayerVersionArn"]), True


def _layers(function: Any) -> list[str]:
    return [str(layer["Arn"]) for layer in function.get("Layers", ())]


def _sha256(content: bytes) -> str:
    """The digest in Lambda's form."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
