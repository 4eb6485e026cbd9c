"""The stores keep their contracts on the local stack, on tables shaped as Terraform makes them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.adapters.dynamodb_tallies import DynamoDbTallies
from cqrs.history.event_store import EventStore
from cqrs.testing.contracts import (
    EventStoreContract,
    Rows,
    RowsContract,
    Tallies,
    TalliesContract,
)
from tests.library.integration.tables import (
    create_event_store,
    create_guard_store,
    create_tally_store,
    create_view_store,
)
from tests.shop.e2e.conftest import Shop


class TestEventStoreOnTheLocalStack(EventStoreContract):
    @pytest.fixture
    def store(self, shop: Shop) -> EventStore:
        client, name = shop.client("dynamodb"), f"contract-{uuid.uuid4().hex}"
        create_event_store(client, name)
        create_guard_store(client, f"{name}-guards")
        return DynamoDbEventStore(name, f"{name}-guards", client=lambda: client)


class TestRowsOnTheLocalStack(RowsContract):
    @pytest.fixture
    def rows(self, shop: Shop) -> Rows:
        client, name = shop.client("dynamodb"), f"contract-{uuid.uuid4().hex}"
        create_view_store(client, name)
        return DynamoDbRows(name, "order_history#1", ["customer"], lambda: client)


class TestTalliesOnTheLocalStack(TalliesContract):
    @pytest.fixture
    def rows(self, shop: Shop) -> Tallies:
        client, name = shop.client("dynamodb"), f"contract-{uuid.uuid4().hex}"
        create_tally_store(client, name)
        return DynamoDbTallies(name, "sales#1", [], lambda: client)


def _shape(client: Any, name: str) -> dict[str, Any]:
    table = client.describe_table(TableName=name)["Table"]
    indexes = table.get("GlobalSecondaryIndexes", ())
    return {
        "keys": table["KeySchema"],
        "attributes": sorted(map(str, table["AttributeDefinitions"])),
        "indexes": {
            index["IndexName"]: (
                index["KeySchema"],
                index["Projection"]["ProjectionType"],
                sorted(index["Projection"].get("NonKeyAttributes", ())),
            )
            for index in indexes
        },
    }


def test_contracts_run_on_tables_of_the_shape_that_terraform_makes(shop: Shop) -> None:
    client, suffix = shop.client("dynamodb"), uuid.uuid4().hex
    create_event_store(client, f"events-{suffix}")
    create_guard_store(client, f"guards-{suffix}")
    create_view_store(client, f"rows-{suffix}", lists=("customer", "status"))
    create_view_store(client, f"bare-rows-{suffix}", lists=())
    create_tally_store(client, f"tallies-{suffix}")
    made = {
        "orders-events": "events",
        "customers-guards": "guards",
        "order-history": "rows",
        "customer-lookups": "bare-rows",
        "sales": "tallies",
    }

    for of_terraform, ours in made.items():
        assert _shape(client, shop.table(of_terraform)) == _shape(client, f"{ours}-{suffix}")
