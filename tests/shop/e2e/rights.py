"""The shop as a world in which functions are asked for something, and have not all their rights."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from cqrs import plain
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_generations import DynamoDbGenerations
from cqrs.adapters.dynamodb_notes import DynamoDbNotes
from cqrs.follow.walker import Walker
from cqrs.follow.walks import Work
from cqrs.plain import Value
from domain.followed import VIEWS
from scripts.local.rights import policies_of
from scripts.local.updates import LIVE, reconfigure
from tests.shop.e2e.conftest import BOOK, Shop

PAYMENT = {"amount": 1, "currency": "EUR", "method": "card"}
SERVICES = {
    "customer": "customers",
    "order": "orders",
    "payment": "payments",
    "product": "inventory",
}

Items = list[dict[str, Any]]


class Right(Value, kw_only=False):
    """An action in a policy of a function, on `resources`, which may have a * in them."""

    function: str
    policy: str
    action: str
    resources: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.function} {self.policy} {self.action}"

    def is_in(self, denied: Iterable[tuple[str, str]]) -> bool:
        return any(
            action == self.action and any(fnmatchcase(resource, one) for one in self.resources)
            for action, resource in denied
        )


class World:
    """Nobody delivers streams in it. Made by users are: `order`, which its view shows, of
    `customer`, for `sku`; and streams to be copied, by their kind.
    """

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.sku = f"rights-{uuid.uuid4().hex[:8]}"
        shop.register_product(self.sku, stock=1_000_000)
        self.customer = shop.register_customer("Ada")
        lines = {"lines": [BOOK | {"sku": self.sku}]}
        self.order = shop.place(self.customer, lines).json()["order_id"]
        shop.settled([self.order])
        shop.control.wait_until_still()
        shop.control.set_faults("*", stop=1)
        self._originals = self._made()

    def _made(self) -> dict[str, tuple[str, Items]]:
        shop, payment = self.shop, f"rights-{uuid.uuid4().hex[:8]}"
        assert shop.rename(self.customer, "Ada King").ok
        nowhere = {"lines": [BOOK | {"sku": "nowhere"}]}
        refused = shop.place(self.customer, nowhere).json()["order_id"]
        assert shop.ask("POST", f"/payments/{payment}/authorise", PAYMENT).ok
        assert shop.ask("POST", f"/payments/{payment}/void").ok
        streams = {
            "customer": f"customer-{self.customer}",
            "product": f"product-{self.sku}",
            "confirmed": f"order-{self.order}",
            "refused": f"order-{refused}",
            "payment": f"payment-{payment}",
        }
        return {kind: (stream, self.commits(stream)) for kind, stream in streams.items()}

    def commits(self, stream: str) -> Items:
        found: Any = self.shop.client("dynamodb").query(
            TableName=self.store(stream),
            KeyConditionExpression="#stream = :stream",
            ExpressionAttributeNames={"#stream": "stream"},
            ExpressionAttributeValues={":stream": {"S": stream}},
        )
        return list(found["Items"])

    def copies(self) -> dict[str, Items]:
        """The streams once more, under new names that nobody has followed yet."""
        copies = {}
        for kind, (stream, commits) in self._originals.items():
            old, new = stream.partition("-")[2], f"copy-{uuid.uuid4().hex[:12]}"
            copies[kind] = [json.loads(json.dumps(item).replace(old, new)) for item in commits]
            self.put(copies[kind])
        return copies

    def put(self, items: Items) -> None:
        puts = [{"PutRequest": {"Item": item}} for item in items]
        request = {self.store(items[0]["stream"]["S"]): puts}
        self.shop.client("dynamodb").batch_write_item(RequestItems=request)

    def store(self, stream: str) -> str:
        return self.tables[f"{SERVICES[stream.partition('-')[0]]}-events"]

    @cached_property
    def tables(self) -> dict[str, str]:
        """Their full names."""
        pages = self.shop.client("dynamodb").get_paginator("list_tables").paginate()
        names = [name for page in pages for name in page["TableNames"]]
        return {name.removeprefix(f"{self.prefix}-"): name for name in names}

    @cached_property
    def prefix(self) -> str:
        (name,) = self.shop.stack.function_names("walker")
        return name.removesuffix("-walker")

    # Functions

    def invoke(self, function: str, event: Any) -> str:
        name, payload = f"{self.prefix}-{function}:{LIVE}", json.dumps(event)
        answer = self.shop.client("lambda").invoke(FunctionName=name, Payload=payload)
        return str(answer["Payload"].read().decode())

    def restart(self, function: str) -> None:
        """It forgets what it knows: who sets its memory, even to the same, has new processes."""
        name, functions = f"{self.prefix}-{function}", self.shop.client("lambda")
        memory = functions.get_function_configuration(FunctionName=name)["MemorySize"]
        reconfigure(functions, name, MemorySize=memory)

    def denied(self, function: str, ask: Ask) -> set[tuple[str, str]]:
        """The actions, and on what, that the function is denied when it is asked."""
        log = self.shop.stack.home.log("emulator")
        before = len(log.read_bytes())
        ask(self)
        whom = rf"denied \S+:assumed-role/{self.prefix}-{function}/\S+ (\S+) (\S+)"
        return set(re.findall(whom, log.read_bytes()[before:].decode()))

    # Rights

    def rights(self, function: str) -> list[Right]:
        policies = policies_of(self.shop.clients, f"{self.prefix}-{function}")
        return [
            Right(function, policy, action, _listed(statement["Resource"]))
            for policy, statements in policies.items()
            for statement in statements
            for action in _listed(statement["Action"])
        ]

    @contextmanager
    def without(self, *rights: Right) -> Iterator[None]:
        """One function has all its rights but these."""
        role = f"{self.prefix}-{rights[0].function}"
        before = policies_of(self.shop.clients, role)
        changed = {right.policy for right in rights}
        try:
            for policy in changed:
                gone = {right.action for right in rights if right.policy == policy}
                left = [
                    statement | {"Action": kept}
                    for statement in before[policy]
                    if (kept := [one for one in _listed(statement["Action"]) if one not in gone])
                ]
                self._put_policy(role, policy, left)
            yield
        finally:
            for policy in changed:
                self._put_policy(role, policy, before[policy])

    def _put_policy(self, role: str, policy: str, statements: Items) -> None:
        iam = self.shop.client("iam")
        if not statements:
            iam.delete_role_policy(RoleName=role, PolicyName=policy)
            return
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=document)

    def missed(self, rights: Sequence[Right], asks: Iterable[Ask]) -> list[Right]:
        """Those that the function is denied something for when it is asked and has none of them."""
        denied: set[tuple[str, str]] = set()
        with self.without(*rights):
            if any(right.policy == "generations" for right in rights):
                self.restart(rights[0].function)
            for ask in asks:
                denied |= self.denied(rights[0].function, ask)
        return [right for right in rights if right.is_in(denied)]

    # Walks

    def walk(self, work: Work) -> str:
        """Has the walker take all steps of a walk; the state machine knows nothing of it."""
        run, _ = self._walker.start(work)
        try:
            ticket = plain.dump(run.ticket)
            steps = [{"ticket": ticket, "leg": plain.dump(leg), "left": 9} for leg in run.legs]
            return "".join(self.invoke("walker", {"step": step}) for step in steps)
        finally:
            self._walker.stop(work.purpose)

    @cached_property
    def _walker(self) -> Walker:
        stores = {
            service: DynamoDbEventStore(self.tables[f"{service}-events"], client=self._dynamodb)
            for service in SERVICES.values()
        }
        followers: Any = [SimpleNamespace(view=view) for view in VIEWS]
        notes = DynamoDbNotes(self.tables["walks"], self._dynamodb)
        return Walker(stores, lambda: followers, notes)

    @cached_property
    def generations(self) -> DynamoDbGenerations:
        return DynamoDbGenerations(self.tables["generations"], self._dynamodb)

    def _dynamodb(self) -> Any:
        return self.shop.client("dynamodb")


def _listed(said: str | list[str]) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said)


Ask = Callable[[World], str]
"""Asks a function for something, and returns its answer."""
