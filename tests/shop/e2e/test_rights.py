"""Every right of every function is needed: without it, something small is denied.

The rights of a function are taken out of its policies, and it is asked for something that needs
them: each must be missed. As one that is missed keeps others from being used, those that were are
given back, until all have been missed, or the rest one by one. What AWS does in a function's name,
or the local AWS does not check, is listed with the Terraform test that keeps it. A right that is
neither listed nor missed fails: take it out of the policies, or add what needs it to `ASKS`.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cqrs import plain
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore, commit_of
from cqrs.adapters.dynamodb_generations import DynamoDbGenerations
from cqrs.adapters.dynamodb_notes import DynamoDbNotes
from cqrs.follow.walker import Walker
from cqrs.follow.walks import Work
from cqrs.history.events import Instant
from cqrs.history.publisher import records_of
from cqrs.plain import Value, replace
from cqrs.views.generations import Dropped
from cqrs.views.rows import Generation
from domain.followed import VIEWS
from scripts.local.rights import policies_of
from tests.shop.e2e.conftest import BOOK, Shop

ROOT = Path(__file__).parents[3]
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))
FUNCTIONS.sort(key=lambda name: name != "walker")  # while there is little to walk over
TERRAFORM_TESTS = "".join(path.read_text() for path in ROOT.glob("tests/terraform/*.tftest.hcl"))
SERVICES = {
    "customer": "customers",
    "order": "orders",
    "payment": "payments",
    "product": "inventory",
}

# By policy, or policy and action: the error of the Terraform test that keeps it.
ELSEWHERE = {
    # Lambda writes it, and the local AWS does so by itself.
    "log": "A function may not write its log, or do more with it.",
    # Lambda polls streams, and leaves what it gives up on. Here the runner does.
    "consume": "A function that a stream feeds may not read it",
    "put-failures": "A function that a stream feeds may not read it",
    # The local AWS does not check it.
    "set-deadlines iam:PassRole": "A function may set other schedules than deadlines",
}

# By function, policy and action: rights that a policy for all gives to some who do not need them.
SPARE = {
    # Customers have no commands that are guarded, products have no guards that they give up.
    "customers_commands claim-customers dynamodb:GetItem",
    "inventory_commands claim-inventory dynamodb:DeleteItem",
    # Lookups are only joined to rows.
    "storefront_queries query-customer_lookups dynamodb:GetItem",
    "storefront_queries query-customer_lookups dynamodb:Query",
    "storefront_queries query-product_lookups dynamodb:GetItem",
    "storefront_queries query-product_lookups dynamodb:Query",
}


class Right(Value, kw_only=False):
    """An action in a policy of a function, on `resources`, which may have a * in them."""

    function: str
    policy: str
    action: str
    resources: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.function} {self.policy} {self.action}"

    @property
    def kept_elsewhere(self) -> str | None:
        names = (self.policy, f"{self.policy} {self.action}", self.policy.partition("-")[0])
        return next((ELSEWHERE[name] for name in names if name in ELSEWHERE), None)

    def is_in(self, denied: Iterable[tuple[str, str]]) -> bool:
        return any(
            action == self.action and any(fnmatchcase(resource, one) for one in self.resources)
            for action, resource in denied
        )


# The shop, with functions that can be asked, and streams to ask about

Items = list[dict[str, Any]]


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
        name, payload = f"{self.prefix}-{function}", json.dumps(event)
        answer = self.shop.client("lambda").invoke(FunctionName=name, Payload=payload)
        return str(answer["Payload"].read().decode())

    def restart(self, function: str) -> None:
        """It forgets what it knows: who sets its memory, even to the same, has new processes."""
        name, functions = f"{self.prefix}-{function}", self.shop.client("lambda")
        memory = functions.get_function_configuration(FunctionName=name)["MemorySize"]
        functions.update_function_configuration(FunctionName=name, MemorySize=memory)

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

    def missed(self, rights: Sequence[Right]) -> list[Right]:
        """Those that the function is denied something for, if it has none of them."""
        denied: set[tuple[str, str]] = set()
        with self.without(*rights):
            if any(right.policy == "generations" for right in rights):
                self.restart(rights[0].function)
            for ask in dict.fromkeys(ask for right in rights for ask in asks_for(right)):
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


# What functions are asked

Ask = Callable[[World], str]
Batch = Callable[[Items], dict[str, Any]]
PAYMENT = {"amount": 1, "currency": "EUR", "method": "card"}


def asks(method: str, path: str, body: Any = None, token: str = "", **headers: str) -> Ask:
    """Over HTTP. Path, body, token and headers may name what there is in the world, or `new`."""

    def ask(world: World) -> str:
        def filled(text: str) -> str:
            known = {"new": uuid.uuid4().hex, **{n: getattr(world, n) for n in NAMED}}
            return re.sub(r"<(\w+)>", lambda found: known[found[1]], text)

        sent = {name: filled(text) for name, text in headers.items()}
        sent |= {"Consistency_Token": filled(token)} if token else {}
        said = json.loads(filled(json.dumps(body)))
        return world.shop.ask(method, filled(path), said, **sent).text

    return ask


NAMED = ("order", "customer", "sku")


def tells(function: str, **event: Any) -> Ask:
    return lambda world: world.invoke(function, event)


def doorbell(items: Items) -> dict[str, Any]:
    """As a batch of the event stream."""
    records = records_of(map(commit_of, items))
    data = [base64.b64encode(record.data).decode() for record in records]
    return {"Records": [{"kinesis": {"sequenceNumber": "1", "data": one}} for one in data]}


def stored(items: Items) -> dict[str, Any]:
    """As a batch of a table's stream."""
    images = [{"SequenceNumber": "1", "NewImage": item} for item in items]
    return {"Records": [{"eventName": "INSERT", "dynamodb": image} for image in images]}


