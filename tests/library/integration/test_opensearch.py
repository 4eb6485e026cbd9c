"""The search views on an OpenSearch, before which stands a proxy that fails."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cqrs.adapters import opensearch_rows
from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.adapters.opensearch import OpenSearch
from cqrs.adapters.opensearch_rows import OpenSearchRows
from cqrs.errors import InvalidInput, InvalidToken, Parked, Unavailable
from cqrs.follow.fill import fill
from cqrs.follow.followers import Follower
from cqrs.follow.sweep import sweep
from cqrs.history.commits import Commit
from cqrs.read.freshness import Consistency
from cqrs.read.searchers import Searcher, Searchers
from cqrs.read.tokens import Token
from cqrs.testing.contracts import RowStoreContract
from cqrs.testing.views import recorded
from cqrs.views.rows import Row, Saved
from cqrs.views.searches import SearchPage, SearchView
from cqrs.waiting import Patience
from domain.customers import CUSTOMER_EVENTS, CustomerRegistered, CustomerRenamed
from domain.inventory import PRODUCT_EVENTS, ProductRegistered, StockReceived
from domain.kernel import Currency
from domain.orders import (
    ORDER_EVENTS,
    Address,
    Line,
    OrderAddressChanged,
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    OrderRejected,
    Paid,
    RejectReason,
)
from domain.payments import PAYMENT_EVENTS, AuthorisationRequested, PaymentAuthorised
from domain.storefront import (
    ORDER_SEARCH,
    SEARCH_VIEWS,
    search_orders,
)
from tests.library.opensearch import FAULTS, Fault, Proxy, Server

prefixes = (f"test-{n}" for n in itertools.count())


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    server.start()
    yield server
    assert "warning" not in server.stop(), "it ignores something that we ask of it"


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    with Proxy(server.url).running() as proxy:
        yield proxy


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is slow shall not make the tests slow."""
    for name in ("READ_SECONDS", "WRITE_SECONDS", "ADMIN_SECONDS"):
        monkeypatch.setattr(opensearch_rows, name, 0.3)


# A world


