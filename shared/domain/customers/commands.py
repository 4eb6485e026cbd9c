"""The commands to a customer."""

from __future__ import annotations

from cqrs.plain import Value
from domain.customers.values import Email, Name
from domain.kernel import CustomerId


class RegisterCustomer(Value):
    customer_id: CustomerId
    name: Name
    email: Email


class RenameCustomer(Value):
    customer_id: CustomerId
    name: Name


class ChangeEmail(Value):
    customer_id: CustomerId
    email: Email


CustomerCommand = RegisterCustomer | RenameCustomer | ChangeEmail
