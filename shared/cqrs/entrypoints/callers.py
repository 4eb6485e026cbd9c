"""Callers of the API, and their roles.

A route is open to a role; each role may do what the ones before it may, and more. A customer sees
and changes only what is theirs: what is another's is answered as if it were not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any

from cqrs.errors import Unauthenticated
from cqrs.history.idempotency import entity_id_of
from cqrs.plain import Value

__all__ = ["ANYONE", "NOBODY", "Caller", "Role", "caller_of", "groups_in"]


class Role(StrEnum):
    PUBLIC = "public"
    CUSTOMER = "customer"
    STAFF = "staff"
    OPERATOR = "operator"

    def may(self, needed: Role) -> bool:
        return _ORDER.index(self) >= _ORDER.index(needed)


_ORDER = [*Role]


class Caller(Value, kw_only=False, dict=True):
    """`actor` names them in commits and logs: `anonymous`, or the token's subject."""

    actor: str
    role: Role

    @property
    def sees_all(self) -> bool:
        return self.role.may(Role.STAFF)

    @cached_property
    def account(self) -> str:
        """The id of what they own, which follows from who they are: they have one account."""
        return entity_id_of(self.actor, "account", "")

    def owns(self, owner: str | None) -> bool:
        """Whether they may see and change what is `owner`'s. What is nobody's is for staff."""
        is_theirs = self.role is Role.CUSTOMER and owner is not None and owner == self.account
        return self.sees_all or is_theirs


NOBODY = Caller("anonymous", Role.PUBLIC)
"""Owns nothing."""

ANYONE = Caller("anonymous", Role.OPERATOR)
"""On a route that is open to the public there is nothing to hide."""


def caller_of(actor: str, claims: Mapping[str, Any], groups_claim: str) -> Caller:
    """The caller whose token has these claims. Raises Unauthenticated unless it is one for access:
    an ID token tells an application who somebody is, and is not meant for an API.
    """
    is_id = claims.get("typ") == "ID" or not claims.keys().isdisjoint(("at_hash", "nonce"))
    if is_id or claims.get("token_use", "access") != "access":
        raise Unauthenticated("This is not an access token.")
    groups = groups_in(claims.get(groups_claim))
    held = [role for role in (Role.STAFF, Role.OPERATOR) if role in groups]
    return Caller(actor, held[-1] if held else Role.CUSTOMER)


def groups_in(claim: object) -> frozenset[str]:
    """The groups in a claim. API Gateway hands a list on as one text, `[staff operator]`, in which
    a group with a space in its name can't be told from two.
    """
    if isinstance(claim, str):
        is_list = claim.startswith("[") and claim.endswith("]")
        return frozenset((claim[1:-1] if is_list else claim).split(" ")) - {""}
    return frozenset(map(str, claim)) if isinstance(claim, list) else frozenset()
