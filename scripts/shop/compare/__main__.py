"""`python -m scripts.shop.compare`: called by `make compare`, on the running local stack."""

import argparse
import sys

from rich.console import Console
from rich.markdown import Markdown

from scripts.blocks import replace_block
from scripts.local.errors import LocalError
from scripts.local.home import ROOT, Home
from scripts.local.stack import Stack
from scripts.shop.compare.measuring import down, latencies, staleness
from scripts.shop.compare.report import BEGIN, END, Measured, report
from scripts.shop.compare.shop import Shop

DOCUMENT = ROOT / "docs" / "composition-or-cqrs.md"
ROUNDS = 20  # of changes, and of queries with a service down


def measure(asked: int) -> Measured:
    shop = Shop(Stack(Home.from_environment()))
    say("making what is asked about")
    shop.fill()
    say("how long answers take")
    found = latencies(shop, asked)
    say("how old answers are")
    old = staleness(shop, ROUNDS)
    say("what is answered without payments")
    return Measured(latencies=found, staleness=old, down=down(shop, ROUNDS))


def say(text: str) -> None:
    print(f"{text} ...", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.shop.compare", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"put the tables into {DOCUMENT.name}")
    parser.add_argument("--asked", type=int, default=200, help="how often each is asked")
    arguments = parser.parse_args()
    try:
        text = report(measure(arguments.asked))
        print(text) if not sys.stdout.isatty() else Console().print(Markdown(text))
        if arguments.write:
            replace_block(DOCUMENT, BEGIN, END, text)
    except LocalError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("interrupted")


if __name__ == "__main__":
    main()
