"""Answers what an operator asks of views and processes, and redrives single streams."""

import os

from cqrs.entrypoints.operator import OperatorFunction
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain.followed import PROCESSES, VIEWS


def app(wire: Wiring) -> OperatorFunction:
    return wire.operator(VIEWS, PROCESSES)


handler = on_lambda(app, os.environ)
