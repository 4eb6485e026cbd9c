"""`python -m scripts.shop.bench`: called by `make bench`."""

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module

from scripts.blocks import replace_block
from scripts.build.terraform.program import REPOSITORY
from scripts.local.errors import LocalError
from scripts.shop.bench.figures import Figure
from scripts.shop.bench.plots import Plot, drawn
from scripts.shop.compare.figures import table
from scripts.tables import show

# A module of this folder each: `figures()`, and perhaps `plots()`. What is drawn first, then the
# quick ones; the last needs the local stack.
SECTIONS = ("cold", "warm", "memory", "following", "hot_stream", "growth", "local")
DOCUMENT = REPOSITORY / "docs" / "performance.md"
PLOTS = REPOSITORY / "docs" / "performance"
HEAD = ("", "floor or peer", "ratio", "median", "goal", "")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.shop.bench", description=__doc__)
    parser.add_argument("sections", nargs="*", help=f"some of {', '.join(SECTIONS)}; else all")
    parser.add_argument("--write", action="store_true", help=f"into {DOCUMENT.name}, with plots")
    arguments = parser.parse_args()
    asked = arguments.sections or list(SECTIONS)
    if strangers := [name for name in asked if name not in SECTIONS]:
        sys.exit(f"There is no {', '.join(strangers)}; there are {', '.join(SECTIONS)}.")
    try:
        if len(asked) == 1:
            return run(asked[0], write=arguments.write)
        for name in asked:  # each in a process of its own: what one leaves in memory slows another
            options = ["--write"] if arguments.write else []
            subprocess.run([sys.executable, "-m", "scripts.shop.bench", name, *options], check=True)
    except LocalError as error:
        sys.exit(str(error))
    except subprocess.CalledProcessError:
        sys.exit(1)  # it has said why
    except KeyboardInterrupt:
        sys.exit("interrupted")


def run(name: str, *, write: bool) -> None:
    print(f"{name} ...", file=sys.stderr, flush=True)
    began = time.monotonic()
    section = import_module(f"scripts.shop.bench.{name}")
    rows = [row(figure) for figure in section.figures()]
    show(rows, *HEAD)
    plots: Iterator[Plot] = section.plots() if write and hasattr(section, "plots") else iter(())
    for plot in plots:
        PLOTS.mkdir(exist_ok=True)
        (PLOTS / f"{plot.name}.svg").write_text(drawn(plot))
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    if write:
        replace_block(DOCUMENT, *marks(name), f"{measured()}\n\n{table(HEAD, rows)}")


def marks(section: str) -> tuple[str, str]:
    """The comments around it in the documentation."""
    return f"<!-- {section}, by `make bench WRITE=1` -->", f"<!-- end of {section} -->"


def measured() -> str:
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    return f"Measured on {day}, Python {platform.python_version()}, {os.cpu_count()} cores."


def row(figure: Figure) -> tuple[str, ...]:
    goal = "" if figure.goal is None else f"{'≥' if figure.more_is_better else '≤'} {figure.goal:g}"
    return (
        figure.measure,
        figure.floor,
        f"{figure.ratio:.2f}",
        f"{figure.median_ratio:.2f}",
        goal,
        figure.remark if figure.reached else f"missed. {figure.remark}".strip(),
    )


if __name__ == "__main__":
    main()
