"""Runs the emulator, in its own virtual environment, with two things put right that cost a busy
stack most of its time, and one that costs it answers:

- It looks at every Kinesis iterator of the last five minutes at every call. The runner takes a new
  one every second.
- It starts a process for each of the schedules that are due, all at once, and forgets those that
  time out for it. AWS has them queue.
- It answers sooner than Terraform's provider has noticed that its request is sent, and so the
  provider takes some of the answers for errors, asks again, and is told that what it wants to make
  is there already; or it makes it twice.

What is changed here is internal to it: its version is pinned.
"""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ministack import app  # type: ignore[import-not-found]
from ministack.services import (  # type: ignore[import-not-found]
    eventbridge,
    kinesis,
    lambda_svc,
)

SCHEDULES_AT_A_TIME = ThreadPoolExecutor(4)
TERRAFORM_NOTICES_SECONDS = 0.01


def enqueue(arn: str, payload: str) -> None:
    function, version, _ = lambda_svc._get_func_record_for_ref(arn)
    record = lambda_svc._execution_record_for_config(function, version)
    event = json.loads(payload)
    SCHEDULES_AT_A_TIME.submit(lambda_svc._execute_function_with_config_scope, record, event)


def unhurried(answer: Any) -> Any:
    async def answer_later(scope: Any, receive: Any, send: Any) -> None:
        async def send_later(message: Any) -> None:
            if message["type"] == "http.response.start":
                await asyncio.sleep(TERRAFORM_NOTICES_SECONDS)
            await send(message)

        agent = dict(scope.get("headers", ())).get(b"user-agent", b"")
        await answer(scope, receive, send_later if b"Terraform" in agent else send)

    return answer_later


if __name__ == "__main__":
    app.app = unhurried(app.app)
    kinesis.ITERATOR_EXPIRY_SECONDS = 5
    eventbridge._dispatch_to_lambda = enqueue
    app.main()
