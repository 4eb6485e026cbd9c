"""What the next release of the shop has, in a rehearsal: a new event, another view and message.

Each is an edit of a copy of the repository. The gate would refuse the message: processes send its
field in the release in which their receiver takes it. That is what is rehearsed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from scripts.local.errors import LocalError

NEW_EVENT = "order.OrderReceived@1"


class Edit(NamedTuple):
    file: str
    before: str
    after: str


_LAST_CASE = "        case _:\n            assert_never(event)\n"


def _nothing_changes(file: str, event: str, state: str, where: str) -> Edit:
    """A `case` for the new event, after the one that `where` is the end of."""
    before = where + _LAST_CASE
    return Edit(
        file, before, f"{where}        case {event}():\n            return {state}\n{_LAST_CASE}"
    )


NEXT = (
    # Every order is placed by two events, so that older code can't follow any that is new.
    Edit(
        "shared/domain/orders/events.py",
        "OrderEvent = (\n    OrderPlaced\n",
        "@ORDER_EVENTS.event()\nclass OrderReceived(Value):\n    order_id: OrderId\n"
        "    channel: str\n\n\nOrderEvent = (\n    OrderPlaced\n    | OrderReceived\n",
    ),
    Edit(
        "shared/domain/orders/order.py",
        "            payment_method=command.payment_method,\n        )\n    ]\n",
        "            payment_method=command.payment_method,\n        ),\n"
        '        events.OrderReceived(order_id=command.order_id, channel="web"),\n    ]\n',
    ),
    _nothing_changes(
        "shared/domain/orders/order.py",
        "events.OrderReceived",
        "order",
        "            return _then(DeliveredOrder, order)\n",
    ),
    _nothing_changes(
        "shared/domain/orders/placed_orders.py",
        "events.OrderReceived",
        "order",
        "            return replace(order, status=OrderStatus.DELIVERED)\n",
    ),
    _nothing_changes(
        "shared/domain/checkout/process.py",
        "orders.OrderReceived",
        "order",
        "            return replace(order, stage=Stage.SHIPPED)\n",
    ),
    _nothing_changes(
        "shared/domain/storefront/sales.py",
        "orders.OrderReceived",
        "sale",
        "            return sale\n",
    ),
    # A view shows more.
    Edit(
        "shared/domain/storefront/order_history.py",
        '        "payment": _payment(payment),\n',
        '        "payment": _payment(payment),\n        "events": len(timeline),\n',
    ),
    Edit(
        "shared/domain/storefront/order_history.py",
        "    choices={BY_STATUS: OrderStatus},\n)",
        "    choices={BY_STATUS: OrderStatus},\n    generation=2,\n)",
    ),
    # A message says more.
    Edit(
        "shared/domain/inventory/commands.py",
        "    unit_price: Money\n    currency: Currency\n\n\nclass ReleaseStock",
        "    unit_price: Money\n    currency: Currency\n"
        '    channel: str = "web"\n\n\nclass ReleaseStock',
    ),
)

# The release after that, from which there is a way back: nothing new is stored by it.
AFTER = (
    Edit(
        "functions/orders_queries/handler.py",
        "handler = on_lambda(app, os.environ)\n",
        'handler = on_lambda(app, os.environ)\nRELEASE = "after"\n',
    ),
)


def make(edits: Iterable[Edit], copy: Path) -> None:
    """Raises LocalError for one that does not fit any more."""
    for file, before, after in edits:
        path = copy / file
        text = path.read_text()
        if text.count(before) != 1:
            raise LocalError(
                f"The rehearsal's change of {file} does not fit it any more: mend it in"
                f" scripts/shop/rehearse/changes.py. It looks for\n{before}"
            )
        path.write_text(text.replace(before, after))
