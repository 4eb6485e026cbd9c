"""The tally `sales`: units and revenue of all orders by day, product and currency.

An order counts on the day (UTC) it was confirmed. If it is cancelled later, it is subtracted from
that same day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from cqrs.history.events import Recorded
from cqrs.plain import Value, replace
from cqrs.views.joins import Join, Lookups
from cqrs.views.rows import Document, Fold, States
from cqrs.views.tallies import Cell, Counts, TallyView, daily, summed
from domain import orders
from domain.kernel import Currency
from domain.orders import ORDER_EVENTS, Line, OrderEvent
from domain.storefront.lookups import PRODUCT_LOOKUPS, title_of

__all__ = ["SALES", "SALE_WITH_TITLE", "shown_sale"]


class Sale(Value):
    """The lines of an order; `day` is set once it is confirmed."""

    currency: Currency
    lines: tuple[Line, ...]
    day: str | None = None


def follow_order(sale: Sale | None, recorded: Recorded[OrderEvent]) -> Sale | None:
    event = recorded.event
    match event:
        case orders.OrderPlaced():
            return Sale(currency=event.currency, lines=event.lines)
        case orders.OrderConfirmed():
            if sale is None:
                raise ValueError("OrderConfirmed without an order that could be confirmed")
            return replace(sale, day=recorded.at[:10])
        case orders.OrderRejected() | orders.OrderCancelled():
            return None
        case orders.OrderAddressChanged() | orders.OrderShipped() | orders.OrderDelivered():
            return sale
        case _:
            assert_never(event)


ORDER_FOLD: Fold[Sale | None, OrderEvent] = Fold(
    category="order",
    events=ORDER_EVENTS,
    state=Sale | None,
    initial=None,
    evolve=follow_order,
)


def counted(states: States) -> Counts:
    sale = states[ORDER_FOLD]
    if sale is None or sale.day is None:
        return {}
    day, currency = sale.day, sale.currency
    return summed(*({daily(day, line.sku, currency): _sold(line)} for line in sale.lines))


def _sold(line: Line) -> Mapping[str, int]:
    return {"units": line.quantity, "revenue": line.quantity * line.unit_price}


SALES = TallyView(name="sales", folds=[ORDER_FOLD], counted=counted)


def shown_sale(cell: Cell, numbers: Mapping[str, int]) -> Document:
    """The sales of a product on a day; `revenue` in minor units of the currency."""
    day, sku, currency = cell.sort.split("/")
    return {
        "day": day,
        "sku": sku,
        "currency": currency,
        "units": numbers.get("units", 0),
        "revenue": numbers.get("revenue", 0),
    }


def with_title(sale: Document, lookups: Lookups) -> Document:
    return {**sale, **title_of(lookups.get(str(sale["sku"]), {}))}


SALE_WITH_TITLE = Join(view=PRODUCT_LOOKUPS, keys=lambda sale: [str(sale["sku"])], put=with_title)