def hears(function: str, batch: Batch = doorbell) -> Ask:
    """Of streams that are new."""
    return lambda world: world.invoke(function, batch(_firsts(world.copies())))


def misses(function: str, batch: Batch = doorbell) -> Ask:
    """The first commits of streams, and hears of the second ones."""
    return lambda world: world.invoke(function, batch(_seconds(world.copies())))


def _firsts(copies: Mapping[str, Items]) -> Items:
    return [commits[0] for commits in copies.values()]


def _seconds(copies: Mapping[str, Items]) -> Items:
    return [commits[1] for commits in copies.values() if len(commits) > 1]


def moves(world: World) -> str:
    """A customer to another e-mail address: gives the old one up."""
    address = {"email": f"{uuid.uuid4().hex}@example.com"}
    return world.shop.ask("PUT", f"/customers/{world.customer}/email", address).text


def remembers(world: World) -> str:
    """A guarded command that would be refused, to a product with more than are remembered without:
    only its guard could tell that it has succeeded before.
    """
    told = RECEIVES(world)
    while json.loads(told).get("version", 120) < 120:
        told = RECEIVES(world)
    return told + world.shop.receive(world.sku, 1, If_Match='"1"').text


def redrives(world: World) -> str:
    streams = [commits[0]["stream"]["S"] for commits in world.copies().values()]
    return "".join(world.invoke("operator", {"redrive": stream}) for stream in streams)


def recovers(world: World) -> str:
    """A batch that lies in the bucket."""
    (bucket,) = [
        found["Name"]
        for found in world.shop.client("s3").list_buckets()["Buckets"]
        if "-failures-" in found["Name"]
    ]
    batch = json.dumps({"payload": doorbell(_firsts(world.copies()))}).encode()
    world.shop.client("s3").put_object(Bucket=bucket, Key=f"rights-{uuid.uuid4()}", Body=batch)
    return world.invoke("recoverer", {})


def delivers(world: World) -> str:
    """What the processes could not send."""
    batch = doorbell(_firsts(world.copies()))
    for function in ("checkout_process", "payments_gateway"):
        sending = ("lambda:InvokeFunction", "scheduler:CreateSchedule")
        with world.without(*(r for r in world.rights(function) if r.action in sending)):
            world.invoke(function, batch)
    return world.invoke("deliverer", {})


def audits(world: World) -> str:
    world.copies()
    return world.walk(Work(kind="audit", everything=True))


def starts_and_stops(world: World) -> str:
    said = world.invoke("walker", {"start": "redrive", "view": "sales"})
    return said + world.invoke("walker", {"stop": "redrive/sales"})


def drops(world: World) -> str:
    """The rows of a generation that was dropped long ago."""
    gone = Dropped(generation=Generation.parse("99"), at=Instant("2020-01-01T00:00:00.000000Z"))
    views = [view.name for view in VIEWS if view.kind != "search"]
    for view, known in world.generations.load(views).items():
        assert world.generations.save(view, replace(known, leftovers=(gone,)), known.revision)
    return world.walk(Work(kind="drop", targets=tuple(f"{view}#99" for view in views)))


