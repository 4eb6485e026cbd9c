"""Whole checkouts, many at once over shared products, under faults of all kinds: whatever crashes,
is lost, repeated, late or out of order, in the end every order is settled, and stock and money add
up.
"""

from __future__ import annotations

import random
from collections import Counter
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.history.commits import Commit
from domain.inventory import ChangePrice, ReceiveStock, RegisterProduct, product
from domain.kernel import Currency, OrderId
from domain.orders import Address, CancelOrder, Line, PlaceOrder, ShipOrder
from scripts.shop.ledger import Ledger, in_memory
from tests.examples import as_many, examples
from tests.shop.unit.checkout.world import World, names

PRICE = 1250
VIENNA = Address(
    name="Ada Lovelace", street="1 Example Street", postal_code="1010", city="Vienna", country="AT"
)
METHODS = ["card-ok", "card-ok", "card-ok", "card-ok", "card-declined", "card-timeout"]


def stock(world: World, products: int) -> list[str]:
    skus = [f"sku-{n}" for n in range(products)]
    for sku in skus:
        world.command(
            "inventory",
            sku,
            RegisterProduct(
                sku=sku,
                title=sku,
                description="A product.",
                tags=(),
                price=PRICE,
                currency=Currency.EUR,
            ),
        )
        world.command("inventory", sku, ReceiveStock(sku=sku, quantity=world.dice.randint(1, 40)))
    return skus


def place(world: World, order_id: str, skus: list[str]) -> None:
    dice = world.dice
    lines = tuple(
        Line(
            sku=sku,
            quantity=dice.randint(1, 3),
            unit_price=PRICE if dice.random() > 0.05 else PRICE - 1,
        )
        for sku in dice.sample(skus, dice.randint(1, min(3, len(skus))))
    )
    command = PlaceOrder(
        order_id=OrderId(order_id),
        customer_id="c-1",
        currency=Currency.EUR,
        lines=lines,
        address=VIENNA,
        payment_method=dice.choice(METHODS),
    )
    assert world.command("orders", order_id, command)


def live(world: World, orders: int, products: int) -> None:
    """Orders come in while events travel, customers change their minds, goods are shipped, and the
    deadline of any order may come at any moment.
    """
    dice = world.dice
    skus = stock(world, products)
    arriving: list[Commit] = []
    published = 0
    placed: list[str] = []
    while len(placed) < orders or arriving:
        if len(placed) < orders:
            placed.append(f"o{len(placed)}")
            place(world, placed[-1], [*skus, "sku-unknown"] if dice.random() < 0.03 else skus)
        match dice.randrange(14):
            case 0:
                order = OrderId(dice.choice(placed))
                world.command("orders", order, CancelOrder(order_id=order))
            case 1 | 2:  # several, as few of all orders can be shipped
                for order in map(OrderId, dice.sample(placed, min(8, len(placed)))):
                    world.command("orders", order, ShipOrder(order_id=order))
            case 3:
                world.survive(world.timers.ring_one)
            case 4:
                world.clock.forward(dice.choice([1, 30, 300]))
            case 5 if world.faults.late:
                world.survive(world.faults.late.pop(dice.randrange(len(world.faults.late))))
            case 6:
                for follower in world.followers:
                    world.survive(lambda f=follower: list(f.deliver_waiting()))  # type: ignore[misc]
            case 7:
                sku, few = dice.choice(skus), dice.randint(1, 10)
                world.command("inventory", sku, ReceiveStock(sku=sku, quantity=few))
            case 8:
                sku, price = dice.choice(skus), dice.choice([*[PRICE] * 5, PRICE + 1])
                world.command("inventory", sku, ChangePrice(sku=sku, price=price))
            case _:
                pass
        everything = history(world)
        arriving += everything[published:]
        published = len(everything)
        size = dice.randint(0, 6)
        dice.shuffle(arriving)
        batch, arriving = arriving[:size], arriving[size:]
        world.deliver([commit for commit in batch if dice.random() > 0.1])
        arriving += [commit for commit in batch if dice.random() < 0.1]  # comes again


def history(world: World) -> list[Commit]:
    """All commits so far. Their order does not matter, only that old ones stay in front."""
    for store in (world.stores["orders"], world.stores["payments"]):
        for stream in names(store):
            new = store.read(stream, world.seen_to[stream])
            world.seen_to[stream] += len(new)
            world.seen += new
    return world.seen


def ledger_of(world: World) -> Ledger:
    return Ledger(**{name: in_memory(store) for name, store in world.stores.items()})


