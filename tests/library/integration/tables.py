"""What Terraform makes: its tables, as boto3 makes them; and clients, as tests need them."""

from threading import Lock
from typing import Any

from cqrs.adapters import clients
from cqrs.adapters.dynamodb_generations import DynamoDbGenerations
from cqrs.history.events import Instant
from cqrs.views.generations import Copy, Known
from cqrs.views.rows import View

NOON = Instant("2026-01-01T12:00:00.000000Z")


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


def create_kinds_store(client: Any, name: str) -> None:
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[_text("what")],
        KeySchema=[_hash("what")],
    )


def create_process_store(client: Any, name: str) -> None:
    create_view_store(client, name, ("waiting",), {"ProjectionType": "KEYS_ONLY"})


def create_tally_store(client: Any, name: str) -> None:
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[_text(key) for key in ("cell", "parked_in", "row")],
        KeySchema=[_hash("row"), _range("cell")],
        GlobalSecondaryIndexes=[PARKED],
    )


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
    keys = {"row", "parked_in", *lists, *(f"{name}_sort" for name in lists)}
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[_text(key) for key in sorted(keys)],
        KeySchema=[_hash("row")],
        GlobalSecondaryIndexes=[*indexes, PARKED],
    )


def create_register(client: Any, name: str, *views: View) -> DynamoDbGenerations:
    """With these views registered, as having everything."""
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[_text("view")],
        KeySchema=[_hash("view")],
    )
    register = DynamoDbGenerations(name, lambda: client)
    for view in views:
        copy = Copy(generation=view.edition, made=NOON, lists=tuple(view.lists))
        assert register.save(view.name, Known().added(copy).filled(view.edition, NOON), 0)
    return register


def _text(name: str) -> dict[str, str]:
    return {"AttributeName": name, "AttributeType": "S"}


def _hash(name: str) -> dict[str, str]:
    return {"AttributeName": name, "KeyType": "HASH"}


def _range(name: str) -> dict[str, str]:
    return {"AttributeName": name, "KeyType": "RANGE"}


PARKED = {
    "IndexName": "parked",
    "KeySchema": [_hash("parked_in"), _range("row")],
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["parked"]},
}


def one_at_a_time(client: Any) -> Any:
    """Lets a call wait until those of other threads are done. Between moto's look at a condition
    and its write others may write. And to be able to undo a transaction, moto copies all tables,
    which others may be changing, and puts them back, whatever others have written since.
    """
    lock = Lock()
    events = client.meta.events
    events.register_first("before-call.dynamodb", lambda **_: lock.acquire() and None)
    for end in ("after-call", "after-call-error"):
        events.register_last(f"{end}.dynamodb", lambda **_: lock.release())
    return client


def made_anew(client: Any) -> Any:
    """Makes the same client, once, whether it was made before or not."""
    return clients.once(client.__wrapped__)
