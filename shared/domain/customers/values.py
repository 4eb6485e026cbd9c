"""The field types of this context, with their rules."""

from __future__ import annotations

from typing import Annotated

from cqrs.inputs import text

__all__ = ["Email", "Name"]

Name = Annotated[str, text(max=100)]
Email = Annotated[
    str,
    text(
        max=254,
        pattern=r"[^@\s]+@(?:[^@\s.]+\.)+[^@\s.]{2,}",
        hint="must be an e-mail address like ada@example.com",
    ),
]
