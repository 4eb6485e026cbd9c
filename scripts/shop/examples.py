"""`python -m scripts.shop.examples`: called by `make examples`, on the running local stack. Writes
the examples of the API's document: of each route, what was asked and what was answered.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from secrets import token_hex
from typing import Any

from scripts.local.errors import LocalError
from scripts.local.home import ROOT, Home
from scripts.local.stack import Stack
from scripts.shop.demo.api import Api
from scripts.shop.story import Asked, tell

__all__ = ["EXAMPLES", "by_role", "examples"]

EXAMPLES = ROOT / "scripts" / "shop" / "examples.json"


def by_role(url: str, token_of: Callable[[str], str]) -> Callable[[str], Api]:
    """The API, asked as a role. The customer is new each time."""
    customer = f"ada-{token_hex(4)}"
    return lambda role: Api(url, token_of(customer if role == "customer" else role))


def examples(asked: Iterable[Asked]) -> dict[str, Any]:
    """By route, the first of each."""
    found: dict[str, Any] = {}
    for one in asked:
        example = {"id": one.id, "query": one.query, "body": one.body, "answer": one.answer}
        found.setdefault(one.route, {name: what for name, what in example.items() if what})
    return found


def main() -> None:
    try:
        stack = Stack(Home.from_environment())
        stack.require_no_faults()
        asked = tell(by_role(stack.addresses().url, stack.token))
    except LocalError as error:
        sys.exit(str(error))
    EXAMPLES.write_text(json.dumps(examples(asked), indent=1, ensure_ascii=False) + "\n")
    print(f"{len(asked)} requests, answered well: {EXAMPLES.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
