"""`python -m scripts.shop.bench`: called by `make bench`."""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping

from scripts.shop.bench.figures import Figure
from scripts.tables import show


def growth() -> Iterator[Figure]:
    from scripts.shop.bench.growth import figures

    return figures()


def hot_stream() -> Iterator[Figure]:
    from scripts.shop.bench.hot_stream import figures

    return figures()


# a module of this folder each, imported when it is asked for
SECTIONS: Mapping[str, Callable[[], Iterator[Figure]]] = {
    "growth": growth,
    "hot-stream": hot_stream,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.shop.bench", description=__doc__)
    parser.add_argument("sections", nargs="*", help=f"some of {', '.join(SECTIONS)}; else all")
    asked = parser.parse_args().sections or list(SECTIONS)
    if strangers := [name for name in asked if name not in SECTIONS]:
        sys.exit(f"There is no {', '.join(strangers)}; there are {', '.join(SECTIONS)}.")
    for name in asked:
        print(f"{name} ...", file=sys.stderr, flush=True)
        show((row(figure) for figure in SECTIONS[name]()), *HEAD)


HEAD = ("", "floor", "ratio (best)", "ratio (median)", "goal", "")


def row(figure: Figure) -> tuple[str, ...]:
    goal = "" if figure.goal is None else f"{'≥' if figure.more_is_better else '≤'} {figure.goal:g}"
    return (
        figure.measure,
        figure.floor,
        f"{figure.ratio:.2f}",
        f"{figure.median_ratio:.2f}",
        goal,
        figure.remark if figure.reached else f"missed. {figure.remark}",
    )


if __name__ == "__main__":
    main()