def assert_all_adds_up(world: World) -> None:
    ledger = ledger_of(world)
    ledger.assert_it_adds_up()
    assert world.bank.held == by_payment(ledger.to_pay("OrderConfirmed"))
    assert world.bank.taken == by_payment(ledger.to_pay("OrderShipped"))
    assert not any(world.waiting())
    for rows in world.rows.values():
        assert not rows.parked(10)


def by_payment(amounts: dict[str, int]) -> dict[str, int]:
    return {f"payment-{order}": amount for order, amount in amounts.items()}


def test_without_faults_every_order_that_can_be_served_is_confirmed() -> None:
    world = World(random.Random(1))
    for sku in stock(world, 2):
        world.command("inventory", sku, ReceiveStock(sku=sku, quantity=1000))
    for n in range(20):
        order = PlaceOrder(
            order_id=OrderId(f"o{n}"),
            customer_id="c-1",
            currency=Currency.EUR,
            lines=(Line(sku="sku-0", quantity=1, unit_price=PRICE),),
            address=VIENNA,
        )
        world.command("orders", f"o{n}", order)
    world.deliver(history(world))
    while fresh := history(world)[20:]:
        world.deliver(fresh)
        if set(ledger_of(world).statuses()) == {"OrderConfirmed"}:
            break

    world.come_to_rest()

    assert ledger_of(world).statuses() == {"OrderConfirmed": 20}
    assert_all_adds_up(world)


def test_two_hundred_orders_at_once_take_an_invocation_for_each_hundred_messages() -> None:
    """An order of one line takes four messages. These numbers are promises: they are what it costs,
    with the writes of the rows of both processes.
    """
    world = World(random.Random(3))
    (sku,) = stock(world, 1)
    world.command("inventory", sku, ReceiveStock(sku=sku, quantity=1000))
    line = Line(sku=sku, quantity=1, unit_price=PRICE)
    for n in range(200):
        order = PlaceOrder(
            order_id=OrderId(f"o{n}"),
            customer_id="c-1",
            currency=Currency.EUR,
            lines=(line,),
            address=VIENNA,
        )
        world.command("orders", f"o{n}", order)

    told = 0
    while arriving := history(world)[told : told + 100]:  # as a mapping's batch has
        told += len(arriving)
        world.deliver(arriving)

    assert ledger_of(world).statuses() == {"OrderConfirmed": 200}
    messages = Counter[str]()
    for function, number in world.aws.invocations:
        messages[function] += number
    assert messages == {"inventory": 200, "payments": 400, "orders": 200}
    assert len(world.aws.invocations) <= 8, world.aws.invocations
    saves = {name: rows.get("o7").revision for name, rows in world.rows.items()}
    assert saves == {"checkout": 5, "payment_gateway": 3}
    assert_all_adds_up(world)


@pytest.mark.parametrize("rough", [0.0, 0.03, 0.1])
def test_many_checkouts_at_once_all_come_to_an_end(rough: float) -> None:
    world = World(random.Random(f"{rough}"), rough)
    live(world, orders=as_many(200, least=100), products=6)

    world.come_to_rest()

    assert_all_adds_up(world)
    statuses = ledger_of(world).statuses()
    assert len(statuses) == 4, f"too quiet a life to show anything: {statuses}"


@examples(150)
@given(
    st.randoms(use_true_random=True),
    st.sampled_from([0.05, 0.2, 0.4]),
    st.integers(1, 12),
    st.sampled_from([0, 1, 50]),  # reservations that a product lists
)
def test_whatever_happens_stock_and_money_add_up(
    dice: random.Random, rough: float, orders: int, most_listed: int
) -> None:
    world = World(dice, rough)
    with patch.object(product, "MOST_LISTED", most_listed):
        live(world, orders=orders, products=2)
        world.come_to_rest()

    assert_all_adds_up(world)


def test_a_price_that_changes_under_way_rejects_the_order() -> None:
    world = World(random.Random(2))
    (sku,) = stock(world, 1)
    world.command("inventory", sku, ChangePrice(sku=sku, price=PRICE + 1))
    order = PlaceOrder(
        order_id=OrderId("o"),
        customer_id="c-1",
        currency=Currency.EUR,
        lines=(Line(sku=sku, quantity=1, unit_price=PRICE),),
        address=VIENNA,
    )
    world.command("orders", "o", order)

    world.come_to_rest()

    ((_, _), (kind, data)) = in_memory(world.stores["orders"])["order-o"]
    assert (kind, data["reason"]) == ("OrderRejected", "price_differs")
