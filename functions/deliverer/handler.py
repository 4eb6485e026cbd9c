"""Sends the commands of processes that could not be delivered, or are due."""

import os

from cqrs.entrypoints.deliverer import DelivererFunction
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain.followed import PROCESSES


def app(wire: Wiring) -> DelivererFunction:
    return wire.deliverer(PROCESSES)


handler = on_lambda(app, os.environ)
