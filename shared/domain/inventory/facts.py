"""The document that this service answers for a product and its stock."""

from __future__ import annotations

from cqrs.views.rows import Document
from domain.inventory.product import NoProduct, ProductState

__all__ = ["product_facts"]


def product_facts(sku: str, product: ProductState) -> Document | None:
    """`reserved` is the sum of all open reservations; the orders they belong to are not shown."""
    if isinstance(product, NoProduct):
        return None
    return {
        "sku": sku,
        "title": product.title,
        "description": product.description,
        "tags": list(product.tags),
        "price": product.price,
        "currency": product.currency,
        "on_hand": product.on_hand,
        "reserved": product.reserved,
        "available": product.available,
    }
