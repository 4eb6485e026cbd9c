"""`python -m scripts.shop.rehearse prod`: called by `make rehearse`.

Deploys the environment with its own settings to a local AWS of its own, a release after another
while shoppers are at work, mixes their versions on purpose, goes back, and takes it down.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count, product
from pathlib import Path

from scripts.build import package
from scripts.build.terraform import commands, first_check, releases
from scripts.build.terraform.bootstrap import bootstrap
from scripts.build.terraform.environments import Environment, shown, var_files
from scripts.build.terraform.program import TerraformError
from scripts.build.terraform.releases import Release
from scripts.clones import copied
from scripts.local import deployment
from scripts.local.errors import LocalError
from scripts.local.home import ROOT, Home
from scripts.local.stack import Stack
from scripts.local.updates import LIVE
from scripts.release.schemas import kinds
from scripts.shop.demo.api import Api
from scripts.shop.ledger import Book, in_table
from scripts.shop.load.proof import at_odds
from scripts.shop.rehearse.changes import AFTER, NEW_EVENT, NEXT, Edit, make
from scripts.shop.rehearse.shoppers import Shoppers
from scripts.shop.smoke import PRODUCT

HOME = ROOT / "build" / "rehearsal"
SKU, PRICE = "rehearsed", 1250
MIXED_SECONDS = 30.0
SETTLE_SECONDS = 300.0
STORES = ("inventory", "orders", "payments")


@dataclass
class Rehearsal:
    name: str
    home: Path = HOME
    began: float = field(default_factory=time.monotonic)
    _steps: Iterator[int] = field(default_factory=lambda: count(1))

    @cached_property
    def stack(self) -> Stack:
        return Stack(Home(self.home), say=lambda text: print(text, end="", flush=True))

    @cached_property
    def environment(self) -> Environment:
        """That of the name, but for what a local AWS can't do."""
        (settings,) = var_files(self.name)
        endpoint, search = self.stack.endpoint, self.stack.search_url
        other = deployment.variables(self.stack.home, endpoint, search) | {
            "emulated": True,
            "stream_shards": 1,
            "checkout_deadline_seconds": 900,  # as on AWS: locally it is shorter
        }
        told = (f"{name} = {json.dumps(value)}" for name, value in sorted(other.items()))
        print(f"Settings of {self.name} that are others here:", *told, sep="\n  ")
        return Environment(
            name=self.name,
            access=deployment.access(endpoint),
            settings=settings,
            pin_file=self.home / "pin.json",
            home=self.home / "terraform",
            left_state=self.home / "left.tfstate",
            variables=other,
        )

    def rehearse(self) -> None:
        """Raises LocalError or TerraformError at the first step that is not as it has to be."""
        with self._step("a local AWS, with nothing in it"):
            self.stack.down()
            self.stack.start()
        with self._step("bootstrap"):
            bootstrap(self.environment)
        first = self._built("this code", ())
        with self._step("deploy this code"):
            self._deploy(first)
            self.stack.serve()
        with self._step("make first-deploy-check"):
            if first_check.check(self._with(first), url=self.url):
                raise LocalError("That is not so.")
        shoppers = self._shoppers()
        following = self._built("the next release", NEXT)
        with shoppers.at_work():
            self._until(lambda: len(shoppers.placed) >= 10, "no orders get through")
            with self._step("deploy the next release: a new event, view and message; under load"):
                before = self._live()
                self._deploy(following, NEW_EVENT)
                after = self._live()
            with self._step("mix the two on purpose, wave by wave, in every order; under load"):
                self._mix(before, after)
        with self._step("everything settles"):
            self._settled(shoppers)
        with self._step("go back over a one-way door"):
            self._refused(lambda: self._roll_back(following), NEW_EVENT)
        last = self._built("the release after that", NEXT + AFTER)
        with self._step("deploy the release after that, and go back from it"):
            self._deploy(last, NEW_EVENT)
            self._roll_back(last)
            if self._live() != after:
                raise LocalError("Other versions are live than before that release.")
            held = releases.held(self._with(last), releases.code_in(last))
            if told := releases.waves(commands.plan(held, self.home / "plan"))[1]:
                raise LocalError(f"The plan after the rollback would let live: {told}")
        with self._step("destroy: refused"):
            self._refused(lambda: releases.destroy(self._with(last), _yes), "Nothing was touched")
            Api(self.url, self.stack.token("staff")).get(f"/products/{SKU}")
        with self._step("destroy, with all that is lost named, once it is not protected"):
            self._destroy(last)
        self.stack.down()
        print(f"\nRehearsed in {time.monotonic() - self.began:.0f} s.")

    # Releases

    def _built(self, what: str, edits: Iterable[Edit]) -> Path:
        """The folder of the packages of this code with these edits, for this machine."""
        with self._step(f"build {what}"):
            copy = self.home / "releases" / what.replace(" ", "-")
            shutil.rmtree(copy, ignore_errors=True)
            copied(copy)
            make(edits, copy)
            shared = ROOT / "build" / "packages" / "third-parties"
            shared.mkdir(parents=True, exist_ok=True)
            (copy / "build" / "packages").mkdir(parents=True)
            (copy / "build" / "packages" / "third-parties").symlink_to(shared)
            package.build("local", copy)
        return copy / "build" / "packages" / "local"

    def _with(self, packages: Path) -> Environment:
        told = {**self.environment.variables, "packages_dir": str(packages)}
        return replace(self.environment, variables=told)

    def _deploy(self, packages: Path, *new: str) -> None:
        reads = [*kinds(), *new]
        release = Release.now(commit="", code=releases.code_in(packages), reads=reads)
        releases.deploy(
            self._with(packages), _yes, release, sections=lambda _, plan: [releases.waves(plan)]
        )

    def _roll_back(self, packages: Path) -> None:
        releases.roll_back(self._with(packages), _yes, releases.code_in(packages))

    def _live(self) -> Mapping[str, str]:
        live: Mapping[str, str] = commands.outputs(self.environment)["live_versions"]
        return live

    def _mix(self, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        """Lets each wave be of either release, in all sixteen ways."""
        told = commands.outputs(self.environment)
        functions = self.stack.clients.client("lambda")
        mixes = list(product((False, True), repeat=len(told["waves"])))
        for news in (*mixes, (True,) * len(told["waves"])):
            for wave, is_new in zip(told["waves"], news, strict=True):
                for name in wave["functions"]:
                    functions.update_alias(
                        FunctionName=told["function_names"][name],
                        Name=LIVE,
                        FunctionVersion=(after if is_new else before)[name],
                    )
            time.sleep(MIXED_SECONDS / len(mixes))

    def _destroy(self, packages: Path) -> None:
        """As the refusals say how."""
        environment = self._with(packages)
        told = {**environment.variables, "unprotected": ["all"]}
        open_ = replace(environment, variables=told)
        commands.deploy(releases.held(open_, releases.code_in(packages)), _yes)
        try:
            releases.destroy(open_, _yes)
        except TerraformError as refusal:
            releases.destroy(open_, _yes, lose=_words(refusal))

    # Shoppers

    @property
    def url(self) -> str:
        return self.stack.addresses().url

    def _shoppers(self) -> Shoppers:
        api = Api(self.url, self.stack.token("staff"))
        api.command("POST", "/products", "rehearsal", PRODUCT | {"sku": SKU, "price": PRICE})
        api.command("POST", f"/products/{SKU}/receive", "rehearsal-stock", {"quantity": 1_000_000})
        shopper = self.stack.token("shopper")
        body = {"name": "A Shopper", "email": "shopper@example.com"}
        Api(self.url, shopper).command("POST", "/customers", "rehearsal-shopper", body)
        return Shoppers(self.url, shopper, SKU, PRICE)

    def _settled(self, shoppers: Shoppers) -> None:
        """Raises LocalError for whatever went wrong with an order, or with its answers."""
        print(
            f"\n  {shoppers.asked} requests, {len(shoppers.placed)} orders;"
            f" to be asked again: {dict(shoppers.later)}"
        )
        if shoppers.errors:
            raise LocalError("\n".join(["Shoppers got errors:", *shoppers.errors[:20]]))
        self.stack.fill_views()
        orders = {*shoppers.placed}
        self._until(lambda: self._settles(orders), "not all orders settle", SETTLE_SECONDS)
        self.stack.control.wait_until_still(SETTLE_SECONDS)
        self._until(lambda: not self.stack.lags().behind, "views stay behind", SETTLE_SECONDS)
        parked = self.stack.ask("operator", {"parked": True})["parked"]
        if any(parked.values()):
            raise LocalError(f"Parked for good: {parked}")
        api = Api(self.url, self.stack.token("staff"))
        seen = {order: api.get(f"/orders/{order}").json()["status"] for order in sorted(orders)}
        if wrong := {order: status for order, status in seen.items() if status != "confirmed"}:
            raise LocalError(f"Not confirmed are {wrong}")
        if told := at_odds({store: self._book(store) for store in STORES}, orders, {SKU}):
            raise LocalError(f"It does not add up: {told}")
        print(f"  all {len(orders)} orders are confirmed and shown; stock and money add up")

    def _settles(self, orders: Collection[str]) -> bool:
        book = self._book("orders")
        ends = {"OrderConfirmed", "OrderRejected"}
        return all(ends & {kind for kind, _ in book.get(f"order-{id_}", ())} for id_ in orders)

    @cached_property
    def _tables(self) -> Mapping[str, str]:
        """Which no release changes: to ask Terraform takes seconds."""
        names: Mapping[str, str] = commands.outputs(self.environment)["table_names"]
        return names

    def _book(self, store: str) -> Book:
        return in_table(self.stack.clients.client("dynamodb"), self._tables[f"{store}_events"])

    # Steps

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        print(f"\n{next(self._steps)}. {what[0].upper()}{what[1:]}", flush=True)
        yield
        print(f"  {time.monotonic() - began:.0f} s", flush=True)

    def _refused(self, call: Callable[[], object], why: str) -> None:
        try:
            call()
        except TerraformError as refusal:
            if why not in str(refusal):
                raise
            print(f"  refused, as it must be: {refusal}")
            return
        raise LocalError("That was not refused.")

    def _until(self, is_so: Callable[[], bool], otherwise: str, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > deadline:
                raise LocalError(f"After {seconds:g} s {otherwise}.")
            time.sleep(0.5)


def _yes(question: str) -> bool:
    return True


def _words(refusal: TerraformError) -> list[str]:
    """What would be lost, as the refusal says it."""
    found = re.search(r'LOSE="(.*?)"', str(refusal))
    if found is None:
        raise refusal
    return found[1].split()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.shop.rehearse", description=__doc__)
    parser.add_argument("environment")
    rehearsal = Rehearsal(parser.parse_args().environment)
    try:
        var_files(rehearsal.name)  # before anything is started
    except TerraformError as error:
        sys.exit(str(error))
    try:
        rehearsal.rehearse()
    except (LocalError, TerraformError) as error:
        left = f"What ran is left: LOCAL_HOME={shown(rehearsal.home)} make status (or logs, down)"
        sys.exit(f"\n{error}\n{left}")
    except KeyboardInterrupt:
        sys.exit("interrupted")


if __name__ == "__main__":
    main()
