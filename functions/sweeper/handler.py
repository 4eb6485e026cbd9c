"""Looks for what messages missed: walks over the event stores and lets every follower catch up,
redrives parked streams, delivers the waiting commands of processes, fills new views.
"""

import os

from cqrs.entrypoints.sweeper import SweeperFunction
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain import checkout, orders, payments, storefront


def app(wire: Wiring) -> SweeperFunction:
    return wire.sweeper(
        views=[*orders.VIEWS, *storefront.VIEWS, *storefront.SEARCH_VIEWS],
        processes=[*checkout.PROCESSES, *payments.PROCESSES],
    )


handler = on_lambda(app, os.environ)
