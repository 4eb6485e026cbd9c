"""The state machine that takes the steps of walks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cqrs import plain
from cqrs.adapters import clients
from cqrs.follow.walks import Run

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

__all__ = ["MOST_STEPS", "StepFunctions"]

MOST_STEPS = 2_000  # of an execution, which may have 25,000 events: a step has about 8


class StepFunctions:
    def __init__(
        self, machine: str, client: Callable[[], SFNClient] = clients.step_functions
    ) -> None:
        """`machine` is its ARN."""
        self._machine = machine
        self._client = client

    def start(self, run: Run, wait_seconds: int = 0) -> None:
        """Starts an execution for whoever holds this walk; there is one for each holder. It waits
        before it does anything. Raises Unavailable.
        """
        client = self._client()
        ticket = plain.dump(run.ticket)
        left = max(1, MOST_STEPS // max(1, len(run.legs)))
        legs = [{"ticket": ticket, "leg": plain.dump(leg), "left": left} for leg in run.legs]
        with clients.translated(self._machine):
            try:
                client.start_execution(
                    stateMachineArn=self._machine,
                    name=run.holder,
                    input=plain.to_json(
                        {"wait_seconds": wait_seconds, "ticket": ticket, "legs": legs}
                    ),
                )
            except client.exceptions.ExecutionAlreadyExists:
                return

    def stop(self, run: Run) -> None:
        """Stops the execution of this holder, if there is one. Raises Unavailable."""
        client = self._client()
        of_machine = self._machine.replace(":stateMachine:", ":execution:")
        with clients.translated(self._machine):
            try:
                client.stop_execution(executionArn=f"{of_machine}:{run.holder}")
            except client.exceptions.ExecutionDoesNotExist:
                return
