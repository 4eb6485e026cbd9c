"""Handles the commands of the customers service."""

import os

from cqrs.entrypoints.commands import CommandFunction, changes, opens
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain import customers


def app(wire: Wiring) -> CommandFunction:
    commands = wire.commands(customers.CUSTOMER)
    return CommandFunction(
        {
            "POST /customers": opens(
                commands,
                customers.RegisterCustomer,
                "customer_id",
                "/customers/{id}",
                one_each=True,
            ),
            "PUT /customers/{id}/name": changes(commands, customers.RenameCustomer, "customer_id"),
            "PUT /customers/{id}/email": changes(commands, customers.ChangeEmail, "customer_id"),
        }
    )


handler = on_lambda(app, os.environ)
