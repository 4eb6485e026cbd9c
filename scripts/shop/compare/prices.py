"""Prices of AWS, and the cost of an answer computed from them. Not a bill."""

from __future__ import annotations

from scripts.shop.compare.shape import Storing, Way, Work

__all__ = ["SOURCE", "answers_to_earn_back", "per_million_answers", "per_million_orders"]

SOURCE = "list prices of us-east-1, AWS Price List of September 2026"

# Dollars per million
HTTP_REQUEST = 1.00  # API Gateway, HTTP API
INVOCATION = 0.20  # Lambda
READ_UNIT = 0.125  # DynamoDB, on demand
WRITE_UNIT = 0.625

GIGABYTE_SECOND = 0.0000133334  # Lambda on arm64, in dollars
GIGABYTES = 1.0  # the memory of the functions that answer


def per_million_answers(work: Work, billed_ms: float) -> float:
    """Dollars per million answers. `billed_ms` is the time of all functions of one answer."""
    computing = billed_ms / 1000 * GIGABYTES * GIGABYTE_SECOND * 1_000_000
    return work.requests * (HTTP_REQUEST + INVOCATION) + work.units * READ_UNIT + computing


def per_million_orders(storing: Storing) -> float:
    return storing.units * WRITE_UNIT


def answers_to_earn_back(answers: dict[Way, float], orders: dict[Way, float]) -> float:
    """The number of reads of an order from which on the view costs less than the composition."""
    dearer = orders[Way.VIEW] - orders[Way.COMPOSITION]
    return dearer / (answers[Way.COMPOSITION] - answers[Way.VIEW])
