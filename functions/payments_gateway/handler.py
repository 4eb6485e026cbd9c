"""Makes the calls to the payment gateway that payments wait for, and records the answers."""

import os

from cqrs.entrypoints.streams import FollowerFunction
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain import payments


def app(wire: Wiring) -> FollowerFunction:
    return wire.follower(processes=payments.PROCESSES)


handler = on_lambda(app, os.environ)
