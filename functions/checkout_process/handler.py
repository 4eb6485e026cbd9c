"""Runs the checkout of every placed order, until it is confirmed, or rejected and undone."""

import os

from cqrs.entrypoints.streams import FollowerFunction
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain import checkout


def app(wire: Wiring) -> FollowerFunction:
    return wire.follower(processes=checkout.PROCESSES)


handler = on_lambda(app, os.environ)
