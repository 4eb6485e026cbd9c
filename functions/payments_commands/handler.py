"""Handles the commands of the payments service."""

import os

from cqrs.entrypoints.commands import CommandFunction, changes
from cqrs.entrypoints.wiring import Wiring, on_lambda
from domain import payments


def app(wire: Wiring) -> CommandFunction:
    commands = wire.commands(payments.PAYMENT)
    return CommandFunction(
        {
            "POST /payments/{id}/authorise": changes(
                commands, payments.AuthorisePayment, "order_id"
            ),
            "POST /payments/{id}/capture": changes(commands, payments.CapturePayment, "order_id"),
            "POST /payments/{id}/void": changes(commands, payments.VoidPayment, "order_id"),
            "POST /payments/{id}/refund": changes(commands, payments.RefundPayment, "order_id"),
        },
        messages=[changes(commands, payments.RecordAnswer, "order_id")],
    )


handler = on_lambda(app, os.environ)