class World:
    """The stores of a shop, and its search views in an OpenSearch."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.store = MemoryEventStore(page=3)
        self.prefix = next(prefixes)
        self.rows = [OpenSearchRows(view, OpenSearch(url), self.prefix) for view in SEARCH_VIEWS]
        stores = dict.fromkeys(["order", "payment", "customer", "product"], self.store)
        self.stores = stores
        self.followers = [Follower(row.view, row, stores) for row in self.rows]
        self.marks: dict[str, str | None] = {}

    def store_all(self, *histories: Sequence[Commit]) -> list[Commit]:
        """Stores commits that nobody is told of."""
        commits = [commit for history in histories for commit in history]
        for commit in commits:
            self.store.append(commit, "")
        return commits

    def happens(self, *histories: Sequence[Commit]) -> None:
        self.tell(self.store_all(*histories))

    def tell(self, commits: Sequence[Commit]) -> set[str]:
        """Rings for `commits`; returns the streams that must come again."""
        hints: dict[str, list[Commit]] = {}
        for commit in commits:
            hints.setdefault(commit.stream, []).append(commit)
        return {name for one in self.followers for name in one.catch_up(hints).failed}

    def tend(self) -> bool:
        pairs = zip(self.rows, self.followers, strict=True)
        ready = [fill(rows, one, {"shop": self.store}, self) for rows, one in pairs]
        return all(ready)

    def get(self, name: str) -> str | None:
        return self.marks.get(name)

    def put(self, name: str, cursor: str | None) -> None:
        self.marks[name] = cursor

    def sweep(self) -> bool:
        """Whether every view has been swept."""
        pages = list(sweep(self.store, self.followers))
        return not any(page.failed for page in pages)

    def search(
        self, token: str = "", limit: int = 50, after: Any = None, **query: str
    ) -> tuple[SearchPage, Consistency]:
        searchers = [
            Searcher(row.view, row, self.stores, patience=Patience(0.3)) for row in self.rows
        ]
        query = {name.rstrip("_"): text for name, text in query.items()}
        conversation = search_orders(query, limit, after)
        page, freshness = Searchers(searchers).converse(conversation, Token.parse(token))
        return page, freshness.consistency

    def found(self, token: str = "", **query: str) -> list[str]:
        """The ids of the orders found, in their order."""
        orders: Any = self.search(token, **query)[0].body["orders"]
        return [order["order_id"] for order in orders]


@pytest.fixture
def world(proxy: Proxy) -> World:
    world = World(proxy.url)
    assert world.tend()
    return world


VIENNA = Address(
    name="Ada Lovelace", street="Ringstraße 1", postal_code="1010", city="Wien", country="AT"
)
LYON = replace(VIENNA, name="Zoë", street="Rue Noël 5", postal_code="69001", city="Lyon")
LYON = replace(LYON, country="FR")


def placed(
    order: str, customer: str, *skus: str, to: Address = VIENNA, price: int = 100
) -> OrderPlaced:
    return OrderPlaced(
        order_id=order,  # type: ignore[arg-type]
        customer_id=customer,
        currency=Currency.EUR,
        lines=tuple(Line(sku=sku, quantity=1, unit_price=price) for sku in skus),
        address=to,
        payment_method="card",
    )


def confirmed(order: str) -> OrderConfirmed:
    paid = Paid(amount=100, currency=Currency.EUR, reference="r")
    return OrderConfirmed(order_id=order, reserved=(), paid=paid)  # type: ignore[arg-type]


def an_order(order: str, *events: Any) -> list[Commit]:
    """`order` with its events, a day apart from others by the number in its id."""
    day = int("".join(filter(str.isdigit, order)) or 1)
    commits = recorded(ORDER_EVENTS, f"order-{order}", *events)
    return [_on(commit, day) for commit in commits]


def _on(commit: Commit, day: int) -> Commit:
    return replace(commit, body=commit.body.replace("2026-01-01T", f"2026-01-{day:02}T"))


def a_payment(order: str, *events: Any) -> list[Commit]:
    return recorded(PAYMENT_EVENTS, f"payment-{order}", *events)


def a_customer(customer: str, *names: str) -> list[Commit]:
    registered = CustomerRegistered(
        customer_id=customer, name=names[0], email=f"{customer}@example.com"
    )
    renamed = [CustomerRenamed(customer_id=customer, name=name) for name in names[1:]]
    return recorded(CUSTOMER_EVENTS, f"customer-{customer}", registered, *renamed)


def a_product(sku: str, title: str, *tags: str) -> list[Commit]:
    registered = ProductRegistered(
        sku=sku, title=title, description="Well made.", tags=tags, price=100, currency=Currency.EUR
    )
    return recorded(PRODUCT_EVENTS, f"product-{sku}", registered)


# The row store


class TestOpenSearchRows(RowStoreContract):
    @pytest.fixture
    def rows(self, proxy: Proxy) -> OpenSearchRows:
        kept: Any = {"type": "keyword", "index": False, "doc_values": False}
        fields = dict.fromkeys(["order_id", "total", "cancel_reason", "text"], kept)
        view = replace(ORDER_SEARCH, name="any", fields=fields)
        rows = OpenSearchRows(view, OpenSearch(proxy.url), next(prefixes))
        rows.create()
        return rows


# Finding


@pytest.fixture
def shop(world: World) -> World:
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
    shop: World, text: str, expected: list[str]
) -> None:
    assert shop.found(q=text) == expected


def test_what_has_the_word_comes_before_what_has_something_like_it(world: World) -> None:
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


def test_a_page_shows_names_titles_and_what_was_found(shop: World) -> None:
    page, _ = shop.search(q="zoe lamp")
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


def test_filters_narrow_and_facets_tell_what_else_there_is(shop: World) -> None:
    page, _ = shop.search(status="placed", from_="2026-01-02", to="2026-01-03")
    assert page.body["total"] == 2
    assert page.body["facets"] == {
        "status": {"placed": 2},
        "country": {"FR": 2},
        "product": [
            {"sku": "chair-1", "title": "Oak chair", "orders": 2},
            {"sku": "lamp-1", "title": "Walnut desk lamp", "orders": 1},
        ],
    }
    page, _ = shop.search(status="confirmed")
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
def test_orders_are_sorted_as_asked(shop: World, sort: str, expected: list[str]) -> None:
    assert shop.found(sort=sort) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "best"},
        {"status": "lost"},
        {"from_": "yesterday"},
        {"to": "20260101"},
        {"from_": "2026-02-30"},
        {"q": "a b c d e f g h i"},
        {"q": "x" * 201},
        {"q": "lamp\ud800"},
        {"to": "9999-12-31"},
    ],
)
def test_what_can_not_be_searched_for_is_refused(shop: World, query: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        shop.search(**query)


def test_a_renamed_customer_is_found_by_the_new_name_at_once(shop: World) -> None:
    renamed = a_customer("c-1", "Ada Lovelace", "Grace Hopper")[1:]
    shop.happens(renamed)
    assert shop.found(q="hopper") == ["o1"]
    (order,) = shop.search(q="hopper")[0].body["orders"]  # type: ignore[union-attr]
    assert order["customer"]["name"] == "Grace Hopper"


@pytest.mark.parametrize("sort", ["newest", "oldest", "largest", "smallest", "relevance"])
def test_pages_go_on_where_they_stopped_whatever_is_written_meanwhile(
    world: World, sort: str
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
        page, _ = world.search(q="lamp", sort=sort, limit=3, after=after)
        seen += [order["order_id"] for order in page.body["orders"]]  # type: ignore[union-attr]
        after = page.last
        if after is None:
            break
        new = f"o{n + 20}" if sort != "oldest" else f"o{n + 1}"
        world.happens(an_order(new, placed(new, "c-1", "lamp", price=1)))
        world.happens(an_order(known[n], placed(known[n], "c-1", "lamp"), confirmed(known[n]))[1:])
    assert [order for order in seen if order in known] == whole
    assert len(seen) == len(set(seen))


# Being as new as asked


@pytest.fixture
def lagging(shop: World, proxy: Proxy) -> World:
    """A shop whose searches show what there was at the last refresh."""
    proxy.refresh()
    proxy.lags = True
    return shop


def test_without_a_token_a_search_shows_what_the_index_shows(lagging: World) -> None:
    lagging.happens(an_order("o1", placed("o1", "c-1", "lamp-1"), confirmed("o1"), CANCELLED)[2:])
    assert lagging.found(status="cancelled") == []


def test_a_search_is_never_older_than_its_token(lagging: World, proxy: Proxy) -> None:
    lagging.happens(an_order("o1", placed("o1", "c-1", "lamp-1"), confirmed("o1"), CANCELLED)[2:])
    with pytest.raises(Unavailable):
        lagging.search(token="order-o1@3", status="cancelled")
    assert lagging.found(token="order-o1@2", status="confirmed") == ["o1"]
    proxy.refresh()
    assert lagging.found(token="order-o1@3", status="cancelled") == ["o1"]
    assert str(lagging.search(token="order-o1@3")[1]) == "current"


def test_a_search_waits_for_its_token(lagging: World, proxy: Proxy) -> None:
    lagging.happens(an_order("o4", placed("o4", "c-1", "lamp-1")))

    def refresh(seconds: float) -> None:
        proxy.refresh()

    (orders, *_) = lagging.rows
    searcher = Searcher(orders.view, orders, lagging.stores, patience=Patience(2, pause=refresh))
    found = searcher.search([{"query": {"term": {"key": "o4"}}}], Token.parse("order-o4@1"))
    assert found.freshness.consistency.kind == "waited"
    assert [hit.row.key for answer in found.hits for hit in answer.hits] == ["o4"]


@pytest.mark.parametrize("token", ["customer-c-1@2", "product-lamp-1@2", "payment-o1@1"])
def test_whatever_a_search_rests_on_is_as_new_as_asked(
    lagging: World, proxy: Proxy, token: str
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


def test_a_token_of_a_version_that_does_not_exist_is_refused(lagging: World) -> None:
    with pytest.raises(InvalidToken, match="'order-o1' has no version 9; its newest is 2"):
        lagging.search(token="order-o1@9")


def test_a_token_for_what_the_index_was_not_told_yet_is_not_answered(shop: World) -> None:
    shop.store_all(an_order("o4", placed("o4", "c-1", "lamp-1")))
    with pytest.raises(Unavailable):
        shop.search(token="order-o4@1")
    assert shop.sweep()
    assert "o4" in shop.found(token="order-o4@1")


def test_what_the_mapping_refuses_is_parked_and_said(shop: World, server: Server) -> None:
    fields = {name: kind for name, kind in ORDER_SEARCH.fields.items() if name != "total"}
    strict = replace(ORDER_SEARCH, fields=fields)
    rows = OpenSearchRows(strict, OpenSearch(server.url), next(prefixes))
    rows.create()
    rows.open()
    follower = Follower(strict, rows, shop.stores)
    history = an_order("o5", placed("o5", "c-1", "lamp-1"))
    shop.store_all(history)
    report = follower.catch_up({"order-o5": history})
    assert list(report.parked) == ["order-o5"]
    assert list(follower.parked(10)) == ["order-o5"]
    with pytest.raises(Parked):
        Searcher(strict, rows, shop.stores, patience=Patience(0)).search(
            [{"query": {"match_all": {}}}], Token.parse("order-o5@1")
        )


# Coming back


def test_nothing_is_shown_before_everything_is_there(world: World) -> None:
    fresh = World(world.url)
    fresh.happens(an_order("o1", placed("o1", "c-1", "lamp-1")))
    with pytest.raises(Unavailable):
        fresh.search()
    assert fresh.tend()
    assert fresh.found() == ["o1"]


def test_an_index_that_is_gone_is_made_and_filled_again(shop: World, server: Server) -> None:
    whole = shop.found()
    server.restart()
    with pytest.raises(Unavailable):
        shop.search()
    late = shop.store_all(an_order("o4", placed("o4", "c-1", "lamp-1")))
    assert shop.tell(late) == {"order-o4"}
    assert not shop.sweep()
    assert shop.tend()
    assert shop.found() == ["o4", *whole]
    assert shop.tell(late) == set()


def test_an_index_that_was_emptied_is_closed_until_it_is_filled_again(
    shop: World, server: Server
) -> None:
    whole = shop.found()
    empty(shop, server)
    assert shop.found() == []
    stores = {"shop": shop.store}
    assert not fill(shop.rows[0], shop.followers[0], stores, shop, out_of_time=lambda: True)
    with pytest.raises(Unavailable):
        shop.found()
    assert shop.tend()
    assert shop.found() == whole


def empty(world: World, server: Server) -> None:
    everything = {"query": {"match_all": {}}}
    path = f"/{world.prefix}-*/_delete_by_query?conflicts=proceed"
    OpenSearch(server.url).call("POST", path, everything)


def test_where_there_is_nothing_to_show_nothing_is_closed(world: World) -> None:
    assert world.rows[0].state().condition == "empty"
    assert world.tend()
    assert world.found() == []


def test_who_still_fills_an_index_that_is_gone_does_the_next_one_no_harm(
    world: World, server: Server
) -> None:
    fresh = World(world.url)
    fresh.store_all(*(an_order(f"o{n}", placed(f"o{n}", "c-1", "x")) for n in range(1, 10)))
    orders, follower, stores = fresh.rows[0], fresh.followers[0], {"shop": fresh.store}

    def out_of_time() -> bool:
        """Meanwhile the index is lost, and somebody else begins anew."""
        server.restart()
        assert not fill(orders, follower, stores, fresh, out_of_time=lambda: True)
        return True

    assert not fill(orders, follower, stores, fresh, out_of_time=out_of_time)
    assert fresh.tend()
    assert len(fresh.found()) == 9


@pytest.mark.usefixtures("impatient")
def test_filling_goes_on_where_it_was_cut_short(world: World, proxy: Proxy) -> None:
    fresh = World(world.url)
    fresh.store_all(*(an_order(f"o{n}", placed(f"o{n}", "c-1", "x")) for n in range(1, 10)))
    orders, follower, stores = fresh.rows[0], fresh.followers[0], {"shop": fresh.store}
    calls = 1
    while not fill(orders, follower, stores, fresh, out_of_time=lambda: True):
        calls += 1
        with pytest.raises(Unavailable):
            orders.search([{}])
    assert calls == 3  # pages
    assert fresh.tend()
    assert len(fresh.found()) == 9


@pytest.mark.usefixtures("impatient")
def test_an_index_is_not_opened_with_a_page_missing(world: World, proxy: Proxy) -> None:
    fresh = World(world.url)
    fresh.store_all(*(an_order(f"o{n}", placed(f"o{n}", "c-1", "x")) for n in range(1, 10)))
    assert fresh.rows[0].state().condition == "missing"
    fresh.rows[0].create()
    proxy.fault = "refuses half"
    assert not fill(fresh.rows[0], fresh.followers[0], {"shop": fresh.store}, fresh)
    assert fresh.rows[0].state().condition == "filling"
    proxy.fault = None
    assert fresh.tend()
    assert len(fresh.found()) == 9


def test_a_new_generation_takes_the_place_of_the_old_one_once_it_is_full(shop: World) -> None:
    newer = replace(ORDER_SEARCH, generation=2)
    rows = OpenSearchRows(newer, OpenSearch(shop.url), shop.prefix)
    follower = Follower(newer, rows, shop.stores)
    assert not fill(rows, follower, {"shop": shop.store}, shop, out_of_time=lambda: True)
    assert rows.state().condition == "filling"
    assert len(shop.found()) == 3
    assert fill(rows, follower, {"shop": shop.store}, shop)
    assert rows.state().condition == "ready"
    assert shop.rows[0].state().condition == "filling"
    assert len(shop.found()) == 3


def test_going_back_to_an_older_generation_shows_what_came_meanwhile(shop: World) -> None:
    newer = OpenSearchRows(replace(ORDER_SEARCH, generation=2), OpenSearch(shop.url), shop.prefix)
    follower = Follower(newer.view, newer, shop.stores)
    assert fill(newer, follower, {"shop": shop.store}, shop)
    late = shop.store_all(an_order("o4", placed("o4", "c-1", "lamp-1")))
    follower.catch_up({"order-o4": late})
    assert shop.tend()
    assert shop.rows[0].state().condition == "ready"
    assert shop.found() == ["o4", "o3", "o2", "o1"]


def test_a_write_to_an_index_that_is_gone_makes_none(shop: World, server: Server) -> None:
    server.restart()
    (result,) = shop.rows[0].save([Row(key="k")])
    assert result.saved is Saved.FAILED
    assert OpenSearch(server.url).call("GET", f"/{shop.prefix}-order-search-1-write").status == 404
    assert shop.tend()


def test_what_shows_nothing_yet_is_not_found(shop: World) -> None:
    before, _ = shop.search()
    shop.happens(a_payment("o9", *PAID[:1]))
    after, _ = shop.search()
    assert after.body["total"] == before.body["total"]
    assert shop.found(q="o9") == []


def test_signs_between_words_are_passed_over(shop: World) -> None:
    assert shop.found(q="lamp & - ,") == ["o2", "o1"]


# What must always hold

PAID = (
    AuthorisationRequested(order_id="x", amount=1, currency=Currency.EUR, method="card"),  # type: ignore[arg-type]
    PaymentAuthorised(order_id="x", reference="r"),  # type: ignore[arg-type]
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


faults = st.lists(st.sampled_from([None, *FAULTS]), min_size=1, max_size=6)


@pytest.mark.usefixtures("impatient")
@settings(
    max_examples=30,
    deadline=None,
    phases=[Phase.reuse, Phase.generate],  # one example takes a second: no shrinking
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories(), faults=faults, seed=st.integers(0, 10**6))
def test_after_any_weather_the_index_is_the_fold_of_the_store(
    proxy: Proxy, history: list[Commit], faults: list[Fault | None], seed: int
) -> None:
    proxy.fault = None
    world, dice = World(proxy.url), random.Random(seed)
    assert world.tend()
    world.store_all(history)
    waiting = history + dice.sample(history, len(history) // 2)  # some come twice
    if seed % 3 == 0:
        dice.shuffle(waiting)
    if seed % 5 == 0:
        waiting = waiting[::2]  # some never come
    for fault in faults:
        proxy.fault = fault
        batch, waiting = waiting[:8], waiting[8:]
        failed = world.tell(batch)
        assert not (failed and fault is None)
        waiting += [commit for commit in batch if commit.stream in failed]
    proxy.fault = None
    world.tell(waiting)
    assert world.sweep()
    for rows in world.rows:
        assert _documents(rows) == _folded(rows.view, history)


def _documents(rows: OpenSearchRows) -> dict[str, Any]:
    """All that a search sees."""
    (answer,) = rows.search([{"size": 1000}])
    return {hit.row.key: hit.row.document for hit in answer.hits}


def _folded(view: SearchView, history: Sequence[Commit]) -> dict[str, Any]:
    """What each row shows of all that happened, told once and in order."""
    store, rows = MemoryEventStore(), MemoryRows()
    for commit in history:
        store.append(commit, "")
    names = {commit.stream for commit in history if view.fold_of(commit.stream)}
    follower = Follower(view, rows, {fold.category: store for fold in view.folds})
    follower.catch_up(dict.fromkeys(names, ()))
    loaded = rows.load([view.key_of(name) for name in names]).values()
    return {row.key: row.document for row in loaded if row.document}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "refuses half"])
def test_meanwhile_a_search_says_so_and_comes_back(shop: World, proxy: Proxy, fault: Fault) -> None:
    proxy.fault = fault
    with pytest.raises(Unavailable):
        shop.search(q="lamp")
    proxy.fault = None
    assert shop.found(q="lamp") == ["o2", "o1"]
