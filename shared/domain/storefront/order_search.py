"""The views that orders are searched in, and the search: by free text over customers, products and
addresses, with filters, facets and highlights.

A customer's name and a product's title are in one place each, their own lookups, as in the other
views: so a search first finds out which customers and products a word may mean, then the orders
with those, and at last the lookups of what it shows. A renamed customer is found by the new name at
once, however many orders there are.

What a match is worth is a constant (`Worth`), not what the engine makes of word counts: so an order
keeps its place while others come and go, and a cursor can go on there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum, StrEnum
from typing import Any, TypeVar

from cqrs.errors import InvalidCursor, InvalidInput
from cqrs.plain import Json
from cqrs.views.joins import Lookups, problem_of
from cqrs.views.rows import Document, States
from cqrs.views.searches import Conversation, Hit, Hits, Question, SearchPage, SearchView
from domain.orders import OrderStatus
from domain.storefront import order_history
from domain.storefront.lookups import (
    CUSTOMER_LOOKUPS,
    PRODUCT_LOOKUPS,
    skus_of,
    with_customer,
    with_titles,
)
from domain.storefront.order_history import ORDER_HISTORY

__all__ = [
    "CUSTOMER_SEARCH",
    "ORDER_SEARCH",
    "PRODUCT_SEARCH",
    "SEARCHED_BY",
    "search_orders",
]

K = TypeVar("K", bound=StrEnum)

SEARCHED_BY = ("q", "status", "from", "to", "sort")
MAX_WORDS = 8
MAX_TEXT = 200
LARGEST = 2**53  # of the numbers that a hit is sorted by: times in milliseconds, sums of money
MAX_MATCHES = 1_000  # customers, and products, that a word may mean
FACET_VALUES = 10

KEYWORD: Json = {"type": "keyword"}
LONG: Json = {"type": "long"}
DATE: Json = {"type": "date"}
WORDS: Json = {"type": "text", "analyzer": "words"}


def render_order(states: States) -> Document | None:
    """What of an order can be searched, filtered, counted, sorted, or is shown in a list."""
    order = order_history.render(states)
    if order is None:
        return None
    payment: Any = order["payment"]
    names = ["order_id", "version", "status", "customer_id", "currency", "total", "lines"]
    shown = {name: order[name] for name in [*names, "address", "placed_at", "updated_at"]}
    return {**shown, "payment_status": payment["status"] if payment else None}


ORDER_SEARCH = SearchView(
    name="order_search",
    folds=ORDER_HISTORY.folds,
    render=render_order,
    fields={
        "order_id": KEYWORD,
        "version": LONG,
        "status": KEYWORD,
        "payment_status": KEYWORD,
        "customer_id": KEYWORD,
        "currency": KEYWORD,
        "total": LONG,
        "lines": {"properties": {"sku": KEYWORD, "quantity": LONG, "unit_price": LONG}},
        "address": {
            "properties": {
                "name": WORDS,
                "street": WORDS,
                "postal_code": WORDS,
                "city": WORDS,
                "country": KEYWORD,
            }
        },
        "placed_at": DATE,
        "updated_at": DATE,
    },
)
CUSTOMER_SEARCH = SearchView(
    name="customer_search",
    folds=CUSTOMER_LOOKUPS.folds,
    render=CUSTOMER_LOOKUPS.render,
    fields={"customer_id": KEYWORD, "name": WORDS, "email": WORDS},
)
PRODUCT_SEARCH = SearchView(
    name="product_search",
    folds=PRODUCT_LOOKUPS.folds,
    render=PRODUCT_LOOKUPS.render,
    fields={
        "sku": KEYWORD,
        "title": WORDS,
        "description": WORDS,
        "tags": WORDS,
        "price": LONG,
        "currency": KEYWORD,
    },
)

OF_ADDRESS = [
    "doc.address.name",
    "doc.address.street",
    "doc.address.postal_code",
    "doc.address.city",
]
OF_CUSTOMER = ["doc.name", "doc.email"]
OF_PRODUCT = ["doc.title", "doc.description", "doc.tags"]


class Sort(StrEnum):
    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"
    LARGEST = "largest"
    SMALLEST = "smallest"


ORDERS: Mapping[Sort, Sequence[tuple[str, str]]] = {
    Sort.RELEVANCE: [("_score", "desc"), ("doc.placed_at", "desc"), ("key", "desc")],
    Sort.NEWEST: [("doc.placed_at", "desc"), ("key", "desc")],
    Sort.OLDEST: [("doc.placed_at", "asc"), ("key", "asc")],
    Sort.LARGEST: [("doc.total", "desc"), ("doc.placed_at", "desc"), ("key", "desc")],
    Sort.SMALLEST: [("doc.total", "asc"), ("doc.placed_at", "asc"), ("key", "asc")],
}
"""Every order ends with the key, so no two hits stand at the same place."""


class Worth(IntEnum):
    """How much it counts that a word was found."""

    KEY = 8  # it is an order's, a customer's or a product's id
    LOOKUP = 4  # it is in the name of a customer, or in what a product is called
    ADDRESS = 3
    LIKE_IT = 1  # something is in one of these that is spelt almost so


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody looks for. Days are UTC, both included."""

    words: Sequence[str]
    statuses: Sequence[OrderStatus]
    first_day: date | None
    last_day: date | None
    sort: Sort
    limit: int
    after: Sequence[Json] | None


