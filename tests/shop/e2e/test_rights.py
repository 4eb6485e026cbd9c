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
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from cqrs.adapters.dynamodb_event_store import commit_of
from cqrs.follow.walks import Work
from cqrs.history.events import Instant
from cqrs.history.publisher import records_of
from cqrs.plain import replace
from cqrs.views.generations import Dropped
from cqrs.views.rows import Generation
from domain.followed import VIEWS
from tests.shop.e2e.conftest import Shop
from tests.shop.e2e.rights import PAYMENT, Ask, Items, Right, World

ROOT = Path(__file__).parents[3]
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))
FUNCTIONS.sort(key=lambda name: name != "walker")  # while there is little to walk over
TERRAFORM_TESTS = "".join(path.read_text() for path in ROOT.glob("tests/terraform/*.tftest.hcl"))

# By policy, or policy and action: the error of the Terraform test that keeps it.
ELSEWHERE = {
    # Lambda writes it, and the local AWS does so by itself.
    "log": "A function may not write its log, or do more with it.",
    # Lambda polls streams, and leaves what it gives up on. Here the runner does.
    "consume": "A function that a stream feeds may not read it",
    "put-failures": "A function that a stream feeds may not read it",
    # Who has noted a kind of events does not note it again.
    "note-written": "The publisher may not note what was written, or others may.",
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


# What functions are asked

Batch = Callable[[Items], dict[str, Any]]


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
    # A stream that a function remembers is not read: nobody remembers what is not there.
    "customers_commands": {
        "append": [REGISTERS, asks("PUT", "/customers/<new>/name", {"name": "Ada"})],
        "claim": [REGISTERS, moves],
    },
    "inventory_commands": {
        "append": [RECEIVES, asks("POST", "/products/<new>/receive", {"quantity": 1})],
        "claim": [RECEIVES, remembers],
    },
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


def asks_for(*rights: Right) -> list[Ask]:
    """What needs one of them."""
    found: list[Ask] = []
    for right in rights:
        known = ASKS.get(right.function, {})
        names = [name for name in known if right.policy.startswith(name)]
        found += known[max(names, key=len)] if names else ()
    return list(dict.fromkeys(found))


def kept_elsewhere(right: Right) -> str | None:
    names = (right.policy, f"{right.policy} {right.action}", right.policy.partition("-")[0])
    return next((ELSEWHERE[name] for name in names if name in ELSEWHERE), None)


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
        if not kept_elsewhere(right) and str(right) not in SPARE
    ]

    while left and (missed := world.missed(left, asks_for(*left))):
        left = [right for right in left if right not in missed]
    needless = [str(right) for right in left if not world.missed([right], asks_for(right))]

    assert needless == [], "nothing needs these: take them out of the policies"
    for ask in dict.fromkeys(ask for asks in ASKS.get(function, {}).values() for ask in asks):
        assert world.denied(function, ask) == set(), "something is denied all the time"


def test_what_is_kept_elsewhere_is_kept_there() -> None:
    assert [error for error in ELSEWHERE.values() if error not in TERRAFORM_TESTS] == []


def test_what_is_spared_is_there_and_nobody_needs_it(world: World) -> None:
    there = {str(right): right for function in FUNCTIONS for right in world.rights(function)}
    assert SPARE - there.keys() == set()
    spared = [there[name] for name in SPARE]
    assert [right for right in spared if world.missed([right], asks_for(right))] == []
