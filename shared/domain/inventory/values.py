"""The words of this context, and what is allowed in each."""

from __future__ import annotations

from typing import Annotated

from cqrs.plain import Between, Size, Text

__all__ = ["Description", "Received", "Tags", "Title"]

Title = Annotated[str, Text(max=200)]
Description = Annotated[str, Text(max=4_000, lines=True)]
Tags = Annotated[tuple[Annotated[str, Text(max=40)], ...], Size(max=20)]
Received = Annotated[int, Between(1, 1_000_000)]
"""How many pieces arrive at once: more than an order may have on a line."""
