"""What logs, marks and notes say of an error: they hold no personal data, and its text may."""

from __future__ import annotations

import traceback

from cqrs.errors import CqrsError

__all__ = ["said", "traced"]

BEGIN = "Traceback (most recent call last):\n"


def said(error: BaseException) -> str:
    """An error in a line without values: its type, and its text if that is the library's own. The
    text of any other may quote an event, a row or a request; of AWS it is the code.
    """
    match error:
        case CqrsError():
            text = error.code if error.quotes else str(error)
        case BaseExceptionGroup():
            text = "; ".join(map(said, error.exceptions))
        case _:
            text = _code_of(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _code_of(error: BaseException) -> str:
    """The code of an error of AWS, and the operation; empty for any other."""
    match getattr(error, "response", None):
        case {"Error": {"Code": str(code)}}:
            return f"{code} at {getattr(error, 'operation_name', '?')}"
    return ""


def traced(error: BaseException) -> str:
    """The traceback of an error, and of those that led to it, without values."""
    errors = [error]
    while (before := _before(errors[-1])) and before not in errors:
        errors.append(before)
    return "\nThis led to:\n\n".join(
        f"{BEGIN}{''.join(traceback.format_tb(one.__traceback__))}{said(one)}\n"
        for one in errors[::-1]
    )


def _before(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)
