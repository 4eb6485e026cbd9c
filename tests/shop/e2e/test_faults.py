"""What is promised when streams lose, repeat and mix up, functions are down, and events are bad."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cqrs.history.commits import Commit, Envelope
from cqrs.history.events import EventCodec, Instant
from domain.orders import ORDER_EVENTS, OrderCancelled, OrderId
from tests.shop.e2e.conftest import GRAZ, Shop

PROJECTOR, PUBLISHER = "storefront_projector", "event_publisher"
STATUSES = {
    "OrderPlaced": "placed",
    "OrderConfirmed": "confirmed",
    "OrderRejected": "rejected",
    "OrderCancelled": "cancelled",
}


def truth(shop: Shop, order_id: str) -> list[dict[str, Any]]:
    """The events of an order as the store has them, read without the system's own code. Each is a
    commit of its own.
    """
    items = shop.client("dynamodb").query(
        TableName=shop.table("orders-events"),
        KeyConditionExpression="#stream = :stream",
        ExpressionAttributeNames={"#stream": "stream"},
        ExpressionAttributeValues={":stream": {"S": f"order-{order_id}"}},
        ConsistentRead=True,
    )["Items"]
    return [event for item in items for event in json.loads(item["body"]["S"])["events"]]


def expected(events: list[dict[str, Any]]) -> tuple[int, str, str]:
    """Version, status and city of an order, folded outside the system."""
    cities = [event["data"]["address"]["city"] for event in events if "address" in event["data"]]
    statuses = [STATUSES[event["type"]] for event in events if event["type"] in STATUSES]
    return len(events), statuses[-1], cities[-1]


def told(shop: Shop, order_id: str) -> tuple[int, str, str]:
    return expected(truth(shop, order_id))


def shown(order: dict[str, Any]) -> tuple[int, str, str]:
    return order["version"], order["status"], order["address"]["city"]


def place_many(shop: Shop, customer: str, number: int) -> dict[str, str]:
    """Orders, some changed, some cancelled; the token of what was done last, by order."""
    tokens: dict[str, str] = {}
    for n in range(number):
        answer = shop.place(customer)
        order_id = answer.json()["order_id"]
        if n % 2:
            answer = shop.ask("PUT", f"/orders/{order_id}/address", {"address": GRAZ})
        if n % 3 == 0:
            answer = shop.ask("POST", f"/orders/{order_id}/cancel")
        tokens[order_id] = answer.headers["Consistency-Token"]
    return tokens


def listed(shop: Shop, customer: str) -> dict[str, Any]:
    orders: dict[str, Any] = {}
    query = "?limit=50"
    while True:
        page = shop.orders(customer, query=query).json()
        orders |= {order["order_id"]: order for order in page["orders"] if "problem" not in order}
        if page["cursor"] is None:
            return orders
        query = f"?limit=50&cursor={page['cursor']}"


def test_with_the_projector_stopped_a_token_still_gets_what_was_written(
    shop: Shop, customer: str
) -> None:
    shop.control.set_faults(PROJECTOR, stop=1)
    tokens = place_many(shop, customer, 6)
    shop.control.wait_until_still()

    for order_id, token in tokens.items():
        read = shop.order(order_id, token)
        assert read.headers["Consistency"].startswith("folded; commits=")
        assert shown(read.json()) == told(shop, order_id)
        in_list = shop.orders(customer, token)
        assert in_list.headers["Consistency"].startswith("folded; commits=")
        assert order_id in [order["order_id"] for order in in_list.json()["orders"]]
    assert listed(shop, customer) == {}

    shop.control.set_faults(PROJECTOR, stop=0)
    shop.control.wait_until_still()

    for order_id, token in tokens.items():
        read = shop.order(order_id, token)
        assert read.headers["Consistency"] == "current"
    assert listed(shop, customer).keys() == tokens.keys()


@pytest.mark.parametrize("function", [PROJECTOR, PUBLISHER])
def test_lost_repeated_and_mixed_up_messages_are_healed_by_one_audit(
    shop: Shop, customer: str, function: str
) -> None:
    shop.control.set_faults(function, drop=0.4, duplicate=0.4, reorder=1, seed=7)
    tokens = place_many(shop, customer, 30)
    shop.control.wait_until_still()
    before = listed(shop, customer)
    true = {order_id for order_id in before if shown(before[order_id]) == told(shop, order_id)}
    assert tokens.keys() - true, "no message was lost: this shows nothing"
    shop.control.clear_faults()

    audit = shop.audit()
    shop.control.wait_until_still()  # it lets checkouts go on, too

    orders = listed(shop, customer)
    assert audit["whole"] == audit["began"]
    assert orders.keys() == tokens.keys()
    for order_id, order in orders.items():
        assert shown(order) == told(shop, order_id)
    assert shop.audit()["found"] == {}


def test_a_function_that_fails_for_a_while_loses_nothing(shop: Shop, customer: str) -> None:
    shop.control.set_faults(PROJECTOR, fail=1)
    tokens = place_many(shop, customer, 4)

    shop.control.clear_faults()
    shop.control.wait_until_still()

    for order_id, order in listed(shop, customer).items():
        assert shown(order) == told(shop, order_id)
    assert listed(shop, customer).keys() == tokens.keys()


def test_a_poison_event_stops_its_own_stream_only_until_it_is_mended(
    shop: Shop, customer: str
) -> None:
    bad = shop.place(customer).json()["order_id"]
    shop.control.wait_until_still()
    shop.control.set_faults(PROJECTOR, stop=1)  # what follows arrives in one batch
    version = len(truth(shop, bad)) + 1
    put_commit(shop, bad, version, '{"events":[{"type":"OrderCancelled","schema":1}]}')
    good = place_many(shop, customer, 3)
    shop.control.clear_faults()
    shop.control.wait_until_still()

    # others went on
    orders = listed(shop, customer)
    for order_id in good:
        assert shown(orders[order_id]) == told(shop, order_id)
    # the stream that stopped is a defined problem, alone and in the list, and listed for operators
    problem = shop.order(bad)
    assert (problem.status_code, problem.json()["code"]) == (503, "view_parked")
    in_list = shop.orders(customer).json()["orders"]
    (stub,) = [order for order in in_list if "problem" in order]
    assert (stub["id"], stub["problem"]["code"]) == (bad, "view_parked")
    parked = shop.parked()
    assert parked["order_history"].keys() == parked["checkout"].keys() == {f"order-{bad}"}
    assert parked["order_history"][f"order-{bad}"]["version"] == version
    assert parked["payment_gateway"] == {}  # which does not follow orders

    # after the fix it is taken up where it stopped
    assert shop.payment(bad)["status"] == "authorised"
    put_commit(shop, bad, version, cancellation(bad))
    shop.invoke("operator", {"redrive": f"order-{bad}"})
    shop.control.wait_until_still()

    assert shown(shop.order(bad).json()) == (version, "cancelled", "Vienna")
    assert shop.payment(bad)["status"] == "voided"
    assert not any(shop.parked().values())


def test_a_state_that_the_code_cannot_read_is_folded_anew_and_holds_nothing_up(
    shop: Shop, customer: str
) -> None:
    """As after a deployment that added a field to what a view remembers."""
    old = shop.place(customer).json()["order_id"]
    shop.control.wait_until_still()
    shop.client("dynamodb").update_item(
        TableName=shop.table("order-history"),
        Key={"row": {"S": f"order_history#1/{old}"}},
        UpdateExpression="SET states = :states",
        ExpressionAttributeValues={":states": {"S": f'{{"order-{old}":{{"of":"other code"}}}}'}},
    )
    shop.ask("PUT", f"/orders/{old}/address", {"address": GRAZ})
    others = place_many(shop, customer, 3)
    shop.control.wait_until_still()

    orders = listed(shop, customer)
    assert orders.keys() == {old, *others}
    for order_id, order in orders.items():
        assert shown(order) == told(shop, order_id)


def test_what_a_mapping_gave_up_on_is_taken_up_by_the_recoverer(shop: Shop, customer: str) -> None:
    mapping = the_projectors_mapping(shop)
    lambdas = shop.client("lambda")
    lambdas.update_event_source_mapping(UUID=mapping["UUID"], MaximumRetryAttempts=0)
    shop.stack.up()  # starts the runner again, with what the mapping says now
    try:
        shop.control.set_faults(PROJECTOR, fail=1, drop=0)
        tokens = place_many(shop, customer, 2)
        shop.control.wait_until_still()
        assert given_up(shop, mapping["UUID"]) or listed(shop, customer), "the schedule was faster"
    finally:
        again = mapping["MaximumRetryAttempts"]
        lambdas.update_event_source_mapping(UUID=mapping["UUID"], MaximumRetryAttempts=again)
        shop.stack.up()
        shop.control.clear_faults()

    shop.recover()

    assert not given_up(shop, mapping["UUID"])
    assert listed(shop, customer).keys() == tokens.keys()


def given_up(shop: Shop, mapping: str) -> list[str]:
    found = shop.client("s3").list_objects_v2(Bucket=failures(shop)).get("Contents", [])
    return [listed["Key"] for listed in found if f"/{mapping}/" in listed["Key"]]


def the_projectors_mapping(shop: Shop) -> dict[str, Any]:
    (name,) = shop.stack.function_names(PROJECTOR)
    (mapping,) = shop.client("lambda").list_event_source_mappings(FunctionName=name)[
        "EventSourceMappings"
    ]
    return dict(mapping)


def failures(shop: Shop) -> str:
    buckets = shop.client("s3").list_buckets()["Buckets"]
    (name,) = [bucket["Name"] for bucket in buckets if "-failures-" in bucket["Name"]]
    return str(name)


def put_commit(shop: Shop, order_id: str, version: int, body: str) -> None:
    """By hand, as no command would."""
    item = {
        "stream": {"S": f"order-{order_id}"},
        "version": {"N": str(version)},
        "body": {"S": body},
        "command": {"S": "by-hand"},
    }
    shop.client("dynamodb").put_item(TableName=shop.table("orders-events"), Item=item)


def cancellation(order_id: str) -> str:
    envelope = Envelope(
        command_id="by-hand",
        command_type="Repair",
        fingerprint="",
        actor="operator",
        correlation_id="repair",
        causation_id="repair",
        time=Instant("2026-01-01T00:00:00.000000Z"),
    )
    event = OrderCancelled(order_id=OrderId(order_id), reason="mended")
    return Commit.of(f"order-{order_id}", 2, [event], envelope, EventCodec(ORDER_EVENTS)).body


def test_functions_may_do_what_they_need_and_nothing_else(shop: Shop) -> None:
    """What passes above is allowed, as IAM is enforced here; this shows that the rest is not."""
    as_queries = shop.client_of("storefront_queries", "dynamodb")
    events = shop.table("orders-events")
    stream = {
        "KeyConditionExpression": "#stream = :stream",
        "ExpressionAttributeNames": {"#stream": "stream"},
        "ExpressionAttributeValues": {":stream": {"S": "order-x"}},
    }

    assert as_queries.query(TableName=events, **stream)["Count"] == 0
    with pytest.raises(as_queries.exceptions.ClientError, match="AccessDenied"):
        as_queries.put_item(
            TableName=events, Item={"stream": {"S": "order-x"}, "version": {"N": "1"}}
        )
    with pytest.raises(as_queries.exceptions.ClientError, match="AccessDenied"):
        as_queries.scan(TableName=events)
