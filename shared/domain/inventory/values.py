"""The field types of this context, with their rules."""

from __future__ import annotations

from typing import Annotated

from cqrs.inputs import between, size, text

__all__ = ["Description", "Received", "Tags", "Title"]

Title = Annotated[str, text(max=200)]
Description = Annotated[str, text(max=4_000, lines=True)]
Tags = Annotated[tuple[Annotated[str, text(max=40)], ...], size(max=20)]
Received = Annotated[int, between(1, 1_000_000)]
"""The pieces in one delivery to the warehouse: more than the `Quantity` of an order's line."""
