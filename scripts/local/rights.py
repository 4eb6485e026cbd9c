"""What each function is told and may do, as it was applied: to be compared over a change."""

import json
from collections.abc import Iterable
from typing import Any

from scripts.local.clients import Clients


def rights_of(clients: Clients, functions: Iterable[str]) -> dict[str, Any]:
    """By function: `told` is its environment, `may` are its role's statements, in order."""
    return {name: _of(clients, name) for name in functions}


def _of(clients: Clients, function: str) -> dict[str, Any]:
    iam = clients.client("iam")
    found = clients.client("lambda").get_function_configuration(FunctionName=function)
    role = found["Role"].rpartition("/")[2]
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    policies = [iam.get_role_policy(RoleName=role, PolicyName=name) for name in names]
    statements = [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]
    return {
        "told": found["Environment"]["Variables"],
        "may": sorted(statements, key=lambda one: json.dumps(one, sort_keys=True)),
    }
