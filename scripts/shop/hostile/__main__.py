"""`python -m scripts.shop.hostile`: called by `make hostile`, on the running local stack.

Schemathesis invents requests for each operation of the API's document, some that fit it and some
that don't, sends them as one of the roles, and holds every answer against the document.
"""

import argparse
import sys
from dataclasses import replace

from scripts.local.errors import LocalError
from scripts.local.home import Home
from scripts.local.stack import Stack
from scripts.shop import story
from scripts.shop.examples import by_role
from scripts.shop.hostile.running import Found, hostile
from scripts.tables import show


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.shop.hostile", description=__doc__)
    parser.add_argument("--role", choices=("customer", "staff", "operator"), default="customer")
    parser.add_argument("--each", type=int, default=100, help="requests that fit, an operation")
    parser.add_argument("--seed", type=int, default=11)
    arguments = parser.parse_args()
    home = Home.from_environment()
    try:
        stack = Stack(home)
        stack.require_no_faults()
        print("a story first, then requests that nobody means well by ...", file=sys.stderr)
        api_of = by_role(stack.addresses().url, stack.token)
        api, notes = api_of(arguments.role), home.path / "hostile" / arguments.role
        # an operator also does what is staff's, and repeats it under the same keys
        role = {"staff": "operator"} if arguments.role == "operator" else {}
        good = [
            replace(one, role=role.get(one.role, one.role))
            for one in story.tell(lambda asked: api_of(role.get(asked, asked)))
        ]
        found = hostile(api, arguments.role, good, notes, each=arguments.each, seed=arguments.seed)
    except LocalError as error:
        sys.exit(str(error))
    tell(found)
    sys.exit(not found.passed)


def tell(found: Found) -> None:
    print(found.said)
    routes = sorted({route for route, status in found.answers if 200 <= status < 300})
    rows = [(route, f"{found.good(route)}", f"{found.all(route)}") for route in routes]
    show(rows, "route", "answered well", "asked")
    print(f"{found.cases} requests")


if __name__ == "__main__":
    main()
