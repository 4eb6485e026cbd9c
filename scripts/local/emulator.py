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
# With two things put right that cost a busy stack most of its time:
# - It looks at every Kinesis iterator of the last five minutes at every call. The runner takes a
#   new one every second.
# - It starts a process for each of the schedules that are due, all at once, and forgets those that
#   time out for it. AWS has them queue.
PROGRAM = """
import json
from concurrent.futures import ThreadPoolExecutor
from ministack import app
from ministack.services import eventbridge, kinesis, lambda_svc

kinesis.ITERATOR_EXPIRY_SECONDS = 5

queue = ThreadPoolExecutor(4)

def enqueue(arn, payload):
    function, version, _ = lambda_svc._get_func_record_for_ref(arn)
    record = lambda_svc._execution_record_for_config(function, version)
    queue.submit(lambda_svc._execute_function_with_config_scope, record, json.loads(payload))

eventbridge._dispatch_to_lambda = enqueue
app.main()
"""


def process(home: Home) -> Process:
    return Process(home.pid_file("emulator"), home.log("emulator"))


def start(home: Home, port: int) -> None:
    """Returns when it answers."""
    if not PYTHON.exists():
        raise LocalError("the local AWS is not installed; run `make build/emulator`")
    home.temporary.mkdir(parents=True, exist_ok=True)
    emulator = process(home)
    emulator.start([str(PYTHON), "-c", PROGRAM], _environment(home, port), home.path)
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
        "LOG_LEVEL": "WARNING",
        "MINISTACK_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        **CREDENTIALS,
    }
