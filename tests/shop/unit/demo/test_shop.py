"""The shop of the demo: the same for the same seed, and one that the services take."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from cqrs import inputs
from domain.customers import RegisterCustomer
from domain.inventory import ChangePrice, ReceiveStock, RegisterProduct
from domain.orders import CancelOrder, PlaceOrder
from scripts.shop.demo.shop import LEAST, MOST, Fate, Shop, Sizes, invent

USUAL = Sizes()
SHOPS = [
    invent(7, USUAL),
    invent(8, LEAST),
    invent(9, Sizes(customers=30, products=MOST.products, orders=40)),
]

every_shop = pytest.mark.parametrize("shop", SHOPS, ids=lambda shop: shop.name)


def test_the_same_seed_makes_the_same_shop_whatever_dice_were_thrown_before() -> None:
    random.seed(1)

    assert invent(7, USUAL) == SHOPS[0]


@pytest.mark.parametrize(
    ("seed", "sizes"), [(8, USUAL), (7, Sizes(orders=USUAL.orders + 1))], ids=["seed", "size"]
)
def test_shops_of_another_seed_or_size_have_nothing_in_common(seed: int, sizes: Sizes) -> None:
    one, other = SHOPS[0], invent(seed, sizes)

    assert one.name != other.name
    assert not {p.sku for p in one.products} & {p.sku for p in other.products}
    assert not {c.email for c in one.customers} & {c.email for c in other.customers}


@every_shop
def test_every_command_is_one_that_its_service_takes(shop: Shop) -> None:
    for customer in shop.customers:
        inputs.parse(RegisterCustomer, customer.body(), customer_id="c-1")
    for product in shop.products:
        inputs.parse(RegisterProduct, product.body())
        inputs.parse(ChangePrice, {"price": product.price}, sku=product.sku)
        if product.stock:
            inputs.parse(ReceiveStock, {"quantity": product.stock}, sku=product.sku)
    for order in shop.orders:
        inputs.parse(PlaceOrder, order.body("c-1"), order_id="o-1")
        inputs.parse(CancelOrder, {"reason": order.cancel_reason}, order_id="o-1")


@every_shop
def test_skus_and_addresses_are_given_once(shop: Shop) -> None:
    assert len({product.sku for product in shop.products}) == len(shop.products)
    assert len({product.title for product in shop.products}) == len(shop.products)
    assert len({customer.email for customer in shop.customers}) == len(shop.customers)


@every_shop
def test_there_is_an_order_of_every_fate_and_a_customer_with_several(shop: Shop) -> None:
    assert {order.fate for order in shop.orders} == {*Fate}
    assert Counter(order.customer for order in shop.orders)[0] >= 3


@every_shop
def test_an_order_has_nothing_wrong_with_it_but_what_its_fate_says(shop: Shop) -> None:
    """So it ends the same, whoever comes first."""
    products = {product.sku: product for product in shop.products}
    expected = {
        Fate.DECLINED: {"card-declined"},
        Fate.OUT_OF_STOCK: {"out of stock"},
        Fate.PRICE_DIFFERS: {"price differs"},
    }

    for order in shop.orders:
        wrong = {"card-declined"} & {order.payment_method}
        for line in order.lines:
            wrong |= {"out of stock"} if not products[line.sku].stock else set()
            wrong |= {"price differs"} if products[line.sku].price != line.unit_price else set()
        assert wrong == expected.get(order.fate, set())
        assert 1 <= len({line.sku for line in order.lines}) == len(order.lines) <= 4


@every_shop
def test_there_is_enough_for_all_orders_together(shop: Shop) -> None:
    ordered = Counter[str]()
    for order in shop.orders:
        ordered.update({line.sku: line.quantity for line in order.lines})

    for product in shop.products:
        assert product.stock == 0 or product.stock > ordered[product.sku]


def test_some_products_are_popular_and_some_customers_come_back() -> None:
    shop = SHOPS[0]
    sold = Counter(line.sku for order in shop.orders for line in order.lines).most_common()
    orders = Counter(order.customer for order in shop.orders).most_common()

    assert sold[0][1] > 5 * sold[len(sold) // 2][1]
    assert orders[0][1] >= 5
    assert sum(number > 1 for _, number in orders) > 20
