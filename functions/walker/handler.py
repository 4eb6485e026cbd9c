"""Walks over the event stores: finds what messages missed, fills views, folds them anew."""

import os

from cqrs.entrypoints.walker import WalkerFunction
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain.followed import PROCESSES, VIEWS


def app(wire: Wiring) -> WalkerFunction:
    return wire.walker(VIEWS, PROCESSES)


handler = on_lambda(app, os.environ)
