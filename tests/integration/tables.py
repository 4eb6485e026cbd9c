"""What Terraform makes: its tables, as boto3 makes them; and what functions have of AWS."""

import re
from pathlib import Path
from typing import Any

from cqrs.adapters import clients


def create_event_store(client: Any, name: str) -> None:
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[_text("stream"), {"AttributeName": "version", "AttributeType": "N"}],
        KeySchema=[_hash("stream"), _range("version")],
    )


def create_guard_store(client: Any, name: str) -> None:
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[_text("guard")],
        KeySchema=[_hash("guard")],
    )


def create_process_store(client: Any, name: str) -> None:
    create_view_store(client, name, ("waiting",), {"ProjectionType": "KEYS_ONLY"})


SHOWN = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["doc", "positions", "parked"]}


def create_view_store(
    client: Any, name: str, lists: tuple[str, ...] = ("customer",), shown: Any = SHOWN
) -> None:
    indexes = [
        {
            "IndexName": f"by_{name}",
            "KeySchema": [_hash(name), _range(f"{name}_sort")],
            "Projection": shown,
        }
        for name in lists
    ]
    parked = {
        "IndexName": "parked",
        "KeySchema": [_hash("parked_in"), _range("row")],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["parked"]},
    }
    keys = {"row", "parked_in", *lists, *(f"{name}_sort" for name in lists)}
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[_text(key) for key in sorted(keys)],
        KeySchema=[_hash("row")],
        GlobalSecondaryIndexes=[*indexes, parked],
    )


def _text(name: str) -> dict[str, str]:
    return {"AttributeName": name, "AttributeType": "S"}


def _hash(name: str) -> dict[str, str]:
    return {"AttributeName": name, "KeyType": "HASH"}


def _range(name: str) -> dict[str, str]:
    return {"AttributeName": name, "KeyType": "RANGE"}


def timeout_seconds(function: str) -> int:
    """What a function is given in Terraform."""
    text = (Path(__file__).parents[2] / "terraform" / "functions.tf").read_text()
    found = re.search(rf"^ +{function} = {{$.*?^ +timeout_seconds += (\d+)$", text, re.M | re.S)
    assert found, function
    return int(found[1])


def made_anew(client: Any) -> Any:
    """Makes the same client, once, whether it was made before or not."""
    return clients._once(client.__wrapped__)
