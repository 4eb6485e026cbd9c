"""Takes up what was left lying: batches that stream mappings gave up on."""

import os

from cqrs.entrypoints.recoverer import RecovererFunction
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain.followed import PROCESSES, VIEWS


def app(wire: Wiring) -> RecovererFunction:
    return wire.recoverer(VIEWS, PROCESSES)


handler = on_lambda(app, os.environ)
