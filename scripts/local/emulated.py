"""Runs the emulator, in its own virtual environment, with two things put right that cost a busy
stack most of its time:

- It looks at every Kinesis iterator of the last five minutes at every call. The runner takes a new
  one every second.
- It starts a process for each of the schedules that are due, all at once, and forgets those that
  time out for it. AWS has them queue.

What is changed here is internal to it: its version is pinned.
"""

import json
from concurrent.futures import ThreadPoolExecutor

from ministack import app  # type: ignore[import-not-found]
from ministack.services import (  # type: ignore[import-not-found]
    eventbridge,
    kinesis,
    lambda_svc,
)

SCHEDULES_AT_A_TIME = ThreadPoolExecutor(4)


def enqueue(arn: str, payload: str) -> None:
    function, version, _ = lambda_svc._get_func_record_for_ref(arn)
    record = lambda_svc._execution_record_for_config(function, version)
    event = json.loads(payload)
    SCHEDULES_AT_A_TIME.submit(lambda_svc._execute_function_with_config_scope, record, event)


if __name__ == "__main__":
    kinesis.ITERATOR_EXPIRY_SECONDS = 5
    eventbridge._dispatch_to_lambda = enqueue
    app.main()
