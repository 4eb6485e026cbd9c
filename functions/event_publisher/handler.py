"""Puts the commits of all event stores on the event stream."""

import os

from cqrs.entrypoints.streams import PublisherFunction
from cqrs.entrypoints.wiring import Wiring, on_lambda


def app(wire: Wiring) -> PublisherFunction:
    return wire.publisher()


handler = on_lambda(app, os.environ)
