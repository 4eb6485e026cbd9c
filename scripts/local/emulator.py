"""The local AWS: how it is started, and how one knows that it is well."""

import os
import time

import requests

from scripts.local.clients import CREDENTIALS, REGION, http
from scripts.local.errors import LocalError
from scripts.local.home import ROOT, Home
from scripts.local.process import Process

START_SECONDS = 20.0
PYTHON = ROOT / "build" / "emulator" / "bin" / "python"


def process(home: Home) -> Process:
    return Process(home.pid_file("emulator"), home.log("emulator"))


def start(home: Home, port: int) -> None:
    """Returns when it answers."""
    if not PYTHON.exists():
        raise LocalError("the local AWS is not installed; run `make build/emulator`")
    home.temporary.mkdir(parents=True, exist_ok=True)
    emulator = process(home)
    emulator.start([str(PYTHON), "-m", "scripts.local.emulated"], _environment(home, port), ROOT)
    deadline = time.monotonic() + START_SECONDS
    while not is_healthy(port):
        if not emulator.is_alive() or time.monotonic() > deadline:
            emulator.stop()
            raise LocalError(f"the local AWS did not start; its log is {emulator.log}")
        time.sleep(0.02)


def is_healthy(port: int) -> bool:
    try:
        with http() as session:
            answer = session.get(f"http://127.0.0.1:{port}/_ministack/health", timeout=5)
    except requests.RequestException:
        return False
    return answer.ok


def _environment(home: Home, port: int) -> dict[str, str]:
    """Nothing of the shell: functions would inherit it, and AWS has nothing like it."""
    return {
        "PATH": f"{PYTHON.parent}:{os.defpath}",
        "HOME": str(home.temporary),
        "TMPDIR": str(home.temporary),
        "LANG": "C.UTF-8",
        "AUTH": "true",  # the permissions of the functions' roles are enforced
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",  # or it listens to the world on 8883
        "LAMBDA_WARM_TTL_SECONDS": "60",  # after a burst all processes of a function go but one
        "LOG_LEVEL": "WARNING",
        "MINISTACK_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        **CREDENTIALS,
    }
