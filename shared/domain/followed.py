"""All views and processes, for the functions that look after them."""

from domain import checkout, orders, payments, storefront

__all__ = ["PROCESSES", "VIEWS"]

VIEWS = [*orders.VIEWS, *storefront.VIEWS, *storefront.SEARCH_VIEWS]
PROCESSES = [*checkout.PROCESSES, *payments.PROCESSES]
