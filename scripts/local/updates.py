"""Updates of functions and layer with the packages that are built.

Lambda is asked what it has: so an update that was cut short is finished by the next one.
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
    """Gives every function its package and the layer. Returns the names of the new packages.

    POWERTOOLS_SERVICE_NAME of a function is the name of its package.
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
