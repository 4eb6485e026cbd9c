"""Proof that nothing was lost: what was answered is stored, and it all adds up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from scripts.shop.ledger import Book, Ledger

__all__ = ["Accepted", "at_odds", "lost", "streams"]

Accepted = tuple[str, int, Sequence[str]]
"""A command that was accepted: its stream, the version after it, and the types of its events."""


def lost(accepted: Iterable[Accepted], books: Iterable[Book]) -> list[str]:
    """Those whose events are not where their answers say."""
    stored = {stream: [kind for kind, _ in told] for book in books for stream, told in book.items()}
    return [
        f"{stream}@{version} {', '.join(events)}"
        for stream, version, events in accepted
        if stored.get(stream, [])[max(0, version - len(events)) : version] != [*events]
    ]


def streams(accepted: Iterable[Accepted], category: str) -> set[str]:
    """The keys of those of a category."""
    names = {stream for stream, _, _ in accepted}
    return {name.removeprefix(f"{category}-") for name in names if name.startswith(f"{category}-")}


def at_odds(books: Mapping[str, Book], orders: set[str], skus: set[str]) -> str:
    """What does not add up, or nothing, once all is settled. Others may use the same stores: only
    these orders and products count.
    """
    own = {
        "orders": {f"order-{order}" for order in orders},
        "payments": {f"payment-{order}" for order in orders},
        "inventory": {f"product-{sku}" for sku in skus},
    }
    ledger = Ledger(
        **{
            name: {stream: told for stream, told in books[name].items() if stream in names}
            for name, names in own.items()
        }
    )
    try:
        ledger.assert_it_adds_up()
    except AssertionError as error:
        return str(error) or "an order, stock or money is not what it should be"
    return ""
