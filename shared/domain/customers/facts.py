"""The document that this service answers for a customer."""

from __future__ import annotations

from cqrs.views.rows import Document
from domain.customers.customer import CustomerState, NoCustomer

__all__ = ["customer_facts"]


def customer_facts(customer_id: str, customer: CustomerState) -> Document | None:
    if isinstance(customer, NoCustomer):
        return None
    return {"customer_id": customer_id, "name": customer.name, "email": customer.email}
