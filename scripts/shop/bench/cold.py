"""Cold starts: what a function takes to be made, to log and to count, each in a new process.

It is made as on Lambda: of its package and the layer, unpacked, in an environment with the same
names. The floor has the whole SDK, as Lambda's runtime has it. Both are told in CPU time since the
process began, so the start of the interpreter is in both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path

from cqrs.entrypoints.wiring import Wiring
from cqrs.settings import Settings
from scripts.build import package
from scripts.build.application import Everything
from scripts.shop.bench.figures import Figure, in_turn

ROUNDS = 21
GOALS = {
    "orders_commands": 0.95,
    "storefront_queries": 1.0,
    "storefront_projector": 1.0,
    "event_publisher": 0.9,
}
FLOOR = "import boto3, one client"
MOST_MEGABYTES = 4.0

TOLD = {  # of every function by Lambda or by Terraform
    "AWS_LAMBDA_FUNCTION_NAME": "shop",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    "AWS_LAMBDA_LOG_LEVEL": "INFO",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_SESSION_TOKEN": "none",
    "ENVIRONMENT": "dev",
    "POWERTOOLS_SERVICE_NAME": "shop",
    "POWERTOOLS_METRICS_NAMESPACE": "shop",
    "POWERTOOLS_LOG_LEVEL": "INFO",
    "HOME": "/nowhere",
    "LANG": "en_US.UTF-8",
}
TIME = "import time; print(time.process_time(), file=sys.stderr)"
BARE = f"import sys, boto3; boto3.client('dynamodb'); {TIME}"
# A function finds no packages but its own.
FUNCTION = f"""
import sys
own = sys.argv[1:]
sys.path[:] = [*own, *(path for path in sys.path if not path.endswith("site-packages"))]
import handler
from cqrs.observability import count, logger
logger().info("here")
count({{"here": 1}})
{TIME}
"""


class Asked(Everything):
    """An environment that remembers what it was asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def get(self, name: str, default: str | None = None) -> str:  # type: ignore[override]
        self.names.add(name)
        return super().get(name, default)


def figures() -> Iterator[Figure]:
    zips = {built.zip.stem: built.zip for built in package.build("local")}
    with tempfile.TemporaryDirectory(prefix="cold-") as folder:
        for name in ("layer", *GOALS):
            with zipfile.ZipFile(zips[name]) as file:
                file.extractall(Path(folder, name))
        layer = str(Path(folder, "layer", "python"))
        bare = partial(said_by, [BARE], TOLD)
        for name, goal in GOALS.items():
            own = [FUNCTION, str(Path(folder, name)), layer]
            ours = partial(said_by, own, {**TOLD, **environment(name)})
            times = in_turn(bare, ours, rounds=ROUNDS, timed=seconds)
            yield Figure.time(f"cold start of {name}", FLOOR, times, goal)
    yield size_of_layer()


def size_of_layer() -> Figure:
    (layer,) = (built.zip for built in package.build("aws") if built.zip.stem == "layer")
    megabytes = layer.stat().st_size / 1e6
    return Figure(
        measure="layer for AWS, with the SDK",
        floor="1 MB",
        ratio=megabytes,
        median_ratio=megabytes,
        goal=MOST_MEGABYTES,
        remark="" if package.python_for("aws") else package.NO_PYTHON,
    )


def environment(function: str) -> Mapping[str, str]:
    """The variables that a function asks for, each with some value."""
    asked = Asked()
    made = import_module(f"functions.{function}.handler").app(Wiring(Settings(asked)))
    told = dict.fromkeys(asked.names, "1")
    if routes := getattr(made, "routes", ()):
        told |= {"ROLES": json.dumps(dict.fromkeys(routes, "staff")), "GROUPS_CLAIM": "groups"}
    return told


def said_by(arguments: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-I", "-c", *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr


def seconds(process: Callable[[], object]) -> float:
    """What it says that it has taken."""
    return float(str(process()))
