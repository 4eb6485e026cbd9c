"""What is said of cost below a plan."""

from pathlib import Path

from scripts.build.terraform.plans import Plan
from scripts.build.terraform.summary import Section
from scripts.shop.cost.reckoning import idle, per_million, settings
from scripts.shop.cost.work import FULL, Piece

TITLE = "What it costs (reckoned from list prices; `make cost` has the whole)"
TOLD = (Piece.FOLLOWED, Piece.ORDER, Piece.CHECKOUT)


def section(file: Path, plan: Plan) -> Section:
    said = settings(file)
    try:
        lines = [f"${sum(idle(said).values()):,.2f} a month with nothing to do"]
    except LookupError as error:
        lines = [f"with nothing to do: {error.args[0]}"]
    dollars = {each: sum(per_million(FULL[each], said).values()) for each in TOLD}
    return TITLE, [*lines, *(f"${sum_:,.2f} per million: {each}" for each, sum_ in dollars.items())]
