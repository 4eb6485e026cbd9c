"""Orders are found by what belongs to them, in an OpenSearch."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cqrs.errors import InvalidInput, Unavailable
from cqrs.history.commits import Commit
from cqrs.plain import replace
from cqrs.testing.views import recorded
from domain.inventory import PRODUCT_EVENTS, StockReceived
from domain.kernel import Currency, OrderId
from domain.orders import (
    OrderAddressChanged,
    OrderCancelled,
    OrderRejected,
    RejectReason,
)
from domain.payments import AuthorisationRequested, PaymentAuthorised
from tests.examples import examples
from tests.library.integration.searching import documents, folded
from tests.library.opensearch import Proxy
from tests.shop.integration.order_search import (
    LYON,
    Orders,
    a_customer,
    a_payment,
    a_product,
    an_order,
    confirmed,
    placed,
)


@pytest.fixture
def world(proxy: Proxy) -> Orders:
    world = Orders(proxy.url)
    assert world.tend()
    return world


@pytest.fixture
def shop(world: Orders) -> Orders:
    world.happens(
        a_customer("c-1", "Ada Lovelace"),
        a_customer("c-2", "Zoë O'Brien"),
        a_product("lamp-1", "Walnut desk lamp", "light"),
        a_product("chair-1", "Oak chair"),
        an_order("o1", placed("o1", "c-1", "lamp-1"), confirmed("o1")),
        an_order("o2", placed("o2", "c-2", "lamp-1", "chair-1", to=LYON, price=500)),
        an_order("o3", placed("o3", "c-2", "chair-1", to=LYON)),
    )
    return world


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lamp", ["o2", "o1"]),  # a product's title
        ("light", ["o2", "o1"]),  # its tag
        ("lovelace", ["o1"]),  # a customer, and who it is sent to
        ("lovelase", ["o1"]),  # a letter that differs
        ("o'brien", ["o3", "o2"]),
        ("zoe", ["o3", "o2"]),  # without its dots
        ("noel", ["o3", "o2"]),  # a street
        ("69001", ["o3", "o2"]),
        ("wien", ["o1"]),
        ("chair-1", ["o3", "o2"]),  # a sku
        ("o2", ["o2"]),
        ("c-1", ["o1"]),
        ("zoe lamp", ["o2"]),  # every word, wherever it is
        ("ada chair", []),
        ("table", []),
        ("", ["o3", "o2", "o1"]),
    ],
)
def test_orders_are_found_by_what_belongs_to_them(
    shop: Orders, text: str, expected: list[str]
) -> None:
    assert shop.found(q=text) == expected


def test_what_has_the_word_comes_before_what_has_something_like_it(world: Orders) -> None:
    world.happens(
        a_product("a", "Lamp"),
        a_product("b", "Camp bed"),
        a_product("c", "Damp proof"),
        an_order("o1", placed("o1", "c-1", "a")),
        an_order("o3", placed("o3", "c-1", "b")),
    )
    assert world.found(q="lamp") == ["o1"]  # the first letter must be right
    assert world.found(q="damp") == []
    world.happens(a_product("d", "Lamb's wool"), an_order("o4", placed("o4", "c-1", "d")))
    assert world.found(q="lamp") == ["o1"]


def test_a_page_shows_names_titles_and_what_was_found(shop: Orders) -> None:
    page = shop.search(q="zoe lamp")
    (order,) = page.body["orders"]  # type: ignore[union-attr]
    assert order["customer"] == {
        "customer_id": "c-2",
        "name": "Zoë O'Brien",
        "email": "c-2@example.com",
    }
    assert [line["title"] for line in order["lines"]] == ["Walnut desk lamp", "Oak chair"]
    assert order["highlights"] == {
        "customer.name": ["<em>Zoë</em> O&#x27;Brien"],
        "lines.title": ["Walnut desk <em>lamp</em>"],
        "address.name": ["<em>Zoë</em>"],
    }


def test_filters_narrow_and_facets_tell_what_else_there_is(shop: Orders) -> None:
    page = shop.search(status="placed", from_="2026-01-02", to="2026-01-03")
    assert page.body["total"] == 2
    assert page.body["facets"] == {
        "status": {"placed": 2},
        "country": {"FR": 2},
        "product": [
            {"sku": "chair-1", "title": "Oak chair", "orders": 2},
            {"sku": "lamp-1", "title": "Walnut desk lamp", "orders": 1},
        ],
    }
    page = shop.search(status="confirmed")
    assert page.body["facets"]["status"] == {"placed": 2, "confirmed": 1}  # type: ignore[index,call-overload]
    assert shop.found(to="2026-01-01") == ["o1"]
    assert shop.found(from_="2026-01-02", to="2026-01-02") == ["o2"]
    assert shop.found(status="placed,confirmed") == ["o3", "o2", "o1"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("newest", ["o3", "o2", "o1"]),
        ("oldest", ["o1", "o2", "o3"]),
        ("largest", ["o2", "o3", "o1"]),
        ("smallest", ["o1", "o3", "o2"]),
    ],
)
def test_orders_are_sorted_as_asked(shop: Orders, sort: str, expected: list[str]) -> None:
    assert shop.found(sort=sort) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "best"},
        {"status": "lost"},
        {"from_": "yesterday"},
        {"to": "20260101"},
        {"from_": ""},
        {"to": ""},
        {"from_": "2026-02-30"},
        {"q": "a b c d e f g h i"},
        {"q": "x" * 201},
        {"q": "lamp\ud800"},
        {"to": "9999-12-31"},
    ],
)
def test_what_can_not_be_searched_for_is_refused(shop: Orders, query: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        shop.search(**query)


def test_a_renamed_customer_is_found_by_the_new_name_at_once(shop: Orders) -> None:
    renamed = a_customer("c-1", "Ada Lovelace", "Grace Hopper")[1:]
    shop.happens(renamed)
    assert shop.found(q="hopper") == ["o1"]
    (order,) = shop.search(q="hopper").body["orders"]  # type: ignore[union-attr]
    assert order["customer"]["name"] == "Grace Hopper"


def test_signs_between_words_are_passed_over(shop: Orders) -> None:
    assert shop.found(q="lamp & - ,") == ["o2", "o1"]


@pytest.mark.parametrize("sort", ["newest", "oldest", "largest", "smallest", "relevance"])
def test_pages_go_on_where_they_stopped_whatever_is_written_meanwhile(
    world: Orders, sort: str
) -> None:
    world.happens(a_product("lamp", "Lamp"))
    known = [f"o{n}" for n in range(10, 20)]
    for n, order in enumerate(known):
        to = LYON if n % 3 else replace(LYON, street="Lamp street")
        world.happens(an_order(order, placed(order, "c-1", "lamp", to=to, price=n % 4)))
    whole = world.found(q="lamp", sort=sort)
    assert sorted(whole) == known
    seen: list[str] = []
    after: Any = None
    for n in itertools.count():
        page = world.search(q="lamp", sort=sort, limit=3, after=after)
        seen += [order["order_id"] for order in page.body["orders"]]  # type: ignore[union-attr]
        after = page.last
        if after is None:
            break
        new = f"o{n + 20}" if sort != "oldest" else f"o{n + 1}"
        world.happens(an_order(new, placed(new, "c-1", "lamp", price=1)))
        world.happens(an_order(known[n], placed(known[n], "c-1", "lamp"), confirmed(known[n]))[1:])
    assert [order for order in seen if order in known] == whole
    assert len(seen) == len(set(seen))


@pytest.fixture
def lagging(shop: Orders, proxy: Proxy) -> Orders:
    """A shop whose searches show what there was at the last refresh."""
    proxy.refresh()
    proxy.lags = True
    return shop


@pytest.mark.parametrize("token", ["customer-c-1@2", "product-lamp-1@2", "payment-o1@1"])
def test_whatever_a_search_rests_on_is_as_new_as_asked(
    lagging: Orders, proxy: Proxy, token: str
) -> None:
    lagging.happens(
        a_customer("c-1", "Ada Lovelace", "Grace Hopper")[1:],
        recorded(
            PRODUCT_EVENTS,
            "product-lamp-1",
            StockReceived(sku="lamp-1", quantity=1),
            StockReceived(sku="lamp-1", quantity=1),
        )[1:],
        a_payment("o1", *PAID[:1]),
    )
    with pytest.raises(Unavailable):
        lagging.search(token=token, q="lovelace")
    proxy.refresh()
    assert lagging.found(token=token, q="hopper") == ["o1"]


PAID = (
    AuthorisationRequested(
        order_id=OrderId("x"), amount=1, currency=Currency.EUR, method="card", customer_id=None
    ),
    PaymentAuthorised(order_id=OrderId("x"), reference="r"),
)


CANCELLED = OrderCancelled(order_id="x", reason=None)  # type: ignore[arg-type]


@st.composite
def histories(draw: st.DrawFn) -> list[Commit]:
    """All that happened to a few orders, their payments, customers and products, in the order of
    their streams, mixed.
    """
    streams: list[list[Commit]] = []
    for n in range(draw(st.integers(1, 4))):
        order = f"o{n + 1}"
        moved = OrderAddressChanged(order_id=order, customer_id="c-1", address=LYON)  # type: ignore[arg-type]
        rejected = OrderRejected(order_id=order, reason=RejectReason.TIMED_OUT, detail=None)  # type: ignore[arg-type]
        ends = draw(
            st.sampled_from([[], [rejected], [confirmed(order)], [confirmed(order), CANCELLED]])
        )
        between = [moved] * draw(st.integers(0, 2))
        streams.append(an_order(order, placed(order, "c-1", "lamp-1"), *between, *ends))
        streams.append(a_payment(order, *PAID[: draw(st.integers(0, 2))]))
    streams.append(a_customer("c-1", *["Ada", "Grace", "Ada"][: draw(st.integers(1, 3))]))
    streams.append(a_product("lamp-1", "Lamp"))
    return _mixed(draw, streams)


def _mixed(draw: st.DrawFn, streams: list[list[Commit]]) -> list[Commit]:
    turns = draw(st.permutations([n for n, one in enumerate(streams) for _ in one]))
    left = [iter(one) for one in streams]
    return [next(left[n]) for n in turns]


@settings(
    examples(10),
    phases=[Phase.reuse, Phase.generate],  # one example takes a second: no shrinking
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories(), dice=st.randoms())
def test_whatever_happens_to_orders_the_indexes_are_the_folds_of_the_stores(
    proxy: Proxy, history: list[Commit], dice: random.Random
) -> None:
    """They take every document that an order can become. (With faults: the library's tests.)"""
    world = Orders(proxy.url)
    assert world.tend()
    world.store_all(history)
    late = dice.sample(history, len(history))
    world.tell(late)
    for rows in world.rows:
        assert documents(rows) == folded(rows.view, history)