def asked_for(query: Mapping[str, str], limit: int, after: Sequence[Json] | None) -> Asked:
    """Raises InvalidInput, saying what is allowed, and InvalidCursor."""
    text = query.get("q", "")
    if not text.isprintable():
        raise InvalidInput("'q' has characters that can't be looked for.")
    words = [word for word in text.split() if any(map(str.isalnum, word))]
    if len(words) > MAX_WORDS or len(text) > MAX_TEXT:
        raise InvalidInput(f"'q' has at most {MAX_WORDS} words and {MAX_TEXT} characters.")
    usual = Sort.RELEVANCE if words else Sort.NEWEST
    sort = _one_of(Sort, query["sort"], "sort") if query.get("sort") else usual
    statuses = query["status"].split(",") if query.get("status") else []
    if after is not None and not _is_place(after, sort):
        raise InvalidCursor("This is not a cursor that this search returned.")
    return Asked(
        words=words,
        statuses=[_one_of(OrderStatus, status, "status") for status in statuses],
        first_day=_day(query, "from"),
        last_day=_day(query, "to"),
        sort=sort,
        limit=limit,
        after=after,
    )


def _one_of(kind: type[K], text: str, name: str) -> K:
    try:
        return kind(text)
    except ValueError:
        known = ", ".join(kind)
        raise InvalidInput(f"'{name}' in the query is one of {known}.") from None


def _day(query: Mapping[str, str], name: str) -> date | None:
    text = query.get(name)
    if not text:
        return None
    try:
        if not re.fullmatch(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"'{name}' in the query must be a day like 2026-11-30.") from None


def _is_place(after: Sequence[Json], sort: Sort) -> bool:
    """Whether a hit can stand there: numbers and at last a key, as `ORDERS` has them."""
    *numbers, key = after
    fits = len(after) == len(ORDERS[sort]) and isinstance(key, str) and key.isascii()
    return fits and all(isinstance(n, int | float) and abs(n) < LARGEST for n in numbers)


@dataclass(frozen=True)
class Meant:
    """The lookups that a word may mean: that have it, and that have something like it."""

    it: Sequence[str]
    like_it: Sequence[str]
    is_all: bool

    @classmethod
    def by(cls, answer: Hits) -> Meant:
        it = [hit.row.key for hit in answer.hits if (hit.score or 0) >= Worth.LOOKUP]
        like_it = [hit.row.key for hit in answer.hits if (hit.score or 0) < Worth.LOOKUP]
        return cls(it, like_it, is_all=answer.total <= len(answer.hits))


