"""The rules of a customer, and a rule across all: an e-mail address belongs to one customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never
from unicodedata import normalize

from cqrs.errors import NotFound, Refused
from cqrs.history.guards import Claim, Guard, Release
from cqrs.plain import Case, replace
from cqrs.write.decider import Decider
from domain.customers import commands, events
from domain.customers.commands import CustomerCommand
from domain.customers.events import CUSTOMER_EVENTS, CustomerEvent
from domain.customers.values import Email, Name
from domain.kernel import CustomerId

__all__ = [
    "CUSTOMER",
    "Customer",
    "CustomerAlreadyRegistered",
    "CustomerNotFound",
    "CustomerState",
    "EmailTaken",
    "NoCustomer",
]


class CustomerNotFound(NotFound):
    code = "customer_not_found"


class CustomerAlreadyRegistered(Refused):
    code = "customer_already_registered"


class EmailTaken(Refused):
    code = "email_taken"


class NoCustomer(Case):
    """No customer was registered yet."""


class Customer(Case):
    name: Name
    email: Email


CustomerState = NoCustomer | Customer


def evolve(customer: CustomerState, event: CustomerEvent) -> CustomerState:
    if isinstance(event, events.CustomerRegistered):
        return Customer(name=event.name, email=event.email)
    return _changed(customer, event) if isinstance(customer, Customer) else customer


def _changed(customer: Customer, event: CustomerEvent) -> Customer:
    match event:
        case events.CustomerRegistered():
            return customer
        case events.CustomerRenamed():
            return replace(customer, name=event.name)
        case events.CustomerEmailChanged():
            return replace(customer, email=event.email)
        case _:
            assert_never(event)


def decide(command: CustomerCommand, customer: CustomerState) -> Sequence[CustomerEvent]:
    match command:
        case commands.RegisterCustomer():
            return _register(command, customer)
        case commands.RenameCustomer():
            return _rename(command, _found(customer, command.customer_id))
        case commands.ChangeEmail():
            return _change_email(command, _found(customer, command.customer_id))
        case _:
            assert_never(command)


def guards(customer: CustomerState, event: CustomerEvent) -> Sequence[Guard]:
    match event:
        case events.CustomerRegistered():
            return [_claim(event.email)]
        case events.CustomerEmailChanged() if isinstance(customer, Customer):
            return _exchange(customer.email, event.email)
        case events.CustomerRenamed() | events.CustomerEmailChanged():
            return []
        case _:
            assert_never(event)


def _found(customer: CustomerState, customer_id: CustomerId) -> Customer:
    if isinstance(customer, NoCustomer):
        raise CustomerNotFound(f"There is no customer {customer_id}.")
    return customer


def _register(
    command: commands.RegisterCustomer, customer: CustomerState
) -> Sequence[CustomerEvent]:
    if isinstance(customer, Customer):
        raise CustomerAlreadyRegistered(f"Customer {command.customer_id} was registered before.")
    return [
        events.CustomerRegistered(
            customer_id=command.customer_id, name=command.name, email=command.email
        )
    ]


def _rename(command: commands.RenameCustomer, customer: Customer) -> Sequence[CustomerEvent]:
    if command.name == customer.name:
        return []
    return [events.CustomerRenamed(customer_id=command.customer_id, name=command.name)]


def _change_email(command: commands.ChangeEmail, customer: Customer) -> Sequence[CustomerEvent]:
    if command.email == customer.email:
        return []
    return [events.CustomerEmailChanged(customer_id=command.customer_id, email=command.email)]


def _exchange(old: Email, new: Email) -> Sequence[Guard]:
    """No guards if the addresses differ in case only: then the claim stays the same."""
    if _same(old) == _same(new):
        return []
    return [_claim(new), Release(kind="email", value=_same(old))]


def _claim(email: Email) -> Claim:
    taken = EmailTaken("Another customer has this e-mail address.")
    return Claim(kind="email", value=_same(email), taken=taken)


def _same(email: str) -> str:
    """A form that is equal for addresses that differ only in case or in how accents are encoded."""
    return normalize("NFC", normalize("NFD", email).casefold())


CUSTOMER: Decider[CustomerCommand, CustomerState, CustomerEvent] = Decider(
    category="customer",
    events=CUSTOMER_EVENTS,
    initial=NoCustomer(),
    evolve=evolve,
    decide=decide,
    state=CustomerState,
    state_schema=1,
    guards=guards,
    owner=lambda customer_id, customer: customer_id,
)
