"""The search for orders: by free text over customers, products and addresses, with filters, facets
and highlights.

A customer's name and a product's title are not in the index of orders, but in that of their
lookups. So a search first finds the customers and products that match a word, then the orders that
have those, and last the lookups of the orders found. A renamed customer's orders are found by the
new name at once, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cqrs.plain import Json
from cqrs.views.joins import Lookups, problem_of
from cqrs.views.searches import Conversation, Hit, Hits, SearchPage
from domain.storefront.lookups import skus_of, with_customer, with_titles
from domain.storefront.search_questions import (
    OF_CUSTOMER,
    OF_PRODUCT,
    Meant,
    OrderQuestion,
    lookups_of,
    lookups_with,
    orders_with,
    orders_with_word,
)
from domain.storefront.search_views import CUSTOMER_SEARCH, ORDER_SEARCH, PRODUCT_SEARCH

__all__ = ["search_orders"]


def search_orders(asked: OrderQuestion) -> Conversation[SearchPage]:
    """The page has `orders`, as in the list of orders, each with its `highlights`; their `total`;
    `facets`; and `vague`, the words that match more than a thousand customers or products, of which
    only the first thousand were used.
    """
    # 1. The customers and products that the words match.
    meant = yield {
        CUSTOMER_SEARCH.name: [
            lookups_with(word, OF_CUSTOMER, asked.customer_id) for word in asked.words
        ],
        PRODUCT_SEARCH.name: [lookups_with(word, OF_PRODUCT) for word in asked.words],
    }
    customers = [Meant.by(answer) for answer in meant.get(CUSTOMER_SEARCH.name, ())]
    products = [Meant.by(answer) for answer in meant.get(PRODUCT_SEARCH.name, ())]
    # 2. The orders; one more than asked for, to know whether there is another page.
    words = zip(asked.words, customers, products, strict=True)
    found = yield {
        ORDER_SEARCH.name: [orders_with(asked, [orders_with_word(*meant) for meant in words])]
    }
    (answer,) = found[ORDER_SEARCH.name]
    hits = answer.hits[: asked.limit]
    # 3. The lookups of the orders and facets shown.
    counted = answer.facets["product"]["values"]["buckets"]
    skus = {*(sku for hit in hits for sku in _skus(hit)), *(bucket["key"] for bucket in counted)}
    owners = {str(hit.row.document["customer_id"]) for hit in hits if hit.row.document}
    lookups = yield {
        CUSTOMER_SEARCH.name: lookups_of(owners, asked.words, OF_CUSTOMER),
        PRODUCT_SEARCH.name: lookups_of(skus, asked.words, OF_PRODUCT),
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


def _hits(answers: Iterable[Hits]) -> dict[str, Hit]:
    return {hit.row.key: hit for answer in answers for hit in answer.hits}


def _lookups(hits: Mapping[str, Hit]) -> Lookups:
    rows = [hit.row for hit in hits.values()]
    return {row.key: problem_of(row) or row.document or {} for row in rows}


def _skus(hit: Hit) -> Iterable[str]:
    return skus_of(hit.row.document) if hit.row.document else []


def _shown(hit: Hit, customers: Mapping[str, Hit], products: Mapping[str, Hit]) -> Json:
    """An order with its lookups and highlights; for a parked row the problem."""
    order = hit.row.document
    problem = problem_of(hit.row)
    if problem or order is None:
        return {"id": hit.row.key, **(problem or {})}
    matched = [("", hit), ("customer.", customers.get(str(order["customer_id"])))]
    matched += [("lines.", products.get(sku)) for sku in skus_of(order)]
    order = with_titles(with_customer(order, _lookups(customers)), _lookups(products))
    return {**order, "highlights": _highlights(matched)}


def _highlights(matched: Iterable[tuple[str, Hit | None]]) -> Json:
    """Highlighted texts by their path in the order's document."""
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