def search_orders(
    query: Mapping[str, str], limit: int, after: Sequence[Json] | None
) -> Conversation[SearchPage]:
    """The query may have `q`, `status` (several, comma separated), `from`, `to` and `sort`.

    The page has `orders`, as the list of orders does, each with its `highlights`; their `total`;
    `facets`; and `vague`, the words that so many customers or products have that only the first
    thousand were looked for.
    """
    asked = asked_for(query, limit, after)
    # 1. What the words may mean.
    meant = yield {
        CUSTOMER_SEARCH.name: [_lookups_with(word, OF_CUSTOMER) for word in asked.words],
        PRODUCT_SEARCH.name: [_lookups_with(word, OF_PRODUCT) for word in asked.words],
    }
    customers = [Meant.by(answer) for answer in meant.get(CUSTOMER_SEARCH.name, ())]
    products = [Meant.by(answer) for answer in meant.get(PRODUCT_SEARCH.name, ())]
    # 2. The orders; one more than asked for, to know whether there are any.
    words = zip(asked.words, customers, products, strict=True)
    found = yield {ORDER_SEARCH.name: [_orders_with(asked, [_word(*meant) for meant in words])]}
    (answer,) = found[ORDER_SEARCH.name]
    hits = answer.hits[: asked.limit]
    # 3. The lookups of what is shown.
    counted = answer.facets["product"]["values"]["buckets"]
    skus = {*(sku for hit in hits for sku in _skus(hit)), *(bucket["key"] for bucket in counted)}
    owners = {str(hit.row.document["customer_id"]) for hit in hits if hit.row.document}
    lookups = yield {
        CUSTOMER_SEARCH.name: _lookups_of(owners, asked.words, OF_CUSTOMER),
        PRODUCT_SEARCH.name: _lookups_of(skus, asked.words, OF_PRODUCT),
    }
    by_customer = _hits(lookups.get(CUSTOMER_SEARCH.name, ()))
    by_sku = _hits(lookups.get(PRODUCT_SEARCH.name, ()))
    vague: list[Json] = [
        word
        for word, *several in zip(asked.words, customers, products, strict=True)
        if not all(meant.is_all for meant in several)
    ]
    return SearchPage(
        {
            "orders": [_shown(hit, by_customer, by_sku) for hit in hits],
            "total": answer.total,
            "facets": {
                "status": _counts(answer, "status"),
                "country": _counts(answer, "country"),
                "product": [_product(bucket, _lookups(by_sku)) for bucket in counted],
            },
            "vague": vague,
        },
        last=hits[-1].sort if len(answer.hits) > len(hits) else None,
    )


# Questions


def _in(fields: Sequence[str], word: str, worth: Worth, *, like_it: bool = False) -> Json:
    """All parts of `word` in one of `fields`. The longer it is, the more letters may differ: none
    of two, one of five, two of more, but not the first.
    """
    match: dict[str, Json] = {"query": word, "fields": list(fields), "operator": "and"}
    if like_it:
        match |= {"fuzziness": "AUTO", "prefix_length": 1}
    return _constant({"multi_match": match}, worth)


def _constant(query: Json, worth: Worth) -> Json:
    return {"constant_score": {"filter": query, "boost": int(worth)}}


def _best_of(queries: Sequence[Json]) -> Json:
    return {"dis_max": {"queries": list(queries)}}


def _word_in(word: str, fields: Sequence[str], worth: Worth) -> Json:
    return _best_of([_in(fields, word, worth), _in(fields, word, Worth.LIKE_IT, like_it=True)])


def _lookups_with(word: str, fields: Sequence[str]) -> Question:
    return {
        "query": _best_of(
            [
                _constant({"term": {"key": word}}, Worth.LOOKUP),
                _in(fields, word, Worth.LOOKUP),
                _in(fields, word, Worth.LIKE_IT, like_it=True),
            ]
        ),
        "size": MAX_MATCHES,
        "sort": [{"_score": "desc"}, {"key": "asc"}],
        "_source": ["row.positions", "row.parked"],
    }


def _word(word: str, customers: Meant, products: Meant) -> Json:
    """Orders that have something to do with a word, whatever it is."""

    def terms(name: str, values: Iterable[str], worth: Worth) -> Json:
        return _constant({"terms": {name: list(values)}}, worth)

    return _best_of(
        [
            _constant({"term": {"key": word}}, Worth.KEY),
            terms("doc.customer_id", customers.it, Worth.LOOKUP),
            terms("doc.customer_id", customers.like_it, Worth.LIKE_IT),
            terms("doc.lines.sku", products.it, Worth.LOOKUP),
            terms("doc.lines.sku", products.like_it, Worth.LIKE_IT),
            _word_in(word, OF_ADDRESS, Worth.ADDRESS),
        ]
    )


