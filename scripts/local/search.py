"""The local OpenSearch: how it is started, and how one knows that it is well. It keeps nothing on
disk. One that is kept by somebody else may take its place.
"""

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import requests

from scripts.local.clients import http
from scripts.local.errors import LocalError
from scripts.local.home import ROOT, Home
from scripts.local.process import Process

START_SECONDS = 10.0
INDEXES = "cqrs-local-*"  # of every local stack: Terraform's `name` and `environment`


def named(environ: Mapping[str, str] = os.environ) -> str | None:
    """The one that the user wants used."""
    return environ.get("OPENSEARCH_URL", "").rstrip("/") or None


def program() -> Path:
    return ROOT / "build" / "search" / "osmem_server" / "bin" / "osmem-server"


def is_installed() -> bool:
    return program().exists()


def process(home: Home) -> Process:
    return Process(home.pid_file("search"), home.log("search"))


def start(home: Home, port: int) -> None:
    """Returns when it answers."""
    search = process(home)
    search.start([str(program()), "-addr", f"127.0.0.1:{port}", "-no-stdin-watch"], {}, home.path)
    deadline = time.monotonic() + START_SECONDS
    while not is_healthy(f"http://127.0.0.1:{port}"):
        if not search.is_alive() or time.monotonic() > deadline:
            search.stop()
            raise LocalError(f"the local OpenSearch did not start; its log is {search.log}")
        time.sleep(0.02)


def is_healthy(url: str) -> bool:
    try:
        with http() as session:
            return session.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def forget(url: str) -> None:
    """Removes the indexes of local stacks: they speak of events that are gone. If it does not
    answer, they stay.
    """
    with suppress(requests.RequestException), http() as session:
        found = session.get(f"{url}/{INDEXES}", timeout=5)
        for name in found.json() if found.ok else ():
            session.delete(f"{url}/{name}", timeout=5)
