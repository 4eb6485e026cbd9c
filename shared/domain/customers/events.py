"""What can happen to a customer. The names of these classes and fields are stored for ever: to
change one, raise its schema and put an upcaster under it.
"""

from __future__ import annotations

from dataclasses import dataclass

from cqrs.history.events import EventTypes
from domain.customers.values import Email, Name
from domain.kernel import CustomerId

CUSTOMER_EVENTS = EventTypes("customers")


@CUSTOMER_EVENTS.event(personal={"name": "customer_id", "email": "customer_id"})
@dataclass(frozen=True, kw_only=True)
class CustomerRegistered:
    customer_id: CustomerId
    name: Name
    email: Email


@CUSTOMER_EVENTS.event(personal={"name": "customer_id"})
@dataclass(frozen=True, kw_only=True)
class CustomerRenamed:
    customer_id: CustomerId
    name: Name


@CUSTOMER_EVENTS.event(personal={"email": "customer_id"})
@dataclass(frozen=True, kw_only=True)
class CustomerEmailChanged:
    customer_id: CustomerId
    email: Email


CustomerEvent = CustomerRegistered | CustomerRenamed | CustomerEmailChanged
