"""`python -m scripts.shop.load`: called by `make load`, on the running local stack."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from secrets import token_hex
from typing import Any

from scripts.local.errors import BusyError, LocalError
from scripts.local.home import ROOT, Home
from scripts.local.lags import Lags
from scripts.local.stack import Stack
from scripts.shop.compare.shop import require_local
from scripts.shop.demo.api import AT_ONCE, Api
from scripts.shop.demo.shop import Product, Sizes, invent
from scripts.shop.ledger import Book, in_table
from scripts.shop.load.proof import Accepted, at_odds, lost, streams
from scripts.shop.smoke import ADDRESS
from scripts.tables import show

LOCUST = ROOT / "build" / "load" / "bin" / "locust"
SERVICES = ("customers", "inventory", "orders", "payments")
CUSTOMERS, PRODUCTS = 20, 40
STOCK = 1_000_000
EACH_SECOND = 0.5  # requests of a shopper
LOOK_SECONDS = 10.0  # between looks at the lag: counting it is work, too
REST_SECONDS = 600.0


@dataclass
class Load:
    stack: Stack
    run: str

    def __post_init__(self) -> None:
        self.url = self.stack.addresses().url
        require_local(self.url)
        self.stack.require_no_faults()
        self.staff = self.stack.token("staff")
        self.api = Api(self.url, self.staff)
        self.folder = self.stack.home.path / "load"
        self.folder.mkdir(parents=True, exist_ok=True)

    # Before

    def plan(self) -> dict[str, Any]:
        """What shoppers must know: a few customers and products of the demo's shop, made for this
        run, with as much in stock as anybody could want.
        """
        sizes = Sizes(customers=CUSTOMERS, products=PRODUCTS)
        shop = invent(int(self.run, 16), sizes)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            prices = dict(pool.map(self._offer, shop.products))
        customers = []
        for number, customer in enumerate(shop.customers):
            token = self.stack.token(f"shopper-{number}")
            api = Api(self.url, token)
            done = "customer_already_registered|email_taken"
            api.command("POST", "/customers", f"{self.run}-{number}", customer.body(), unless=done)
            customers.append({"token": token})
        return {
            "run": self.run,
            "seed": int(self.run, 16),
            "url": self.url,
            "staff": self.staff,
            "each_second": EACH_SECOND,
            "customers": customers,
            "skus": list(prices),
            "prices": prices,
            "has_search": self.api.has_search(),
        }

    def _offer(self, product: Product) -> tuple[str, int]:
        key = f"load-{self.run}-{product.sku}"
        self.api.command("POST", "/products", key, product.body())
        received = {"quantity": STOCK}
        self.api.command("POST", f"/products/{product.sku}/receive", f"{key}-stock", received)
        return product.sku, product.first_price

    def warm_up(self, plan: dict[str, Any]) -> None:
        """Lets each function that will be asked start: that takes a laptop seconds."""
        sku = plan["skus"].pop()  # of which the proof then knows nothing
        line = {"sku": sku, "quantity": 1, "unit_price": plan["prices"][sku]}
        order = {"customer_id": "warm-up", "currency": "EUR", "lines": [line], "address": ADDRESS}

        def try_out(number: int) -> None:
            key = f"load-{self.run}-warm-up-{number}"
            placed = self.api.command("POST", "/orders", key, order)
            token = placed.headers["Consistency-Token"]
            one = f"/orders/{placed.json()['order_id']}"
            for path in (one, f"/composed{one}"):
                self.api.get(path, token)
            search = ["/search/orders?q=Vienna&limit=10"] if plan["has_search"] else []
            for path in (f"/products?sku={sku}", *search):
                self.api.get(path)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(try_out, range(2 * AT_ONCE)))

    # Meanwhile

    def shop(self, plan: Mapping[str, Any], rate: float, minutes: float) -> tuple[Any, list[Lags]]:
        """What the shoppers saw, and how far views were behind meanwhile."""
        told, seen = self.folder / "plan.json", self.folder / "seen.json"
        told.touch(mode=0o600)
        told.write_text(json.dumps(plan))
        seen.unlink(missing_ok=True)
        shoppers = max(1, ceil(rate / EACH_SECOND))
        command = [
            *(str(LOCUST), "--headless", "--skip-log", "--only-summary"),
            *("-f", "scripts/shop/load/shoppers.py", "--stop-timeout", "60"),
            *("-u", str(shoppers), "-r", str(max(1, shoppers / 5)), "-t", f"{ceil(60 * minutes)}s"),
        ]
        environment = os.environ | {"LOAD_PLAN": str(told), "LOAD_SEEN": str(seen)}
        log = self.folder / "locust.log"
        with (
            log.open("w") as file,
            subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file) as run,
        ):
            try:
                lags = [*self._lags_until_the_end(run)]
            finally:
                run.terminate()
        told.unlink()
        if not seen.exists():
            raise LocalError(f"locust did not work; its log is {log}")
        return json.loads(seen.read_text()), lags

    def _lags_until_the_end(self, run: subprocess.Popen[bytes]) -> Iterator[Lags]:
        while True:
            try:
                run.wait(LOOK_SECONDS)
                return
            except subprocess.TimeoutExpired:
                try:
                    yield self.stack.lags()
                except BusyError:
                    continue

    # Afterwards

    def until_caught_up(self) -> float:
        """The seconds until nothing is under way, and no view or process lacks anything."""
        began = time.monotonic()
        self.stack.control.wait_until_still(REST_SECONDS)
        while (lags := self.stack.lags()).behind or lags.down:
            if time.monotonic() - began > REST_SECONDS:
                raise LocalError(f"the views do not catch up: {lags}")
            time.sleep(0.2)
        return time.monotonic() - began

    def books(self) -> dict[str, Book]:
        dynamodb = self.stack.clients.client("dynamodb")
        pages = dynamodb.get_paginator("list_tables").paginate()
        tables = [name for page in pages for name in page["TableNames"]]
        named = {
            service: next(name for name in tables if name.endswith(f"-{service}-events"))
            for service in SERVICES
        }
        return {service: in_table(dynamodb, table) for service, table in named.items()}

    def unseen(self, accepted: list[Accepted]) -> list[str]:
        """Orders that their view does not show as they were left, without a token."""
        newest: dict[str, int] = {}
        for stream, version, _ in accepted:
            if stream.startswith("order-"):
                newest[stream] = max(version, newest.get(stream, 0))

        def is_shown(stream: str) -> bool:
            answer = self.api.look(f"/orders/{stream.removeprefix('order-')}", "")
            return answer.ok and int(answer.headers["ETag"].strip('"')) >= newest[stream]

        with ThreadPoolExecutor(AT_ONCE) as pool:
            shown = pool.map(is_shown, newest)
            return [stream for stream, ok in zip(newest, shown, strict=True) if not ok]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.shop.load", description=__doc__)
    parser.add_argument("--rate", type=float, default=20, help="requests a second")
    parser.add_argument("--minutes", type=float, default=5)
    arguments = parser.parse_args()
    try:
        load = Load(Stack(Home.from_environment()), token_hex(3))
        if troubles := run(load, arguments.rate, arguments.minutes):
            sys.exit("\n".join(["", *troubles]))
    except LocalError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("interrupted")


def run(load: Load, rate: float, minutes: float) -> list[str]:
    """Tells what it measures. Returns what is wrong."""
    say("making a shop")
    plan = load.plan()
    load.warm_up(plan)
    load.until_caught_up()
    say(f"{rate:g} requests a second for {minutes:g} minutes")
    seen, lags = load.shop(plan, rate, minutes)
    say("catching up")
    seconds = load.until_caught_up()
    say("looking for what was lost")
    accepted: list[Accepted] = [tuple(one) for one in seen["accepted"]]
    books = load.books()
    orders = streams(accepted, "order")
    gone, unseen = lost(accepted, books.values()), load.unseen(accepted)
    odds = at_odds(books, orders, set(plan["skus"]))
    tell(seen, lags, seconds, minutes)
    print(
        f"{len(accepted):,} commands were accepted, {len(accepted) - len(gone):,} of them are in "
        f"the stores. {len(orders):,} orders: {len(orders) - len(unseen):,} are in the view; "
        + ("stock and money add up." if not odds else "they do not add up.")
    )
    troubles = [*seen["errors"], *(f"lost: {one}" for one in gone)]
    troubles += [f"not in the view: {stream}" for stream in unseen]
    return [*troubles, odds] if odds else troubles


def tell(seen: Mapping[str, Any], lags: list[Lags], seconds: float, minutes: float) -> None:
    routes = seen["routes"]
    print()
    show(
        (
            (name, f"{r['requests']:,}", f"{r['errors']:,}", *(f"{r[p]:,.0f}" for p in PERCENTILES))
            for name, r in sorted(routes.items())
        ),
        *("", "requests", "errors", *(f"{name} ms" for name in PERCENTILES)),
    )
    requests = sum(route["requests"] for route in routes.values())
    errors = sum(route["errors"] for route in routes.values())
    print(f"\n{requests:,} requests, {requests / minutes / 60:.1f} a second; {errors:,} errors.")
    if seen["refused"]:
        told = (f"{number} x {what}" for what, number in sorted(seen["refused"].items()))
        print(f"Refused, as a rule says: {'; '.join(told)}.")
    worst = max((lag.behind for lag in lags), default=0)
    print(
        f"Views and processes were up to {worst:,} commits behind, all together, and lacked "
        f"nothing {seconds:.1f} s after the end."
    )


PERCENTILES = ("p50", "p95", "p99")


def say(text: str) -> None:
    print(f"{text} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
