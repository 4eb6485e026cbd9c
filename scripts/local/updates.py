"""Puts the packages of now into the functions that are there.

What they have is asked, not remembered: what was cut short is done by the next update.
"""

import base64
import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from scripts.local.clients import Clients

AT_ONCE = 8


def update(clients: Clients, packages: Path) -> list[str]:
    """Gives every function its package, and the layer. Returns the names of the packages that were
    not there yet. A function is called as its package by what it is told of itself.
    """
    client = clients.client("lambda")
    pages = client.get_paginator("list_functions").paginate()
    functions = [function for page in pages for function in page["Functions"]]
    layer, is_new = _layer(client, packages / "layer.zip", functions)

    def renew(function: Any) -> str | None:
        if _layers(function) != [layer]:
            client.update_function_configuration(
                FunctionName=function["FunctionName"], Layers=[layer]
            )
        name = str(function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"])
        package = (packages / f"{name}.zip").read_bytes()
        if function["CodeSha256"] == _sha256(package):
            return None
        client.update_function_code(FunctionName=function["FunctionName"], ZipFile=package)
        return name

    with ThreadPoolExecutor(AT_ONCE) as pool:
        renewed = [name for name in pool.map(renew, functions) if name]
    return [*(["layer"] if is_new else []), *renewed]


def _layer(client: Any, package: Path, functions: Sequence[Any]) -> tuple[str, bool]:
    """The version of the layer with this package, and whether it had to be published."""
    content = package.read_bytes()
    known = sorted({arn for function in functions for arn in _layers(function)})
    for arn in known:
        version = client.get_layer_version_by_arn(Arn=arn)
        if version["Content"]["CodeSha256"] == _sha256(content):
            return arn, False
    *_, name, _ = known[0].split(":")
    published = client.publish_layer_version(LayerName=name, Content={"ZipFile": content})
    return str(published["LayerVersionArn"]), True


def _layers(function: Any) -> list[str]:
    return [str(layer["Arn"]) for layer in function.get("Layers", ())]


def _sha256(content: bytes) -> str:
    """In Lambda's form."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
