"""`python -m scripts.shop.cost`: called by `make cost`."""

from __future__ import annotations

import argparse
import sys

from cqrs import prices
from scripts.build.terraform.environments import var_files
from scripts.build.terraform.program import TerraformError
from scripts.shop.cost.reckoning import (
    CALL_SECONDS,
    CPU_SECONDS,
    FOLLOWERS,
    TRACED,
    Dollars,
    Settings,
    at_rate,
    idle,
    per_million,
    settings,
)
from scripts.shop.cost.work import ALONE, AT_ONCE, FULL, Piece, Work
from scripts.tables import show

PIECES = [piece for piece in Piece if piece is not Piece.MINUTE]

ASSUMED = f"""\
Reckoned, not a bill: from work that tests count (scripts/shop/cost/work.py), and list prices of
{prices.REGION}, {prices.DATE} (shared/cqrs/prices.py), without free tiers and discounts.
Assumed: a function's call to AWS takes {1000 * CALL_SECONDS:g} ms, its own work \
{1000 * CPU_SECONDS:g} ms of a core; X-Ray traces {TRACED:.0%};
{FOLLOWERS} followers read the event stream. Reading DynamoDB's streams is free to Lambda.
Left out: storage (${prices.STORED_GIGABYTE_MONTH} a GB and month; a million commits are about \
0.6 GB), backups, data that
leaves AWS, Cognito, keys, audits of what there is (docs/scale.md), retries, cold starts, the first
trace of each second, and what searches take of OpenSearch, which is paid by the hour.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.shop.cost", description=__doc__)
    parser.add_argument("--env", default="prod", help="whose settings count")
    parser.add_argument("--commands", type=float, default=10, help="a second")
    parser.add_argument("--queries", type=float, default=100, help="a second")
    arguments = parser.parse_args()
    try:
        said = settings(*var_files(arguments.env))
    except TerraformError as error:
        sys.exit(str(error))
    show(millions(said), "$ per million", "one at a time", f"{AT_ONCE} at once")
    print()
    show(month(arguments.commands, arguments.queries, said), *HEAD)
    print(f"\nWith nothing to do, {arguments.env}:")
    show([*rows(idle(said))], "idle", "$ a month")
    print(f"\n{ASSUMED}", end="")


def millions(said: Settings) -> list[tuple[str, str, str]]:
    def told(work: Work) -> str:
        return f"{sum(per_million(work, said).values()):,.2f}"

    return [(piece.value, told(ALONE[piece]), told(FULL[piece])) for piece in PIECES]


HEAD = ("$ a month", "commands", "queries", "idle", "all", "all, if each command is a checkout")


def month(commands: float, queries: float, said: Settings) -> list[tuple[str, ...]]:
    """By what is paid for. Commands change one thing, and all that follow have it."""
    columns = [
        at_rate(Piece.FOLLOWED, commands, said),
        at_rate(Piece.ORDER, queries, said),
        {"Idle": sum(idle(said).values())},
    ]
    checkouts = [at_rate(Piece.CHECKOUT, commands, said), *columns[1:]]
    items = list(dict.fromkeys(item for column in [*columns, *checkouts] for item in column))
    told = [(item, *_row(columns, checkouts, item)) for item in items]
    sums = [sum(column.values()) for column in columns]
    of_checkouts = sum(sum(column.values()) for column in checkouts)
    return [*told, ("Together", *(f"{n:,.2f}" for n in (*sums, sum(sums), of_checkouts)))]


def _row(columns: list[Dollars], checkouts: list[Dollars], item: str) -> list[str]:
    numbers = [column.get(item, 0) for column in columns]
    of_checkouts = sum(column.get(item, 0) for column in checkouts)
    return [f"{number:,.2f}" for number in (*numbers, sum(numbers), of_checkouts)]


def rows(dollars: Dollars) -> list[tuple[str, str]]:
    told = [(item, f"{amount:,.2f}") for item, amount in dollars.items()]
    return [*told, ("Together", f"{sum(dollars.values()):,.2f}")]


if __name__ == "__main__":
    main()
