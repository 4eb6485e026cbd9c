"""Keeps the storefront's search views up to date with the event stream."""

import os

from cqrs.entrypoints.streams import FollowerFunction
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain import storefront


def app(wire: Wiring) -> FollowerFunction:
    return wire.follower(storefront.SEARCH_VIEWS)


handler = on_lambda(app, os.environ)
