"""Keeps the orders service's own view up to date with its events."""

import os

from cqrs.entrypoints.streams import FollowerFunction
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain import orders


def app(wire: Wiring) -> FollowerFunction:
    return wire.follower(orders.VIEWS)


handler = on_lambda(app, os.environ)
