"""The deliverer's edge: once a minute it sends what processes could not deliver, or no timer has
rung for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from cqrs.entrypoints.parts import part
from cqrs.entrypoints.streams import log_report
from cqrs.follow.process_followers import ProcessFollower
from cqrs.observability import count

__all__ = ["DelivererFunction"]

SPARE_MS = 30_000  # of the function's time, kept for the last page and the log


class DelivererFunction:
    def __init__(self, processes: Sequence[ProcessFollower]) -> None:
        self._processes = processes

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        def out_of_time() -> bool:
            return int(context.get_remaining_time_in_millis()) < SPARE_MS

        done = {
            process.view.name: part(process.view.name, partial(_deliver, process, out_of_time))
            for process in self._processes
        }
        if not any("error" in told for told in done.values()):
            count({"Done": 1})
        return {"delivered": done}


def _deliver(process: ProcessFollower, out_of_time: Callable[[], bool]) -> dict[str, Any]:
    done: dict[str, Any] = {"delivered": 0, "undelivered": {}}
    for report in process.deliver_waiting():
        log_report("delivered", process, report)
        done["delivered"] += report.delivered
        done["undelivered"] |= report.undelivered
        if out_of_time():
            break
    return done
