"""Handles the commands of the inventory service."""

import os

from cqrs.entrypoints.commands import CommandFunction, changes, opens_named
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain import inventory


def app(wire: Wiring) -> CommandFunction:
    commands = wire.commands(inventory.PRODUCT)
    return CommandFunction(
        {
            "POST /products": opens_named(
                commands, inventory.RegisterProduct, "sku", "/products/{id}"
            ),
            "PUT /products/{id}/price": changes(commands, inventory.ChangePrice, "sku"),
            "POST /products/{id}/receive": changes(commands, inventory.ReceiveStock, "sku"),
            "POST /products/{id}/reserve": changes(commands, inventory.ReserveStock, "sku"),
            "POST /products/{id}/release": changes(commands, inventory.ReleaseStock, "sku"),
            "POST /products/{id}/ship": changes(commands, inventory.ShipStock, "sku"),
        }
    )


handler = on_lambda(app, os.environ)