REGISTERS = asks("POST", "/customers", {"name": "Ada", "email": "<new>@example.com"})
RECEIVES = asks("POST", "/products/<sku>/receive", {"quantity": 1}, Idempotency_Key="<new>")
SEES_AN_ORDER = asks("GET", "/orders/<order>")
LISTS_ORDERS = asks("GET", "/customers/<customer>/orders")
KNOWS_THE_REST = [
    asks("GET", "/customers/<customer>/orders", token="order-<order>@1"),
    *(
        asks("GET", "/orders/<order>", token=token)
        for token in (
            "order-<order>@99",
            "payment-<order>@99",
            "customer-<customer>@99",
            "product-<sku>@99",
        )
    ),
]
SEARCHES = [
    asks("GET", "/search/orders", token=token)
    for token in (
        "order-<order>@99",
        "payment-<order>@99",
        "customer-<customer>@99",
        "product-<sku>@99",
    )
]

# By function and policy (as its name begins): what needs it.
ASKS: Mapping[str, Mapping[str, Sequence[Ask]]] = {
    "customers_commands": {"append": [REGISTERS], "claim": [REGISTERS, moves]},
    "inventory_commands": {"append": [RECEIVES], "claim": [RECEIVES, remembers]},
    "orders_commands": {
        "append": [
            asks("POST", "/orders/<order>/ship"),
            lambda world: world.shop.place(world.customer).text,
        ],
    },
    "payments_commands": {"append": [asks("POST", "/payments/<new>/authorise", PAYMENT)]},
    "customers_queries": {"read": [asks("GET", "/customers/<customer>")]},
    "inventory_queries": {"read": [asks("GET", "/products/<sku>")]},
    "payments_queries": {"read": [asks("GET", "/payments/<order>")]},
    "orders_queries": {
        "": [
            asks("GET", "/order-facts/<order>"),
            asks("GET", "/order-facts?customer=<customer>"),
            asks("GET", "/order-facts?customer=<customer>", token="order-<order>@1"),
            asks("GET", "/order-facts/<order>", token="order-<order>@99"),
        ],
    },
    "storefront_queries": {
        "query-sales": [
            asks("GET", "/sales/products"),
            asks("GET", "/sales/products", token="order-<order>@1"),
        ],
        "": [SEES_AN_ORDER, LISTS_ORDERS, *KNOWS_THE_REST],
    },
    "storefront_search": {"": SEARCHES},
    "storefront_composition": {},
    "event_publisher": {"publish": [hears("event_publisher", stored)]},
    "orders_projector": {
        "": [hears("orders_projector", stored), misses("orders_projector", stored)]
    },
    "storefront_projector": {"": [hears("storefront_projector"), misses("storefront_projector")]},
    "storefront_indexer": {"": [misses("storefront_indexer")]},
    "checkout_process": {"": [hears("checkout_process"), misses("checkout_process")]},
    "payments_gateway": {"": [hears("payments_gateway"), misses("payments_gateway")]},
    "operator": {
        "parked": [tells("operator", parked=True)],
        "list": [tells("operator", waiting=True)],
        "walk": [tells("operator", behind=True)],
        "": [redrives],
    },
    "recoverer": {"": [recovers]},
    "deliverer": {"": [delivers]},
    "walker": {
        "keep-walks": [audits, tells("walker", walks=True)],
        "measure": [tells("walker", price="order_history"), tells("walker", start="audit")],
        "run-walks": [starts_and_stops],
        "drop": [drops],
        "generations": [audits, drops],
        "": [audits],
    },
}


def asks_for(right: Right) -> Sequence[Ask]:
    known = ASKS[right.function]
    names = [name for name in known if right.policy.startswith(name)]
    return known[max(names, key=len)] if names else ()


@pytest.fixture(scope="module")
def world(running: Shop) -> Iterator[World]:
    running.mend()
    running.control.wait_until_still()
    yield World(running)
    running.mend()
    running.control.wait_until_still(120)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_needs_every_right_that_it_has(world: World, function: str) -> None:
    left = [
        right
        for right in world.rights(function)
        if not right.kept_elsewhere and str(right) not in SPARE
    ]

    while left and (missed := world.missed(left)):
        left = [right for right in left if right not in missed]
    needless = [str(right) for right in left if not world.missed([right])]

    assert needless == [], "nothing needs these: take them out of the policies"
    for ask in dict.fromkeys(ask for asks in ASKS[function].values() for ask in asks):
        assert world.denied(function, ask) == set(), "something is denied all the time"


def test_what_is_kept_elsewhere_is_kept_there() -> None:
    assert [error for error in ELSEWHERE.values() if error not in TERRAFORM_TESTS] == []


def test_what_is_spared_is_there_and_nobody_needs_it(world: World) -> None:
    there = {str(right): right for function in FUNCTIONS for right in world.rights(function)}
    assert SPARE - there.keys() == set()
    assert [name for name in SPARE if world.missed([there[name]])] == []
