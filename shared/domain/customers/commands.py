"""What can be asked of a customer."""

from __future__ import annotations

from dataclasses import dataclass

from domain.customers.values import Email, Name
from domain.kernel import CustomerId


@dataclass(frozen=True, kw_only=True)
class RegisterCustomer:
    customer_id: CustomerId
    name: Name
    email: Email


@dataclass(frozen=True, kw_only=True)
class RenameCustomer:
    customer_id: CustomerId
    name: Name


@dataclass(frozen=True, kw_only=True)
class ChangeEmail:
    customer_id: CustomerId
    email: Email


CustomerCommand = RegisterCustomer | RenameCustomer | ChangeEmail
