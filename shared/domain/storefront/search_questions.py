"""The queries to the search indexes, in OpenSearch's query language.

A match has a constant score (`Worth`), not one from word frequencies. So an order keeps its
position while others are added or removed, and a cursor stays valid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import IntEnum, StrEnum

from cqrs.errors import InvalidCursor, InvalidInput
from cqrs.plain import Json, Value
from cqrs.views.searches import Hits, Question
from domain.orders import OrderStatus

__all__ = [
    "OF_CUSTOMER",
    "OF_PRODUCT",
    "Meant",
    "OrderQuestion",
    "Sort",
    "lookups_of",
    "lookups_with",
    "orders_with",
    "orders_with_word",
]

MAX_WORDS = 8
MAX_TEXT = 200
LARGEST = 2**53  # limit of the sort values of a hit: times in milliseconds, sums of money
MAX_MATCHES = 1_000  # customers, and products, that are used per word
FACET_VALUES = 10

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
"""Each ends with the key, so no two hits have the same position."""


class Worth(IntEnum):
    """The score of a match, by where the word was found."""

    KEY = 8  # an order's id
    LOOKUP = 4  # a customer's or a product's fields or id
    ADDRESS = 3
    LIKE_IT = 1  # a word with almost the same spelling in any of these


class OrderQuestion(Value):
    """A search: among the orders of one customer or of all; words, and days (UTC), both included.

    Raises InvalidInput for more than MAX_WORDS words, MAX_TEXT characters, or unprintable ones;
    InvalidCursor if no hit can be at the position `after`.
    """

    customer_id: str | None = None
    text: str = ""
    statuses: Sequence[OrderStatus] = ()
    first_day: date | None = None
    last_day: date | None = None
    sort: Sort | None = None
    limit: int
    after: Sequence[Json] | None = None

    def __post_init__(self) -> None:
        if not self.text.isprintable():
            raise InvalidInput("The words have characters that can't be looked for.")
        if len(self.words) > MAX_WORDS or len(self.text) > MAX_TEXT:
            raise InvalidInput(
                f"At most {MAX_WORDS} words and {MAX_TEXT} characters are looked for."
            )
        if self.after is not None and not _is_place(self.after, self.order):
            raise InvalidCursor("This is not a cursor that this search returned.")

    @property
    def words(self) -> list[str]:
        return [word for word in self.text.split() if any(map(str.isalnum, word))]

    @property
    def order(self) -> Sort:
        """The order asked for; by default relevance, or without words the newest first."""
        return self.sort or (Sort.RELEVANCE if self.words else Sort.NEWEST)


def _is_place(after: Sequence[Json], sort: Sort) -> bool:
    """Whether `after` has the shape of a position: numbers and a key, as `ORDERS` has them."""
    *numbers, key = after
    fits = len(after) == len(ORDERS[sort]) and isinstance(key, str) and key.isascii()
    # a bool is an int to Python, and not to OpenSearch
    fits = fits and not any(isinstance(n, bool) for n in numbers)
    return fits and all(isinstance(n, int | float) and abs(n) < LARGEST for n in numbers)


class Meant(Value, kw_only=False):
    """The keys of the lookups that match a word: exactly (`it`), or a similar one (`like_it`).

    `is_all`: there are no more than MAX_MATCHES.
    """

    it: Sequence[str]
    like_it: Sequence[str]
    is_all: bool

    @classmethod
    def by(cls, answer: Hits) -> Meant:
        it = [hit.row.key for hit in answer.hits if (hit.score or 0) >= Worth.LOOKUP]
        like_it = [hit.row.key for hit in answer.hits if (hit.score or 0) < Worth.LOOKUP]
        return cls(it, like_it, is_all=answer.total <= len(answer.hits))


def _in(fields: Sequence[str], word: str, worth: Worth, *, like_it: bool = False) -> Json:
    """Matches all parts of `word` in one of `fields`. With `like_it` letters may differ, but not
    the first: none in up to two letters, one in up to five, else two.
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


def lookups_with(word: str, fields: Sequence[str], only: str | None = None) -> Question:
    """Among all lookups, or that of one key."""
    match = _best_of(
        [
            _constant({"term": {"key": word}}, Worth.LOOKUP),
            _in(fields, word, Worth.LOOKUP),
            _in(fields, word, Worth.LIKE_IT, like_it=True),
        ]
    )
    among: list[Json] = [{"term": {"key": only}}] if only else []
    return {
        "query": {"bool": {"must": match, "filter": among}},
        "size": MAX_MATCHES,
        "sort": [{"_score": "desc"}, {"key": "asc"}],
        "_source": ["row.positions", "row.parked"],
    }


def orders_with_word(word: str, customers: Meant, products: Meant) -> Json:
    """Orders that match a word by their id, customer, products or address."""

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


def orders_with(asked: OrderQuestion, words: Sequence[Json]) -> Question:
    """Orders that match all `words` and filters. The `status` facet ignores the status filter."""
    filters: list[Json] = []
    if asked.customer_id:
        filters.append({"term": {"doc.customer_id": asked.customer_id}})
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
        "sort": [{name: direction} for name, direction in ORDERS[asked.order]],
        "track_scores": asked.order is Sort.RELEVANCE,
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
    """Highlights of whole fields, HTML-escaped."""
    return {"encoder": "html", "number_of_fragments": 0, "fields": {name: {} for name in fields}}


def lookups_of(keys: Iterable[str], words: Sequence[str], fields: Sequence[str]) -> list[Question]:
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