def _orders_with(asked: Asked, words: Sequence[Json]) -> Question:
    """A facet counts what there would be without its own filter."""
    filters: list[Json] = []
    if asked.first_day:
        filters.append({"range": {"doc.placed_at": {"gte": asked.first_day.isoformat()}}})
    if asked.last_day:
        after = asked.last_day + timedelta(days=1)
        filters.append({"range": {"doc.placed_at": {"lt": after.isoformat()}}})
    status: Json = (
        {"terms": {"doc.status": list(asked.statuses)}} if asked.statuses else {"match_all": {}}
    )
    question: dict[str, Json] = {
        "query": {"bool": {"must": list(words), "filter": filters}},
        "post_filter": status,
        "size": asked.limit + 1,
        "sort": [{name: direction} for name, direction in ORDERS[asked.sort]],
        "track_scores": asked.sort is Sort.RELEVANCE,
        "highlight": _highlight(OF_ADDRESS),
        "aggs": {
            "status": _facet("doc.status", {"match_all": {}}),
            "country": _facet("doc.address.country", status),
            "product": _facet("doc.lines.sku", status),
        },
    }
    return question | ({"search_after": list(asked.after)} if asked.after else {})


def _facet(field: str, among: Json) -> Json:
    values: Json = {"terms": {"field": field, "size": FACET_VALUES}}
    return {"filter": among, "aggs": {"values": values}}


def _highlight(fields: Sequence[str]) -> Json:
    """Whole fields, safe to show in a page."""
    return {"encoder": "html", "number_of_fragments": 0, "fields": {name: {} for name in fields}}


def _lookups_of(keys: Iterable[str], words: Sequence[str], fields: Sequence[str]) -> list[Question]:
    ordered: list[Json] = [*sorted(keys)]
    if not ordered:
        return []
    found: list[Json] = [_word_in(word, fields, Worth.LOOKUP) for word in words]
    return [
        {
            "query": {"bool": {"filter": [{"terms": {"key": ordered}}], "should": found}},
            "size": len(ordered),
            "highlight": _highlight(fields),
        }
    ]


# Answers


def _hits(answers: Iterable[Hits]) -> dict[str, Hit]:
    return {hit.row.key: hit for answer in answers for hit in answer.hits}


def _lookups(hits: Mapping[str, Hit]) -> Lookups:
    rows = [hit.row for hit in hits.values()]
    return {row.key: problem_of(row) or row.document or {} for row in rows}


def _skus(hit: Hit) -> Iterable[str]:
    return skus_of(hit.row.document) if hit.row.document else []


def _shown(hit: Hit, customers: Mapping[str, Hit], products: Mapping[str, Hit]) -> Json:
    """An order with its lookups, and what of all that was found. One that can't go on says so."""
    order = hit.row.document
    problem = problem_of(hit.row)
    if problem or order is None:
        return {"id": hit.row.key, **(problem or {})}
    matched = [("", hit), ("customer.", customers.get(str(order["customer_id"])))]
    matched += [("lines.", products.get(sku)) for sku in skus_of(order)]
    order = with_titles(with_customer(order, _lookups(customers)), _lookups(products))
    return {**order, "highlights": _highlights(matched)}


def _highlights(matched: Iterable[tuple[str, Hit | None]]) -> Json:
    """What was found, by where it is in what is shown."""
    found: dict[str, list[Json]] = {}
    for within, hit in matched:
        for name, texts in hit.highlights.items() if hit else ():
            found.setdefault(within + name.removeprefix("doc."), []).extend(texts)
    return {**found}


def _counts(answer: Hits, facet: str) -> Json:
    buckets = answer.facets[facet]["values"]["buckets"]
    return {bucket["key"]: bucket["doc_count"] for bucket in buckets}


def _product(bucket: Mapping[str, Any], lookups: Lookups) -> Json:
    lookup = lookups.get(bucket["key"], {})
    return {"sku": bucket["key"], "title": lookup.get("title"), "orders": bucket["doc_count"]}
