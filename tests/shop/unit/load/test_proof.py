"""What proves that nothing was lost notices it if something was."""

from __future__ import annotations

from typing import Any

from scripts.shop.ledger import Book
from scripts.shop.load.proof import at_odds, lost, streams

PLACED = {"lines": [{"sku": "pen", "quantity": 2, "unit_price": 100}]}
HELD = {"order_id": "7", "quantity": 2}


def books(**changes: Any) -> dict[str, Book]:
    """An order that is confirmed: its stock is reserved, and its payment authorised."""
    confirmed: dict[str, Book] = {
        "orders": {"order-7": [("OrderPlaced", PLACED), ("OrderConfirmed", {})]},
        "inventory": {
            "product-pen": [
                ("ProductRegistered", {}),
                ("StockReceived", {"quantity": 9}),
                ("StockReserved", HELD),
            ]
        },
        "payments": {
            "payment-7": [("AuthorisationRequested", {"amount": 200}), ("PaymentAuthorised", {})]
        },
    }
    return confirmed | changes


def odds(**changes: Any) -> str:
    return at_odds(books(**changes), {"7"}, {"pen"})


def test_what_is_stored_as_it_was_answered_is_not_lost() -> None:
    accepted = [("order-7", 1, ["OrderPlaced"]), ("product-pen", 2, ["StockReceived"])]
    assert lost(accepted, books().values()) == []


def test_a_command_that_had_nothing_to_do_can_lose_nothing() -> None:
    assert lost([("order-7", 2, [])], books().values()) == []


def test_a_command_whose_events_are_not_stored_at_its_version_is_lost() -> None:
    accepted = [
        ("order-7", 3, ["OrderShipped"]),
        ("order-7", 2, ["OrderCancelled"]),
        ("order-8", 1, ["OrderPlaced"]),
    ]
    assert lost(accepted, books().values()) == [
        "order-7@3 OrderShipped",
        "order-7@2 OrderCancelled",
        "order-8@1 OrderPlaced",
    ]


def test_streams_are_told_apart_by_their_category() -> None:
    accepted = [("order-7", 1, ["A"]), ("order-7", 2, ["B"]), ("product-order-9", 1, ["C"])]
    assert streams(accepted, "order") == {"7"}


def test_what_is_settled_adds_up() -> None:
    assert odds() == ""


def test_an_order_that_was_never_settled_is_told() -> None:
    told = odds(orders={"order-7": [("OrderPlaced", PLACED)]})
    assert told.startswith("7 was never settled")


def test_stock_that_is_reserved_for_nobody_is_told() -> None:
    assert odds(orders={"order-7": [("OrderPlaced", PLACED), ("OrderRejected", {})]})


def test_money_that_is_held_for_nobody_is_told() -> None:
    assert odds(payments={})


def test_what_others_do_in_the_same_stores_does_not_count() -> None:
    other = {"order-8": [("OrderPlaced", PLACED)]}
    assert odds(orders={**books()["orders"], **other}) == ""
