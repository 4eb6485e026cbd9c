"""What each function is told and may do, as it was applied: to be compared over a change."""

import json
from collections.abc import Iterable
from typing import Any

from scripts.local.clients import Clients


def rights_of(clients: Clients, functions: Iterable[str]) -> dict[str, Any]:
    """By function: `told` is its environment, `may` are its role's statements, in order."""
    return {name: _of(clients, name) for name in functions}


def policies_of(clients: Clients, role: str) -> dict[str, list[dict[str, Any]]]:
    """The statements of each of the role's policies."""
    iam = clients.client("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    found = {name: iam.get_role_policy(RoleName=role, PolicyName=name) for name in names}
    return {name: policy["PolicyDocument"]["Statement"] for name, policy in found.items()}


def _of(clients: Clients, function: str) -> dict[str, Any]:
    found = clients.client("lambda").get_function_configuration(FunctionName=function)
    policies = policies_of(clients, found["Role"].rpartition("/")[2])
    statements = [one for policy in policies.values() for one in policy]
    return {
        "told": found["Environment"]["Variables"],
        "may": sorted(statements, key=lambda one: json.dumps(one, sort_keys=True)),
    }
