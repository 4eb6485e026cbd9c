"""Plans as Terraform's JSON has them."""

from __future__ import annotations

from typing import Any

VARIABLES = {"name": "cqrs", "environment": "dev", "account_id": "1", "region": "eu-west-1"}
TABLE = "aws_dynamodb_table"


def change(
    address: str,
    *actions: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Of the resource at that address: `module.events["orders"].aws_dynamodb_table.this`."""
    kind, name = address.split(".")[-2:]
    known = {} if name.partition("[")[2] == "" else {"index": name.partition("[")[2].strip('"]')}
    return {
        "address": address,
        "type": kind,
        "name": name.partition("[")[0],
        **known,
        "change": {"actions": [*actions], "before": before, "after": after},
    }


def destroyed(address: str, *actions: str, **before: Any) -> dict[str, Any]:
    """Destroyed, or replaced if both actions are named."""
    return change(address, *(actions or ("delete",)), before=before)


def shown(*changes: dict[str, Any], drift: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {
        "variables": {name: {"value": value} for name, value in VARIABLES.items()},
        "resource_changes": [*changes],
        "resource_drift": [*drift],
        "applyable": bool(changes),
    }
