"""Tables, as wide as the terminal; in a pipe or a file they are a line per row, however long."""

import re
import sys
from collections.abc import Iterable, Sequence

NUMBER = r"[0-9][0-9,.]*( .*)?"


def show(rows: Iterable[Sequence[str]], *head: str) -> None:
    """Numbers stand on the right of their columns."""
    from rich.console import (
        Console,
    )  # not above: most commands show no table, and don't wait for it
    from rich.table import Table
    from rich.text import Text

    table = Table(*head, box=None, pad_edge=False, show_header=bool(head))
    for row in rows:
        table.add_row(
            *(Text(cell, justify="right" if re.fullmatch(NUMBER, cell) else None) for cell in row)
        )
    Console(width=None if sys.stdout.isatty() else 1000).print(table)
