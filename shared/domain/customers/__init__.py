"""The door to the customers context: its rules, its commands, and the events others may follow."""

from domain.customers.commands import (
    ChangeEmail,
    CustomerCommand,
    RegisterCustomer,
    RenameCustomer,
)
from domain.customers.customer import (
    CUSTOMER,
    Customer,
    CustomerAlreadyRegistered,
    CustomerNotFound,
    CustomerState,
    EmailTaken,
    NoCustomer,
)
from domain.customers.events import (
    CUSTOMER_EVENTS,
    CustomerEmailChanged,
    CustomerEvent,
    CustomerRegistered,
    CustomerRenamed,
)
from domain.customers.facts import customer_facts
from domain.customers.values import Email, Name

__all__ = [
    "CUSTOMER",
    "CUSTOMER_EVENTS",
    "ChangeEmail",
    "Customer",
    "CustomerAlreadyRegistered",
    "CustomerCommand",
    "CustomerEmailChanged",
    "CustomerEvent",
    "CustomerNotFound",
    "CustomerRegistered",
    "CustomerRenamed",
    "CustomerState",
    "Email",
    "EmailTaken",
    "Name",
    "NoCustomer",
    "RegisterCustomer",
    "RenameCustomer",
    "customer_facts",
]
