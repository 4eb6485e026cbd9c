"""Handles the commands of the orders service."""

import os

from cqrs.entrypoints.commands import CommandFunction, changes, opens
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain import orders


def app(wire: Wiring) -> CommandFunction:
    commands = wire.commands(orders.ORDER)
    return CommandFunction(
        {
            "POST /orders": opens(
                commands, orders.PlaceOrder, "order_id", "/orders/{id}", owner_field="customer_id"
            ),
            "PUT /orders/{id}/address": changes(commands, orders.ChangeAddress, "order_id"),
            "POST /orders/{id}/confirm": changes(commands, orders.ConfirmOrder, "order_id"),
            "POST /orders/{id}/reject": changes(commands, orders.RejectOrder, "order_id"),
            "POST /orders/{id}/cancel": changes(commands, orders.CancelOrder, "order_id"),
            "POST /orders/{id}/ship": changes(commands, orders.ShipOrder, "order_id"),
            "POST /orders/{id}/deliver": changes(commands, orders.DeliverOrder, "order_id"),
        }
    )


handler = on_lambda(app, os.environ)
