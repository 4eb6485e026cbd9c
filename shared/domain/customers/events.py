"""The events of a customer. The names of these classes and fields are stored for ever: to change
one, raise its schema and put an upcaster under it.
"""

from __future__ import annotations

from cqrs.history.events import EventTypes
from cqrs.plain import Value
from domain.customers.values import Email, Name
from domain.kernel import CustomerId

CUSTOMER_EVENTS = EventTypes("customers")


@CUSTOMER_EVENTS.event(personal={"name": "customer_id", "email": "customer_id"})
class CustomerRegistered(Value):
    customer_id: CustomerId
    name: Name
    email: Email


@CUSTOMER_EVENTS.event(personal={"name": "customer_id"})
class CustomerRenamed(Value):
    customer_id: CustomerId
    name: Name


@CUSTOMER_EVENTS.event(personal={"email": "customer_id"})
class CustomerEmailChanged(Value):
    customer_id: CustomerId
    email: Email


CustomerEvent = CustomerRegistered | CustomerRenamed | CustomerEmailChanged
