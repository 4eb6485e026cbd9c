"""`python -m scripts.shop.demo`: called by `make demo`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict

from scripts.local.errors import LocalError
from scripts.local.home import Home
from scripts.local.stack import Stack
from scripts.shop.demo.api import Api
from scripts.shop.demo.seeding import seed
from scripts.shop.demo.shop import LEAST, MOST, Sizes, invent
from scripts.shop.demo.tour import printed, stops, summary


def main(words: Sequence[str]) -> None:
    arguments = parser().parse_args(words)
    sizes = Sizes(**{name: getattr(arguments, name) for name in asdict(LEAST)})
    try:
        url, token = arguments.url, os.environ.get("ACCESS_TOKEN", "")
        if not url:
            stack = Stack(Home.from_environment())
            url, token = stack.addresses().url, stack.token("staff")
        shop = invent(arguments.seed, sizes)
        seeded = seed(Api(url, token), shop)
        print(f"\n{summary(seeded)}\n\nPaste this into bash:\n\n{printed(url, stops(seeded))}")
    except LocalError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("interrupted; started again, it goes on where it was")


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.shop.demo", description=__doc__)
    parser.add_argument("--seed", type=int, default=7, help="another seed, another shop")
    parser.add_argument(
        "--url",
        help="of any deployment (a token of its staff is in ACCESS_TOKEN); else, the local stack",
    )
    usual, least, most = asdict(Sizes()), asdict(LEAST), asdict(MOST)
    for name, number in usual.items():
        parser.add_argument(
            f"--{name}", type=_number(least[name], most[name]), default=number, metavar="NUMBER"
        )
    return parser


def _number(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text} is not a number from {least} to {most}")
        return int(text)

    return number


if __name__ == "__main__":
    main(sys.argv[1:])
