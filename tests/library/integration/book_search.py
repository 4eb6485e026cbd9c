"""Books, and authors by whom they are found, in an OpenSearch."""

from __future__ import annotations

from typing import Any

from cqrs.history.commits import Commit
from cqrs.plain import Json
from cqrs.read.freshness import Consistency
from cqrs.testing.views import recorded
from cqrs.views.searches import Conversation, Hits, SearchView
from tests.library.books import AUTHORS, BOOK_SEARCH, LIBRARY, WORDS, BookAdded, Named, Reviewed
from tests.library.integration.searching import Searching, on_day

__all__ = ["AUTHOR_SEARCH", "BOOK_SEARCH", "Books", "a_book", "an_author", "reviews"]

AUTHOR_SEARCH = SearchView(
    name="author_search", folds=AUTHORS.folds, render=AUTHORS.render, fields={"name": WORDS}
)


def search_books(by: str, status: str) -> Conversation[list[str]]:
    """The ids of the books that somebody of a name has written, or all; the newest first."""
    conditions: list[Json] = [{"term": {"doc.status": status}}] if status else []
    if by:
        met = yield {AUTHOR_SEARCH.name: [{"query": {"match": {"doc.name": by}}}]}
        conditions.append({"terms": {"doc.author": _keys(met[AUTHOR_SEARCH.name])}})
    question = {
        "query": {"bool": {"filter": conditions}},
        "sort": [{"doc.since": "desc"}],
        "size": 50,
    }
    found = yield {BOOK_SEARCH.name: [question]}
    return _keys(found[BOOK_SEARCH.name])


def _keys(answers: Any) -> list[Any]:
    several: list[Hits] = list(answers)
    return [hit.row.key for hits in several for hit in hits.hits]


class Books(Searching):
    def __init__(self, url: str) -> None:
        super().__init__(url, [BOOK_SEARCH, AUTHOR_SEARCH])

    def search(self, token: str = "", *, by: str = "", status: str = "") -> Consistency:
        return self.converse(search_books(by, status), token)[1]

    def scope(self) -> str:
        """The generation that books are found in."""
        return self.views.editions(BOOK_SEARCH).serving().scope

    def found(self, token: str = "", *, by: str = "", status: str = "") -> list[str]:
        return self.converse(search_books(by, status), token)[0]


def a_book(book: str, *events: object, author: str = "byron") -> list[Commit]:
    """`book` with what happened after it was added, a day apart from others by its number."""
    day = int("".join(filter(str.isdigit, book)))
    commits = recorded(LIBRARY, f"book-{book}", BookAdded(author=author), *events)
    return [on_day(commit, day) for commit in commits]


def reviews(book: str, *stars: int) -> list[Commit]:
    return recorded(LIBRARY, f"review-{book}", *(Reviewed(stars=n) for n in stars))


def an_author(author: str, *names: str) -> list[Commit]:
    return recorded(LIBRARY, f"author-{author}", *(Named(name=name) for name in names))
