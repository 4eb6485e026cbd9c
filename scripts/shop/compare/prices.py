"""The cost of an answer, computed from the list prices of AWS. Not a bill."""

from __future__ import annotations

from cqrs import prices
from scripts.shop.compare.shape import Storing, Way, Work

__all__ = ["SOURCE", "answers_to_earn_back", "per_million_answers", "per_million_orders"]

SOURCE = f"list prices of {prices.REGION}, AWS Price List of {prices.DATE}"

GIGABYTES = 1.0  # the memory of the functions that answer
MILLION = 1_000_000


def per_million_answers(work: Work, billed_ms: float) -> float:
    """Dollars per million answers. `billed_ms` is the time of all functions of one answer."""
    computing = billed_ms / 1000 * GIGABYTES * prices.GIGABYTE_SECOND
    asking = work.requests * (prices.HTTP_REQUEST + prices.INVOCATION)
    return MILLION * (asking + work.units * prices.READ_UNIT + computing)


def per_million_orders(storing: Storing) -> float:
    return MILLION * storing.units * prices.WRITE_UNIT


def answers_to_earn_back(answers: dict[Way, float], orders: dict[Way, float]) -> float:
    """The number of reads of an order from which on the view costs less than the composition."""
    dearer = orders[Way.VIEW] - orders[Way.COMPOSITION]
    return dearer / (answers[Way.COMPOSITION] - answers[Way.VIEW])
